"""Tables of amounts are added, replaced and taken back in one statement each; whatever happens at once, no month has two and none between
others has none (R7.2)."""

import json
import threading
import time

import psycopg2
import pytest

from conftest import ROOT

NOON = "2026-11-22 12:00Z"
CATEGORIES = [f"A0{digit}" for digit in range(1, 7)] + [f"B{number:02}" for number in range(1, 11)]


def amounts(base=1000, categories=CATEGORIES):
    return json.dumps([{"category": category, "base": base, "threshold": 0, "rate_percent": 0} for category in categories])


ADD = """SELECT outcome, replayed, expected::text, version FROM shikaku.add_limit_table(%(at)s, %(today)s, 1, %(first)s, %(last)s, '政令', NULL,
    %(amounts)s, '/v1/limit-tables', sha256(%(key)s), sha256(%(request)s))"""
REPLACE = """SELECT outcome, expected::text, version FROM shikaku.replace_limit_table(%(at)s, %(today)s, 1, %(first)s, %(seen)s, %(first)s, %(last)s,
    '政令', NULL, %(amounts)s)"""
WITHDRAW = "SELECT outcome FROM shikaku.withdraw_limit_table(%(at)s, %(today)s, 1, %(first)s, %(seen)s)"


def asked(first="2027-08-01", last=None, **more):
    return {"at": NOON, "today": "2026-11-01", "first": first, "last": last, "amounts": amounts(), "key": None, "request": b"body", "seen": None,
            **more}


def add(db, *arguments, **more):
    return db.run(ADD, asked(*arguments, **more), user="shikaku_service")[0]


def replace(db, *arguments, **more):
    return db.run(REPLACE, asked(*arguments, **more), user="shikaku_service")[0]


def withdraw(db, first, **more):
    return db.run(WITHDRAW, asked(first, **more), user="shikaku_service")[0][0]


def months(db):
    return db.run("""SELECT first_month::text, last_month::text, version FROM shikaku.limit_tables WHERE withdrawn_at IS NULL
        ORDER BY first_month OFFSET 2""")


def test_what_is_replaced_or_taken_back_stays_on_record_with_its_amounts(family):
    assert add(family)[:3] == ("made", False, None)
    assert replace(family, amounts=amounts(2000))[:2] == ("replaced", None)
    assert withdraw(family, "2027-08-01") == "withdrawn"
    assert add(family, amounts=amounts(3000))[0] == "made"
    assert family.run("""
        SELECT t.version, min(a.base), max(a.base), count(*), t.registered_by, t.withdrawn_by, t.withdrawn_at = %s
          FROM shikaku.limit_tables AS t JOIN shikaku.limit_amounts AS a USING (table_id) WHERE t.first_month = '2027-08-01'
          GROUP BY t.table_id ORDER BY 1""", (NOON,)) == [
        (1, 1000, 1000, 16, 1, 1, True), (2, 2000, 2000, 16, 1, 1, True), (3, 3000, 3000, 16, 1, None, None)]


def test_a_table_that_had_ended_an_open_one_gives_it_back_also_when_it_was_replaced(family):
    add(family)
    add(family, "2028-01-01")
    assert replace(family, "2027-08-01", "2027-12-01")[0] == "replaced"
    assert replace(family, "2028-01-01", "2028-12-01")[0] == "replaced"
    assert months(family)[1:] == [("2027-08-01", "2027-12-01", 2), ("2028-01-01", "2028-12-01", 2)]
    assert withdraw(family, "2028-01-01") == "withdrawn"
    assert months(family)[1:] == [("2027-08-01", None, 2)]


def test_a_table_with_an_end_of_its_own_keeps_it(family):
    add(family, "2027-08-01", "2027-12-01")
    add(family, "2028-01-01")
    assert withdraw(family, "2028-01-01") == "withdrawn"
    assert months(family)[1:] == [("2027-08-01", "2027-12-01", 1)]


def test_a_month_is_answered_from_the_table_that_holds_in_it_as_soon_as_it_is_there(family):
    """By the statement that the service prepares once and never again."""
    connection = family.connect("shikaku_service")
    cursor = connection.cursor()
    cursor.execute("PREPARE facts AS " + (ROOT / "service" / "store" / "sql" / "find_limit_facts.sql").read_text(encoding="utf-8"))

    def facts():
        cursor.execute("EXECUTE facts ('{2026-11-01,2027-07-01,2027-08-01}', '{A01,A01,A01}', '{NULL,NULL,NULL}', %s::timestamptz[])", ([NOON] * 3,))
        return {row[0]: (row[3], row[6]) for row in cursor.fetchall()}

    old = {1: (1, 270300), 2: (1, 270300)}
    assert facts() == {**old, 3: (None, None)}
    add(family)
    assert facts() == {**old, 3: (1, 1000)}
    replace(family, amounts=amounts(2000))
    assert facts() == {**old, 3: (2, 2000)}
    withdraw(family, "2027-08-01")
    assert facts() == {**old, 3: (None, None)}


