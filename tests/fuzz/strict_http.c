#include "strict_http.h"

#include <string.h>
#include <strings.h>

struct strict_reader {
	const char *at;
	const char *end;
	bool has_nul;
	char *room;
};

/* What the fields of a head say of the message. */
struct fields {
	size_t lines;
	size_t hosts;
	size_t lengths;
	size_t codings;
	struct slice length;
	struct slice coding;
	bool close;
	bool keep_alive;
	bool expects;
	bool special; /* a field that may change what a server does with the connection */
};

enum line { LINE_THERE, LINE_MISSING, LINE_WRONG };

/* libmicrohttpd 0.9.75 puts NULs where a CR and an LF were, so that a NUL among them leaves no trace by which the service could refuse
 * it: where there are NULs, any two of the three may pass for a line's end. No proxy lets a NUL pass. */
static bool is_line_end(const struct strict_reader *reader, const char *at)
{
	return memcmp(at, "\r\n", 2) == 0 ||
	       (reader->has_nul && (at[1] == '\r' || at[1] == '\n' || at[1] == '\0'));
}

/* Up to CR LF, which is taken too; a CR or LF alone, or a NUL, is nobody's line. */
static enum line take_line(struct strict_reader *reader, struct slice *line)
{
	for (const char *at = reader->at; at < reader->end; at++) {
		if (*at != '\n' && *at != '\r' && *at != '\0')
			continue;
		if (at + 1 == reader->end)
			return *at == '\n' ? LINE_WRONG : LINE_MISSING;
		if (!is_line_end(reader, at))
			return LINE_WRONG;
		*line = (struct slice){ reader->at, (size_t)(at - reader->at) };
		reader->at = at + 2;
		return LINE_THERE;
	}
	return LINE_MISSING;
}

static bool is_token(struct slice text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
			memchr(marks, c, sizeof marks - 1) == NULL)
			return false;
	}
	return text.length > 0;
}

static bool is_visible(struct slice text, const char *besides)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if ((c <= 0x20 || c == 0x7f) && (c == '\0' || strchr(besides, c) == NULL))
			return false;
	}
	return true;
}

static bool is_name(struct slice name, const char *wanted)
{
	return name.length == strlen(wanted) && strncasecmp(name.at, wanted, name.length) == 0;
}

/* method SP target SP HTTP/1.digit, each space one. */
static bool read_first_line(struct slice line, struct strict_request *request, bool *old, bool *known)
{
	const char *space = memchr(line.at, ' ', line.length);
	if (space == NULL || line.length < 9)
		return false;
	const char *version = line.at + line.length - 8;
	request->method = (struct slice){ line.at, (size_t)(space - line.at) };
	if (version - 1 <= space + 1 || version[-1] != ' ')
		return false;
	request->target = (struct slice){ space + 1, (size_t)(version - 1 - (space + 1)) };
	*old = version[7] == '0';
	*known = version[7] == '1';
	return memcmp(version, "HTTP/1.", 7) == 0 && version[7] >= '0' && version[7] <= '9' &&
	       is_token(request->method) && is_visible(request->target, "");
}

/* Whether a list of options names this one. */
static bool names(struct slice list, const char *option)
{
	size_t length = strlen(option);
	for (size_t at = 0; at + length <= list.length; at++) {
		if (strncasecmp(list.at + at, option, length) == 0)
			return true;
	}
	return false;
}

static void note(struct fields *fields, struct slice name, struct slice value)
{
	static const char *const special[] = { "Connection", "Expect", "Upgrade", "Cookie", "Keep-Alive",
		"Proxy-Connection", "TE", "Trailer" };
	if (is_name(name, "Host")) {
		fields->hosts++;
	} else if (is_name(name, "Content-Length")) {
		fields->lengths++;
		fields->length = value;
	} else if (is_name(name, "Transfer-Encoding")) {
		fields->codings++;
		fields->coding = value;
	} else if (is_name(name, "Expect")) {
		fields->expects = true;
	} else if (is_name(name, "Connection")) {
		fields->close = fields->close || names(value, "close");
		fields->keep_alive = fields->keep_alive || names(value, "keep-alive");
	}
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		fields->special = fields->special || is_name(name, special[i]);
}

/* Lines up to the empty one: of a head, or behind the last chunk. To libmicrohttpd 0.9.75 a colon and an LF are an empty line, and in its
 * buffer they look like one. */
static enum line read_fields(struct strict_reader *reader, struct fields *fields)
{
	for (;;) {
		struct slice line;
		if (reader->end - reader->at >= 2 && memcmp(reader->at, ":\n", 2) == 0) {
			reader->at += 2;
			fields->special = true;
			return LINE_THERE;
		}
		enum line there = take_line(reader, &line);
		if (there != LINE_THERE || line.length == 0)
			return there;
		const char *colon = memchr(line.at, ':', line.length);
		if (colon == NULL)
			return LINE_WRONG;
		struct slice name = { line.at, (size_t)(colon - line.at) };
		struct slice value = { colon + 1, line.length - name.length - 1 };
		/* White space behind a value is the library's to take or not. */
		char last = value.length == 0 ? '\0' : value.at[value.length - 1];
		fields->special = fields->special || last == ' ' || last == '\t';
		value = slice_trim(value);
		if (!is_token(name) || !is_visible(value, " \t"))
			return LINE_WRONG;
		fields->lines++;
		note(fields, name, value);
	}
}

