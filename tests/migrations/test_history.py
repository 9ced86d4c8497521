"""Nothing is overwritten (R3.4)."""

import psycopg2
import pytest


def rows(db, table, columns):
    return db.run(f"SET timezone = 'UTC'; SELECT {columns}, known_from::text, known_until::text FROM shikaku.{table}_history ORDER BY known_from")


CHANGES = [
    ("members", "name = '資格 改名'", "member_key = 1", "name", "資格 太郎"),
    ("memberships", "number = '35', number_key = '35'", "membership_id = 1", "number", "34"),
    ("ratios", "percent = 20", "ratio_id = 1", "percent", 10),
    ("links", "state = 'pending', decided_at = NULL", "member_key = 1", "state", "linked"),
    ("eligibility_certificates", "state = 'returned'", "certificate_id = 1", "state", "issued"),
]


@pytest.mark.parametrize("table, change, where, column, before", CHANGES, ids=[change[0] for change in CHANGES])
def test_what_was_known_before_a_change_stays_known(family, table, change, where, column, before):
    family.run(f"UPDATE shikaku.{table} SET {change}, known_from = '2026-03-01Z' WHERE {where}")
    assert rows(family, table, column) == [(before, "2026-01-01 00:00:00+00", "2026-03-01 00:00:00+00")]


@pytest.mark.parametrize("table, change, where, column, before", CHANGES, ids=[change[0] for change in CHANGES])
@pytest.mark.parametrize("known_from", ["known_from", "'2026-01-01Z'", "'2025-12-31Z'"])
def test_a_change_cannot_be_known_no_later_than_what_it_changes(family, table, change, where, column, before, known_from):
    with pytest.raises(psycopg2.errors.CheckViolation):
        family.run(f"UPDATE shikaku.{table} SET {change}, known_from = {known_from} WHERE {where}")
    assert family.value(f"SELECT {column} FROM shikaku.{table} WHERE {where}") == before
    assert rows(family, table, column) == []


def test_an_update_that_changes_nothing_leaves_no_history(family):
    family.run("UPDATE shikaku.members SET name = name")
    assert rows(family, "members", "name") == []


def test_every_change_of_many_is_kept_and_the_times_meet(family):
    for month in range(2, 7):
        family.run(f"UPDATE shikaku.members SET address = 'Nr. {month}', known_from = '2026-0{month}-01Z'")
    kept = family.run("""
        SELECT member_key, count(*), bool_and(known_until = next_from) FROM (
          SELECT member_key, known_until,
              lead(known_from, 1, '2026-06-01Z') OVER (PARTITION BY member_key ORDER BY known_from) AS next_from
            FROM shikaku.members_history) AS h
        GROUP BY member_key ORDER BY member_key""")
    assert kept == [(1, 5, True), (2, 5, True), (3, 5, True), (4, 5, True)]


def test_a_deletion_needs_a_time_and_keeps_the_row(family):
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        family.run("DELETE FROM shikaku.ratios")
    with pytest.raises(psycopg2.errors.CheckViolation):
        family.run("SET shikaku.changed_at = '2025-12-31Z'; DELETE FROM shikaku.ratios")
    assert family.value("SELECT count(*) FROM shikaku.ratios") == 1
    family.run("SET shikaku.changed_at = '2026-04-01Z'; DELETE FROM shikaku.ratios")
    assert family.value("SELECT count(*) FROM shikaku.ratios") == 0
    assert rows(family, "ratios", "percent") == [(10, "2026-01-01 00:00:00+00", "2026-04-01 00:00:00+00")]


def test_what_was_deleted_at_once_was_never_known(family):
    family.run("SET shikaku.changed_at = '2026-01-01Z'; DELETE FROM shikaku.ratios")
    assert rows(family, "ratios", "percent") == []


def test_a_key_that_comes_back_is_known_later_than_before(family):
    family.run("SET shikaku.changed_at = '2026-04-01Z'; DELETE FROM shikaku.links")
    with pytest.raises(psycopg2.errors.CheckViolation):
        family.run("INSERT INTO shikaku.links VALUES (1, 'pending', NULL, NULL, '2026-03-31Z')")
    family.run("INSERT INTO shikaku.links VALUES (1, 'pending', NULL, NULL, '2026-04-01Z')")
    assert family.value("SELECT state FROM shikaku.links") == "pending"


def test_a_key_never_changes(family):
    with pytest.raises(psycopg2.errors.CheckViolation):
        family.run("UPDATE shikaku.ratios SET ratio_id = DEFAULT, known_from = '2026-03-01Z'")


@pytest.mark.parametrize("table", [change[0] for change in CHANGES])
def test_nothing_versioned_is_truncated_and_the_service_cannot_touch_its_past(refused, table):
    for name in (table, f"{table}_history"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            refused.run(f"TRUNCATE shikaku.{name} CASCADE")
    for statement in (f"DELETE FROM shikaku.{table}_history", f"UPDATE shikaku.{table}_history SET known_until = known_until",
                      f"INSERT INTO shikaku.{table}_history SELECT * FROM shikaku.{table}_history"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            refused.run(statement, user="shikaku_service")


def test_who_may_change_makes_history_without_being_allowed_to_write_it(family):
    family.run("GRANT UPDATE ON shikaku.members TO shikaku_service; CREATE POLICY changes ON shikaku.members TO shikaku_service USING (true)")
    family.run("UPDATE shikaku.members SET name = '資格 改名', known_from = '2026-03-01Z' WHERE member_key = 1", user="shikaku_service")
    assert family.value("SELECT name FROM shikaku.members_history", user="shikaku_service") == "資格 太郎"


def test_a_column_added_later_to_both_tables_is_kept_by_name(family):
    family.run("ALTER TABLE shikaku.members ADD COLUMN later text; ALTER TABLE shikaku.members_history ADD COLUMN later text")
    family.run("UPDATE shikaku.members SET later = 'x', known_from = '2026-02-01Z'")
    family.run("UPDATE shikaku.members SET later = 'y', known_from = '2026-03-01Z' WHERE member_key = 1")
    assert rows(family, "members", "later")[-1][0] == "x"
