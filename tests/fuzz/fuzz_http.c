/* The service's own HTTP on a socket, with any bytes in any pieces, and a strict reader of the same bytes beside it. A request that
 * the strict reader does not see may be somebody else's, hidden in a body: it must never be begun. What is begun ends, what is
 * plain is answered, in order, and afterwards nothing is left.
 *
 * Input: two bytes of circumstances, four bytes that say where the stream is cut, then the stream. */
#include "target.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/connection.h"
#include "net/http.h"
#include "strict_http.h"

#define PREFIX 6
#define STREAM_MAX ((size_t)16 * 1024)
#define REQUESTS_MAX 1024
#define ANSWERS_MAX ((size_t)512 * 1024)
#define BODY_MAX ((size_t)12 * 1024)
/* A head that may have left the library no memory for an answer: long, or of very many lines. */
#define LONG_HEAD 250
#define SMALL_BODY_MAX 8
/* Nothing was heard for so many turns: what is coming has come. */
#define QUIET_TURNS 4
/* No input needs more: it hangs. */
#define TURNS_MAX 20000
/* A field that says that an answer is the service's and not the library's. */
#define OURS "X-Ours"
#define HOUR (INT64_C(3600) * MICROSECONDS)

/* The first byte: who answers when, and who else is there. */
enum {
	ANSWERS_LATER = 1, /* two turns after the question */
	ANSWERS_NEVER = 2, /* only when all is over */
	ANOTHER_WAITS = 4, /* another connection, whose request is in flight */
	ONE_CONNECTION = 8, /* and there may be only one */
	ONE_IN_FLIGHT = 16,
	DRAINS = 32, /* behind the first piece */
	STOPS = 64, /* behind the second */
	LEAVES = 128, /* the client does not wait for its answers */
};

/* The second: whose time is over at once. */
enum { NO_TIME_IDLE = 1, NO_TIME_BODY = 2, NO_TIME_ANSWER = 4, NO_TIME_SENDING = 8 };

enum stage { STAGE_OTHER, STAGE_PIECES, STAGE_HALF_CLOSED, STAGE_CLOSED, STAGE_OVER };

struct seen {
	struct request *request; /* while it is held */
	size_t number; /* among the connection's */
	int64_t turn; /* in which it was asked */
	bool other;
	bool without_body; /* HEAD: its answer has none */
	bool started;
	bool answered;
	bool ended;
	struct request *streaming; /* its body goes to a sink, piece by piece */
	bool streams;
	size_t taken; /* of the body */
	size_t pieces;
	int64_t full_since; /* the turn in which it had no room; 0: it has */
	bool sink_ended;
};

static struct play {
	struct loop *loop;
	struct http *http;
	struct turn_step step;
	struct sockaddr_un address;
	socklen_t address_length;
	int client; /* -1: gone */
	int other;
	struct connection *others;
	uint8_t circumstances;
	uint8_t times;
	const uint8_t *cuts;
	struct slice stream;
	size_t sent;
	size_t piece;
	enum stage stage;
	int quiet;
	int64_t turn;
	struct seen seen[REQUESTS_MAX];
	size_t seen_count;
	size_t begun; /* on the client's connection */
	bool refused; /* on it, at least once */
	struct strict_request strict[REQUESTS_MAX];
	size_t strict_count;
	char room[STREAM_MAX];
	char answers[ANSWERS_MAX];
	size_t answers_length;
} play;

static bool wants(int circumstance)
{
	return (play.circumstances & circumstance) != 0;
}

static struct seen *see(struct request *request, bool other)
{
	MUST_HOLD(play.seen_count < REQUESTS_MAX);
	struct seen *seen = &play.seen[play.seen_count++];
	*seen = (struct seen){
		.other = other, .without_body = strcmp(request->method, "HEAD") == 0, .turn = play.turn
	};
	request->application = seen;
	play.quiet = 0;
	return seen;
}

static bool is_others(const struct request *request)
{
	return play.others != NULL && request->connection == play.others;
}

