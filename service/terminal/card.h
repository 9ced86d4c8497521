/* The card in front of us: a certificate and the key that answers for it, in a file or in a reader. */
#ifndef SHIKAKU_TERMINAL_CARD_H
#define SHIKAKU_TERMINAL_CARD_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "terminal/card_token.h"
#include "terminal/card_trouble.h"
#include "terminal/options.h"

struct card {
	X509 *certificate; /* owned */
	EVP_PKEY *key; /* owned; a token's is a handle, the key itself stays there. NULL while locked */
	struct card_token *token; /* owned; NULL for a file */
	bool pin_was_used;
};

/* Finds the card that --card or --pkcs11 names; one in a file has its key already. Whatever comes back, end with card_close. */
enum card_trouble MUST_CHECK card_find(const struct options *options, struct card *card);

/* Makes the key usable, with the PIN where the token wants one: from --pin-file, else asked on the terminal. It is wiped here; the
 * token keeps its copy until card_close, for keys that want it at each signature. */
enum card_trouble MUST_CHECK card_unlock(const struct options *options, struct card *card);

void card_close(struct card *card);

#endif
