/* A record that was altered, removed or put elsewhere does not fit its digest (R13.2): cases/record.c, store/checks.c. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "cases/record.h"
#include "store/row.h"

static struct hasher *hasher;

static int begin(void **state)
{
	(void)state;
	return hasher_create(&hasher) == OUTCOME_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hasher_destroy(hasher);
	return 0;
}

struct example {
	struct check_record record;
	struct check_place place;
};

static struct example ordinary(void)
{
	struct example example = {
		.record = { .checked_at = INT64_C(1795310130123456),
			.token_id = 12,
			.owner = SLICE_LITERAL("1319900013"),
			.visit_date = { 20779 },
			.has_known_at = true,
			.known_at = INT64_C(1795000000000000),
			.presented = 4,
			.setting = 0,
			.with_card = false,
			.validity = 1,
			.accepted = true,
			.reasons = 1 << 14,
			.identified = true,
			.membership_id = 345,
			.data_version = 6789,
			.insurer_number = SLICE_LITERAL("06136022") },
		.place = { .position = 7 },
	};
	memset(example.record.check_id, 0x11, UUID_BYTES);
	memset(example.record.answer_digest, 0x22, DIGEST_SIZE);
	memset(example.record.keys_digest, 0x33, DIGEST_SIZE);
	memset(example.place.chain_id, 0x44, UUID_BYTES);
	memset(example.place.previous, 0x55, DIGEST_SIZE);
	return example;
}

static void digest_of(const struct example *example, uint8_t digest[DIGEST_SIZE])
{
	record_digest(hasher, &example->record, &example->place, digest);
}

static bool same(const struct example *a, const struct example *b)
{
	uint8_t digest_a[DIGEST_SIZE];
	uint8_t digest_b[DIGEST_SIZE];
	digest_of(a, digest_a);
	digest_of(b, digest_b);
	return memcmp(digest_a, digest_b, DIGEST_SIZE) == 0;
}

static void equal_records_have_equal_digests_wherever_they_lie_in_memory(void **state)
{
	(void)state;
	struct example one;
	struct example two;
	char owner[] = "1319900013";
	memset(&one, 0x00, sizeof one);
	memset(&two, 0xff, sizeof two); /* what lies between the fields does not count */
	one = ordinary();
	two = ordinary();
	two.record.owner = slice_of(owner);
	assert_true(same(&one, &two));
	assert_true(same(&one, &one)); /* and the hasher keeps nothing of what it did before */
}

#define CHANGED(what) \
	do { \
		struct example changed = ordinary(); \
		what; \
		if (same(&example, &changed)) \
			fail_msg("unnoticed: %s", #what); \
	} while (0)

static void a_change_of_any_single_field_is_noticed(void **state)
{
	(void)state;
	struct example example = ordinary();
	CHANGED(changed.record.checked_at++);
	CHANGED(changed.record.checked_at = -changed.record.checked_at);
	CHANGED(changed.record.token_id++);
	CHANGED(changed.record.token_id += INT64_C(1) << 40);
	CHANGED(changed.record.owner = SLICE_LITERAL("1319900014"));
	CHANGED(changed.record.owner = SLICE_LITERAL("131990001"));
	CHANGED(changed.record.owner = SLICE_LITERAL("13199000130"));
	CHANGED(changed.record.owner = SLICE_LITERAL(""));
	CHANGED(changed.record.visit_date.number++);
	CHANGED(changed.record.visit_date.number = -changed.record.visit_date.number);
	CHANGED(changed.record.has_known_at = false);
	CHANGED(changed.record.known_at++);
	CHANGED(changed.record.known_at = 0);
	CHANGED(changed.record.presented = 5);
	CHANGED(changed.record.setting = 1);
	CHANGED(changed.record.with_card = true);
	CHANGED(changed.record.validity = 2);
	CHANGED(changed.record.accepted = false);
	CHANGED(changed.record.identified = false);
	CHANGED(changed.record.membership_id++);
	CHANGED(changed.record.data_version++);
	CHANGED(changed.record.has_care_month = true);
	CHANGED(changed.record.has_care_month = true; changed.record.care_month.number = 20758);
	CHANGED(changed.record.insurer_number = SLICE_LITERAL("06136023"));
	CHANGED(changed.record.insurer_number = ((struct slice){ NULL, 0 }));
	CHANGED(changed.place.position++);
	for (int bit = 0; bit < 64; bit++)
		CHANGED(changed.record.reasons ^= UINT64_C(1) << bit);
}

static void a_change_of_any_byte_of_a_digest_or_number_is_noticed(void **state)
{
	(void)state;
	struct example example = ordinary();
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		CHANGED(changed.record.answer_digest[i] ^= 1);
		CHANGED(changed.record.keys_digest[i] ^= 0x80);
		CHANGED(changed.place.previous[i] ^= 1);
	}
	for (size_t i = 0; i < UUID_BYTES; i++) {
		CHANGED(changed.record.check_id[i] ^= 1);
		CHANGED(changed.place.chain_id[i] ^= 0x40);
	}
}

static void two_fields_that_change_places_are_noticed(void **state)
{
	(void)state;
	struct example example = ordinary();
	CHANGED({
		memcpy(changed.record.answer_digest, example.record.keys_digest, DIGEST_SIZE);
		memcpy(changed.record.keys_digest, example.record.answer_digest, DIGEST_SIZE);
	});
	CHANGED({
		changed.record.membership_id = example.record.data_version;
		changed.record.data_version = example.record.membership_id;
	});
	CHANGED({
		changed.record.presented = example.record.setting;
		changed.record.setting = example.record.presented;
	});
	CHANGED({
		memcpy(changed.record.check_id, example.place.chain_id, UUID_BYTES);
		memcpy(changed.place.chain_id, example.record.check_id, UUID_BYTES);
	});
}

/* "Nobody was found" is not "member 0". */
static void no_value_is_not_zero(void **state)
{
	(void)state;
	struct example none = ordinary();
	struct example zero = ordinary();
	none.record.identified = false;
	zero.record.membership_id = 0;
	zero.record.data_version = 0;
	assert_false(same(&none, &zero));
	none = ordinary();
	zero = ordinary();
	none.record.has_known_at = false;
	zero.record.known_at = 0;
	assert_false(same(&none, &zero));
}

/* An auditor has only what is stored; the digest must follow from that. */
static void what_is_stored_as_null_does_not_count(void **state)
{
	(void)state;
	struct example one = ordinary();
	struct example two = ordinary();
	one.record.identified = two.record.identified = false;
	one.record.has_known_at = two.record.has_known_at = false;
	two.record.membership_id = 99;
	two.record.data_version = 98;
	two.record.known_at = 97;
	two.record.with_card = one.record.with_card;
	assert_true(same(&one, &two));
}

/* Nobody may take the evidence of yesterday for altered. */
static void a_record_from_before_it_named_an_insurer_keeps_its_digest(void **state)
{
	(void)state;
	static const uint8_t written_then[DIGEST_SIZE] = { 0x6e, 0x86, 0x4e, 0x17, 0x0d, 0x54, 0x31, 0x23,
		0x4b, 0x32, 0x41, 0xb7, 0xfb, 0x13, 0xf2, 0x9d, 0xe5, 0xf8, 0xe6, 0xce, 0x9f, 0x90, 0x39,
		0x07, 0x22, 0x0c, 0x47, 0x2c, 0xdf, 0x8d, 0xeb, 0xc0 };
	struct example old = ordinary();
	uint8_t digest[DIGEST_SIZE];
	old.record.insurer_number = (struct slice){ NULL, 0 };
	digest_of(&old, digest);
	assert_memory_equal(digest, written_then, DIGEST_SIZE);
}

static void the_first_record_of_all_has_a_predecessor_of_zeros(void **state)
{
	(void)state;
	struct example first = ordinary();
	struct example later = ordinary();
	memset(first.place.previous, 0, DIGEST_SIZE);
	first.place.position = later.place.position = 0;
	assert_false(same(&first, &later));
}

/* --- The chain of a connection. */

static struct check_chain chain;
static struct question_kind kind;
static struct record_question questions[4];
static struct lane_question *asked[4];

static void prepare_questions(void)
{
	for (size_t i = 0; i < 4; i++) {
		questions[i] = (struct record_question){ .record = ordinary().record };
		questions[i].record.check_id[0] = (uint8_t)i;
		questions[i].record.identified = i % 2 == 0;
		asked[i] = &questions[i].question;
	}
	chain = record_chain(hasher);
	checks_kind(&kind, &chain);
}

/* Where open_session.sql gives the newest head: by the commas before it, outside of brackets. */
static int head_column(void)
{
	const char *text = strstr(statements[STATEMENT_OPEN_SESSION].text, "SELECT");
	assert_non_null(text);
	const char *head = strstr(text, " AS chain_head");
	assert_non_null(head);
	int column = 0;
	int depth = 0;
	for (; text < head; text++) {
		depth += (*text == '(') - (*text == ')');
		column += *text == ',' && depth == 0;
	}
	return column;
}

/* open_session's row: only the newest head counts here; the others hold something else. */
static void open_connection(const uint8_t *head, size_t length)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char name[] = "c";
	char bytes[64] = { 0 };
	PGresAttDesc columns[16];
	int count = head_column() + 2;
	assert_non_null(result);
	assert_true(count <= 16);
	for (int i = 0; i < count; i++)
		columns[i] = (PGresAttDesc){
			.name = name, .format = 1, .typid = 17, .typlen = -1, .atttypmod = -1
		};
	assert_true(PQsetResultAttrs(result, count, columns) != 0);
	for (int i = 0; i < count; i++)
		assert_true(PQsetvalue(result, 0, i, bytes, DIGEST_SIZE) != 0);
	if (length > 0)
		memcpy(bytes, head, length);
	assert_true(PQsetvalue(result, 0, head_column(), head == NULL ? NULL : bytes,
			    head == NULL ? -1 : (int)length) != 0);
	checks_begin_chain(&chain, &(struct row){ .result = result, .number = 0 });
	PQclear(result);
}

enum { SENT_CHAIN_ID = 18, SENT_POSITION, SENT_FOLLOWS, SENT_DIGEST };

/* Element `index` of a parameter as it is sent. */
static struct slice sent(const struct parameters *parameters, int parameter, size_t index)
{
	const char *at = parameters->values[parameter] + 20;
	for (;; index--) {
		int64_t length = slice_integer((struct slice){ at, 4 });
		if (index == 0)
			return length < 0 ? (struct slice){ NULL, 0 }
					  : (struct slice){ at + 4, (size_t)length };
		at += 4 + (length < 0 ? 0 : length);
	}
}

static void bind(struct parameters *parameters, size_t from, size_t count)
{
	parameters_reset(parameters);
	question_kind_bind(&kind, parameters, asked + from, count);
	assert_true(parameters_ok(parameters));
	assert_int_equal(parameters->count, statements[kind.statement].parameters);
}

/* Follows the chain as an auditor would: each digest from the record and the one before. */
static void assert_chained(const struct parameters *parameters, size_t from, size_t count, int32_t position,
	uint8_t previous[DIGEST_SIZE])
{
	for (size_t i = 0; i < count; i++) {
		struct check_place place = { .position = position + (int32_t)i };
		uint8_t digest[DIGEST_SIZE];
		assert_int_equal(sent(parameters, SENT_CHAIN_ID, i).length, UUID_BYTES);
		memcpy(place.chain_id, sent(parameters, SENT_CHAIN_ID, i).at, UUID_BYTES);
		memcpy(place.previous, previous, DIGEST_SIZE);
		assert_true(slice_integer(sent(parameters, SENT_POSITION, i)) == place.position);
		record_digest(hasher, &questions[from + i].record, &place, digest);
		assert_int_equal(sent(parameters, SENT_DIGEST, i).length, DIGEST_SIZE);
		assert_memory_equal(sent(parameters, SENT_DIGEST, i).at, digest, DIGEST_SIZE);
		memcpy(previous, digest, DIGEST_SIZE);
	}
}

