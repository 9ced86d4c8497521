"""An insurer registers limit categories and specific diseases (R7.6, R7.13): what does not fit is refused with its place, whichever way and in
however many requests it comes, and each change is history (R3.4)."""

import pytest

from api_insurers import new_insurer
from api_members import NOW, at, elderly, keys_of, period, record
from support import Client
from test_api_imports import Insurer as Sender, as_csv, row
from test_api_requests import refused, refused_fields

AGREED = {"limit_information": True}


@pytest.fixture(scope="module")
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


@pytest.fixture(scope="module")
def late(database, service):
    made = new_insurer(database, service, prefix="39")
    with made.client:
        yield made


def limit(category, valid_from="2026-08-01", valid_until=None, certificate=None, long_stay_from=None):
    return {"category": category, "certificate": certificate, "valid_from": valid_from, "valid_until": valid_until, "long_stay_from": long_stay_from}


def ratio(percent, valid_from="2026-08-01", valid_until=None):
    return {"percent": percent, "valid_from": valid_from, "valid_until": valid_until}


def patch(insurer, member_id, body, **more):
    return insurer.client.request("PATCH", insurer.path + at(member_id), body, **more)


def late_record(**more):
    return record(period(symbol=None, branch_number=None), birth_date="1940-01-01", **more)


def test_each_category_is_taken_where_it_fits_and_refused_where_it_does_not_R7_13(insurer, late):
    groups = [(insurer, record, {}, "A01 A02 A03 A04 A05 A06"),
              (insurer, elderly, {"ratios": [ratio(20)]}, "B04 B05 B06 B07 B08"),
              (insurer, elderly, {"ratios": [ratio(30)]}, "B01 B02 B03 B04 B05 B06 B07 B08"),
              (late, late_record, {"ratios": [ratio(10)]}, "B05 B06 B07 B08 B09 B10"),
              (late, late_record, {"ratios": [ratio(30)]}, "B01 B02 B03 B05 B06 B07 B08 B09 B10")]
    every = [f"A0{i}" for i in range(1, 7)] + [f"B{i:02}" for i in range(1, 11)]
    for place, (of, base, more, fitting) in enumerate(groups):
        for category in every:
            answer = of.put(base(limits=[limit(category)], **more), at(f"E-{place}-{category}"))
            if category in fitting:
                assert (answer.status, answer.json["limits"]) == (201, [limit(category)]), (place, category)
            else:
                refused_fields(answer, {"/limits/0/category": "not_together"})
                refused(of.get(at(f"E-{place}-{category}")), 404, "no_such_member")


@pytest.mark.parametrize("limits, expected", [
    ([limit("A03", "2022-08-01", "2023-05-31")], None),
    ([limit("A03", "2022-08-01", "2023-06-01")], {"/limits/0/valid_until": "not_together"}),
    ([limit("A03", "2023-06-01", "2023-06-30")], {"/limits/0/category": "not_together"}),
    ([limit("A03", "2022-08-01", "2023-05-31"), limit("B04", "2023-06-01")], None),
    ([limit("A03", "2022-08-01", "2023-05-31"), limit("B04", "2023-05-31")], {"/limits/1/category": "not_together"}),
    ([limit("B04", "2023-06-01", "2025-07-31"), limit("A03", "2021-08-01", "2025-07-31")], {"/limits/1/valid_until": "not_together"}),
])
def test_a_category_ends_and_begins_where_70_is_reached_R7_13(insurer, limits, expected):
    answer = insurer.put(elderly(limits=limits, ratios=[]), at("E-70"))
    if expected is None:
        assert answer.status in (200, 201), answer
    else:
        refused_fields(answer, expected)


