"""Evidence stays (R13)."""

import threading

import psycopg2
import pytest

INSERT = """
    INSERT INTO shikaku.checks (check_id, checked_at, chain_id, chain_position, follows, digest, answer_digest, keys_digest, token_id, owner,
      visit_date, known_at, presented, setting, with_card, validity, accepted, reasons, membership_id, data_version,
      insurer_number)
    VALUES (gen_random_uuid(), %s, gen_random_uuid(), 0, sha256('4'), sha256('1'), sha256('2'), sha256('3'), 1, '1319900013', '2026-11-22',
      '2026-11-21Z', 4, 0, false, 1, true, 1, 1, 1, '06136022')"""


def partitions(db):
    return [name for name, in db.run("SELECT relid::regclass::text FROM pg_partition_tree('shikaku.checks') WHERE isleaf ORDER BY 1")]


@pytest.mark.parametrize("user", ["shikaku_service", "shikaku_owner", "postgres"])
@pytest.mark.parametrize("statement", [
    "UPDATE {table} SET accepted = false", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_nobody_changes_a_recorded_check(db, user, statement):
    db.run(INSERT, ("2026-11-22Z",), user="shikaku_service")
    table = db.value("SELECT tableoid::regclass::text FROM shikaku.checks")
    for name in ("shikaku.checks", table):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.run(statement.format(table=name), user=user)
    assert db.run("SELECT accepted FROM shikaku.checks", user="shikaku_service") == [(True,)]


def test_a_check_of_any_month_finds_a_partition(db):
    for moment in ("2019-01-01Z", "2026-11-22Z", "2099-12-31Z"):
        db.run(INSERT, (moment,), user="shikaku_service")
    assert db.value("SELECT count(*) FROM shikaku.checks", user="shikaku_service") == 3
    assert db.value("SELECT count(*) FROM shikaku.checks_default") >= 2


def test_the_service_keeps_this_month_and_three_ahead(db):
    before = set(partitions(db))
    db.run("SELECT shikaku.keep_check_partitions('2031-11-30')", user="shikaku_service")
    assert set(partitions(db)) - before == {f"shikaku.checks_{month}" for month in ("2031_11", "2031_12", "2032_01", "2032_02")}
    once = partitions(db)
    db.run("SELECT shikaku.keep_check_partitions('2031-11-01')", user="shikaku_service")
    assert partitions(db) == once
    # A month is one of Japan.
    db.run(INSERT, ("2031-11-30T14:59:59Z",))
    db.run(INSERT, ("2031-11-30T15:00:00Z",))
    assert db.run("SELECT tableoid::regclass::text FROM shikaku.checks ORDER BY checked_at") == [
        ("shikaku.checks_2031_11",), ("shikaku.checks_2031_12",)]
    for name in once:
        assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", (name,)) == 1


def test_checks_in_the_default_partition_stay_there(db):
    db.run(INSERT, ("2031-12-15Z",))
    db.run("SELECT shikaku.keep_check_partitions('2031-11-01')", user="shikaku_service")
    assert "shikaku.checks_2031_12" not in partitions(db)
    assert "shikaku.checks_2032_01" in partitions(db)
    assert db.run("SELECT tableoid::regclass::text FROM shikaku.checks") == [("shikaku.checks_default",)]


def test_many_services_may_keep_partitions_at_once(db):
    errors = []

    def keep(connection):
        try:
            connection.cursor().execute("SELECT shikaku.keep_check_partitions('2040-01-01')")
        except psycopg2.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=keep, args=(db.connect("shikaku_service"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum("2040" in name for name in partitions(db)) == 4


@pytest.mark.parametrize("today", ["NULL", "'infinity'", "'1999-12-31'"])
def test_a_day_that_is_none_makes_no_partitions(db, today):
    before = partitions(db)
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        db.run(f"SELECT shikaku.keep_check_partitions({today})", user="shikaku_service")
    assert partitions(db) == before


def test_a_record_is_small(db):
    db.run(INSERT, ("2026-11-22Z",))  # every column filled
    assert db.value("SELECT max(pg_column_size(c)) FROM shikaku.checks AS c") <= 300


def test_an_insert_meets_no_trigger(db):
    assert db.value("""SELECT count(*) FROM pg_trigger WHERE tgtype & 4 <> 0
        AND tgrelid IN (SELECT relid FROM pg_partition_tree('shikaku.checks'))""") == 0