/* The path of a target: up to the query, with its escapes resolved. */
static bool is_path_of(struct slice path, struct slice target)
{
	size_t at = 0;
	for (size_t i = 0; i < target.length && target.at[i] != '?'; i++, at++) {
		char hex[3] = { 0 };
		char c = target.at[i];
		if (c == '%' && target.length - i > 2)
			memcpy(hex, target.at + i + 1, 2);
		if (strspn(hex, "0123456789abcdefABCDEF") == 2) {
			c = (char)strtol(hex, NULL, 16);
			i += 2;
		}
		if (at >= path.length || path.at[at] != c)
			return false;
	}
	return at == path.length;
}

static void answer_with(struct request *request, int status, struct slice body)
{
	request_add_header(request, OURS, "yes");
	request_answer(request, status, "text/plain", body);
	play.quiet = 0;
}

static void answer(struct seen *seen, struct request *request)
{
	char text[32];
	int length = snprintf(text, sizeof text, "answer %zu.", seen->number);
	char *kept = arena_copy(&request->arena, text, (size_t)length);
	MUST_HOLD(kept != NULL);
	seen->answered = seen->answered || request_is_awaited(request);
	answer_with(request, 200, (struct slice){ kept, (size_t)length });
}

static void begin_answer(struct seen *seen, struct request *request);

/* Pieces come in order, none twice, none when there is no room but what was read already. Every second one is one too many. */
static bool take_call(void *owner, const char *piece, size_t length)
{
	struct seen *seen = owner;
	const struct strict_request *strict = &play.strict[seen->number];
	MUST_HOLD(!seen->sink_ended && !seen->ended && length > 0);
	/* Chunks whose end has not come may turn out to be doubtful yet. */
	bool settled = !strict->doubtful && (strict->whole || !strict->chunked);
	MUST_HOLD(!settled || (seen->taken + length <= strict->body.length &&
				      memcmp(strict->body.at + seen->taken, piece, length) == 0));
	seen->taken += length;
	seen->pieces++;
	play.quiet = 0;
	if (seen->full_since == 0 && seen->pieces % 2 == 0)
		seen->full_since = play.turn;
	return seen->full_since == 0;
}

static void end_call(void *owner, bool complete)
{
	struct seen *seen = owner;
	const struct strict_request *strict = &play.strict[seen->number];
	MUST_HOLD(!seen->sink_ended);
	seen->sink_ended = true;
	play.quiet = 0;
	if (!complete)
		return;
	MUST_HOLD(!seen->answered && !seen->ended && (strict->whole || strict->doubtful));
	MUST_HOLD(strict->doubtful || seen->taken == strict->body.length);
	seen->started = true;
	seen->turn = play.turn;
	begin_answer(seen, seen->streaming);
}

/* Room again, two turns later. */
static void make_room(void)
{
	for (size_t i = 0; i < play.seen_count; i++) {
		struct seen *seen = &play.seen[i];
		if (seen->streaming == NULL || seen->full_since == 0 || play.turn < seen->full_since + 2)
			continue;
		seen->full_since = 0;
		play.quiet = 0;
		request_take_more(seen->streaming);
	}
}

static size_t accept_call(void *owner, struct request *request)
{
	(void)owner;
	if (play.stage == STAGE_OTHER)
		play.others = request->connection;
	struct seen *seen = see(request, is_others(request));
	if (seen->other)
		return 0;
	seen->number = play.begun++;
	MUST_HOLD(!play.refused);
	MUST_HOLD(seen->number < play.strict_count);
	const struct strict_request *strict = &play.strict[seen->number];
	MUST_HOLD(slice_is(strict->method, request->method));
	MUST_HOLD(is_path_of(request->path, strict->target));
	MUST_HOLD((request->query.at != NULL) ==
		  (memchr(strict->target.at, '?', strict->target.length) != NULL));
	bool tunnel = strcmp(request->method, "CONNECT") == 0; /* we have none */
	if (tunnel || (request->path.length >= 2 && request->path.at[1] == 'n')) {
		seen->answered = true;
		answer_with(request, tunnel ? 405 : 200, SLICE_LITERAL("early"));
	}
	if (request->path.length >= 2 && request->path.at[1] == 'b') {
		const struct body_sink sink = { .take = take_call, .end = end_call, .owner = seen };
		request_sink_body(request, &sink);
		seen->streaming = request;
		seen->streams = true;
		seen->full_since = play.turn;
	}
	return request->path.length >= 2 && request->path.at[1] == 's' ? SMALL_BODY_MAX : BODY_MAX;
}

