#include "net/sanity.h"

#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_control(int c)
{
	return (c >= 0 && c < 0x20) || c == 0x7f;
}

static bool is_token(struct slice name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < name.length; i++) {
		char c = name.at[i];
		bool alphanumeric =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alphanumeric && (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return name.length > 0;
}

void sanity_see_method(struct sanity *sanity, struct slice method)
{
	/* What is none is the end of a body that somebody took for longer. */
	if (!is_token(method))
		sanity->bad_method = true;
}

void sanity_see_target(struct sanity *sanity, struct slice target)
{
	for (size_t i = 0; i < target.length; i++) {
		int c = (unsigned char)target.at[i];
		/* A space divides the request line: two readers could divide it in two ways. */
		if (c == ' ')
			sanity->bad_target = true;
		if (c == '%' && target.length - i > 2) {
			int high = hex_value(target.at[i + 1]);
			int low = hex_value(target.at[i + 2]);
			if (high >= 0 && low >= 0)
				c = high * 16 + low;
		}
		if (is_control(c))
			sanity->bad_target = true;
	}
}

static void see_length(struct sanity *sanity, struct slice value)
{
	sanity->content_lengths++;
	value = slice_trim(value);
	/* 18 digits fit a uint64_t whatever they are. */
	if (value.length == 0 || value.length > 18)
		sanity->bad_length = true;
	uint64_t length = 0;
	for (size_t i = 0; i < value.length && !sanity->bad_length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			sanity->bad_length = true;
		else
			length = length * 10 + (uint64_t)(value.at[i] - '0');
	}
	sanity->content_length = sanity->bad_length ? 0 : length;
}

void sanity_see_header(struct sanity *sanity, struct slice name, struct slice value)
{
	/* "Content-Length : 5" is a Content-Length to some and nothing to others. */
	if (!is_token(name))
		sanity->bad_name = true;
	for (size_t i = 0; i < value.length; i++) {
		if (is_control((unsigned char)value.at[i]) && value.at[i] != '\t')
			sanity->bad_value = true;
	}
	if (slice_is_any_case(name, "host")) {
		sanity->hosts++;
	} else if (slice_is_any_case(name, "content-length")) {
		see_length(sanity, value);
	} else if (slice_is_any_case(name, "transfer-encoding")) {
		sanity->transfer_encodings++;
		/* Not trimmed: with a space behind it MHD does not know it and waits for ever. */
		sanity->chunked = slice_is_any_case(value, "chunked");
	}
}

const char *sanity_fault(const struct sanity *sanity)
{
	if (sanity->bad_method)
		return "the method is not a token";
	if (sanity->bad_target)
		return "the path holds a control character or a space";
	if (sanity->bad_line)
		return "a line of the header that is folded, without a name, not ended by CR LF, or with "
		       "more spaces than it may have";
	if (sanity->bad_name)
		return "a header's name is not a token";
	if (sanity->bad_value)
		return "a header's value holds a control character";
	if (sanity->hosts != 1)
		return "exactly one Host header is expected";
	if (sanity->content_lengths > 1)
		return "more than one Content-Length header";
	if (sanity->bad_length)
		return "Content-Length is not a number";
	if (sanity->transfer_encodings > 0 && sanity->old_version)
		return "Transfer-Encoding with HTTP/1.0";
	if (sanity->transfer_encodings > 0 && sanity->content_lengths > 0)
		return "Content-Length together with Transfer-Encoding";
	if (sanity->transfer_encodings > 1 || (sanity->transfer_encodings == 1 && !sanity->chunked))
		return "the only Transfer-Encoding taken is chunked";
	return NULL;
}
