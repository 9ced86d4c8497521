"""An insurer's staff register, correct and end one member at a time (R3), and the desk answers by it at once."""

import pytest

from api_insurers import new_insurer
from api_members import NOW, at, dependant_of, elderly, keys_of, period, record
from api_people import KOUKI
from support import Client
from test_api_requests import refused, refused_fields

WHOLE = {
    "name": "資格　花子", "name_kana": "シカク　ハナコ", "name_other": "リ　ピン", "name_other_kana": "リ　ピン", "sex": "female", "sex_on_face": "unspecified",
    "birth_date": "1953-05-17", "postal_code": "100-0001", "address": "東京都資格区確認町1-2-3", "household_head": "資格　太郎", "workplace_id": "W-1",
    "non_disclosure": False, "self_information_stopped": False,
    "memberships": [
        {"relationship": "insured", "insured_member_id": None, "symbol": "１２３", "number": "0 4567890", "branch_number": "00", "acquired_on": "2010-04-01",
         "lost_on": "2015-04-01", "loss_reason": "03"},
        {"relationship": "insured", "insured_member_id": None, "symbol": None, "number": "46", "branch_number": None, "acquired_on": "2020-04-01",
         "lost_on": None, "loss_reason": None}],
    "ratios": [{"percent": 30, "valid_from": "2026-08-01", "valid_until": None}],
    "limits": [{"category": "B01", "certificate": "01", "valid_from": "2026-08-01", "valid_until": "2027-07-31", "long_stay_from": None},
               {"category": "B05", "certificate": None, "valid_from": "2025-08-01", "valid_until": "2026-07-31", "long_stay_from": "2025-09-01"}],
    "specific_diseases": [{"category": "1", "self_pay": 10000, "valid_from": "2024-02-01", "valid_until": None},
                          {"category": "2", "self_pay": None, "valid_from": "2024-03-01", "valid_until": "2026-03-31"}],
    "eligibility_certificates": [{"number": "第17号", "issued_on": "2025-12-02", "valid_from": "2025-12-02", "valid_until": "2030-11-30"}],
}


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def check(desk, insurer, document, **more):
    place = more.pop("place", -1)
    return desk.check("eligibility_certificate", **keys_of(insurer, document, place), **more)


def test_the_whole_life_of_a_member(insurer, desk):
    made = insurer.put(record(address="東京都資格区1"), at("E-1"))
    assert made.status == 201 and made.json["link"]["state"] == "pending"
    answer = check(desk, insurer, made.json)
    assert answer.json["validity"] == "valid" and answer.json["qualification"]["name"] == made.json["name"]
    assert "link_not_confirmed" in answer.reasons, "typed keys are answered as registered (R8.3)"

    moved = insurer.client.request("PATCH", insurer.path + at("E-1"), {"address": "大阪府資格区2"})
    assert (moved.status, moved.json["address"], moved.json["name"]) == (200, "大阪府資格区2", made.json["name"])
    assert check(desk, insurer, moved.json).json["qualification"]["address"] == "大阪府資格区2"

    ended = insurer.post({"lost_on": "2026-11-01", "loss_reason": "03"}, at("E-1", "/loss"))
    assert ended.status == 200 and ended.json["memberships"][0]["lost_on"] == "2026-11-01"
    answer = check(desk, insurer, ended.json)
    assert answer.json["validity"] == "invalid" and answer.reasons[0] == "membership_ended"

    back = insurer.post(None, at("E-1", "/reinstatement"))
    assert back.status == 200 and back.json["memberships"] == made.json["memberships"]
    assert check(desk, insurer, back.json).json["validity"] == "valid"
    assert insurer.get(at("E-1")).body == back.body

    told = insurer.get(at("E-1", "/history"))
    assert told.status == 200 and told.header("Cache-Control") == "no-store"
    assert [(v["part"], v["known_until"] is None) for v in told.json["versions"]] == [
        ("person", False), ("membership", False), ("person", True), ("membership", False), ("membership", True)]


def test_every_field_is_kept_as_it_was_sent_and_shown_in_the_order_of_time(insurer):
    insurer.put({"name": "資格電機"}, "/workplaces/W-1")
    made = insurer.put(WHOLE, at("E-1"))
    assert made.status == 201
    shown = made.json
    assert shown["limits"] == WHOLE["limits"][::-1]
    assert shown["eligibility_certificates"] == [{**WHOLE["eligibility_certificates"][0], "state": "issued"}]
    assert {name: shown[name] for name in WHOLE if name not in ("limits", "eligibility_certificates")} == \
        {name: value for name, value in WHOLE.items() if name not in ("limits", "eligibility_certificates")}
    assert {name: shown[name] for name in shown if name not in WHOLE} == {
        "member_id": "E-1", "individual_number_last4": None, "link": {"state": "pending", "mismatched": [], "decided_at": None},
        "registered_at": NOW, "changed_at": NOW}


