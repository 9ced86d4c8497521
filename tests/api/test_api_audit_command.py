"""`shikakud audit verify`: an altered, removed or added record is named (R13.2)."""

import pytest

from support import Client, Service, shikakud

from conftest import PATIENT

CHECKS = 6
# What whoever owns the database could write over. Some columns hold each other: these are altered together.
ALTERATIONS = [
    "check_id = gen_random_uuid()", "checked_at = checked_at + interval '1 microsecond'", "known_at = checked_at", "token_id = token_id + 1",
    "reasons = reasons # 1", "membership_id = membership_id + 1", "membership_id = NULL", "data_version = data_version + 1",
    "visit_date = visit_date - 1", "presented = 3", "setting = 1", "validity = 2, accepted = false", "with_card = true", "accepted = false",
    "digest = sha256(digest)", "answer_digest = sha256(answer_digest)", "keys_digest = sha256(keys_digest)", "owner = '1319900021'",
    "insurer_number = '06136022'", "insurer_number = NULL",
]


@pytest.fixture(scope="module")
def written(template):
    """A database with two chains of some records each, the second after the head of the first; anything may be done to it, as by
    someone with all rights."""
    with template.clone() as database:
        token = database.token()
        for _ in range(2):
            with Service(database, loops=1, **PATIENT) as running:  # by the real clock: names are in the order of time
                with Client(running, token) as desk:
                    for _ in range(CHECKS):
                        assert desk.check(insurer_number="01130012", number="1234567", birth_date="1980-05-17").status == 200
                assert running.stop() == 0, running.log()[-3000:]
        database.run("ALTER TABLE shikaku.checks DISABLE TRIGGER USER", user="postgres")
        database.run("CREATE TABLE public.as_written AS SELECT * FROM shikaku.checks", user="postgres")
        yield database


@pytest.fixture
def database(written):
    yield written
    written.run("DELETE FROM shikaku.checks", user="postgres")
    written.run("INSERT INTO shikaku.checks SELECT * FROM public.as_written", user="postgres")


@pytest.fixture
def chains(database):
    """[chain id] in the order of time."""
    return [row[0] for row in database.run("SELECT chain_id::text FROM shikaku.checks GROUP BY chain_id ORDER BY chain_id")]


def verify(database, **values):
    return shikakud("audit", "verify", database=database, **values)


def check_at(database, chain, position):
    return database.value("SELECT check_id::text FROM shikaku.checks WHERE chain_id = %s AND chain_position = %s", (chain, position))


def alter(database, change, chain, position):
    """The check's name afterwards."""
    database.run(f"UPDATE shikaku.checks SET {change} WHERE chain_id = %s AND chain_position = %s", (chain, position), user="postgres")
    return check_at(database, chain, position)


def remove(database, chain, where="true"):
    database.run(f"DELETE FROM shikaku.checks WHERE chain_id = %s AND {where}", (chain,), user="postgres")


def test_what_was_written_is_whole(database, chains):
    done = verify(database)
    assert (done.returncode, done.stdout) == (0, f"whole  {2 * CHECKS} records in {len(chains)} chains\n")


def test_no_record_at_all_is_whole(template):
    with template.clone() as empty:
        done = verify(empty)
    assert (done.returncode, done.stdout) == (0, "whole  0 records in 0 chains\n")


@pytest.mark.parametrize("change", ALTERATIONS)
def test_an_altered_record_is_named(database, chains, change):
    check = alter(database, change, chains[0], 2)
    done = verify(database)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"BROKEN  chain {chains[0]}: record 2 is not as it was written: check {check}",
        f"BROKEN  {2 * CHECKS} records in 2 chains"]


def test_another_head_to_follow_is_named(database, chains):
    check = alter(database, "follows = sha256(follows)", chains[1], 0)
    assert verify(database).stdout.splitlines() == [
        f"BROKEN  chain {chains[1]}: record 0 is not as it was written: check {check}",
        f"BROKEN  chain {chains[1]}: record 0 follows a record that is not there any more: check {check}",
        f"BROKEN  {2 * CHECKS} records in 2 chains"]


@pytest.mark.parametrize("position", [0, 3])
def test_a_removed_record_is_named(database, chains, position):
    remove(database, chains[0], f"chain_position = {position}")
    done = verify(database)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        f"BROKEN  chain {chains[0]}: record {position} is missing; the next one is check {check_at(database, chains[0], position + 1)}")


@pytest.mark.parametrize("which", ["true", f"chain_position = {CHECKS - 1}"])
def test_an_end_that_was_removed_is_named_by_the_chain_after_it(database, chains, which):
    remove(database, chains[0], which)
    done = verify(database)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == (
        f"BROKEN  chain {chains[1]}: record 0 follows a record that is not there any more: check {check_at(database, chains[1], 0)}")


def test_a_record_put_beside_another_is_named(database, chains):
    columns = ", ".join(row[0] for row in database.run(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'checks' AND column_name <> 'check_id'"))
    database.run(f"INSERT INTO shikaku.checks (check_id, {columns}) SELECT 'ffffffff-ffff-7fff-bfff-ffffffffffff', {columns}"
                 "  FROM shikaku.checks WHERE chain_id = %s AND chain_position = 4", (chains[0],), user="postgres")
    done = verify(database)
    assert done.returncode == 1
    assert f"chain {chains[0]}: record " in done.stdout and "ffffffff-ffff-7fff-bfff-ffffffffffff" in done.stdout


def test_a_record_that_is_moved_to_the_next_chain_is_named(database, chains):
    database.run("UPDATE shikaku.checks SET chain_id = %s, chain_position = %s WHERE chain_id = %s AND chain_position = %s",
                 (chains[1], CHECKS, chains[0], CHECKS - 1), user="postgres")
    check = check_at(database, chains[1], CHECKS)
    assert verify(database).stdout.splitlines()[0] == f"BROKEN  chain {chains[1]}: record {CHECKS} is not as it was written: check {check}"


def test_each_broken_chain_is_named_once(database, chains):
    for chain in chains:
        for position in (1, 3, 5):
            alter(database, "visit_date = visit_date - 1", chain, position)
    lines = verify(database).stdout.splitlines()
    assert [line.split(": ")[1] for line in lines[:-1]] == ["record 1 is not as it was written"] * 2


def test_a_database_that_cannot_be_read_is_not_called_whole(database):
    away = verify(None, database_url="host=/nowhere/at/all dbname=shikaku")
    database.run("REVOKE SELECT ON shikaku.checks FROM shikaku_service", user="postgres")
    refused = verify(database)
    database.run("GRANT SELECT ON shikaku.checks TO shikaku_service", user="postgres")
    for done in (away, refused):
        assert done.returncode == 2
        assert done.stdout == "UNREAD  0 records in 0 chains\n"


@pytest.mark.parametrize("words", [[], ["verify", "now"], ["check"]])
def test_what_it_does_not_understand_it_says(template, words):
    done = shikakud("audit", *words, database=template)
    assert done.returncode == 2 and done.stderr == "usage: shikakud audit verify\n" and done.stdout == ""