static bool read_number(struct slice digits, unsigned base, size_t *number)
{
	*number = 0;
	for (size_t i = 0; i < digits.length; i++) {
		static const char letters[] = "0123456789abcdef0123456789ABCDEF";
		const char *letter = memchr(letters, digits.at[i], base == 10 ? 10 : 32);
		if (letter == NULL)
			return false;
		*number = *number * base + (size_t)(letter - letters) % 16;
	}
	return digits.length >= 1 && digits.length <= 15;
}

static size_t left(const struct strict_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

static void take_bytes(struct strict_reader *reader, size_t length, struct slice *body, size_t *wanted)
{
	memcpy(reader->room, reader->at, length);
	reader->room += length;
	reader->at += length;
	body->length += length;
	*wanted -= length;
}

/* The line before a chunk: its size, and extensions that nobody needs. */
static enum line read_chunk_line(struct strict_reader *reader, size_t *size)
{
	struct slice line;
	enum line there = take_line(reader, &line);
	if (there != LINE_THERE)
		return there;
	const char *semicolon = memchr(line.at, ';', line.length);
	struct slice digits = line;
	if (semicolon != NULL) {
		digits.length = (size_t)(semicolon - line.at);
		while (digits.length > 0 && (semicolon[-1] == ' ' || semicolon[-1] == '\t')) {
			digits.length--;
			semicolon--;
		}
	}
	return is_visible(line, " \t") && read_number(digits, 16, size) ? LINE_THERE : LINE_WRONG;
}

static enum line read_chunks(struct strict_reader *reader, struct slice *body)
{
	for (;;) {
		size_t size = 0;
		enum line there = read_chunk_line(reader, &size);
		if (there != LINE_THERE)
			return there;
		if (size == 0)
			break;
		take_bytes(reader, size < left(reader) ? size : left(reader), body, &size);
		if (size > 0 || left(reader) < 2)
			return left(reader) == 1 && *reader->at != '\r' ? LINE_WRONG : LINE_MISSING;
		if (memcmp(reader->at, "\r\n", 2) != 0)
			return LINE_WRONG;
		reader->at += 2;
	}
	struct fields trailers = { .hosts = 0 };
	return read_fields(reader, &trailers);
}

static enum line read_sized(struct strict_reader *reader, size_t size, struct slice *body)
{
	take_bytes(reader, size < left(reader) ? size : left(reader), body, &size);
	return size == 0 ? LINE_THERE : LINE_MISSING;
}

static bool is_framed(const struct fields *fields, bool old, size_t *size)
{
	*size = 0;
	if (fields->codings > 0)
		return fields->codings == 1 && fields->lengths == 0 && !old &&
		       is_name(fields->coding, "chunked");
	return fields->lengths == 0 || (fields->lengths == 1 && read_number(fields->length, 10, size));
}

static bool is_plain(const struct strict_request *request, const struct fields *fields)
{
	return fields->hosts == 1 && memchr(request->head.at, '\0', request->head.length) == NULL &&
	       !fields->special && fields->lines <= 32 && request->head.length < 1024 &&
	       fields->length.length <= 4 && request->target.at[0] == '/' &&
	       memchr(request->target.at, '%', request->target.length) == NULL &&
	       memchr(request->target.at, '&', request->target.length) == NULL &&
	       (slice_is(request->method, "GET") || slice_is(request->method, "POST"));
}

/* Empty lines before a request are to be overlooked (RFC 9112, 2.2); halves of them may be. To libmicrohttpd 0.9.75 a line that begins
 * with a NUL is empty as well, and the service is not shown it. False: there was more than empty lines. */
static bool skip_empty_lines(struct strict_reader *reader)
{
	bool only_empty = true;
	while (left(reader) > 0 && (*reader->at == '\r' || *reader->at == '\n' || *reader->at == '\0')) {
		const char *end = memchr(reader->at, '\n', left(reader));
		if (left(reader) > 1 && memcmp(reader->at, "\r\n", 2) == 0) {
			reader->at += 2;
			continue;
		}
		only_empty = false;
		reader->at = *reader->at != '\0' ? reader->at + 1 : end == NULL ? reader->end : end + 1;
	}
	return only_empty;
}

/* False where no head is there. `last`: nothing certain follows it. */
static bool read_request(struct strict_reader *reader, struct strict_request *request, bool *last)
{
	struct fields fields = { .hosts = 0 };
	struct slice line;
	bool old = false;
	bool known = false;
	size_t size = 0;
	fields.special = !skip_empty_lines(reader);
	const char *from = reader->at;
	if (take_line(reader, &line) != LINE_THERE || !read_first_line(line, request, &old, &known) ||
		read_fields(reader, &fields) != LINE_THERE || !is_framed(&fields, old, &size))
		return false;
	request->head = (struct slice){ from, (size_t)(reader->at - from) };
	request->body = (struct slice){ reader->room, 0 };
	request->plain = known && !reader->has_nul && is_plain(request, &fields);
	request->expects = fields.expects;
	request->chunked = fields.codings > 0;
	enum line end = request->chunked ? read_chunks(reader, &request->body)
					 : read_sized(reader, size, &request->body);
	request->whole = end == LINE_THERE;
	request->doubtful = end == LINE_WRONG;
	*last = !request->whole || fields.close || (old && !fields.keep_alive);
	return true;
}

size_t strict_read(struct slice stream, struct strict_request requests[], size_t max, char *room)
{
	struct strict_reader reader = { .at = stream.at,
		.end = stream.at + stream.length,
		.has_nul = memchr(stream.at, '\0', stream.length) != NULL,
		.room = room };
	size_t count = 0;
	bool last = false;
	while (count < max && !last && read_request(&reader, &requests[count], &last))
		count++;
	return count;
}
