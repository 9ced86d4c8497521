"""What goes wrong. The plan is drawn from the seed before anything is started; when exactly the kernel gets to it is not in it."""

import contextlib
import json
import resource
import signal
import socket
import threading
import time

import psycopg2

from support import shikakud
from support_wire import Wire, check_request, request

POOL = 40  # max_connections of the PostgreSQL under test

# How each is drawn: {parameter: numbers}.
OF_THE_DATABASE = {
    "pg_kill": lambda rng: {"away": round(rng.uniform(0, 3), 2)},
    "pg_freeze": lambda rng: {"seconds": round(rng.uniform(0.5, 8), 2)},
    "pg_terminate": lambda rng: {"times": rng.randint(1, 6), "gap": round(rng.uniform(0.02, 0.5), 2)},
    "pg_read_only": lambda rng: {"seconds": round(rng.uniform(0.5, 5), 2), "under_open_sessions": rng.random() < 0.5},
    "pg_lock": lambda rng: {"seconds": round(rng.uniform(0.3, 6), 2),
                            "table": rng.choice(["standings", "checks", "tokens", "cards", "used_challenges", "card_suspensions"])},
    "pg_commit_fails": lambda rng: {"seconds": round(rng.uniform(1, 5), 2), "one_in": rng.choice([1, 3, 20, 100])},
    "pg_crowd": lambda rng: {"seconds": round(rng.uniform(0.5, 4), 2)},
}
OF_THE_SERVICE = {
    "term_and_restart": lambda rng: {"away": round(rng.uniform(0, 1.5), 2)},
    "kill_and_restart": lambda rng: {"away": round(rng.uniform(0, 1.5), 2)},
    "reload": lambda rng: {"times": rng.randint(1, 8), "new_lists": rng.random() < 0.7},
    "new_token": lambda rng: {},
}
OF_CLIENTS = {
    "storm": lambda rng: {"clients": rng.randint(200, 900), "seconds": round(rng.uniform(0, 2), 2)},
    "resets": lambda rng: {"clients": rng.randint(50, 500)},
    "half_open": lambda rng: {"clients": rng.randint(20, 150), "seconds": round(rng.uniform(0.5, 4), 2)},
    "no_reader": lambda rng: {"clients": rng.randint(3, 15), "seconds": round(rng.uniform(0.5, 4), 2)},
}
KINDS = {**OF_THE_DATABASE, **OF_THE_SERVICE, **OF_CLIENTS}
CUTTING = {"term_and_restart", "kill_and_restart", "storm"}  # other clients' connections may end
REFUSED_AFTERWARDS = 1.0  # seconds in which what was under way may still be refused
CUT_AFTERWARDS = 5.0  # seconds in which a client may find out that the connection it kept is gone


def make_plan(rng, minutes):
    """[{"quiet": seconds before, "faults": [{"kind", parameters}]}]: more than so many minutes take. Every kind comes before any
    comes again; every third time two of different worlds come together."""
    plan, bag = [], []
    while len(plan) < max(2 * len(KINDS), minutes * 60):
        if not bag:
            bag = rng.sample(sorted(KINDS), len(KINDS))
        kinds = [bag.pop()]
        if rng.random() < 1 / 3:
            kinds += [rng.choice(sorted(OF_CLIENTS if kinds[0] not in OF_CLIENTS else OF_THE_DATABASE))]
        plan.append({"quiet": round(rng.uniform(1, 4), 2), "faults": [{"kind": kind, **KINDS[kind](rng)} for kind in kinds]})
    return plan


