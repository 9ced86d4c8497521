/* What the sanity layer lets through has one end only, whoever reads it: said a second time here, by counting and comparing whole
 * header lists rather than one field after the other. Input: flags, then lines: the method, the target, then name ":" value. */
#include "target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/sanity.h"

#define HEADERS_MAX 64

struct header {
	struct slice name;
	struct slice value;
};

struct head {
	struct slice method;
	struct slice target;
	struct header headers[HEADERS_MAX];
	size_t count;
};

static struct slice take_line(const char **at, const char *end)
{
	const char *line_end = *at == end ? NULL : memchr(*at, '\n', (size_t)(end - *at));
	struct slice line = { *at, (size_t)((line_end == NULL ? end : line_end) - *at) };
	*at = line_end == NULL ? end : line_end + 1;
	return line;
}

/* White space before a value is the HTTP library's; what is behind it is left. */
static void read_head(const char *at, const char *end, struct head *head)
{
	head->method = take_line(&at, end);
	head->target = take_line(&at, end);
	while (at < end && head->count < HEADERS_MAX) {
		struct slice line = take_line(&at, end);
		const char *colon = line.length == 0 ? NULL : memchr(line.at, ':', line.length);
		size_t length = colon == NULL ? line.length : (size_t)(colon - line.at);
		struct slice value = { "", 0 };
		if (colon != NULL)
			value = (struct slice){ colon + 1, line.length - length - 1 };
		while (value.length > 0 && (*value.at == ' ' || *value.at == '\t'))
			value = (struct slice){ value.at + 1, value.length - 1 };
		head->headers[head->count++] = (struct header){ { line.at, length }, value };
	}
}

static bool has_control(struct slice text, const char *but)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if ((c < 0x20 || c == 0x7f) && (c == '\0' || strchr(but, c) == NULL))
			return true;
	}
	return false;
}

static bool is_bad_target(struct slice target)
{
	char hex[3] = "";
	if (has_control(target, "") || memchr(target.at, ' ', target.length) != NULL)
		return true;
	for (size_t i = 0; i + 2 < target.length; i++) {
		if (target.at[i] != '%')
			continue;
		hex[0] = target.at[i + 1];
		hex[1] = target.at[i + 2];
		if (strspn(hex, "0123456789abcdefABCDEF") != 2)
			continue;
		long value = strtol(hex, NULL, 16);
		if (value < 0x20 || value == 0x7f)
			return true;
		i += 2;
	}
	return false;
}

static bool is_bad_name(struct slice name)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char copy[256];
	if (name.length == 0 || memchr(name.at, '\0', name.length) != NULL)
		return true;
	for (size_t at = 0; at < name.length; at += sizeof copy - 1) {
		size_t length = name.length - at < sizeof copy - 1 ? name.length - at : sizeof copy - 1;
		memcpy(copy, name.at + at, length);
		copy[length] = '\0';
		if (strspn(copy, token) != length)
			return true;
	}
	return false;
}

static size_t find(const struct head *head, const char *name, struct slice *value)
{
	size_t count = 0;
	for (size_t i = 0; i < head->count; i++) {
		const struct header *header = &head->headers[i];
		if (header->name.length != strlen(name) ||
			strncasecmp(header->name.at, name, strlen(name)) != 0)
			continue;
		count++;
		*value = header->value;
	}
	return count;
}

/* Digits, few enough for every server there is, and white space around them. */
static bool is_length(struct slice value, uint64_t *length)
{
	char copy[4096];
	MUST_HOLD(value.length < sizeof copy);
	memcpy(copy, value.at, value.length);
	copy[value.length] = '\0';
	const char *digits = copy + strspn(copy, " \t");
	size_t count = strspn(digits, "0123456789");
	const char *behind = digits + count + strspn(digits + count, " \t");
	*length = strtoull(digits, NULL, 10);
	return count >= 1 && count <= 18 && behind == copy + value.length;
}

static bool is_sane(const struct head *head, bool old_version, bool bad_line, uint64_t *length)
{
	struct slice value = { NULL, 0 };
	*length = 0;
	if (bad_line || is_bad_name(head->method) || is_bad_target(head->target) ||
		find(head, "Host", &value) != 1)
		return false;
	for (size_t i = 0; i < head->count; i++) {
		if (is_bad_name(head->headers[i].name) || has_control(head->headers[i].value, "\t"))
			return false;
	}
	size_t codings = find(head, "Transfer-Encoding", &value);
	if (codings > 1 || (codings == 1 && (old_version || value.length != 7 ||
						    strncasecmp(value.at, "chunked", 7) != 0)))
		return false;
	size_t lengths = find(head, "Content-Length", &value);
	return lengths == 0 || (lengths == 1 && codings == 0 && is_length(value, length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct head head = { .count = 0 };
	uint64_t length = 0;
	if (size < 1 || size > 4096)
		return -1;
	read_head((const char *)data + 1, (const char *)data + size, &head);
	struct sanity sanity = { .old_version = (data[0] & 1) != 0, .bad_line = (data[0] & 2) != 0 };
	sanity_see_method(&sanity, head.method);
	sanity_see_target(&sanity, head.target);
	for (size_t i = 0; i < head.count; i++)
		sanity_see_header(&sanity, head.headers[i].name, head.headers[i].value);
	const char *fault = sanity_fault(&sanity);
	bool sane = is_sane(&head, sanity.old_version, sanity.bad_line, &length);
	MUST_HOLD((fault == NULL) == sane);
	MUST_HOLD(fault == NULL ? sanity.content_length == length : fault[0] != '\0');
	return 0;
}