static void begin_answer(struct seen *seen, struct request *request)
{
	if (!seen->other && !wants(ANSWERS_LATER) && !wants(ANSWERS_NEVER)) {
		answer(seen, request);
		return;
	}
	request_hold(request);
	seen->request = request;
}

static void start_call(void *owner, struct request *request)
{
	(void)owner;
	struct seen *seen = request->application;
	MUST_HOLD(!seen->started && !seen->answered && !seen->ended && seen->streaming == NULL);
	seen->started = true;
	seen->turn = play.turn;
	play.quiet = 0;
	if (!seen->other) {
		const struct strict_request *strict = &play.strict[seen->number];
		MUST_HOLD(strict->whole || strict->doubtful);
		MUST_HOLD(strict->doubtful ||
			  (strict->body.length == request->body.length &&
				  (request->body.length == 0 || memcmp(strict->body.at, request->body.at,
									request->body.length) == 0)));
	}
	begin_answer(seen, request);
}

static void refuse_call(void *owner, struct request *request, enum http_refusal refusal, const char *detail)
{
	(void)owner;
	static const int statuses[] = { 400, 431, 413, 503, 503, 503 };
	bool other = is_others(request);
	struct seen *seen = request->application == NULL ? see(request, other) : request->application;
	MUST_HOLD(!seen->ended && request_is_awaited(request));
	MUST_HOLD(refusal != HTTP_REFUSAL_MALFORMED || (detail != NULL && !seen->started));
	seen->answered = true;
	play.quiet = 0;
	/* A late answer does not end the connection: where the next request begins is not in doubt. */
	if (!other && refusal != HTTP_REFUSAL_LATE)
		play.refused = true;
	answer_with(request, statuses[refusal], SLICE_LITERAL("refused"));
}

static void ended_call(void *owner, struct request *request)
{
	(void)owner;
	struct seen *seen = request->application;
	MUST_HOLD(seen != NULL && !seen->ended && (seen->streaming == NULL || seen->sink_ended));
	seen->ended = true;
	seen->streaming = NULL;
	play.quiet = 0;
}

static int listen_somewhere(void)
{
	play.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	play.address_length = sizeof play.address;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Without a name the kernel chooses one that is no file. */
	MUST_HOLD(listener >= 0 &&
		  bind(listener, (const struct sockaddr *)&play.address, sizeof(sa_family_t)) == 0 &&
		  listen(listener, 8) == 0 &&
		  getsockname(listener, (struct sockaddr *)&play.address, &play.address_length) == 0);
	return listener;
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	MUST_HOLD(fd >= 0 && connect(fd, (const struct sockaddr *)&play.address, play.address_length) == 0);
	return fd;
}

static void hear(void)
{
	while (play.client >= 0) {
		ssize_t length = recv(play.client, play.answers + play.answers_length,
			ANSWERS_MAX - play.answers_length, 0);
		if (length <= 0)
			return;
		play.answers_length += (size_t)length;
		play.quiet = 0;
	}
}

static void answer_held(bool all)
{
	for (size_t i = 0; i < play.seen_count; i++) {
		struct seen *seen = &play.seen[i];
		struct request *request = seen->request;
		if (request == NULL ||
			(!all && (seen->other || wants(ANSWERS_NEVER) || play.turn < seen->turn + 2)))
			continue;
		seen->request = NULL;
		answer(seen, request);
		request_let_go(request);
	}
}

static bool some_wait(void)
{
	for (size_t i = 0; i < play.seen_count; i++) {
		if (play.seen[i].request != NULL && !play.seen[i].other && !wants(ANSWERS_NEVER))
			return true;
	}
	return false;
}

static void send_piece(void)
{
	size_t length = play.stream.length - play.sent;
	if (play.piece < PREFIX - 2 && play.cuts[play.piece] < length)
		length = play.cuts[play.piece];
	play.piece++;
	/* Who refused has closed. */
	ssize_t sent = send(play.client, play.stream.at + play.sent, length, MSG_NOSIGNAL);
	play.sent = sent == (ssize_t)length ? play.sent + length : play.stream.length;
	if (wants(DRAINS) && play.piece == 1)
		http_begin_drain(play.http);
	if (wants(STOPS) && play.piece == 2)
		http_stop(play.http);
}

