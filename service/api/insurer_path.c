#include "api/insurer_path.h"

#include <string.h>

#include "api/problems.h"
#include "rules/identifiers.h"

const char *insurer_of_path(struct exchange *exchange)
{
	char number[INSURER_NUMBER_DIGITS + 1];
	if (insurer_number_normalise(exchange->parameters[0].at, exchange->parameters[0].length, number) ==
			OUTCOME_OK &&
		strcmp(number, exchange->principal.owner) == 0)
		return exchange->principal.owner;
	problem_answer(exchange->request, PROBLEM_NOT_YOUR_INSURER, NULL);
	return NULL;
}
