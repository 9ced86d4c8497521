"""What cannot be in a member's record is refused with its place, all at once, and nothing of it is kept."""

import json

import pytest

from api_insurers import new_insurer
from api_members import NUMBER, at, dependant_of, elderly, period, record
from test_api_requests import refused, refused_fields


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


def put_at(body, pointer, value):
    *path, last = [int(part) if part.isdigit() else part for part in pointer[1:].split("/")]
    inner = body
    for name in path:
        inner = inner[name]
    if value is ...:
        inner.pop(last, None)
    else:
        inner[last] = value
    return body


def whole():
    return elderly(limits=[{"category": "B04", "certificate": None, "valid_from": "2026-08-01", "valid_until": None, "long_stay_from": None}],
                   specific_diseases=[{"category": "1", "self_pay": 10000, "valid_from": "2024-02-01", "valid_until": None}],
                   eligibility_certificates=[{"number": "1", "issued_on": "2025-12-02", "valid_from": "2025-12-02", "valid_until": "2030-11-30"}])


TEXTS = ["/name", "/name_kana", "/name_other", "/name_other_kana", "/sex", "/sex_on_face", "/birth_date", "/postal_code", "/address", "/household_head",
         "/workplace_id", "/individual_number", "/member_id",
         *(f"/memberships/0/{name}" for name in ("relationship", "insured_member_id", "symbol", "number", "branch_number", "acquired_on", "lost_on",
                                                 "loss_reason")),
         "/ratios/0/valid_from", "/ratios/0/valid_until", "/limits/0/category", "/limits/0/certificate", "/limits/0/valid_from",
         "/limits/0/valid_until", "/limits/0/long_stay_from", "/specific_diseases/0/category", "/specific_diseases/0/valid_from",
         "/specific_diseases/0/valid_until", *(f"/eligibility_certificates/0/{name}" for name in ("number", "issued_on", "valid_from", "valid_until"))]
LISTS = ["/memberships", "/ratios", "/limits", "/specific_diseases", "/eligibility_certificates"]


@pytest.mark.parametrize("pointers, values", [
    (TEXTS, [1, True, [], {}]), (["/non_disclosure", "/self_information_stopped"], ["true", 1, [], {}]),
    (["/ratios/0/percent", "/specific_diseases/0/self_pay"], ["20", 20.0, True, [], {}]), (LISTS, ["x", 1, True, {}]),
    ([f"{name}/0" for name in LISTS], ["x", 1, True, [], None]),
])
def test_a_value_of_the_wrong_type_is_named_and_never_converted(insurer, pointers, values):
    for pointer in pointers:
        for value in values:
            refused_fields(insurer.put(put_at(whole(), pointer, value), at("E-1"), wrong=True), {pointer: "wrong_type"})


REQUIRED = ["/name", "/name_kana", "/sex", "/birth_date", "/memberships", "/memberships/0/relationship", "/memberships/0/number",
            "/memberships/0/acquired_on", "/ratios/0/percent", "/ratios/0/valid_from", "/limits/0/category", "/limits/0/valid_from",
            "/specific_diseases/0/category", "/specific_diseases/0/valid_from",
            *(f"/eligibility_certificates/0/{name}" for name in ("issued_on", "valid_from", "valid_until"))]


@pytest.mark.parametrize("value", [..., None])
def test_what_is_required_is_missed_and_null_is_as_absent(insurer, value):
    for pointer in REQUIRED:
        refused_fields(insurer.put(put_at(whole(), pointer, value), at("E-1"), wrong=True), {pointer: "required"})


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(insurer):
    answer = insurer.put({"name": "", "sex": "x", "birth_date": "1980-02-30", "memberships": [{}, {"number": "1", "acquired_on": "2020-13-01"}]},
                         at("E-2"), wrong=True)
    refused_fields(answer, {"/name": "required", "/name_kana": "required", "/sex": "not_one_of", "/birth_date": "wrong_form",
                            "/memberships/0/relationship": "required", "/memberships/0/number": "required",
                            "/memberships/0/acquired_on": "required", "/memberships/1/relationship": "required",
                            "/memberships/1/acquired_on": "wrong_form"})
    refused(insurer.get(at("E-2")), 404, "no_such_member")


def test_a_field_that_there_is_not_is_named(insurer):
    body = whole()
    body["nickname"] = "x"
    body["memberships"][0]["a/b~c"] = 1
    body["limits"][0]["state"] = "issued"
    refused_fields(insurer.put(body, at("E-1"), wrong=True),
                   {"/nickname": "unknown_field", "/memberships/0/a~1b~0c": "unknown_field", "/limits/0/state": "unknown_field"})


