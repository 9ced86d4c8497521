/* 誤登録防止: do the insurer's record and the number belong to one person, by what agrees with the resident register (R8.1)? */
#ifndef SHIKAKU_RULES_LINK_H
#define SHIKAKU_RULES_LINK_H

#include <stdbool.h>

enum link_attribute { LINK_NAME, LINK_BIRTH_DATE, LINK_ADDRESS, LINK_NAME_KANA, LINK_SEX, LINK_ATTRIBUTES };

/* As the contracts and the database write it: name, birth_date ... */
const char *link_attribute_code(enum link_attribute attribute);

struct link_judgement {
	bool linked;
	/* By attribute. */
	bool mismatched[LINK_ATTRIBUTES]; /* all that differ, where it is not linked */
	bool warned[LINK_ATTRIBUTES]; /* all that differ, where it is */
};

/* 氏名, 生年月日 and 住所 decide; カナ and 性別 only warn. Pure. */
struct link_judgement link_judge(const bool agrees[LINK_ATTRIBUTES]);

#endif
