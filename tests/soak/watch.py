"""What must hold, and who looks whether it does: records, memory, descriptors, sessions, counters, latency, the read model."""

import collections
import hashlib
import os
import pathlib
import statistics
import threading
import time
import uuid

from support import shikakud
from support_service import SANITIZER
from support_wire import Wire

# Growth that is more than both in the second half of a run is a leak.
BYTES_A_REQUEST = 20
BYTES_OF_A_SHORT_RUN = 256 * 1024
POINTS_OF_A_LONG_RUN = 20
SLOWER = 3  # times the latency of the beginning, measured in round trips to PostgreSQL
PROBES = 150

CRITERIA = {
    "record": "every 200 is on record with its very bytes",
    "right": "no answer is wrong",
    "once": "a challenge is good for one use",
    "suspended": "a card that was stopped is stopped, and one that was given back works",
    "time": "no request hangs past its deadline",
    "cut": "no connection is lost without a reason",
    "contract": "every answer is as the contract says",
    "quiet": "between faults questions are answered",
    "recovery": "the service recovers from every fault",
    "alive": "no process crashes, and each ends well",
    "chains": "every chain of records can be followed",
    "counters": "the counters say what is on record",
    "memory": "memory does not grow with the work",
    "descriptors": "descriptors return",
    "sessions": "sessions of the database return",
    "latency": "answers take as long at the end as at the beginning",
    "standings": "the read model is what the base tables say",
    "database": "PostgreSQL met neither deadlocks nor a panic",
}


class Verdict:
    """What was looked at, and what did not hold. Any thread."""

    def __init__(self, where=lambda: "", say=print):
        self.where = where
        self.say = say
        self.examined = collections.Counter()
        self.failures = collections.defaultdict(list)
        self.notes = []
        self.lock = threading.Lock()

    def examine(self, criterion, times=1):
        assert criterion in CRITERIA, criterion
        with self.lock:
            self.examined[criterion] += times

    def fail(self, criterion, sentence):
        assert criterion in CRITERIA, criterion
        with self.lock:
            self.examined[criterion] += 1
            self.failures[criterion].append(sentence)
            number = len(self.failures[criterion])
        if number <= 10:
            self.say(f"FAILED {self.where()} {CRITERIA[criterion]}: {sentence}")

    def check(self, criterion, holds, sentence):
        if holds:
            self.examine(criterion)
        else:
            self.fail(criterion, sentence)
        return holds

    def note(self, sentence):
        self.notes.append(sentence)
        self.say(f"note: {sentence}")

    def summary(self):
        """(lines, whether all of it holds)"""
        lines, counts = [], collections.Counter()
        for criterion, words in CRITERIA.items():
            failed = len(self.failures[criterion])
            outcome = "failed" if failed else "passed" if self.examined[criterion] else "not shown"
            counts[outcome] += 1
            lines.append(f"  {outcome:9} {words} ({self.examined[criterion]} looked at{f', {failed} failed' if failed else ''})")
        lines.append(f"{counts['passed']} passed, {counts['failed']} failed, {counts['not shown']} not shown")
        return lines, counts["failed"] == 0


class Ledger:
    """The answers that clients were given, as (check id, digest), and those of them that were found on record."""

    def __init__(self):
        self.new = []
        self.found = bytearray()
        self.given = 0
        self.lock = threading.Lock()

    def give(self, check_id, body):
        with self.lock:
            self.given += 1
            self.new.append((uuid.UUID(check_id).bytes, hashlib.sha256(body).digest()))

    def compare_new(self, database, verdict):
        with self.lock:
            new, self.new = self.new, []
        self._compare(database, verdict, new)
        self.found += b"".join(check_id + digest for check_id, digest in new)

    def compare_all(self, database, verdict):
        """Once more, after whatever was done to the database since."""
        self.compare_new(database, verdict)
        for at in range(0, len(self.found), 48 * 5000):
            part = self.found[at:at + 48 * 5000]
            self._compare(database, verdict, [(bytes(part[i:i + 16]), bytes(part[i + 16:i + 48])) for i in range(0, len(part), 48)])

    @staticmethod
    def _compare(database, verdict, given):
        for at in range(0, len(given), 5000):
            part = given[at:at + 5000]
            rows = database.run("SELECT check_id::text, answer_digest FROM shikaku.checks WHERE check_id = ANY (%s::uuid[])",
                                ([str(uuid.UUID(bytes=check_id)) for check_id, _ in part],))
            recorded = {uuid.UUID(check_id).bytes: bytes(digest) for check_id, digest in rows}
            for check_id, digest in part:
                if check_id not in recorded:
                    verdict.fail("record", f"the check {uuid.UUID(bytes=check_id)} was answered and is not on record")
                elif recorded[check_id] != digest:
                    verdict.fail("record", f"the check {uuid.UUID(bytes=check_id)} is on record with another answer")
            verdict.examine("record", len(part))


