"""What the running service may do, and what it may not."""

import subprocess

import psycopg2
import pytest

from conftest import ROOT

FORBIDDEN = [
    "DELETE FROM shikaku.members", "DELETE FROM shikaku.memberships", "DELETE FROM shikaku.cards", "DELETE FROM shikaku.tokens",
    "DELETE FROM shikaku.use_registrations", "DELETE FROM shikaku.insurers",
    "UPDATE shikaku.tokens SET scope = 'operator', owner = NULL", "UPDATE shikaku.tokens SET digest = sha256('mine')",
    "UPDATE shikaku.standings SET name = 'x'", "INSERT INTO shikaku.standings SELECT * FROM shikaku.standings", "DELETE FROM shikaku.standings",
    "UPDATE shikaku.schema_version SET version = 2", "SELECT shikaku.rebuild_standings()", "SELECT shikaku.refresh_standings('{1}')",
    "SELECT shikaku.write_standings('{1}')", "SELECT shikaku.refresh_standings_of_persons('{1}', '{}')",
    "ALTER TABLE shikaku.checks DISABLE TRIGGER ALL", "DROP TABLE shikaku.checks", "CREATE TABLE shikaku.mine ()",
    "CREATE TABLE public.mine ()", "SET ROLE shikaku_owner", "SET session_replication_role = replica",
    "SELECT * FROM shikaku.checks_default", "UPDATE shikaku.members SET address = '資格町', known_from = '2026-02-01Z'",
    "INSERT INTO shikaku.persons (register_code) VALUES ('new')", "SET shikaku.changed_at = '2026-02-01Z'; DELETE FROM shikaku.ratios",
    "INSERT INTO shikaku.workplaces VALUES ('01130012', 'w', 'x')", "SELECT sealed FROM shikaku.pending_numbers",
    "SELECT name FROM shikaku.staged_members", "UPDATE shikaku.jobs SET state = 'queued'", "SET ROLE shikaku_insurer",
    "SELECT shikaku.enter_insurer('01130012')",
    "INSERT INTO shikaku.limit_tables (first_month, source, registered_at) VALUES ('2027-08-01', 'x', '2026-01-01Z')",
    "UPDATE shikaku.limit_tables SET last_month = NULL", "UPDATE shikaku.limit_amounts SET base = 1", "DELETE FROM shikaku.limit_amounts",
    "SELECT shikaku.write_limit_table('2027-08-01', NULL, 'x', NULL, '[]', '2026-01-01Z', 1, false)", "SELECT shikaku.lock_limit_tables()",
    "DELETE FROM shikaku.ceiling_months", "UPDATE shikaku.ceiling_months SET counts_from = NULL",
    "INSERT INTO shikaku.ceiling_months SELECT * FROM shikaku.ceiling_months",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


@pytest.mark.parametrize("statement", [
    "UPDATE shikaku.tokens SET revoked_at = '2026-02-01Z'",
    "SELECT * FROM shikaku.members", "SELECT * FROM shikaku.limits", "SELECT * FROM shikaku.standings", "SELECT * FROM shikaku.memberships_history", "SELECT shikaku.compare_standings()",
])
def test_the_service_may(family, statement):
    family.run(statement, user="shikaku_service")
    assert family.value("SELECT shikaku.compare_standings()") == 0


def test_making_the_roles_again_changes_nothing(db):
    roles = """SELECT r.rolname, r.rolsuper, r.rolcanlogin, r.rolcreaterole, s.setconfig FROM pg_roles AS r
        LEFT JOIN pg_db_role_setting AS s ON s.setrole = r.oid WHERE r.rolname ~ '^shikaku_' ORDER BY 1"""
    before = db.run(roles)
    assert [(name, superuser, createrole) for name, superuser, _, createrole, _ in before] == [
        ("shikaku_insurer", False, False), ("shikaku_owner", False, False), ("shikaku_service", False, False)]
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("postgres"), "-f", ROOT / "migrations" / "roles.sql"],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert db.run(roles) == before


# By which column a row of the table belongs to an insurer.
WALLED = {
    "insurers": "insurer_number", "members": "insurer_number", "memberships": "insurer_number", "ratios": "insurer_number",
    "limits": "insurer_number", "specific_diseases": "insurer_number", "workplaces": "insurer_number", "links": "member_key",
    "pending_numbers": "member_key", "members_history": "insurer_number", "memberships_history": "insurer_number",
    "ratios_history": "insurer_number", "limits_history": "insurer_number", "specific_diseases_history": "insurer_number",
    "links_history": "member_key", "eligibility_certificates": "membership_id", "eligibility_certificates_history": "membership_id",
    "ceiling_months": "insurer_number",
}
OWN = {"insurer_number": "'01130012'", "member_key": "SELECT member_key FROM shikaku.members WHERE insurer_number = '01130012'",
       "membership_id": "SELECT membership_id FROM shikaku.memberships WHERE insurer_number = '01130012'"}
