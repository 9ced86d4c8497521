"""Mixed traffic with faults at random, for as long as one likes: nothing may leak, drift, hang, or be lost.

    soak.py [--minutes M] [--seed S] [--loops L] [--rate R] [--keep] [--plan]

Two processes of the service on one port, a private PostgreSQL under them, the demonstration's people. The seed decides what is asked and
what goes wrong, in which order and for how long. Exit code 1 when anything of watch.CRITERIA does not hold; then the logs are kept.
"""

import argparse
import collections
import datetime
import fcntl
import json
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS / "contract", TESTS / "faults"):
    sys.path.insert(0, str(folder))

from support import ROOT, SHIKAKUD, Server, end_politely_on_term, free_port  # noqa: E402
from support.demo import DemoCards  # noqa: E402
from support_service import FaultService  # noqa: E402
from support_wire import Wire, check_request, request  # noqa: E402

from faults import POOL, Faults, make_plan, may_open  # noqa: E402
from traffic import HOTLINE, Traffic, today  # noqa: E402
from watch import Ledger, Verdict, Watch  # noqa: E402

SPELLS_BETWEEN_LOOKS = 2
QUESTIONS = 250
BURST = 1600
SMALL_BOUNDS = {"share_port": 1, "connections_max": 600, "in_flight_max": 600, "queue_max": 500}


def make_cards(folder, day):
    """The demonstration's, whose keys take a while: they are made once a checkout, where it is ours."""
    made = ROOT / "build" / "soak-cards"
    if os.access(made if made.exists() else made.parent, os.W_OK):
        DemoCards(made, None, day)
        with open(made / "pki" / "lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # as demo/pki does: another soak may be at it
            shutil.copytree(made, folder)
    return folder


class Replica(FaultService):
    def __init__(self, name, *words, **settings):
        self.name = name
        super().__init__(*words, **settings)


class Town:
    """Everything that runs, in one place: the database, the processes, those who ask, those who disturb, those who watch."""

    def __init__(self, options, folder, verdict):
        self.folder = folder
        self.verdict = verdict
        self.rate = options.rate
        self.loops = options.loops
        self.sanitizers = b"__asan_init" in (program := SHIKAKUD.read_bytes()) or b"__tsan_init" in program
        self.deadline = 60 if self.sanitizers else 20  # the service's own is 5 s
        self.patience = 180 if self.sanitizers else 60
        self.replicas = []
        self.ledger = Ledger()
        self.faults = Faults(self, verdict)
        self.server = Server("fsync=off", f"max_connections={POOL}")
        self.day = str(today())
        now = datetime.datetime.now(datetime.timezone.utc)
        self.database = self.server.database(today=self.day, now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
        self.demo = DemoCards(make_cards(folder / "demo", self.day), self.database, self.day, None)
        self.token = self.database.token(now=None)
        self.operator = self.database.token("operator", now=None)
        self.address = f"127.0.0.1:{free_port()}"
        for number in range(2):
            self.replicas.append(Replica(f"replica {number + 1}", self.database, self.token, "ready", listen=self.address,
                                         loops=self.loops, **SMALL_BOUNDS, **self.demo.settings))
        self.traffic = Traffic(self, verdict, options.seed)
        self.watch = Watch(self, verdict)
        self.sessions_ready = None

    def probe(self):
        return check_request(self.token)

    def take(self, answer):
        """An answer that nobody else judges."""
        if answer is not None and answer.status == 200:
            self.ledger.give(answer.json()["check_id"], answer.body)

    def _ready(self):
        """Each process has its sessions, and whoever comes anew is served."""
        try:
            ready = [replica.metric("shikaku_lane_ready") for replica in self.replicas]
        except (OSError, RuntimeError):
            return False
        self.sessions_ready = self.sessions_ready or ready[0]
        return all(count >= self.sessions_ready for count in ready) and all(self._served() for _ in range(8 * self.loops))

    def _served(self):
        try:
            with Wire(self.address) as wire:
                wire.send(request(path="/readyz"))
                ready = wire.read()
                wire.send(self.probe())
                checked = wire.read()
        except OSError:
            return False
        self.take(checked)
        return all(answer is not None and answer.status == 200 for answer in (ready, checked))

    def wait_recovered(self):
        end = time.monotonic() + self.patience
        while not self._ready():
            if any(replica.process.poll() is not None for replica in self.replicas):
                self.verdict.fail("alive", "a process ended by itself")
                return False
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def keep_logs(self):
        for replica in self.replicas:
            for log in (replica.log_file, replica.security_log_file):
                if log.exists():
                    shutil.copy(log, self.folder / f"{replica.name.replace(' ', '-')}-{log.name}")
        shutil.copy(self.server.data / "server.log", self.folder / "postgresql.log")

    def close(self):
        for replica in self.replicas:
            replica.close()
        self.server.close()


def look(town, rng):
    """A quiet point: nobody asks, equal work is done, everything is measured."""
    town.traffic.pause()
    if town.traffic.day != today():
        town.traffic.learn()
    town.traffic.burst(rng, BURST)
    town.watch.look()
    town.traffic.resume()


def spend(town, plan, seconds, rng, say):
    """Traffic and faults, until the time is over."""
    end = time.monotonic() + seconds
    town.traffic.start()
    time.sleep(min(3, seconds / 10))
    look(town, rng)
    for number, spell in enumerate(plan, 1):
        time.sleep(spell["quiet"])
        if time.monotonic() >= end:
            break
        took = town.faults.perform(spell)
        say(f"spell {number}: {json.dumps(spell['faults'])}, recovered after {took:.2f} s")
        if any(replica.process.poll() is not None for replica in town.replicas):
            break  # nothing after this would be the service's doing
        if number % SPELLS_BETWEEN_LOOKS == 0:
            look(town, rng)
    time.sleep(1)


def finish(town):
    """The last looks. Returns lines for the summary."""
    town.traffic.pause()
    town.traffic.burst(random.Random(0), BURST)
    town.watch.look()
    town.traffic.stop()
    suspensions = town.database.value("SELECT count(*) FROM shikaku.card_suspensions")
    town.verdict.check("suspended", suspensions <= len(town.traffic.keys_used),
                       f"{suspensions} suspensions by {len(town.traffic.keys_used)} Idempotency-Keys")
    lines = [town.traffic.judge_quiet(), *town.watch.judge_trends()]
    town.traffic.judge_samples()
    town.watch.look_at_all_records()
    town.watch.look_at_ends()
    return lines


def tell(town, lines):
    yield "requests, by kind and what came of them:"
    kinds = collections.defaultdict(list)
    for (kind, what), count in sorted(town.traffic.counts.items()):
        kinds[kind].append(f"{what}: {count}")
    yield from (f"  {kind}: {', '.join(counts)}" for kind, counts in kinds.items())
    yield "faults, and seconds until all was well again (median, most):"
    faults = collections.defaultdict(list)
    for kind, took in town.faults.recoveries:
        faults[kind].append(took)
    yield from (f"  {kind}: {len(took)} x, {statistics.median(took):.2f}, {max(took):.2f}" for kind, took in sorted(faults.items()))
    yield from lines
    yield f"descriptors of a process at the first look: {town.watch.descriptors}; sessions: {town.watch.sessions}"
    yield f"{town.ledger.given} answers were given with 200"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=None, help="a random one by default")
    parser.add_argument("--loops", type=int, default=2, help="of each of the two processes")
    parser.add_argument("--rate", type=float, default=500, help="requests a second, about")
    parser.add_argument("--keep", action="store_true", help="the logs, also when all went well")
    parser.add_argument("--plan", action="store_true", help="only say what would go wrong")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**9)
    plan = make_plan(random.Random(f"{options.seed} faults"), options.minutes)
    if options.plan:
        for spell in plan:
            print(json.dumps(spell))
        return 0
    sys.stdout.reconfigure(line_buffering=True)
    print(f"SEED={options.seed} MINUTES={options.minutes:g}")
    end_politely_on_term()
    may_open(8192)
    os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16")
    return soak(options, plan)


