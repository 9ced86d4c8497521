"""The soak finds what it is there to find. Here without a service: what it looks at is made up."""

import json
import pathlib
import random
import subprocess
import sys
import time
import uuid

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS / "contract", TESTS / "faults"):
    sys.path.insert(0, str(folder))

from faults import KINDS, Faults, make_plan  # noqa: E402
from support_wire import Answer  # noqa: E402
from traffic import Question, Traffic, differs, make_questions, outcome, today  # noqa: E402
from watch import CRITERIA, Latency, Ledger, Verdict, judge_latency, judge_memory  # noqa: E402

KIB = 1024
VALID = {"check_id": "", "visit_date": "2026-11-22", "validity": "valid", "accepted": True, "scope": "full", "reasons": [],
         "next_actions": [], "qualification": {"name": "資格 太郎"}, "copayment": {"ratio_percent": 30}}


def verdict():
    return Verdict(say=lambda _: None)


def failed(looked):
    return {criterion for criterion in CRITERIA if looked.failures[criterion]}


class Records:
    """A database that has these."""

    def __init__(self, rows):
        self.rows = rows

    def run(self, _, parameters):
        return [(check_id, self.rows[check_id]) for check_id in parameters[0] if check_id in self.rows]


def given(*bodies):
    """A ledger with an answer for each of these bodies, and what should be on record."""
    ledger, rows = Ledger(), {}
    for body in bodies:
        check_id = str(uuid.uuid4())
        ledger.give(check_id, body)
        rows[check_id] = ledger.new[-1][1]
    return ledger, rows


def test_the_same_seed_is_the_same_plan():
    def plan(seed):
        script = TESTS / "soak" / "soak.py"
        return subprocess.run([sys.executable, "-B", script, "--plan", "--seed", str(seed)], capture_output=True, text=True, check=True).stdout

    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_every_fault_of_a_plan_can_be_performed_and_comes_before_any_comes_again():
    plan = make_plan(random.Random(1), 1)
    assert {spell["faults"][0]["kind"] for spell in plan[:len(KINDS)]} == set(KINDS)
    assert all(callable(getattr(Faults, kind)) for kind in KINDS)


def test_the_same_seed_asks_the_same():
    index = [{"card": "taro", "presented_kind": "eligibility_certificate", "insurer_number": "01130012", "symbol": "1", "number": "1234567",
              "branch_number": "00", "birth_date": "1980-05-17", "visit_date": None, "visit_in_days": None, "setting": "standard",
              "with_card": False}]
    assert [question.body() for question in make_questions(random.Random(1), index, 50)] == \
        [question.body() for question in make_questions(random.Random(1), index, 50)]
    assert len({question.body() for question in make_questions(random.Random(1), index, 50)}) > 20


def test_a_lost_record_is_found():
    looked = verdict()
    ledger, rows = given(b"one", b"two")
    rows.popitem()
    ledger.compare_new(Records(rows), looked)
    assert failed(looked) == {"record"} and "not on record" in looked.failures["record"][0]


def test_a_record_that_is_lost_after_it_was_found_once_is_found_missing():
    looked = verdict()
    ledger, rows = given(b"one", b"two")
    ledger.compare_new(Records(rows), looked)
    assert failed(looked) == set() and looked.examined["record"] == 2
    ledger.compare_all(Records({}), looked)
    assert len(looked.failures["record"]) == 2


def test_a_record_of_another_answer_is_found():
    looked = verdict()
    ledger, rows = given(b"one")
    ledger.compare_all(Records({check_id: bytes(32) for check_id in rows}), looked)
    assert failed(looked) == {"record"}


class Town:
    """As much of it as judging takes."""

    deadline = 20

    def __init__(self, looked):
        self.ledger = Ledger()
        self.faults = Faults(self, looked)
        self.rate = 1


def answer(status=200, **changes):
    if status == 200:
        return Answer(200, {}, json.dumps({**VALID, "check_id": str(uuid.uuid4()), **changes}).encode())
    return Answer(status, {"content-type": "application/problem+json"}, json.dumps({"code": changes["code"]}).encode())


def judged(expected, got):
    looked = verdict()
    town = Town(looked)
    traffic = Traffic(town, looked, 1)
    traffic.day = today()
    question = Question("taro", {"presented": {}})
    question.expected = outcome(expected)
    traffic.judge(question, got)
    return failed(looked), town.ledger.given


