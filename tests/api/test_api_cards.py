"""A card at the desk is proved (R5), and its person answered (R4.1, R5.3–R5.6, R8.3, R12.1, R14)."""

import base64
import datetime
import hashlib
import json
import signal
import time

import pytest

from api_cards import Believed, CHALLENGES, JAPAN, challenge_of, check_by_card, make_known, problem_of, text_of
from api_people import KUMIAI, add
from support import Client
from support.cards import SIGNING_POLICY, ec_key, rsa_key
from support.database import NOW



@pytest.fixture(scope="module")
def card_token(card_service):
    return card_service.database.token()


@pytest.fixture
def desk(card_service, card_token):
    with Client(card_service, card_token) as client:
        yield client


@pytest.fixture
def database(card_service):
    return card_service.database


@pytest.fixture
def someone(database, believed):
    """A person with a registered card of the second generation."""
    person = add(database, cards=())
    return person, make_known(database, person, believed.g2.card(), believed.g2)


def granted(answer):
    return {name: (consent["granted"], consent["reason"]) for name, consent in answer.json["consents"].items()}


# --- The challenge.

def test_a_challenge_is_given_for_nothing_or_an_empty_object(desk):
    for body in (None, {}, "{}"):
        answer = desk.request("POST", CHALLENGES, body)
        assert answer.status == 201 and list(answer.json) == ["challenge", "expires_at"], answer
        assert len(answer.json["challenge"]) == 76
        assert answer.json["expires_at"] == "2026-11-22T10:01:00.000+09:00"
        assert answer.header("Cache-Control") == "no-store" and answer.header("X-Request-Id")
    assert challenge_of(desk) != challenge_of(desk)


def test_a_challenge_is_not_given_for_something_else(desk):
    assert desk.request("POST", CHALLENGES, {"pin": "1234"}, wrong=True).field_errors == {"/pin": "unknown_field"}
    assert problem_of(desk.request("POST", CHALLENGES, "[]", wrong=True))[:2] == (400, "not_json")
    assert problem_of(desk.request("POST", CHALLENGES, "{}", headers={"Content-Type": "text/plain"}, wrong=True))[1] == "unsupported_media_type"
    assert problem_of(desk.request("POST", CHALLENGES, b"{" + b" " * 2000 + b"}", wrong=True))[1] == "body_too_large"
    assert desk.request("GET", CHALLENGES, wrong=True).header("Allow") == "POST"


def test_a_challenge_is_for_terminals_that_are_known_and_do_not_ask_too_often(card_service, database, desk):
    with Client(card_service) as nobody:
        assert problem_of(nobody.request("POST", CHALLENGES, wrong=True))[:2] == (401, "token_missing")
    with Client(card_service, database.token(scope="operator", owner=None)) as operator:
        assert problem_of(operator.request("POST", CHALLENGES))[:2] == (403, "scope_missing")
    assert problem_of(desk.request("POST", CHALLENGES, headers={"Accept": "text/html"}, wrong=True))[1] == "not_acceptable"
    with Client(card_service, database.token(rate=1, burst=2)) as eager:
        assert [eager.request("POST", CHALLENGES).status for _ in range(3)] == [201, 201, 429]


# --- The proof.

def test_a_registered_card_is_answered_for_its_person(desk, someone):
    person, card = someone
    answer = check_by_card(desk, card, reference_number="A-1")
    assert answer.status == 200, answer
    said = answer.json
    assert (said["validity"], said["accepted"], said["scope"], answer.reasons, said["next_actions"]) == ("valid", True, "full", [], [])
    assert said["qualification"]["name"] == person.name and said["qualification"]["number"] == person.keys["number"]
    assert said["copayment"]["ratio_percent"] == 30


@pytest.mark.parametrize("key, raw", [(lambda: rsa_key(1), False), (lambda: ec_key("P-256"), False), (lambda: ec_key("P-256"), True),
                                      (lambda: ec_key("P-384"), False), (lambda: ec_key("P-384"), True),
                                      (lambda: rsa_key(7, 3072), False), (lambda: rsa_key(8, 4096), False)])
