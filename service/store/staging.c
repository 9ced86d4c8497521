#include "store/staging.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/plain_connection.h"

#define PIECE ((size_t)64 * 1024)
/* A row: every value of it escaped, and more than a line of a file is long. */
#define ROW_MAX ((size_t)256 * 1024)
#define WAIT_MS 100
/* Nobody reads of the file before it is opened: the client waits for that. */
#define OPENING_LASTS_MS 15000
#define WORD_LASTS_MS 60000
/* A server that takes nothing for so long is given up. */
#define SILENCE (300 * MICROSECONDS)

struct staging {
	struct plain *plain;
	char slot; /* as its digit */
	size_t length;
	char bytes[PIECE + ROW_MAX];
};

static enum outcome run_words(struct plain *plain, const char *words)
{
	if (!plain_usable(plain) || PQsendQuery(plain_connection(plain), words) != 1)
		return OUTCOME_UNAVAILABLE;
	return plain_settle(plain);
}

/* The slot is part of the table's name, where no parameter can be. */
static enum outcome begin_copy(struct plain *plain, char slot)
{
	static const char table[] = "staged_members_";
	char words[2048];
	const char *text = statements[STATEMENT_COPY_MEMBERS].text;
	size_t length = strlen(text);
	if (length >= sizeof words)
		return OUTCOME_INTERNAL;
	memcpy(words, text, length + 1);
	char *at = strstr(words, table);
	if (at == NULL)
		return OUTCOME_INTERNAL;
	at[sizeof table - 1] = slot;
	return run_words(plain, words);
}

enum outcome staging_begin(struct staging **begun, struct plain *plain, int slot)
{
	*begun = NULL;
	if (slot < 0 || slot > 9)
		return OUTCOME_INTERNAL;
	struct staging *staging = malloc(sizeof *staging);
	if (staging == NULL)
		return OUTCOME_NO_MEMORY;
	staging->plain = plain;
	staging->slot = (char)('0' + slot);
	staging->length = 0;
	enum outcome outcome = run_words(plain, "BEGIN");
	if (outcome == OUTCOME_OK)
		outcome = begin_copy(plain, staging->slot);
	if (outcome == OUTCOME_OK && PQsetnonblocking(plain_connection(plain), 1) != 0)
		outcome = OUTCOME_UNAVAILABLE;
	if (outcome != OUTCOME_OK) {
		staging_abandon(staging);
		return outcome;
	}
	*begun = staging;
	return OUTCOME_OK;
}

/* Until libpq holds nothing back: its own buffer would grow without bound. */
static enum outcome flush(struct plain *plain)
{
	PGconn *connection = plain_connection(plain);
	int64_t begun = clock_read().monotonic;
	int left = 0;
	while ((left = PQflush(connection)) == 1) {
		struct pollfd waited = { .fd = PQsocket(connection), .events = POLLIN | POLLOUT };
		int ready = poll(&waited, 1, WAIT_MS);
		if (plain_is_interrupted(plain))
			return OUTCOME_LATE;
		if (ready > 0 && (waited.revents & POLLIN) != 0 && PQconsumeInput(connection) != 1)
			return OUTCOME_UNAVAILABLE;
		if (clock_read().monotonic - begun > SILENCE)
			return OUTCOME_UNAVAILABLE;
	}
	return left == 0 ? OUTCOME_OK : OUTCOME_UNAVAILABLE;
}

static enum outcome send_bytes(struct staging *staging)
{
	if (staging->length == 0)
		return OUTCOME_OK;
	int put = PQputCopyData(plain_connection(staging->plain), staging->bytes, (int)staging->length);
	staging->length = 0;
	if (put != 1)
		return OUTCOME_UNAVAILABLE;
	return flush(staging->plain);
}

/* What COPY would take for its own marks. */
static char *put_escaped(char *out, struct slice value)
{
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];
		static const char marks[] = "\\\t\n\r";
		static const char letters[] = "\\tnr";
		const char *mark =
			(unsigned char)c < ' ' || c == '\\' ? memchr(marks, c, sizeof marks - 1) : NULL;
		if (mark != NULL) {
			*out++ = '\\';
			c = letters[mark - marks];
		}
		*out++ = c;
	}
	return out;
}

static bool fits(const struct slice values[STAGED_VALUES])
{
	size_t length = 256;
	for (size_t i = 0; i < STAGED_VALUES; i++)
		length += values[i].length * 2 + 3;
	return length <= ROW_MAX;
}

