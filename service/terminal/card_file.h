/* A card in a file, for demonstrations, tests and vendors without a reader. A real card's key never leaves it. */
#ifndef SHIKAKU_TERMINAL_CARD_FILE_H
#define SHIKAKU_TERMINAL_CARD_FILE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/outcome.h"
#include "terminal/card_trouble.h"

/* Reads the first certificate and the first private key of a PEM file, in either order. With CARD_FINE they belong together, the key
 * is of a kind that card_proof_make signs with, and the caller frees both; else neither is set. */
enum card_trouble MUST_CHECK card_file_read(const char *path, X509 **certificate, EVP_PKEY **key);

#endif
