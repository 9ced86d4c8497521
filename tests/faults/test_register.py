"""The resident register is slow, away, or talks nonsense: nobody is linked or called a mismatch by that, the number waits sealed and is
asked about again, and the service stays bounded (R8.1, R8.3)."""

import sys
import pathlib
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from api_people import add  # noqa: E402
from support import numbers, register as away  # noqa: E402
from support.register import Register  # noqa: E402

PATIENCE = 60


@pytest.fixture
def register():
    with Register() as register:
        yield register
        assert register.faults == []


@pytest.fixture
def key(tmp_path):
    return numbers.Key(tmp_path)


class Member:
    """Whose number waits; the register knows them as the insurer does, but for `differs`."""

    def __init__(self, database, register, key, code=None, **differs):
        self.database = database
        self.person = add(database, link=None)
        row = database.run("""SELECT insurer_number, member_id, name, name_kana, birth_date::text, address, sex FROM shikaku.members
            WHERE member_key = %s""", (self.person.member_key,))[0]
        self.insurer_number, self.member_id = row[:2]
        database.run("UPDATE shikaku.persons SET register_code = NULL WHERE person_id = %s", (self.person.person_id,))
        self.number = numbers.new_number()
        self.code = code or f"code-{self.number[:6]}"
        register.people[self.number] = {**dict(zip(("name", "name_kana", "birth_date", "address", "sex"), row[2:])),
                                        "person_code": self.code, **differs}
        self.sealed = key.seal(self.number, self.insurer_number, self.member_id)

    def send(self):
        numbers.pend(self.database, self.person.member_key, self.sealed)
        return self

    @property
    def state(self):
        return self.database.value("SELECT state FROM shikaku.links WHERE member_key = %s", (self.person.member_key,))

    def wait_for(self, state):
        wait_until(lambda: self.state == state, lambda: f"{self.member_id} stays {self.state}")


def wait_until(holds, what=lambda: "it did not come about"):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


def waiting(database):
    return database.value("SELECT count(*) FROM shikaku.pending_numbers")


@pytest.fixture
def member(database, register, key):
    return lambda **told: Member(database, register, key, **told)


@pytest.fixture
def checking(start, register, key, tmp_path):
    """A service that asks this register."""
    return lambda **settings: start(individual_number_key=key.file, **register.settings(tmp_path), **settings)


def test_members_are_linked_and_mismatches_named(checking, database, register, member):
    same, other_name, other_sex = member().send(), member(name="別人 花子", sex="male").send(), member(sex="male").send()
    service = checking()
    same.wait_for("linked")
    other_name.wait_for("mismatch")
    other_sex.wait_for("linked")
    assert waiting(database) == 0 and register.most_at_once >= 1
    rows = dict((key, rest) for key, *rest in database.run("""SELECT member_key, mismatched, warned, offered_code FROM shikaku.links"""))
    assert rows[other_name.person.member_key] == [["name", "sex"], None, other_name.code]
    assert rows[other_sex.person.member_key] == [None, ["sex"], None]
    assert database.value("SELECT register_code FROM shikaku.persons WHERE person_id = %s", (same.person.person_id,)) == same.code
    assert database.value("SELECT individual_number_last4 FROM shikaku.members WHERE member_key = %s",
                          (same.person.member_key,)) == same.number[-4:]
    assert service.metrics()['shikaku_link_checks_total{outcome="linked"}'] == 2


@pytest.mark.parametrize("answer", [
    away.hangs_up, away.busy, away.garbage, away.huge, away.wrong_address, away.redirects, away.matches_nobody, away.says_little,
    away.bad_code,
], ids=lambda answer: answer.__name__)
def test_what_is_no_answer_links_nobody_and_is_asked_again(checking, database, register, member, answer):
    register.answer = answer
    one = member().send()
    checking()
    wait_until(lambda: len(register.asked) >= 3)
    assert one.state == "pending" and waiting(database) == 1
    register.answer = None
    one.wait_for("linked")


def test_a_wrong_token_is_no_answer_either(checking, database, register, member):
    register.token = "another"
    one = member().send()
    service = checking()
    wait_until(lambda: len(register.asked) >= 2)
    assert one.state == "pending" and "401" in service.log()
    register.token = away.TOKEN
    one.wait_for("linked")


def test_a_register_that_does_not_answer_in_time_is_not_waited_for(checking, database, register, member):
    register.delay = 3
    one = member().send()
    checking(register_timeout_ms=200)
    wait_until(lambda: len(register.asked) >= 2)
    assert one.state == "pending"
    register.delay = 0
    one.wait_for("linked")


def test_a_register_that_is_not_there_at_all_is_left_alone_between(checking, database, register, member):
    everybody = [member().send() for _ in range(5)]
    url = register.url
    register.close()
    service = checking(register_concurrency=2)
    wait_until(lambda: service.metrics().get('shikaku_link_checks_total{outcome="no_answer"}', 0) >= 3)
    assert waiting(database) == 5 and all(one.state == "pending" for one in everybody)
    assert url not in service.log() or "individual" not in service.log()


def test_no_more_are_under_way_than_is_said(checking, database, register, member):
    register.delay = 0.1
    everybody = [member().send() for _ in range(12)]
    checking(register_concurrency=3)
    for one in everybody:
        one.wait_for("linked")
    assert 1 <= register.most_at_once <= 3 and len(register.asked) == 12


def test_two_processes_share_the_work_and_ask_about_nobody_twice(checking, database, register, member):
    register.delay = 0.02
    everybody = [member() for _ in range(30)]
    checking(register_concurrency=2)
    checking(register_concurrency=2)
    for one in everybody:
        one.send()
    for one in everybody:
        one.wait_for("linked")
    assert sorted(register.numbers()) == sorted(one.number for one in everybody)


def test_a_process_that_is_killed_hands_over(checking, database, register, member, key, tmp_path, start):
    register.delay = 1
    one = member().send()
    first = checking(register_timeout_ms=2000)
    wait_until(lambda: len(register.asked) == 1)
    first.kill()
    register.delay = 0
    assert one.state == "pending" and waiting(database) == 1
    # Its lease would end in half a minute; what matters is that it ends.
    database.run("UPDATE shikaku.pending_numbers SET next_try_at = '2026-01-01Z'")
    first.start()
    one.wait_for("linked")


def test_a_process_that_stops_gives_back_what_it_was_asking(checking, database, register, member):
    register.delay = 5
    one = member().send()
    service = checking(drain_timeout_ms=500)
    wait_until(lambda: len(register.asked) == 1)
    assert service.stop() == 0
    assert database.value("SELECT next_try_at < clock_timestamp() FROM shikaku.pending_numbers")
    register.delay = 0
    service.start()
    one.wait_for("linked")


def test_a_number_sealed_under_another_key_waits_for_its_key(checking, database, register, member, tmp_path):
    one = member()
    numbers.pend(database, one.person.member_key, numbers.Key(tmp_path, b"another").seal(one.number, one.insurer_number, one.member_id))
    service = checking()
    wait_until(lambda: "another individual_number_key" in service.log())
    assert one.state == "pending" and register.asked == [] and one.number not in service.log()


def test_a_member_of_two_insurers_is_one_person_at_the_desk(checking, database, register, member):
    first, second = member(code="twice").send(), member(code="twice").send()
    checking()
    first.wait_for("linked")
    second.wait_for("linked")
    assert database.value("SELECT count(DISTINCT person_id) FROM shikaku.members WHERE member_key IN (%s, %s)",
                          (first.person.member_key, second.person.member_key)) == 1
    assert database.value("SELECT shikaku.compare_standings()") == 0
