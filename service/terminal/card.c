#include "terminal/card.h"

#include <string.h>

#include "terminal/card_file.h"
#include "terminal/card_proof.h"
#include "terminal/pin.h"

enum card_trouble card_find(const struct options *options, struct card *card)
{
	*card = (struct card){ 0 };
	const char *file = options->given[OPTION_CARD];
	if (file != NULL)
		return card_file_read(file, &card->certificate, &card->key);
	enum card_trouble trouble = card_token_find(options->given[OPTION_PKCS11],
		options->given[OPTION_PKCS11_LABEL], &card->token, &card->certificate);
	if (trouble == CARD_FINE && card_algorithm(card->certificate) == NULL)
		return CARD_UNSUPPORTED;
	return trouble;
}

static enum card_trouble unlock(const char *pin, struct card *card)
{
	X509_free(card->certificate);
	card->certificate = NULL;
	enum card_trouble trouble = card_token_unlock(card->token, pin, &card->certificate, &card->key);
	if (trouble == CARD_FINE && card_algorithm(card->certificate) == NULL)
		return CARD_UNSUPPORTED;
	return trouble;
}

static enum card_trouble unlock_by_pin(
	const struct options *options, enum card_tries tries, struct card *card)
{
	char pin[PIN_MAX + 1];
	enum card_trouble trouble = pin_find(options->given[OPTION_PIN_FILE],
		tries == CARD_TRIES_ONE ? "暗証番号（あと1回間違えるとロックされます） / PIN: "
					: "暗証番号 / PIN: ",
		pin);
	if (trouble == CARD_FINE)
		trouble = unlock(pin, card);
	explicit_bzero(pin, sizeof pin);
	return trouble;
}

enum card_trouble card_unlock(const struct options *options, struct card *card)
{
	if (card->token == NULL)
		return CARD_FINE;
	enum card_login login = card_token_login(card->token);
	enum card_tries tries = card_token_tries(card->token);
	if (login != CARD_LOGIN_NONE && tries == CARD_TRIES_NONE)
		return CARD_PIN_LOCKED;
	enum card_trouble trouble =
		login == CARD_LOGIN_PIN ? unlock_by_pin(options, tries, card) : unlock(NULL, card);
	card->pin_was_used = trouble == CARD_FINE && login != CARD_LOGIN_NONE;
	return trouble;
}

void card_close(struct card *card)
{
	/* The key before the token that it is a handle of. */
	EVP_PKEY_free(card->key);
	X509_free(card->certificate);
	card_token_close(card->token);
	*card = (struct card){ 0 };
}
