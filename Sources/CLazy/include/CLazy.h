// Libraries that are loaded at the first call into them. libcurl, libssh and libxml2 bring some 30 others along, which
// cost more time than most commands take; a command that does not use the network must not pay for them.
#ifndef ETB_CLAZY_H
#define ETB_CLAZY_H

// The address of `name` in `library` (its file name, as the dynamic linker finds it), kept in `slot` after the first
// call. Exits with one sentence if the library is not installed.
void *etb_lazy(void **slot, const char *library, const char *name);

// Within a file that defines LIBRARY: the function of the library, to be called.
#define CALL(name)                                                                                                     \
  ({                                                                                                                   \
    static void *slot;                                                                                                 \
    (__typeof__(&name))etb_lazy(&slot, LIBRARY, #name);                                                                \
  })

// Defines a function that only calls the library's of the same name.
#define FORWARD(result, name, parameters, arguments)                                                                   \
  result name parameters { return CALL(name) arguments; }

#endif