def test_what_is_left_out_has_no_value_and_null_or_blank_is_as_good_as_nothing(insurer):
    least = insurer.put(record(), at("E-1")).json
    nothing = [name for name, value in least.items() if value is None]
    assert nothing == ["name_other", "name_other_kana", "sex_on_face", "postal_code", "address", "household_head", "workplace_id",
                       "individual_number_last4"]
    assert (least["non_disclosure"], least["self_information_stopped"]) == (False, False)
    assert all(least[part] == [] for part in ("ratios", "limits", "specific_diseases", "eligibility_certificates"))
    for value in (None, "", "　 "):
        again = insurer.put(record(**{**least, "address": value, "memberships": [{**least["memberships"][0], "insured_member_id": value}]}), at("E-1"))
        assert (again.status, again.json) == (200, least)


def test_the_same_again_is_the_same_version_and_so_is_a_record_as_it_came(insurer):
    insurer.put({"name": "資格電機"}, "/workplaces/W-1")
    made = insurer.put(WHOLE, at("E-1"))
    again, as_it_came = insurer.put(WHOLE, at("E-1")), insurer.put(made.json, at("E-1"))
    for answer in (again, as_it_came, insurer.get(at("E-1"))):
        assert (answer.status, answer.body, answer.header("ETag")) == (200, made.body, made.header("ETag"))
    assert len(insurer.get(at("E-1", "/history")).json["versions"]) == 9


@pytest.mark.parametrize("given, stored", [
    ({"name_kana": "ｼｶｸ ﾊﾅｺ"}, {"name_kana": "シカク ハナコ"}), ({"name_kana": "しかく　はなこ"}, {"name_kana": "シカク　ハナコ"}),
    ({"postal_code": "1000001"}, {"postal_code": "100-0001"}), ({"name": " 資格　花子　"}, {"name": "資格　花子"}),
])
def test_what_can_be_spelled_in_several_ways_is_kept_in_one(insurer, given, stored):
    shown = insurer.put(record(**given), at("E-1")).json
    assert {name: shown[name] for name in stored} == stored


def test_a_number_is_printed_as_registered_and_found_however_it_is_typed_R2_2(insurer, desk):
    made = insurer.put(record(period(symbol="協会－１２", number="0 4５")), at("E-1")).json
    assert (made["memberships"][0]["symbol"], made["memberships"][0]["number"]) == ("協会－１２", "0 4５")
    found = desk.check("eligibility_certificate", insurer_number=insurer.number, symbol="協会-12", number="045", branch_number="00",
                       birth_date="1980-05-17")
    assert found.json["qualification"]["number"] == "0 4５"


def test_who_is_registered_by_POST_must_be_new(insurer):
    body = record(member_id="E-1")
    made = insurer.post(body, "/members")
    assert made.status == 201 and made.json["member_id"] == "E-1" and made.header("ETag")
    assert insurer.get(at("E-1")).body == made.body
    refused(insurer.post(body, "/members"), 409, "member_exists")
    refused_fields(insurer.post({**body, "member_id": None}, "/members", wrong=True), {"/member_id": "required"})
    refused_fields(insurer.post({**body, "member_id": "a b"}, "/members", wrong=True), {"/member_id": "wrong_form"})


def test_a_loss_sent_twice_is_one_and_another_day_corrects_it(insurer):
    insurer.put(record(), at("E-1"))
    ended = insurer.post({"lost_on": "2026-10-01", "loss_reason": "03"}, at("E-1", "/loss"))
    again = insurer.post({"lost_on": "2026-10-01", "loss_reason": "03"}, at("E-1", "/loss"))
    assert (again.status, again.body, again.header("ETag")) == (200, ended.body, ended.header("ETag"))
    corrected = insurer.post({"lost_on": "2026-11-01", "loss_reason": "99"}, at("E-1", "/loss")).json["memberships"][0]
    assert (corrected["lost_on"], corrected["loss_reason"]) == ("2026-11-01", "99")


