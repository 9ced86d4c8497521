"""What serves one insurer among many follows indexes, though row-level security stands before every table: what is not leakproof would
look at each row first. The functions' own statements are seen by auto_explain, with the settings of the service's slow lane."""

import collections
import json
import re

import pytest

from test_plans import MEMBERS, Lane, empty, full, nodes, server, whole_reads  # noqa: F401 (fixtures)

INSURER = "06130017"
OF_MANY = "SELECT * FROM shikaku.{}"
SEARCH = "search_members('06130017', {after}, 20, {symbol}, {number}, NULL, {name}, {kana}, {born})"


class Slow(Lane):
    """The service's slow lane, whose every plan is told."""

    def __init__(self, database):
        self.connection = database.connect("postgres")
        self.cursor = self.connection.cursor()
        self.run("LOAD 'auto_explain'")
        for name, value in {"auto_explain.log_min_duration": 0, "auto_explain.log_nested_statements": "on", "auto_explain.log_analyze": "on",
                            "auto_explain.log_timing": "off", "auto_explain.log_format": "json", "auto_explain.log_level": "notice",
                            "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "enable_bitmapscan": "off", "jit": "off",
                            "plan_cache_mode": "force_generic_plan"}.items():
            self.run(f"SET {name} = '{value}'")

    def told(self, call):
        """The rows, and the nodes of all plans that were carried out for them but those of documents."""
        self.connection.notices = collections.deque()  # of a list it keeps the last fifty
        rows = self.run(OF_MANY.format(call))
        plans = [json.loads(re.search(r"\{.*\}", notice, re.S).group()) for notice in self.connection.notices if "plan:" in notice]
        assert len(plans) > 1
        return rows, [node for plan in plans if "json_build_object" not in plan["Query Text"] for node in nodes(plan["Plan"])]


@pytest.fixture(scope="module")
def slow(full):  # noqa: F811
    lane = Slow(full)
    yield lane
    lane.close()


def search(**given):
    return SEARCH.format(**{name: "NULL" for name in ("after", "symbol", "number", "name", "kana", "born")} | {
        name: f"'{value}'" for name, value in given.items()})


@pytest.mark.parametrize("call, index", [
    ("list_members('06130017', NULL, 20, NULL, NULL, NULL, '2026-11-22')", "members_insurer_number_member_id_key"),
    ("list_members('06130017', 'fill-9', 20, 'active', 'linked', NULL, '2026-11-22')", "members_insurer_number_member_id_key"),
    (search(number="0000014"), "memberships_keys"), (search(number="0000014", symbol="00000000", name="想"), "memberships_keys"),
    (search(born="2042-05-13"), "members_birth_date"), (search(name="計測健"), "members_names"), (search(name="けいそくけん", kana="ケイソクケン"), "members_names"),
])
def test_a_question_follows_its_index_and_looks_at_little_else(slow, call, index):
    rows, plan = slow.told(call)
    assert rows[0][0] == "found"
    assert whole_reads(plan) == []
    assert index in {node.get("Index Name") for node in plan}
    removed = sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in plan)
    assert removed <= 300, "of so many others"


def test_the_last_page_costs_what_the_first_does(slow):
    """A condition that is no part of the index' would look at all members before it."""
    for after in ("NULL", "'fill-99'"):
        _, plan = slow.told(f"list_members('{INSURER}', {after}, 20, NULL, NULL, NULL, '2026-11-22')")
        scans = [node for node in plan if node.get("Index Name") == "members_insurer_number_member_id_key"]
        assert "member_id" in scans[0]["Index Cond"]
        assert all(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 100 for node in scans)


def test_the_questions_here_find_somebody(slow):
    """Otherwise the tests above would look at plans that find nobody."""
    assert MEMBERS >= 20000
    for given in ({"number": "0000014"}, {"name": "計測健"}, {"name": "けいそくけん", "kana": "ケイソクケン"}):
        assert slow.told(search(**given))[0][0][1], given