FAULTS = [
    ("/name", "x" * 201, "too_long"), ("/name", "a\tb", "wrong_form"), ("/name", "a\0b", "wrong_form"), ("/name_kana", "健保", "wrong_form"),
    ("/name_other_kana", "ﾞ", "wrong_form"), ("/sex", "2", "not_one_of"), ("/sex_on_face", "x", "not_one_of"),
    ("/birth_date", "2026-11-23", "out_of_range"), ("/birth_date", "1868-01-24", "out_of_range"), ("/birth_date", "S28-05-17", "wrong_form"),
    ("/postal_code", "100-001", "wrong_form"), ("/address", "\n", "wrong_form"), ("/household_head", "長" * 201, "too_long"),
    ("/workplace_id", "a b", "wrong_form"), ("/workplace_id", "W-none", "not_found"), ("/member_id", "E-2", "not_one_of"),
    ("/individual_number", NUMBER, "not_accepted"),
    ("/memberships/0/relationship", "spouse", "not_one_of"), ("/memberships/0/insured_member_id", "E-2", "not_together"),
    ("/memberships/0/symbol", "1" * 121, "too_long"), ("/memberships/0/number", "\0", "wrong_form"), ("/memberships/0/branch_number", "1", "wrong_form"),
    ("/memberships/0/acquired_on", "1953-05-16", "out_of_range"), ("/memberships/0/acquired_on", "2020-04-31", "wrong_form"),
    ("/memberships/0/lost_on", "2020-04-01", "out_of_range"), ("/memberships/0/loss_reason", "03", "not_together"),
    ("/ratios/0/percent", 15, "not_one_of"), ("/ratios/0/percent", 10, "not_together"),
    ("/ratios/0/percent", -20, "not_one_of"), ("/ratios/0/valid_from", "2023-05-31", "not_together"),
    ("/ratios/0/valid_until", "2026-07-31", "out_of_range"), ("/ratios/0/valid_until", "9999-12-31", "out_of_range"),
    ("/limits/0/category", "A03", "not_together"), ("/limits/0/category", "B09", "not_together"), ("/limits/0/category", "B01", "not_together"),
    ("/limits/0/category", "C01", "not_one_of"), ("/limits/0/certificate", "04", "not_one_of"), ("/limits/0/valid_until", "2026-07-31", "out_of_range"),
    ("/limits/0/long_stay_from", "1953-05-16", "out_of_range"), ("/specific_diseases/0/category", "4", "not_one_of"),
    ("/specific_diseases/0/self_pay", -1, "wrong_form"), ("/specific_diseases/0/self_pay", 1000001, "out_of_range"),
    ("/specific_diseases/0/valid_until", "2024-01-31", "out_of_range"), ("/eligibility_certificates/0/valid_until", "2025-12-01", "out_of_range"),
    ("/eligibility_certificates/0/issued_on", "1953-05-16", "out_of_range"), ("/eligibility_certificates/0/number", "x" * 201, "too_long"),
]


@pytest.mark.parametrize("pointer, value, code", FAULTS)
def test_a_field_that_cannot_be_is_named_R2_R3_R7_13(insurer, pointer, value, code):
    answer = insurer.put(put_at(whole(), pointer, value), at("E-1"), wrong=True)
    refused_fields(answer, {pointer: code})
    assert str(value) not in answer.text or len(str(value)) < 5, "what was sent is not repeated"
    refused(insurer.get(at("E-1")), 404, "no_such_member")


def test_nobody_depends_on_oneself_R3_3(insurer):
    refused_fields(insurer.put(record(dependant_of("E-1")), at("E-1")), {"/memberships/0/insured_member_id": "not_together"})
    refused_fields(insurer.put(record(period(relationship="dependent")), at("E-1")), {"/memberships/0/insured_member_id": "required"})


def test_the_late_elderly_have_no_symbol_no_branch_number_and_no_dependants_R2_2(late):
    refused_fields(late.put(record(period()), at("E-1")),
                   {"/memberships/0/symbol": "not_together", "/memberships/0/branch_number": "not_together"})
    refused_fields(late.put(record(dependant_of("E-2", symbol=None, branch_number=None)), at("E-1")), {"/memberships/0/relationship": "not_together"})
    refused_fields(late.put(record(period(symbol=None, branch_number=None), limits=[{"category": "B04", "valid_from": "2026-08-01"}]), at("E-1")),
                   {"/limits/0/category": "not_together"})


