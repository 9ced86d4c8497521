#include "api/page.h"

#include "api/answer.h"
#include "api/cursor.h"
#include "api/insurer_path.h"
#include "api/problems.h"
#include "api/query.h"
#include "base/json.h"

/* A page of 200 members who have all that a member can have comes to some 600 KB. */
#define PAGE_BYTES_MAX ((size_t)4 * 1024 * 1024)

static bool read_limit(struct slice text, int64_t *count)
{
	*count = 0;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || i == 3)
			return false;
		*count = *count * 10 + (text.at[i] - '0');
	}
	return *count >= 1 && *count <= PAGE_LIMIT_MAX;
}

bool page_read(
	struct request *request, struct slice limit, struct slice cursor, int64_t *count, struct slice *after)
{
	*count = PAGE_LIMIT;
	*after = (struct slice){ NULL, 0 };
	if (limit.at != NULL && !read_limit(limit, count)) {
		problem_answer(request, PROBLEM_INVALID_QUERY, "A limit is a number from 1 to 200.");
		return false;
	}
	if (cursor.at != NULL && !cursor_read(&request->arena, cursor, after)) {
		problem_answer(request, PROBLEM_INVALID_QUERY, "The cursor is none that was given here.");
		return false;
	}
	return true;
}

void page_answer(struct request *request, const char *name, struct slice items, struct slice last_id)
{
	struct text out;
	text_open(&out, &request->arena, items.length + CURSOR_TEXT_MAX + 64, PAGE_BYTES_MAX);
	struct json_writer json = { .out = &out };
	json_open_object(&json);
	json_put_key(&json, name);
	json_put_packed(&json, items);
	json_put_key(&json, "next_cursor");
	if (last_id.at == NULL) {
		json_put_null(&json);
	} else {
		text_put_char(&out, '"');
		cursor_put(&out, last_id);
		text_put_char(&out, '"');
	}
	json_close_object(&json);
	if (out.failed)
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
	else
		answer_uncached(request, 200, "application/json", text_slice(&out));
}

struct listing {
	struct record_page page; /* first */
	const char *name;
};

static void list_finished(struct record_page *page, enum outcome outcome)
{
	struct request *request = page->owner;
	if (outcome == OUTCOME_OK)
		page_answer(request, ((struct listing *)page)->name, page->question.items,
			page->question.last_id);
	else
		problem_answer(request, problem_of(outcome), NULL);
	request_let_go(request);
}

void page_list(struct exchange *exchange, const char *name, void (*begin)(struct record_page *page))
{
	enum { LIMIT, CURSOR, PARAMETERS };
	static const char *const names[PARAMETERS] = { [LIMIT] = "limit", [CURSOR] = "cursor" };
	struct slice values[PARAMETERS];
	struct request *request = exchange->request;
	const char *insurer_number = insurer_of_path(exchange);
	if (insurer_number == NULL)
		return;
	struct listing *listing = arena_take(&request->arena, sizeof *listing);
	if (listing == NULL) {
		problem_answer(request, PROBLEM_OVERLOADED, NULL);
		return;
	}
	struct record_page *page = &listing->page;
	if (!query_read(request, names, PARAMETERS, values) ||
		!page_read(
			request, values[LIMIT], values[CURSOR], &page->question.count, &page->question.after))
		return;
	listing->name = name;
	page->question.insurer_number = slice_of(insurer_number);
	page->cases = &exchange->application->cases;
	page->finished = list_finished;
	page->owner = request;
	request_hold(request);
	begin(page);
}
