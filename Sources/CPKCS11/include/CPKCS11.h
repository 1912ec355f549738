// The PKCS#11 2.40 declarations as p11-kit ships them (header only, nothing is linked: a module is opened with
// dlopen when it is used). Only the target Tokens imports this.
#ifndef ETB_CPKCS11_H
#define ETB_CPKCS11_H

#include <p11-kit-1/p11-kit/pkcs11.h>

#endif