def test_of_several_memberships_the_latest_is_ended_and_reinstated(insurer):
    made = insurer.put(record(period("2020-04-01"), period("2010-04-01", "2015-04-01", "03")), at("E-1")).json
    ended = insurer.post({"lost_on": "2026-10-01", "loss_reason": "01"}, at("E-1", "/loss")).json["memberships"]
    assert [p["lost_on"] for p in ended] == ["2015-04-01", "2026-10-01"]
    assert insurer.post({}, at("E-1", "/reinstatement")).json["memberships"] == made["memberships"]
    still = insurer.post({}, at("E-1", "/reinstatement"))
    assert still.status == 200 and still.json["memberships"] == made["memberships"], "who has not left is not reinstated"


def test_a_member_without_a_membership_cannot_lose_it(insurer):
    insurer.put(record(memberships=[]), at("E-1"))
    refused_fields(insurer.post({"lost_on": "2026-10-01", "loss_reason": "03"}, at("E-1", "/loss")), {"/lost_on": "not_together"})
    assert insurer.post(None, at("E-1", "/reinstatement")).json["memberships"] == []


def test_a_loss_needs_a_day_after_the_acquisition_and_a_reason(insurer):
    insurer.put(record(), at("E-1"))

    def lose(expected, wrong=True, **body):
        refused_fields(insurer.post(body, at("E-1", "/loss"), wrong=wrong), expected)

    lose({"/lost_on": "out_of_range"}, wrong=False, lost_on="2020-04-01", loss_reason="03")
    lose({"/lost_on": "required", "/loss_reason": "required"})
    lose({"/lost_on": "required", "/loss_reason": "required"}, lost_on=None, loss_reason=None)
    lose({"/lost_on": "wrong_form", "/loss_reason": "not_one_of"}, lost_on="", loss_reason="04")
    lose({"/reason": "unknown_field", "/loss_reason": "required"}, lost_on="2026-10-01", reason="03")
    refused_fields(insurer.post({"lost_on": None}, at("E-1", "/reinstatement"), wrong=True), {"/lost_on": "unknown_field"})


def test_a_patch_changes_what_it_names_and_leaves_the_rest(insurer):
    made = insurer.put(elderly(address="東京都資格区1", name_other="リ　ピン"), at("E-1")).json

    def patch(body, kind="application/merge-patch+json", **more):
        return insurer.client.request("PATCH", insurer.path + at("E-1"), body, headers={"Content-Type": kind}, **more)

    assert patch({}).json == made
    changed = patch({"address": None, "sex": "male", "ratios": [{"percent": 30, "valid_from": "2026-08-01"}]}).json
    assert changed == {**made, "address": None, "sex": "male", "ratios": [{"percent": 30, "valid_from": "2026-08-01", "valid_until": None}],
                       "changed_at": changed["changed_at"]}
    assert patch({"ratios": None}, kind="application/json").json["ratios"] == []
    refused_fields(patch({"memberships": None}, wrong=True), {"/memberships": "required"})
    refused_fields(patch({"name": None}, wrong=True), {"/name": "required"})
    refused_fields(patch({"member_id": "E-2"}), {"/member_id": "not_one_of"})
    refused_fields(patch({"link": {"state": "linked"}, "nick_name": "x"}, wrong=True), {"/nick_name": "unknown_field"})
    assert patch({"link": {"state": "linked", "mismatched": [], "decided_at": NOW}}).json["link"]["state"] == "pending", "the register decides"
    refused(insurer.client.request("PATCH", insurer.path + at("nobody"), {"sex": "male"}), 404, "no_such_member")


# What a correction does to what was known (R3.4).

def test_before_a_correction_the_old_answer_holds_R3_4(insurer, desk, database, start):
    made = insurer.put(elderly(), at("E-1")).json
    corrected = insurer.put({**made, "ratios": [{"percent": 30, "valid_from": "2026-08-01", "valid_until": None}]}, at("E-1"))
    assert corrected.status == 200
    assert check(desk, insurer, made).json["copayment"]["ratio_percent"] == 30
    assert check(desk, insurer, made, known_at=NOW).json["copayment"]["ratio_percent"] == 20, "as it was known in that moment"

    insurer.post({"lost_on": "2026-11-01", "loss_reason": "03"}, at("E-1", "/loss"))
    assert check(desk, insurer, made).json["validity"] == "invalid"
    then = check(desk, insurer, made, known_at=NOW).json
    assert (then["validity"], then["copayment"]["ratio_percent"]) == ("valid", 20)
    assert database.value("SELECT shikaku.compare_standings()") == 0