def private_bytes(process_id):
    """Memory that is nobody else's."""
    lines = pathlib.Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Dirty:", "Swap:")))


def descriptors(process_id):
    return len(os.listdir(f"/proc/{process_id}/fd"))


def rates(points):
    """Bytes a request from each point (requests, bytes) to the next."""
    return [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in zip(points, points[1:]) if x2 > x1]


def slope(points):
    """The median of the slopes between all pairs of points."""
    return statistics.median((y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points) for x2, y2 in points[i + 1:] if x2 > x1)


def judge_memory(points, verdict, name, sanitizers=False):
    """points: (requests answered, bytes) at quiet points of one process; None when there are too few. A leak shows from nearly
    every point to the next, in the second half of the run. What a crowd leaves behind is one step, and does not count until there are
    so many points that it would have to have come before."""
    half = points[len(points) // 2:]
    if len(half) < 4:
        return None
    rises = sorted(rates(half))[(len(half) - 1) // 4]
    if len(half) >= POINTS_OF_A_LONG_RUN:
        rises = max(rises, slope(half))
    grown = (half[-1][0] - half[0][0]) * rises
    words = (f"{name}: {rises:.1f} bytes a request over {half[-1][0] - half[0][0]} requests in the second half "
             f"({grown / 1024:.0f} KiB); KiB at each quiet point: {' '.join(str(size // 1024) for _, size in points)}")
    if not sanitizers:  # these keep what was freed for a while; the leak sanitizer looks at the end
        verdict.check("memory", rises <= BYTES_A_REQUEST or grown <= BYTES_OF_A_SHORT_RUN, words)
    return words


# The tenth part of the fastest checks, of round trips to PostgreSQL, seconds; and how many others wanted to compute meanwhile.
Latency = collections.namedtuple("Latency", "check trip waiting")


def judge_latency(looks, verdict, cores):
    """Slower is what takes longer by the clock and in round trips to PostgreSQL. On a machine that others use it is only said."""
    first, last = (min(part, key=lambda look: look.check) for part in (looks[:len(looks) // 3 + 1], looks[-(len(looks) // 3 + 1):]))
    words = (f"a check took {first.check * 1000:.2f} ms at the beginning and {last.check * 1000:.2f} ms at the end: "
             f"{first.check / first.trip:.1f} and {last.check / last.trip:.1f} round trips to PostgreSQL")
    slower = last.check > SLOWER * first.check and last.check / last.trip > SLOWER * first.check / first.trip
    if slower and last.waiting > cores / 2:
        verdict.note(f"{words}; but others were computing too ({last.waiting:.1f} waiting, {cores} cores)")
        slower = False
    verdict.check("latency", not slower, words)
    return words


class Watch:
    """Looks at quiet points: the desks are idle, every fault is over."""

    def __init__(self, town, verdict):
        self.town = town
        self.verdict = verdict
        self.memory = collections.defaultdict(list)  # by process id
        self.descriptors = None
        self.sessions = None
        self.latency = []
        self.last_counters = None

    # --- what is measured

    def _sum(self, replica, name):
        return int(replica.metric(name))

    def _settled(self, replica):
        return self._sum(replica, "shikaku_connections") == 0 and self._sum(replica, "shikaku_requests_in_flight") == 0

    def _wait(self, condition):
        """Once something did not come back, nobody waits so long again."""
        end = time.monotonic() + (2 if self.verdict.failures["descriptors"] else self.town.patience)
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def _sessions(self):
        return self.town.server.run("SELECT count(*) FROM pg_stat_activity WHERE usename = 'shikaku_service'")[0][0]

    def _measure(self):
        """One after the other, so that both meet the same machine."""
        checks, trips, waiting = [], [], []
        connection = self.town.database.connect()
        with connection.cursor() as cursor:
            for _ in range(10):
                waiting.append(int(pathlib.Path("/proc/loadavg").read_text().split()[3].split("/")[0]) - 1)
                with Wire(self.town.address) as wire:
                    for _ in range(PROBES // 10):
                        begun = time.monotonic()
                        cursor.execute("SELECT 1")
                        trips.append(time.monotonic() - begun)
                        begun = time.monotonic()
                        wire.send(self.town.probe())
                        answer = wire.read()
                        checks.append(time.monotonic() - begun)
                        self.town.take(answer)
        connection.close()
        return Latency(sorted(checks)[PROBES // 10], sorted(trips)[PROBES // 10], statistics.mean(waiting))

    # --- what is judged

    def look(self):
        """At one quiet point."""
        replicas = self.town.replicas
        for replica in replicas:
            if not self.verdict.check("descriptors", self._wait(lambda: self._settled(replica)),
                                      f"{replica.name}: connections without clients remain"):
                return
        self.latency.append(self._measure())
        for replica in replicas:
            self._wait(lambda: self._settled(replica))
            self._look_at_descriptors(replica)
            self.memory[replica.process.pid].append((self._sum(replica, "shikaku_requests_total"), private_bytes(replica.process.pid)))
        self._look_at_sessions()
        self.town.ledger.compare_new(self.town.database, self.verdict)
        self._look_at_counters()

    def _look_at_descriptors(self, replica):
        process = replica.process.pid
        if self.descriptors is None:
            self.descriptors = descriptors(process)
        returned = self._wait(lambda: descriptors(process) <= self.descriptors)  # a chore may have a session of its own meanwhile
        self.verdict.check("descriptors", returned,
                           f"{replica.name} holds {descriptors(process)} descriptors, {self.descriptors} at the beginning")

    def _look_at_sessions(self):
        self.sessions = sum(self._sum(replica, name) for replica in self.town.replicas for name in ("shikaku_lane_ready", "shikaku_job_workers_ready"))
        returned = self._wait(lambda: self._sessions() == self.sessions)
        self.verdict.check("sessions", returned, f"{self._sessions()} sessions, {self.sessions} of them of the processes")

    def _look_at_counters(self):
        """Given ≤ counted ≤ on record, since the last quiet point, where no process was replaced meanwhile."""
        now = {"given": self.town.ledger.given, "on record": self.town.database.value("SELECT count(*) FROM shikaku.checks"),
               "counted": sum(self._sum(replica, "shikaku_checks_total") for replica in self.town.replicas)}
        processes = [replica.process.pid for replica in self.town.replicas]
        before, same = self.last_counters or ({name: 0 for name in now}, processes)
        self.last_counters = (now, processes)
        if same == processes:
            given, recorded, counted = (now[name] - before[name] for name in ("given", "on record", "counted"))
            self.verdict.check("counters", given <= counted <= recorded, f"{given} were given, {counted} counted, {recorded} recorded")

    def judge_trends(self):
        """At the end."""
        lines = []
        for process, points in self.memory.items():
            words = judge_memory(points, self.verdict, f"process {process}", self.town.sanitizers)
            if words:
                lines.append(f"memory, {words}")
        if len(self.latency) >= 4:
            lines.append(judge_latency(self.latency, self.verdict, os.cpu_count()))
        return lines

    def look_at_all_records(self):
        """At the end, PostgreSQL still running."""
        town, verdict = self.town, self.verdict
        town.ledger.compare_all(town.database, verdict)
        verdict.check("standings", (wrong := town.database.value("SELECT shikaku.compare_standings()")) == 0,
                      f"{wrong} rows of the read model differ")
        examined = shikakud("doctor", database=town.database, timeout=300, loops=town.loops, **town.demo.settings)
        verdict.check("standings", examined.returncode == 0, f"doctor: {examined.stdout}{examined.stderr}")
        walked = shikakud("audit", "verify", database=town.database, timeout=3600)
        verdict.check("chains", walked.returncode == 0, f"audit verify: {walked.returncode}: {walked.stdout}{walked.stderr}")
        log = town.server.log()
        for word in ("deadlock detected", "PANIC", "TRAP:", "invalid page", "could not read block"):
            verdict.check("database", word not in log, f"{log.count(word)} x {word!r} in PostgreSQL's log")

    def look_at_ends(self):
        """Ends each replica; what it said in its life."""
        for replica in self.town.replicas:
            try:
                code = replica.stop(self.town.patience)
                self.verdict.check("alive", code == 0, f"{replica.name}: exit code {code} after TERM")
            except Exception as trouble:  # the other one is looked at too
                self.verdict.fail("alive", f"{replica.name} does not end: {trouble}")
            said = SANITIZER.search(replica.log())
            self.verdict.check("alive", not said, f"{replica.name}: {said and replica.log()[said.start():said.start() + 1500]}")
