"""What a file says of its members becomes so, with what was known before kept, and the read model right; or nothing of it does."""

import hashlib
import threading
import uuid

import psycopg2
import pytest

INSURER = "01130012"
RUNNER = str(uuid.uuid4())
AT = "2026-11-26 12:00Z"
LATER = "2026-11-26 13:00Z"
PERSON = ("name", "name_kana", "sex", "birth_date")
PERIOD = {"relationship": "insured", "symbol": "12", "symbol_key": "12", "number": "34", "number_key": "34", "branch_number": "00",
          "acquired_on": "2020-04-01"}
# As FAMILY has them: member a is insured, b depends on a.
A = {"member_id": "a", "name": "資格 太郎", "name_kana": "シカク タロウ", "sex": "male", "birth_date": "1980-05-17"}
B = {"member_id": "b", "name": "資格 花子", "name_kana": "シカク ハナコ", "sex": "female", "birth_date": "1982-11-03"}


def row(member_id="n", period=True, **fields):
    """A line of a file: an insured member, unless it is said otherwise."""
    base = {"member_id": member_id, "name": "新規 一", "name_kana": "シンキ イチ", "sex": "male", "birth_date": "1990-01-01"}
    return {**base, **(PERIOD if period else {}), **fields}


def dependant(member_id="d", insured="n", **fields):
    return row(member_id, **{"relationship": "dependent", "insured_member_id": insured, "birth_date": "2015-01-01", **fields})


def staged(db, *rows, mode="changes", good=False, end=False, percent=None, lost_on=None, failed=0, slice_rows=None, at=AT):
    """An import whose file is in, claimed by RUNNER."""
    import_id = str(uuid.uuid4())
    outcome, _, slot = db.run("""SELECT * FROM shikaku.open_import(%s, %s, %s, NULL, %s, '2026-12-01Z', %s, %s, %s, %s, %s, 'csv', 'utf-8', NULL)""",
                              (import_id, INSURER, at, RUNNER, mode, good, end, percent, lost_on), user="shikaku_service")[0]
    assert outcome == "opened"
    for line, fields in enumerate(rows, 2):
        told = sorted((key, value) for key, value in fields.items() if key != "individual_number")
        fields = {"slot": slot, "line": line, "digest": hashlib.sha256(repr(told).encode()).digest(), **fields}
        db.run(f"INSERT INTO shikaku.staged_members_{slot} ({', '.join(fields)}) VALUES ({', '.join(['%s'] * len(fields))})",
               tuple(fields.values()), user="shikaku_service")
    if slice_rows:
        db.run("UPDATE shikaku.imports SET slice_rows = %s WHERE import_id = %s", (slice_rows, import_id))
    said = db.value("SELECT shikaku.close_import(%s, %s, %s, 1, %s, %s, %s, %s)",
                    (import_id, RUNNER, at, len(rows) + failed, len(rows), failed, failed), user="shikaku_service")
    assert said == "queued"
    assert db.run("SELECT job_id FROM shikaku.claim_job(%s, '{import}', %s, '2026-12-01Z')", (RUNNER, at), user="shikaku_service")
    return import_id


def merge(db, import_id, number=0, at=AT, runner=RUNNER):
    return db.run("SELECT outcome, slices_left FROM shikaku.merge_import_slice(%s, %s, %s, %s)", (import_id, runner, number, at),
                  user="shikaku_service")[0]


def finish(db, import_id):
    db.run("SELECT shikaku.finish_import(%s)", (import_id,), user="shikaku_service")
    assert db.value("SELECT shikaku.end_job(%s, %s, '2026-11-26 14:00Z', 'succeeded', NULL)", (import_id, RUNNER), user="shikaku_service")


def sound(db):
    assert db.value("SELECT shikaku.compare_standings()") == 0
    assert db.value("SELECT count(*) FROM shikaku.deferred_transactions") == 0


def take_in(db, *rows, at=AT, **options):
    """Merges a file to its end: what came of it, and the import's numbers created, changed, unchanged."""
    import_id = staged(db, *rows, at=at, **options)
    outcome, left = merge(db, import_id, at=at)
    number = 1
    while outcome == "merged" and left > 0:
        outcome, left = merge(db, import_id, number, at=at)
        number += 1
    sound(db)
    if outcome == "merged":
        finish(db, import_id)
    else:
        db.run("SELECT shikaku.end_job(%s, %s, %s, 'failed', %s)", (import_id, RUNNER, at, outcome), user="shikaku_service")
    return outcome, db.run("SELECT rows_created, rows_changed, rows_unchanged FROM shikaku.imports WHERE import_id = %s", (import_id,))[0]


