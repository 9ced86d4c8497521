#include "net/outbound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#include "base/log.h"

#define URL_MAX 1536
#define CONTENT_TYPE_MAX 128

/* One question under way. */
struct outbound_slot {
	struct outbound *outbound;
	CURL *handle;
	struct outbound_question *question; /* NULL: free */
	char answer[OUTBOUND_ANSWER_MAX];
	size_t length;
	bool too_long;
};

/* A socket of curl's that the loop watches for it. */
struct outbound_socket {
	struct outbound *outbound;
	struct watch watch;
};

struct outbound {
	CURLM *multi;
	struct loop *loop;
	struct timer timer; /* curl's */
	struct timer starting; /* curl does not say again what it said, so its own is left alone */
	struct curl_slist *headers;
	char url[URL_MAX];
	char authorities[URL_MAX];
	int64_t timeout_ms;
	size_t queue_max;
	struct outbound_question *first; /* wait for a slot */
	struct outbound_question *last;
	size_t waiting;
	size_t under_way;
	size_t slot_count;
	struct outbound_slot *slots;
};

enum outcome outbound_library_open(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? OUTCOME_OK : OUTCOME_NO_MEMORY;
}

static size_t take_piece(char *piece, size_t size, size_t count, void *owner)
{
	struct outbound_slot *slot = owner;
	size_t length = size * count;
	if (length > sizeof slot->answer - slot->length) {
		slot->too_long = true;
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(slot->answer + slot->length, piece, length);
	slot->length += length;
	return length;
}

/* Whatever curl reads of a proxy or of netrc in our surroundings is not asked for: what we send goes to the one who is named. */
static bool prepare(struct outbound_slot *slot)
{
	const struct outbound *outbound = slot->outbound;
	const struct outbound_question *question = slot->question;
	CURL *handle = slot->handle;
	char url[URL_MAX + 128];
	size_t base = strlen(outbound->url);
	size_t path = strlen(question->path);
	if (base + path >= sizeof url)
		return false;
	memcpy(url, outbound->url, base);
	memcpy(url + base, question->path, path + 1);
	curl_easy_reset(handle);
	return curl_easy_setopt(handle, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)question->body.length) ==
		       CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_POSTFIELDS, question->body.at) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_HTTPHEADER, outbound->headers) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)outbound->timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)outbound->timeout_ms / 2 + 1) ==
		       CURLE_OK &&
	       (outbound->authorities[0] == '\0' ||
		       curl_easy_setopt(handle, CURLOPT_CAINFO, outbound->authorities) == CURLE_OK) &&
	       curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_piece) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_WRITEDATA, slot) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_PRIVATE, slot) == CURLE_OK;
}

static void answer(struct outbound_question *question, enum outcome outcome)
{
	question->next = NULL;
	question->answered(question, outcome);
}

static void log_failure(const struct outbound_question *question, const char *why)
{
	log_line(LOG_LEVEL_WARNING, "outbound", "%s: no answer: %s", question->path, why);
}

static struct outbound_question *take_waiting(struct outbound *outbound)
{
	struct outbound_question *question = outbound->first;
	outbound->first = question->next;
	if (outbound->first == NULL)
		outbound->last = NULL;
	outbound->waiting--;
	return question;
}

static struct outbound_slot *free_slot(struct outbound *outbound)
{
	for (size_t i = 0; i < outbound->slot_count; i++) {
		if (outbound->slots[i].question == NULL)
			return &outbound->slots[i];
	}
	return NULL;
}

/* What waits takes the slots that are free. */
static void start_waiting(struct outbound *outbound)
{
	struct outbound_slot *slot = NULL;
	while (outbound->first != NULL && (slot = free_slot(outbound)) != NULL) {
		slot->question = take_waiting(outbound);
		slot->length = 0;
		slot->too_long = false;
		outbound->under_way++;
		if (prepare(slot) && curl_multi_add_handle(outbound->multi, slot->handle) == CURLM_OK)
			continue;
		struct outbound_question *question = slot->question;
		slot->question = NULL;
		outbound->under_way--;
		log_failure(question, "out of memory");
		answer(question, OUTCOME_UNAVAILABLE);
	}
}

