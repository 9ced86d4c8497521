"""誤登録防止 in the database (R8): each number is one process' at a time, an answer of the register is recorded whole or not at all and
erases the number, members of one person come together, and nobody else's."""

import threading

import psycopg2
import pytest

NOON = "2026-11-26 12:00Z"
LATER = "2026-11-26 12:01Z"
CLAIM = "SELECT member_key, insurer_number, member_id, sealed, attempts, version FROM shikaku.claim_link_checks(%s, %s, %s)"
RECORD = """SELECT said FROM shikaku.record_link_checks(ARRAY[%(key)s]::bigint[], ARRAY[%(sealed)s], ARRAY[%(version)s]::timestamptz[], %(at)s,
    ARRAY[%(mismatched)s], ARRAY[%(warned)s], ARRAY[%(code)s], ARRAY[%(last4)s])"""
RECORD_ALL = """SELECT member_key, said FROM shikaku.record_link_checks(%(keys)s, %(sealed)s, %(versions)s::timestamptz[], %(at)s, %(mismatched)s, %(warned)s,
    %(codes)s, %(last4s)s)"""
DECIDE = """SELECT d.outcome, d.replayed, d.document ->> 'state', (d.document -> 'mismatched')::jsonb, d.document ->> 'decision', d.document ->> 'note'
    FROM shikaku.decide_link(%(insurer)s, %(member)s, %(at)s, 1, %(wish)s, %(note)s, %(last4)s, '/v1/x', sha256(%(key)s), sha256(%(request)s)) AS d"""
SEALED = b"s" * 40


def pend(db, key, sealed=SEALED, at=NOON):
    db.run("""INSERT INTO shikaku.links AS l (member_key, state, known_from) VALUES (%(key)s, 'pending', %(at)s)
        ON CONFLICT (member_key) DO UPDATE SET state = 'pending', mismatched = NULL, decided_at = NULL, known_from = excluded.known_from""",
           {"key": key, "at": at})
    db.run("INSERT INTO shikaku.pending_numbers (member_key, sealed, received_at, next_try_at) VALUES (%s, %s, %s, %s)",
           (key, sealed, at, at))


def claim(db, at=NOON, until=LATER, most=10):
    return [(key, insurer, member, bytes(sealed), attempts, version)
            for key, insurer, member, sealed, attempts, version in db.run(CLAIM, (at, until, most), user="shikaku_service")]


def record(db, key, code="new", mismatched=None, **more):
    asked = {"key": key, "sealed": SEALED, "at": NOON, "mismatched": mismatched and "{%s}" % ",".join(mismatched), "warned": None, "code": code,
             "last4": "9018", "version": db.value("SELECT known_from FROM shikaku.members WHERE member_key = %s", (key,)), **more}
    return db.value(RECORD, asked, user="shikaku_service")


def decide(db, decision="accept", insurer="01130012", member="b", note=None, **more):
    return db.run(DECIDE, {"insurer": insurer, "member": member, "at": LATER, "wish": decision, "note": note, "last4": None, "key": None,
                           "request": b"body", **more}, user="shikaku_service")[0]


def dispute(db, last4="9018", **more):
    return decide(db, "dispute", last4=last4, **more)[:3]


def link(db, key):
    return db.run("SELECT state, mismatched, warned, offered_code, decision FROM shikaku.links WHERE member_key = %s", (key,))[0]


def member(db, key):
    return db.run("""SELECT p.register_code, m.individual_number_last4 FROM shikaku.members AS m JOIN shikaku.persons AS p USING (person_id)
        WHERE m.member_key = %s""", (key,))[0]


def persons(db):
    return dict(db.run("SELECT member_key, person_id FROM shikaku.members"))


def numbers(db):
    return db.value("SELECT count(*) FROM shikaku.pending_numbers")


@pytest.fixture
def coming(family):
    """Member 2, dependant of member 1, is new: no code yet, and its number waits."""
    family.run("UPDATE shikaku.persons SET register_code = NULL WHERE person_id = 2")
    pend(family, 2)
    return family


@pytest.fixture(autouse=True)
def standings_hold(request):
    """Whatever was done, the desk reads what is stored."""
    database = request.getfixturevalue("family")
    yield
    assert database.value("SELECT shikaku.compare_standings()") == 0


# --- Whose turn it is.

def test_a_claimed_number_is_nobody_elses_until_its_lease_ends(coming):
    assert [(row[:3], row[3], row[4]) for row in claim(coming)] == [((2, "01130012", "b"), SEALED, 1)]
    assert claim(coming) == []
    assert [row[4] for row in claim(coming, at=LATER, until="2026-11-26 12:02Z")] == [2]


