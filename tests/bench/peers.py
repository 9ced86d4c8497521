#!/usr/bin/python3
"""make bench-peers: checks by typed keys against the same in Fastify + node-postgres and FastAPI + asyncpg, interleaved in one run.

tests/bench/peer/README.md says what is compared and how fair. Answers are compared for equality first, and nothing is measured
where they differ. Everything shares this machine: the load, the service or its peer, and PostgreSQL. Trust the ratios, which
are taken between neighbours in one round. With --json FILE, the same as JSON."""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request

from bench import HERE, ROOT, Database, Service, calm, check, children_of, median, run, say, show
from peer.questions import bodies

PEER = HERE / "peer"
WORDS = ROOT / "build" / "peer-words.json"
WORKERS = 2
WARM_REQUESTS = 30_000
WARM_SECONDS = 60
# c=64: about what is asked of a busy service; c=256: where ours is at its best.
CONNECTIONS = (64, 256)
PATH = "/v1/eligibility-checks"


def write_words():
    """Codes and their Japanese sentences have one place: service/rules/reasons.h."""
    text = (ROOT / "service/rules/reasons.h").read_text(encoding="utf-8")
    lists = re.findall(r"#define (REASONS|NEXT_ACTIONS)\(X\)(.*?)\n\n", text, re.S)
    words = {name.lower(): [{"code": code, "text": sentence} for code, sentence in re.findall(r'X\(\w+, "(\w+)",[\s\\]*"([^"]*)"\)', body)]
             for name, body in lists}
    WORDS.write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")


class Peer:
    """The other service: `kind` is a folder of tests/bench/peer."""

    def __init__(self, kind, database, name, port, token, pool, audit=True):
        self.kind, self.database, self.name, self.token, self.audit = kind, database, name, token, audit
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(ROOT / "build" / f"bench-{kind}.log", "a", encoding="utf-8")
        words = {"fastify": ["node", str(PEER / "fastify/server.js")],
                 "fastapi": ["/usr/bin/python3", "-B", "-m", "uvicorn", "--app-dir", str(PEER / "fastapi"), "server:app", "--port", str(port),
                             "--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level",
                             "warning"]}[kind]
        env = {**os.environ, "NODE_ENV": "production", "PYTHONDONTWRITEBYTECODE": "1", "PEER_PORT": str(port), "PEER_SOCKET": database.socket,
               "PEER_DATABASE": name, "PEER_WORDS": str(WORDS), "PEER_POOL": str(pool), "PEER_AUDIT": str(int(audit)),
               "PEER_WORKERS": str(WORKERS)}
        self.process = subprocess.Popen(words, env=env, stdout=self.log, stderr=self.log)
        for _ in range(150):
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        self.stop()
        sys.exit(f"{kind} did not become ready; see build/bench-{kind}.log")

    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def forget_records(self):
        self.database.sql(self.name, "TRUNCATE peer.checks", role="shikaku_owner")

    def records(self, since):
        del since  # emptied before each slice
        return int(self.database.sql(self.name, "SELECT count(*) FROM peer.checks"))

    def digests(self, since):
        del since
        return digests_in(self.database, self.name, "SELECT check_id, encode(answer_digest, 'hex') FROM peer.checks")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
        self.log.close()


class Ours(Service):
    audit = True
    kind = "ours"

    def __init__(self, database, name, port, settings):
        super().__init__(database, name, port, settings)
        self.database, self.name = database, name

    def forget_records(self):
        pass  # evidence stays

    def records(self, since):
        return int(self.database.sql(self.name, f"SELECT count(*) FROM shikaku.checks WHERE check_id >= '{first_id(since)}'"))

    def digests(self, since):
        return digests_in(self.database, self.name, "SELECT check_id, encode(answer_digest, 'hex') FROM shikaku.checks "
                          f"WHERE check_id >= '{first_id(since)}'")


def first_id(since):
    """No check_id made after `since` (a Unix time) is smaller: they are UUIDs of version 7."""
    milliseconds = f"{int(since * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-0000-0000-000000000000"


def digests_in(database, name, query):
    return dict(line.split("|") for line in database.sql(name, query).splitlines())


