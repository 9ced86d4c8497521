#!/usr/bin/python3
"""make bench-cards: checks by card against checks by typed keys, interleaved in one run, and what a long revocation list costs.

A card here is a certificate of its own with one of 256 RSA keys; it is in a row (the short road) or in none (validated in full).
Each request carries a challenge of its own, signed beforehand. Everything shares this machine: the load, the service and
PostgreSQL. Trust the ratios, which are taken between neighbours in one round. With --json FILE, the same as JSON."""
import argparse
import json
import os
import pathlib
import time

from bench import HERE, ROOT, Database, Service, calm, check, median, run, say, show, wrk

HOLDER = "terminal:1319900013"  # as cases/card_proof.c binds the token that bench.Service makes
LOAD = "build/release/bench/card_load"
LISTS = "build/release/bench/crl_bench"


class Requests:
    """A file of requests that are good for one use each, made anew when too few are left."""

    def __init__(self, database, name, folder, kind, expected):
        self.folder, self.kind, self.expected = folder, kind, expected
        self.key = database.sql(name, "SELECT encode(key, 'hex') FROM shikaku.challenge_keys")
        self.file = folder / f"requests_{kind}.jsonl"
        self.first = 0   # the next card
        self.taken = 0   # bytes of the file
        self.size = 0
        self.length = 1  # of one, about
        self.rate = 0    # the greatest seen

    def need(self, count):
        if (self.size - self.taken) / self.length >= count:
            return
        with open(self.file, "w", encoding="ascii") as out:
            run(LOAD, "requests", str(self.folder), self.kind, HOLDER, str(count), str(self.first),
                env={"CHALLENGE_KEY": self.key}, stdout=out)
        self.first += count
        self.taken, self.size = 0, self.file.stat().st_size
        self.length = self.size / count

    def send(self, service, connections, seconds, database, guess=0, verify=False):
        """Sends them for so long; `guess` is the rate as long as none was seen."""
        def prepare():
            self.need(int(1.4 * (self.rate or guess) * seconds) + connections)

        def send():
            while True:
                done = wrk("cards.lua", service, connections, seconds, database, REQUESTS=self.file, SKIP=self.taken,
                           EXPECT=self.expected, VERIFY=int(verify))
                if done:
                    break
                # The machine became so much faster; wrk's rate says nothing then.
                say("  (the requests ran out before the time did: once more)")
                self.taken, self.rate = self.size, 2 * (self.rate or guess)
                prepare()
            self.taken += done["taken"]
            self.rate = max(self.rate, done["rate"])
            return done
        return calm(send, prepare=prepare)


def make_cards(folder, wanted):
    if (folder / "cards.copy").exists():
        return
    say(f"making {wanted.cards} cards and {wanted.unknown} that are in no row (once; minutes)")
    folder.mkdir(parents=True, exist_ok=True)
    run(LOAD, "cards", str(folder), str(wanted.cards), str(wanted.members), str(wanted.unknown))


def put_cards(database, name, folder):
    with open(folder / "cards.copy", encoding="ascii") as rows:
        digest = rows.readline().split("\t")[1].replace("\\\\", "\\")
        if not database.sql(name, f"SELECT 1 FROM shikaku.cards WHERE certificate_digest = '{digest}'"):
            rows.seek(0)
            run("psql", "-X", "-q", database.url("shikaku_owner", name), "-f", str(HERE / "cards.sql"), stdin=rows)
    # What earlier runs used up.
    database.sql(name, "TRUNCATE shikaku.used_challenges", role="shikaku_owner")
    database.sql(name, "VACUUM ANALYZE")
    database.sql(name, "CHECKPOINT")


def measure_list(folder, entries):
    """Loads a long revocation list in a process of its own and looks up in it."""
    file = folder / f"list_{entries}.crl"
    if not file.exists() or file.stat().st_mtime < time.time() - 6 * 86400:
        run(LISTS, "make", str(folder / "ca.pem"), str(folder / "ca.key"), str(file), str(entries))
    runs = [list(map(float, run(LISTS, "measure", str(folder / "ca.pem"), str(file), str(entries)).split())) for _ in range(3)]
    took, most, kept, hit, miss = (median([one[i] for one in runs]) for i in range(5))
    say(f"\nrevocation list of {entries} entries (medians of 3): loaded in {took:.1f} s, {most / 1024:.0f} MiB at most,"
        f" {kept / 1024:.0f} MiB kept; a look-up {hit:.0f} ns when listed, {miss:.0f} ns when not (target: under 1000)")
    return {"seconds": took, "most_kib": most, "kept_kib": kept, "hit_ns": hit, "miss_ns": miss}


