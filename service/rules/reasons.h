/* Why an answer is as it is, and what the desk does next (R3, R4, R6): codes and their Japanese words. */
#ifndef SHIKAKU_RULES_REASONS_H
#define SHIKAKU_RULES_REASONS_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/* (it would break the sentences) */

/* X(name, code, words for the desk). The order is the order in an answer; positions are stored in `checks.reasons` as bits
 * and therefore never change: new ones go to the end. */
#define REASONS(X) \
	X(MEMBERSHIP_ENDED, "membership_ended", "受診日には資格を喪失しています。") \
	X(MEMBERSHIP_NOT_STARTED, "membership_not_started", "受診日はまだ資格取得前です。") \
	X(MOVED_TO_LATE_ELDERLY, "moved_to_late_elderly", "75歳の誕生日から後期高齢者医療制度に移っています。") \
	X(INSURED_MOVED_TO_LATE_ELDERLY, "insured_moved_to_late_elderly", \
		"被保険者が75歳になり後期高齢者医療制度に移ったため、被扶養者の資格も終わっています。") \
	X(INSURER_NUMBER_CHECK_DIGIT, "insurer_number_check_digit", "保険者番号の検証番号が合いません。入力をご確認ください。") \
	X(OVERLAPPING_MEMBERSHIP, "overlapping_membership", "受診日に有効な資格が複数あり、最後に取得した資格を示しています。") \
	X(NO_MEMBERSHIP, "no_membership", "登録された資格がありません。") \
	X(FUTURE_VISIT_DATE, "future_visit_date", "先の日付についての回答です。当日に改めてご確認ください。") \
	X(LINK_NOT_CONFIRMED, "link_not_confirmed", "住民票情報との照合が済んでいない資格です。") \
	X(ELDERLY_RATIO_NOT_REGISTERED, "elderly_ratio_not_registered", \
		"一部負担金割合が登録されていません。保険者にご確認ください。") \
	X(CARD_REQUIRED_WITH_DOCUMENT, "card_required_with_document", \
		"この書類だけでは受診できません。マイナンバーカードと一緒にお示しください。") \
	X(CARD_NOT_REGISTERED, "card_not_registered", "マイナンバーカードの健康保険証利用登録がありません。") \
	X(CARD_REVOKED, "card_revoked", "マイナンバーカードの電子証明書が失効しています。") \
	X(CARD_SUSPENDED, "card_suspended", "マイナンバーカードの利用が一時停止されています。") \
	X(CERTIFICATE_NOT_ON_RECORD, "certificate_not_on_record", "資格確認書の交付記録がありません。資格は有効です。") \
	X(CERTIFICATE_NOT_CURRENT, "certificate_not_current", "この資格確認書は返却・期限切れ・取消しにより使えません。") \
	X(INSURANCE_CARD_ENDED, "insurance_card_ended", "従来の健康保険証は2025年12月1日で終了しました。") \
	X(TOLERATED_UNTIL_2026_03_31, "tolerated_until_2026_03_31", "2026年3月31日までの経過的な取扱いとして受け付けます。") \
	X(CERTIFICATE_EXPIRED, "certificate_expired", "カードの電子証明書の有効期限が切れています。") \
	X(CERTIFICATE_IN_GRACE, "certificate_in_grace", \
		"電子証明書の有効期限が過ぎています。更新までの猶予期間中のため、資格情報だけを示しています。") \
	X(CERTIFICATE_EXPIRES_SOON, "certificate_expires_soon", \
		"電子証明書の有効期限が近づいています。市区町村の窓口での更新をご案内ください。") \
	X(REVOCATION_UNKNOWN, "revocation_unknown", "電子証明書の失効の有無を確認できないまま受け付けています。") \
	X(LIMIT_CONSENT_MISSING, "limit_consent_missing", "限度額の情報は、ご本人の同意がないため示していません。") \
	X(LIMIT_NOT_REGISTERED, "limit_not_registered", \
		"限度額適用区分が登録されていません。負担割合どおりの額になります。") \
	X(LIMIT_FROM_RATIO, "limit_from_ratio", "限度額適用区分は、登録された負担割合から示しています。") \
	X(CEILING_MONTHS_COUNTED, "ceiling_months_counted", \
		"直近11か月に上限額に達した月の数は、届け出られた記録から数えています。") \
	X(SPECIFIC_DISEASE_CONSENT_MISSING, "specific_disease_consent_missing", \
		"特定疾病の情報は、カードとご本人の同意がないため使っていません。") \
	X(SPECIFIC_DISEASE_NOT_REGISTERED, "specific_disease_not_registered", \
		"お尋ねの特定疾病は登録されていません。")

enum reason {
#define REASON_NAME(name, code, words) REASON_##name,
	REASONS(REASON_NAME)
#undef REASON_NAME
	REASON_COUNT
};

/* X(name, code, words). The order is the order in an answer (R6.2). */
#define NEXT_ACTIONS(X) \
	X(REGISTER_CARD_NOW, "register_card_now", "この場で健康保険証利用登録ができます。") \
	X(USE_FACE, "use_face", "顔認証をお使いください。") \
	X(UNLOCK_PIN_AT_MUNICIPALITY, "unlock_pin_at_municipality", "市区町村の窓口で暗証番号の再設定が必要です。") \
	X(ASK_FOR_ELIGIBILITY_CERTIFICATE, "ask_for_eligibility_certificate", "資格確認書をお持ちか、お尋ねください。") \
	X(SHOW_NOTICE_OR_PORTAL_RECORD, "show_notice_or_portal_record", \
		"マイナンバーカードと一緒に、資格情報のお知らせかマイナポータルの資格情報画面をお示しになるようご案内ください。") \
	X(RENEW_CERTIFICATE, "renew_certificate", "市区町村の窓口で電子証明書の更新が必要です。") \
	X(CONTACT_INSURER, "contact_insurer", "保険者（勤務先・市区町村など）に資格をご確認になるようご案内ください。") \
	X(ACCEPT_DECLARATION, "accept_declaration", "被保険者資格申立書への記入をお願いし、受け付けてください。") \
	X(CHARGE_FULL_AMOUNT, "charge_full_amount", \
		"いったん全額（10割）をお支払いいただきます。後日、保険者に申請すると療養費として払い戻されます。")

enum next_action {
#define NEXT_ACTION_NAME(name, code, words) NEXT_ACTION_##name,
	NEXT_ACTIONS(NEXT_ACTION_NAME)
#undef NEXT_ACTION_NAME
	NEXT_ACTION_COUNT
};

/* clang-format on */

/* A set of reasons or next actions, a bit each; its order is the enum's. */
struct reason_set {
	uint64_t bits;
};
struct next_action_set {
	uint32_t bits;
};

static inline void reason_add(struct reason_set *set, enum reason reason)
{
	set->bits |= UINT64_C(1) << reason;
}

static inline bool reason_in(struct reason_set set, enum reason reason)
{
	return (set.bits >> reason & 1u) != 0;
}

static inline bool next_action_in(struct next_action_set set, enum next_action action)
{
	return (set.bits >> action & 1u) != 0;
}

const char *reason_code(enum reason reason);
const char *reason_words(enum reason reason);
const char *next_action_code(enum next_action action);
const char *next_action_words(enum next_action action);

#endif
