#!/usr/bin/python3
"""make bench: checks by typed keys over HTTP against pgbench on the plain five-table look-up, interleaved in one run.

Everything shares this machine: the load, the service and PostgreSQL. Absolute numbers drift; trust the ratios, which are
taken between neighbours in one round. Prints a table and, with --json FILE, the same as JSON."""
import argparse
import json
import os
import pathlib
import re
import subprocess

from bench import ROOT, Database, Service, calm, check, median, run, say, show


def pgbench(database, name, members, clients, seconds):
    out = run("pgbench", "-n", "-M", "prepared", "-D", f"members={members}", "-f", "demo/base_lookup.sql", "-c", str(clients),
              "-j", "1", "-T", str(seconds), "-h", database.socket, "-U", "shikaku_owner", name,
              env={"PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c jit=off"})
    return float(re.search(r"tps = ([\d.]+)", out).group(1))


def instructions(service, members, database):
    """Instructions a check of the service alone, where this machine can count them."""
    probe = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u,instructions:k", "-p", str(service.process.pid), "sleep", "4"],
                           capture_output=True, text=True, check=False) if _has("perf") else None
    if probe is None or "not supported" in probe.stderr or probe.returncode != 0:
        return None
    load = subprocess.Popen(["perf", "stat", "-x,", "-e", "instructions:u,instructions:k", "-p", str(service.process.pid), "sleep", "6"],
                            stderr=subprocess.PIPE, text=True)
    done = check(service, members, 64, 5, database)
    counts = [float(line.split(",")[0]) for line in load.communicate()[1].splitlines() if line and line[0].isdigit()]
    return [count / done["requests"] for count in counts] if counts else None


def _has(program):
    return subprocess.run(["which", program], capture_output=True, check=False).returncode == 0


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=6)
    options.add_argument("--port", type=int, default=18080)
    options.add_argument("--state", default=str(ROOT / "var/bench"))
    options.add_argument("--quick", action="store_true", help="rates only: no small database, no pace, no instructions")
    options.add_argument("--json")
    wanted = options.parse_args()
    settings = {key: value for key, value in os.environ.items() if key.startswith("SHIKAKU_")}

    database = Database(wanted.state)
    large = f"bench_{wanted.members}"
    database.fill(large, wanted.members)
    if not wanted.quick:
        database.fill("bench_10000", 10_000)
    service = Service(database, large, wanted.port, settings)
    small = None if wanted.quick else Service(database, "bench_10000", wanted.port + 1, settings)
    result = {}
    try:
        say("answers are looked at first: every one must be a valid 200")
        check(service, wanted.members, 16, 2, database, verify=True)
        check(service, wanted.members, 64, 3, database)
        rounds = []
        for number in range(1, wanted.rounds + 1):
            one = {"pgbench": max(calm(pgbench, database, large, wanted.members, clients, 3) for clients in (2, 4, 8, 16)),
                   "c64": calm(check, service, wanted.members, 64, wanted.seconds, database),
                   "c256": calm(check, service, wanted.members, 256, wanted.seconds, database)}
            if small:
                one["small"] = calm(check, small, 10_000, 64, wanted.seconds, database)
                one["again"] = calm(check, service, wanted.members, 64, wanted.seconds, database)
            rounds.append(one)
            say(f"round {number}: pgbench {one['pgbench']:.0f}/s, service c=64 {one['c64']['rate']:.0f}/s"
                f" ({one['c64']['rate'] / one['pgbench']:.2f} x), c=256 {one['c256']['rate']:.0f}/s"
                f" ({one['c256']['rate'] / one['pgbench']:.2f} x)")
        say(f"\nmedians of {wanted.rounds} rounds, {wanted.members} members, {os.cpu_count()} cores shared by load, service and PostgreSQL:")
        say(f"  {'pgbench, five tables, prepared':<34} {median([r['pgbench'] for r in rounds]):>8.0f}/s   (best of 2, 4, 8, 16 clients)")
        show("checks, 64 connections", [r["c64"] for r in rounds])
        show("checks, 256 connections", [r["c256"] for r in rounds])
        result["ratio_c64"] = median([r["c64"]["rate"] / r["pgbench"] for r in rounds])
        result["ratio_c256"] = median([r["c256"]["rate"] / r["pgbench"] for r in rounds])
        if small:
            show("checks, 64 connections, 10,000", [r["small"] for r in rounds])
            result["large_to_small"] = median([r["again"]["rate"] / r["small"]["rate"] for r in rounds])
            half = median([r["c64"]["rate"] for r in rounds]) / 2
            pace = max(1, round(64 / half * 1000) - 1)
            paced = [calm(check, service, wanted.members, 64, wanted.seconds, database, pace=pace) for _ in range(3)]
            show("checks, near half the rate", paced)
            result["half_rate"] = median([r["rate"] for r in paced])
            result["half_rate_p99_ms"] = median([r["p99"] for r in paced])
            counted = instructions(service, wanted.members, database)
            say("  instructions a check (service): " + ("not countable on this machine" if counted is None else
                " + ".join(f"{count:.0f}" for count in counted) + " (user + kernel)"))
        say("\nratios to pgbench (targets): c=64 %.2f (0.80, goal 1.10), c=256 %.2f (1.00, goal 1.10)" %
            (result["ratio_c64"], result["ratio_c256"]))
        if small:
            say("1,000,000 members keep %.0f %% of the rate with 10,000 (target: over 80 %%)" % (100 * result["large_to_small"]))
            say("p99 near half the greatest rate (%.0f/s): %.2f ms (target: at most 5)" %
                (result["half_rate"], result["half_rate_p99_ms"]))
    finally:
        service.stop()
        if small:
            small.stop()
        run("tools/postgres", "stop", wanted.state)
    if wanted.json:
        pathlib.Path(wanted.json).write_text(json.dumps(result, indent=1), encoding="utf-8")


main()