def measure(wanted, database, name, service, folder):
    known = Requests(database, name, folder, "cards", '"validity":"valid","accepted":true')
    unknown = Requests(database, name, folder, "unknown", '"card_not_registered"')
    say("answers are looked at first: valid and accepted by typed keys and by card, card_not_registered by unknown cards")
    check(service, wanted.members, 16, 2, database, verify=True)
    known.send(service, 16, 1, database, guess=12000, verify=True)
    unknown.send(service, 16, 1, database, guess=8000, verify=True)
    check(service, wanted.members, 64, 2, database)
    rounds = []
    for number in range(1, wanted.rounds + 1):
        kinds = {"typed": lambda: calm(check, service, wanted.members, 64, wanted.seconds, database),
                 "card": lambda: known.send(service, 64, wanted.seconds, database),
                 "unknown": lambda: unknown.send(service, 64, wanted.seconds, database)}
        # In turns, so that what a round does to the next slice falls on each of them.
        one = {kind: kinds[kind]() for kind in (list(kinds) if number % 2 else reversed(kinds))}
        rounds.append(one)
        say(f"round {number}: typed keys {one['typed']['rate']:.0f}/s, card {one['card']['rate']:.0f}/s"
            f" ({one['card']['rate'] / one['typed']['rate']:.2f} x), unknown card {one['unknown']['rate']:.0f}/s"
            f" ({one['unknown']['rate'] / one['typed']['rate']:.2f} x)")
    say(f"\nmedians of {wanted.rounds} rounds, {wanted.members} members, {wanted.cards} cards, {os.cpu_count()} cores shared by load,"
        " service and PostgreSQL:")
    for kind, told in (("typed", "typed keys"), ("card", "card"), ("unknown", "card in no row, validated in full")):
        show(told, [one[kind] for one in rounds])
    ratio, in_full = (median([one[kind]["rate"] / one["typed"]["rate"] for one in rounds]) for kind in ("card", "unknown"))
    say(f"\nratios to typed keys, 64 connections: card {ratio:.2f} (target: 0.50), card in no row {in_full:.2f}")
    return {"ratio": ratio, "ratio_unknown": in_full, "rounds": rounds}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=100_000)
    options.add_argument("--cards", type=int, default=30_000)
    options.add_argument("--unknown", type=int, default=5_000)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--port", type=int, default=18080)
    options.add_argument("--state", default=str(ROOT / "var/bench"))
    options.add_argument("--json")
    wanted = options.parse_args()

    folder = pathlib.Path(wanted.state).resolve() / f"cards_{wanted.cards}_{wanted.members}_{wanted.unknown}"
    name = f"bench_cards_{wanted.members}"
    make_cards(folder, wanted)
    current = folder / "current.crl"
    run(LISTS, "make", str(folder / "ca.pem"), str(folder / "ca.key"), str(current), "0")
    settings = {"SHIKAKU_CHALLENGE_TTL": "86400", "SHIKAKU_CARD_ANCHORS": str(folder / "ca.pem"), "SHIKAKU_CRLS": str(current),
                **{key: value for key, value in os.environ.items() if key.startswith("SHIKAKU_")}}
    database = Database(wanted.state)
    try:
        database.fill(name, wanted.members)
        put_cards(database, name, folder)
        service = Service(database, name, wanted.port, settings)
        try:
            result = measure(wanted, database, name, service, folder)
        finally:
            service.stop()
    finally:
        run("tools/postgres", "stop", wanted.state)
    result["list"] = measure_list(folder, wanted.entries)
    if wanted.json:
        pathlib.Path(wanted.json).write_text(json.dumps(result, indent=1), encoding="utf-8")


main()
