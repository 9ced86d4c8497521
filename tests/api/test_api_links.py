"""誤登録防止 over REST: a number that is sent with a member is checked and gone; mismatches are listed, corrected, decided of; a member may
dispute their digits (R2.4, R8)."""

import time

import pytest

from api_cards import check_by_card
from api_insurers import new_insurer
from support import Client, numbers
from support.register import Register, busy

PATIENCE = 60


@pytest.fixture
def register():
    with Register() as register:
        yield register
        assert register.faults == []


@pytest.fixture
def service(start, register, believed, tmp_path):
    """By the real clock: what has to be asked again is due some time later."""
    return start(now=None, individual_number_key=numbers.Key(tmp_path).file, **believed.settings, **register.settings(tmp_path))


@pytest.fixture
def insurer(service):
    made = new_insurer(service.database, service)
    with made.client:
        yield made


def record(number=None, **changes):
    """A member as an insurer sends one; `...` leaves a field out."""
    told = {"name": "照合 花子", "name_kana": "ショウゴウ ハナコ", "sex": "female", "birth_date": "1980-05-17", "postal_code": "100-0001",
            "address": "東京都千代田区照合1-2-3", "individual_number": number,
            "memberships": [{"relationship": "insured", "symbol": "77", "number": "4321", "branch_number": "00", "acquired_on": "2020-04-01"}],
            **changes}
    return {name: value for name, value in told.items() if value is not ...}


def knows(register, number, code="code-1", **differs):
    """The register holds this of the person with that number."""
    told = record()
    register.people[number] = {**{name: told[name] for name in ("name", "name_kana", "birth_date", "address", "sex")},
                               "person_code": code, **differs}
    return number


def put(insurer, member_id, body, **more):
    answer = insurer.put(body, f"/members/{member_id}", **more)
    assert answer.status in (200, 201), answer
    return answer


def state_of(insurer, member_id):
    return insurer.get(f"/members/{member_id}").json["link"]["state"]


def wait_for(insurer, member_id, state):
    end = time.monotonic() + PATIENCE
    while state_of(insurer, member_id) != state:
        assert time.monotonic() < end, f"{member_id} stays {state_of(insurer, member_id)}"
        time.sleep(0.02)
    return insurer.get(f"/members/{member_id}").json


def mismatches(insurer, limit=100):
    return [item for page in insurer.pages("/link-mismatches", "mismatches", limit) for item in page]


def waiting(service):
    return service.database.value("SELECT count(*) FROM shikaku.pending_numbers")


def decide(insurer, member_id, **more):
    headers = more.pop("headers", None)
    wrong = more.pop("wrong", False)
    return insurer.post(more, f"/members/{member_id}/link-decision", headers=headers, wrong=wrong)


def dispute(insurer, member_id, wrong=False, **more):
    return insurer.post(more, f"/members/{member_id}/link-dispute", wrong=wrong)


def problem(answer):
    return answer.status, answer.json["code"]


def test_a_registered_member_is_linked_and_only_four_digits_stay_r8_1(insurer, register, service):
    number = knows(register, numbers.new_number())
    first = put(insurer, "E-1", record(number)).json
    assert first["link"]["state"] == "pending" or first["link"]["state"] == "linked"
    linked = wait_for(insurer, "E-1", "linked")
    assert linked["individual_number_last4"] == number[-4:] and linked["link"]["decided_at"] is not None
    assert waiting(service) == 0 and register.numbers() == [number]
    # Sent again it is not asked about again: it changes nothing.
    put(insurer, "E-1", record(number))
    assert state_of(insurer, "E-1") == "linked" and register.numbers() == [number]


def test_a_mismatch_is_listed_and_leaves_the_list_corrected(insurer, register, service):
    number = knows(register, numbers.new_number(), address="東京都千代田区照合9-9-9", sex="male")
    put(insurer, "E-1", record(number))
    wait_for(insurer, "E-1", "mismatch")
    assert [(item["member_id"], item["mismatched"], item["warned"], item["individual_number_last4"]) for item in mismatches(insurer)] == [
        ("E-1", ["address", "sex"], [], number[-4:])]
    put(insurer, "E-1", record(number, address="東京都千代田区照合9-9-9"))
    wait_for(insurer, "E-1", "linked")
    assert mismatches(insurer) == [] and waiting(service) == 0
    assert decide(insurer, "E-1", decision="accept").json["code"] == "nothing_to_decide"


