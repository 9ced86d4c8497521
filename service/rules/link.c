#include "rules/link.h"

const char *link_attribute_code(enum link_attribute attribute)
{
	static const char *const codes[LINK_ATTRIBUTES] = {
		[LINK_NAME] = "name",
		[LINK_BIRTH_DATE] = "birth_date",
		[LINK_ADDRESS] = "address",
		[LINK_NAME_KANA] = "name_kana",
		[LINK_SEX] = "sex",
	};
	return codes[attribute];
}

struct link_judgement link_judge(const bool agrees[LINK_ATTRIBUTES])
{
	struct link_judgement judgement = { .linked = agrees[LINK_NAME] && agrees[LINK_BIRTH_DATE] &&
						      agrees[LINK_ADDRESS] };
	bool *differs = judgement.linked ? judgement.warned : judgement.mismatched;
	for (int i = 0; i < LINK_ATTRIBUTES; i++)
		differs[i] = !agrees[i];
	return judgement;
}