def test_a_clock_that_is_behind_can_still_replace(family):
    add(family)
    assert replace(family, at="2026-11-22 11:59Z")[0] == "replaced"
    assert withdraw(family, "2027-08-01", at="2026-11-22 11:58Z") == "withdrawn"


@pytest.mark.parametrize("seen", [0, 1, 3 * 131072])
def test_another_version_is_neither_replaced_nor_taken_back(family, seen):
    version = add(family)[3]
    assert replace(family, seen=seen)[0] == "other_version"
    assert withdraw(family, "2027-08-01", seen=seen) == "other_version"
    assert months(family)[1:] == [("2027-08-01", None, 1)]
    assert withdraw(family, "2027-08-01", seen=version) == "withdrawn"


@pytest.mark.parametrize("today, outcome", [("2027-07-01", "replaced"), ("2027-08-01", "begun"), ("2027-09-01", "begun")])
def test_a_table_begins_with_the_first_day_of_its_month(family, today, outcome):
    add(family)
    assert replace(family, today=today)[0] == outcome


def test_a_table_that_lacks_a_category_is_not_stored_whoever_asks(family):
    with pytest.raises(psycopg2.errors.RaiseException):
        add(family, amounts=amounts(categories=CATEGORIES[1:]))
    with pytest.raises(psycopg2.errors.CheckViolation):
        add(family, amounts=amounts(base=0))
    assert len(months(family)) == 1


def test_a_key_is_kept_with_what_was_added_and_not_with_what_was_refused(family):
    assert add(family, "2027-09-01", key=b"key")[:3] == ("not_next", False, "2027-08-01")
    made = add(family, key=b"key")
    assert add(family, key=b"key") == ("made", True, None, made[3])
    assert add(family, key=b"key", request=b"other")[0] == "key_reused"


def test_tables_are_read_while_one_is_being_added(family):
    connection = family.connect("shikaku_service", autocommit=False)
    connection.cursor().execute(ADD, asked())
    reader = family.connect("shikaku_service")
    cursor = reader.cursor()
    cursor.execute("SET lock_timeout = 100")
    cursor.execute("SELECT outcome FROM shikaku.find_limit_table('2026-11-01', '2027-08-01')")
    assert cursor.fetchall() == []
    connection.commit()
    cursor.execute("SELECT outcome FROM shikaku.find_limit_table('2026-11-01', '2027-08-01')")
    assert cursor.fetchall() == [("found",)]


def waits(db):
    return db.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0


def second_waits_for_first(db, first, then, user="shikaku_service"):
    """Runs `first` and leaves it open, runs `then` until it waits, and lets both end; what came of the second."""
    connection, found = db.connect(user, autocommit=False), []
    connection.cursor().execute(*first)

    def go_on():
        try:
            found.append(db.run(*then, user=user)[0])
        except psycopg2.Error as error:
            found.append(error.diag.constraint_name or str(error))

    thread = threading.Thread(target=go_on)
    thread.start()
    while thread.is_alive() and not waits(db):
        time.sleep(0.01)
    connection.commit()
    thread.join()
    return found[0]


def test_who_adds_while_another_does_sees_what_was_added(family):
    found = second_waits_for_first(family, (ADD, asked()), (ADD, asked()))
    assert found[:3] == ("too_early", False, "2027-09-01")


def test_a_table_is_not_added_behind_one_that_is_just_taken_back(family):
    add(family, "2027-08-01", "2027-12-01")
    found = second_waits_for_first(family, (WITHDRAW, asked()), (ADD, asked("2028-01-01")))
    assert found[:3] == ("not_next", False, "2027-08-01")


def test_even_by_hand_two_at_once_leave_no_month_without_a_table_between_others(family):
    """One takes the last table away while another puts one behind it: each alone leaves no gap."""
    add(family, "2027-08-01", "2027-12-01")
    insert = """INSERT INTO shikaku.limit_tables (first_month, source, registered_at) VALUES ('2028-01-01', '政令', '2026-11-22Z')
        RETURNING first_month"""
    withdrawal = f"""UPDATE shikaku.limit_tables SET withdrawn_at = '{NOON}', withdrawn_by = 1 WHERE first_month = '2027-08-01';
        SET CONSTRAINTS ALL IMMEDIATE"""
    assert second_waits_for_first(family, (withdrawal,), (insert,), user="shikaku_owner") == "limit_tables_leave_no_gap"
    assert len(months(family)) == 1