static void finish(struct outbound_slot *slot, CURLcode code)
{
	struct outbound_question *question = slot->question;
	long status = 0;
	char *type = NULL;
	(void)curl_easy_getinfo(slot->handle, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(slot->handle, CURLINFO_CONTENT_TYPE, &type);
	question->status = (int)status;
	question->content_type = slice_of(type == NULL ? "" : type);
	question->answer = (struct slice){ slot->answer, slot->length };
	if (code != CURLE_OK)
		log_failure(question,
			slot->too_long ? "it is longer than what is taken" : curl_easy_strerror(code));
	question->next = NULL;
	question->answered(question, code == CURLE_OK ? OUTCOME_OK : OUTCOME_UNAVAILABLE);
	/* The texts above are the handle's until here. */
	(void)curl_multi_remove_handle(slot->outbound->multi, slot->handle);
	memset(slot->answer, 0, slot->length);
	slot->question = NULL;
	slot->outbound->under_way--;
}

static size_t take_finished(struct outbound *outbound)
{
	size_t finished = 0;
	int left = 0;
	CURLMsg *message = NULL;
	while ((message = curl_multi_info_read(outbound->multi, &left)) != NULL) {
		char *slot = NULL;
		if (message->msg != CURLMSG_DONE ||
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot) != CURLE_OK)
			continue;
		finish((struct outbound_slot *)(void *)slot, message->data.result);
		finished++;
	}
	if (finished > 0)
		start_waiting(outbound);
	return finished;
}

/* --- With a loop: curl says which sockets to watch and when to come back. */

static void go_on(struct outbound *outbound, curl_socket_t socket, int what)
{
	int running = 0;
	(void)curl_multi_socket_action(outbound->multi, socket, what, &running);
	(void)take_finished(outbound);
}

static void socket_ready(void *owner, uint32_t events)
{
	struct outbound_socket *socket = owner;
	int what = ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
		   ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
		   ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
	go_on(socket->outbound, socket->watch.fd, what);
}

static void timer_expired(void *owner)
{
	go_on(owner, CURL_SOCKET_TIMEOUT, 0);
}

static void start_now(void *owner)
{
	start_waiting(owner);
}

static int set_timer(CURLM *multi, long milliseconds, void *owner)
{
	struct outbound *outbound = owner;
	(void)multi;
	if (milliseconds < 0)
		loop_clear_timer(outbound->loop, &outbound->timer);
	else
		loop_set_timer(outbound->loop, &outbound->timer,
			clock_read().monotonic + milliseconds * (MICROSECONDS / 1000));
	return 0;
}

static int watch_socket(CURL *handle, curl_socket_t fd, int what, void *owner, void *known)
{
	struct outbound *outbound = owner;
	struct outbound_socket *socket = known;
	(void)handle;
	if (what == CURL_POLL_REMOVE) {
		if (socket != NULL)
			loop_unwatch(outbound->loop, &socket->watch);
		free(socket);
		return 0;
	}
	uint32_t events = ((what & CURL_POLL_IN) != 0 ? (uint32_t)EPOLLIN : 0) |
			  ((what & CURL_POLL_OUT) != 0 ? (uint32_t)EPOLLOUT : 0);
	if (socket != NULL)
		return loop_rewatch(outbound->loop, &socket->watch, events) == OUTCOME_OK ? 0 : -1;
	socket = calloc(1, sizeof *socket);
	if (socket == NULL)
		return -1;
	socket->outbound = outbound;
	socket->watch = (struct watch){ .fd = fd, .ready = socket_ready, .owner = socket };
	if (loop_watch(outbound->loop, &socket->watch, events) != OUTCOME_OK ||
		curl_multi_assign(outbound->multi, fd, socket) != CURLM_OK) {
		loop_unwatch(outbound->loop, &socket->watch);
		free(socket);
		return -1;
	}
	return 0;
}

/* --- Both. */

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static bool add_header(struct outbound *outbound, const char *line)
{
	struct curl_slist *longer = curl_slist_append(outbound->headers, line);
	if (longer != NULL)
		outbound->headers = longer;
	return longer != NULL;
}

static bool add_headers(struct outbound *outbound, const char *token)
{
	char line[URL_MAX + 32];
	if (!add_header(outbound, "Content-Type: application/json") ||
		!add_header(outbound, "Accept: application/json, application/problem+json") ||
		!add_header(outbound, "Expect:"))
		return false;
	if (token[0] == '\0')
		return true;
	int length = snprintf(line, sizeof line, "Authorization: Bearer %s", token);
	if (length < 0 || (size_t)length >= sizeof line)
		return false;
	return add_header(outbound, line);
}

static bool open_multi(struct outbound *outbound)
{
	long most = (long)outbound->slot_count;
	outbound->multi = curl_multi_init();
	return outbound->multi != NULL &&
	       curl_multi_setopt(outbound->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most) == CURLM_OK &&
	       curl_multi_setopt(outbound->multi, CURLMOPT_MAXCONNECTS, most) == CURLM_OK &&
	       (outbound->loop == NULL ||
		       (curl_multi_setopt(outbound->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) ==
				       CURLM_OK &&
			       curl_multi_setopt(outbound->multi, CURLMOPT_SOCKETDATA, outbound) ==
				       CURLM_OK &&
			       curl_multi_setopt(outbound->multi, CURLMOPT_TIMERFUNCTION, set_timer) ==
				       CURLM_OK &&
			       curl_multi_setopt(outbound->multi, CURLMOPT_TIMERDATA, outbound) == CURLM_OK));
}

