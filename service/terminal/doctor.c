#include "terminal/doctor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "terminal/card.h"
#include "terminal/card_proof.h"
#include "terminal/certificate_term.h"
#include "terminal/challenge.h"
#include "terminal/clean.h"
#include "terminal/day_print.h"
#include "terminal/exchange.h"
#include "terminal/exit_codes.h"
#include "terminal/help.h"
#include "terminal/options.h"
#include "terminal/problem.h"
#include "terminal/problem_print.h"
#include "terminal/token.h"

#define CLOCK_OFF_MAX_SECONDS 30
/* Signed to see whether the key works; no challenge, so that it proves nothing to anyone. */
#define TRIAL_TEXT "shikaku-terminal-doctor"
#define TELL_MAINTAINER "端末の保守担当にご連絡ください。"

struct doctor {
	const struct options *options;
	struct exchange_peer peer;
	enum exit_code code; /* of the first finding that is wrong */
};

static void fine(const char *words)
{
	printf("○ %s\n", words);
}

/* What is wrong, and what to do; the caller may say more, and ends the line. */
static void begin_wrong(struct doctor *doctor, enum exit_code code)
{
	if (doctor->code == EXIT_CODE_ACCEPTED)
		doctor->code = code;
	fputs("× ", stdout);
}

static void wrong(struct doctor *doctor, enum exit_code code, const char *words)
{
	begin_wrong(doctor, code);
	puts(words);
}

static void card_wrong(struct doctor *doctor, enum card_trouble trouble)
{
	/* Here nothing is wrong with the usage: finding this out is what was asked for. */
	enum exit_code code = card_trouble_exit_code(trouble);
	wrong(doctor, code == EXIT_CODE_USAGE ? EXIT_CODE_CARD : code, card_trouble_words(trouble));
	if (doctor->options->given[OPTION_VERBOSE] != NULL)
		fprintf(stderr, "shikaku-terminal: card: %s\n", card_trouble_english(trouble));
}

static void explain(const struct doctor *doctor, const char *path, const struct exchange_reply *reply)
{
	if (doctor->options->given[OPTION_VERBOSE] == NULL)
		return;
	fprintf(stderr, "shikaku-terminal: %s: ", path);
	if (reply->status != 0)
		fprintf(stderr, "HTTP status %ld", reply->status);
	else
		clean_print(stderr, reply->why);
	fputc('\n', stderr);
}

static void examine_clock(struct doctor *doctor, const struct exchange_reply *reply)
{
	if (reply->date < 0) {
		wrong(doctor, EXIT_CODE_NOT_UNDERSTOOD,
			"サービスの時刻が分からず、この端末の時計を確かめられません。" TELL_MAINTAINER);
		return;
	}
	int64_t ahead = clock_read().wall / MICROSECONDS - reply->date;
	int64_t off = ahead < 0 ? -ahead : ahead;
	if (off <= CLOCK_OFF_MAX_SECONDS) {
		fine("この端末の時計は合っています。");
		return;
	}
	begin_wrong(doctor, EXIT_CODE_FAULT);
	printf("この端末の時計が%" PRId64 "秒%sいます。時刻を合わせてください。\n", off,
		ahead > 0 ? "進んで" : "遅れて");
}

/* A GET that is to say 200. With OUTCOME_OK the reply is such; exchange_reply_free in any case. */
static enum outcome get(const struct doctor *doctor, const char *path, struct exchange_reply *reply)
{
	struct exchange_peer anyone = doctor->peer;
	anyone.token = NULL;
	enum outcome outcome = exchange(&anyone, EXCHANGE_GET, path, "", reply);
	if (outcome == OUTCOME_OK && reply->status == 200)
		return OUTCOME_OK;
	explain(doctor, path, reply);
	if (outcome != OUTCOME_OK)
		return outcome;
	return reply->status >= 500 ? OUTCOME_UNAVAILABLE : OUTCOME_INTERNAL;
}

