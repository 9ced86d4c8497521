#include "terminal/card_token.h"

#include <libp11.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/pin.h"

/* PKCS#11's return values, which libp11 passes on as reasons. */
#define CKR_PIN_INCORRECT 0xa0
#define CKR_PIN_INVALID 0xa1
#define CKR_PIN_LEN_RANGE 0xa2
#define CKR_PIN_LOCKED 0xa4

struct card_token {
	PKCS11_CTX *context;
	bool loaded;
	PKCS11_SLOT *slots;
	unsigned slot_count;
	PKCS11_SLOT *slot; /* the chosen one of them */
	UI_METHOD *ui; /* gives `pin` to a key that wants it at each signature (CKA_ALWAYS_AUTHENTICATE) */
	char pin[PIN_MAX + 1];
};

/* How well a certificate fits: 0 not at all, the higher the better. */
enum fit { FIT_NONE, FIT_OTHER, FIT_AUTHENTICATION, FIT_COUNT };

static enum fit fit_of(X509 *certificate)
{
	if (certificate == NULL || X509_check_ca(certificate) != 0)
		return FIT_NONE;
	uint32_t usage = X509_get_key_usage(certificate); /* all bits when there is no such extension */
	bool authenticates = (usage & KU_DIGITAL_SIGNATURE) != 0 && (usage & KU_NON_REPUDIATION) == 0;
	return authenticates ? FIT_AUTHENTICATION : FIT_OTHER;
}

static int give_pin(UI *ui, UI_STRING *question)
{
	const struct card_token *token = UI_get0_user_data(ui);
	if (UI_get_string_type(question) != UIT_PROMPT)
		return 1;
	return UI_set_result(ui, question, token->pin) == 0 ? 1 : 0;
}

static enum card_trouble load(struct card_token *token, const char *module)
{
	token->context = PKCS11_CTX_new();
	token->ui = UI_create_method("the PIN that was given at login");
	if (token->context == NULL || token->ui == NULL || UI_method_set_reader(token->ui, give_pin) != 0 ||
		PKCS11_set_ui_method(token->context, token->ui, token) != 0)
		return CARD_MEMORY;
	token->loaded = PKCS11_CTX_load(token->context, module) == 0;
	return token->loaded ? CARD_FINE : CARD_NO_MODULE;
}

static bool is_candidate(const PKCS11_SLOT *slot, const char *label)
{
	const PKCS11_TOKEN *token = slot->token;
	return token != NULL && token->initialized &&
	       (label == NULL || (token->label != NULL && strcmp(token->label, label) == 0));
}

/* The best fitting certificate of all candidates, the first of equals; with it its slot. */
static enum card_trouble choose(struct card_token *token, const char *label, X509 **certificate)
{
	enum card_trouble trouble = CARD_NO_TOKEN;
	enum fit best = FIT_NONE;
	const X509 *chosen = NULL;
	for (unsigned i = 0; i < token->slot_count; i++) {
		PKCS11_SLOT *slot = &token->slots[i];
		PKCS11_CERT *certificates = NULL;
		unsigned count = 0;
		if (!is_candidate(slot, label))
			continue;
		if (trouble == CARD_NO_TOKEN)
			trouble = CARD_NO_CERTIFICATE;
		if (PKCS11_enumerate_certs(slot->token, &certificates, &count) != 0)
			continue;
		for (unsigned j = 0; j < count; j++) {
			enum fit fit = fit_of(certificates[j].x509);
			if (fit <= best)
				continue;
			best = fit;
			token->slot = slot;
			chosen = certificates[j].x509;
		}
	}
	if (chosen == NULL)
		return trouble;
	*certificate = X509_dup(chosen);
	return *certificate != NULL ? CARD_FINE : CARD_MEMORY;
}

enum card_trouble card_token_find(
	const char *module, const char *label, struct card_token **token, X509 **certificate)
{
	*certificate = NULL;
	struct card_token *found = calloc(1, sizeof *found);
	*token = found;
	if (found == NULL)
		return CARD_MEMORY;
	enum card_trouble trouble = load(found, module);
	if (trouble == CARD_FINE &&
		PKCS11_enumerate_slots(found->context, &found->slots, &found->slot_count) != 0)
		trouble = CARD_NO_TOKEN;
	if (trouble == CARD_FINE)
		trouble = choose(found, label, certificate);
	ERR_clear_error();
	return trouble;
}

enum card_login card_token_login(const struct card_token *token)
{
	const PKCS11_TOKEN *info = token->slot->token;
	if (!info->loginRequired)
		return CARD_LOGIN_NONE;
	return info->secureLogin ? CARD_LOGIN_PAD : CARD_LOGIN_PIN;
}