def test_a_category_of_the_young_without_an_end_does_not_outlive_them_R7_13(insurer, desk):
    made = insurer.put(elderly(limits=[limit("A03", "2020-08-01")], ratios=[ratio(20, "2023-06-01")]), at("E-open"))
    assert made.status == 201
    for visit, category, reasons in (("2023-05-31", "A03", set()), ("2023-06-01", "B04", {"limit_from_ratio"})):
        answer = desk.check("eligibility_certificate", **keys_of(insurer, made.json), visit_date=visit, consents=AGREED)
        assert answer.json["limit"]["category"] == category
        assert {"limit_from_ratio", "limit_not_registered"} & set(answer.all_reasons) == reasons


def test_ratio_and_category_that_come_in_different_requests_fit_each_other_R7_13(insurer):
    made = insurer.put(elderly(ratios=[ratio(20)]), at("E-both"))
    wrong = {"/limits/0/category": "not_together"}
    refused_fields(patch(insurer, "E-both", {"limits": [limit("B01")]}), wrong)
    refused_fields(patch(insurer, "E-both", {"limits": [limit("B01", "2026-01-01")]}), wrong)
    refused_fields(patch(insurer, "E-both", {"limits": [limit("B04"), limit("B03", "2025-08-01", "2026-07-31"), limit("B02", "2024-08-01", "2025-07-31")],
                                             "ratios": [ratio(30, "2025-08-01", "2026-07-31"), ratio(20, "2024-08-01", "2025-07-31")]}),
                   {"/limits/2/category": "not_together"})
    unchanged = insurer.get(at("E-both"))
    assert (unchanged.body, unchanged.header("ETag")) == (made.body, made.header("ETag"))

    assert patch(insurer, "E-both", {"ratios": [ratio(30)]}).status == 200
    assert patch(insurer, "E-both", {"limits": [limit("B01")]}).status == 200
    for ratios in ([ratio(20)], [ratio(30, valid_until="2027-07-31"), ratio(20, "2027-08-01")]):
        refused_fields(patch(insurer, "E-both", {"ratios": ratios}), wrong)
    refused_fields(insurer.put({**made.json, "limits": [limit("B01")]}, at("E-both")), wrong)
    both = patch(insurer, "E-both", {"ratios": [ratio(30, valid_until="2027-07-31"), ratio(20, "2027-08-01")],
                                     "limits": [limit("B01", valid_until="2027-07-31"), limit("B04", "2027-08-01")]})
    assert both.status == 200 and [one["category"] for one in both.json["limits"]] == ["B01", "B04"]


def test_a_corrected_birth_date_is_held_against_the_limits_and_ratios_that_stay_R7_13(insurer):
    made = insurer.put(elderly(ratios=[ratio(20)], limits=[limit("B04")]), at("E-born"))
    refused_fields(patch(insurer, "E-born", {"birth_date": "1980-05-17"}),
                   {"/ratios/0/valid_from": "not_together", "/limits/0/category": "not_together"})
    assert insurer.get(at("E-born")).body == made.body
    insurer.put(record(limits=[limit("A03")]), at("E-young"))
    refused_fields(patch(insurer, "E-young", {"birth_date": "1953-05-17"}), {"/limits/0/category": "not_together"})
    assert patch(insurer, "E-young", {"birth_date": "1981-05-17"}).status == 200


def test_limits_with_a_day_in_common_are_refused_and_neighbours_are_not_R3_5(insurer):
    for number, (first, second) in enumerate([(("2025-08-01", "2026-07-31"), ("2026-07-31", None)), (("2025-08-01", None), ("2026-08-01", None)),
                                              (("2026-08-01", "2026-08-01"), ("2026-08-01", "2026-08-01"))]):
        refused_fields(insurer.put(record(limits=[limit("A03", *first), limit("A04", *second)]), at(f"E-overlap{number}")),
                       {"/limits/1/valid_from": "not_together"})
    assert insurer.put(record(limits=[limit("A03", "2025-08-01", "2026-07-31"), limit("A04")]), at("E-beside")).status == 201
    refused_fields(patch(insurer, "E-beside", {"limits": [limit("A04"), limit("A03", "2025-08-01", "2026-08-01")]}),
                   {"/limits/1/valid_from": "not_together"})


