#!/usr/bin/python3
"""make bench-import: a file of new members by CSV over HTTP against a psql script in the same run, which copies the same rows into staging
and calls the same merge functions; then the same file again, and one with 2 % changed.

Everything shares this machine: the client, the service and PostgreSQL. Absolute numbers drift; trust the multiples, which are taken
between neighbours in one round. Prints a table and, with --json FILE, the same as JSON."""
import argparse
import contextlib
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import threading
import time
import uuid

from bench import ROOT, Database, Service, check, median, run, say

INSURER = "06136022"
COLUMNS = ["member_id", "name", "name_kana", "sex", "birth_date", "postal_code", "address", "relationship", "insured_member_id", "symbol",
           "number", "branch_number", "acquired_on", "ratio_percent", "ratio_valid_from", "ratio_valid_until", "limit_category",
           "limit_certificate", "limit_valid_from", "limit_valid_until"]
SURNAMES, GIVEN = "見本 仮名 試験 架空 例示".split(), "太郎 花子 一 桜 健 葵 翼".split()
KANA = dict(zip(SURNAMES + GIVEN, "ミホン カメイ シケン カクウ レイジ タロウ ハナコ ハジメ サクラ ケン アオイ ツバサ".split()))
STAGED = ["slot", "line", "digest", *COLUMNS, "symbol_key", "number_key"]
BORN = datetime.date(1940, 1, 1)


def member(i, changed=False):
    """Member i of the file: a family of three has one insured person."""
    head = i - i % 3
    surname, given = SURNAMES[head % len(SURNAMES)], GIVEN[i % len(GIVEN)]
    born = BORN + datetime.timedelta(days=i * 7919 % 27000)
    elderly = born < datetime.date(1956, 1, 1)
    limited = i % 100 == 7 and born > datetime.date(1960, 1, 1)
    return [f"B-{i:08}", f"{surname} {given}", f"{KANA[surname]} {KANA[given]}", "female" if i % 2 else "male", born.isoformat(),
            f"1{i % 100:02}-{i % 10000:04}", f"架空県見本市{i % 97}町{i % 31}-{i % 13}" + (" 転居先" if changed else ""),
            "dependent" if i % 3 else "insured", f"B-{head:08}" if i % 3 else "", f"{head // 3000:04}", f"{head:08}", f"{i % 3:02}",
            "2021-04-01", *(("20", "2026-08-01", "2027-07-31") if elderly else ("", "", "")),
            *(("A03", "01", "2026-08-01", "2027-07-31") if limited else ("", "", "", ""))]


def write_files(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}-{count}.csv" for name in ("new", "changed")}
    files["staged"] = folder / f"staged-{count}.tsv"
    if all(file.exists() for file in files.values()):
        return files
    say(f"writing files of {count} members (once)")
    with open(files["new"], "w", encoding="utf-8") as new, open(files["changed"], "w", encoding="utf-8") as changed, \
            open(files["staged"], "w", encoding="utf-8") as staged:
        for out in (new, changed):
            out.write(",".join(COLUMNS) + "\r\n")
        for i in range(count):
            values = member(i)
            new.write(",".join(values) + "\r\n")
            changed.write(",".join(member(i, True) if i % 50 == 0 else values) + "\r\n")
            digest = hashlib.sha256("\0".join(values).encode()).hexdigest()
            keys = [values[COLUMNS.index("symbol")], values[COLUMNS.index("number")]]
            staged.write("\t".join(["0", str(i + 2), f"\\\\x{digest}", *(value or "\\N" for value in [*values, *keys])]) + "\n")
    return files