def errors(db):
    return db.run("SELECT line, field, value_class, reason FROM shikaku.import_errors ORDER BY line, field")


def standing(db, member_id, columns):
    return db.run(f"""SELECT {columns} FROM shikaku.standings AS s JOIN shikaku.memberships AS ms USING (membership_id)
        JOIN shikaku.members AS m USING (member_key) WHERE m.insurer_number = %s AND m.member_id = %s ORDER BY s.acquired_on""", (INSURER, member_id))


def counts(db):
    return db.run("""SELECT (SELECT count(*) FROM shikaku.members), (SELECT count(*) FROM shikaku.memberships),
        (SELECT count(*) FROM shikaku.persons), (SELECT count(*) FROM shikaku.standings), (SELECT count(*) FROM shikaku.members_history),
        (SELECT count(*) FROM shikaku.memberships_history)""")[0]


FULL = row("n", name_other="別名", sex_on_face="female", postal_code="100-0001", address="資格町1", household_head="新規 父", non_disclosure="true",
           lost_on="2027-01-01", loss_reason="01", ratio_percent="20", ratio_valid_from="2026-08-01", ratio_valid_until="2027-07-31",
           limit_category="A03", limit_certificate="01", limit_valid_from="2026-08-01", limit_long_stay_from="2026-09-01",
           disease_category="1", disease_self_pay="10000", disease_valid_from="2026-08-01", certificate_number="7",
           certificate_issued_on="2026-01-01", certificate_valid_from="2026-01-02", certificate_valid_until="2030-12-31")


def test_a_new_member_has_all_that_the_line_says(family):
    assert take_in(family, FULL) == ("merged", (1, 0, 0))
    assert family.run("""SELECT name, name_other, sex_on_face, birth_date::text, postal_code, address, household_head, non_disclosure,
        self_information_stopped, known_from = %s FROM shikaku.members WHERE member_id = 'n'""", (AT,)) == [
            ("新規 一", "別名", "female", "1990-01-01", "100-0001", "資格町1", "新規 父", True, False, True)]
    assert standing(family, "n", "s.lost_on::text, s.loss_reason, s.ratio_percents, s.ratio_until::text, s.certificate_state, "
                    "s.certificate_valid_until::text, s.link_state") == [
                        ("2027-01-01", "01", [20], "{2027-07-31}", 1, "2030-12-31", "pending")]
    assert family.run("SELECT category, certificate, valid::text, long_stay_from::text FROM shikaku.limits") == [
        ("A03", "01", "[2026-08-01,)", "2026-09-01")]
    assert family.run("SELECT category, self_pay, valid::text FROM shikaku.specific_diseases") == [("1", 10000, "[2026-08-01,)")]


def test_the_same_file_again_changes_nothing(family):
    take_in(family, FULL, dependant())
    before = counts(family)
    assert take_in(family, FULL, dependant(), at=LATER) == ("merged", (0, 0, 2))
    assert counts(family) == before


def test_what_is_as_a_line_says_is_left_alone_whoever_made_it_so(family):
    lines = [FULL, dependant()]
    take_in(family, *lines)
    family.run("UPDATE shikaku.members SET imported_digest = NULL, known_from = '2026-11-26 12:30Z' WHERE member_id IN ('n', 'd')")
    before = counts(family)
    assert take_in(family, *lines, at=LATER) == ("merged", (0, 0, 2))
    assert counts(family) == before
    for change in ({"household_head": None}, {"number": "35", "number_key": "35"}, {"ratio_valid_until": None}, {"limit_certificate": None},
                   {"disease_self_pay": None}, {"certificate_number": "8"}):
        assert take_in(family, {**FULL, **change}, at=LATER) == ("merged", (0, 1, 0)), change


def test_a_line_for_a_member_on_record_changes_the_member_and_keeps_what_was_known(family):
    assert take_in(family, {**A, "name": "資格 次郎", "address": "新町2"}) == ("merged", (0, 1, 0))
    assert family.run("SELECT name, address FROM shikaku.members WHERE member_id = 'a'") == [("資格 次郎", "新町2")]
    assert family.run("SELECT name, known_until = %s FROM shikaku.members_history", (AT,)) == [("資格 太郎", True)]
    assert standing(family, "b", "s.insured_name") == [("資格 次郎",)], "dependants bear the insured person's name"
    assert family.value("SELECT count(*) FROM shikaku.memberships_history") == 0, "a group of which nothing is given stays"