@pytest.mark.parametrize("changes, pointer", [
    ({"memberships": [period("2020-04-01"), period("2010-04-01", "2020-04-02", "03")]}, "/memberships/1/acquired_on"),
    ({"memberships": [period("2010-04-01", "2015-04-01"), period("2010-04-01", "2012-04-01")]}, "/memberships/1/acquired_on"),
    ({"ratios": [{"percent": 20, "valid_from": "2025-08-01", "valid_until": "2026-08-01"}, {"percent": 30, "valid_from": "2026-08-01"}]}, "/ratios/1/valid_from"),
    ({"limits": [{"category": "B05", "valid_from": "2026-08-01"}, {"category": "B06", "valid_from": "2026-09-01"}]}, "/limits/1/valid_from"),
    ({"specific_diseases": [{"category": "1", "valid_from": "2024-01-01"}, {"category": "1", "valid_from": "2025-01-01"}]}, "/specific_diseases/1/valid_from"),
])
def test_what_a_member_has_one_at_a_time_of_has_no_day_in_common_R3_5(insurer, changes, pointer):
    refused_fields(insurer.put(elderly(**changes), at("E-1")), {pointer: "not_together"})


def test_two_diseases_may_be_treated_at_once_R7_6(insurer):
    both = [{"category": "1", "valid_from": "2024-01-01"}, {"category": "2", "valid_from": "2024-01-01"}]
    assert insurer.put(record(specific_diseases=both), at("E-both")).status == 201


def test_a_certificate_of_somebody_without_cover_is_refused_R10_4(insurer):
    certificate = {"number": None, "issued_on": "2025-12-02", "valid_from": "2025-12-02", "valid_until": "2030-11-30"}
    refused_fields(insurer.put(record(memberships=[], eligibility_certificates=[certificate]), at("E-1")),
                   {"/eligibility_certificates/0/valid_from": "not_together"})


def test_of_very_many_faults_the_first_are_told(insurer):
    answer = insurer.put(record(*([period(branch_number="1")] * 100)), at("E-1"), wrong=True)
    refused(answer, 422, "invalid_fields")
    assert len(answer.json["errors"]) == 32 and answer.json["errors"][31]["pointer"] == "/memberships/31/branch_number"


def test_a_list_has_its_bound_and_a_body_too(insurer):
    refused_fields(insurer.put(record(*([{}] * 101)), at("E-1"), wrong=True), {"/memberships": "too_long"})
    many = [period(f"{1981 + year}-04-01", f"{1981 + year}-05-01", "03") for year in range(45)]
    assert insurer.put(record(*many), at("E-many")).status == 201
    refused(insurer.put(record(address="x" * (128 * 1024)), at("E-1"), wrong=True), 413, "body_too_large")
    refused(insurer.post({"lost_on": "x" * 4096, "loss_reason": "03"}, at("E-1", "/loss"), wrong=True), 413, "body_too_large")


def test_a_body_that_is_no_record_is_refused(insurer):
    for body, code in (("", "not_json"), ("[]", "not_json"), ("{", "not_json"), ('{"name": "a", "name": "b"}', "duplicate_key"),
                       (b'{"name": "\xff"}', "bad_utf8")):
        for method, path in (("PUT", at("E-1")), ("PATCH", at("E-1")), ("POST", "/members"), ("POST", at("E-1", "/loss"))):
            refused(insurer.client.request(method, insurer.path + path, body, wrong=True), 400, code)
    refused(insurer.client.request("PUT", insurer.path + at("E-1"), json.dumps(record()), headers={"Content-Type": "text/csv"}, wrong=True), 415,
            "unsupported_media_type")
    refused(insurer.client.request("PUT", insurer.path + at("E-1"), record(), headers={"Content-Type": "application/merge-patch+json"}, wrong=True), 415,
            "unsupported_media_type")
    refused(insurer.client.request("PUT", insurer.path + at("E-1"), record(), headers={"Accept": "text/csv"}), 406, "not_acceptable")


def test_a_method_that_a_path_does_not_take_is_told(insurer):
    for method, path, allowed in (("DELETE", at("E-1"), "GET, HEAD, PUT, PATCH"), ("GET", at("E-1", "/loss"), "POST"), ("PUT", at("E-1", "/history"), "GET, HEAD")):
        answer = insurer.client.request(method, insurer.path + path, None, wrong=True)
        refused(answer, 405, "method_not_allowed")
        assert answer.header("Allow") == allowed
