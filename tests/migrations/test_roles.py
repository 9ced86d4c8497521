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
    "SELECT * FROM shikaku.checks_default",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")


@pytest.mark.parametrize("statement", [
    "UPDATE shikaku.tokens SET revoked_at = '2026-02-01Z'",
    "UPDATE shikaku.members SET address = '資格町', known_from = '2026-02-01Z'",
    "INSERT INTO shikaku.persons (register_code) VALUES ('new')",
    "SET shikaku.changed_at = '2026-02-01Z'; DELETE FROM shikaku.ratios",
    "SELECT * FROM shikaku.standings", "SELECT * FROM shikaku.memberships_history", "SELECT shikaku.compare_standings()",
])
def test_the_service_may(family, statement):
    family.run(statement, user="shikaku_service")
    assert family.value("SELECT shikaku.compare_standings()") == 0


def test_making_the_roles_again_changes_nothing(db):
    roles = """SELECT r.rolname, r.rolsuper, r.rolcanlogin, r.rolcreaterole, s.setconfig FROM pg_roles AS r
        LEFT JOIN pg_db_role_setting AS s ON s.setrole = r.oid WHERE r.rolname ~ '^shikaku_' ORDER BY 1"""
    before = db.run(roles)
    assert [(name, superuser, createrole) for name, superuser, _, createrole, _ in before] == [
        ("shikaku_owner", False, False), ("shikaku_service", False, False)]
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("postgres"), "-f", ROOT / "migrations" / "roles.sql"],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert db.run(roles) == before


def test_every_function_names_its_search_path(db):
    """Else whoever makes a schema could slip in a function."""
    assert db.run("""SELECT proname FROM pg_proc WHERE pronamespace = 'shikaku'::regnamespace AND proowner = 'shikaku_owner'::regrole
        AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=""']""") == []
