#!/usr/bin/python3
"""make profile: where the service's time goes while it answers checks, by function and by floor.

Samples the service's threads, and PostgreSQL's processes, with their call chains (perf, by the CPU's clock: it works on virtual machines too) under the load of
`make bench`. Each sample counts twice: for the function in which it fell, and for the innermost file of ours that called it, so
that the kernel's and the libraries' time is seen where it is caused. Where perf cannot sample, callgrind counts instructions, by
function only."""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import tempfile
import time

from bench import ROOT, Database, Service, check, run, say

BINARY = pathlib.Path(os.environ.get("SHIKAKUD", ROOT / "build/release/shikakud")).resolve()
FREQUENCY = 997
COUNTED = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)  (.+?):(.+?)(?: \[(.*)\])?$")
FRAME = re.compile(r"^\s+([0-9a-f]+) (.*) \((.*)\)$")
KINDS = (("kernel", "[kernel"), ("libc", "libc.so"), ("OpenSSL", "libcrypto"), ("jansson", "libjansson"), ("microhttpd", "libmicrohttpd"),
         ("libpq", "libpq"), ("libunistring", "libunistring"), ("vdso", "[vdso]"))


def kind_of(dso):
    for kind, part in KINDS:
        if part in dso:
            return kind
    return "ours" if dso.endswith("/shikakud") else pathlib.Path(dso).name


def rooms_of(addresses):
    """{address in the program: file under service/}"""
    if not addresses:
        return {}
    told = run("addr2line", "-e", str(BINARY), *(f"0x{address}" for address in addresses)).splitlines()
    files = {}
    for address, line in zip(addresses, told):
        found = re.search(r"service/([^:]+):", line)
        files[address] = found.group(1) if found else "?"
    return files


def samples_of(data):
    """[(whose: service or PostgreSQL, leaf's name, leaf's kind, what called the kernel or None, address of our innermost frame or None)]"""
    told = run("perf", "script", "-i", data, "-F", "comm,ip,sym,dso", "--no-inline")
    samples, chain, whose = [], [], ""
    for line in told.splitlines() + [""]:
        frame = FRAME.match(line)
        if frame:
            chain.append(frame.groups())
        elif line and not line[0].isspace():
            whose = "service" if line.startswith("shikakud") else "PostgreSQL"
        elif chain:
            ours = next((address for address, _, dso in chain if kind_of(dso) == "ours"), None)
            kind = kind_of(chain[0][2])
            call = next((symbol for _, symbol, dso in chain if kind_of(dso) != "kernel"), None)
            samples.append((whose, chain[0][1].split("+")[0], kind, call if kind == "kernel" else None, ours))
            chain = []
    return samples


def table(title, counts, total, most=None):
    say(f"\n{title}")
    for name, count in counts.most_common(most):
        say(f"  {100 * count / total:5.1f} %  {name}")


def report(samples, whose):
    samples = [sample[1:] for sample in samples if sample[0] == whose]
    total = len(samples)
    say(f"\n== {whose}: {total} samples")
    if not total:
        return
    by_kind, by_call, by_function = (collections.Counter() for _ in range(3))
    for symbol, kind, call, _ in samples:
        by_function[f"{symbol} [{kind}]"] += 1
        by_kind[kind] += 1
        if call:
            by_call[call] += 1
    table("by whose code ran:", by_kind, total, 10)
    table("the kernel, by what called it:", by_call, total, 10)
    if whose == "service":
        report_floors(samples, total)
    table("by function, without what it called:", by_function, total, 30)


def report_floors(samples, total):
    files = rooms_of(sorted({ours for *_, ours in samples if ours}))
    by_floor, by_file = collections.Counter(), collections.Counter()
    causes = collections.defaultdict(collections.Counter)
    for _, kind, _, ours in samples:
        file = files.get(ours, "?")
        floor = file.split("/")[0] if "/" in file else "commands" if file != "?" else "outside our calls"
        by_floor[floor] += 1
        by_file[file] += 1
        causes[floor][kind] += 1
    say("\nby floor, with what it called:")
    for floor, count in by_floor.most_common():
        parts = ", ".join(f"{kind} {100 * part / total:.1f}" for kind, part in causes[floor].most_common(5) if part * 200 >= total)
        say(f"  {100 * count / total:5.1f} %  {floor:<18} {parts}")
    table("by file, with what it called:", by_file, total, 20)