# Something in every one of them, of members 1 and 4, who have different insurers.
OF_BOTH = """
    INSERT INTO shikaku.workplaces SELECT n, 'w', 'x', NULL, NULL, NULL, NULL, '2026-01-01Z' FROM unnest('{01130012,06136022}'::text[]) AS n;
    UPDATE shikaku.members SET workplace_id = 'w', known_from = '2026-02-01Z' WHERE member_key IN (1, 4);
    UPDATE shikaku.memberships SET branch_number = '09', known_from = '2026-02-01Z' WHERE membership_id IN (1, 4);
    INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
      SELECT member_key, insurer_number, 20, '[2031-01-01,)', '2026-01-01Z' FROM shikaku.members WHERE member_key IN (1, 4);
    INSERT INTO shikaku.limits (member_key, insurer_number, category, valid, known_from)
      SELECT member_key, insurer_number, 'A03', '[2026-01-01,)', '2026-01-01Z' FROM shikaku.members WHERE member_key IN (1, 4);
    INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, valid, known_from)
      SELECT member_key, insurer_number, '1', '[2026-01-01,)', '2026-01-01Z' FROM shikaku.members WHERE member_key IN (1, 4);
    INSERT INTO shikaku.links (member_key, state, known_from)
      SELECT member_key, 'pending', '2026-01-01Z' FROM shikaku.members WHERE member_key IN (1, 4) ON CONFLICT DO NOTHING;
    INSERT INTO shikaku.pending_numbers
      SELECT member_key, decode(repeat('00', 40), 'hex'), '2026-01-01Z', 0, '2026-01-01Z' FROM shikaku.members WHERE member_key IN (1, 4);
    INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, known_from)
      SELECT membership_id, '2026-01-01', '2026-01-01', '2030-01-01', '2026-01-01Z' FROM shikaku.memberships WHERE membership_id IN (1, 4)
      ON CONFLICT DO NOTHING;
    UPDATE shikaku.ratios SET percent = 30, known_from = '2026-02-01Z' WHERE valid = '[2031-01-01,)';
    UPDATE shikaku.limits SET category = 'A04', known_from = '2026-02-01Z';
    UPDATE shikaku.specific_diseases SET self_pay = 1, known_from = '2026-02-01Z';
    UPDATE shikaku.links SET state = 'mismatch', mismatched = '{name}', decided_at = '2026-02-01Z', known_from = '2026-02-01Z' WHERE member_key IN (1, 4);
    UPDATE shikaku.eligibility_certificates SET number = '1', known_from = '2026-02-01Z';
    INSERT INTO shikaku.ceiling_months (ceiling_month_id, member_key, insurer_number, number_key, month, reported_at, reported_by)
      SELECT gen_random_uuid(), member_key, insurer_number, '1', '2015-01-01', '2026-01-01Z', 1 FROM shikaku.members WHERE member_key IN (1, 4);
"""


@pytest.mark.parametrize("table", WALLED)
def test_an_insurer_never_sees_a_row_of_another(family, table):
    """The second wall: even a statement without any WHERE, run as what serves insurers, meets this insurer's rows only."""
    family.run(OF_BOTH)
    column = WALLED[table]
    everybody = family.value(f"SELECT count(*) FROM shikaku.{table}")
    own = family.value(f"SELECT count(*) FROM shikaku.{table} WHERE {column} IN ({OWN[column]})")
    assert 0 < own < everybody
    with family.connect().cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL ROLE shikaku_insurer")
        cursor.execute(f"SELECT count(*) FROM shikaku.{table}")
        assert cursor.fetchone() == (0,), "nobody has entered"
        cursor.execute("SELECT shikaku.enter_insurer('01130012')")
        cursor.execute(f"SELECT count(*) FROM shikaku.{table}")
        assert cursor.fetchone() == (own,)
        cursor.execute("ROLLBACK")


def test_an_insurer_cannot_write_a_row_of_another(family):
    with family.connect().cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL ROLE shikaku_insurer; SELECT shikaku.enter_insurer('01130012')")
        cursor.execute("UPDATE shikaku.members SET address = '資格町', known_from = '2026-02-01Z'")
        assert cursor.rowcount == 2
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("INSERT INTO shikaku.workplaces VALUES ('06136022', 'w', 'x', NULL, NULL, NULL, NULL, '2026-01-01Z')")
        cursor.execute("ROLLBACK")


def test_every_function_names_its_search_path(db):
    """Else whoever makes a schema could slip in a function."""
    assert db.run("""SELECT proname FROM pg_proc WHERE pronamespace = 'shikaku'::regnamespace AND proowner = 'shikaku_owner'::regrole
        AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=""']""") == []