def versions(insurer, member_id, part):
    return [(v["value"], v["known_from"], v["known_until"]) for v in insurer.get(at(member_id, "/history")).json["versions"] if v["part"] == part]


def test_a_changed_limit_is_history_has_a_new_version_and_the_desk_can_ask_what_was_known_R3_4(insurer, database, start, token):
    made = insurer.put(record(limits=[limit("A03", certificate="01")]), at("E-history"))
    old = made.header("ETag")
    changed = patch(insurer, "E-history", {"limits": [limit("A05", certificate="02", long_stay_from="2026-09-01")]})
    assert changed.status == 200 and changed.header("ETag") != old
    refused(patch(insurer, "E-history", {"limits": []}, headers={"If-Match": old}), 412, "precondition_failed")
    (before, _, until), (after, since, still) = versions(insurer, "E-history", "limit")
    assert (before, after) == (limit("A03", certificate="01"), limit("A05", certificate="02", long_stay_from="2026-09-01"))
    assert until == since and still is None
    with Client(start(on=database, now="2026-11-22T11:00:00+09:00"), token) as later:
        for known_at, category in ((NOW, "A03"), (since, "A05")):
            answer = later.check("eligibility_certificate", **keys_of(insurer, made.json), known_at=known_at, consents=AGREED)
            assert answer.json["limit"]["category"] == category
    gone = patch(insurer, "E-history", {"limits": []}, headers={"If-Match": changed.header("ETag")})
    assert gone.json["limits"] == [] and all(known_until for *_, known_until in versions(insurer, "E-history", "limit"))
    again = patch(insurer, "E-history", {"limits": []})
    assert (again.body, again.header("ETag")) == (gone.body, gone.header("ETag"))
    assert database.value("SELECT shikaku.compare_standings()") == 0


def test_a_long_stay_and_the_kind_of_certificate_are_kept_corrected_and_taken_back(insurer):
    insurer.put(record(limits=[limit("A05", certificate="02", long_stay_from="2026-09-01")]), at("E-stay"))
    for change in ({"long_stay_from": "2026-10-01"}, {"long_stay_from": None}, {"certificate": "03"}, {"certificate": None}):
        expected = {**insurer.get(at("E-stay")).json["limits"][0], **change}
        assert patch(insurer, "E-stay", {"limits": [expected]}).json["limits"] == [expected]
    assert len(versions(insurer, "E-stay", "limit")) == 5
    for wrong, code in (("1980-05-16", "out_of_range"), ("2026-02-30", "wrong_form"), ("9999-99-99", "wrong_form")):
        refused_fields(patch(insurer, "E-stay", {"limits": [limit("A05", long_stay_from=wrong)]}, wrong=code == "wrong_form"),
                       {"/limits/0/long_stay_from": code})


def disease(category="1", self_pay=None, valid_from="2026-08-01", valid_until=None):
    return {"category": category, "self_pay": self_pay, "valid_from": valid_from, "valid_until": valid_until}


def test_what_a_disease_costs_is_within_its_bounds_and_each_change_is_history_R7_6(insurer):
    insurer.put(record(specific_diseases=[disease()]), at("E-ill"))
    for self_pay in (0, 1, 1000000, None):
        assert patch(insurer, "E-ill", {"specific_diseases": [disease(self_pay=self_pay)]}).json["specific_diseases"] == [disease(self_pay=self_pay)]
    for self_pay, code in ((1000001, "out_of_range"), (10 ** 18, "out_of_range"), (-1, "wrong_form")):
        refused_fields(patch(insurer, "E-ill", {"specific_diseases": [disease("2"), disease(self_pay=self_pay)]}, wrong=True),
                       {"/specific_diseases/1/self_pay": code})
    assert [value["self_pay"] for value, *_ in versions(insurer, "E-ill", "specific_disease")] == [None, 0, 1, 1000000, None]
    refused_fields(patch(insurer, "E-ill", {"specific_diseases": [disease(), disease("2"), disease(valid_from="2027-01-01")]}),
                   {"/specific_diseases/2/valid_from": "not_together"})


