"""What a fault must not leave behind.

    aftermath = Aftermath(service)     # before: a ready service without clients
    ...the fault, and answers that clients saw...
    aftermath.check(answers)           # everything is where it was, and what was answered is on record

    repeat(aftermath, fault)           # the same, over and over: the memory returns, and no round adds to it
"""

import functools
import os
import pathlib
import re
import time

from support.evidence import assert_on_record, read_chains
from support.programs import ROOT, SHIKAKUD, may_look_into, shikakud

KIB = 1024
PATIENCE = 60          # seconds for what must come back by itself
LATE = 15              # seconds beyond its deadline after which an answer is late: a busy machine, a client that reads many in turn
MEMORY_KEPT = 4 * 1024 * KIB  # beyond what it had before: spare blocks, tables that have grown
ROUND_MAY_ADD = 64 * KIB  # to the memory, of a thousand clients or more


@functools.lru_cache(None)
def default_setting(key):
    """As service/base/settings.def has it."""
    definitions = (ROOT / "service" / "base" / "settings.def").read_text(encoding="utf-8")
    return int(re.search(rf'SETTING_NUMBER\({key}, "{key}", (\d+)', definitions)[1])


def setting(service, key):
    return int(service.values.get(key, default_setting(key)))


def process_of(service):
    return service.process.pid


def memory(service):
    """Bytes of its own: what it shares with files of programs does not count. 0 where that is not ours to see."""
    if not may_look_into(process_of(service)):
        return 0
    for line in pathlib.Path(f"/proc/{process_of(service)}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * KIB
    raise AssertionError("smaps_rollup has no Anonymous")


def descriptors(service):
    return len(os.listdir(f"/proc/{process_of(service)}/fd")) if may_look_into(process_of(service)) else 0


def is_sanitized(service):
    """Whether a sanitizer, which takes memory of its own and gives it back late, is in the process."""
    if not may_look_into(process_of(service)):
        return SHIKAKUD.parent.name.endswith("san")
    return "san.so" in pathlib.Path(f"/proc/{process_of(service)}/maps").read_text()


def total(metrics, name):
    """The sum of the series of this name."""
    return sum(value for series, value in metrics.items() if series.split("{")[0] == name)


def lanes(service):
    """How many database connections it has when all is well."""
    loops = setting(service, "loops") or os.cpu_count()
    return loops * (2 + setting(service, "audit_connection"))


def settle(condition, what, seconds=PATIENCE):
    """Polls until condition() has nothing to say against it any more."""
    end = time.monotonic() + seconds
    while (trouble := condition()):
        assert time.monotonic() < end, f"waited {seconds} s for {what}: {trouble}"
        time.sleep(0.02)


def assert_in_time(service, answers):
    """No answer came later than its deadline. Answers that carry no time (`seconds`) are not judged."""
    most = setting(service, "answer_timeout_ms") / 1000 + LATE
    late = [answer for answer in answers if getattr(answer, "seconds", 0) > most]
    assert not late, f"{len(late)} answers after more than {most} s: {late[:3]}"


class Aftermath:
    """Taken of a ready service without clients."""

    def __init__(self, service, database=None):
        self.service = service
        self.database = database or service.database
        self.descriptors = None
        self.wait_quiet()
        self.memory_before = memory(service)
        # Chores open a connection of their own for a moment: the least of some looks.
        self.descriptors = min(self._descriptors() for _ in range(5))

    def _descriptors(self):
        time.sleep(0.02)
        return descriptors(self.service)

    def _trouble(self):
        try:
            metrics = self.service.metrics()
        except (FileNotFoundError, ConnectionRefusedError) as error:  # another process of its port was ready sooner
            return f"/metrics: {error}"
        wanted = {"shikaku_connections": 0, "shikaku_requests_in_flight": 0, "shikaku_lane_waiting": 0,
                  "shikaku_lane_ready": lanes(self.service), "shikaku_job_workers_ready": setting(self.service, "job_workers")}
        found = {name: total(metrics, name) for name in wanted}
        if found != wanted:
            return found
        is_open = descriptors(self.service)
        if self.descriptors is not None and is_open > self.descriptors:
            return f"{is_open} descriptors, before {self.descriptors}"
        return None

    def wait_quiet(self):
        """Until nobody is connected or waited for, and every connection to the database is there."""
        settle(self._trouble, "a quiet service")

    def memory(self):
        """Bytes, of a quiet service: what a crowd took is given back when it has been gone for a second."""
        self.wait_quiet()
        still, since = memory(self.service), time.monotonic()
        while time.monotonic() < since + 1.5:
            time.sleep(0.05)
            if abs(memory(self.service) - still) > ROUND_MAY_ADD:
                still, since = memory(self.service), time.monotonic()
        return still

    def check(self, answers=()):
        """After it: nobody is waited for, descriptors and connections are as before, each 200 of `answers` (None: the connection
        ended) is on record with its very bytes and none was late, every record's digest is right and every chain whole, as `shikakud audit verify` finds too."""
        self.wait_quiet()
        answers = [answer for answer in answers if answer is not None]
        assert_in_time(self.service, answers)
        assert_on_record(self.database, [answer for answer in answers if answer.status == 200])
        self.verify_chains()

    def verify_chains(self):
        read_chains(self.database)
        done = shikakud("audit", "verify", database=self.database, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr


def stays(used, may_add):
    """Whether a memory that was used so, round after round, does not grow with the rounds."""
    as_it_was = len(used) > 2 and all(abs(used[at] - used[at - 1]) <= may_add for at in (-1, -2))
    return as_it_was or (len(used) > 4 and max(used[-3:]) <= max(used[:-3]))


def grows(used):
    """Whether the last of many rounds left more behind than any before them: what goes up and down does not."""
    return min(used[-4:]) > max(used[1:-4])


def repeat(aftermath, fault, may_add=ROUND_MAY_ADD, rounds=12):
    """Runs fault() until two rounds in a row leave the memory as it was, or three are none above what it was before: at first the heap
    fills with what is kept for the next round, and pieces that fit nothing; then it goes up and down, and only a leak grows each round.
    Never so within that many rounds, and the last ones above all before them, is a leak. A sanitizer's own memory says nothing of that,
    but it tells of leaks at the end."""
    used = []
    for _ in range(3 if is_sanitized(aftermath.service) else rounds):
        fault()
        used.append(aftermath.memory())
        if stays(used, may_add):
            break
    else:
        assert is_sanitized(aftermath.service) or not grows(used), f"the memory never stays as it is: {used}"
    assert is_sanitized(aftermath.service) or used[-1] <= aftermath.memory_before + MEMORY_KEPT, \
        f"the memory does not return to {aftermath.memory_before}: {used}"
    aftermath.check()
