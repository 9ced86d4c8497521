"""The service with allocations that fail on command (fail.c), and what a client may then be told: the truth, 503, or nothing."""

import hashlib
import mmap
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

from support import Service
from support.database import NOW
from support.programs import SHIKAKUD, may_look_into
from support.evidence import answers_on_record
from support_service import PATIENCE, SANITIZER
from support_wire import Wire, request

TOOLS = SHIKAKUD.parent / "torture"
# libcrypto has no frame pointers: only by unwinding slowly, and deep, is seen for whom it took a piece.
FORGIVING = {"ASAN_OPTIONS": "fast_unwind_on_malloc=0:malloc_context_size=64",
             "LSAN_OPTIONS": f"suppressions={pathlib.Path(__file__).with_name('openssl.supp')}:print_suppressions=0"}
OFF, ONCE, FROM = range(3)
MODES = {ONCE: "the allocation", FROM: "each allocation from there on"}
MAIN, LOOP, OTHER = 1, 2, 4
BLOCK_BYTES = 4096
SANITIZED = SHIKAKUD.parent.name in ("asan", "tsan")
# What libpq could not even say: so long is waited before its connection is given up.
QUICK = {} if SANITIZED else {"database_silence_ms": 500}
MEMORY_SETTLES = 30  # tries, after which it should not grow any more
MEMORY_MORE = 8 * 1024  # KiB
_PLACES = {name: 4 * place for place, name in enumerate(
    ("mode", "threads", "at", "counted", "failed", "piece", "interrupted_every", "calls", "ready"))}
_TEXT_AT = 64


class Control:
    """The block by which fail.c is told what to do."""

    def __init__(self):
        with tempfile.NamedTemporaryFile(prefix="shikaku-torture-", dir="/tmp", delete=False) as file:
            file.write(bytes(BLOCK_BYTES))
            self.path = pathlib.Path(file.name)
        with open(self.path, "r+b") as file:
            self.block = mmap.mmap(file.fileno(), BLOCK_BYTES)

    def __getitem__(self, name):
        return struct.unpack_from("=I", self.block, _PLACES[name])[0]

    def __setitem__(self, name, value):
        struct.pack_into("=I", self.block, _PLACES[name], value)

    def arm(self, mode, at, threads):
        self["mode"] = OFF
        self["counted"] = self["failed"] = 0
        self.block[_TEXT_AT] = 0
        self["threads"], self["at"] = threads, at
        self["mode"] = mode

    def disarm(self):
        """Whether an allocation failed."""
        self["mode"] = OFF
        return self["failed"] > 0

    def place(self):
        """Who asked for what failed first, innermost caller first."""
        callers = []
        for line in self.block[_TEXT_AT:].split(b"\0", 1)[0].decode().splitlines():
            module, symbol, offset = line.rsplit(" ", 2)
            if pathlib.Path(module).name.startswith("shikakud"):
                symbol = _function(module, offset)
            callers.append(symbol if symbol != "?" else f"{pathlib.Path(module).name}+{offset}")
        return " < ".join(callers[:14])

    def close(self):
        self.block.close()
        self.path.unlink(missing_ok=True)


def _function(module, offset):
    done = subprocess.run(["addr2line", "-f", "-e", module, f"0x{offset}"], capture_output=True, text=True, check=False)
    return done.stdout.split("\n", 1)[0] or offset