/* False when it makes no sense to ask on. */
static bool examine_service(struct doctor *doctor)
{
	struct exchange_reply health;
	enum outcome outcome = get(doctor, "/healthz", &health);
	switch (outcome) {
	case OUTCOME_OK:
		fine("サービスにつながります。");
		break;
	case OUTCOME_INVALID:
		wrong(doctor, EXIT_CODE_USAGE, "接続先の書き方が正しくありません。" TELL_MAINTAINER);
		break;
	case OUTCOME_INTERNAL:
		wrong(doctor, EXIT_CODE_NOT_UNDERSTOOD,
			"接続先がこのサービスではありません。端末の設定（接続先）をご確認ください。");
		break;
	case OUTCOME_NO_MEMORY:
		wrong(doctor, EXIT_CODE_FAULT, "端末のメモリーが足りません。" TELL_MAINTAINER);
		break;
	default:
		wrong(doctor, EXIT_CODE_AWAY,
			"サービスにつながりません。回線と端末の設定（接続先）をご確認ください。");
	}
	if (outcome == OUTCOME_OK) {
		struct exchange_reply ready;
		if (get(doctor, "/readyz", &ready) == OUTCOME_OK)
			fine("サービスは照会を受け付けています。");
		else
			wrong(doctor, EXIT_CODE_AWAY,
				"サービスがただいま照会を受け付けていません。被保険者資格申立書で受け付け、"
				"しばらくしてからお試しください。");
		exchange_reply_free(&ready);
		examine_clock(doctor, &health);
	}
	exchange_reply_free(&health);
	return outcome == OUTCOME_OK;
}

static void token_refused(struct doctor *doctor, const struct exchange_reply *reply)
{
	begin_wrong(doctor, reply->status >= 500 ? EXIT_CODE_AWAY : EXIT_CODE_REFUSED);
	fputs(reply->status >= 500 ? "端末の認証情報を、ただいま確かめられません。"
				   : "端末の認証情報（トークン）が受け付けられません。",
		stdout);
	struct problem problem;
	if (problem_read(reply->body, reply->length, &problem) == OUTCOME_OK) {
		clean_print(stdout, problem.desk != NULL ? problem.desk : TELL_MAINTAINER);
		if (doctor->options->given[OPTION_VERBOSE] != NULL)
			problem_print_details(stderr, &problem);
		problem_free(&problem);
	} else {
		fputs(TELL_MAINTAINER, stdout);
	}
	putchar('\n');
}

/* Asking for a challenge is what a terminal's token may do, and it is asked of no one. */
static void examine_token(struct doctor *doctor)
{
	struct exchange_reply reply;
	char challenge[CHALLENGE_MAX + 1];
	const char *why = NULL;
	enum outcome outcome = exchange(&doctor->peer, EXCHANGE_POST, CHALLENGES_PATH, "", &reply);
	if (outcome != OUTCOME_OK || reply.status != 201)
		explain(doctor, CHALLENGES_PATH, &reply);
	if (outcome == OUTCOME_OK && reply.status == 404)
		wrong(doctor, EXIT_CODE_REFUSED,
			"接続先のサービスは、カードの確認に対応していません。" TELL_MAINTAINER);
	else if (outcome == OUTCOME_OK && reply.status >= 400)
		token_refused(doctor, &reply);
	else if (outcome == OUTCOME_OK && reply.status == 201 &&
		 challenge_read(reply.body, reply.length, challenge, &why) == OUTCOME_OK)
		fine("端末の認証情報（トークン）は有効です。");
	else if (outcome == OUTCOME_OK || outcome == OUTCOME_INTERNAL)
		wrong(doctor, EXIT_CODE_NOT_UNDERSTOOD, "サービスの回答を読み取れません。" TELL_MAINTAINER);
	else
		wrong(doctor, EXIT_CODE_AWAY,
			"端末の認証情報を確かめる途中で、サービスから回答がなくなりました。"
			"もう一度お試しください。");
	exchange_reply_free(&reply);
}

static void print_term(const char *before, struct day day, const char *after)
{
	fputs(before, stdout);
	day_print(stdout, day);
	puts(after);
}

static void examine_term(struct doctor *doctor, const X509 *certificate)
{
	struct certificate_term term;
	if (certificate_term_read(certificate, clock_read().wall, &term) != OUTCOME_OK) {
		card_wrong(doctor, CARD_NO_CERTIFICATE);
		return;
	}
	switch (term.state) {
	case CERTIFICATE_VALID:
		print_term("○ 電子証明書の有効期限は", term.last, "です。");
		break;
	case CERTIFICATE_EXPIRES_SOON:
		print_term("○ 電子証明書の有効期限は", term.last,
			"で、もうすぐ切れます。市区町村の窓口での更新をご案内ください。");
		break;
	case CERTIFICATE_IN_GRACE:
		print_term("○ 電子証明書の有効期限は切れていますが、資格の確認だけは", term.grace_last,
			"までできます。市区町村の窓口での更新をご案内ください。");
		break;
	case CERTIFICATE_EXPIRED:
		begin_wrong(doctor, EXIT_CODE_CARD);
		print_term("電子証明書の有効期限が", term.last,
			"に切れました。資格確認書をお持ちか、お尋ねください。"
			"カードは市区町村の窓口で更新できます。");
		break;
	case CERTIFICATE_NOT_YET_VALID:
		begin_wrong(doctor, EXIT_CODE_CARD);
		print_term("電子証明書は", term.first,
			"から使えます。この端末の時計が合っているか、ご確認ください。");
		break;
	}
}