static enum card_tries tries_of(const PKCS11_TOKEN *token)
{
	if (token->userPinLocked)
		return CARD_TRIES_NONE;
	if (token->userPinFinalTry)
		return CARD_TRIES_ONE;
	return token->userPinCountLow ? CARD_TRIES_FEW : CARD_TRIES_MANY;
}

enum card_tries card_token_tries(const struct card_token *token)
{
	return tries_of(token->slot->token);
}

/* Asked anew, because a wrong PIN has just used one up. */
static enum card_tries tries_now(const struct card_token *token)
{
	enum card_tries tries = CARD_TRIES_MANY;
	unsigned long id = PKCS11_get_slotid_from_slot(token->slot);
	PKCS11_SLOT *slots = NULL;
	unsigned count = 0;
	if (PKCS11_enumerate_slots(token->context, &slots, &count) != 0)
		return tries;
	for (unsigned i = 0; i < count; i++) {
		if (slots[i].token != NULL && PKCS11_get_slotid_from_slot(&slots[i]) == id)
			tries = tries_of(slots[i].token);
	}
	PKCS11_release_all_slots(token->context, slots, count);
	return tries;
}

static enum card_trouble wrong_pin(const struct card_token *token)
{
	switch (tries_now(token)) {
	case CARD_TRIES_NONE:
		return CARD_PIN_LOCKED;
	case CARD_TRIES_ONE:
		return CARD_PIN_WRONG_ONE_LEFT;
	case CARD_TRIES_FEW:
		return CARD_PIN_WRONG_FEW_LEFT;
	case CARD_TRIES_MANY:
		break;
	}
	return CARD_PIN_WRONG;
}

static enum card_trouble log_in(struct card_token *token, const char *pin)
{
	if (card_token_login(token) == CARD_LOGIN_NONE)
		return CARD_FINE;
	if (pin != NULL)
		memcpy(token->pin, pin, strlen(pin) + 1);
	ERR_clear_error();
	if (PKCS11_login(token->slot, 0, pin) == 0)
		return CARD_FINE;
	unsigned long error = ERR_peek_last_error();
	if (ERR_GET_LIB(error) != ERR_get_CKR_code())
		return CARD_LOGIN_FAILED;
	switch (ERR_GET_REASON(error)) {
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return wrong_pin(token);
	case CKR_PIN_LOCKED:
		return CARD_PIN_LOCKED;
	default:
		return CARD_LOGIN_FAILED;
	}
}

static enum card_trouble take(PKCS11_CERT *from, X509 **certificate, EVP_PKEY **key)
{
	/* Found anew: each search may move what an earlier one gave. */
	PKCS11_KEY *handle = PKCS11_find_key(from);
	*key = handle == NULL ? NULL : PKCS11_get_private_key(handle);
	if (*key == NULL)
		return CARD_NO_KEY;
	if (X509_check_private_key(from->x509, *key) != 1)
		return CARD_FOREIGN_KEY;
	*certificate = X509_dup(from->x509);
	return *certificate != NULL ? CARD_FINE : CARD_MEMORY;
}

enum card_trouble card_token_unlock(
	struct card_token *token, const char *pin, X509 **certificate, EVP_PKEY **key)
{
	*certificate = NULL;
	*key = NULL;
	enum card_trouble trouble = log_in(token, pin);
	PKCS11_CERT *certificates = NULL;
	unsigned count = 0;
	if (trouble == CARD_FINE && PKCS11_enumerate_certs(token->slot->token, &certificates, &count) != 0)
		trouble = CARD_NO_CERTIFICATE;
	PKCS11_CERT *best = NULL;
	enum fit best_fit = FIT_NONE;
	for (unsigned i = 0; trouble == CARD_FINE && i < count; i++) {
		enum fit fit = fit_of(certificates[i].x509);
		if (fit <= best_fit || PKCS11_find_key(&certificates[i]) == NULL)
			continue;
		best = &certificates[i];
		best_fit = fit;
	}
	if (trouble == CARD_FINE)
		trouble = best != NULL ? take(best, certificate, key) : CARD_NO_KEY;
	ERR_clear_error();
	return trouble;
}

void card_token_close(struct card_token *token)
{
	if (token == NULL)
		return;
	if (token->slots != NULL)
		PKCS11_release_all_slots(token->context, token->slots, token->slot_count);
	if (token->loaded)
		PKCS11_CTX_unload(token->context);
	if (token->context != NULL)
		PKCS11_CTX_free(token->context);
	if (token->ui != NULL)
		UI_destroy_method(token->ui);
	explicit_bzero(token->pin, sizeof token->pin);
	free(token);
	ERR_clear_error();
}