# Files.

def send(sender, *lines):
    """What came of a file with these lines, and its errors."""
    sent = sender.send(as_csv(lines))
    assert sent.status == 202, sent
    return sender.wait(sent), sender.errors(sent)


@pytest.fixture
def sender(service, database, insurer):
    one = Sender(service, database, insurer.number, insurer.token)
    yield one
    one.client.close()


OLD = {"birth_date": "1953-05-17"}
LATE_70 = {**OLD, "limit_valid_from": "2026-08-01"}


@pytest.mark.parametrize("fields, column, value_class, reason", [
    ({"limit_category": "B04", "limit_valid_from": "2026-08-01"}, "limit_category", "ascii", "not_together"),
    ({**LATE_70, "limit_category": "A03"}, "limit_category", "ascii", "not_together"),
    ({**LATE_70, "limit_category": "B09"}, "limit_category", "ascii", "not_together"),
    ({**LATE_70, "limit_category": "B02", "ratio_percent": "20", "ratio_valid_from": "2026-09-01"}, "limit_category", "ascii", "not_together"),
    ({**OLD, "limit_category": "A03", "limit_valid_from": "2022-08-01", "limit_valid_until": "2023-06-01"}, "limit_valid_until", "date", "not_together"),
    ({"limit_category": "A03", "limit_valid_from": "2026-08-01", "limit_long_stay_from": "1950-01-01"}, "limit_long_stay_from", "date", "out_of_range"),
    ({"disease_category": "1", "disease_valid_from": "2026-08-01", "disease_self_pay": "1000001"}, "disease_self_pay", "digits", "out_of_range"),
])
def test_a_line_of_a_file_is_held_to_the_same_rules_and_its_column_named_R7_13(sender, fields, column, value_class, reason):
    assert send(sender, row(**fields)) == (("failed", "rows_refused"), [(2, column, value_class, reason)])


def test_a_line_that_changes_only_the_ratio_or_only_the_category_fits_what_is_on_record_R7_13(sender, insurer):
    member = row(**OLD, ratio_percent="20", ratio_valid_from="2026-08-01")
    assert send(sender, member) == (("succeeded", None), [])
    alone = {name: value for name, value in member.items() if not name.startswith("ratio")}
    upper = {"limit_category": "B01", "limit_valid_from": "2026-08-01"}
    assert send(sender, {**alone, **upper}) == (("failed", "rows_refused"), [(2, "limit_category", "ascii", "not_together")])
    assert send(sender, {**member, "ratio_percent": "30"}) == (("succeeded", None), [])
    assert send(sender, {**alone, **upper}) == (("succeeded", None), [])
    assert send(sender, member) == (("failed", "rows_refused"), [(2, "ratio_percent", "digits", "not_together")])
    shown = insurer.get(at(member["member_id"])).json
    assert (shown["ratios"], shown["limits"]) == ([ratio(30)], [limit("B01")])
    assert patch(insurer, member["member_id"], {"address": "東京都資格区2"}).status == 200


def test_what_a_file_left_of_a_limit_can_be_changed_over_REST_R7_13(sender, insurer, database):
    """The file's next category ends the one without an end, where 70 was reached."""
    member = row(**OLD, limit_category="A03", limit_valid_from="2020-08-01")
    assert send(sender, member)[0] == send(sender, {**member, "limit_category": "B04", "limit_valid_from": "2026-08-01"})[0] == ("succeeded", None)
    changed = patch(insurer, member["member_id"], {"address": "東京都資格区2"})
    assert changed.status == 200, changed
    assert changed.json["limits"] == [limit("A03", "2020-08-01", "2023-05-31"), limit("B04")]
    assert database.value("SELECT shikaku.compare_standings()") == 0
