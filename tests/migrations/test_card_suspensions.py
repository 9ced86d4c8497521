"""A lost card is stopped and given back in one statement, a request that is sent again changes nothing, and the standings follow."""

import subprocess
import threading
import uuid

import psycopg2
import pytest

from conftest import ROOT

SUSPEND = """SELECT s.outcome, s.replayed, (s.made).suspension_id, (s.made).cards, (s.made).lifted_at
    FROM shikaku.suspend_cards(%(id)s, %(at)s, 1, %(insurer)s, %(number)s, %(born)s, %(symbol)s, %(branch)s, %(medium)s, 'lost', '/v1/x',
      sha256(%(key)s), sha256(%(request)s)) AS s"""
LIFT = """SELECT s.outcome, (s.lifted).suspension_id, (s.lifted).lifted_at = (s.lifted).suspended_at
    FROM shikaku.lift_card_suspension(%s, %s, 1) AS s"""
NOON = "2026-11-22 12:00Z"


def suspend(db, **asked):
    """What the service is told. By default person 1 of FAMILY, everything, without a key."""
    asked = {"id": str(uuid.uuid4()), "at": NOON, "insurer": "01130012", "number": "34", "born": "1980-05-17", "symbol": None, "branch": None,
             "medium": None, "key": None, "request": b"body", **asked}
    return db.run(SUSPEND, asked, user="shikaku_service")[0]


def lift(db, suspension_id, at=NOON):
    return db.run(LIFT, (suspension_id, at), user="shikaku_service")


def cards(db, person_id=1):
    return [state for state, in db.run("SELECT state FROM shikaku.cards WHERE person_id = %s ORDER BY card_id", (person_id,))]


def standings(db):
    assert db.value("SELECT shikaku.compare_standings()") == 0
    return dict(db.run("SELECT membership_id, cards_state FROM shikaku.standings"))


def test_every_membership_of_the_person_knows_that_the_card_is_stopped_and_that_it_is_back(family):
    outcome, replayed, suspension_id, count, lifted_at = suspend(family)
    assert (outcome, replayed, count, lifted_at) == ("made", False, 1, None)
    assert cards(family) == ["suspended"] and standings(family) == {1: 2, 2: 0, 3: 0, 4: 2}
    assert lift(family, suspension_id) == [("lifted", suspension_id, True)]
    assert cards(family) == ["active"] and standings(family) == {1: 1, 2: 0, 3: 0, 4: 1}
    assert family.run("SELECT suspension_id FROM shikaku.cards") == [(None,)]


def test_the_person_is_found_by_each_of_their_memberships(family):
    made = suspend(family, insurer="06136022", number="6", symbol="5")
    assert made[0] == "made" and suspend(family) == ("in_force", *made[1:])


def test_a_member_without_a_branch_number_is_found_with_any(family):
    assert suspend(family, insurer="06136022", number="6", branch="07")[0] == "made"


@pytest.mark.parametrize("asked, outcome", [
    ({"number": "35"}, "no_such_member"), ({"symbol": "13"}, "no_such_member"), ({"branch": "01"}, "no_such_member"),
    ({"born": "1980-05-18"}, "no_such_member"), ({"medium": "phone"}, "no_such_card"), ({"born": "1982-11-03"}, "no_such_card"),
])
def test_what_matches_nothing_changes_nothing(family, asked, outcome):
    assert suspend(family, **asked) == (outcome, False, None, None, None)
    assert cards(family) == ["active"] and family.value("SELECT count(*) FROM shikaku.card_suspensions") == 0


def test_of_several_persons_none_is_stopped(family):
    family.run("UPDATE shikaku.members SET birth_date = '1980-05-17', known_from = '2026-02-01Z' WHERE member_key = 2")
    assert suspend(family)[0] == "several_members"
    assert cards(family) == ["active"]


def test_lifting_twice_or_nothing_at_all(family):
    suspension_id = suspend(family)[2]
    assert lift(family, suspension_id)[0][0] == "lifted"
    assert lift(family, suspension_id) == [("was_lifted", suspension_id, True)]
    assert lift(family, str(uuid.uuid4())) == []


def test_a_clock_that_is_behind_can_still_lift(family):
    suspension_id = suspend(family)[2]
    assert lift(family, suspension_id, at="2026-11-22 11:59:59Z") == [("lifted", suspension_id, True)]


