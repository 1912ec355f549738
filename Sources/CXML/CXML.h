// libxml2: its HTML and XML parsers. Only the target Markup imports this.
#ifndef ETB_CXML_H
#define ETB_CXML_H

#include <libxml/xmlversion.h>
// Debian's libxml2 shows ICU types in its headers, and Foundation brings an ICU of its own: the two cannot be imported
// together. Nothing here needs them.
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#endif