def test_two_at_once_share_the_work_and_do_not_wait_for_each_other(coming):
    pend(coming, 3)
    first = coming.connect("shikaku_service", autocommit=False)
    with first.cursor() as cursor:
        cursor.execute(CLAIM, (NOON, LATER, 1))
        mine = {row[0] for row in cursor.fetchall()}
    theirs = {row[0] for row in claim(coming)}
    first.commit()
    assert len(mine) == 1 and mine | theirs == {2, 3} and not mine & theirs


def test_what_is_not_due_waits(coming):
    coming.run("SELECT shikaku.postpone_link_check(2, %s, %s)", (SEALED, LATER), user="shikaku_service")
    assert claim(coming) == [] and len(claim(coming, at=LATER, until="2026-11-26 12:02Z")) == 1


def test_a_number_sent_meanwhile_is_not_postponed_with_the_old_one(coming):
    coming.run("SELECT shikaku.postpone_link_check(2, %s, %s)", (b"t" * 40, LATER), user="shikaku_service")
    assert len(claim(coming)) == 1


# --- What the register says.

def test_a_match_links_and_leaves_the_code_and_four_digits_of_the_number(coming):
    assert record(coming, 2, warned="{sex}") == "linked"
    assert link(coming, 2) == ("linked", None, ["sex"], None, None)
    assert member(coming, 2) == ("new", "9018") and numbers(coming) == 0
    assert coming.value("SELECT link_state FROM shikaku.standings WHERE membership_id = 2") == "linked"


def test_a_mismatch_says_what_differs_and_gives_nobody_the_code(coming):
    assert record(coming, 2, mismatched=["name", "sex"]) == "mismatch"
    assert link(coming, 2) == ("mismatch", ["name", "sex"], None, "new", None)
    assert member(coming, 2) == (None, "9018") and numbers(coming) == 0


def test_each_answer_moves_the_version_of_the_member_and_what_was_known_stays_known(coming):
    before = coming.value("SELECT known_from FROM shikaku.members WHERE member_key = 2")
    record(coming, 2)
    assert coming.value("SELECT known_from FROM shikaku.members WHERE member_key = 2") > before
    assert coming.value("SELECT count(*) FROM shikaku.members_history WHERE member_key = 2") == 1
    assert coming.run("SELECT state FROM shikaku.links_history WHERE member_key = 2") == [("pending",)]


def test_a_clock_that_is_behind_can_still_record(coming):
    assert record(coming, 2, at="2025-01-01Z") == "linked"


def test_an_answer_about_another_number_changes_nothing(coming):
    assert record(coming, 2, sealed=b"t" * 40) == "stale"
    assert link(coming, 2)[0] == "pending" and numbers(coming) == 1 and member(coming, 2) == (None, None)


def test_a_record_that_was_corrected_meanwhile_is_asked_about_again(coming):
    [claimed] = claim(coming)
    coming.run("UPDATE shikaku.members SET name = '資格 花', known_from = %s WHERE member_key = 2", (NOON,))
    assert record(coming, 2, version=claimed[5]) == "stale" and numbers(coming) == 1
    assert [row[4] for row in claim(coming)] == [2]


def test_an_answer_that_comes_twice_is_recorded_once(coming):
    assert record(coming, 2) == "linked" and record(coming, 2) == "stale"
    assert coming.value("SELECT count(*) FROM shikaku.links_history WHERE member_key = 2") == 1


def test_who_is_being_written_is_not_waited_for_long(coming):
    writer = coming.connect(autocommit=False)
    writer.cursor().execute("SELECT FROM shikaku.members WHERE member_key = 2 FOR UPDATE")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        record(coming, 2)
    writer.rollback()
    assert record(coming, 2) == "linked"


# --- Memberships under several insurers are one person's (R8.2).

def test_a_member_whose_code_is_known_joins_that_person(coming):
    assert record(coming, 2, code="three") == "linked"
    assert persons(coming) == {1: 1, 2: 3, 3: 3, 4: 1}
    assert coming.run("SELECT membership_id FROM shikaku.standings WHERE sibling_person_id = 3 ORDER BY 1") == [(2,), (3,)]


def test_what_belonged_to_the_new_record_goes_along(coming):
    coming.run("""INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after,
        public_key) VALUES (2, 'card', sha256('two'), '\\x02', '\\x02', '2026-01-01Z', '2031-01-01Z', '\\x01')""")
    coming.run("INSERT INTO shikaku.use_registrations (person_id, registered_at, channel) VALUES (2, '2026-02-01Z', 'atm')")
    record(coming, 2, code="three")
    assert coming.run("SELECT person_id FROM shikaku.cards ORDER BY card_id") == [(1,), (3,)]
    assert coming.run("SELECT person_id, channel FROM shikaku.use_registrations ORDER BY 1") == [(1, "reader"), (3, "atm")]
    assert coming.run("SELECT membership_id, registered, cards_state FROM shikaku.standings WHERE person_id = 3 ORDER BY 1") == [
        (2, True, 1), (3, True, 1)]


