#include "CLazy.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

void *etb_lazy(void **slot, const char *library, const char *name) {
  void *address = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (address)
    return address;
  // The linker counts how often a library is opened, so that several threads may come here at once.
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  address = handle ? dlsym(handle, name) : NULL;
  if (!address) {
    fprintf(stderr, "%s is needed for this command and cannot be used: %s\n", library, dlerror());
    exit(1);
  }
  __atomic_store_n(slot, address, __ATOMIC_RELEASE);
  return address;
}
