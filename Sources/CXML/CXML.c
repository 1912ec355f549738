#include "CXML.h"

#include "CLazy.h"

#define LIBRARY "libxml2.so.2"

FORWARD(
    htmlDocPtr, htmlReadMemory,
    (const char *buffer, int size, const char *URL, const char *encoding, int options),
    (buffer, size, URL, encoding, options))
FORWARD(xmlErrorPtr, xmlCtxtGetLastError, (void *ctx), (ctx))
FORWARD(
    xmlDocPtr, xmlCtxtReadMemory,
    (xmlParserCtxtPtr ctxt, const char *buffer, int size, const char *URL, const char *encoding, int options),
    (ctxt, buffer, size, URL, encoding, options))
FORWARD(xmlNodePtr, xmlDocGetRootElement, (const xmlDoc *doc), (doc))
FORWARD(void, xmlFreeDoc, (xmlDocPtr cur), (cur))
FORWARD(void, xmlFreeParserCtxt, (xmlParserCtxtPtr ctxt), (ctxt))
FORWARD(void, xmlInitParser, (void), ())
FORWARD(xmlParserCtxtPtr, xmlNewParserCtxt, (void), ())
FORWARD(void, xmlStopParser, (xmlParserCtxtPtr ctxt), (ctxt))