enum outcome staging_put(struct staging *staging, int64_t line, const uint8_t digest[STAGED_DIGEST],
	const struct slice values[STAGED_VALUES])
{
	static const char hex[] = "0123456789abcdef";
	if (!fits(values))
		return OUTCOME_NO_MEMORY;
	char *out = staging->bytes + staging->length;
	char number[24];
	int length = snprintf(number, sizeof number, "%lld", (long long)line);
	*out++ = staging->slot;
	*out++ = '\t';
	memcpy(out, number, (size_t)length);
	out += length;
	static const char bytea[] = { '\t', '\\', '\\', 'x' };
	memcpy(out, bytea, sizeof bytea);
	out += sizeof bytea;
	for (size_t i = 0; i < STAGED_DIGEST; i++) {
		*out++ = hex[digest[i] >> 4];
		*out++ = hex[digest[i] & 15];
	}
	for (size_t i = 0; i < STAGED_VALUES; i++) {
		*out++ = '\t';
		if (values[i].at == NULL) {
			*out++ = '\\';
			*out++ = 'N';
		} else {
			out = put_escaped(out, values[i]);
		}
	}
	*out++ = '\n';
	staging->length = (size_t)(out - staging->bytes);
	return staging->length >= PIECE ? send_bytes(staging) : OUTCOME_OK;
}

static void free_staging(struct staging *staging)
{
	explicit_bzero(staging->bytes, sizeof staging->bytes);
	free(staging);
}

void staging_abandon(struct staging *staging)
{
	if (staging == NULL)
		return;
	struct plain *plain = staging->plain;
	free_staging(staging);
	/* A connection in the middle of a COPY that is in doubt is not worth mending: its end is the transaction's. */
	plain_lose(plain);
}

static enum outcome end_copy(struct staging *staging)
{
	enum outcome outcome = send_bytes(staging);
	if (outcome == OUTCOME_OK && PQputCopyEnd(plain_connection(staging->plain), NULL) != 1)
		outcome = OUTCOME_UNAVAILABLE;
	if (outcome == OUTCOME_OK)
		outcome = flush(staging->plain);
	if (outcome == OUTCOME_OK)
		outcome = plain_settle(staging->plain);
	if (outcome == OUTCOME_OK && PQsetnonblocking(plain_connection(staging->plain), 0) != 0)
		outcome = OUTCOME_UNAVAILABLE;
	return outcome;
}

static void take_said(void *owner, const struct row *row)
{
	struct slice said = row_text(row, 0);
	(void)snprintf(owner, STAGING_SAID_SIZE, "%.*s", (int)said.length, said.at == NULL ? "" : said.at);
}

struct number_text {
	char text[24];
};

static struct command_parameter number_of(int64_t number, struct number_text *room)
{
	(void)snprintf(room->text, sizeof room->text, "%lld", (long long)number);
	return (struct command_parameter){ .text = room->text };
}

static struct command_parameter uuid_of(const uint8_t uuid[UUID_BYTES])
{
	return (struct command_parameter){ .bytes = uuid, .length = UUID_BYTES };
}

enum outcome staging_end(struct staging *staging, const struct import_opening *import, int64_t now,
	const struct import_counts *counts, char said[STAGING_SAID_SIZE])
{
	char at[INSTANT_TEXT_SIZE];
	struct number_text rooms[5];
	struct plain *plain = staging->plain;
	instant_format(now, at);
	said[0] = '\0';
	const struct command_parameter parameters[] = {
		uuid_of(import->import_id),
		uuid_of(import->runner),
		{ .text = at },
		number_of(counts->bytes_read, &rooms[0]),
		number_of(counts->rows_read, &rooms[1]),
		number_of(counts->rows_valid, &rooms[2]),
		number_of(counts->rows_failed, &rooms[3]),
		number_of(counts->errors, &rooms[4]),
	};
	enum outcome outcome = end_copy(staging);
	if (outcome == OUTCOME_OK)
		outcome = plain_run(
			plain, STATEMENT_CLOSE_IMPORT, parameters, 8, WORD_LASTS_MS, take_said, said);
	bool keeps = outcome == OUTCOME_OK && strcmp(said, "lost") != 0;
	if (keeps)
		outcome = run_words(plain, "COMMIT");
	if (!keeps || outcome != OUTCOME_OK)
		plain_lose(plain);
	free_staging(staging);
	return outcome;
}

static void take_opened(void *owner, const struct row *row)
{
	struct import_opened *opened = owner;
	struct slice said = row_text(row, 0);
	struct slice id = row_text(row, 1);
	(void)snprintf(opened->outcome, sizeof opened->outcome, "%.*s", (int)said.length,
		said.at == NULL ? "" : said.at);
	if (id.length == UUID_BYTES)
		memcpy(opened->import_id, id.at, UUID_BYTES);
	opened->slot = (int)row_integer(row, 2);
}

