"""A merge gives way to the desk: it works in portions and rests while checks are made, and only then; what becomes of a file is the same."""

import contextlib
import threading
import time

import psycopg2
import pytest

from test_import_merge import A, AT, RUNNER, counts, dependant, errors, finish, row, sound, staged, standing

FAMILIES = 2500
CHECK = """INSERT INTO shikaku.checks (checked_at, token_id, reasons, check_id, chain_id, chain_position, visit_date, presented, setting, validity,
    with_card, accepted, digest, answer_digest, keys_digest, owner)
  VALUES ('2026-11-26Z', 1, 0, gen_random_uuid(), gen_random_uuid(), 1, '2026-11-26', 1, 0, 4, false, false, sha256('1'), sha256('2'), sha256('3'),
    '1319900013')"""


@contextlib.contextmanager
def desk(db):
    """Somebody makes checks all the time, each counted at once."""
    closed = threading.Event()
    connection = db.connect()

    def work():
        with connection.cursor() as cursor:
            while not closed.is_set():
                cursor.execute(CHECK)
                cursor.execute("SELECT pg_stat_force_next_flush()")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        closed.set()
        thread.join()


def merge(db, import_id, rest=None):
    connection = db.connect("shikaku_service")
    with connection.cursor() as cursor:
        if rest is not None:
            cursor.execute("SELECT set_config('shikaku.import_rest', %s, false)", (str(rest),))
        cursor.execute("SELECT outcome, slices_left FROM shikaku.merge_import_slice(%s, %s, 0, %s)", (import_id, RUNNER, AT))
        return cursor.fetchone()


def test_the_slices_of_a_file_are_merged_one_after_the_other_by_one_connection(family):
    import_id = staged(family, dependant("d1", "m5"), *(row(f"m{n}", number=str(n), number_key=str(n)) for n in range(6)), slice_rows=3)
    connection = family.connect("shikaku_service")
    with connection.cursor() as cursor:
        for number in range(3):
            cursor.execute("SELECT outcome, slices_left FROM shikaku.merge_import_slice(%s, %s, %s, %s)", (import_id, RUNNER, number, AT))
            assert cursor.fetchall() == [("merged", 2 - number)]
    assert standing(family, "d1", "s.insured_name") == [("新規 一",)]
    sound(family)


def rested(db, import_id):
    return db.value("SELECT rested_ms FROM shikaku.imports WHERE import_id = %s", (import_id,))


def test_a_merge_rests_while_checks_are_made(family):
    import_id = staged(family, row("n"), dependant(), {**A, "name": "資格 次郎"})
    with desk(family):
        assert merge(family, import_id, 1000) == ("merged", 0)
    assert rested(family, import_id) > 0
    assert [standing(family, who, "s.insured_name") for who in ("n", "d", "b")] == [[("新規 一",)], [("新規 一",)], [("資格 次郎",)]]
    sound(family)


@pytest.mark.parametrize("asked, rest", [(False, 1000), (True, 0)])
def test_a_merge_does_not_rest_while_nobody_asks_or_when_it_is_told_not_to(family, asked, rest):
    import_id = staged(family, row("n"))
    with desk(family) if asked else contextlib.nullcontext():
        assert merge(family, import_id, rest) == ("merged", 0)
    assert rested(family, import_id) == 0
    sound(family)


def resting(db):
    """The merges that rest."""
    return db.run("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", user="postgres")


def test_a_merge_that_is_cancelled_while_it_rests_leaves_nothing(family):
    import_id = staged(family, row("n"), {**A, "name": "資格 次郎"})
    before, said = counts(family), []

    def work():
        try:
            merge(family, import_id, 10_000_000)
        except psycopg2.Error as error:
            said.append(error)

    with desk(family):
        merging = threading.Thread(target=work)
        merging.start()
        while not (found := resting(family)):
            assert merging.is_alive()
            time.sleep(0.01)
        family.run("SELECT pg_cancel_backend(%s)", found[0], user="postgres")
        merging.join(60)
        assert not merging.is_alive() and isinstance(said[0], psycopg2.errors.QueryCanceled)
    assert counts(family) == before
    sound(family)
    assert merge(family, import_id) == ("merged", 0), "the next one does it"
    sound(family)


def stage_families(db, change=""):
    """An import of families: all dependants first, then their insured persons, in several portions of each."""
    import_id = staged(db)
    slot = db.value("SELECT slot FROM shikaku.imports WHERE import_id = %s", (import_id,))
    db.run(f"""INSERT INTO shikaku.staged_members_{slot} (slot, line, digest, member_id, name, name_kana, sex, birth_date, relationship,
            insured_member_id, symbol, symbol_key, number, number_key, branch_number, acquired_on, certificate_issued_on, certificate_valid_from,
            certificate_valid_until, ratio_percent, ratio_valid_from)
        SELECT {slot}, line, sha256((line || %s)::bytea), member, '家族 ' || member || %s, 'カゾク', 'female', '1990-01-01',
            CASE WHEN insured IS NULL THEN 'insured' ELSE 'dependent' END, insured, '9', '9', number, number, '00', '2020-04-01',
            '2026-01-01', '2026-01-01', '2027-01-01', '20', '2026-01-01'
          FROM (SELECT n + 2 AS line, 'D' || n AS member, 'I' || n AS insured, n::text AS number FROM generate_series(0, {FAMILIES - 1}) AS n
            UNION ALL SELECT n + 2 + {FAMILIES}, 'I' || n, NULL, n::text FROM generate_series(0, {FAMILIES - 1}) AS n) AS line""",
           (change, change))
    db.run("UPDATE shikaku.imports SET rows_read = %s, rows_valid = %s WHERE import_id = %s", (2 * FAMILIES, 2 * FAMILIES, import_id))
    return import_id


def test_a_file_of_many_portions_is_merged_whole(family):
    for change, numbers in (("", (2 * FAMILIES, 0, 0)), ("改", (0, 2 * FAMILIES, 0)), ("改", (0, 0, 2 * FAMILIES))):
        import_id = stage_families(family, change)
        assert merge(family, import_id) == ("merged", 0)
        assert family.run("SELECT rows_created, rows_changed, rows_unchanged FROM shikaku.imports WHERE import_id = %s", (import_id,)) == [numbers]
        sound(family)
        assert family.value("""SELECT count(*) FROM shikaku.standings AS s JOIN shikaku.memberships AS ms USING (membership_id)
            JOIN shikaku.members AS m USING (member_key) WHERE s.relationship = 'dependent' AND m.member_id LIKE 'D%%'
              AND s.insured_name = '家族 I' || substr(m.member_id, 2) || %s AND s.ratio_percents = '{20}' AND s.certificate_state = 1""",
                            (change,)) == FAMILIES
        finish(family, import_id)


def test_a_file_of_many_portions_that_fails_in_the_last_of_them_leaves_nothing(family):
    import_id = stage_families(family)
    before = counts(family)
    family.run("""CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$""",
               user="postgres")
    family.run("CREATE TRIGGER fails BEFORE INSERT ON shikaku.standings FOR EACH ROW WHEN (new.number = '2499' AND new.relationship = 'dependent') "
               "EXECUTE FUNCTION public.fail()", user="postgres")
    with pytest.raises(psycopg2.errors.CheckViolation):
        merge(family, import_id)
    assert counts(family) == before and errors(family) == []
    sound(family)