def test_a_clock_that_is_behind_what_is_on_record_still_comes_after_it(family):
    assert take_in(family, {**A, "name": "資格 次郎"}, at="2025-01-01Z") == ("merged", (0, 1, 0))
    assert family.value("SELECT known_from > '2026-01-01Z' FROM shikaku.members WHERE member_id = 'a'")


def test_a_period_of_the_same_first_day_is_changed_and_a_later_one_added(family):
    first = family.run("SELECT acquired_on::text FROM shikaku.memberships WHERE membership_id = 1")[0][0]
    assert take_in(family, {**A, **PERIOD, "acquired_on": first, "lost_on": "2026-10-01", "loss_reason": "03"}) == ("merged", (0, 1, 0))
    assert standing(family, "a", "s.lost_on::text, s.loss_reason, s.symbol") == [("2026-10-01", "03", "12")]
    assert standing(family, "b", "s.insured_lost_on::text") == [("2026-10-01",)]
    assert take_in(family, {**A, **PERIOD, "acquired_on": "2026-11-01"}, at=LATER) == ("merged", (0, 1, 0))
    assert [day for day, in standing(family, "a", "s.acquired_on::text")] == [first, "2026-11-01"]


def test_a_period_that_is_said_to_last_again_is_reinstated(family):
    first = family.run("SELECT acquired_on::text FROM shikaku.memberships WHERE membership_id = 1")[0][0]
    for lost_on in ("2026-10-01", None):
        take_in(family, {**A, **PERIOD, "acquired_on": first, "lost_on": lost_on})
        assert standing(family, "a", "s.lost_on::text") == [(lost_on,)]


def test_an_open_period_is_not_ended_by_guess(family):
    assert take_in(family, {**A, **PERIOD, "acquired_on": "2026-11-01"}) == ("rows_refused", (0, 0, 0))
    assert errors(family) == [(2, "acquired_on", "date", "periods_overlap")]


def test_dependants_find_their_insured_person_in_the_file_whatever_the_order(family):
    assert take_in(family, dependant("d1"), row("n"), dependant("d2")) == ("merged", (3, 0, 0))
    assert standing(family, "d1", "s.insured_name") == [("新規 一",)]


def test_dependants_find_their_insured_person_on_record(family):
    assert take_in(family, dependant("d", "a", acquired_on="2026-05-01")) == ("merged", (1, 0, 0))
    assert standing(family, "d", "s.insured_name") == [("資格 太郎",)]


@pytest.mark.parametrize("line", [
    dependant("d", "nobody"), dependant("d", "b", acquired_on="2026-05-01"), dependant("d", "d"), dependant("d", "a", acquired_on="1990-01-01"),
    dependant("d", None), dependant("d", "d2"),  # d of 06136022 is another insurer's
])
def test_a_dependant_without_an_insured_person_on_that_day_is_refused(family, line):
    assert take_in(family, line) == ("rows_refused", (0, 0, 0))
    assert [error[1::2] for error in errors(family)] == [("insured_member_id", "insured_not_found")]
    assert family.value("SELECT count(*) FROM shikaku.members") == 4


def test_a_dependant_is_refused_when_the_file_takes_the_insured_persons_period_away(family):
    first = family.run("SELECT acquired_on::text FROM shikaku.memberships WHERE membership_id = 1")[0][0]
    lost = {**A, **PERIOD, "acquired_on": first, "lost_on": "2026-04-01"}
    assert take_in(family, lost, dependant("d", "a", acquired_on="2026-05-01"))[0] == "rows_refused"
    assert errors(family) == [(3, "insured_member_id", "ascii", "insured_not_found")]


def test_an_insured_person_with_dependants_does_not_become_one(family):
    first = family.run("SELECT acquired_on::text FROM shikaku.memberships WHERE membership_id = 1")[0][0]
    assert take_in(family, row("n", acquired_on="2000-01-01"),
                   {**A, **PERIOD, "acquired_on": first, "relationship": "dependent", "insured_member_id": "n"})[0] == "rows_refused"
    assert errors(family) == [(3, "relationship", "ascii", "dependants_remain")]


