"""A private PostgreSQL in a fresh folder (tools/postgres), and databases in it."""

import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg2

from support.programs import ROOT, close_at_exit, environment, forget, shikakud

TODAY = "2026-11-22"
NOW = "2026-11-22T10:00:00+09:00"
INSTITUTION = "1319900013"


class Server:
    """One PostgreSQL server. Options are as for `postgres -c`: Server("fsync=off"). Its folder is `state` where one is given."""

    def __init__(self, *options, state=None):
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="shikaku-test-"))
        self.state.chmod(0o755)  # as root, PostgreSQL runs as another user
        self.options = [word for option in options for word in ("-c", option)]
        self.names = (f"shikaku_{number}" for number in itertools.count(1))
        self.data = None
        close_at_exit(self)
        self.start()
        self.socket = self._tool("socket").stdout.strip()
        self.data = pathlib.Path(self.run("SHOW data_directory")[0][0])
        self.run((ROOT / "migrations" / "roles.sql").read_text(encoding="utf-8").replace("\\set ON_ERROR_STOP on", ""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _tool(self, action, *words):
        # Its output goes to files: a pipe would stay open as long as the server that inherits it.
        with tempfile.TemporaryFile("w+") as out:
            code = subprocess.run([ROOT / "tools" / "postgres", action, self.state, *words], env=environment(), stdout=out,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=180).returncode
            out.seek(0)
            done = subprocess.CompletedProcess(action, code, out.read())
        if done.returncode != 0:
            raise RuntimeError(f"tools/postgres {action}: {done.stdout}")
        return done

    def start(self):
        """Starts it, also after stop() or kill(); returns when it takes connections."""
        self._tool("start", *self.options)

    def stop(self, how="fast"):
        """Stops it in order ("fast") or as a crash would ("immediate"). The data stays."""
        self.resume()
        self._tool("stop", how)

    def processes(self):
        """The postmaster, then everything it started."""
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        except (OSError, ValueError, TypeError):
            return []
        return [postmaster, *map(int, children)]

    def _signal(self, processes, number):
        for process in processes:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def pause(self):
        """SIGSTOP to all of it: it holds its connections and says nothing."""
        self._signal(self.processes()[:1], signal.SIGSTOP)  # first of all, so that nothing new is started
        self._signal(self.processes(), signal.SIGSTOP)

    def resume(self):
        self._signal(reversed(self.processes()), signal.SIGCONT)

    def kill(self):
        """kill -9 to all of it, at once; returns when all are gone."""
        self.pause()
        gone = self.processes()
        self._signal(gone, signal.SIGKILL)
        for process in gone:
            while not _is_dead(process):
                time.sleep(0.01)
        if gone and os.path.exists(f"/proc/{gone[0]}"):
            # Nobody has collected its exit code (an init that does not reap): PostgreSQL would take it for a living one.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            pathlib.Path(self.socket, ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def log(self):
        """What PostgreSQL wrote into its log."""
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")

    def connect(self, dbname="postgres", user="postgres", **more):
        connection = psycopg2.connect(host=self.socket, user=user, dbname=dbname, **more)
        connection.autocommit = True
        return connection

    def run(self, sql, parameters=None, dbname="postgres", user="postgres"):
        """The rows of one statement, on a connection of its own."""
        connection = self.connect(dbname, user)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def database(self, people=True, today=TODAY, now=NOW):
        """A new database, migrated, with the demonstration's people (demo/people.sql) as of these times."""
        database = Database(self, next(self.names), "")
        database.migrate()
        if people:
            database.script(ROOT / "demo" / "people.sql", today=today, now=now)
        return database

    def close(self):
        forget(self)
        try:
            self.stop("immediate")
        except RuntimeError:
            self.kill()
            self._tool("stop")  # removes the socket's folder
        finally:
            if self.data is not None:
                shutil.rmtree(self.data, ignore_errors=True)
            shutil.rmtree(self.state, ignore_errors=True)


def _is_dead(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Database:
    """One database of a server."""

    def __init__(self, server, name, options):
        self.server = server
        self.name = name
        self.tokens = []  # every token made here: none of them may ever be found in a log
        server.run(f"CREATE DATABASE {name} {options}")
        # A copy does not inherit what roles.sql granted.
        server.run(f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {name} TO shikaku_owner")
        server.run(f"GRANT CONNECT ON DATABASE {name} TO shikaku_service")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def clone(self):
        """A copy under another name. Nobody may be connected to the original."""
        return Database(self.server, next(self.server.names), f"TEMPLATE {self.name}")

    def close(self):
        """Drops it."""
        self.server.run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def url(self, user="shikaku_service"):
        return f"host={self.server.socket} user={user} dbname={self.name}"

    def connect(self, user="shikaku_owner", **more):
        """A psycopg2 connection with autocommit; the caller closes it. Users: postgres, shikaku_owner, shikaku_service."""
        return self.server.connect(self.name, user, **more)

    def run(self, sql, parameters=None, user="shikaku_owner"):
        """The rows of one statement, on a connection of its own."""
        return self.server.run(sql, parameters, self.name, user)

    def value(self, sql, parameters=None, user="shikaku_owner"):
        return self.run(sql, parameters, user)[0][0]

    def migrate(self, action="deploy"):
        done = subprocess.run([ROOT / "migrations" / "migrate", action], env=environment(MIGRATE_URL=self.url("shikaku_owner")),
                              capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def script(self, path, **variables):
        """Runs a psql script as the owner; what it prints."""
        words = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-d", self.url("shikaku_owner"), "-v", "ON_ERROR_STOP=1", *words,
                               "-f", str(path)], env=environment(), capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def token(self, scope="terminal", owner=None, rate=100000, burst=None, expires=None, label="test", now=NOW):
        """A new token by `shikakud token create`. A terminal's owner is the demonstration's clinic unless another is named."""
        if owner is None and scope == "terminal":
            owner = INSTITUTION
        options = {"scope": scope, "owner": owner, "rate": rate, "burst": burst, "expires": expires, "label": label}
        words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
        done = shikakud("token", "create", *words, database=self, now=now)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        made = done.stdout.strip()
        self.tokens.append(made)
        return made
