"""The demo's people, and the members for load tests."""

import datetime
import json
import os
import re
import subprocess

import pytest

from conftest import DEMO, ROOT

TODAY = "2026-11-22"
NOW = "2026-11-22T09:00:00Z"

COUNTS = """SELECT (SELECT count(*) FROM shikaku.members), (SELECT count(*) FROM shikaku.memberships),
    (SELECT count(*) FROM shikaku.memberships_history), (SELECT count(*) FROM shikaku.cards), (SELECT count(*) FROM shikaku.ratios),
    (SELECT count(*) FROM shikaku.eligibility_certificates), (SELECT count(*) FROM demo.cases),
    (SELECT max(data_version) FROM shikaku.standings)"""


@pytest.fixture
def people(db):
    db.script(DEMO / "people.sql", today=TODAY, now=NOW)
    return db


def index(db):
    return json.loads(db.script(DEMO / "index.sql"))


def test_a_second_run_changes_nothing_even_on_another_day(people):
    before = people.run(COUNTS)
    assert before[0][0] > 40
    people.script(DEMO / "people.sql", today="2026-12-31", now="2026-12-31T00:00:00Z")
    assert people.run(COUNTS) == before
    assert people.value("SELECT shikaku.compare_standings()") == 0


def test_someone_shows_every_reason_and_every_basis(people):
    words = set(re.findall(r'^\tX\([A-Z0-9_]+, "([a-z0-9_]+)"', (ROOT / "service/rules/reasons.h").read_text().split("NEXT_ACTIONS")[0], re.M))
    assert len(words) >= 18
    shown = {word for case in index(people) for word in case["shows"]}
    assert words - shown == set()
    assert {"standard", "preschool", "elderly", "late_elderly", "multiple", "not_found", "invalid_newer_exists"} <= shown
    percents = people.run("SELECT DISTINCT left(insurer_number, 2) = '39', unnest(ratio_percents) FROM shikaku.standings ORDER BY 1, 2")
    assert percents == [(False, 20), (False, 30), (True, 10), (True, 20), (True, 30)]


def test_the_keys_in_the_index_name_who_they_say(people):
    for case in index(people):
        found = people.run("""SELECT name FROM shikaku.standings WHERE insurer_number = %s AND number_key = normalize(%s, NFKC)
            AND birth_date = %s AND (symbol IS NOT DISTINCT FROM %s) AND (branch_number IS NOT DISTINCT FROM %s) ORDER BY name""",
                           (case["insurer_number"], case["number"], case["birth_date"], case["symbol"], case["branch_number"]))
        names = [name for name, in found]
        if case["presented_kind"] == "card":
            # Of the person that the card belongs to, if they have a membership at all.
            assert case["name"] in names or case["insurer_number"] is None, case
        elif "not_found" in case["shows"] or "insurer_number_check_digit" in case["shows"]:
            assert names == []
        elif "multiple" in case["shows"]:
            assert len(names) == 2 and case["name"] in names
        else:
            assert names == [case["name"]], case


def test_the_story_of_a_late_report_can_be_told(people):
    """The loss of 喪失 次郎 was reported two days ago (R3.4)."""
    assert people.run("""SELECT h.lost_on, h.known_until = %s::timestamptz - interval '2 days', ms.lost_on IS NOT NULL
        FROM shikaku.members AS m JOIN shikaku.memberships AS ms USING (member_key) JOIN shikaku.memberships_history AS h USING (membership_id)
        WHERE m.name = '喪失 次郎'""", (NOW,)) == [(None, True, True)]


def fill(db, members):
    return subprocess.run([DEMO / "fill", str(members)], env={**os.environ, "MIGRATE_URL": db.url("shikaku_owner")},
                          capture_output=True, text=True, timeout=120)


INSURERS = ["01010016", "01230010", "01270016", "01400019", "06130017", "06270029", "06140032", "00138016", "00270017", "39270012"]


def keys(i):
    """Member i's keys as a load generator computes them."""
    late = i % 10 == 9
    first, span = (datetime.date(1935, 1, 1), 5000) if late else (datetime.date(1955, 1, 1), 25000)
    return (INSURERS[i % 10], None if late else f"{i // 1000:08d}", f"{i:08d}" if late else f"{i:07d}", None if late else "00",
            first + datetime.timedelta(days=i * 7919 % span))


def test_the_load_generator_finds_every_member(db):
    done = fill(db, 1500)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "1500 of 1500 members\n"
    found = db.run("""SELECT m.member_id, ms.insurer_number, ms.symbol_key, ms.number_key, ms.branch_number, m.birth_date
        FROM shikaku.members AS m JOIN shikaku.memberships AS ms USING (member_key)
        WHERE ms.acquired_on <= %s AND (ms.lost_on IS NULL OR ms.lost_on > %s) AND m.birth_date > '1951-11-22' OR m.insurer_number LIKE '39%%'""",
                   (TODAY, TODAY))
    assert {member_id: rest for member_id, *rest in found} == {f"fill-{i}": list(keys(i)) for i in range(1, 1501)}
    assert db.value("SELECT shikaku.compare_standings()") == 0
    # Someone of every sort.
    assert db.value("SELECT count(*) FROM shikaku.standings WHERE relationship = 'dependent'") > 200
    assert db.value("SELECT count(*) FROM shikaku.standings WHERE sibling_person_id IS NOT NULL AND lost_on IS NOT NULL") > 10
    assert db.value("SELECT count(*) FROM shikaku.standings WHERE ratio_percents <> '{}'") > 150
    assert db.value("SELECT count(*) FROM shikaku.standings WHERE NOT registered AND certificate_state = 1 AND cards_state = 0") > 100
    assert db.value("SELECT count(*) FROM pg_stats WHERE schemaname = 'shikaku' AND tablename = 'standings'") > 0


def test_filling_goes_on_where_it_stopped_and_then_does_nothing(db):
    assert fill(db, 70).returncode == 0
    done = fill(db, 150)
    assert (done.returncode, done.stderr) == (0, "150 of 150 members\n")
    before = db.run("SELECT count(*), max(member_key) FROM shikaku.members WHERE member_id !~ 'earlier'")
    assert before[0][0] == 150
    for members in (150, 20):
        done = fill(db, members)
        assert (done.returncode, done.stderr) == (0, f"{members} of {members} members: nothing to do\n")
    assert db.run("SELECT count(*), max(member_key) FROM shikaku.members WHERE member_id !~ 'earlier'") == before
    assert db.value("SELECT shikaku.compare_standings()") == 0


def test_a_number_that_is_none_is_refused(db):
    for members in ("", "many", "10000000"):
        done = fill(db, members)
        assert done.returncode == 2 and done.stderr.startswith(("usage:", "fill: at most"))


def test_the_look_up_to_compare_with_finds_its_member_every_time(db):
    """demo/base_lookup.sql, run as pgbench runs it, and by its indexes."""
    assert fill(db, 1200).returncode == 0
    text = (DEMO / "base_lookup.sql").read_text()
    statement = "".join(line for line in text.splitlines(True) if not line.startswith(("\\", "--"))).rstrip().rstrip(";")
    for i in (1, 9, 10, 437, 999, 1000, 1199):
        sql = statement.replace(":late", str(i % 10 // 9))
        sql = re.sub(r"(?<!:):i\b", str(i), sql)
        rows = db.run(sql)
        assert len(rows) == 1
        assert rows[0][1] == keys(i)[0] and rows[0][4] == keys(i)[2]
        assert "memberships_keys" in "\n".join(line for line, in db.run("SET enable_seqscan = off; EXPLAIN " + sql))
