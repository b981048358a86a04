#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

// Macros that Swift cannot see.
static inline EVP_PKEY *nslab_p256_key(void) { return EVP_EC_gen("P-256"); }
static inline long nslab_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }
