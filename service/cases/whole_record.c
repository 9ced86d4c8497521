#include "cases/whole_record.h"

#include "base/json.h"

#define DOCUMENT_BYTES_FIRST ((size_t)4 * 1024)
#define DOCUMENT_BYTES_MAX ((size_t)1024 * 1024)

const char *const record_part_names[MEMBER_GROUPS] = {
	[MEMBER_GROUP_PERIOD] = "memberships",
	[MEMBER_GROUP_RATIO] = "ratios",
	[MEMBER_GROUP_LIMIT] = "limits",
	[MEMBER_GROUP_DISEASE] = "specific_diseases",
	[MEMBER_GROUP_CERTIFICATE] = "eligibility_certificates",
};

void record_faults_add(struct record_faults *faults, enum member_field field, size_t place,
	enum member_fault fault, const char *expected)
{
	if (faults->count < RECORD_FAULTS_MAX)
		faults->list[faults->count++] = (struct record_fault){ field, place, fault, expected };
}

static void add_all(struct record_faults *faults, const struct member_faults *found, size_t place)
{
	for (size_t i = 0; i < found->count; i++)
		record_faults_add(
			faults, found->list[i].field, place, found->list[i].fault, found->list[i].expected);
}

/* Of a birth date with a fault nothing is known. */
static struct optional_day birth_date_of(const struct member_row *person, const struct member_faults *found)
{
	struct optional_day born = { .known = false };
	struct slice value = person->values[MEMBER_BIRTH_DATE];
	for (size_t i = 0; i < found->count; i++) {
		if (found->list[i].field == MEMBER_BIRTH_DATE)
			return born;
	}
	born.known = value.at != NULL && day_parse(value.at, value.length, &born.day) == OUTCOME_OK;
	return born;
}

static void check_overlaps(
	const struct record_parts *parts, enum member_group group, struct record_faults *faults)
{
	static const enum member_field first_days[MEMBER_GROUPS] = {
		[MEMBER_GROUP_PERIOD] = MEMBER_ACQUIRED_ON,
		[MEMBER_GROUP_RATIO] = MEMBER_RATIO_VALID_FROM,
		[MEMBER_GROUP_LIMIT] = MEMBER_LIMIT_VALID_FROM,
		[MEMBER_GROUP_DISEASE] = MEMBER_DISEASE_VALID_FROM,
		[MEMBER_GROUP_CERTIFICATE] = MEMBER_CERTIFICATE_VALID_FROM,
	};
	for (size_t later = 1; later < parts->count; later++) {
		size_t earlier = 0;
		while (earlier < later &&
			!member_parts_overlap(group, &parts->rows[earlier], &parts->rows[later]))
			earlier++;
		if (earlier < later)
			record_faults_add(faults, first_days[group], later, MEMBER_FAULT_NOT_TOGETHER,
				"no day in common with another in the list");
	}
}

static void check_limits_and_ratios(const struct whole_record *record, struct record_faults *faults)
{
	const struct record_parts *limits = &record->parts[MEMBER_GROUP_LIMIT];
	const struct record_parts *ratios = &record->parts[MEMBER_GROUP_RATIO];
	for (size_t i = 0; i < limits->count; i++) {
		for (size_t k = 0; k < ratios->count; k++) {
			if (member_limit_contradicts_ratio(&limits->rows[i], &ratios->rows[k]))
				record_faults_add(faults, MEMBER_LIMIT_CATEGORY, i, MEMBER_FAULT_NOT_TOGETHER,
					"another category: B01 to B03 are of a ratio of 30");
		}
	}
}

/* Parts can be compared when each of them has no fault. */
static void check_together(const struct whole_record *record, struct record_faults *faults)
{
	for (enum member_group group = MEMBER_GROUP_PERIOD; group < MEMBER_GROUPS; group++)
		check_overlaps(&record->parts[group], group, faults);
	check_limits_and_ratios(record, faults);
}

/* An object of which every field is absent is still one of the list, and lacks what is required. */
static void check_given(
	const struct member_row *row, enum member_group group, size_t place, struct record_faults *faults)
{
	if (member_group_is_given(row, group))
		return;
	for (enum member_field field = MEMBER_MEMBER_ID; field < MEMBER_FIELDS; field++) {
		if (member_fields[field].group == group && member_fields[field].required)
			record_faults_add(faults, field, place, MEMBER_FAULT_MISSING, "a value");
	}
}

enum outcome whole_record_check(struct arena *arena, const char *insurer_number, struct day today,
	struct whole_record *record, struct record_faults *faults)
{
	struct member_faults found;
	const struct optional_day unknown = { .known = false };
	enum outcome outcome = member_part_check(
		arena, insurer_number, today, unknown, MEMBER_GROUP_PERSON, &record->person, &found);
	faults->count = 0;
	add_all(faults, &found, 0);
	const struct optional_day born = birth_date_of(&record->person, &found);
	for (enum member_group group = MEMBER_GROUP_PERIOD; group < MEMBER_GROUPS; group++) {
		for (size_t i = 0; outcome == OUTCOME_OK && i < record->parts[group].count; i++) {
			struct member_row *row = &record->parts[group].rows[i];
			row->values[MEMBER_MEMBER_ID] = record->person.values[MEMBER_MEMBER_ID];
			outcome = member_part_check(arena, insurer_number, today, born, group, row, &found);
			add_all(faults, &found, i);
			check_given(row, group, i, faults);
		}
	}
	if (outcome == OUTCOME_OK && faults->count == 0)
		check_together(record, faults);
	return outcome;
}

static void write_value(struct json_writer *json, const char *key, struct slice value)
{
	json_put_key(json, key);
	json_put_slice(json, value);
}

static void write_fields(struct json_writer *json, const struct member_row *row, enum member_group group)
{
	for (enum member_field field = MEMBER_MEMBER_ID; field < MEMBER_FIELDS; field++) {
		struct slice value = row->values[field];
		if (member_fields[field].group != group || field == MEMBER_INDIVIDUAL_NUMBER)
			continue;
		if ((field == MEMBER_NON_DISCLOSURE || field == MEMBER_SELF_INFORMATION_STOPPED) &&
			value.at == NULL)
			value = SLICE_LITERAL("false");
		write_value(json, member_fields[field].key, value);
	}
	if (group == MEMBER_GROUP_PERIOD) {
		write_value(json, "symbol_key", row->symbol_key);
		write_value(json, "number_key", row->number_key);
	}
}

enum outcome whole_record_write(
	struct arena *arena, const struct whole_record *record, struct slice *document)
{
	struct text out;
	text_open(&out, arena, DOCUMENT_BYTES_FIRST, DOCUMENT_BYTES_MAX);
	struct json_writer json = { .out = &out };
	json_open_object(&json);
	write_fields(&json, &record->person, MEMBER_GROUP_PERSON);
	for (enum member_group group = MEMBER_GROUP_PERIOD; group < MEMBER_GROUPS; group++) {
		json_put_key(&json, record_part_names[group]);
		json_open_array(&json);
		for (size_t i = 0; i < record->parts[group].count; i++) {
			json_open_object(&json);
			write_fields(&json, &record->parts[group].rows[i], group);
			json_close_object(&json);
		}
		json_close_array(&json);
	}
	json_close_object(&json);
	*document = text_slice(&out);
	return out.failed ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}
