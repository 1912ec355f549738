#ifndef CMESSAGES_H
#define CMESSAGES_H

#include <stddef.h>

/// A catalogue of messages: the bytes of a PO file, UTF-8.
struct catalogue {
    const unsigned char *bytes;
    size_t length;
};

/// The German catalogue: de.po of this folder.
struct catalogue catalogue_de(void);

#endif