def soak(options, plan):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shikaku-soak-", dir="/tmp"))
    (folder / "plan.jsonl").write_text("".join(json.dumps(spell) + "\n" for spell in plan), encoding="utf-8")
    begun = time.monotonic()
    history = open(folder / "history.log", "w", encoding="utf-8")

    def say(sentence):
        words = f"{time.monotonic() - begun:7.1f} s  {sentence}"
        print(words)
        print(words, file=history, flush=True)

    verdict = Verdict(say=say)
    town = None
    try:
        town = Town(options, folder, verdict)
        verdict.where = lambda: f"[{town.faults.now()}]"
        rng = random.Random(f"{options.seed} questions")
        index = [{**case, "card": (case["card"] or "").removesuffix(".pem")} for case in town.demo.index()]
        shown = {case["card"] for case in index if case["presented_kind"] == "card"} | set(HOTLINE)
        cards = {name: town.demo.card(name) for name in sorted(shown)}
        town.traffic.prepare(rng, index, cards, QUESTIONS)
        say(f"the first pass: {town.traffic.learn()}")
        try:
            spend(town, plan, options.minutes * 60, rng, say)
        except KeyboardInterrupt:
            say("interrupted: the verdict so far")
        lines = finish(town)
        for line in tell(town, lines):
            say(line)
    except KeyboardInterrupt:
        say("interrupted before there was a verdict")
        return 130
    except Exception as trouble:
        verdict.fail("alive", f"the soak itself: {trouble!r}")
        import traceback
        traceback.print_exc()
    finally:
        if town is not None:
            town.keep_logs()
            town.traffic.over = True
            town.close()
    lines, well = verdict.summary()
    print("\n".join(lines[:-1]))
    if well and not options.keep:
        shutil.rmtree(folder)
    else:
        print(f"logs: {folder}; again: make soak MINUTES={options.minutes:g} SEED={options.seed}")
    print(lines[-1])
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