def test_what_the_history_tells_can_be_asked_for_R3_4(insurer, database, start, token):
    made = insurer.put(elderly(), at("E-1")).json
    insurer.put({**made, "ratios": [{"percent": 30, "valid_from": "2026-08-01", "valid_until": None}]}, at("E-1"))
    first, second = [v for v in insurer.get(at("E-1", "/history")).json["versions"] if v["part"] == "ratio"]
    assert first["known_until"] == second["known_from"]
    with Client(start(on=database, now="2026-11-22T11:00:00+09:00"), token) as later:
        for version in (first, second):
            then = later.check("eligibility_certificate", **keys_of(insurer, made), known_at=version["known_from"]).json
            assert then["copayment"]["ratio_percent"] == version["value"]["percent"]


def test_a_corrected_day_of_acquisition_corrects_the_membership_and_is_no_new_one(insurer, database):
    made = insurer.put(record(period("2020-04-01", number="7700991")), at("E-1")).json
    shown = insurer.put({**made, "memberships": [{**made["memberships"][0], "acquired_on": "2020-05-01"}]}, at("E-1")).json
    assert [p["acquired_on"] for p in shown["memberships"]] == ["2020-05-01"]
    assert database.value("SELECT count(DISTINCT membership_id) FROM shikaku.memberships_history WHERE number = '7700991'") == 1
    versions = [v for v in insurer.get(at("E-1", "/history")).json["versions"] if v["part"] == "membership"]
    assert [(v["value"]["acquired_on"], v["known_until"] is None) for v in versions] == [("2020-04-01", False), ("2020-05-01", True)]


def test_a_membership_registered_by_mistake_is_withdrawn_and_still_told(insurer, desk):
    made = insurer.put(record(period("2010-04-01", "2015-04-01", "03"), period("2020-04-01")), at("E-1")).json
    shown = insurer.put({**made, "memberships": made["memberships"][:1]}, at("E-1")).json
    assert [p["acquired_on"] for p in shown["memberships"]] == ["2010-04-01"]
    assert check(desk, insurer, made).json["validity"] == "not_found"
    versions = [v for v in insurer.get(at("E-1", "/history")).json["versions"] if v["part"] == "membership"]
    assert [(v["value"]["acquired_on"], v["known_until"] is None) for v in versions] == [("2010-04-01", True), ("2020-04-01", False)]


# Dependants (R3.3).

def test_a_dependant_has_an_insured_person_whose_end_is_theirs_R3_3(insurer, desk):
    insurer.put(record(name="本人　太郎"), at("E-1"))
    made = insurer.put(record(dependant_of("E-1", branch_number="01"), birth_date="2015-07-02"), at("E-2"))
    assert made.status == 201 and made.json["memberships"][0]["insured_member_id"] == "E-1"
    answer = check(desk, insurer, made.json).json
    assert (answer["validity"], answer["qualification"]["insured_name"]) == ("valid", "本人　太郎")
    insurer.post({"lost_on": "2026-11-01", "loss_reason": "03"}, at("E-1", "/loss"))
    assert check(desk, insurer, made.json).json["validity"] == "invalid"
    insurer.post({}, at("E-1", "/reinstatement"))
    assert check(desk, insurer, made.json).json["validity"] == "valid"


@pytest.mark.parametrize("insured, acquired", [("nobody", "2020-04-01"), ("E-1", "2020-03-31"), ("E-1", "2025-04-01"), ("E-3", "2020-04-01")])
def test_a_dependant_of_nobody_who_is_insured_then_is_refused_R3_3(insurer, insured, acquired):
    insurer.put(record(period("2020-04-01", "2025-04-01", "03")), at("E-1"))
    insurer.put(record(dependant_of("E-1")), at("E-3"))
    refused_fields(insurer.put(record(period("2010-04-01", "2011-04-01", "03"), dependant_of(insured, acquired)), at("E-2")),
                   {"/memberships/1/insured_member_id": "not_found"})
    refused(insurer.get(at("E-2")), 404, "no_such_member")


def test_a_membership_on_which_others_rest_is_not_withdrawn(insurer):
    made = insurer.put(record(), at("E-1")).json
    insurer.put(record(dependant_of("E-1")), at("E-2"))
    refused(insurer.put({**made, "memberships": []}, at("E-1")), 409, "member_in_use")
    insurer.put(record(eligibility_certificates=[{"number": None, "issued_on": "2025-12-02", "valid_from": "2025-12-02", "valid_until": "2030-11-30"}]),
                at("E-3"))
    refused(insurer.put(record(memberships=[]), at("E-3")), 409, "member_in_use")
    assert insurer.get(at("E-1")).json == made


# What the flags and papers do.