def test_a_corrected_number_is_checked_too(insurer, register):
    wrong_one = knows(register, numbers.new_number(), "somebody else", name="別人 太郎", birth_date="1955-01-01")
    register.people[wrong_one]["person_code"] = "somebody-else"
    put(insurer, "E-1", record(wrong_one))
    assert wait_for(insurer, "E-1", "mismatch")["link"]["mismatched"] == ["name", "birth_date"]
    put(insurer, "E-1", record(knows(register, numbers.new_number())))
    wait_for(insurer, "E-1", "linked")


def test_an_accepted_mismatch_is_linked_and_its_card_works(insurer, register, service, believed):
    number = knows(register, numbers.new_number(), "person-7", address="別の住所")
    put(insurer, "E-1", record(number))
    wait_for(insurer, "E-1", "mismatch")
    card = believed.g1.card()
    serial = card.serial.to_bytes((card.serial.bit_length() + 7) // 8, "big").hex()
    register.cards[believed.g1.key_identifier.hex(), serial] = "person-7"
    with Client(service, service.database.token()) as desk:
        assert check_by_card(desk, card).reasons == ["card_not_registered"]
        said = decide(insurer, "E-1", decision="accept", note="住民票の写しを確認")
        assert (said.status, said.json["state"], said.json["decision"], said.json["note"]) == (200, "linked", "accept", "住民票の写しを確認")
        assert said.header("ETag") == insurer.get("/members/E-1").header("ETag")
        service.database.run("""INSERT INTO shikaku.use_registrations (person_id, registered_at, channel)
            SELECT person_id, '2026-11-01Z', 'portal' FROM shikaku.persons WHERE register_code = 'person-7'""")
        answer = check_by_card(desk, card)
        assert (answer.json["validity"], answer.json["qualification"]["name"]) == ("valid", "照合 花子")
    assert mismatches(insurer) == [] and "link accept" in service.security_log()


def test_a_rejected_mismatch_leaves_the_list_and_stays_a_mismatch(insurer, register):
    put(insurer, "E-1", record(knows(register, numbers.new_number(), birth_date="1970-01-01")))
    wait_for(insurer, "E-1", "mismatch")
    said = decide(insurer, "E-1", decision="reject")
    assert (said.json["state"], said.json["mismatched"], said.json["decision"], said.json["note"]) == ("mismatch", ["birth_date"], "reject", None)
    assert mismatches(insurer) == [] and problem(decide(insurer, "E-1", decision="reject")) == (409, "nothing_to_decide")
    assert decide(insurer, "E-1", decision="accept").json["state"] == "linked"


def test_a_decision_sent_again_gets_its_answer_again(insurer, register):
    put(insurer, "E-1", record(knows(register, numbers.new_number(), birth_date="1970-01-01")))
    wait_for(insurer, "E-1", "mismatch")
    first = decide(insurer, "E-1", decision="accept", headers={"Idempotency-Key": "k-1"})
    again = decide(insurer, "E-1", decision="accept", headers={"Idempotency-Key": "k-1"})
    assert first.body == again.body and again.header("Idempotent-Replayed") == "true" and first.header("Idempotent-Replayed") is None
    assert problem(decide(insurer, "E-1", decision="reject", headers={"Idempotency-Key": "k-1"})) == (409, "idempotency_key_reused")


def test_a_dispute_closes_the_cards_road_until_another_number_is_checked_r8_3(insurer, register, service):
    number = knows(register, numbers.new_number(), "person-1")
    put(insurer, "E-1", record(number))
    wait_for(insurer, "E-1", "linked")
    assert problem(dispute(insurer, "E-1", individual_number_last4="0000" if number[-4:] != "0000" else "1111")) == (409, "nothing_to_decide")
    said = dispute(insurer, "E-1", individual_number_last4=number[-4:], note="本人から電話")
    assert (said.status, said.json["state"], said.json["decision"], said.json["individual_number_last4"]) == (200, "pending", "dispute", None)
    with Client(service, service.database.token()) as desk:
        typed = desk.check(insurer_number=insurer.number, symbol="77", number="4321", birth_date="1980-05-17")
        assert typed.json["validity"] == "valid" and "link_not_confirmed" in typed.reasons
    right = knows(register, numbers.new_number(), "person-2")
    put(insurer, "E-1", record(right))
    assert wait_for(insurer, "E-1", "linked")["individual_number_last4"] == right[-4:]
    assert service.database.run("SELECT p.register_code FROM shikaku.members JOIN shikaku.persons AS p USING (person_id) WHERE member_id = 'E-1'") == [
        ("person-2",)]


def test_a_new_member_is_not_sent_away_while_the_register_is_down_r8_3(insurer, register, service):
    register.answer = busy
    put(insurer, "E-1", record(knows(register, numbers.new_number())))
    with Client(service, service.database.token()) as desk:
        typed = desk.check(insurer_number=insurer.number, symbol="77", number="4321", birth_date="1980-05-17")
        assert (typed.json["validity"], "link_not_confirmed" in typed.reasons) == ("valid", True)
    assert waiting(service) == 1 and state_of(insurer, "E-1") == "pending"
    register.answer = None
    wait_for(insurer, "E-1", "linked")


def test_a_member_of_two_insurers_is_one_person_r8_2(insurer, register, service):
    number = knows(register, numbers.new_number(), "one-person")
    other = new_insurer(service.database, service)
    with other.client:
        put(insurer, "E-1", record(number))
        put(other, "X-9", record(number, memberships=[{"relationship": "insured", "symbol": "5", "number": "99", "branch_number": "00",
                                                       "acquired_on": "2015-04-01", "lost_on": "2020-04-01", "loss_reason": "03"}]))
        wait_for(insurer, "E-1", "linked")
        wait_for(other, "X-9", "linked")
        assert service.database.value("SELECT count(DISTINCT person_id) FROM shikaku.members WHERE member_id IN ('E-1', 'X-9')") == 1
        assert mismatches(other) == [] and problem(other.get("/members/E-1", wrong=True)) == (404, "no_such_member")


def test_the_list_goes_page_by_page_and_shows_ones_own_only(insurer, register, service):
    other = new_insurer(service.database, service)
    with other.client:
        for member_id in ("E-3", "E-1", "E-2"):
            put(insurer, member_id, record(knows(register, numbers.new_number(), f"code-{member_id}", name="別人")))
        put(other, "X-1", record(knows(register, numbers.new_number(), "code-x", name="別人")))
        for whose, member_id in ((insurer, "E-1"), (insurer, "E-2"), (insurer, "E-3"), (other, "X-1")):
            wait_for(whose, member_id, "mismatch")
        assert [item["member_id"] for item in mismatches(insurer, 1)] == ["E-3", "E-1", "E-2"]
        assert [item["member_id"] for item in mismatches(other)] == ["X-1"]
        assert problem(decide(other, "E-1", decision="accept")) == (404, "no_such_member")
        assert problem(dispute(other, "E-1", individual_number_last4="0000")) == (404, "no_such_member")
        assert problem(insurer.client.get(f"{other.path}/link-mismatches", wrong=True)) == (403, "not_your_insurer")


def test_what_is_no_decision_and_no_dispute_is_named(insurer):
    assert decide(insurer, "E-1", wrong=True).field_errors == {"/decision": "required"}
    assert decide(insurer, "E-1", wrong=True, decision="dispute", note="a\nb", why="x").field_errors == {
        "/decision": "not_one_of", "/note": "wrong_form", "/why": "unknown_field"}
    assert dispute(insurer, "E-1", wrong=True).field_errors == {"/individual_number_last4": "required"}
    assert dispute(insurer, "E-1", wrong=True, individual_number_last4="12345").field_errors == {"/individual_number_last4": "wrong_form"}
    assert problem(insurer.get("/link-mismatches?state=linked", wrong=True)) == (400, "invalid_query")
    assert problem(decide(insurer, "nobody", decision="accept")) == (404, "no_such_member")


def test_without_a_key_no_number_is_accepted_r2_4(start):
    service = start(now=None)
    insurer = new_insurer(service.database, service)
    with insurer.client:
        answer = insurer.put(record(numbers.new_number()), "/members/E-1")
        assert answer.status == 422 and "/individual_number" in answer.field_errors
        assert insurer.put(record(None), "/members/E-1").status == 201