def test_every_algorithm_and_form_is_taken_on_both_roads(desk, database, believed, key, raw):
    card = believed.g1.card(key())
    unknown = desk.post({"presented": card.presented(challenge_of(desk), raw=raw)})
    assert unknown.reasons == ["card_not_registered"], unknown
    make_known(database, add(database, cards=()), card, believed.g1)
    known = desk.post({"presented": card.presented(challenge_of(desk), raw=raw)})
    assert known.json["accepted"] is True, known


def test_a_challenge_cannot_be_used_twice(desk, someone):
    _, card = someone
    challenge = challenge_of(desk)
    assert check_by_card(desk, card, challenge).json["accepted"] is True
    again = check_by_card(desk, card, challenge)
    assert problem_of(again) == (409, "challenge_reused", "new_challenge")
    assert "qualification" not in again.json


def test_whatever_comes_after_the_challenge_is_burnt(desk, believed, someone):
    _, card = someone
    for changes in ({"signature": text_of(b"nothing")}, {"certificate": text_of(b"nothing")}, {"algorithm": "ES256"}):
        challenge = challenge_of(desk)
        assert check_by_card(desk, card, challenge, changes=changes).status == 422
        assert problem_of(check_by_card(desk, card, challenge))[1] == "challenge_reused", changes
    stranger = believed.stranger.card()
    challenge = challenge_of(desk)
    assert problem_of(check_by_card(desk, stranger, challenge))[1] == "card_certificate_untrusted"
    assert problem_of(check_by_card(desk, card, challenge))[1] == "challenge_reused"


def test_a_request_that_does_not_fit_the_contract_burns_nothing(desk, someone):
    _, card = someone
    challenge = challenge_of(desk)
    assert check_by_card(desk, card, challenge, changes={"pin": "1234"}, wrong=True).field_errors == {"/presented/pin": "unknown_field"}
    assert check_by_card(desk, card, challenge, changes={"signature": "not base64!"}, wrong=True).field_errors == {
        "/presented/signature": "wrong_form"}
    assert check_by_card(desk, card, challenge).json["accepted"] is True


def test_a_challenge_that_is_not_ours_or_another_owners_is_refused(desk, card_service, database, someone):
    _, card = someone
    mine = challenge_of(desk)
    changed = ("A" if mine[10] != "A" else "B").join((mine[:10], mine[11:]))
    for challenge in (changed, mine[:-1], mine + "A", "x", "a" * 200, "A" * 76, "認証"):
        answer = check_by_card(desk, card, challenge)
        assert problem_of(answer) == (409, "challenge_expired", "new_challenge"), challenge
    other_owner = database.token(owner="1319900021")
    with Client(card_service, other_owner) as other:
        assert problem_of(check_by_card(other, card, mine))[1] == "challenge_expired"
    with Client(card_service, database.token()) as colleague:  # another terminal of the same institution
        assert check_by_card(colleague, card, mine).json["accepted"] is True


def test_another_cards_signature_or_one_over_something_else_proves_nothing(desk, believed, someone):
    _, card = someone
    other = believed.g2.card(rsa_key(3))
    challenge = challenge_of(desk)
    borrowed, _ = other.sign(challenge)
    assert problem_of(check_by_card(desk, card, challenge, changes={"signature": borrowed})) == (
        422, "card_signature_invalid", "new_challenge")
    for signed in (challenge_of(desk), "", challenge.upper() if challenge.upper() != challenge else "x", " "):
        challenge = challenge_of(desk)
        signature, _ = card.sign(signed)
        assert problem_of(check_by_card(desk, card, challenge, changes={"signature": signature}))[1] == "card_signature_invalid"


def test_a_cut_padded_or_lengthened_signature_proves_nothing(desk, database, believed):
    for key in (rsa_key(0), ec_key("P-256"), ec_key("P-384")):
        card = make_known(database, add(database, cards=()), believed.g2.card(key), believed.g2)
        for change in (lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: s[:1], lambda s: s + s,
                       lambda s: bytes(len(s)), lambda s: s[:-1] + bytes([s[-1] ^ 1])):
            challenge = challenge_of(desk)
            signature, _ = card.sign(challenge)
            changed = text_of(change(base64.b64decode(signature)))
            assert problem_of(check_by_card(desk, card, challenge, changes={"signature": changed}))[1] == "card_signature_invalid"


