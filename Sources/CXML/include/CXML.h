// libxml2: its HTML and XML parsers, by way of CLazy. Only the target Markup imports this.
//
// The folder `libxml` next to this file is a link to where libxml2-dev puts its headers, which is not among the folders
// that compilers look in. Taking the path from pkg-config, as a system library target does, would link the library.
#ifndef ETB_CXML_H
#define ETB_CXML_H

#include <libxml/xmlversion.h>
// Debian's libxml2 exposes ICU types in its headers, and Foundation brings its own ICU: the two cannot be imported
// together. Nothing here needs them.
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#endif