def with_perf(service, database, load, seconds):
    data = tempfile.NamedTemporaryFile(suffix=".perf", delete=False).name
    try:
        recording = subprocess.Popen(
            ["perf", "record", "-q", "-o", data, "-e", "cpu-clock", "-F", str(FREQUENCY), "--call-graph", "dwarf,4096",
             "-p", ",".join(map(str, [service.process.pid, *database.pids()])), "--", "sleep", str(seconds)], stderr=subprocess.PIPE, text=True)
        done = load(seconds + 2)
        if recording.wait(60) != 0:
            say("perf cannot sample here: " + recording.stderr.read().strip())
            return False
        say(f"{done['rate']:.0f} checks/s while sampled ({FREQUENCY} Hz a core), CPU a check: service {done['service_us']:.1f} us,"
            f" PostgreSQL {done['postgres_us']:.1f} us")
        samples = samples_of(data)
        report(samples, "service")
        report(samples, "PostgreSQL")
        return True
    finally:
        os.unlink(data)


def with_callgrind(database, name, port, load):
    """Instructions of the service alone, without the kernel's; a function counts for its own file."""
    with tempfile.TemporaryDirectory(prefix="shikaku-callgrind-") as folder:
        out = pathlib.Path(folder) / "counted"
        wrapper = pathlib.Path(folder) / "shikakud"
        wrapper.write_text(f"#!/bin/sh\n[ \"$1\" = serve ] || exec {BINARY} \"$@\"\n"
                           f"exec valgrind -q --tool=callgrind --callgrind-out-file={out} {BINARY} \"$@\"\n", encoding="ascii")
        wrapper.chmod(0o755)
        os.environ["SHIKAKUD"] = str(wrapper)
        service = Service(database, name, port, {})
        try:
            requests = load(service, 10)["requests"]
        finally:
            service.stop()
        told = run("callgrind_annotate", "--auto=no", "--threshold=99.9", str(out))
    by_kind, by_floor, by_function = (collections.Counter() for _ in range(3))
    for line in told.splitlines():
        counted = COUNTED.match(line)
        if not counted:
            continue
        count, file, function, dso = counted.groups()
        count = int(count.replace(",", ""))
        ours = re.search(r"service/(?:(\w+)/)?\w+\.[ch]$", file)
        kind = "ours" if ours else kind_of(dso or "?")
        by_kind[kind] += count
        by_function[f"{function} [{kind}]"] += count
        by_floor[(ours.group(1) or "commands") if ours else "libraries"] += count
    total = sum(by_kind.values())
    say(f"\n{total / requests:.0f} instructions a check of the service, without the kernel's; {requests} checks, and its start")
    table("by whose code ran:", by_kind, total)
    table("by floor, without what it called:", by_floor, total)
    table("by function, without what it called:", by_function, total, 30)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=100_000)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--port", type=int, default=18080)
    options.add_argument("--state", default=str(ROOT / "var/bench"))
    options.add_argument("--callgrind", action="store_true", help="count instructions even where perf works")
    wanted = options.parse_args()
    os.environ["SHIKAKUD"] = str(BINARY)
    database = Database(wanted.state)
    name = f"bench_{wanted.members}"
    try:
        database.fill(name, wanted.members)
        done = False
        if not wanted.callgrind:
            service = Service(database, name, wanted.port, {})
            try:
                check(service, wanted.members, wanted.connections, 3, database)
                time.sleep(1)
                done = with_perf(service, database, lambda seconds: check(service, wanted.members, wanted.connections, seconds, database), wanted.seconds)
            finally:
                service.stop()
        if not done:
            with_callgrind(database, name, wanted.port, lambda service, seconds: check(service, wanted.members, 16, seconds, database))
    finally:
        run("tools/postgres", "stop", wanted.state)


main()