def test_only_what_it_stopped_and_is_still_stopped_comes_back(family):
    family.run("""INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after,
        public_key, state) SELECT 1, 'phone', sha256(s::bytea), '\\x02', s::bytea, '2026-01-01Z', '2031-01-01Z', '\\x01', s
        FROM unnest('{active,suspended,revoked}'::text[]) AS s""")
    _, _, suspension_id, count, _ = suspend(family)
    assert count == 2 and cards(family) == ["suspended", "suspended", "suspended", "revoked"]
    family.run("UPDATE shikaku.cards SET state = 'revoked' WHERE card_id = 1")
    lift(family, suspension_id)
    assert cards(family) == ["revoked", "active", "suspended", "revoked"]


def test_a_request_that_is_sent_again_is_answered_as_it_was(family):
    made = suspend(family, key=b"k")
    lift(family, made[2])
    again = suspend(family, key=b"k", at="2026-11-23 11:59:59Z")
    assert again == ("made", True, *made[2:]) and cards(family) == ["active"]
    assert suspend(family, key=b"k", request=b"other")[0] == "key_reused" and cards(family) == ["active"]


def test_a_key_that_has_expired_is_as_good_as_new(family):
    made = suspend(family, key=b"k")
    lift(family, made[2])
    anew = suspend(family, key=b"k", at="2026-11-23 12:00Z", request=b"other")
    assert anew[0] == "made" and anew[2] != made[2]
    assert family.value("SELECT count(*) FROM shikaku.idempotency_keys") == 1


def test_what_was_refused_does_not_use_up_its_key(family):
    assert suspend(family, key=b"k", medium="phone")[0] == "no_such_card"
    assert family.value("SELECT count(*) FROM shikaku.idempotency_keys") == 0


def test_only_expired_keys_are_forgotten(family):
    forget = "SELECT shikaku.forget_idempotency_keys(%s)"
    suspend(family, key=b"k")
    suspend(family, key=b"l", at="2026-11-22 12:00:01Z")
    assert family.value(forget, ("2026-11-23 11:59Z",), user="shikaku_service") == 0
    assert family.value(forget, ("2026-11-23 12:00Z",), user="shikaku_service") == 1
    assert family.value(forget, ("2026-11-23 12:00Z",), user="shikaku_service") == 0
    assert family.value("SELECT count(*) FROM shikaku.idempotency_keys") == 1


@pytest.mark.parametrize("first_is_kept", [True, False])
def test_the_second_of_two_at_once_waits_for_the_first(family, first_is_kept):
    first = family.connect("shikaku_service", autocommit=False)
    asked = {"id": str(uuid.uuid4()), "at": NOON, "insurer": "01130012", "number": "34", "born": "1980-05-17", "symbol": None, "branch": None,
             "medium": None, "key": b"k", "request": b"body"}
    with first.cursor() as cursor:
        cursor.execute(SUSPEND, asked)
        made = cursor.fetchone()
    second = []
    waiting = threading.Thread(target=lambda: second.append(suspend(family, key=b"k")))
    waiting.start()
    while family.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
        assert waiting.is_alive()
    if first_is_kept:
        first.commit()
    else:
        first.rollback()
    waiting.join(30)
    assert second[0][:2] == ("made", first_is_kept) and (second[0][2] == made[2]) == first_is_kept
    assert cards(family) == ["suspended"] and family.value("SELECT count(*) FROM shikaku.card_suspensions") == 1


@pytest.mark.parametrize("statement", [
    "INSERT INTO shikaku.card_suspensions SELECT * FROM shikaku.card_suspensions", "DELETE FROM shikaku.card_suspensions",
    "UPDATE shikaku.card_suspensions SET lifted_at = NULL, lifted_by = NULL", "SELECT * FROM shikaku.idempotency_keys",
    "DELETE FROM shikaku.idempotency_keys", "SELECT shikaku.find_idempotent(1, NULL, NULL, '2026-11-22Z')",
    "SELECT shikaku.keep_idempotent(1, NULL, NULL, NULL, NULL, NULL, '2026-11-22Z')",
])
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


@pytest.mark.parametrize("damage", [
    "GRANT UPDATE ON shikaku.card_suspensions TO shikaku_service", "GRANT SELECT ON shikaku.idempotency_keys TO shikaku_service",
    "ALTER TABLE shikaku.cards DROP CONSTRAINT active_is_not_stopped", "ALTER TABLE shikaku.idempotency_keys DROP CONSTRAINT idempotency_keys_pkey",
    "DROP INDEX shikaku.cards_suspension_id",
])
def test_verify_notices_what_is_missing(db, damage):
    db.run(damage)
    scripts = [word for name in ("idempotency_keys", "card_suspensions") for word in ("-f", ROOT / "migrations" / "verify" / f"{name}.sql")]
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", *scripts], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 3 and "ERROR" in done.stderr
