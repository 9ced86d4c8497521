"""The reference terminal understands what the service really answers: every card of the demonstration, in a check and about a month."""

import json

import pytest

from conftest import PATIENT
from support import Service
from support.database import NOW
from support.demo import read_list
from support.programs import terminal

MEDICAL = "surgeries,diagnoses_medicines,health_checkups,specific_diseases"
MONTH = ["--month", "2026-11", "--cost", "700000", "--care", "inpatient", "--paid", "1000"]
# A card that the terminal itself refuses: the key in its file is another's.
UNUSABLE = {"other-key"}
ANSWERED = {0, 3, 10, 11, 12, 13, 14}


@pytest.fixture(scope="module")
def desk(demo_cards, tmp_path_factory):
    """desk(command, card, words…) at a service that knows the demonstration's issuers."""
    file = tmp_path_factory.mktemp("desk") / "token"
    file.write_text(demo_cards.database.token("terminal"), encoding="ascii")
    with Service(demo_cards.database, now=NOW, loops=2, **PATIENT, **demo_cards.settings) as service:
        yield lambda command, card, *words: terminal(command, "--card", demo_cards.file(card), *words, url=service.url, token_file=file)


@pytest.mark.parametrize("command, words", [("check", ["--consent", MEDICAL]), ("limit", [*MONTH, "--disease", "1", "--consent", MEDICAL])],
                         ids=["check", "limit"])
def test_every_answer_to_a_card_is_understood(desk, command, words):
    said = {card: desk(command, card, *words, "--verbose") for card in read_list()}
    wrong = {card: done.stderr for card, done in said.items() if done.returncode not in ANSWERED and card not in UNUSABLE}
    assert not wrong
    assert {0, 3, 10, 11} <= {done.returncode for done in said.values()}


@pytest.mark.parametrize("card", ["taro", "dialysis", "elderly-20", "late-10", "standard"])
def test_the_amount_that_a_patient_reads_is_the_one_of_the_answer(desk, card):
    printed = desk("limit", card, *MONTH)
    answer = json.loads(desk("limit", card, *MONTH, "--json").stdout)
    assert printed.returncode == 0 and answer["patient_pays"] > 1000
    lines = dict(line.split(None, 1) for line in printed.stdout.splitlines() if line.startswith("  ") and len(line.split(None, 1)) == 2)
    assert lines["お支払い額"] == f"{answer['patient_pays']:,}円"
    assert lines["今回お支払い"] == f"{answer['pay_now']:,}円"
    assert answer["category"] is None or lines["適用区分"] == f"{answer['label']}（{answer['category']}）"
