"""`shikakud card register`: a card becomes known, validated in full, and its use is registered (R5.6)."""

import datetime

import pytest

from api_cards import Believed, check_by_card
from api_people import add
from support import Client, Service, shikakud
from support.cards import SIGNING_POLICY, rsa_key
from support.database import NOW

from conftest import PATIENT


@pytest.fixture(scope="module")
def database(template):
    return template.clone()


@pytest.fixture(scope="module")
def card_service(database, believed):
    with Service(database, now=NOW, loops=2, **PATIENT, **believed.settings) as running:
        yield running
        assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture
def desk(card_service, database):
    with Client(card_service, database.token()) as client:
        yield client


@pytest.fixture
def register(database, believed, tmp_path):
    def run(card, *words, der=False, **values):
        file = tmp_path / "card"
        file.write_bytes(card.der if der else card.pem)
        return shikakud("card", "register", file, *words, database=database, **{"now": NOW, **believed.settings, **values})

    return run


def code_of(database, person):
    return database.run("SELECT register_code FROM shikaku.persons WHERE person_id = %s", (person.person_id,))[0][0]


def member_of(database, person):
    return "/".join(database.run("SELECT insurer_number, member_id FROM shikaku.members WHERE member_key = %s", (person.member_key,))[0])


def channel_of(database, person):
    return database.run("SELECT channel, cancelled_at FROM shikaku.use_registrations WHERE person_id = %s", (person.person_id,))


def test_a_registered_card_is_accepted_from_then_on(desk, register, database, believed):
    person, card = add(database, cards=(), registered=False), believed.g2.card()
    assert check_by_card(desk, card).reasons == ["card_not_registered"]
    done = register(card, "--person", code_of(database, person))
    assert (done.returncode, done.stdout) == (0, "registered\n"), done.stderr
    assert check_by_card(desk, card).json["accepted"] is True
    assert channel_of(database, person) == [("municipality", None)]
    again = register(card, "--person", code_of(database, person))
    assert (again.returncode, again.stdout) == (0, "known\n")
    assert database.value("SELECT shikaku.compare_standings()") == 0


def test_a_card_can_be_made_known_by_the_insurers_key_as_der_and_through_another_channel(desk, register, database, believed):
    person, card = add(database, cards=(), registered=False), believed.phone.card()
    done = register(card, "--member", member_of(database, person), "--channel", "atm", der=True)
    assert done.returncode == 0 and channel_of(database, person) == [("atm", None)]
    assert check_by_card(desk, card).json["accepted"] is True
    assert database.run("SELECT medium FROM shikaku.cards WHERE person_id = %s", (person.person_id,)) == [("phone",)]


def test_a_cancelled_registration_is_renewed_and_known_only_registers_nothing(desk, register, database, believed):
    person, card = add(database, cards=(), cancelled=True), believed.g2.card()
    assert register(card, "--person", code_of(database, person), "--known-only").returncode == 0
    assert check_by_card(desk, card).reasons == ["card_not_registered"]
    assert register(card, "--person", code_of(database, person)).stdout == "registered\n"
    assert check_by_card(desk, card).json["accepted"] is True


REFUSED = [
    (lambda b: b.stranger.card(), {}, "no issuer that is trusted"),
    (lambda b: b.signing.card(policies=(SIGNING_POLICY,)), {}, "not one for user authentication"),
    (lambda b: b.g2.card(ca=True), {}, "not one for user authentication"),
    (lambda b: b.g2.card(rsa_key(9, 1024)), {}, "no issuer that is trusted"),
    (lambda b: b.g2.card(), {"now": "2020-01-01T00:00:00Z"}, "not valid yet"),
    (lambda b: b.g2.card(not_after=datetime.datetime(2026, 11, 22, 0, 59, 59)), {}, "expired"),
    (lambda b: b.g2.card(), {"card_anchors": "/nonexistent"}, "anchors cannot be read"),
    (lambda b: b.g2.card(), {"card_anchors": ""}, "no issuer that is trusted"),
]


@pytest.mark.parametrize("made, values, words", REFUSED)
def test_what_the_desk_would_not_take_is_not_registered(register, database, believed, made, values, words):
    person = add(database, cards=(), registered=False)
    done = register(made(believed), "--person", code_of(database, person), **values)
    assert done.returncode == 1 and words in done.stderr, done
    assert database.value("SELECT count(*) FROM shikaku.cards WHERE person_id = %s" % person.person_id) == 0
    assert channel_of(database, person) == []


def test_a_revoked_certificate_is_not_registered(register, database):
    own = Believed()
    person = add(database, cards=(), registered=False)
    for serial, reason, words in ((5, "keyCompromise", "revoked"), (6, "certificateHold", "on hold")):
        own.revoke("g2", (5, "keyCompromise"), (6, "certificateHold"))
        done = register(own.g2.card(serial=serial), "--person", code_of(database, person), **own.settings)
        assert done.returncode == 1 and words in done.stderr, reason


def test_one_card_is_one_persons_and_a_protected_person_cannot_register(register, database, believed):
    one, other = add(database, cards=()), add(database, cards=())
    card = believed.g2.card(serial=123456)
    assert register(card, "--person", code_of(database, one)).returncode == 0
    done = register(card, "--person", code_of(database, other))
    assert done.returncode == 1 and "another person" in done.stderr
    done = register(believed.g2.card(serial=123456), "--person", code_of(database, one))
    assert done.returncode == 1 and "another certificate" in done.stderr
    stopped = add(database, cards=(), stopped=True, registered=False)
    done = register(believed.g2.card(), "--person", code_of(database, stopped))
    assert done.returncode == 1 and "no card can be registered" in done.stderr
    done = register(believed.g2.card(), "--person", "nobody")
    assert done.returncode == 1 and "no such person" in done.stderr


@pytest.mark.parametrize("words", [[], ["x"], ["--person", "x"], ["x", "--person", "a", "--member", "01130012/b"], ["x", "--member", "1/2"],
                                   ["x", "--person", "a", "--channel", "post"], ["x", "y", "--person", "a"], ["x", "--person"]])
def test_wrong_usage_is_said(words):
    assert shikakud("card", "register", *words).returncode == 2


def test_a_file_that_holds_no_certificate_is_said(database, believed, tmp_path):
    for content in (b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"):
        (tmp_path / "file").write_bytes(content)
        done = shikakud("card", "register", tmp_path / "file", "--person", "x", database=database, now=NOW, **believed.settings)
        assert done.returncode == 1 and "no certificate" in done.stderr


def test_the_doctor_sees_anchors_and_lists(database):
    own = Believed()
    done = shikakud("doctor", database=database, now=NOW, **own.settings)
    assert done.returncode == 0 and done.stdout.count("its revocation list is current, 0 revoked") == 3, done.stdout
    own.revoke("g2", 5, next_update=datetime.datetime(2026, 11, 22, 0, 59))
    done = shikakud("doctor", database=database, now=NOW, **own.settings)
    assert done.returncode == 1 and "out of date, 1 revoked" in done.stdout
    (own.folder / "crls" / "g2.crl").unlink()
    assert shikakud("doctor", database=database, now=NOW, **own.settings).returncode == 0
    assert shikakud("doctor", database=database, now=NOW, revocation="hard", **own.settings).returncode == 1
    (own.folder / "crls" / "g1.crl").write_bytes(b"broken")
    done = shikakud("doctor", database=database, now=NOW, **own.settings)
    assert done.returncode == 1 and "1 revocation lists are left out" in done.stdout
    assert shikakud("doctor", database=database, revocation="maybe").returncode == 2
