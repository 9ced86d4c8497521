"""Deploying, reverting and verifying the schema."""

import subprocess

import psycopg2
import pytest

from conftest import ROOT

# Everything of ours in the catalogues that a later deployment must bring back.
CATALOGUE = """
    SELECT 'column', table_name, column_name, data_type || ' ' || coalesce(domain_name, '') || ' ' || is_nullable
      FROM information_schema.columns WHERE table_schema = 'shikaku'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'shikaku'::regnamespace
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'shikaku'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
      WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'shikaku'::regnamespace)
    UNION ALL SELECT 'function', proname, pg_get_function_identity_arguments(oid), coalesce(proacl::text, '') FROM pg_proc
      WHERE pronamespace = 'shikaku'::regnamespace AND proowner = 'shikaku_owner'::regrole
    UNION ALL SELECT 'grant', table_name, grantee, string_agg(privilege_type, ',' ORDER BY privilege_type)
      FROM information_schema.role_table_grants WHERE table_schema = 'shikaku' GROUP BY table_name, grantee
    ORDER BY 1, 2, 3, 4"""


def test_an_operator_can_deploy_revert_all_and_deploy_again(empty):
    first = empty.migrate(superuser=True)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    before = empty.run(CATALOGUE)
    assert len(before) > 300
    assert empty.migrate("verify").returncode == 0

    reverted = empty.migrate("revert")
    assert (reverted.returncode, reverted.stdout, reverted.stderr) == (0, "", "")
    assert empty.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shikaku'") == 0
    assert empty.value("SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 0
    assert empty.value("SELECT count(*) FROM pg_default_acl") == 0

    again = empty.migrate("deploy")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert empty.run(CATALOGUE) == before
    assert empty.migrate("verify").returncode == 0


def test_deploying_twice_changes_nothing(db):
    before = db.run(CATALOGUE)
    done = db.migrate("deploy", superuser=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert db.run(CATALOGUE) == before


def test_a_database_with_records_can_be_reverted(family):
    assert family.migrate("revert").returncode == 0
    assert family.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shikaku'") == 0


@pytest.mark.parametrize("form", [
    "postgresql://shikaku_owner@/{name}?host={socket}",
    "postgres:///{name}?host={socket}&user=shikaku_owner",
    "postgresql://shikaku_owner@{encoded}/{name}",
    "host={socket} user=shikaku_owner dbname={name}",
    "user = 'shikaku_owner' dbname='{name}' host='{socket}'",
])
def test_every_form_of_a_database_url_works(db, form):
    url = form.format(name=db.name, socket=db.socket, encoded=db.socket.replace("/", "%2F"))
    done = db.migrate("verify", url=url)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_failure_says_what_failed(db):
    done = db.migrate("deploy", url=f"postgresql://shikaku_owner@/absent?host={db.socket}")
    assert done.returncode == 1
    assert done.stderr.startswith("migrate: deploy failed\n")
    assert '"absent" does not exist' in done.stderr


@pytest.mark.parametrize("url, says", [
    ("mysql://shikaku_owner@localhost/x", "not a libpq URL"),
    ("host=/tmp colour=red", "unknown connection parameter: colour"),
])
def test_an_unusable_url_is_refused_with_words(db, url, says):
    done = db.migrate("deploy", url=url)
    assert done.returncode == 1
    assert says in done.stderr


def test_a_word_that_is_no_action_is_refused(db):
    done = db.migrate("drop-everything")
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


def test_migrating_as_another_role_is_refused(empty):
    done = empty.migrate("deploy", url=empty.url("postgres"))
    assert done.returncode == 1
    assert "run the migrations as shikaku_owner" in done.stderr


def test_a_database_that_cannot_hold_japanese_is_refused(server, migrated):
    latin = server.create("TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    try:
        done = latin.migrate("deploy", superuser=True)
        assert done.returncode == 1
        assert "must be encoded in UTF8" in done.stderr
    finally:
        server.drop(latin)


@pytest.mark.parametrize("damage", [
    "DROP TRIGGER c_standings_of_updates ON shikaku.members",
    "ALTER TABLE shikaku.cards DISABLE TRIGGER c_standings_of_inserts",
    "DROP TRIGGER b_history_of_updates ON shikaku.links",
    "DROP TRIGGER a_inserted_periods_do_not_overlap ON shikaku.memberships",
    "ALTER TABLE shikaku.ratios DROP CONSTRAINT ratios_do_not_overlap",
    "DROP INDEX shikaku.eligibility_certificates_one_issued",
    "DROP TRIGGER checks_stay ON shikaku.checks",
    "CREATE INDEX ON shikaku.checks (token_id)",
    "ALTER TABLE shikaku.members_history DROP COLUMN name_other",
    "ALTER TABLE shikaku.standings ADD COLUMN extra integer",
    "GRANT UPDATE ON shikaku.checks TO shikaku_service",
    "GRANT DELETE ON shikaku.ceiling_months TO shikaku_insurer",
    "GRANT EXECUTE ON FUNCTION shikaku.rebuild_standings() TO PUBLIC",
    "ALTER TABLE shikaku.tokens DROP COLUMN insurer_number",
    "ALTER DOMAIN shikaku.insurer_number DROP CONSTRAINT insurer_number_check_digit",
])
def test_verify_notices_what_is_missing(db, damage):
    db.run(damage)
    # The scripts themselves; sqitch would take a second a time.
    scripts = [word for path in sorted(ROOT.glob("migrations/verify/*.sql")) for word in ("-f", path)]
    done = subprocess.run(["psql", "-X", "-q", "-d", db.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", *scripts], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 3
    assert "ERROR" in done.stderr


def test_what_verify_notices_reaches_whoever_migrates(db):
    db.run("DROP TRIGGER checks_stay ON shikaku.checks")
    done = db.migrate("verify")
    assert done.returncode == 1
    assert "can be changed" in done.stderr


def test_there_is_always_exactly_one_schema_version(db):
    assert db.run("SELECT version, oldest_service FROM shikaku.schema_version") == [(4, 2)]
    with pytest.raises(psycopg2.errors.UniqueViolation):
        db.run("INSERT INTO shikaku.schema_version VALUES (4, 2)")
    for statement in ("DELETE FROM shikaku.schema_version", "TRUNCATE shikaku.schema_version"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.run(statement)
    with pytest.raises(psycopg2.errors.CheckViolation):
        db.run("UPDATE shikaku.schema_version SET oldest_service = 5")
