#include "api/page.h"

#include "api/answer.h"
#include "api/cursor.h"
#include "api/problems.h"
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