enum outcome staging_open_import(
	struct plain *plain, const struct import_opening *opening, struct import_opened *opened)
{
	char now[INSTANT_TEXT_SIZE];
	char lease[INSTANT_TEXT_SIZE];
	struct number_text token = { .text = "" };
	instant_format(opening->now, now);
	instant_format(opening->lease_until, lease);
	*opened = (struct import_opened){ .slot = -1 };
	struct command_parameter by_token = { .text = NULL };
	if (opening->token_id != 0)
		by_token = number_of(opening->token_id, &token);
	const struct command_parameter parameters[] = {
		uuid_of(opening->import_id),
		{ .text = opening->insurer_number },
		{ .text = now },
		by_token,
		uuid_of(opening->runner),
		{ .text = lease },
		{ .text = opening->mode },
		{ .text = opening->keep_good_rows ? "true" : "false" },
		{ .text = opening->end_missing ? "true" : "false" },
		{ .text = opening->missing_max_percent },
		{ .text = opening->missing_lost_on },
		{ .text = opening->format },
		{ .text = opening->encoding },
		{ .bytes = opening->key_digest, .length = opening->key_digest == NULL ? 0 : STAGED_DIGEST },
	};
	enum outcome outcome = plain_run(
		plain, STATEMENT_OPEN_IMPORT, parameters, 14, OPENING_LASTS_MS, take_opened, opened);
	return outcome == OUTCOME_OK && opened->outcome[0] == '\0' ? OUTCOME_INTERNAL : outcome;
}

enum outcome staging_renew(struct plain *plain, const struct import_opening *import, int64_t lease_until,
	const struct import_counts *counts, char said[STAGING_SAID_SIZE])
{
	char lease[INSTANT_TEXT_SIZE];
	struct number_text rooms[3];
	instant_format(lease_until, lease);
	said[0] = '\0';
	const struct command_parameter parameters[] = {
		uuid_of(import->import_id),
		uuid_of(import->runner),
		{ .text = lease },
		number_of(counts->bytes_read, &rooms[0]),
		number_of(counts->rows_read, &rooms[1]),
		number_of(counts->rows_valid, &rooms[2]),
	};
	return plain_run(plain, STATEMENT_RENEW_IMPORT, parameters, 6, WORD_LASTS_MS, take_said, said);
}

/* One array of PostgreSQL's, as text; names are of [a-z0-9_] and need no quotes. */
struct array_text {
	char text[STAGING_ERRORS_MAX * 40 + 8];
	size_t length;
};

static void put_element(struct array_text *array, const char *element)
{
	int length = snprintf(array->text + array->length, sizeof array->text - array->length, "%c%s",
		array->length == 0 ? '{' : ',', element == NULL ? "NULL" : element);
	if (length > 0 && (size_t)length < sizeof array->text - array->length)
		array->length += (size_t)length;
}

enum outcome staging_add_errors(struct plain *plain, const struct import_opening *import,
	const struct staging_error errors[], size_t count)
{
	struct array_text arrays[4];
	if (count == 0)
		return OUTCOME_OK;
	if (count > STAGING_ERRORS_MAX)
		return OUTCOME_INTERNAL;
	for (size_t i = 0; i < 4; i++)
		arrays[i].length = 0;
	for (size_t i = 0; i < count; i++) {
		struct number_text line = { "" };
		put_element(&arrays[0], number_of(errors[i].line, &line).text);
		put_element(&arrays[1], errors[i].field);
		put_element(&arrays[2], errors[i].value_class);
		put_element(&arrays[3], errors[i].reason);
	}
	struct command_parameter parameters[6] = { uuid_of(import->import_id), uuid_of(import->runner) };
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(arrays[i].text + arrays[i].length, 2, "}");
		parameters[2 + i].text = arrays[i].text;
	}
	return plain_run(plain, STATEMENT_ADD_IMPORT_ERRORS, parameters, 6, WORD_LASTS_MS, NULL, NULL);
}

enum outcome staging_fail(
	struct plain *plain, const struct import_opening *import, int64_t now, const char *failure)
{
	char at[INSTANT_TEXT_SIZE];
	instant_format(now, at);
	const struct command_parameter parameters[] = {
		uuid_of(import->import_id),
		uuid_of(import->runner),
		{ .text = at },
		{ .text = failure },
	};
	return plain_run(plain, STATEMENT_FAIL_IMPORT, parameters, 4, WORD_LASTS_MS, NULL, NULL);
}