static struct slice take_until(struct slice *rest, const char *mark)
{
	char *end = memmem(rest->at, rest->length, mark, strlen(mark));
	MUST_HOLD(end != NULL);
	struct slice taken = { rest->at, (size_t)(end - rest->at) };
	rest->length -= taken.length + strlen(mark);
	rest->at = end + strlen(mark);
	return taken;
}

/* The client's so-many-th request that was seen. */
static const struct seen *client_saw(size_t number)
{
	for (size_t i = 0; i < play.seen_count; i++) {
		if (!play.seen[i].other && number-- == 0)
			return &play.seen[i];
	}
	return NULL;
}

/* A head that has taken the library's memory is refused without a word. What was refused before its body went wrong may have found the connection closed. And libmicrohttpd 0.9.75 closes instead of
 * answering where 100 Continue was wanted for no body and the next request had come already. */
static bool may_be_lost(const struct seen *seen)
{
	if (seen->number >= play.strict_count)
		return !seen->started && play.stream.length > LONG_HEAD;
	const struct strict_request *strict = &play.strict[seen->number];
	return (!seen->started && (!strict->whole || strict->head.length > LONG_HEAD)) ||
	       (strict->expects && strict->body.length == 0);
}

/* Each answer is whole, and the one to the request whose turn it is. */
static void look_at_answers(void)
{
	struct slice rest = { play.answers, play.answers_length };
	size_t number = 0;
	while (rest.length > 0) {
		struct slice head = take_until(&rest, "\r\n\r\n");
		char text[2048];
		MUST_HOLD(head.length > 12 && head.length < sizeof text);
		memcpy(text, head.at, head.length);
		text[head.length] = '\0';
		MUST_HOLD(memcmp(text, "HTTP/1.", 7) == 0);
		long status = strtol(text + 9, NULL, 10);
		if (status == 100)
			continue;
		if (strstr(text, "\r\n" OURS ": yes") == NULL)
			break; /* the library's own, its last word: 0.9.75 says it twice */
		const char *length = strcasestr(text, "\r\nContent-Length: ");
		MUST_HOLD(length != NULL);
		size_t size = strtoul(length + 18, NULL, 10);
		const struct seen *seen = client_saw(number);
		MUST_HOLD(seen != NULL);
		/* "HEAD" with NULs behind it is HEAD to us and none to the library; it is refused in any case. */
		bool refused = !seen->started && rest.length >= 7 && memcmp(rest.at, "refused", 7) == 0;
		if (seen->without_body && !refused)
			size = 0;
		MUST_HOLD(size <= rest.length);
		char expected[32];
		(void)snprintf(expected, sizeof expected, "answer %zu.", number);
		if (size >= 6 && memcmp(rest.at, "answer", 6) == 0)
			MUST_HOLD(size == strlen(expected) && memcmp(rest.at, expected, size) == 0);
		number++;
		rest.at += size;
		rest.length -= size;
	}
	size_t most = 0;
	size_t least = 0;
	for (size_t i = 0; i < play.seen_count; i++) {
		const struct seen *seen = &play.seen[i];
		bool answered = !seen->other && seen->answered;
		/* While its body still comes, a request that goes to a sink is answered already. */
		most += answered && (seen->ended || seen->streams);
		least += answered && seen->ended && !may_be_lost(seen);
	}
	MUST_HOLD(number >= least && number <= most);
}

static bool is_undisturbed(void)
{
	return play.times == 0 && (play.circumstances & (ANSWERS_NEVER | ONE_CONNECTION | ONE_IN_FLIGHT |
								DRAINS | STOPS | LEAVES)) == 0;
}

static void look_at_what_was_served(void)
{
	if (play.times != 0 || wants(LEAVES))
		return;
	look_at_answers();
	for (size_t i = 0;
		is_undisturbed() && i < play.strict_count && play.strict[i].plain && play.strict[i].whole;
		i++) {
		bool small = play.strict[i].target.length >= 2 && play.strict[i].target.at[1] == 's';
		if (play.strict[i].body.length > (small ? SMALL_BODY_MAX : BODY_MAX))
			return;
		MUST_HOLD(i < play.begun);
		/* Where chunks end is seen in more than one way: nothing is read behind them. */
		if (play.strict[i].chunked)
			break;
	}
	/* What was refused before its body has come waits for it. */
	for (size_t i = 0; i < play.seen_count; i++)
		MUST_HOLD(play.seen[i].other || !play.seen[i].started || !play.seen[i].answered ||
			  play.seen[i].ended);
}

