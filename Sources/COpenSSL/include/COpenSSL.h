// libcrypto (OpenSSL 3): X.509, digests and signatures. Only the target X509 imports this.
#ifndef ETB_COPENSSL_H
#define ETB_COPENSSL_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros that Swift does not see.
static inline long etb_bio_get_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

static inline EVP_PKEY *etb_rsa_generate(unsigned int bits) { return EVP_RSA_gen(bits); }

static inline EVP_PKEY *etb_ec_generate(const char *curve) { return EVP_EC_gen(curve); }

static inline int etb_evp_pkey_is_a(const EVP_PKEY *key, const char *name) { return EVP_PKEY_is_a(key, name); }

#endif
