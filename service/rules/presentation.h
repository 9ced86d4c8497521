/* 提示: what was shown at the desk, and whether it is accepted (R6). */
#ifndef SHIKAKU_RULES_PRESENTATION_H
#define SHIKAKU_RULES_PRESENTATION_H

#include <stdbool.h>

#include "base/calendar.h"
#include "rules/eligibility.h"
#include "rules/reasons.h"

/* Stored in `checks.presented`: values never change. */
enum presented_kind {
	PRESENTED_CARD = 1,
	PRESENTED_QUALIFICATION_NOTICE = 2, /* 資格情報のお知らせ */
	PRESENTED_PORTAL_RECORD = 3, /* 資格情報画面・PDF */
	PRESENTED_ELIGIBILITY_CERTIFICATE = 4, /* 資格確認書 */
	PRESENTED_INSURANCE_CARD = 5, /* 従来の健康保険証 */
};

/* By kind, as requests name it. */
#define PRESENTED_KINDS 6
extern const char *const presented_kind_codes[PRESENTED_KINDS];

enum setting { SETTING_STANDARD, SETTING_SCHOOL };

/* The known cards of a person, taken together. */
enum cards_state {
	CARDS_NONE_KNOWN,
	CARDS_USABLE, /* at least one is neither revoked nor suspended */
	CARDS_SUSPENDED, /* none is usable, at least one is only suspended */
	CARDS_REVOKED, /* every one is revoked */
};

/* The newest 資格確認書 on record for the membership. */
enum certificate_state { CERTIFICATE_NONE, CERTIFICATE_ISSUED, CERTIFICATE_RETURNED, CERTIFICATE_REVOKED };

struct presentation {
	enum presented_kind kind;
	enum setting setting;
	bool with_card;
};

struct presenter {
	bool registered; /* 利用登録 in force */
	bool self_information_stopped; /* R14: as if not registered */
	enum cards_state cards;
	enum certificate_state certificate;
	struct optional_day certificate_valid_until;
};

struct acceptance {
	bool accepted;
	struct reason_set reasons;
};

/* Whether what was shown is accepted, for a membership that is valid on the visit date (R6, R6.1, R14). Pure. */
struct acceptance presentation_on(
	const struct presentation *shown, const struct presenter *presenter, struct day visit);

/* What the desk does next when the answer is not accepted (R6.2). Empty when it is. Pure. */
struct next_action_set next_actions(
	const struct presentation *shown, enum validity validity, bool accepted, struct reason_set reasons);
#endif