def test_an_algorithm_that_does_not_fit_the_key_proves_nothing(desk, database, believed):
    for key, right in ((rsa_key(0), "RS256"), (ec_key("P-256"), "ES256"), (ec_key("P-384"), "ES384")):
        for known in (False, True):
            card = believed.g1.card(key)
            if known:
                make_known(database, add(database, cards=()), card, believed.g1)
            for claimed in {"RS256", "ES256", "ES384"} - {right}:
                answer = check_by_card(desk, card, changes={"algorithm": claimed})
                assert problem_of(answer)[1] == "card_signature_invalid", (right, claimed, known)


def test_a_certificate_that_is_none_is_malformed(desk, believed):
    card = believed.g1.card()
    der = card.der
    for broken in (der[:-1], der + b"\0", der[:100], b"\x30\x80" + der[4:] + b"\0\0", b"\x30\x83\0" + der[2:], bytes(50), der * 4):
        answer = check_by_card(desk, card, changes={"certificate": text_of(broken)})
        assert problem_of(answer) == (422, "card_certificate_malformed", "no"), broken[:8]
    assert check_by_card(desk, card, changes={"certificate": "A" * 8196}, wrong=True).field_errors == {
        "/presented/certificate": "too_long"}


def test_the_signature_is_looked_at_before_who_issued_the_certificate(desk, believed):
    answer = check_by_card(desk, believed.stranger.card(), changes={"signature": text_of(b"nothing")})
    assert problem_of(answer)[1] == "card_signature_invalid"