def test_a_wrong_answer_is_found_and_a_refusal_is_none():
    assert judged(answer(), answer()) == (set(), 1)
    assert judged(answer(), answer(copayment={"ratio_percent": 20})) == ({"right"}, 1)
    assert judged(answer(), answer(reasons=[{"code": "membership_ended"}])) == ({"right"}, 1)
    assert judged(answer(), answer(422, code="invalid_fields")) == ({"right"}, 0)
    assert judged(answer(), answer(500, code="internal_error")) == ({"right"}, 0)
    assert judged(answer(), answer(503, code="overloaded")) == (set(), 0)
    assert judged(answer(422, code="card_signature_invalid"), answer()) == ({"right"}, 1)


def test_what_is_said_of_a_wrong_answer_names_nobody():
    words = differs(outcome(answer()), outcome(answer(qualification={"name": "資格 花子"}, accepted=False)))
    assert "qualification" in words and "accepted" in words and "資格" not in words


class Wire:
    """A connection on which this comes."""

    def __init__(self, comes):
        self.comes = comes

    def read(self):
        if isinstance(self.comes, Exception):
            raise self.comes
        return self.comes


def read(comes, began=0.0, during=None):
    looked = verdict()
    town = Town(looked)
    traffic = Traffic(town, looked, 1)
    if during:
        town.faults.spells.append([time.monotonic() - 1, None, [during]])
    traffic.read("typed keys", Wire(comes), b"GET /healthz HTTP/1.1\r\n\r\n", time.monotonic() - began)
    traffic.judge_quiet()
    return failed(looked)


def test_silence_and_lateness_are_found():
    assert read(TimeoutError()) == {"time"}
    assert read(answer(), began=21) == {"time"}
    assert read(answer()) == set()


def test_a_connection_may_be_lost_only_while_a_process_is_replaced():
    assert read(None) == {"cut"}
    assert read(ConnectionResetError()) == {"cut"}
    assert read(None, during="pg_kill") == {"cut"}
    assert read(None, during="kill_and_restart") == set()


def test_a_status_or_a_problem_that_is_not_described_is_found():
    assert read(Answer(418, {}, b"")) == {"contract"}
    assert read(answer(503, code="tired"), during="pg_kill") == {"contract"}
    assert read(answer(422, code="overloaded")) == {"contract"}


def refused_between_faults(count, of):
    looked = verdict()
    traffic = Traffic(Town(looked), looked, 1)
    for number in range(of):
        traffic.note_refusal(answer(503, code="overloaded") if number < count else answer(), time.monotonic())
    traffic.judge_quiet()
    return failed(looked)


def test_refusals_without_a_fault_are_found_but_a_machine_may_stumble():
    assert refused_between_faults(3, 100) == set()
    assert refused_between_faults(30, 100) == {"quiet"}


def memory(sizes, requests=5000):
    looked = verdict()
    said = judge_memory([(number * requests, size * KIB) for number, size in enumerate(sizes)], looked, "one")
    return failed(looked), said


def test_a_leak_of_a_hundred_bytes_a_request_is_found_and_the_memory_of_a_crowd_is_none():
    leak = [4000 + number * 5000 * 100 // KIB for number in range(8)]
    assert memory(leak)[0] == {"memory"}
    assert memory([4000, 9000, 9010, 9010, 9020, 15000, 15000, 15010])[0] == set()
    assert memory([4000, 9000, 4500, 9100, 4600, 9200, 4600, 9200])[0] == set()
    assert memory([size + 300 * (number % 2) for number, size in enumerate(leak)])[0] == {"memory"}


def test_steps_are_a_leak_when_they_go_on_in_a_long_run():
    assert memory([4000 + 2000 * (number // 3) for number in range(48)])[0] == {"memory"}
    assert memory([4000 if number < 10 else 9000 for number in range(48)])[0] == set()


def test_memory_is_not_judged_by_too_few_points():
    assert memory([4000, 5000, 6000]) == (set(), None)


def slower(check, trip, waiting=0.0):
    looked = verdict()
    judge_latency([Latency(0.001, 0.0001, 0)] * 3 + [Latency(check, trip, waiting)] * 3, looked, 2)
    return failed(looked)


def test_a_service_that_becomes_slower_is_found_and_a_machine_that_does_is_none():
    assert slower(0.004, 0.0001) == {"latency"}
    assert slower(0.004, 0.0004) == set()
    assert slower(0.002, 0.0001) == set()
    assert slower(0.004, 0.0001, waiting=3) == set()


def test_what_was_not_looked_at_is_not_called_good_and_what_failed_decides():
    looked = verdict()
    looked.examine("record", 5)
    lines, well = looked.summary()
    assert well and lines[-1] == f"1 passed, 0 failed, {len(CRITERIA) - 1} not shown"
    looked.fail("once", "twice")
    lines, well = looked.summary()
    assert not well and lines[-1].startswith("1 passed, 1 failed")
