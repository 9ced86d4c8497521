"""A card that nobody here has met: the resident register says whose it is, and it is known from then on (R5.6, R8.2)."""

import threading
import time

import pytest

from api_cards import check_by_card, make_known, problem_of
from api_people import KUMIAI, add
from support import Client
from support import register as badly
from support.cards import ec_key, rsa_key
from support.register import Register


@pytest.fixture
def register():
    with Register() as register:
        yield register
        assert register.faults == []


@pytest.fixture
def asking(start, template, believed, register, tmp_path):
    """A service that asks the register; its desk."""
    opened = []

    def open_one(**settings):
        service = start(template.clone(), **believed.settings, **register.settings(tmp_path), **settings)
        opened.append(Client(service, service.database.token()))
        return service, opened[-1]

    yield open_one
    for client in opened:
        client.close()


def code_of(database, person):
    return database.value("SELECT register_code FROM shikaku.persons WHERE person_id = %s", (person.person_id,))


def told_of(register, card, issuer, code):
    """The register knows this card as this person's."""
    serial = card.serial.to_bytes((card.serial.bit_length() + 7) // 8, "big")
    register.cards[issuer.key_identifier.hex(), serial.hex()] = code


def lookups(register):
    return [question for path, question in register.asked if path == "/card-lookups"]


@pytest.mark.parametrize("medium", ["card", "phone"])
def test_a_renewed_card_or_a_phone_is_its_persons_at_once_and_asked_about_once_r5_6(asking, believed, register, medium):
    service, desk = asking()
    person = add(service.database, cards=())
    issuer = believed.g2 if medium == "card" else believed.phone
    card = issuer.card(key=rsa_key(7) if medium == "card" else ec_key("P-256"))
    told_of(register, card, issuer, code_of(service.database, person))
    answer = check_by_card(desk, card)
    assert (answer.status, answer.json["validity"], answer.json["accepted"]) == (200, "valid", True)
    assert answer.json["qualification"]["name"] == person.name
    assert check_by_card(desk, card).json["accepted"] is True and len(lookups(register)) == 1
    assert service.database.run("SELECT person_id, medium FROM shikaku.cards WHERE certificate_digest = %s", (card.digest,)) == [
        (person.person_id, medium)]
    assert service.database.value("SELECT shikaku.compare_standings()") == 0


def test_whose_use_is_not_registered_is_known_and_still_not_registered_r5_6(asking, believed, register):
    service, desk = asking()
    person = add(service.database, cards=(), registered=False)
    card = believed.g1.card()
    told_of(register, card, believed.g1, code_of(service.database, person))
    for _ in range(2):
        answer = check_by_card(desk, card)
        assert (answer.status, answer.json["accepted"], answer.reasons) == (200, False, ["card_not_registered"])
    assert len(lookups(register)) == 1


@pytest.mark.parametrize("code", [None, "nobody-here"])
def test_a_card_of_nobody_here_is_not_registered(asking, believed, register, code):
    service, desk = asking()
    card = believed.g1.card()
    if code:
        told_of(register, card, believed.g1, code)
    answer = check_by_card(desk, card)
    assert (answer.status, answer.json["accepted"], answer.reasons) == (200, False, ["card_not_registered"])
    assert service.database.value("SELECT count(*) FROM shikaku.cards WHERE certificate_digest = %s", (card.digest,)) == 0


@pytest.mark.parametrize("answer", [badly.hangs_up, badly.busy, badly.garbage, badly.huge, badly.wrong_address, badly.another_404,
                                    badly.redirects, badly.bad_code], ids=lambda answer: answer.__name__)
def test_nobody_is_called_unregistered_because_the_register_does_not_say_r5_6(asking, believed, register, answer):
    service, desk = asking()
    person = add(service.database, cards=())
    card = believed.g1.card()
    told_of(register, card, believed.g1, code_of(service.database, person))
    register.answer = answer
    refused = check_by_card(desk, card)
    assert problem_of(refused) == (503, "register_unavailable", "backoff") and "被保険者資格申立書" in refused.json["desk"]
    register.answer = None
    assert check_by_card(desk, card).json["accepted"] is True


def test_a_desk_does_not_wait_long_for_a_slow_register(asking, believed, register):
    service, desk = asking(register_timeout_ms=200)
    register.delay = 2
    assert problem_of(check_by_card(desk, believed.g1.card())) == (503, "register_unavailable", "backoff")
    # Who asks for something else meanwhile is served.
    known = make_known(service.database, add(service.database, cards=()), believed.g1.card(key=rsa_key(3)), believed.g1)
    assert check_by_card(desk, known).json["accepted"] is True


def test_the_register_is_asked_only_where_it_makes_a_difference_r5_3(asking, believed, register):
    service, desk = asking()
    revoked = believed.g1.card(serial=4711)
    believed.revoke("g1", 4711)
    try:
        service.process.send_signal(1)
        end = time.monotonic() + 30
        while "revoked=1" not in service.log():
            assert time.monotonic() < end
            time.sleep(0.02)
        assert check_by_card(desk, revoked).reasons == ["card_revoked"]
    finally:
        believed.revoke("g1")
    assert problem_of(check_by_card(desk, believed.stranger.card()))[1] == "card_certificate_untrusted"
    known = make_known(service.database, add(service.database, cards=(), registered=False), believed.g1.card(), believed.g1)
    assert check_by_card(desk, known).reasons == ["card_not_registered"]
    assert register.asked == []


def test_what_was_known_before_is_answered_for_a_card_that_just_became_known_r3_4(asking, believed, register):
    service, desk = asking()
    person = add(service.database, cards=(), insurer=KUMIAI)
    card = believed.g1.card()
    told_of(register, card, believed.g1, code_of(service.database, person))
    answer = check_by_card(desk, card, known_at="2025-06-01T00:00:00Z")
    assert (answer.json["validity"], answer.json["qualification"]["name"]) == ("valid", person.name)


def test_more_desks_than_the_register_serves_are_told_so_at_once(asking, believed, register):
    service, _ = asking(register_concurrency=1, loops=1)
    register.delay = 1
    answers = []

    def ask():
        with Client(service, service.database.tokens[0]) as desk:
            answers.append(check_by_card(desk, believed.g1.card()))

    desks = [threading.Thread(target=ask) for _ in range(6)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join(60)
    said = sorted(problem_of(answer)[1] if answer.status == 503 else answer.reasons[0] for answer in answers)
    assert len(said) == 6 and set(said) <= {"register_unavailable", "card_not_registered"} and "register_unavailable" in said
    assert register.most_at_once == 1


def test_a_service_that_stops_answers_who_waits_for_the_register(asking, believed, register):
    service, _ = asking(drain_timeout_ms=500)
    register.delay = 2
    answers = []

    def ask():
        with Client(service, service.database.tokens[0]) as desk:
            answers.append(check_by_card(desk, believed.g1.card()))

    desk = threading.Thread(target=ask)
    desk.start()
    end = time.monotonic() + 30
    while not register.asked:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert service.stop() == 0
    desk.join(60)
    assert answers[0].status == 503