/* Whether the PIN may be tried at all: with one try left a mistake in a file would lock the patient's card. */
static bool may_try_pin(struct doctor *doctor, const struct card *card)
{
	enum card_login login = card->token == NULL ? CARD_LOGIN_NONE : card_token_login(card->token);
	if (login == CARD_LOGIN_NONE)
		return true;
	switch (card_token_tries(card->token)) {
	case CARD_TRIES_NONE:
		card_wrong(doctor, CARD_PIN_LOCKED);
		return false;
	case CARD_TRIES_ONE:
		wrong(doctor, EXIT_CODE_CARD,
			"暗証番号は、あと1回間違えるとロックされます。ここでは試していません。顔認証をお使い"
			"ください。");
		return false;
	case CARD_TRIES_FEW:
		fine("暗証番号は使えますが、入力できる回数は残りわずかです。顔認証もお使いいただけます。");
		break;
	case CARD_TRIES_MANY:
		break;
	}
	return login == CARD_LOGIN_PIN && doctor->options->given[OPTION_PIN_FILE] != NULL;
}

static void examine_key(struct doctor *doctor, struct card *card)
{
	if (!may_try_pin(doctor, card))
		return;
	struct card_proof proof;
	enum card_trouble trouble = card_unlock(doctor->options, card);
	if (trouble == CARD_FINE)
		trouble = card_proof_make(card->certificate, card->key, TRIAL_TEXT, &proof);
	if (trouble == CARD_FINE)
		fine("カードで署名できます。");
	else
		card_wrong(doctor, trouble);
}

/* How far a reader's card came before the trouble. */
static void say_what_works(const struct options *options, enum card_trouble trouble)
{
	if (trouble == CARD_NO_MODULE || trouble == CARD_MEMORY)
		return;
	if (options->given[OPTION_PKCS11] != NULL) {
		fine("カードリーダーのソフトウェアを読み込めます。");
		if (trouble == CARD_NO_TOKEN)
			return;
		fine("カードが置かれています。");
	}
	if (trouble == CARD_FINE)
		fine("カードの電子証明書を読み取れます。");
}

static void examine_card(struct doctor *doctor)
{
	struct card card;
	enum card_trouble trouble = card_find(doctor->options, &card);
	say_what_works(doctor->options, trouble);
	if (trouble == CARD_FINE) {
		if (doctor->options->given[OPTION_VERBOSE] != NULL)
			fprintf(stderr, "shikaku-terminal: card: %s\n", card_algorithm(card.certificate));
		examine_term(doctor, card.certificate);
		examine_key(doctor, &card);
	} else {
		card_wrong(doctor, trouble);
	}
	card_close(&card);
}

int doctor_command(int count, char *const words[])
{
	struct options options;
	if (doctor_options_read(count, words, &options, stderr) != OUTCOME_OK) {
		doctor_usage_print(stderr);
		return EXIT_CODE_USAGE;
	}
	if (options.given[OPTION_HELP] != NULL) {
		doctor_help_print(stdout);
		return EXIT_CODE_ACCEPTED;
	}
	char token[TOKEN_MAX + 1];
	struct doctor doctor = {
		.options = &options,
		.peer = { .base_url = options_url(&options),
			.token = token,
			.deadline = exchange_deadline(options.timeout_ms) },
	};
	bool has_token = token_find(options.given[OPTION_TOKEN_FILE], token, stderr) == OUTCOME_OK;
	bool reachable = examine_service(&doctor);
	if (!has_token)
		wrong(&doctor, EXIT_CODE_USAGE, "端末の認証情報（トークン）がありません。" TELL_MAINTAINER);
	else if (reachable)
		examine_token(&doctor);
	explicit_bzero(token, sizeof token);
	if (options.by_card)
		examine_card(&doctor);
	return (int)doctor.code;
}