def test_a_dependant_becomes_insured_and_another_ones_dependant(family):
    take_in(family, row("n"), row("m", number="35", number_key="35"), dependant("d"))
    assert take_in(family, dependant("d", "m"), at=LATER) == ("merged", (0, 1, 0))
    assert family.value("""SELECT im.member_id FROM shikaku.members AS m JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS ims ON ims.membership_id = ms.insured_membership_id JOIN shikaku.members AS im ON im.member_key = ims.member_key
        WHERE m.member_id = 'd'""") == "m"
    assert take_in(family, row("d"), at=LATER) == ("merged", (0, 1, 0))
    assert standing(family, "d", "s.relationship, s.insured_birth_date") == [("insured", None)]


@pytest.mark.parametrize("good, outcome, numbers, members", [(False, "rows_refused", (0, 0, 0), 4), (True, "merged", (2, 0, 0), 6)])
def test_bad_rows_refuse_the_file_or_are_left_out_with_their_dependants(family, good, outcome, numbers, members):
    lines = [row("n"), row("n", name="重複"), row("w", workplace_id="W-1"), dependant("e", "w"), dependant("f", "n"), row("x", period=False,
             certificate_issued_on="2026-01-01", certificate_valid_from="2026-01-01", certificate_valid_until="2027-01-01")]
    assert take_in(family, *lines, good=good) == (outcome, numbers)
    assert errors(family) == [
        (3, "member_id", "ascii", "duplicate_member"), (4, "workplace_id", "ascii", "workplace_not_found"),
        (5, "insured_member_id", "ascii", "insured_not_found"), (7, "acquired_on", "empty", "missing")]
    assert family.value("SELECT count(*) FROM shikaku.members") == members
    assert family.run("SELECT rows_valid, rows_failed, errors, rows_merged FROM shikaku.imports") == [(2, 4, 4, 2 if good else 0)]


def test_a_workplace_of_the_insurer_is_taken(family):
    family.run("INSERT INTO shikaku.workplaces (insurer_number, workplace_id, name, changed_at) VALUES (%s, 'W-1', 'x', %s)", (INSURER, AT))
    assert take_in(family, row("w", workplace_id="W-1"))[0] == "merged"


SPANS = [
    ("ratio", "ratios", {"ratio_percent": "20"}, {"ratio_percent": "30"}, "percent"),
    ("limit", "limits", {"limit_category": "A03"}, {"limit_category": "A04", "limit_certificate": "02"}, "category"),
    ("disease", "specific_diseases", {"disease_category": "1"}, {"disease_category": "1", "disease_self_pay": "20000"}, "self_pay"),
]


