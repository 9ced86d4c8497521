"""What serves an insurer is served one insurer only, even where a function forgot to ask for whom."""

import subprocess

import psycopg2
import pytest

from conftest import ROOT

MINE, OTHERS = "01130012", "06136022"
PUT = "SELECT outcome FROM shikaku.put_workplace(%s, %s, '2026-11-22Z', false, NULL, %s, NULL, NULL, NULL, NULL)"


def put(db, insurer, workplace, name="事業所", **more):
    return db.value(PUT, (insurer, workplace, name), user="shikaku_service", **more)


@pytest.fixture
def workplaces(family):
    for insurer in (MINE, OTHERS):
        assert put(family, insurer, "W-1", f"{insurer} の事業所") == "made"
    return family


def as_the_functions_see_it(db, insurer, sql):
    connection = db.connect(autocommit=False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE shikaku_insurer")
            cursor.execute("SELECT shikaku.enter_insurer(%s)", (insurer,))
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    finally:
        connection.close()


def test_a_question_without_its_insurer_shows_and_changes_no_others(workplaces):
    assert as_the_functions_see_it(workplaces, MINE, "SELECT insurer_number FROM shikaku.workplaces") == [(MINE,)]
    assert as_the_functions_see_it(workplaces, MINE, "SELECT insurer_number FROM shikaku.insurers") == [(MINE,)]
    assert as_the_functions_see_it(workplaces, MINE, "UPDATE shikaku.insurers SET name = 'x'") == 1
    assert as_the_functions_see_it(workplaces, MINE, "DELETE FROM shikaku.workplaces") == 1
    assert as_the_functions_see_it(workplaces, "", "SELECT * FROM shikaku.insurers") == []


def test_each_function_enters_its_own_insurer(workplaces):
    """Two questions of one set, one after the other in one transaction."""
    rows = workplaces.run("""SELECT r.document ->> 'name' FROM (VALUES ('01130012'), ('06136022'), ('01130012')) AS q (insurer_number)
        CROSS JOIN LATERAL shikaku.find_workplace(q.insurer_number, 'W-1') AS r""", user="shikaku_service")
    assert rows == [("01130012 の事業所",), ("06136022 の事業所",), ("01130012 の事業所",)]


def test_a_page_ends_where_it_says(workplaces):
    for number in range(2, 6):
        put(workplaces, MINE, f"W-{number}")
    page = "SELECT json_array_length(items), last_id FROM shikaku.list_workplaces(%s, %s, %s)"
    assert workplaces.run(page, (MINE, None, 2), user="shikaku_service") == [(2, "W-2")]
    assert workplaces.run(page, (MINE, "W-2", 2), user="shikaku_service") == [(2, "W-4")]
    assert workplaces.run(page, (MINE, "W-4", 2), user="shikaku_service") == [(1, None)]
    assert workplaces.run(page, (MINE, "W-9", 2), user="shikaku_service") == [(0, None)]


def test_a_clock_that_goes_back_still_makes_a_new_version(workplaces):
    version = "SELECT version FROM shikaku.find_workplace(%s, 'W-1')"
    before = workplaces.value(version, (MINE,), user="shikaku_service")
    workplaces.run(PUT.replace("2026-11-22Z", "2020-01-01Z"), (MINE, "W-1", "anders"), user="shikaku_service")
    assert workplaces.value(version, (MINE,), user="shikaku_service") > before


@pytest.mark.parametrize("statement", ["SELECT shikaku.insurer_document(i) FROM shikaku.insurers AS i", "INSERT INTO shikaku.workplaces SELECT * FROM shikaku.workplaces",
                                       "DELETE FROM shikaku.workplaces", "UPDATE shikaku.insurers SET seal = NULL", "SET ROLE shikaku_insurer"])
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


@pytest.mark.parametrize("damage", ["ALTER FUNCTION shikaku.find_insurer(text) SECURITY INVOKER", "ALTER FUNCTION shikaku.find_workplace(text, text) OWNER TO shikaku_owner",
                                    "REVOKE EXECUTE ON FUNCTION shikaku.list_workplaces(text, text, bigint) FROM shikaku_service",
                                    "GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer"])
def test_verify_notices_what_is_missing(db, damage):
    db.run(damage)
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", "-f",
                           ROOT / "migrations" / "verify" / "insurer_records.sql"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "ERROR" in done.stderr