static bool open_slots(struct outbound *outbound, size_t concurrency)
{
	size_t count = concurrency == 0 ? 1 : concurrency;
	count = count > OUTBOUND_CONCURRENCY_MAX ? OUTBOUND_CONCURRENCY_MAX : count;
	outbound->slots = calloc(count, sizeof *outbound->slots);
	if (outbound->slots == NULL)
		return false;
	outbound->slot_count = count;
	for (size_t i = 0; i < count; i++) {
		outbound->slots[i].outbound = outbound;
		outbound->slots[i].handle = curl_easy_init();
		if (outbound->slots[i].handle == NULL)
			return false;
	}
	return true;
}

enum outcome outbound_create(
	struct outbound **created, struct loop *loop, const struct outbound_settings *settings)
{
	size_t url = strlen(settings->url);
	size_t authorities = strlen(settings->authorities);
	*created = NULL;
	if (!is_http(settings->url) || url >= URL_MAX || authorities >= URL_MAX) {
		log_line(LOG_LEVEL_ERROR, "outbound", "%s is no address of HTTP", settings->url);
		return OUTCOME_INVALID;
	}
	struct outbound *outbound = calloc(1, sizeof *outbound);
	if (outbound == NULL)
		return OUTCOME_NO_MEMORY;
	outbound->loop = loop;
	outbound->timer = (struct timer){ .expired = timer_expired, .owner = outbound };
	outbound->starting = (struct timer){ .expired = start_now, .owner = outbound };
	outbound->timeout_ms = settings->timeout_ms;
	outbound->queue_max = settings->queue_max;
	memcpy(outbound->url, settings->url, url);
	while (url > 0 && outbound->url[url - 1] == '/')
		outbound->url[--url] = '\0';
	memcpy(outbound->authorities, settings->authorities, authorities);
	if (!open_slots(outbound, settings->concurrency) || !open_multi(outbound) ||
		!add_headers(outbound, settings->token)) {
		outbound_destroy(outbound);
		return OUTCOME_NO_MEMORY;
	}
	*created = outbound;
	return OUTCOME_OK;
}

static void drop_questions(struct outbound *outbound)
{
	for (size_t i = 0; i < outbound->slot_count; i++) {
		struct outbound_slot *slot = &outbound->slots[i];
		struct outbound_question *question = slot->question;
		if (question == NULL)
			continue;
		(void)curl_multi_remove_handle(outbound->multi, slot->handle);
		slot->question = NULL;
		answer(question, OUTCOME_UNAVAILABLE);
	}
	while (outbound->first != NULL)
		answer(take_waiting(outbound), OUTCOME_UNAVAILABLE);
}

void outbound_destroy(struct outbound *outbound)
{
	if (outbound == NULL)
		return;
	drop_questions(outbound);
	for (size_t i = 0; i < outbound->slot_count; i++)
		curl_easy_cleanup(outbound->slots[i].handle);
	(void)curl_multi_cleanup(outbound->multi);
	if (outbound->loop != NULL) {
		loop_clear_timer(outbound->loop, &outbound->timer);
		loop_clear_timer(outbound->loop, &outbound->starting);
	}
	curl_slist_free_all(outbound->headers);
	free(outbound->slots);
	free(outbound);
}

enum outcome outbound_ask(struct outbound *outbound, struct outbound_question *question)
{
	if (outbound_open(outbound) >= outbound->slot_count + outbound->queue_max)
		return OUTCOME_BUSY;
	question->next = NULL;
	if (outbound->last != NULL)
		outbound->last->next = question;
	else
		outbound->first = question;
	outbound->last = question;
	outbound->waiting++;
	if (outbound->loop != NULL)
		loop_set_timer(outbound->loop, &outbound->starting, 0);
	return OUTCOME_OK;
}

size_t outbound_open(const struct outbound *outbound)
{
	return outbound->waiting + outbound->under_way;
}

void outbound_wait(struct outbound *outbound, int64_t milliseconds)
{
	int64_t end = clock_read().monotonic + milliseconds * (MICROSECONDS / 1000);
	start_waiting(outbound);
	while (outbound->under_way > 0) {
		int running = 0;
		if (curl_multi_perform(outbound->multi, &running) != CURLM_OK || take_finished(outbound) > 0)
			return;
		int64_t left = (end - clock_read().monotonic) / (MICROSECONDS / 1000);
		if (left <= 0 || curl_multi_poll(outbound->multi, NULL, 0, (int)left, NULL) != CURLM_OK)
			return;
	}
}