static void go_on(void)
{
	switch (play.stage) {
	case STAGE_OTHER:
		play.client = dial();
		play.stage = STAGE_PIECES;
		break;
	case STAGE_PIECES:
		if (play.sent < play.stream.length) {
			send_piece();
			break;
		}
		look_at_what_was_served();
		if (!wants(LEAVES))
			(void)shutdown(play.client, SHUT_WR);
		play.stage = STAGE_HALF_CLOSED;
		break;
	case STAGE_HALF_CLOSED:
		close(play.client);
		play.client = -1;
		if (play.other >= 0)
			close(play.other);
		play.stage = STAGE_CLOSED;
		break;
	case STAGE_CLOSED:
		if (!wants(ANSWERS_NEVER))
			answer_held(true);
		play.stage = STAGE_OVER;
		break;
	case STAGE_OVER:
		MUST_HOLD(wants(ANSWERS_NEVER) ||
			  (http_connections(play.http) == 0 && http_in_flight(play.http) == 0 &&
				  http_unfinished(play.http) == 0));
		loop_stop(play.loop);
		break;
	}
}

static int64_t play_turn(void *owner)
{
	(void)owner;
	MUST_HOLD(++play.turn < TURNS_MAX);
	if (!wants(LEAVES))
		hear();
	answer_held(false);
	make_room();
	if (++play.quiet > QUIET_TURNS && !some_wait()) {
		play.quiet = 0;
		go_on();
	}
	return 0; /* the next turn at once */
}

static void open_play(const uint8_t *data, size_t size)
{
	memset(&play, 0, offsetof(struct play, seen));
	play.seen_count = play.begun = play.strict_count = play.answers_length = 0;
	play.refused = false;
	play.client = play.other = -1;
	play.circumstances = data[0];
	play.times = data[1] & 15;
	play.cuts = data + 2;
	play.stream = (struct slice){ (const char *)data + PREFIX, size - PREFIX };
	play.strict_count = strict_read(play.stream, play.strict, REQUESTS_MAX, play.room);
	const struct http_limits limits = {
		.connections_max = wants(ONE_CONNECTION) ? 1 : 64,
		.in_flight_max = wants(ONE_IN_FLIGHT) ? 1 : 64,
		.idle_timeout = (play.times & NO_TIME_IDLE) != 0 ? 0 : HOUR,
		.body_timeout = (play.times & NO_TIME_BODY) != 0 ? 0 : HOUR,
		.answer_timeout = (play.times & NO_TIME_ANSWER) != 0 ? 0 : HOUR,
		.send_timeout = (play.times & NO_TIME_SENDING) != 0 ? 0 : HOUR,
	};
	const struct http_application application = {
		.accept = accept_call, .start = start_call, .refuse = refuse_call, .ended = ended_call
	};
	MUST_HOLD(loop_create(&play.loop) == OUTCOME_OK);
	MUST_HOLD(
		http_create(&play.http, play.loop, listen_somewhere(), &limits, &application) == OUTCOME_OK);
	play.step = (struct turn_step){ .run = play_turn };
	loop_add_step(play.loop, &play.step);
	if (wants(ANOTHER_WAITS)) {
		static const char question[] = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
		play.other = dial();
		MUST_HOLD(send(play.other, question, sizeof question - 1, MSG_NOSIGNAL) > 0);
	}
}

static void close_play(void)
{
	http_stop(play.http);
	http_destroy(play.http);
	loop_destroy(play.loop);
	/* Nobody hears it any more, and it does no harm. */
	answer_held(true);
	for (size_t i = 0; i < play.seen_count; i++)
		MUST_HOLD(play.seen[i].ended);
	arena_free_spares();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int lowest = -1;
	if (size < PREFIX || size > PREFIX + STREAM_MAX)
		return -1;
	fuzz_silence();
	open_play(data, size);
	loop_run(play.loop);
	close_play();
	/* Every descriptor that was opened is closed. */
	int probe = fcntl(0, F_DUPFD_CLOEXEC, 3);
	MUST_HOLD(probe >= 0 && (lowest < 0 || probe == lowest));
	lowest = probe;
	close(probe);
	return 0;
}