def test_who_is_protected_has_no_address_in_any_answer_R14(insurer, desk):
    made = insurer.put(record(address="東京都資格区1", non_disclosure=True), at("E-1")).json
    answer = check(desk, insurer, made)
    assert answer.json["qualification"]["address"] is None and "資格区1" not in answer.text
    assert insurer.get(at("E-1")).json["address"] == "東京都資格区1", "the insurer still knows it"


def test_a_certificate_issued_elsewhere_is_known_at_the_desk_R10_4(insurer, desk):
    known = {"number": "17", "issued_on": "2025-12-02", "valid_from": "2025-12-02", "valid_until": "2030-11-30"}
    made = insurer.put(record(eligibility_certificates=[known]), at("E-1")).json
    assert "certificate_not_on_record" not in check(desk, insurer, made).reasons
    newer = {**known, "number": "18", "issued_on": "2026-10-01", "valid_from": "2026-10-01"}
    shown = insurer.put({**made, "eligibility_certificates": [newer]}, at("E-1")).json["eligibility_certificates"]
    assert [(c["number"], c["state"]) for c in shown] == [("17", "replaced"), ("18", "issued")]


def test_the_late_elderly_have_neither_symbol_nor_branch_number_R2_2(database, service, desk):
    insurer = new_insurer(database, service, prefix="39")
    with insurer.client:
        made = insurer.put(record(period(symbol=None, branch_number=None), birth_date="1940-01-01", ratios=[{"percent": 10, "valid_from": "2026-08-01"}],
                                  limits=[{"category": "B10", "valid_from": "2026-08-01"}]), at("E-1"))
        assert made.status == 201
        asked = {"insurer_number": insurer.number, "number": made.json["memberships"][0]["number"], "birth_date": "1940-01-01"}
        assert desk.check("eligibility_certificate", **asked).json["copayment"]["ratio_percent"] == 10
    assert insurer.number[:2] == KOUKI[:2]


def test_a_national_insurer_is_named_with_six_digits_too_R2_1(database, service):
    insurer = new_insurer(database, service, prefix="00", printed=6)
    with insurer.client as client:
        made = client.request("PUT", f"/v1/insurers/{insurer.number[2:]}/members/E-1", record())
        assert made.status == 201 and insurer.get(at("E-1")).body == made.body


def test_a_member_is_known_by_the_id_that_the_path_encodes(insurer):
    for member_id, written in (("社員-12", "%E7%A4%BE%E5%93%A1-12"), ("a+b%c?d", "a+b%25c%3Fd"), ("x" * 64, "x" * 64)):
        made = insurer.put(record(), at(written))
        assert made.status == 201 and made.json["member_id"] == member_id
        assert insurer.get(at(written)).body == made.body


def test_only_members_of_the_tokens_own_insurer_are_there(insurer, database, service, token):
    other = new_insurer(database, service)
    with other.client:
        made = other.put(record(), at("E-1"))
        refused(insurer.get(at("E-1")), 404, "no_such_member")
        for method, path, body in [("GET", at("E-1"), None), ("PUT", at("E-1"), record()), ("PATCH", at("E-1"), {"sex": "male"}),
                                   ("POST", "/members", record(member_id="E-9")), ("POST", at("E-1", "/loss"), {"lost_on": "2026-10-01", "loss_reason": "03"}),
                                   ("POST", at("E-1", "/reinstatement"), {}), ("GET", at("E-1", "/history"), None)]:
            refused(insurer.client.request(method, other.path + path, body), 403, "not_your_insurer")
            with Client(service, token) as clinic:
                refused(clinic.request(method, other.path + path, body), 403, "scope_missing")
            with Client(service) as nobody:
                refused(nobody.request(method, other.path + path, body, wrong=True), 401, "token_missing")
        assert other.get(at("E-1")).body == made.body
        assert insurer.put(record(), at("E-1")).status == 201, "another insurer's id is free here"


def test_nobody_is_found_by_an_id_that_there_is_not(insurer):
    for member_id in ("nobody", "a%20b", "x" * 65, "%FF", "%00", "..%2Fx"):
        wrong = member_id != "nobody"
        answer = insurer.get(at(member_id), wrong=wrong)
        assert answer.status in (400, 404)
        if member_id == "nobody":
            refused(answer, 404, "no_such_member")
            refused(insurer.get(at(member_id, "/history")), 404, "no_such_member")
            refused(insurer.post({"lost_on": "2026-10-01", "loss_reason": "03"}, at(member_id, "/loss")), 404, "no_such_member")
            refused(insurer.post(None, at(member_id, "/reinstatement")), 404, "no_such_member")
    refused_fields(insurer.put(record(), at("a%20b"), wrong=True), {"/member_id": "wrong_form"})