class Round:
    """One database, as it was before any file, and how long things take on it."""

    def __init__(self, database, base, name):
        self.database, self.name = database, name
        database.sql("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        database.sql("postgres", f"CREATE DATABASE {name} TEMPLATE {base}")
        database.sql(name, f"GRANT CONNECT ON DATABASE {name} TO shikaku_service, shikaku_owner")
        database.sql("postgres", "CHECKPOINT")

    def drop(self):
        self.database.sql("postgres", f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def psql(self, words):
        begun = time.monotonic()
        run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.database.url("shikaku_owner", self.name), "-c", "SET statement_timeout = 0",
            *(word for one in words for word in ("-c", one)))
        return time.monotonic() - begun

    def bare_copy(self, staged):
        spent = self.psql([f"\\copy shikaku.staged_members_0 ({', '.join(STAGED)}) FROM '{staged}'"])
        self.database.sql(self.name, "TRUNCATE shikaku.staged_members_0")
        return spent

    def script(self, staged, count):
        """The same without us: staging, then the same statements."""
        job, runner = uuid.uuid4(), uuid.uuid4()
        lease = "now() + interval '1 hour'"
        slices = -(-count // 5_000_000)
        return self.psql([
            f"SELECT * FROM shikaku.open_import('{job}', '{INSURER}', now(), NULL, '{runner}', {lease}, 'changes', false, false, NULL, NULL, "
            "'csv', 'utf-8', NULL)",
            f"\\copy shikaku.staged_members_0 ({', '.join(STAGED)}) FROM '{staged}'",
            f"SELECT shikaku.close_import('{job}', '{runner}', now(), 0, {count}, {count}, 0, 0)",
            f"SELECT * FROM shikaku.claim_job('{runner}', '{{import}}', now(), {lease})",
            *(f"SELECT * FROM shikaku.merge_import_slice('{job}', '{runner}', {one}, now())" for one in range(slices)),
            f"SELECT shikaku.finish_import('{job}')",
            f"SELECT shikaku.end_job('{job}', '{runner}', now(), 'succeeded', NULL)"])


def send(round_, port, token, file):
    """The seconds until the file is merged."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    with open(file, "rb") as body:
        connection.request("POST", f"/v1/insurers/{INSURER}/imports", body, {"Authorization": f"Bearer {token}", "Content-Type": "text/csv",
                                                                             "Content-Length": str(file.stat().st_size)})
        answer = connection.getresponse()
        text = answer.read()
    if answer.status != 202:
        raise SystemExit(f"the file was not taken: {answer.status} {text[:500]}")
    received = time.monotonic() - begun
    job = answer.getheader("Location").rsplit("/", 1)[1]
    while True:
        state = round_.database.sql(round_.name, f"SELECT state || ' ' || coalesce(failure, '') FROM shikaku.jobs WHERE job_id = '{job}'").split(" ")
        if state[0] == "succeeded":
            return time.monotonic() - begun, received
        if state[0] in ("failed", "cancelled"):
            raise SystemExit(f"the import {state}: " + round_.database.sql(
                round_.name, f"SELECT line, field, reason FROM shikaku.import_errors WHERE import_id = '{job}' LIMIT 5"))
        time.sleep(0.05)


def peak_memory(service):
    status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@contextlib.contextmanager
def serving(database, base, name, port):
    """A copy of the base under this name, and a service on it with a token for its insurer; both are gone afterwards."""
    round_ = Round(database, base, name)
    service = Service(database, name, port, {key: value for key, value in os.environ.items() if key.startswith("SHIKAKU_")})
    try:
        binary = os.environ.get("SHIKAKUD", str(ROOT / "build/release/shikakud"))
        token = run(binary, "token", "create", "--scope", "insurer", "--owner", INSURER,
                    env={"DATABASE_URL": database.url("shikaku_service", name)}).strip()
        yield round_, service, token
    finally:
        service.stop()
        round_.drop()


def one_round(database, base, files, few, count, port):
    found = {}
    plain = Round(database, base, "bench_import_psql")
    found["copy"] = plain.bare_copy(files["staged"])
    found["script"] = plain.script(files["staged"], count)
    plain.drop()
    with serving(database, base, "bench_import_http", port) as (ours, service, token):
        found["first"], found["received"] = send(ours, port, token, files["new"])
        found["memory"] = peak_memory(service)
        found["again"], _ = send(ours, port, token, files["new"])
        found["changed"], _ = send(ours, port, token, files["changed"])
    with serving(database, base, "bench_import_small", port) as (small, service, token):
        send(small, port, token, few["new"])
        found["memory_of_10000"] = peak_memory(service)
    return found


def checks_meanwhile(database, base, background, files, port):
    """The rate of checks before and during an import, and their p99."""
    with serving(database, base, "bench_import_checks", port) as (round_, service, token):
        check(service, background, 64, 3, database)
        before = check(service, background, 64, 5, database)
        sender = threading.Thread(target=lambda: send(round_, port, token, files["new"]))
        sender.start()
        runs = []
        while sender.is_alive():
            runs.append(check(service, background, 64, 2, database))
        sender.join()
    return {"before": before["rate"], "p99_before": before["p99"], "during": median([one["rate"] for one in runs]),
            "p99_during": median([one["p99"] for one in runs]), "p99_worst": max(one["p99"] for one in runs)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=1_000_000)
    options.add_argument("--background", type=int, default=100_000, help="members of other insurers, whom the checks ask about")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--port", type=int, default=18090)
    options.add_argument("--state", default=str(ROOT / "var/bench"))
    options.add_argument("--no-checks", action="store_true", help="not the rate of checks meanwhile")
    options.add_argument("--json")
    wanted = options.parse_args()

    database = Database(wanted.state)
    base = f"bench_import_{wanted.background}"
    result = {"members": wanted.members}
    try:
        database.fill(base, wanted.background)
        database.sql(base, f"INSERT INTO shikaku.insurers (insurer_number, printed_number, name) VALUES ('{INSURER}', '{INSURER}', '見本健康保険組合') "
                           "ON CONFLICT DO NOTHING")
        folder = pathlib.Path(wanted.state) / "files"
        files, few = write_files(folder, wanted.members), write_files(folder, 10_000)
        rounds = []
        for number in range(wanted.rounds):
            rounds.append(one_round(database, base, files, few, wanted.members, wanted.port))
            one = rounds[-1]
            say(f"round {number + 1}: bare \\copy {one['copy']:.1f} s, psql script {one['script']:.1f} s, over HTTP {one['first']:.1f} s "
                f"({one['received']:.1f} s to take the file in), again {one['again']:.1f} s, 2 % changed {one['changed']:.1f} s")

        def of(numerator, denominator):
            return median([one[numerator] / one[denominator] for one in rounds])

        lines = [("over HTTP, to the psql script", of("first", "script"), "at most 1.2"),
                 ("over HTTP, to a bare \\copy", of("first", "copy"), ""),
                 ("the same file again, to the first time", of("again", "first"), "at most 0.15"),
                 ("2 % changed, to the first time", of("changed", "first"), "at most 0.25")]
        say(f"{wanted.members} new members, medians of {wanted.rounds}:")
        for words, multiple, bound in lines:
            say(f"  {words:<44} {multiple:6.2f} x   {bound}")
        result.update({words: multiple for words, multiple, _ in lines})
        result["memory_mib"] = max(one["memory"] for one in rounds)
        result["memory_of_10000_mib"] = max(one["memory_of_10000"] for one in rounds)
        say(f"  memory of the service, at most               {result['memory_mib']:6.1f} MiB   for 10,000 members {result['memory_of_10000_mib']:.1f} MiB"
            "   (under 100)")
        if not wanted.no_checks:
            meanwhile = checks_meanwhile(database, base, wanted.background, files, wanted.port)
            result["checks"] = meanwhile
            say(f"  checks meanwhile, to those before            {meanwhile['during'] / meanwhile['before']:6.2f} x   at least 0.5; "
                f"{meanwhile['before']:.0f}/s before, {meanwhile['during']:.0f}/s during; p99 {meanwhile['p99_before']:.1f} ms before, "
                f"{meanwhile['p99_during']:.1f} ms during, {meanwhile['p99_worst']:.1f} ms at worst")
        if wanted.json:
            pathlib.Path(wanted.json).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    finally:
        subprocess.run([ROOT / "tools/postgres", "stop", wanted.state, "fast"], check=False)


main()
