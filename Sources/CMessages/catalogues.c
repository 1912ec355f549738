// The catalogues are part of the program, so that one file is all that has to be copied to another machine. SwiftPM's own
// embedding writes them as a Swift array, which takes the optimizer minutes.
#include "CMessages.h"

#ifndef __has_embed
#error "This compiler has no #embed (clang 19 or newer): use a newer Swift."
#endif

#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char de[] = {
#embed "de.po"
};

struct catalogue catalogue_de(void) { return (struct catalogue){de, sizeof de}; }