static void records_of_all_sets_of_a_connection_are_one_chain(void **state)
{
	(void)state;
	struct parameters parameters;
	uint8_t previous[DIGEST_SIZE] = { 0 };
	prepare_questions();
	parameters_open(&parameters);
	open_connection(NULL, 0);
	bind(&parameters, 0, 3);
	assert_null(sent(&parameters, SENT_FOLLOWS, 0).at);
	assert_chained(&parameters, 0, 3, 0, previous);
	kind.stored(kind.context);
	bind(&parameters, 3, 1);
	assert_null(sent(&parameters, SENT_FOLLOWS, 0).at);
	assert_chained(&parameters, 3, 1, 3, previous);
	parameters_close(&parameters);
}

static void a_set_that_was_not_stored_leaves_no_hole_in_the_chain(void **state)
{
	(void)state;
	struct parameters parameters;
	uint8_t previous[DIGEST_SIZE] = { 0 };
	prepare_questions();
	parameters_open(&parameters);
	open_connection(NULL, 0);
	bind(&parameters, 0, 2);
	assert_chained(&parameters, 0, 2, 0, previous);
	kind.stored(kind.context);
	bind(&parameters, 0, 4); /* lost: stored is not called */
	bind(&parameters, 2, 2);
	assert_chained(&parameters, 2, 2, 2, previous);
	parameters_close(&parameters);
}

static void a_new_connection_follows_the_newest_head_and_names_it_once(void **state)
{
	(void)state;
	struct parameters parameters;
	uint8_t head[DIGEST_SIZE];
	uint8_t previous[DIGEST_SIZE];
	uint8_t first_chain[UUID_BYTES];
	memset(head, 0x66, DIGEST_SIZE);
	memcpy(previous, head, DIGEST_SIZE);
	prepare_questions();
	parameters_open(&parameters);
	open_connection(NULL, 0);
	assert_false(chain.stored.follows_known);
	memcpy(first_chain, chain.stored.chain_id, UUID_BYTES);
	open_connection(head, DIGEST_SIZE);
	assert_memory_not_equal(chain.stored.chain_id, first_chain, UUID_BYTES);
	bind(&parameters, 0, 2);
	assert_int_equal(sent(&parameters, SENT_FOLLOWS, 0).length, DIGEST_SIZE);
	assert_memory_equal(sent(&parameters, SENT_FOLLOWS, 0).at, head, DIGEST_SIZE);
	assert_null(sent(&parameters, SENT_FOLLOWS, 1).at);
	assert_chained(&parameters, 0, 2, 0, previous);
	kind.stored(kind.context);
	bind(&parameters, 2, 2);
	assert_null(sent(&parameters, SENT_FOLLOWS, 0).at);
	assert_chained(&parameters, 2, 2, 2, previous);
	parameters_close(&parameters);
}

static void a_head_of_another_size_is_none(void **state)
{
	(void)state;
	uint8_t head[DIGEST_SIZE];
	static const uint8_t zeros[DIGEST_SIZE] = { 0 };
	memset(head, 0x66, DIGEST_SIZE);
	prepare_questions();
	open_connection(head, DIGEST_SIZE);
	assert_true(chain.stored.follows_known);
	open_connection(head, DIGEST_SIZE - 1);
	assert_false(chain.stored.follows_known);
	assert_memory_equal(chain.stored.previous, zeros, DIGEST_SIZE);
	assert_true(chain.stored.position == 0);
}

int main(void)
{
#define RECORD_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		RECORD_TEST(equal_records_have_equal_digests_wherever_they_lie_in_memory),
		RECORD_TEST(a_change_of_any_single_field_is_noticed),
		RECORD_TEST(a_change_of_any_byte_of_a_digest_or_number_is_noticed),
		RECORD_TEST(two_fields_that_change_places_are_noticed),
		RECORD_TEST(no_value_is_not_zero),
		RECORD_TEST(what_is_stored_as_null_does_not_count),
		RECORD_TEST(a_record_from_before_it_named_an_insurer_keeps_its_digest),
		RECORD_TEST(the_first_record_of_all_has_a_predecessor_of_zeros),
		RECORD_TEST(records_of_all_sets_of_a_connection_are_one_chain),
		RECORD_TEST(a_set_that_was_not_stored_leaves_no_hole_in_the_chain),
		RECORD_TEST(a_new_connection_follows_the_newest_head_and_names_it_once),
		RECORD_TEST(a_head_of_another_size_is_none),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
