#include "terminal/card_trouble.h"

struct trouble_row {
	enum exit_code code;
	const char *words;
	const char *english;
};

static const struct trouble_row rows[] = { [CARD_FINE] = { EXIT_CODE_ACCEPTED, "", "" },
#define CARD_TROUBLE_ROW(name, code, words, english) [CARD_##name] = { EXIT_CODE_##code, words, english },
	CARD_TROUBLES(CARD_TROUBLE_ROW)
#undef CARD_TROUBLE_ROW
};

enum exit_code card_trouble_exit_code(enum card_trouble trouble)
{
	return rows[trouble].code;
}

const char *card_trouble_words(enum card_trouble trouble)
{
	return rows[trouble].words;
}

const char *card_trouble_english(enum card_trouble trouble)
{
	return rows[trouble].english;
}