class Client:
    def __init__(self, engine):
        self.engine = engine
        self.connection = http.client.HTTPConnection(engine.url.removeprefix("http://"), timeout=10)

    def ask(self, body, token=None):
        headers = {"Content-Type": "application/json"}
        if token != "":
            headers["Authorization"] = f"Bearer {token or self.engine.token}"
        self.connection.request("POST", PATH, json.dumps(body, ensure_ascii=False).encode(), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def told(status, body):
    """What must be equal: an answer but for its own id and time, with the order of its keys; of a refusal the status."""
    if status != 200:
        return str(status), None
    answer = json.loads(body)
    check_id = answer.pop("check_id")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+09:00", answer.pop("checked_at")):
        sys.exit(f"checked_at is no time: {body}")
    return json.dumps(answer, ensure_ascii=False), check_id


def compare(engines, members, seed):
    """Every engine must answer every question alike, and have each answer on record. Ends the program where one does not."""
    say(f"answers are compared first (seed {seed})")
    since = time.time()
    for engine in engines:
        engine.forget_records()
    clients = [Client(engine) for engine in engines]
    stored = [{} for _ in engines]
    met = set()
    questions = [(body, None) for body in bodies(random.Random(seed), members)]
    questions += [(questions[0][0], ""), (questions[0][0], "skk_" + "A" * 43)]
    for body, token in questions:
        answers = [client.ask(body, token) for client in clients]
        words = []
        for (status, raw), own in zip(answers, stored):
            said, check_id = told(status, raw)
            words.append(said)
            if check_id:
                own[check_id] = hashlib.sha256(raw).hexdigest()
        for engine, said in zip(engines[1:], words[1:]):
            if said != words[0]:
                sys.exit(f"{engine.kind} answers otherwise.\nquestion: {json.dumps(body, ensure_ascii=False)}\nours: {words[0]}\n"
                         f"{engine.kind}: {said}")
        met.add(words[0] if answers[0][0] != 200 else "{validity} {accepted}".format(**json.loads(answers[0][1])))
    # Otherwise equality would say little.
    for kind in ("valid True", "valid False", "invalid False", "invalid_newer_exists False", "not_found False", "422", "401"):
        if kind not in met:
            sys.exit(f"no question was answered {kind}: compare others")
    for engine, own in zip(engines, stored):
        digests = engine.digests(since)
        lost = [check_id for check_id, digest in own.items() if digests.get(check_id) != digest]
        if lost:
            sys.exit(f"{engine.kind}: {len(lost)} of {len(own)} answers are not on record as they left, e.g. {lost[0]}")
    say(f"  {len(questions)} questions, {len(stored[0])} answers: equal, and each on record with its digest")


def measure(engine, members, connections, seconds, database):
    """One slice; ends the program when an answer was an error or is not on record."""
    since = time.time()
    done = check(engine, members, connections, seconds, database)
    if engine.process.poll() is not None:
        sys.exit(f"{engine.kind} ended by itself; see build/bench-{engine.kind}.log")
    if engine.audit:
        recorded = engine.records(since)
        if recorded < done["requests"]:
            sys.exit(f"{engine.kind}: {done['requests']} answers, but {recorded} records")
    return done


def calmly(engine, *words):
    return calm(measure, engine, *words, prepare=engine.forget_records)


def best_pool(kind, start, wanted, database):
    """The pool size a worker with which this peer is fastest, over both numbers of connections."""
    if len(wanted.pools) == 1:
        return wanted.pools[0]
    rates = {}
    for pool in wanted.pools:
        peer = start(kind, pool)
        try:
            warm(peer, wanted, database)
            rates[pool] = sum(calmly(peer, wanted.members, connections, wanted.tune, database)["rate"] for connections in CONNECTIONS)
        finally:
            peer.stop()
    say(f"{kind}: connections a worker and rate (c=64 and c=256 together): " +
        ", ".join(f"{pool}: {rate:.0f}/s" for pool, rate in rates.items()))
    return max(rates, key=rates.get)


def warm(engine, wanted, database):
    """Answers looked at, and compilers warm: V8 makes a worker several times faster within its first ten thousand requests."""
    engine.forget_records()
    check(engine, wanted.members, 16, 1, database, verify=True)
    answered, ends = 0, time.monotonic() + WARM_SECONDS
    while answered < WARM_REQUESTS and time.monotonic() < ends:
        answered += check(engine, wanted.members, 64, 2, database)["requests"]


def rounds_of(engines, wanted, database):
    rounds = []
    for number in range(1, wanted.rounds + 1):
        one = {}
        for connections in CONNECTIONS:
            # To and fro, so that what a slice does to the next one falls on each of them.
            for engine in engines if number % 2 else reversed(engines):
                name = engine.kind if engine.audit else engine.kind + ", no records"
                one[name, connections] = calmly(engine, wanted.members, connections, wanted.seconds, database)
        rounds.append(one)
        say(f"round {number}: " + "; ".join(
            f"c={connections} " + ", ".join(f"{name} {done['rate']:.0f}/s" for (name, c), done in one.items() if c == connections)
            for connections in CONNECTIONS))
    return rounds


def report(rounds, wanted, pools):
    names = list(dict.fromkeys(name for name, _ in rounds[0]))
    names.sort(key=lambda name: (name != "ours", name))
    say(f"\nmedians of {wanted.rounds} rounds, {wanted.members} members, {os.cpu_count()} cores shared by load, service and PostgreSQL,"
        f" {WORKERS} workers a peer, connections a worker: " + ", ".join(f"{kind} {pool}" for kind, pool in pools.items()))
    result = {"pools": pools, "members": wanted.members}
    for connections in CONNECTIONS:
        for name in names:
            show(f"{name}, c={connections}", [one[name, connections] for one in rounds])
    say("\nours to the peer, medians of the ratios within a round (target: 5 to Fastify with records):")
    for name in names[1:]:
        ratios = {connections: [one["ours", connections]["rate"] / one[name, connections]["rate"] for one in rounds] for connections in CONNECTIONS}
        result[name] = {f"c{connections}": median(values) for connections, values in ratios.items()}
        say(f"  {name:<24}" + "   ".join(f"c={connections} {median(values):5.2f} x ({min(values):.2f} to {max(values):.2f})"
                                         for connections, values in ratios.items()))
    result["rounds"] = [{f"{name} c{connections}": done for (name, connections), done in one.items()} for one in rounds]
    return result


def bench(wanted, database, name, ours):
    def start(kind, pool, audit=True):
        port = wanted.port + (1 if kind == "fastify" else 2) + (0 if audit else 2)
        return Peer(kind, database, name, port, ours.token, pool, audit)
    running = [ours]
    try:
        running += [start(kind, 4) for kind in ("fastify", "fastapi")]
        compare(running, wanted.members, wanted.seed)
        while len(running) > 1:
            running.pop().stop()
        if wanted.only_compare:
            return None
        pools = {kind: best_pool(kind, start, wanted, database) for kind in ("fastify", "fastapi")}
        for audit in (True,) if wanted.quick else (True, False):
            running += [start(kind, pools[kind], audit) for kind in ("fastify", "fastapi")]
        for engine in running:
            warm(engine, wanted, database)
        return report(rounds_of(running, wanted, database), wanted, pools)
    finally:
        for engine in running[1:]:
            engine.stop()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int)
    options.add_argument("--seconds", type=int)
    options.add_argument("--tune", type=int, help="seconds a pool size is tried with each number of connections")
    options.add_argument("--pools", type=int, nargs="+", default=[2, 4, 8, 16], help="connections a worker that are tried at the peers")
    options.add_argument("--port", type=int, default=18080, help="this one and the four after it")
    options.add_argument("--state", default=str(ROOT / "var/bench"))
    options.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="of the questions that are compared")
    options.add_argument("--quick", action="store_true", help="two short rounds, without what is only for information")
    options.add_argument("--only-compare", action="store_true", help="compare the answers and measure nothing")
    options.add_argument("--json")
    wanted = options.parse_args()
    wanted.rounds = wanted.rounds or (2 if wanted.quick else 5)
    wanted.seconds = wanted.seconds or (3 if wanted.quick else 6)
    wanted.tune = wanted.tune or (2 if wanted.quick else 4)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # so that what was started is stopped
    database = Database(wanted.state)
    name = f"bench_{wanted.members}"
    try:
        database.fill(name, wanted.members)
        run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", database.url("shikaku_owner", name), "-f", str(PEER / "sql/make_records.sql"))
        write_words()
        ours = Ours(database, name, wanted.port, {key: value for key, value in os.environ.items() if key.startswith("SHIKAKU_")})
        try:
            result = bench(wanted, database, name, ours)
        finally:
            ours.stop()
    finally:
        run("tools/postgres", "stop", wanted.state)
    if wanted.json and result:
        pathlib.Path(wanted.json).write_text(json.dumps(result, indent=1), encoding="utf-8")


main()
