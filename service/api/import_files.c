#include "api/import_files.h"

#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "api/idempotency.h"
#include "api/insurer_path.h"
#include "api/media_type.h"
#include "api/problems.h"
#include "api/query.h"
#include "api/routes.h"
#include "cases/import_feed.h"
#include "cases/job_record.h"

/* In the order of `types`. */
enum { TYPE_CSV, TYPE_SHIFT_JIS, TYPE_CP932, TYPE_WINDOWS_31J, TYPE_NDJSON };
static const char types[] =
	"text/csv, text/csv;charset=shift_jis, text/csv;charset=cp932, text/csv;charset=windows-31j, "
	"application/x-ndjson";

enum { QUERY_MODE, QUERY_PARTIAL, QUERY_END_MISSING, QUERY_PERCENT, QUERY_LOST_ON, QUERY_COUNT };
static const char *const query_names[QUERY_COUNT] = { "mode", "partial", "end_missing", "missing_max_percent",
	"missing_lost_on" };

static bool refuse_query(struct request *request, const char *detail)
{
	problem_answer(request, PROBLEM_INVALID_QUERY, detail);
	return false;
}

/* One of two words; the first where there is none. */
static bool read_choice(struct slice value, const char *first, const char *second, bool *is_second)
{
	*is_second = value.at != NULL && slice_is(value, second);
	return value.at == NULL || *is_second || slice_is(value, first);
}

/* 0 to 100, two digits behind the point at most. */
static bool read_percent(struct slice value, char percent[8])
{
	size_t point = value.length;
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] == '.' && point == value.length)
			point = i;
		else if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	}
	size_t behind = point == value.length ? 0 : value.length - point - 1;
	if (point < 1 || point > 3 || (point < value.length && (behind < 1 || behind > 2)))
		return false;
	(void)snprintf(percent, 8, "%.*s", (int)value.length, value.at);
	return point < 3 ||
	       (memcmp(percent, "100", 3) == 0 && strspn(percent + 3, ".0") == strlen(percent + 3));
}

static bool read_lost_on(struct slice value, char lost_on[DAY_TEXT_SIZE])
{
	struct day day;
	if (day_parse(value.at, value.length, &day) != OUTCOME_OK)
		return false;
	day_format(day, lost_on);
	return true;
}

bool import_query_read(struct request *request, struct import_wish *wish)
{
	struct slice values[QUERY_COUNT];
	if (!query_read(request, query_names, QUERY_COUNT, values))
		return false;
	if (!read_choice(values[QUERY_MODE], "changes", "full", &wish->full))
		return refuse_query(request, "mode is changes or full.");
	if (!read_choice(values[QUERY_PARTIAL], "false", "true", &wish->keep_good_rows))
		return refuse_query(request, "partial is true or false.");
	if (!read_choice(values[QUERY_END_MISSING], "false", "true", &wish->end_missing))
		return refuse_query(request, "end_missing is true or false.");
	struct slice percent = values[QUERY_PERCENT];
	struct slice lost_on = values[QUERY_LOST_ON];
	if (percent.at != NULL && !read_percent(percent, wish->missing_max_percent))
		return refuse_query(
			request, "missing_max_percent is a number from 0 to 100, with two decimals at most.");
	if (lost_on.at != NULL && !read_lost_on(lost_on, wish->missing_lost_on))
		return refuse_query(request, "missing_lost_on is a date, YYYY-MM-DD.");
	if (wish->end_missing != (percent.at != NULL) || wish->end_missing != (lost_on.at != NULL))
		return refuse_query(request,
			"end_missing=true goes together with missing_max_percent and missing_lost_on.");
	if (wish->end_missing && !wish->full)
		return refuse_query(request, "end_missing=true goes together with mode=full.");
	return true;
}

