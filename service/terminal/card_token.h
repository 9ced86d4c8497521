/* A card in a reader, through the reader's PKCS#11 module: the only file with libp11.h. The key signs inside the card. */
#ifndef SHIKAKU_TERMINAL_CARD_TOKEN_H
#define SHIKAKU_TERMINAL_CARD_TOKEN_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/outcome.h"
#include "terminal/card_trouble.h"

struct card_token;

/* What PKCS#11 tells about the tries that a PIN has left; it gives no number. */
enum card_tries { CARD_TRIES_MANY, CARD_TRIES_FEW, CARD_TRIES_ONE, CARD_TRIES_NONE };

/* Loads the module and finds the token: the first with a certificate of a person, or the one of that label (may be NULL). Of several
 * certificates, one for digitalSignature without nonRepudiation comes first: under OpenSC that is JPKI's for user authentication,
 * and the other its one for signing documents (R5.1). *token is set whenever something is to be closed, *certificate with CARD_FINE
 * only; the caller frees it. */
enum card_trouble MUST_CHECK card_token_find(
	const char *module, const char *label, struct card_token **token, X509 **certificate);

/* How the key is unlocked: by nothing, by a PIN that is given here, by one that is typed on the reader's own keys. */
enum card_login { CARD_LOGIN_NONE, CARD_LOGIN_PIN, CARD_LOGIN_PAD };

enum card_login card_token_login(const struct card_token *token);

enum card_tries card_token_tries(const struct card_token *token);

/* Logs in and finds the key (private keys are invisible before), and with it the certificate anew: of a person's certificates the
 * one that has a key here. `pin` is NULL but for CARD_LOGIN_PIN. The caller frees both before card_token_close. */
enum card_trouble MUST_CHECK card_token_unlock(
	struct card_token *token, const char *pin, X509 **certificate, EVP_PKEY **key);

void card_token_close(struct card_token *token);

#endif
