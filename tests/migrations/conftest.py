"""A private PostgreSQL for the migration tests: unix socket only, gone afterwards. Every test gets a database of its own,
copied from one that was migrated once."""

import glob
import itertools
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIGRATE = ROOT / "migrations" / "migrate"
DEMO = ROOT / "demo"


def postgres_bin():
    """The newest installed PostgreSQL's programs."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))
    initdb = shutil.which("initdb")
    if initdb is None:
        raise RuntimeError("PostgreSQL's initdb was not found")
    return os.path.dirname(initdb)


class Database:
    """One database; connections as each of the roles."""

    def __init__(self, socket, name):
        self.socket = socket
        self.name = name
        self.opened = []

    def url(self, user):
        return f"postgresql://{user}@/{self.name}?host={self.socket}"

    def connect(self, user="shikaku_owner", autocommit=True):
        connection = psycopg2.connect(host=self.socket, user=user, dbname=self.name)
        connection.autocommit = autocommit
        self.opened.append(connection)
        return connection

    def close(self):
        for connection in self.opened:
            connection.close()
        self.opened.clear()

    def run(self, sql, parameters=None, user="shikaku_owner"):
        """The rows of one statement, on a connection of its own."""
        connection = psycopg2.connect(host=self.socket, user=user, dbname=self.name)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, sql, parameters=None, user="shikaku_owner"):
        return self.run(sql, parameters, user)[0][0]

    def migrate(self, *arguments, url=None, superuser=False, **environment):
        environment = {**os.environ, "MIGRATE_URL": url or self.url("shikaku_owner"), **environment}
        environment.pop("MIGRATE_SUPERUSER_URL", None)
        if superuser:
            environment["MIGRATE_SUPERUSER_URL"] = self.url("postgres")
        return subprocess.run([MIGRATE, *arguments], env=environment, capture_output=True, text=True, timeout=120)

    def script(self, path, **variables):
        """Runs a psql script as the owner; what it prints."""
        settings = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-d", self.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", *settings, "-f", path],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Server:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="skm-", dir="/tmp")  # a socket's path may have 107 bytes
        self.data = os.path.join(self.directory, "data")
        self.names = (f"t{number}" for number in itertools.count())
        self.prefix = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self.prefix = ["runuser", "-u", "postgres", "--"]

    def program(self, name, *arguments):
        subprocess.run([*self.prefix, os.path.join(postgres_bin(), name), *arguments], cwd="/", check=True,
                       stdout=subprocess.DEVNULL, timeout=120)

    def start(self):
        self.program("initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-N")
        self.program("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.directory, "log"), "-o",
                     f"-c listen_addresses='' -c unix_socket_directories={self.directory} -c fsync=off -c max_connections=60", "start")

    def stop(self):
        self.program("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def superuser(self, sql):
        connection = psycopg2.connect(host=self.directory, user="postgres", dbname="postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()

    def create(self, options=""):
        name = next(self.names)
        self.superuser(f"CREATE DATABASE {name} {options}")
        return Database(self.directory, name)

    def copy(self, database):
        copied = self.create(f"TEMPLATE {database.name}")
        # What roles.sql grants on a database does not come with a copy of it.
        self.superuser(f"GRANT CREATE ON DATABASE {copied.name} TO shikaku_owner")
        return copied

    def drop(self, database):
        database.close()
        self.superuser(f"DROP DATABASE {database.name} WITH (FORCE)")


@pytest.fixture(scope="session")
def server():
    made = Server()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def migrated(server):
    """Migrated once; never connected to again, so that it can be copied."""
    database = server.create()
    done = database.migrate(superuser=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return database


@pytest.fixture
def empty(server):
    """A database without the schema."""
    database = server.create()
    yield database
    server.drop(database)


@pytest.fixture
def db(server, migrated):
    """A migrated database of the test's own."""
    database = server.copy(migrated)
    yield database
    server.drop(database)


@pytest.fixture(scope="module")
def refused(server, migrated):
    """A database like family's, for statements that leave nothing behind: it serves a whole file of tests."""
    database = server.copy(migrated)
    database.run(FAMILY)
    yield database
    server.drop(database)


@pytest.fixture
def family(db):
    """A migrated database with a few records; see FAMILY."""
    db.run(FAMILY)
    return db


# Keys are given by the identity columns, in order, from 1.
#   insurers 01130012, 06136022, 39131156 · institution 1319900013
#   member 1 (person 1, 01130012), membership 1: insured        member 2 (person 2, 01130012), membership 2: dependant of 1
#   member 3 (person 3, 39131156), membership 3: late elderly   member 4 (person 1, 06136022), membership 4: ended in 2015
FAMILY = """
    INSERT INTO shikaku.insurers VALUES
      ('01130012', '01130012', '協会'), ('06136022', '06136022', '組合'), ('39131156', '39131156', '広域連合');
    INSERT INTO shikaku.institutions VALUES ('1319900013', '資格診療所');
    INSERT INTO shikaku.persons (register_code) VALUES ('one'), ('two'), ('three');
    INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from) VALUES
      ('01130012', 'a', 1, '資格 太郎', 'シカク タロウ', 'male', '1980-05-17', '2026-01-01Z'),
      ('01130012', 'b', 2, '資格 花子', 'シカク ハナコ', 'female', '1982-11-03', '2026-01-01Z'),
      ('39131156', 'c', 3, '後期 老', 'コウキ ロウ', 'female', '1940-01-01', '2026-01-01Z'),
      ('06136022', 'd', 1, '資格 太郎', 'シカク タロウ', 'male', '1980-05-17', '2026-01-01Z');
    INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, branch_number, symbol_key, number_key, acquired_on,
      lost_on, loss_reason, known_from) VALUES
      (1, '01130012', 'insured', '12', '34', '00', '12', '34', '2015-04-01', NULL, NULL, '2026-01-01Z');
    INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, symbol, number, branch_number, symbol_key,
      number_key, acquired_on, known_from) VALUES
      (2, '01130012', 'dependent', 1, '12', '34', '01', '12', '34', '2015-04-01', '2026-01-01Z');
    INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from) VALUES
      (3, '39131156', 'insured', '90000001', '90000001', '2015-01-01', '2026-01-01Z');
    INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, symbol, number, symbol_key, number_key, acquired_on, lost_on,
      loss_reason, known_from) VALUES
      (4, '06136022', 'insured', '5', '6', '5', '6', '2010-04-01', '2015-04-01', '03', '2026-01-01Z');
    INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from) VALUES
      (3, '39131156', 10, '[2025-08-01,2026-08-01)', '2026-01-01Z');
    INSERT INTO shikaku.links (member_key, state, decided_at, known_from) VALUES (1, 'linked', '2026-01-01Z', '2026-01-01Z');
    INSERT INTO shikaku.use_registrations (person_id, registered_at, channel) VALUES (1, '2026-01-01Z', 'reader');
    INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key) VALUES
      (1, 'card', sha256('one'), '\\x01', '\\x01', '2026-01-01Z', '2031-01-01Z', '\\x01');
    INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, known_from) VALUES
      (1, '2026-01-01', '2026-01-01', '2030-12-31', '2026-01-01Z');
    INSERT INTO shikaku.tokens (digest, scope, owner, label, rate_per_second, burst, created_at, expires_at) VALUES
      (sha256('terminal'), 'terminal', '1319900013', 'desk', 100, 100, '2026-01-01Z', '2027-01-01Z');
"""