@pytest.mark.parametrize("made, problem", [
    (lambda b: b.stranger.card(), "card_certificate_untrusted"),  # the same DN, another key (R5.2)
    (lambda b: b.g1.card(signed_by=b.stranger.key), "card_certificate_untrusted"),
    (lambda b: b.g1.card(authority_key_identifier=b.g2.key_identifier), "card_certificate_untrusted"),
    (lambda b: b.g1.card(rsa_key(9, 1024)), "card_certificate_untrusted"),
    (lambda b: b.g1.card(ec_key("P-521")), "card_certificate_untrusted"),
    (lambda b: b.signing.card(policies=(SIGNING_POLICY,), key_usage=("digital_signature", "content_commitment")),
     "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(key_usage=("digital_signature", "content_commitment")), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(key_usage=("key_encipherment",)), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(key_usage=None), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(ca=True), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(policies=(SIGNING_POLICY,)), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(policies=None), "card_certificate_wrong_purpose"),
    (lambda b: b.g1.card(not_before=datetime.datetime(2026, 11, 22, 10, 0, 1, tzinfo=JAPAN)), "card_certificate_not_yet_valid"),
])
def test_a_certificate_that_is_no_cards_is_refused_by_its_reason(desk, believed, made, problem):
    answer = check_by_card(desk, made(believed))
    assert problem_of(answer)[:2] == (422, problem), answer


def test_a_certificate_without_authority_key_identifier_is_known_by_its_signature(desk, believed):
    assert check_by_card(desk, believed.g2.card(authority_key_identifier=False)).reasons == ["card_not_registered"]


def test_both_generations_are_told_apart_by_their_keys(desk, database, believed):
    for issuer in (believed.g1, believed.g2):
        card = make_known(database, add(database, cards=()), issuer.card(serial=4711), issuer)
        assert check_by_card(desk, card).json["accepted"] is True


def test_a_challenge_lives_a_minute_to_the_second_at_whichever_process(start, desk, database, believed, someone):
    _, card = someone
    for now, status in (("2026-11-22T10:00:59.999+09:00", 200), ("2026-11-22T10:01:00+09:00", 409)):
        challenge = challenge_of(desk)  # at 10:00:00
        with Client(start(database, now=now, **believed.settings), desk.token) as later:
            answer = check_by_card(later, card, challenge)
            assert answer.status == status and (status == 200 or answer.json["code"] == "challenge_expired")


# --- A genuine card that may not be used (R5.3).

def refused(answer, reason):
    said = answer.json
    assert answer.status == 200 and answer.reasons == [reason], answer
    assert (said["validity"], said["accepted"], said["scope"]) == (None, False, None)
    assert all(said[key] is None for key in ("qualification", "copayment", "limit", "specific_diseases", "receipt"))
    assert set(granted(answer).values()) == {(False, "not_accepted")}
    return answer


def test_an_unknown_or_unregistered_card_is_not_registered(desk, database, believed):
    unknown = refused(check_by_card(desk, believed.g1.card()), "card_not_registered")
    assert unknown.next_actions == ["register_card_now", "ask_for_eligibility_certificate", "charge_full_amount"]
    for changes in ({"registered": False}, {"cancelled": True}):
        card = make_known(database, add(database, cards=(), **changes), believed.g1.card(), believed.g1)
        refused(check_by_card(desk, card), "card_not_registered")


def test_whoever_stopped_their_information_looks_exactly_like_somebody_not_registered_r14(desk, database, believed):
    stopped = make_known(database, add(database, cards=(), stopped=True), believed.g1.card(), believed.g1)
    unregistered = make_known(database, add(database, cards=(), registered=False), believed.g1.card(), believed.g1)
    said = []
    for card in (stopped, unregistered, believed.g1.card()):
        answer = refused(check_by_card(desk, card, consents={"surgeries": True, "specific_diseases": True}), "card_not_registered")
        said.append({key: value for key, value in answer.json.items() if key != "check_id"})
    assert said[0] == said[1] == said[2]


def test_the_reasons_come_in_their_order_and_one_alone(desk, database, believed):
    long_ago = {"not_before": datetime.datetime(2020, 1, 1), "not_after": datetime.datetime(2024, 1, 1)}
    person = add(database, cards=(), registered=False)
    both = {}
    for reason, state in (("card_revoked", "revoked"), ("card_suspended", "suspended"), ("certificate_expired", "active")):
        both[reason] = make_known(database, person, believed.g1.card(**long_ago), believed.g1, state=state)
    for reason, card in both.items():
        refused(check_by_card(desk, card, visit_date="2026-12-01"), reason)
    answer = check_by_card(desk, both["certificate_expired"], setting="school")
    assert answer.next_actions == ["ask_for_eligibility_certificate", "renew_certificate"]


def test_an_expired_certificate_is_usable_in_its_grace_time_but_shows_no_medical_information(desk, database, believed):
    told = {"not_after": datetime.datetime(2026, 8, 10, 23, 59, 59, tzinfo=JAPAN)}
    card = make_known(database, add(database, cards=()), believed.g2.card(**told), believed.g2)
    answer = check_by_card(desk, card, consents={"surgeries": True, "diagnoses_medicines": True, "specific_diseases": True})
    assert (answer.json["accepted"], answer.json["scope"], answer.reasons) == (True, "qualification_only", ["certificate_in_grace"])
    assert set(granted(answer).values()) == {(False, "certificate_in_grace")} and answer.json["specific_diseases"] is None
    assert answer.json["qualification"] and answer.json["copayment"]
    phone = make_known(database, add(database, cards=()), believed.phone.card(**told), believed.phone, medium="phone")
    refused(check_by_card(desk, phone), "certificate_expired")


GRACE = [  # not_after in Japan, now in Japan, usable
    ("2026-05-15T23:59:59", "2026-05-15T23:59:59", "certificate_expires_soon"), ("2026-05-15T23:59:59", "2026-05-16T00:00:00", "certificate_in_grace"),
    ("2026-05-15T23:59:59", "2026-08-31T23:59:59", "certificate_in_grace"), ("2026-05-15T23:59:59", "2026-09-01T00:00:00", "certificate_expired"),
    ("2026-11-30T23:59:59", "2027-02-28T23:59:59", "certificate_in_grace"), ("2026-11-30T23:59:59", "2027-03-01T00:00:00", "certificate_expired"),
    ("2026-05-31T23:59:59", "2026-02-27T23:59:59", None), ("2026-05-31T23:59:59", "2026-02-28T00:00:00", "certificate_expires_soon"),
]


@pytest.mark.parametrize("now", sorted({row[1] for row in GRACE}))
def test_the_certificates_time_is_judged_to_the_second_in_japan_r5_4(start, template, believed, now):
    database = template.clone()
    cards = {}
    for not_after, moment, reason in GRACE:
        if moment == now:
            told = {"not_before": datetime.datetime(2021, 1, 1),
                    "not_after": datetime.datetime.fromisoformat(not_after).replace(tzinfo=JAPAN)}
            cards[reason] = make_known(database, add(database, cards=()), believed.g2.card(**told), believed.g2)
    service = start(database, now=f"{now}+09:00", **{**believed.settings, "crls": ""})
    with Client(service, database.token()) as desk:
        for reason, card in cards.items():
            answer = check_by_card(desk, card)
            assert set(answer.reasons) - {"revocation_unknown"} == ({reason} if reason else set()), answer
            assert answer.json["accepted"] is (reason != "certificate_expired")


# --- Revocation (R5.5).

def test_revocation_lists_and_their_holds_are_read_again_on_hangup(start, template, believed):
    own = Believed()
    database = template.clone()
    service = start(database, **own.settings)
    person = add(database, cards=())
    card = make_known(database, person, own.g2.card(serial=77), own.g2)
    other = make_known(database, add(database, cards=()), own.g1.card(serial=77), own.g1)
    unknown = own.g2.card(serial=78)

    def hang_up():
        service.process.send_signal(signal.SIGHUP)

    with Client(service, database.token()) as desk:
        def becomes(one, reasons):
            """The loops take what was read over between two turns, each at its own time: asked until several answers agree."""
            deadline, agreed = time.monotonic() + 60, 0
            while agreed < 8:
                with Client(service, desk.token) as other_desk:  # by another loop, perhaps
                    answer = check_by_card(other_desk, one)
                found = answer.reasons if answer.status == 200 else [answer.json["code"]]
                agreed = agreed + 1 if found == reasons else 0
                assert time.monotonic() < deadline, (found, reasons)

        def write(minutes_ago, *entries):
            own.revoke("g2", *entries, number=100 - minutes_ago,
                       this_update=datetime.datetime.fromisoformat(NOW) - datetime.timedelta(minutes=minutes_ago))
            hang_up()

        becomes(card, [])
        becomes(unknown, ["card_not_registered"])
        write(50, (77, "certificateHold"), (78, "keyCompromise"))
        becomes(card, ["card_suspended"])
        becomes(unknown, ["card_revoked"])
        becomes(other, [])  # the other generation's 77
        document = desk.check("qualification_notice", **person.asked(), with_card=True)
        assert (document.json["accepted"], document.reasons) == (False, ["card_suspended"])
        write(40)
        becomes(card, [])  # the hold has ended
        assert desk.check("qualification_notice", **person.asked(), with_card=True).json["accepted"] is True
        write(30, (77, "keyCompromise"))
        becomes(card, ["card_revoked"])
        document = desk.check("portal_record", **person.asked(), with_card=True)
        assert (document.json["accepted"], document.reasons) == (False, ["card_revoked"])
        # What cannot be read must not make a revoked card good again.
        (own.folder / "crls" / "g2.crl").write_bytes(b"broken")
        hang_up()
        while "stay as they were" not in service.log():
            time.sleep(0.02)
        becomes(card, ["card_revoked"])
        # An anchor that is withdrawn is believed no more, whatever the card's row says.
        (own.folder / "card" / "g1.pem").unlink()
        (own.folder / "crls" / "g1.crl").unlink()
        write(20)
        becomes(other, ["card_certificate_untrusted"])
        becomes(card, [])


@pytest.mark.parametrize("lists", ["none", "expired", "of the other generation", "to come"])
def test_no_current_list_is_never_silently_good(start, template, lists):
    own = Believed()
    now = datetime.datetime.fromisoformat(NOW)
    (own.folder / "crls" / "g2.crl").unlink()
    if lists == "expired":
        own.revoke("g2", (99, "keyCompromise"), this_update=now - datetime.timedelta(days=8), next_update=now)
    elif lists == "to come":
        own.revoke("g2", this_update=now + datetime.timedelta(seconds=1))
    elif lists == "of the other generation":
        (own.folder / "crls" / "g2.crl").write_bytes(own.g2.crl((), signed_by=own.g1.key))
    database = template.clone()
    card = make_known(database, add(database, cards=()), own.g2.card(), own.g2)
    named = make_known(database, add(database, cards=()), own.g2.card(serial=99), own.g2)
    with Client(start(database, **own.settings), database.token()) as desk:
        answer = check_by_card(desk, card)
        assert (answer.json["accepted"], answer.reasons) == (True, ["revocation_unknown"]), answer
        assert check_by_card(desk, named).reasons == (["card_revoked"] if lists == "expired" else ["revocation_unknown"])
    with Client(start(database, revocation="hard", **own.settings), database.token()) as desk:
        answer = check_by_card(desk, card)
        assert problem_of(answer) == (503, "revocation_unavailable", "backoff") and answer.header("Retry-After") == "1"
        assert "被保険者資格申立書" in answer.json["desk"]
        assert check_by_card(desk, named).status == (200 if lists == "expired" else 503)


# --- Which membership (R4.1, R8.3), and what is told of it.

def test_of_several_memberships_the_one_acquired_last_is_answered(desk, database, believed):
    older = add(database, cards=(), acquired="2015-04-01")
    newer = add(database, insurer=KUMIAI, cards=(), person=older, acquired="2020-04-01")
    card = make_known(database, older, believed.g2.card(), believed.g2)
    answer = check_by_card(desk, card)
    assert answer.json["qualification"]["number"] == newer.keys["number"] and answer.reasons == ["overlapping_membership"]
    before = check_by_card(desk, card, visit_date="2019-04-01")
    assert before.json["qualification"]["number"] == older.keys["number"] and before.reasons == []


def test_two_memberships_of_one_day_are_not_chosen_between(desk, database, believed):
    one = add(database, cards=(), acquired="2020-04-01")
    add(database, insurer=KUMIAI, cards=(), person=one, acquired="2020-04-01")
    card = make_known(database, one, believed.g2.card(), believed.g2)
    answer = check_by_card(desk, card)
    assert (answer.json["validity"], answer.json["qualification"], answer.json["accepted"]) == ("multiple", None, False)
    assert "accept_declaration" in answer.next_actions


def test_without_cover_the_one_ended_last_is_shown_to_a_card(desk, database, believed):
    first = add(database, cards=(), acquired="2010-04-01", lost="2015-04-01", loss_reason="03")
    second = add(database, insurer=KUMIAI, cards=(), person=first, acquired="2015-04-01", lost="2026-11-01", loss_reason="99")
    card = make_known(database, first, believed.g2.card(), believed.g2)
    answer = check_by_card(desk, card)
    assert (answer.json["validity"], answer.reasons) == ("invalid", ["membership_ended"])
    assert answer.json["qualification"]["number"] == second.keys["number"] and answer.json["copayment"] is None
    assert answer.next_actions[-2:] == ["accept_declaration", "charge_full_amount"]


def test_a_person_without_membership_is_not_found(desk, database, believed):
    class Nobody:
        person_id = database.run("INSERT INTO shikaku.persons (register_code) VALUES ('test-nobody') RETURNING person_id")[0][0]
    database.run("INSERT INTO shikaku.use_registrations VALUES (%s, '2025-01-01Z', 'reader', NULL)", (Nobody.person_id,))
    answer = check_by_card(desk, make_known(database, Nobody, believed.g2.card(), believed.g2))
    assert (answer.json["validity"], answer.reasons, answer.json["accepted"]) == ("not_found", ["no_membership"], False)


def test_a_membership_that_is_not_linked_is_closed_to_a_card_only(desk, database, believed):
    linked = add(database, cards=(), acquired="2015-04-01")
    add(database, insurer=KUMIAI, cards=(), person=linked, acquired="2020-04-01", link="pending")
    answer = check_by_card(desk, make_known(database, linked, believed.g2.card(), believed.g2))
    assert answer.json["qualification"]["number"] == linked.keys["number"] and answer.reasons == []
    alone = add(database, cards=(), link="mismatch")
    answer = check_by_card(desk, make_known(database, alone, believed.g2.card(), believed.g2))
    assert (answer.json["validity"], set(answer.reasons)) == ("not_found", {"no_membership", "link_not_confirmed"})
    assert desk.check(**alone.asked()).json["validity"] == "valid"


def test_a_protected_persons_address_is_in_no_answer(desk, database, believed):
    one = add(database, cards=(), acquired="2020-04-01")
    assert check_by_card(desk, make_known(database, one, believed.g2.card(), believed.g2)).json["qualification"]["address"]
    add(database, insurer=KUMIAI, cards=(), person=one, acquired="2010-04-01", lost="2020-04-01", loss_reason="03", non_disclosure=True)
    assert check_by_card(desk, make_known(database, one, believed.g2.card(), believed.g2)).json["qualification"]["address"] is None


def test_a_renewed_card_and_a_phone_follow_the_registration_of_the_person(desk, database, believed):
    person = add(database, cards=())
    for issuer, medium in ((believed.g1, "card"), (believed.g2, "card"), (believed.phone, "phone")):
        assert check_by_card(desk, make_known(database, person, issuer.card(), issuer, medium)).json["accepted"] is True


def test_what_was_known_before_is_answered_by_card_too_r3_4(desk, database, believed):
    person = add(database, cards=(), birth="1955-01-01", ratios=[(20, "2024-08-01", None)])
    card = make_known(database, person, believed.g2.card(), believed.g2)
    database.run("UPDATE shikaku.memberships SET lost_on = '2026-10-01', loss_reason = '99', known_from = '2026-11-01Z' WHERE membership_id = %s",
                 (person.membership_id,))
    now = check_by_card(desk, card)
    assert (now.json["validity"], now.json["copayment"]) == ("invalid", None)
    before = check_by_card(desk, card, known_at="2026-10-31T00:00:00Z")
    assert before.json["validity"] == "valid" and before.json["copayment"]["ratio_percent"] == 20
    assert before.json["accepted"] is True
    long_ago = check_by_card(desk, card, known_at="2020-01-01T00:00:00Z")
    assert (long_ago.json["validity"], long_ago.reasons) == ("not_found", ["no_membership"])
    challenge = challenge_of(desk)
    assert check_by_card(desk, card, challenge, known_at="2026-10-31T00:00:00Z").status == 200
    assert problem_of(check_by_card(desk, card, challenge, known_at="2026-10-31T00:00:00Z"))[1] == "challenge_reused"
    assert problem_of(check_by_card(desk, card, challenge))[1] == "challenge_reused"


def test_consents_are_granted_for_a_day_as_the_patient_agreed(desk, someone):
    _, card = someone
    answer = check_by_card(desk, card, consents={"surgeries": True, "health_checkups": False, "specific_diseases": True})
    assert granted(answer) == {"surgeries": (True, None), "diagnoses_medicines": (False, "consent_refused"),
                               "health_checkups": (False, "consent_refused"), "specific_diseases": (True, None)}
    assert answer.json["consents"]["surgeries"]["until"] == "2026-11-23T10:00:00.000+09:00"
    assert answer.json["specific_diseases"] == []
    assert check_by_card(desk, card).json["specific_diseases"] is None


# --- Fields, records, metrics.

@pytest.mark.parametrize("changes, errors", [
    ({"certificate": ...}, {"/presented/certificate": "required"}),
    ({"challenge": ...}, {"/presented/challenge": "required"}),
    ({"signature": ...}, {"/presented/signature": "required"}),
    ({"algorithm": ...}, {"/presented/algorithm": "required"}),
    ({"algorithm": "none"}, {"/presented/algorithm": "not_one_of"}),
    ({"algorithm": "rs256"}, {"/presented/algorithm": "not_one_of"}),
    ({"challenge": ""}, {"/presented/challenge": "wrong_form"}),
    ({"challenge": "a" * 201}, {"/presented/challenge": "too_long"}),
    ({"challenge": "a\0b"}, {"/presented/challenge": "wrong_form"}),
    ({"signature": "A" * 1028}, {"/presented/signature": "too_long"}),
    ({"signature": "QQ==\n"}, {"/presented/signature": "wrong_form"}),
    ({"signature": "QQ="}, {"/presented/signature": "wrong_form"}),
    ({"signature": "QR=="}, {"/presented/signature": "wrong_form"}),
    ({"signature": "Q_-="}, {"/presented/signature": "wrong_form"}),
    ({"signature": ""}, {"/presented/signature": "wrong_form"}),
    ({"certificate": 7}, {"/presented/certificate": "wrong_type"}),
    ({"holder_verification": "guess"}, {"/presented/holder_verification": "not_one_of"}),
    ({"number": "1234567"}, {"/presented/number": "unknown_field"}),
])
def test_a_field_that_is_wrong_is_named(desk, someone, changes, errors):
    _, card = someone
    answer = check_by_card(desk, card, changes=changes, wrong=True)
    assert (answer.status, answer.field_errors) == (422, errors)


def test_a_documents_fields_and_a_cards_do_not_mix(desk, someone):
    person, card = someone
    answer = desk.check(**person.asked(), wrong=True)
    mixed = {"kind": "eligibility_certificate", **person.asked(), "challenge": "x"}
    answer = desk.post({"presented": mixed}, wrong=True)
    assert answer.field_errors == {"/presented/challenge": "unknown_field"}


def test_every_holder_verification_is_taken(desk, someone):
    _, card = someone
    for how in ("face", "pin", "visual", None):
        assert check_by_card(desk, card, changes={"holder_verification": how}).json["accepted"] is True


def test_a_check_by_card_is_on_record_with_the_digest_of_its_answer(desk, database, someone, believed):
    _, card = someone
    good = check_by_card(desk, card)
    bad = check_by_card(desk, believed.g1.card())
    for answer, validity, identified in ((good, 1, True), (bad, 0, False)):
        row = database.run("""SELECT presented, validity, accepted, membership_id IS NOT NULL, answer_digest, keys_digest
                                FROM shikaku.checks WHERE check_id = %s""", (answer.json["check_id"],))[0]
        assert row[:4] == (1, validity, validity == 1, identified)
        assert bytes(row[4]) == hashlib.sha256(answer.body).digest()
    assert bytes(database.run("SELECT keys_digest FROM shikaku.checks WHERE check_id = %s", (good.json["check_id"],))[0][0]) == card.digest


def test_a_refused_proof_is_counted_and_leaves_a_trace_but_no_record(desk, card_service, database, someone):
    _, card = someone
    checks = database.run("SELECT count(*) FROM shikaku.checks")[0][0]
    name = 'shikaku_card_refusals_total{problem="card_signature_invalid"}'
    before = card_service.metrics()[name]
    answer = check_by_card(desk, card, changes={"signature": text_of(b"no")})
    assert card_service.metrics()[name] == before + 1
    assert database.run("SELECT count(*) FROM shikaku.checks")[0][0] == checks
    line = next(line for line in card_service.security_log().splitlines() if answer.json["instance"] in line)
    assert "problem=card_signature_invalid status=422" in line
    assert text_of(card.der)[:40] not in card_service.log() + card_service.security_log()
    assert json.dumps(card.serial) not in card_service.log() + card_service.security_log()


@pytest.mark.parametrize("protection", ["stopped", "non_disclosure"])
def test_asking_for_what_was_known_before_does_not_get_round_a_protection_r14(desk, database, believed, protection):
    """The protection came with a membership that was not known then, or before there was any."""
    person = add(database, cards=(), acquired="2015-04-01")
    add(database, insurer=KUMIAI, cards=(), person=person, acquired="2026-11-01", known_from="2026-11-02T00:00:00Z", **{protection: True})
    card = make_known(database, person, believed.g2.card(), believed.g2)
    for known_at in ("2026-11-21T00:00:00Z", "2026-10-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        answer = check_by_card(desk, card, known_at=known_at)
        if protection == "stopped":
            refused(answer, "card_not_registered")
        elif answer.json["qualification"]:
            assert answer.json["qualification"]["address"] is None
    assert answer.reasons == (["card_not_registered"] if protection == "stopped" else ["no_membership"])
