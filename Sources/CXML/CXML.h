// libxml2: its HTML and XML parsers. Only the target Markup imports this.
#ifndef ETB_CXML_H
#define ETB_CXML_H

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#endif
