#include "terminal/exchange.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "terminal/token.h"
#include "terminal/version.h"

#define CONNECT_TIMEOUT_MS 5000L

/* libcurl writes its words there itself. */
_Static_assert(EXCHANGE_WHY_SIZE >= CURL_ERROR_SIZE, "no room for libcurl's words");

/* Taking less than was offered ends the transfer with CURLE_WRITE_ERROR. */
static size_t collect(char *piece, size_t size, size_t count, void *context)
{
	struct exchange_reply *reply = context;
	size_t length = size * count;
	if (length > EXCHANGE_BODY_MAX - reply->length)
		return 0;
	char *grown = realloc(reply->body, reply->length + length + 1);
	if (grown == NULL)
		return 0;
	memcpy(grown + reply->length, piece, length);
	reply->body = grown;
	reply->length += length;
	reply->body[reply->length] = '\0';
	return length;
}

static void keep_media_type(const char *header, struct exchange_reply *reply)
{
	size_t length = header == NULL ? 0 : strcspn(header, "; \t");
	if (length >= sizeof reply->media_type)
		length = 0;
	for (size_t i = 0; i < length; i++) {
		char c = header[i];
		reply->media_type[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	reply->media_type[length] = '\0';
}

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;
	curl_free(text);
	return has;
}

static bool is_web(CURLU *url)
{
	char *scheme = NULL;
	bool web = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		   (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
	curl_free(scheme);
	return web;
}

static bool is_this_machine(CURLU *url)
{
	char *host = NULL;
	bool here = curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
			    strncmp(host, "127.", 4) == 0);
	curl_free(host);
	return here;
}

/* Puts our path behind the one that the URL has: a service may live below one. */
static bool append_path(CURLU *url, const char *ours)
{
	char *path = NULL;
	if (curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		return false;
	size_t length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		length--;
	size_t size = length + strlen(ours) + 1;
	char *whole = malloc(size);
	bool done = false;
	if (whole != NULL) {
		snprintf(whole, size, "%.*s%s", (int)length, path, ours);
		done = curl_url_set(url, CURLUPART_PATH, whole, 0) == CURLUE_OK;
	}
	free(whole);
	curl_free(path);
	return done;
}

static enum outcome read_url(CURLU *url, const char *base_url, const char *path, struct exchange_reply *reply)
{
	if (curl_url_set(url, CURLUPART_URL, base_url, 0) != CURLUE_OK || !is_web(url) ||
		has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
		has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
		snprintf(reply->why, sizeof reply->why,
			"the URL must be http:// or https:// without user, query or fragment");
		return OUTCOME_INVALID;
	}
	return append_path(url, path) ? OUTCOME_OK : OUTCOME_NO_MEMORY;
}

static bool append(struct curl_slist **headers, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*headers, header);
	if (longer == NULL)
		return false;
	*headers = longer;
	return true;
}

static bool append_token(struct curl_slist **headers, const char *token)
{
	char authorization[sizeof "Authorization: Bearer " + TOKEN_MAX];
	snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token);
	bool made = append(headers, authorization);
	explicit_bzero(authorization, sizeof authorization);
	return made;
}

/* A header without a value keeps libcurl from sending its own: an empty body is no form. */
static bool make_headers(struct curl_slist **headers, const char *token, const char *body)
{
	return append(headers, body[0] != '\0' ? "Content-Type: application/json" : "Content-Type:") &&
	       append(headers, "Accept: application/json, application/problem+json") &&
	       (token == NULL || append_token(headers, token));
}

static enum outcome outcome_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return OUTCOME_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return OUTCOME_LATE;
	case CURLE_OUT_OF_MEMORY:
		return OUTCOME_NO_MEMORY;
	case CURLE_URL_MALFORMAT:
		return OUTCOME_INVALID;
	case CURLE_WRITE_ERROR: /* ours, from collect */
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that does not begin as HTTP/1 */
	case CURLE_BAD_CONTENT_ENCODING:
		return OUTCOME_INTERNAL;
	default:
		return OUTCOME_UNAVAILABLE;
	}
}

static bool set_method(CURL *curl, enum exchange_method method, const char *body)
{
	if (method == EXCHANGE_GET)
		return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body)) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

static bool set_options(
	CURL *curl, CURLU *url, struct curl_slist *headers, long timeout_ms, struct exchange_reply *reply)
{
	long connect_ms = timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS;
	bool set =
		curl_easy_setopt(curl, CURLOPT_CURLU, url) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "shikaku-terminal/" SHIKAKU_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reply->why) == CURLE_OK;
	/* A proxy of the environment is for elsewhere: it could not reach a service on this machine. */
	return set && (!is_this_machine(url) || curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK);
}

/* What the service's Date header says; -1 when there is none, or none that is a date. */
static int64_t read_date(CURL *curl)
{
	struct curl_header *header = NULL;
	if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return -1;
	return curl_getdate(header->value, NULL);
}

static enum outcome perform(CURL *curl, struct exchange_reply *reply)
{
	CURLcode code = curl_easy_perform(curl);
	if (code == CURLE_WRITE_ERROR)
		snprintf(reply->why, sizeof reply->why, "the answer is larger than %zu bytes",
			EXCHANGE_BODY_MAX);
	else if (code != CURLE_OK && reply->why[0] == '\0')
		snprintf(reply->why, sizeof reply->why, "%s", curl_easy_strerror(code));
	if (code != CURLE_OK)
		return outcome_of(code);

	curl_off_t retry_after = 0;
	const char *media_type = NULL;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &media_type);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	keep_media_type(media_type, reply);
	reply->retry_after = retry_after > 0 && retry_after <= 86400 ? (long)retry_after : 0;
	reply->date = read_date(curl);
	return OUTCOME_OK;
}

int64_t exchange_deadline(long milliseconds)
{
	return clock_read().monotonic + milliseconds * (MICROSECONDS / 1000);
}

enum outcome exchange(const struct exchange_peer *peer, enum exchange_method method, const char *path,
	const char *body, struct exchange_reply *reply)
{
	*reply = (struct exchange_reply){ .date = -1 };
	/* Never 0, which libcurl takes for no limit at all. */
	int64_t left_ms = (peer->deadline - clock_read().monotonic) / (MICROSECONDS / 1000);
	if (left_ms <= 0) {
		snprintf(reply->why, sizeof reply->why, "no time is left for %s", path);
		return OUTCOME_LATE;
	}
	enum outcome outcome = OUTCOME_NO_MEMORY;
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	CURLU *url = curl_url();
	if (curl != NULL && url != NULL) {
		outcome = read_url(url, peer->base_url, path, reply);
		if (outcome == OUTCOME_OK &&
			(!make_headers(&headers, peer->token, method == EXCHANGE_POST ? body : "") ||
				!set_method(curl, method, body) ||
				!set_options(curl, url, headers, (long)left_ms, reply)))
			outcome = OUTCOME_NO_MEMORY;
		if (outcome == OUTCOME_OK)
			outcome = perform(curl, reply);
	}
	curl_easy_cleanup(curl);
	curl_url_cleanup(url);
	for (struct curl_slist *header = headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(headers);
	return outcome;
}

void exchange_reply_free(struct exchange_reply *reply)
{
	free(reply->body);
	*reply = (struct exchange_reply){ 0 };
}