@pytest.mark.parametrize("group, table, first, second, shown", SPANS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_begins_later_ends_the_open_one_and_the_same_first_day_corrects(family, group, table, first, second, shown):
    def line(fields, valid_from, valid_until=None):
        return row("n", **fields, **{f"{group}_valid_from": valid_from, f"{group}_valid_until": valid_until})

    def spans():
        return family.run(f"SELECT valid::text, {shown}::text FROM shikaku.{table} WHERE insurer_number = %s ORDER BY valid", (INSURER,))

    value, other = list(first.values())[0], list(second.values())[-1]
    if group != "ratio":
        other = {"limit": "A04", "disease": "20000"}[group]
    if group == "disease":
        value = None
    take_in(family, line(first, "2025-08-01"))
    take_in(family, line(second, "2026-08-01"), at=LATER)
    assert spans() == [("[2025-08-01,2026-08-01)", value), ("[2026-08-01,)", other)]
    take_in(family, line(first, "2026-08-01", "2027-07-31"), at=LATER)
    assert spans() == [("[2025-08-01,2026-08-01)", value), ("[2026-08-01,2027-08-01)", value)]
    assert family.value(f"SELECT count(*) FROM shikaku.{table}_history") == 2
    take_in(family, row("n", address="x"), at=LATER)
    assert len(spans()) == 2, "a group of which nothing is given stays"
    assert take_in(family, line(second, "2026-01-01", "2026-12-31"), at=LATER)[0] == "rows_refused"
    assert errors(family) == [(2, f"{group}_valid_from", "date", "periods_overlap")]


def elderly(**fields):
    """A line of somebody who has been 70 since 2019-12-31: a ratio and a limit count from 2020-01-01."""
    return row("n", birth_date="1950-01-01", **fields)


def ratio_of(percent, valid_from, valid_until=None):
    return {"ratio_percent": percent, "ratio_valid_from": valid_from, "ratio_valid_until": valid_until}


def limit_of(category, valid_from, valid_until=None):
    return {"limit_category": category, "limit_valid_from": valid_from, "limit_valid_until": valid_until}


# On record, what the line says, and the field that is refused, or None.
FITS = [
    ("a limit beside a ratio on record", ratio_of("20", "2025-08-01"), limit_of("B01", "2026-08-01"), "limit_category"),
    ("a limit beside a ratio on record that begins later", ratio_of("20", "2027-07-31"), limit_of("B03", "2026-08-01", "2027-07-31"),
     "limit_category"),
    ("a ratio beside a limit on record", limit_of("B02", "2025-08-01"), ratio_of("20", "2026-08-01"), "ratio_percent"),
    ("a ratio beside the last day of a limit", limit_of("B02", "2025-08-01", "2026-08-01"), ratio_of("20", "2026-08-01"), "ratio_percent"),
    ("the same ratio in another percentage", {**ratio_of("30", "2026-08-01"), **limit_of("B01", "2026-08-01")}, ratio_of("20", "2026-08-01"),
     "ratio_percent"),
    ("a ratio of 30 beside such a limit", limit_of("B02", "2025-08-01"), ratio_of("30", "2026-08-01"), None),
    ("a limit beside a ratio of 30", ratio_of("30", "2025-08-01"), limit_of("B01", "2026-08-01"), None),
    ("a limit of everybody beside 20", ratio_of("20", "2025-08-01"), limit_of("B04", "2026-08-01"), None),
    ("a ratio after a limit that ended", limit_of("B02", "2025-08-01", "2026-07-31"), ratio_of("20", "2026-08-01"), None),
    ("a limit after a ratio that ended", ratio_of("20", "2025-08-01", "2026-07-31"), limit_of("B01", "2026-08-01"), None),
    ("both begin anew, and what was open ends", {**ratio_of("20", "2025-08-01"), **limit_of("B04", "2025-08-01")},
     {**ratio_of("30", "2026-08-01"), **limit_of("B01", "2026-08-01")}, None),
    ("the other way round", {**ratio_of("30", "2025-08-01"), **limit_of("B01", "2025-08-01")},
     {**ratio_of("20", "2026-08-01"), **limit_of("B04", "2026-08-01")}, None),
    ("both of the same first day are corrected", {**ratio_of("20", "2026-08-01"), **limit_of("B04", "2026-08-01")},
     {**ratio_of("30", "2026-08-01"), **limit_of("B01", "2026-08-01")}, None),
    ("a limit that ends before it", limit_of("B01", "2025-08-01"), {**ratio_of("20", "2026-08-01"), **limit_of("B04", "2026-08-01")}, None),
]


@pytest.mark.parametrize("on_record, line, field", [case[1:] for case in FITS], ids=[case[0] for case in FITS])
def test_a_line_that_changes_only_the_ratio_or_only_the_limit_fits_the_other_on_record_r7_13(family, on_record, line, field):
    assert take_in(family, elderly(**on_record))[0] == "merged"
    before = family.run("SELECT * FROM shikaku.limits"), family.run("SELECT * FROM shikaku.ratios")
    outcome, _ = take_in(family, elderly(**line), at=LATER)
    if field is None:
        assert (outcome, errors(family)) == ("merged", [])
    else:
        assert outcome == "rows_refused"
        assert errors(family) == [(2, field, {"limit_category": "ascii", "ratio_percent": "digits"}[field], "not_together")]
        assert (family.run("SELECT * FROM shikaku.limits"), family.run("SELECT * FROM shikaku.ratios")) == before


@pytest.mark.parametrize("on_record, birth_date, line, is_refused", [
    (limit_of("A03", "2025-08-01"), "1955-07-02", {}, True),
    (limit_of("A03", "2025-08-01"), "1955-08-01", {}, True),
    (limit_of("A03", "2025-08-01"), "1955-08-02", {}, False),
    (limit_of("A03", "2025-08-01", "2026-07-31"), "1956-08-01", {}, False),
    (limit_of("A03", "2025-08-01", "2026-07-31"), "1956-07-01", {}, True),
    (limit_of("A03", "2025-08-01"), "1955-07-01", limit_of("B04", "2025-08-01"), False),
    (limit_of("B04", "2020-01-01"), "1950-01-02", {}, True),
    (limit_of("B04", "2020-02-01"), "1950-01-02", {}, False),
    (ratio_of("20", "2020-01-01"), "1950-01-02", {}, True),
    (ratio_of("20", "2020-02-01"), "1950-01-02", {}, False),
], ids=str)
def test_a_corrected_birth_date_fits_what_is_on_record_r7_13(family, on_record, birth_date, line, is_refused):
    born = "1990-01-01" if on_record.get("limit_category") == "A03" else "1950-01-01"
    assert take_in(family, row("n", birth_date=born, **on_record))[0] == "merged"
    outcome, _ = take_in(family, row("n", birth_date=birth_date, **line), at=LATER)
    assert (outcome, errors(family)) == (("rows_refused", [(2, "birth_date", "date", "not_together")]) if is_refused else ("merged", []))


def test_a_category_of_the_young_without_an_end_ends_where_70_is_reached_r7_13(family):
    def spans():
        return family.run("SELECT category, valid::text FROM shikaku.limits ORDER BY valid")

    take_in(family, row("n", birth_date="1953-05-17", **limit_of("A03", "2020-08-01")))
    take_in(family, row("n", birth_date="1953-05-17", **limit_of("B04", "2026-08-01")), at=LATER)
    assert spans() == [("A03", "[2020-08-01,2023-06-01)"), ("B04", "[2026-08-01,)")]
    take_in(family, row("m", birth_date="1980-05-17", **limit_of("A03", "2020-08-01")), at=LATER)
    take_in(family, row("m", birth_date="1980-05-17", **limit_of("A04", "2026-08-01")), at=LATER)
    assert ("A03", "[2020-08-01,2026-08-01)") in spans()


def test_diseases_of_two_categories_stand_side_by_side(family):
    take_in(family, row("n", disease_category="1", disease_valid_from="2025-08-01"))
    take_in(family, row("n", disease_category="2", disease_valid_from="2026-08-01"), at=LATER)
    assert family.run("SELECT category, valid::text FROM shikaku.specific_diseases ORDER BY 1") == [("1", "[2025-08-01,)"), ("2", "[2026-08-01,)")]


def test_the_last_day_of_all_is_no_last_day(family):
    take_in(family, row("n", ratio_percent="20", ratio_valid_from="2026-08-01", ratio_valid_until="9999-12-31"))
    assert family.value("SELECT valid::text FROM shikaku.ratios WHERE insurer_number = %s", (INSURER,)) == "[2026-08-01,)"


def test_a_newer_certificate_replaces_the_one_before_and_an_older_one_does_not(family):
    def line(number, issued_on, valid_until="2030-12-31"):
        return row("n", certificate_number=number, certificate_issued_on=issued_on, certificate_valid_from=issued_on, certificate_valid_until=valid_until)

    for number, issued_on, *until in (("1", "2025-01-01"), ("2", "2026-01-01"), ("0", "2024-01-01"), ("2b", "2026-01-01", "2031-12-31")):
        assert take_in(family, line(number, issued_on, *until), at=LATER)[0] == "merged"
    assert family.run("SELECT number, state FROM shikaku.eligibility_certificates WHERE membership_id > 4 ORDER BY issued_on") == [
        ("0", "replaced"), ("1", "replaced"), ("2b", "issued")]
    assert standing(family, "n", "s.certificate_valid_until::text") == [("2031-12-31",)]


def sealed(text):
    return (text * 40)[:40].encode().hex()


def test_a_number_waits_for_the_register_once(family):
    take_in(family, row("n", individual_number=sealed("x")))
    family.run("UPDATE shikaku.pending_numbers SET attempts = 3")
    assert take_in(family, row("n", individual_number=sealed("x")), at=LATER) == ("merged", (0, 0, 1))
    assert family.value("SELECT attempts FROM shikaku.pending_numbers") == 3
    assert take_in(family, row("n", individual_number=sealed("y")), at=LATER) == ("merged", (0, 1, 0))
    assert family.run("SELECT attempts, encode(sealed, 'hex') FROM shikaku.pending_numbers") == [(0, sealed("y"))]


def test_a_linked_member_is_not_asked_about_again(family):
    family.run("INSERT INTO shikaku.links VALUES (1, 'linked', NULL, '2026-01-01Z', '2026-01-01Z') ON CONFLICT (member_key) DO NOTHING")
    assert family.value("SELECT state FROM shikaku.links WHERE member_key = 1") == "linked"
    take_in(family, {**A, "individual_number": sealed("x")})
    assert family.value("SELECT count(*) FROM shikaku.pending_numbers") == 0
    assert take_in(family, {**A, "individual_number": sealed("x")}, at=LATER) == ("merged", (0, 0, 1))


@pytest.mark.parametrize("change, state", [
    ({"name": "資格 二郎"}, "mismatch"), ({"name": "資格 二郎", "individual_number": sealed("x")}, "pending"), ({"address": "新町"}, "mismatch"),
    ({"individual_number": sealed("x")}, "pending"), ({"household_head": "誰か"}, "mismatch"),
])
def test_a_correction_with_the_number_takes_a_mismatch_back_and_one_without_stays_on_the_list(family, change, state):
    family.run("UPDATE shikaku.members SET address = NULL, known_from = known_from + interval '1s' WHERE member_id = 'a' AND address IS NOT NULL")
    family.run("DELETE FROM shikaku.links WHERE false; INSERT INTO shikaku.links VALUES (1, 'mismatch', '{name}', '2026-01-02Z', '2026-01-02Z') "
               "ON CONFLICT (member_key) DO UPDATE SET state = 'mismatch', mismatched = '{name}', decided_at = '2026-01-02Z', known_from = '2026-01-02Z'")
    take_in(family, {**A, **change})
    assert family.value("SELECT state FROM shikaku.links WHERE member_key = 1") == state
    assert standing(family, "a", "s.link_state") == [(state,)]


def missing(db):
    return db.run("SELECT members_missing, members_ended FROM shikaku.imports ORDER BY merge_started_at DESC, import_id DESC LIMIT 1")[0]


@pytest.fixture
def ten(family):
    """Ten insured members of a file, m0 to m9, and d, a dependant of m9; a and b go with them, so that all are 13."""
    family.run("UPDATE shikaku.memberships SET lost_on = NULL, loss_reason = NULL, known_from = '2026-03-01Z' WHERE member_key IN (1, 2) AND lost_on IS NOT NULL")
    ten = [row(f"m{n}", number=str(n), number_key=str(n)) for n in range(10)] + [dependant("d", "m9")]
    take_in(family, *ten)
    return family, ten


def test_a_full_file_lists_whom_it_does_not_name(ten):
    db, lines = ten
    assert take_in(db, *lines, mode="full", at=LATER) == ("merged", (0, 0, 11))
    assert missing(db) == (2, 0)
    assert db.run("SELECT member_id FROM shikaku.import_missing JOIN shikaku.members USING (member_key) ORDER BY 1") == [("a",), ("b",)]
    assert standing(db, "a", "s.lost_on") == [(None,)]


def test_missing_members_are_ended_when_that_is_asked_for_and_come_back_with_their_old_line(ten):
    db, lines = ten
    assert take_in(db, *lines[:9], {**A, "address": "x"}, mode="full", end=True, percent="25", lost_on="2026-11-01", at=LATER)[0] == "merged"
    assert missing(db) == (3, 3), "b, m9 and d"
    for member_id in ("b", "m9", "d"):
        assert standing(db, member_id, "s.lost_on::text, s.loss_reason")[-1] == ("2026-11-01", "99")
    assert standing(db, "m0", "s.lost_on") == [(None,)]
    assert take_in(db, *lines[9:], at="2026-11-26 15:00Z") == ("merged", (0, 2, 0))
    assert standing(db, "d", "s.lost_on") == [(None,)]


def test_a_full_file_that_misses_too_many_merges_nothing(ten):
    db, lines = ten
    assert take_in(db, {**lines[0], "address": "x"}, mode="full", end=True, percent="25", lost_on="2026-11-01", at=LATER)[0] == "too_many_missing"
    assert missing(db) == (12, 0) and db.value("SELECT count(*) FROM shikaku.import_missing") == 12
    assert db.value("SELECT count(*) FROM shikaku.members WHERE address = 'x'") == 0


@pytest.mark.parametrize("options, bad", [({"failed": 1}, []), ({}, [row("w", workplace_id="W-1")])])
def test_nobody_is_ended_while_rows_are_refused_that_may_name_them(ten, options, bad):
    db, lines = ten
    assert take_in(db, *lines, *bad, mode="full", end=True, percent="100", lost_on="2026-11-01", good=True, at=LATER, **options)[0] == "merged"
    assert missing(db) == (2, 0) and standing(db, "a", "s.lost_on") == [(None,)]


def test_slices_are_merged_one_by_one_and_dependants_wait_for_their_insured_person(family):
    lines = [dependant("d1", "m5"), *(row(f"m{n}", number=str(n), number_key=str(n)) for n in range(6)), dependant("d2", "m0")]
    import_id = staged(family, *lines, slice_rows=3)
    members = []
    for number in range(3):
        assert merge(family, import_id, number) == ("merged", 2 - number)
        sound(family)
        members.append(family.value("SELECT count(*) FROM shikaku.members") - 4)
    assert members == [2, 5, 8]
    assert merge(family, import_id, 1) == ("merged", 0), "again, by a process that does not know that it is"
    assert family.run("SELECT rows_merged, rows_created, slices_merged FROM shikaku.imports") == [(8, 8, 3)]
    finish(family, import_id)


def test_a_duplicate_in_a_later_slice_is_one(family):
    assert take_in(family, row("n"), row("m"), row("n"), slice_rows=2, good=True) == ("merged", (2, 0, 0))
    assert errors(family) == [(4, "member_id", "ascii", "duplicate_member")]


@pytest.mark.parametrize("why", ["another runner", "cancelled"])
def test_a_process_that_does_not_have_the_job_merges_nothing(family, why):
    import_id = staged(family, row("n"))
    if why == "cancelled":
        family.run("UPDATE shikaku.jobs SET cancel_requested = true")
    with pytest.raises(psycopg2.errors.QueryCanceled):
        merge(family, import_id, runner=RUNNER if why == "cancelled" else str(uuid.uuid4()))
    assert counts(family)[0] == 4 and family.value("SELECT slices_merged FROM shikaku.imports") == 0
    sound(family)


def test_a_merge_that_is_cut_off_leaves_nothing_and_is_done_again(family):
    import_id = staged(family, row("n"), {**A, "name": "資格 次郎"})
    before = counts(family)
    dying = family.connect("shikaku_service", autocommit=False)
    with dying.cursor() as cursor:
        cursor.execute("SELECT * FROM shikaku.merge_import_slice(%s, %s, 0, %s)", (import_id, RUNNER, AT))
    dying.close()
    assert counts(family) == before
    sound(family)
    assert merge(family, import_id) == ("merged", 0)
    sound(family)


def test_who_writes_the_same_member_meanwhile_waits_and_both_changes_are_kept(family):
    import_id = staged(family, {**A, "name": "資格 次郎"})
    merging = family.connect("shikaku_service", autocommit=False)
    with merging.cursor() as cursor:
        cursor.execute("SELECT * FROM shikaku.merge_import_slice(%s, %s, 0, %s)", (import_id, RUNNER, AT))
    other = threading.Thread(target=lambda: family.run(
        "UPDATE shikaku.members SET household_head = '父', known_from = '2026-11-26 16:00Z' WHERE member_id = 'a'"))
    other.start()
    while family.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
        assert other.is_alive()
    merging.commit()
    other.join(30)
    assert family.run("SELECT name, household_head FROM shikaku.members WHERE member_id = 'a'") == [("資格 次郎", "父")]
    sound(family)


@pytest.mark.parametrize("statement", [
    "INSERT INTO shikaku.deferred_transactions VALUES (pg_current_xact_id())", "SELECT * FROM shikaku.deferred_transactions",
    "SELECT shikaku.is_deferred()", "SELECT shikaku.merge_standings()", "SELECT shikaku.end_merge(NULL, NULL)",
    "SELECT shikaku.merge_people('01130012', '2026-01-01Z')", "SELECT shikaku.analyze_members()",
])
def test_the_service_cannot_defer_the_checks(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


def test_checks_are_deferred_in_the_merge_s_own_transaction_only(family):
    connection = family.connect("shikaku_owner", autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shikaku.deferred_transactions VALUES (pg_current_xact_id())")
        connection.commit()
        cursor.execute("UPDATE shikaku.members SET name = 'x', known_from = '2026-11-01Z' WHERE member_key = 1")
        connection.commit()
        with pytest.raises(psycopg2.errors.ExclusionViolation):
            cursor.execute("""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, lost_on,
                known_from) VALUES (1, '01130012', 'insured', '1', '1', '2021-01-01', '2027-01-01', '2026-11-01Z')""")
        connection.rollback()
    assert family.value("SELECT shikaku.compare_standings()") == 0


def test_a_caller_cannot_slip_a_table_of_its_own_under_the_merge(family):
    with pytest.raises(psycopg2.errors.DuplicateTable):
        connection = family.connect("shikaku_service", autocommit=False)
        with connection.cursor() as cursor:
            import_id = staged(family, row("n"))
            cursor.execute("CREATE TEMP TABLE merging (line bigint)")
            cursor.execute("SELECT * FROM shikaku.merge_import_slice(%s, %s, 0, %s)", (import_id, RUNNER, AT))
