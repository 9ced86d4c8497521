#include "trust/trust.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

enum outcome trust_load(const struct trust_settings *settings, struct trust **loaded, size_t *faults)
{
	*loaded = NULL;
	*faults = 0;
	struct trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL)
		return OUTCOME_NO_MEMORY;
	atomic_init(&trust->holders, 1);
	enum outcome outcome = anchors_load(&settings->anchors, &trust->anchors);
	if (outcome == OUTCOME_OK)
		outcome = revocation_load(settings->crls, &trust->anchors, &trust->revocation, faults);
	/* Reading a list takes many times what is kept of it. */
	(void)malloc_trim(0);
	if (outcome != OUTCOME_OK) {
		trust_let_go(trust);
		return outcome;
	}
	*loaded = trust;
	return OUTCOME_OK;
}

struct trust *trust_hold(struct trust *trust)
{
	atomic_fetch_add(&trust->holders, 1);
	return trust;
}

void trust_let_go(struct trust *trust)
{
	if (trust == NULL || atomic_fetch_sub(&trust->holders, 1) > 1)
		return;
	revocation_free(trust->revocation);
	anchors_free(&trust->anchors);
	free(trust);
}