@pytest.mark.parametrize("cancelled_at, stands", [("2026-01-15Z", "atm"), ("2026-03-01Z", "municipality")])
def test_of_two_registrations_the_last_word_counts(coming, cancelled_at, stands):
    coming.run("INSERT INTO shikaku.use_registrations VALUES (2, '2026-02-01Z', 'atm', NULL), (3, '2026-01-01Z', 'municipality', %s)",
               (cancelled_at,))
    record(coming, 2, code="three")
    assert coming.run("SELECT channel, cancelled_at IS NULL FROM shikaku.use_registrations WHERE person_id = 3") == [(stands, stands == "atm")]


def test_cards_of_somebody_else_stay_where_they_are(family):
    """Member 3 had a wrong number, and so another person's code: who has the code has the card, with a member here or not."""
    family.run("UPDATE shikaku.cards SET person_id = 3")
    pend(family, 3)
    assert record(family, 3, code="four") == "linked"
    assert member(family, 3)[0] == "four" and persons(family)[3] not in (1, 2, 3)
    assert family.run("SELECT p.register_code FROM shikaku.cards JOIN shikaku.persons AS p USING (person_id)") == [("three",)]


def test_two_members_of_one_new_person_come_together_also_at_once(coming):
    coming.run("UPDATE shikaku.persons SET register_code = NULL WHERE person_id = 3")
    pend(coming, 3)
    said = []
    together = [threading.Thread(target=lambda key=key: said.append(record(coming, key, code="twins"))) for key in (2, 3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join(30)
    assert said == ["linked", "linked"] and member(coming, 2)[0] == member(coming, 3)[0] == "twins"


def record_all(db, *results):
    """results: (member_key, code, mismatched)"""
    keys = [key for key, *_ in results]
    versions = dict(db.run("SELECT member_key, known_from FROM shikaku.members"))
    return dict(db.run(RECORD_ALL, {"keys": keys, "sealed": [SEALED] * len(keys), "versions": [versions[key] for key in keys], "at": NOON,
                                    "mismatched": [mismatched for *_, mismatched in results], "warned": [None] * len(keys),
                                    "codes": [code for _, code, _ in results], "last4s": ["9018"] * len(keys)}, user="shikaku_service"))


def test_many_answers_are_recorded_at_once_each_as_if_alone(family):
    family.run("UPDATE shikaku.persons SET register_code = NULL WHERE person_id IN (2, 3)")
    for key in (1, 2, 3):
        pend(family, key)
    assert record_all(family, (3, "new", None), (1, "x", "{name}"), (2, "new", None), (4, "one", None)) == {
        1: "mismatch", 2: "linked", 3: "linked", 4: "stale"}
    assert [member(family, key)[0] for key in (1, 2, 3, 4)] == ["one", "new", "new", "one"] and numbers(family) == 0
    assert persons(family)[2] == persons(family)[3] and link(family, 1) == ("mismatch", ["name"], None, "x", None)
    assert member(family, 4) == ("one", None)


def test_a_member_of_another_insurer_joins_nobody(family):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        family.run("SELECT shikaku.join_persons('39131156', '{2}', '{x}', '{NULL}', now())")


# --- What a person decides.

def test_an_accepted_mismatch_is_linked_and_gets_the_code(coming):
    record(coming, 2, mismatched=["address"])
    assert decide(coming, note="住所変更の届出を確認") == ("done", False, "linked", [], "accept", "住所変更の届出を確認")
    assert member(coming, 2) == ("new", "9018") and link(coming, 2) == ("linked", None, None, None, "accept")
    assert coming.value("SELECT decided_by FROM shikaku.links WHERE member_key = 2") == 1


def test_a_number_that_is_nobodys_can_be_accepted_without_a_code(coming):
    record(coming, 2, code=None, mismatched=["name", "birth_date", "address"])
    assert decide(coming)[:3] == ("done", False, "linked") and member(coming, 2) == (None, "9018")


def test_a_rejected_mismatch_leaves_the_list_and_may_be_accepted_later(coming):
    record(coming, 2, mismatched=["address"])
    assert decide(coming, "reject")[:5] == ("done", False, "mismatch", ["address"], "reject")
    assert mismatches(coming) == [] and member(coming, 2)[0] is None
    assert decide(coming, "reject")[0] == "nothing_to_decide"
    assert decide(coming, "accept")[0] == "done" and member(coming, 2)[0] == "new"


def test_there_must_be_a_mismatch_to_decide_of(coming):
    assert decide(coming)[0] == "nothing_to_decide" and decide(coming, member="nobody")[0] == "no_such_member"
    record(coming, 2)
    assert decide(coming, "reject")[0] == "nothing_to_decide" and link(coming, 2)[0] == "linked"


def test_a_corrected_number_makes_it_pending_and_nothing_of_before_stays(coming):
    record(coming, 2, mismatched=["address"])
    decide(coming, "reject")
    pend(coming, 2, b"t" * 40, "2026-11-26 12:02Z")
    assert link(coming, 2) == ("pending", None, None, None, None)
    assert record(coming, 2, sealed=b"t" * 40, at="2026-11-26 12:03Z") == "linked"


def test_a_decision_sent_again_is_answered_as_it_was(coming):
    record(coming, 2, mismatched=["address"])
    assert decide(coming, key=b"k")[:3] == ("done", False, "linked")
    assert decide(coming, key=b"k")[:3] == ("done", True, "linked")
    assert decide(coming, key=b"k", request=b"other")[0] == "key_reused"


def test_a_disputed_number_closes_the_cards_road_until_another_is_checked(coming):
    record(coming, 2)
    assert dispute(coming, last4="1111")[0] == "nothing_to_decide"
    assert dispute(coming) == ("done", False, "pending")
    assert coming.value("SELECT link_state FROM shikaku.standings WHERE membership_id = 2") == "pending"
    assert member(coming, 2) == ("new", None) and link(coming, 2) == ("pending", None, None, None, "dispute")
    assert dispute(coming)[0] == "nothing_to_decide"
    pend(coming, 2, at="2026-11-26 12:02Z")
    assert link(coming, 2)[4] is None
    assert record(coming, 2, code="other", at="2026-11-26 12:03Z") == "linked" and member(coming, 2)[0] == "other"
    assert coming.value("SELECT count(*) FROM shikaku.persons WHERE register_code = 'new'") == 1


def test_a_dispute_drops_the_number_that_still_waits(coming):
    record(coming, 2)
    pend(coming, 2, at=LATER)
    assert dispute(coming, at="2026-11-26 12:02Z")[0] == "done" and numbers(coming) == 0


# --- Who sees what.

def mismatches(db, insurer="01130012", after=None, most=10):
    items, last_id = db.run("SELECT items, last_id FROM shikaku.list_link_mismatches(%s, %s, %s)", (insurer, after, most),
                            user="shikaku_service")[0]
    found = [item["member_id"] for item in items]
    assert last_id in (None, *found[-1:])
    return found


def test_the_list_goes_on_where_it_ended_and_shows_ones_own_only(family):
    for key in (1, 2, 3, 4):
        pend(family, key)
        record(family, key, mismatched=["name"])
    assert mismatches(family) == ["a", "b"] and mismatches(family, most=1) == ["a"] and mismatches(family, after="a") == ["b"]
    assert mismatches(family, after="b") == [] and mismatches(family, "39131156") == ["c"] and mismatches(family, "06136022") == ["d"]


def test_a_wrong_condition_would_still_find_ones_own_only(family):
    for key in (1, 3):
        pend(family, key)
        record(family, key, mismatched=["name"])
    session = family.connect("shikaku_owner", autocommit=False)
    with session.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE shikaku_insurer")
        cursor.execute("SELECT shikaku.enter_insurer('39131156')")
        cursor.execute("SELECT member_id FROM shikaku.links JOIN shikaku.members USING (member_key)")
        assert cursor.fetchall() == [("c",)]
        cursor.execute("UPDATE shikaku.links SET known_from = '2027-01-01Z'")
        assert cursor.rowcount == 1
    session.rollback()


def test_another_insurers_member_cannot_be_decided_of(coming):
    record(coming, 2, mismatched=["name"])
    assert decide(coming, insurer="39131156")[0] == "no_such_member" and dispute(coming, insurer="39131156")[0] == "no_such_member"


@pytest.mark.parametrize("statement", [
    "SELECT sealed FROM shikaku.pending_numbers", "SELECT shikaku.join_persons('01130012', '{2}', '{x}', '{NULL}', now())",
    "SELECT shikaku.leave_to(1, 2)", "SELECT shikaku.link_document(2)", "UPDATE shikaku.links SET state = 'linked'",
])
def test_the_service_goes_through_its_functions(coming, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        coming.run(statement, user="shikaku_service")
