"""A month that reached its ceiling is put on record by the one function that may (R7.11)."""

import datetime
import threading
import uuid

import psycopg2
import pytest

AT = datetime.datetime(2026, 11, 22, 1, tzinfo=datetime.timezone.utc)
LATER = AT + datetime.timedelta(days=1)
KYOKAI, KUMIAI = "01130012", "06136022"
CLINIC, HOSPITAL = "1319900013", "1310000003"


def report(database, membership=1, insurer=KYOKAI, month="2026-10-01", institution=CLINIC, counts=True, at=AT):
    """What the service is told; None where nothing was found."""
    rows = database.run(
        """SELECT r.outcome, (r.reported).ceiling_month_id, (r.reported).counts_from, (r.reported).reported_at
             FROM shikaku.report_ceiling_month(%s, %s, 1, %s, %s, %s, %s, %s) AS r""",
        (str(uuid.uuid4()), at, insurer, membership, month, institution, counts), user="shikaku_service")
    assert len(rows) <= 1
    return rows[0] if rows else None


def kept(database):
    return database.run("""SELECT member_key, insurer_number, symbol_key, number_key, month::text, institution_code, counts_from, reported_at, reported_by
        FROM shikaku.ceiling_months ORDER BY ceiling_month_id""")


def test_the_members_keys_are_those_of_the_membership(family):
    outcome, _, counts_from, reported_at = report(family, membership=2)
    assert (outcome, counts_from, reported_at) == ("reported", AT, AT)
    assert kept(family) == [(2, KYOKAI, "12", "34", "2026-10-01", CLINIC, AT, AT, 1)]


def test_who_has_no_symbol_is_kept_without_one(family):
    assert report(family, membership=3, insurer="39131156")[0] == "reported"
    assert kept(family)[0][:4] == (3, "39131156", None, "90000001")


def test_the_same_again_changes_nothing(family):
    first = report(family)
    before = kept(family)
    for counts in (True, False):
        assert report(family, counts=counts, at=LATER) == ("on_record", *first[1:])
    assert kept(family) == before


@pytest.mark.parametrize("institution", [CLINIC, None])
def test_what_did_not_count_counts_from_when_it_does(family, institution):
    first = report(family, institution=institution, counts=False)
    assert first[0] == "reported" and first[2] is None
    assert report(family, institution=institution, counts=False, at=LATER) == ("on_record", first[1], None, AT)
    assert report(family, institution=institution, at=LATER) == ("on_record", first[1], LATER, AT)
    assert report(family, institution=institution, counts=False, at=LATER) == ("on_record", first[1], LATER, AT)
    assert len(kept(family)) == 1


def test_a_clock_that_is_behind_does_not_count_before_it_was_reported(family):
    report(family, counts=False)
    assert report(family, at=AT - datetime.timedelta(seconds=1))[2] == AT


def test_each_member_month_and_institution_is_another(family):
    ids = {report(family, **change)[1] for change in (
        {}, {"membership": 2}, {"month": "2026-09-01"}, {"institution": HOSPITAL}, {"institution": None})}
    assert len(ids) == len(kept(family)) == 5


def test_another_insurers_membership_is_none(family):
    assert report(family, insurer=KUMIAI) is None
    assert report(family, membership=4) is None
    assert report(family, membership=99) is None
    assert report(family, insurer="") is None
    assert kept(family) == []


def test_a_number_that_was_corrected_is_the_one_that_counts(family):
    family.run("UPDATE shikaku.memberships SET number = '35', number_key = '35', known_from = '2026-02-01Z' WHERE membership_id = 1")
    report(family)
    assert kept(family)[0][3] == "35"


def test_two_at_once_are_one_report(family):
    """The second waits for the first, and then finds what it has written."""
    first, second = family.connect("shikaku_service", autocommit=False), []
    cursor = first.cursor()
    cursor.execute("SELECT (r.reported).ceiling_month_id FROM shikaku.report_ceiling_month(%s, %s, 1, %s, 1, '2026-10-01', %s, false) AS r",
                   (str(uuid.uuid4()), AT, KYOKAI, CLINIC))
    made = cursor.fetchone()[0]
    waiting = threading.Thread(target=lambda: second.append(report(family, at=LATER)))
    waiting.start()
    while not family.value("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
                           user="postgres"):
        assert waiting.is_alive(), second
    first.commit()
    waiting.join(60)
    assert second == [("on_record", made, LATER, AT)]


def test_nothing_but_the_function_writes_and_it_never_takes_back(family):
    report(family)
    with family.connect().cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL ROLE shikaku_insurer; SELECT shikaku.enter_insurer(%s)", (KYOKAI,))
        for statement in ("DELETE FROM shikaku.ceiling_months", "UPDATE shikaku.ceiling_months SET number_key = '1'",
                          "UPDATE shikaku.ceiling_months SET month = '2026-09-01'"):
            cursor.execute("SAVEPOINT s")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            cursor.execute("ROLLBACK TO s")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):  # row-level security: of another insurer's member
            cursor.execute("""INSERT INTO shikaku.ceiling_months (ceiling_month_id, member_key, insurer_number, number_key, month, reported_at, reported_by)
                VALUES (gen_random_uuid(), 4, %s, '6', '2026-10-01', now(), 1)""", (KUMIAI,))
        cursor.execute("ROLLBACK")