class TorturedService(Service):
    program = TOOLS / "shikakud"

    def __init__(self, database, wait="ready", **settings):
        for tool in ("shikakud", "fail.so"):
            assert (TOOLS / tool).exists(), f"{TOOLS / tool} is missing: make test-torture builds it"
        self.control = Control()
        options = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
        self.surroundings = {"LD_PRELOAD": TOOLS / "fail.so", "TORTURE": self.control.path, "ASAN_OPTIONS": options}
        super().__init__(database, wait, **{"loops": 1, "job_workers": 0, "now": NOW, "log_level": "warning", **QUICK, **settings})
        assert wait is None or self.control["ready"] == 1, "fail.so was not loaded"

    def forgive_openssl(self):
        """From its next start on a leak that openssl.supp names is none."""
        for name, options in FORGIVING.items():
            self.surroundings[name] = f"{self.surroundings.get(name, os.environ.get(name, ''))}:{options}"

    def wire(self):
        return Wire(self.address)

    def metrics_wire(self):
        return UnixWire(self.metrics_socket)

    def memory(self):
        """KiB that are resident."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd")) if may_look_into(self.process.pid) else 0

    def end(self):
        """What was wrong with its end, in words; None when it ended well."""
        code = self.stop(PATIENCE) if self.process.poll() is None else self.process.returncode
        said = SANITIZER.search(self.log())
        if code == 0 and not said:
            return None
        return f"ended with {code}\n{self.log()[-6000:]}"

    def close(self):
        super().close()
        self.control.close()


class UnixWire(Wire):
    def __init__(self, path):
        self.seen, self.since = [], time.monotonic()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.buffer = b""


def ask(wire, data):
    """The answer; None when the connection ends without a whole one."""
    try:
        wire.send(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return wire.read()


# --- What an answer says, and which answers to a want of memory are true.

_CHANGING = ("check_id", "instance", "challenge", "suspension_id")
_TELLING_HEADERS = ("content-type", "allow", "www-authenticate", "idempotent-replayed")


def meaning(answer):
    """All of an answer but what differs each time."""
    if answer is None:
        return None
    body = answer.body
    if "json" in answer.headers.get("content-type", ""):
        body = {key: value for key, value in answer.json().items() if key not in _CHANGING}
    elif answer.headers.get("content-type", "").startswith("text/plain"):
        body = sorted({line.split(" ")[0] for line in body.decode().splitlines() if not line.startswith("#")})
    return answer.status, {name: answer.headers.get(name) for name in _TELLING_HEADERS}, body


def is_regret(answer):
    """503 and when to ask again; its body is a problem, or missing where there was no memory for one."""
    if answer.status != 503 or not answer.headers.get("retry-after", "").isdigit():
        return False
    return answer.body == b"" or answer.code() in ("overloaded", "database_unavailable")


def is_check(answer):
    return answer is not None and answer.status == 200 and answer.body.startswith(b'{"check_id"')


def short(answer):
    return "no answer" if answer is None else f"{answer.status} {answer.body[:300]!r}"


class Campaign:
    """One kind of request: each allocation that it needs fails, alone and with all that follow it."""

    def __init__(self, kind, service, world):
        self.kind, self.service, self.control = kind, service, service.control
        self.tokens, self.cards, self.person, self.elderly = world.tokens, world.cards, world.person, world.elderly
        self.findings = {}
        self.tries, self.memory, self.last = 0, None, {}
        self.checks = []  # the answers 200 to checks

    def is_regret(self, answer):
        return answer.status == 503 if self.kind.of_metrics else is_regret(answer)

    def connect(self):
        return self.service.metrics_wire() if self.kind.of_metrics else self.service.wire()

    def find(self, what, at=None, mode=None):
        place = self.control.place() if at is not None else ""
        self.findings.setdefault((what, place), []).append(f"{at}{'' if mode == ONCE else '…'}")

    def ask_calmly(self, data):
        with self.connect() as wire:
            return ask(wire, data)

    def good(self, make):
        """What is answered as soon as the service has healed: make() gives the bytes. It may say 503 until then, and nothing else."""
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.ask_calmly(make())
            if answer is not None and not self.is_regret(answer):
                return answer
            assert answer is not None, f"no answer without any fault; exit code {self.service.process.poll()}\n{self.service.log()[-3000:]}"
            assert time.monotonic() < end, f"does not heal: {short(answer)}\n{self.service.log()[-3000:]}"
            time.sleep(0.02)

    def keep(self, answer):
        if is_check(answer):
            self.checks.append(answer)

    def one_try(self, mode, at, wanted):
        """Whether anything failed."""
        data = self.kind.make(self)
        wire = self.connect()
        try:
            if mode == FROM:  # kept alive; else the connection's own allocations fail too
                assert ask(wire, request(path="/healthz")) is not None
            self.control.arm(mode, at, LOOP)
            if mode == ONCE:
                wire.close()
                wire = self.connect()
            answer = ask(wire, data)
            failed = self.control.disarm()
        finally:
            self.control.disarm()
            wire.close()
        self.keep(answer)
        if answer is not None and meaning(answer) != wanted and not self.is_regret(answer):
            self.find(f"answered {short(answer)}", at, mode)
        again = self.good(lambda: self.kind.again(self, data))
        self.keep(again)
        if meaning(again) not in (wanted, self.kind.wanted_again(wanted)):
            self.find(f"afterwards {short(again)}", at, mode)
        return failed

    def calm_answer(self):
        return self.good(lambda: self.kind.make(self))

    def be_calm(self):
        """What is wanted: the same answer whenever nothing fails."""
        calm = [self.calm_answer() for _ in range(3)]
        for answer in calm:
            self.keep(answer)
            assert self.kind.expects(answer), f"{self.kind.name}: {short(answer)}"
        assert meaning(calm[0]) == meaning(calm[2])
        return meaning(calm[0])

    def torture(self, mode, wanted):
        """Every n, or where that is slow and shows little more some of them, until nothing fails any more: three times, as the
        loop has work of its own, too."""
        unhurt = 0
        for at in points(mode == ONCE and self.kind.every and not SANITIZED):
            try:
                unhurt = 0 if self.one_try(mode, at, wanted) else unhurt + 1
            except (AssertionError, OSError) as trouble:
                self.find(f"{type(trouble).__name__}: {trouble}", at, mode)
                if self.service.process.poll() is not None:
                    return
            self.tries += 1
            if self.tries == MEMORY_SETTLES:
                self.memory = self.service.memory()
            if unhurt == 3:
                self.last[mode] = at
                return

    def run(self):
        wanted = self.be_calm()
        files = self.settled_files()
        for mode in MODES:
            self.torture(mode, wanted)
        if self.service.process.poll() is None:
            if self.settled_files(files) > files:
                self.find(f"{self.service.files() - files} files stay open")
            if not SANITIZED and self.memory and self.service.memory() > self.memory + MEMORY_MORE:
                self.find(f"memory grew from {self.memory} to {self.service.memory()} KiB in {self.tries} tries")
        wrong = self.service.end()
        if wrong is not None:
            self.find(wrong)
        recorded = answers_on_record(self.service.database)
        for answer in self.checks:
            if recorded.get(answer.json()["check_id"]) != hashlib.sha256(answer.body).digest():
                self.find(f"not on record: {short(answer)}")
        return self

    def settled_files(self, at_most=None):
        """How many files are open when those who left have gone; waits for them to be as few as before."""
        end = time.monotonic() + 10
        while True:
            before = self.service.files()
            time.sleep(0.1)
            now = self.service.files()
            if (now == before if at_most is None else now <= at_most) or time.monotonic() > end:
                return now

    def words(self):
        """What was found, for who reads the test's failure; empty when nothing was."""
        return "\n".join(f"{what}\n  failed: {place}\n  n: {', '.join(at[:8])}{' …' if len(at) > 8 else ''}"
                         for (what, place), at in self.findings.items())


def points(every):
    """Each n, or ever fewer of the larger ones."""
    at = 1
    while True:
        yield at
        at += 1 if every or at < 40 else 1 + at // 20


__all__ = ["Campaign", "Control", "FROM", "LOOP", "MAIN", "MODES", "OFF", "ONCE", "OTHER", "TorturedService", "ask", "is_check", "is_regret", "meaning",
           "short"]