static bool read_form(struct exchange *exchange, struct import_form *form)
{
	struct request *request = exchange->request;
	size_t type = media_type_find(request->content_type, exchange->route->takes);
	struct slice packing = request->content_encoding;
	form->format = type == TYPE_NDJSON ? IMPORT_NDJSON : IMPORT_CSV;
	form->encoding = type == TYPE_CSV || type == TYPE_NDJSON ? IMPORT_UTF8 : IMPORT_CP932;
	form->packing = IMPORT_PLAIN;
	form->bytes_max = exchange->application->config->import_bytes_max;
	if (packing.at != NULL && slice_is_any_case(packing, "gzip"))
		form->packing = IMPORT_GZIP;
	else if (packing.at != NULL && !slice_is_any_case(packing, "identity")) {
		problem_answer(
			request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is gzip or nothing.");
		return false;
	}
	return true;
}

static void add_location(struct exchange *exchange, const uint8_t import_id[UUID_BYTES])
{
	struct request *request = exchange->request;
	char id[UUID_TEXT_SIZE];
	struct text location;
	uuid_format(import_id, id);
	text_open(&location, &request->arena, 96, 128);
	text_printf(&location, "/v1/insurers/%s/imports/%s", exchange->principal.owner, id);
	text_put(&location, "", 1);
	if (!location.failed)
		request_add_header(request, "Location", location.at);
}

/* The import as it is on record, once the file is in. */
static void answer_import(struct job_record *record, enum outcome outcome)
{
	struct request *request = record->owner;
	if (outcome == OUTCOME_OK && record->said != JOB_RECORD_FOUND)
		outcome = OUTCOME_INTERNAL;
	if (outcome == OUTCOME_OK) {
		struct slice kept = answer_keep_record(request, record->question.document);
		if (kept.at != NULL)
			answer_uncached(request, 202, "application/json", kept);
	} else {
		problem_answer(request, problem_of(outcome), NULL);
	}
	request_let_go(request);
}

static void look_up_import(struct exchange *exchange, const struct import_load *load)
{
	struct request *request = exchange->request;
	struct job_record *record = arena_take(&request->arena, sizeof *record);
	if (record == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	memcpy(record->question.job_id, load->import_id, UUID_BYTES);
	record->question.insurer_number = slice_of(exchange->principal.owner);
	record->cases = &exchange->application->cases;
	record->now = loop_now(exchange->application->loop);
	record->principal = exchange->principal;
	record->finished = answer_import;
	record->owner = request;
	request_hold(request);
	import_find(record);
}

static const char *const fault_words[IMPORT_FAULTS] = {
	[IMPORT_BAD_GZIP] = "It is no gzip, or not all of it.",
	[IMPORT_GZIP_BOMB] = "It grows beyond measure when it is unpacked.",
	[IMPORT_BAD_HEADER] =
		"Its first line is not a header row with the columns that every row needs, each once.",
	[IMPORT_UNKNOWN_COLUMN] = "Its header row names a column that there is not.",
	[IMPORT_TOO_LARGE] = "It is larger than import_bytes_max.",
};

static void answer_what_was_said(struct exchange *exchange, const struct import_load *load)
{
	struct request *request = exchange->request;
	if (!request_is_awaited(request))
		return;
	if (load->said != IMPORT_BUSY && load->said != IMPORT_NO_INSURER)
		add_location(exchange, load->import_id);
	switch (load->said) {
	case IMPORT_REPLAYED:
		idempotency_note_replay(request);
		look_up_import(exchange, load);
		return;
	case IMPORT_QUEUED:
	case IMPORT_REFUSED_ROWS:
	case IMPORT_CANCELLED:
		look_up_import(exchange, load);
		return;
	case IMPORT_NO_FILE:
		problem_answer(request,
			load->fault == IMPORT_TOO_LARGE ? PROBLEM_BODY_TOO_LARGE : PROBLEM_UNREADABLE_FILE,
			fault_words[load->fault]);
		return;
	case IMPORT_RUNNING:
		problem_answer(request, PROBLEM_IMPORT_RUNNING, NULL);
		return;
	case IMPORT_BUSY:
		problem_answer(request, PROBLEM_IMPORTS_BUSY, NULL);
		return;
	case IMPORT_NO_INSURER:
		problem_answer(request, PROBLEM_NOT_YOUR_INSURER, "The insurer is not registered here.");
		return;
	case IMPORT_CUT_OFF:
		problem_answer(request, PROBLEM_DEADLINE_EXCEEDED, NULL);
		return;
	}
}

static void import_opened(void *owner)
{
	struct exchange *exchange = owner;
	request_take_more(exchange->request);
}

static void import_ended(void *owner, enum outcome outcome, const struct import_load *load)
{
	struct exchange *exchange = owner;
	exchange->streaming = NULL;
	if (outcome == OUTCOME_OK)
		answer_what_was_said(exchange, load);
	else
		problem_answer(exchange->request, problem_of(outcome), NULL);
	request_let_go(exchange->request);
}

static void start_import(struct exchange *exchange)
{
	struct request *request = exchange->request;
	struct import_wish wish = { .token_id = exchange->principal.token_id };
	struct idempotency idempotency;
	struct import_feed *feed = NULL;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL || !import_query_read(request, &wish) ||
		!read_form(exchange, &wish.form) || !idempotency_read(exchange, &idempotency))
		return;
	(void)snprintf(wish.insurer_number, sizeof wish.insurer_number, "%s", insurer_number);
	wish.has_key = idempotency.given;
	if (wish.has_key)
		memcpy(wish.key_digest, idempotency.key_digest, sizeof wish.key_digest);
	const struct import_feed_calls calls = {
		.opened = import_opened, .room = import_opened, .ended = import_ended, .owner = exchange
	};
	enum outcome outcome = import_feed_start(&exchange->application->imports, &wish, &calls, &feed);
	if (outcome != OUTCOME_OK) {
		problem_answer(
			request, outcome == OUTCOME_BUSY ? PROBLEM_IMPORTS_BUSY : problem_of(outcome), NULL);
		return;
	}
	exchange->streaming = feed;
	request_hold(request);
}

static bool take_piece(struct exchange *exchange, const char *piece, size_t length)
{
	return exchange->streaming == NULL || import_feed_take(exchange->streaming, piece, length);
}

static void end_of_pieces(struct exchange *exchange, bool complete)
{
	if (exchange->streaming != NULL)
		import_feed_end(exchange->streaming, complete);
}

static const struct route_sink sink = { .take = take_piece, .end = end_of_pieces };

/* An example in the order of member_fields.def; nobody is called that. */
static const char template[] =
#define MEMBER_FIELD(name, group, key, column, required) column ","
#include "rules/member_fields.def"
#undef MEMBER_FIELD
	"insurer_number\r\n"
	"E-000123,見本 花子,ミホン "
	"ハナコ,,,female,,1980-05-17,100-0001,東京都千代田区千代田1-1,,,false,false,,"
	"insured,,12345678,1234567,00,2026-04-01,,,"
	",,,"
	",,,,,"
	",,,,"
	",,,,\r\n";

static void start_template(struct exchange *exchange)
{
	if (insurer_of_path(exchange) == NULL)
		return;
	request_add_header(exchange->request, "Content-Disposition", "attachment; filename=\"members.csv\"");
	answer_uncached(exchange->request, 200, "text/csv; charset=utf-8",
		(struct slice){ template, sizeof template - 1 });
}

const struct route import_files_routes[] = {
	{ .method = "POST",
		.path = "/v1/insurers/{insurer_number}/imports",
		.scope = SCOPE_INSURER,
		.takes = types,
		.sink = &sink,
		.start = start_import },
	{ .method = "GET",
		.path = "/v1/insurers/{insurer_number}/imports/template.csv",
		.scope = SCOPE_INSURER,
		.gives = "text/csv",
		.start = start_template },
	ROUTES_END,
};