class Faults:
    """Performs them, one spell after the other, and remembers when."""

    def __init__(self, town, verdict):
        self.town = town
        self.verdict = verdict
        self.spells = []  # [begin, end or None, kinds]
        self.recoveries = []  # (kinds, seconds)
        self.lock = threading.Lock()

    def _since(self, begun, kinds, afterwards):
        with self.lock:
            return any((end is None or end + afterwards >= begun) and kinds & set(these) for _, end, these in self.spells[-5:])

    def cutting_since(self, begun):
        return self._since(begun, CUTTING, CUT_AFTERWARDS)

    def disturbing_since(self, begun):
        return self._since(begun, set(KINDS), REFUSED_AFTERWARDS)

    def now(self):
        with self.lock:
            return "+".join(kind for _, end, these in self.spells[-2:] if end is None for kind in these) or "quiet"

    @contextlib.contextmanager
    def spell(self, kinds):
        entry = [time.monotonic(), None, kinds]
        with self.lock:
            self.spells.append(entry)
        try:
            yield
        finally:
            with self.lock:
                entry[1] = time.monotonic()

    def perform(self, spell):
        """All of a spell's faults at once, and the recovery after them."""
        kinds = [fault["kind"] for fault in spell["faults"]]
        with self.spell(kinds):
            threads = [threading.Thread(target=self._perform_one, args=(fault,), daemon=True) for fault in spell["faults"]]
            for thread in threads:
                thread.start()
            try:
                for thread in threads:
                    thread.join()
            except KeyboardInterrupt:  # what was done must be undone before there is a verdict
                for thread in threads:
                    thread.join(self.town.patience)
                self.town.wait_recovered()
                raise
            over = time.monotonic()
            recovered = self.town.wait_recovered()
            took = time.monotonic() - over
        self.recoveries.append(("+".join(kinds), took))
        self.verdict.check("recovery", recovered, f"{json.dumps(spell['faults'])}: not within {self.town.patience} s")
        return took

    def _perform_one(self, fault):
        try:
            getattr(self, fault["kind"])(**{name: value for name, value in fault.items() if name != "kind"})
        except Exception as trouble:
            self.verdict.fail("recovery", f"{json.dumps(fault)}: {trouble!r}")

    # --- PostgreSQL

    def pg_kill(self, away):
        self.town.server.kill()
        time.sleep(away)
        self.town.server.start()

    def pg_freeze(self, seconds):
        self.town.server.pause()
        try:
            time.sleep(seconds)
        finally:
            self.town.server.resume()

    def _end_sessions(self):
        self.town.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shikaku_service'")

    def pg_terminate(self, times, gap):
        for _ in range(times):
            self._end_sessions()
            time.sleep(gap)

    def pg_read_only(self, seconds, under_open_sessions):
        server, name = self.town.server, self.town.database.name
        if under_open_sessions:
            begin = ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"]
            end = ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"]
        else:
            begin = [f"ALTER DATABASE {name} SET default_transaction_read_only = on"]
            end = [f"ALTER DATABASE {name} RESET default_transaction_read_only"]
        for statement in begin:
            server.run(statement)
        try:
            if not under_open_sessions:
                self._end_sessions()
            time.sleep(seconds)
        finally:
            for statement in end:
                server.run(statement)

    def pg_lock(self, seconds, table):
        connection = self.town.database.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"BEGIN; LOCK TABLE shikaku.{table} IN ACCESS EXCLUSIVE MODE")
                time.sleep(seconds)
        finally:
            connection.close()

    def pg_commit_fails(self, seconds, one_in):
        """Everything goes well until COMMIT."""
        self._change_checks(f"""CREATE OR REPLACE FUNCTION shikaku.refuse_at_commit() RETURNS trigger LANGUAGE plpgsql AS
                                  $$ BEGIN RAISE EXCEPTION 'refused by the soak'; END $$;
                                CREATE CONSTRAINT TRIGGER soak AFTER INSERT ON shikaku.checks DEFERRABLE INITIALLY DEFERRED
                                  FOR EACH ROW WHEN (get_byte(NEW.digest, 0) * 256 + get_byte(NEW.digest, 1) < {65536 // one_in})
                                  EXECUTE FUNCTION shikaku.refuse_at_commit()""")
        try:
            time.sleep(seconds)
        finally:
            self._change_checks("DROP TRIGGER soak ON shikaku.checks")

    def _change_checks(self, statements):
        """Locked beforehand, the table before its partitions: DROP TRIGGER does it the other way round, and meets INSERTs half-way."""
        self.town.database.run(f"BEGIN; LOCK TABLE shikaku.checks IN ACCESS EXCLUSIVE MODE; {statements}; COMMIT")

    def pg_crowd(self, seconds):
        """Others take every connection that there is."""
        others = []
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    others.append(self.town.database.connect())
                except psycopg2.OperationalError:
                    self._end_sessions()
                    time.sleep(0.05)
        finally:
            for other in others:
                other.close()

    # --- the service

    def term_and_restart(self, away):
        replica = self.town.replicas[-1]
        code = replica.stop(self.town.patience)
        self.verdict.check("alive", code == 0, f"{replica.name}: exit code {code} after TERM")
        time.sleep(away)
        replica.start("alive")

    def kill_and_restart(self, away):
        replica = self.town.replicas[-1]
        replica.kill()
        time.sleep(away)
        replica.start("alive")
        replica.killed = False

    def reload(self, times, new_lists):
        if new_lists:
            self.town.demo.run_pki(self.town.day)
        for _ in range(times):
            for replica in self.town.replicas:
                if replica.process.poll() is None:
                    replica.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)

    def new_token(self):
        """The desks change to a new one; the old one is worth nothing within 5 s, at either process."""
        town = self.town
        old, new = town.token, town.database.token(now=None)
        town.traffic.pause()
        town.token = new
        town.traffic.resume()
        token_id = town.database.value("SELECT token_id FROM shikaku.tokens WHERE digest = sha256(%s)", (old.encode(),))
        done = shikakud("token", "revoke", token_id, database=town.database)
        assert done.returncode == 0, done.stderr
        end = time.monotonic() + 5 + town.deadline
        while any(self._status(old) != 401 for _ in range(16)):
            if time.monotonic() > end:
                self.verdict.fail("right", "a revoked token is still taken")
                return
            time.sleep(0.2)
        self.verdict.examine("right")

    def _status(self, token):
        with Wire(self.town.address) as wire:
            wire.send(check_request(token))
            answer = wire.read()
            if answer is not None and answer.status == 200:
                self.town.take(answer)
            return answer and answer.status

    # --- clients

    def _connect(self, count, **more):
        wires = []
        for _ in range(count):
            try:
                wires.append(Wire(self.town.address, **more))
            except OSError:
                pass
        return wires

    def storm(self, clients, seconds):
        wires = self._connect(clients)
        for wire in wires:
            wire.send_as_far_as_it_goes(check_request(self.town.token))
        time.sleep(seconds)
        for number, wire in enumerate(wires):
            if number % 3 == 0:
                self._take_from(wire)
            wire.reset() if number % 3 == 1 else wire.close()

    def _take_from(self, wire):
        wire.socket.settimeout(self.town.deadline)
        try:
            answer = wire.read()
        except socket.timeout:
            self.verdict.fail("time", "a client of a crowd was not answered")
        except OSError:
            pass
        else:
            if answer is not None and answer.status == 200:
                self.town.take(answer)

    def resets(self, clients):
        for wire in self._connect(clients):
            wire.send_as_far_as_it_goes(check_request(self.town.token) * 2)
            wire.reset()

    def half_open(self, clients, seconds):
        whole = check_request(self.town.token)
        wires = self._connect(clients)
        for number, wire in enumerate(wires):
            wire.send_as_far_as_it_goes(whole[:[0, 40, len(whole) - 10][number % 3]])
        time.sleep(seconds)
        for number, wire in enumerate(wires):
            wire.reset() if number % 2 else wire.close()

    def no_reader(self, clients, seconds):
        wires = self._connect(clients, receive_buffer=4096)
        for wire in wires:
            wire.socket.settimeout(0.2)
            with contextlib.suppress(OSError):
                wire.send(request(path="/openapi.yaml") * 100)
        time.sleep(seconds)
        for wire in wires:
            wire.reset()


def may_open(files):
    """As many descriptors as a crowd needs, here and in what is started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
