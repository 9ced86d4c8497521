"""A plan that was made when the tables were small must still be right when they are large: no hot statement ever reads a whole
table. Statements and session settings are those that the service compiles in (service/store/sql), prepared as it prepares them.
On an empty database that was never analysed, on one with 20,000 members, and prepared on the first while it becomes the second.
"""

import io
import pathlib
import re
import subprocess
import sys
import uuid

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from support import ROOT, Server, end_politely_on_term  # noqa: E402
from support.programs import environment  # noqa: E402

SQL = ROOT / "service" / "store" / "sql"
MEMBERS = 20000
SET = 128  # as LANE_SET_MAX

# What a load brings.
LOADED = ["insurers", "persons", "members", "memberships", "ratios", "links", "use_registrations", "cards", "eligibility_certificates",
          "standings", "ceiling_months"]

# Tables that grow with members. A scan of one of them may only follow an index.
LARGE = {"standings", "memberships", "members", "ratios", "memberships_history", "members_history", "ratios_history", "persons",
         "cards", "use_registrations", "ceiling_months"}

QUESTIONS = ["find_standings_by_keys", "find_standings_as_known", "find_tokens", "record_checks", "suspend_cards", "lift_card_suspensions",
             "find_card_suspensions", "find_limit_facts"]
BY_CARD = ["find_standings_by_card", "find_standings_by_card_as_known"]
LOOK_UPS = ["find_standings_by_keys", "find_standings_as_known", *BY_CARD, "find_limit_facts"]
QUESTIONS += BY_CARD
KNOWN = set(QUESTIONS)
# All others that take a set. What they ask is asked of functions, by nobody in particular.
QUESTIONS += sorted({path.stem for path in SQL.glob("*.sql") if "unnest($1" in path.read_text(encoding="utf-8")} - set(QUESTIONS))

INSURERS = ["01010016", "01230010", "01270016", "01400019", "06130017", "06270029", "06140032", "00138016", "00270017", "39270012"]

# In an ordinary database few members have any of these.
OF_LIMITS = ["limits", "specific_diseases"]
LOADED += OF_LIMITS
LARGE.update(OF_LIMITS, ["limits_history", "specific_diseases_history"])


def keys(i):
    """Insurer, number, birth date, symbol and branch number of member i (demo/fill.sql); the date as SQL."""
    late = i % 10 == 9
    born = f"date '1935-01-01' + {i * 7919 % 5000}" if late else f"date '1955-01-01' + {i * 7919 % 25000}"
    return (f"'{INSURERS[i % 10]}'", f"'{i:0{8 if late else 7}d}'", born, "NULL" if late else f"'{i // 1000:08d}'",
            "NULL" if late else "'00'")


def array(values, kind):
    return f"ARRAY[{', '.join(values)}]::{kind}[]"


def values_of(name, size):
    """The parameters of a set of so many questions, as SQL."""
    if name not in KNOWN:
        return [array(["NULL"] * size, kind) for _, kind in sorted(set(re.findall(r"\$(\d+)::(\w+)\[\]", text_of(name))), key=lambda one: int(one[0]))]
    if name == "find_tokens":
        return [array([f"'\\x{i:064x}'" for i in range(size)], "bytea")]
    if name == "record_checks":
        digest = "'\\x" + "ab" * 32 + "'"
        uuid = "'019a0bc0-def1-7234-8567-{:012x}'"
        columns = [("uuid", [uuid.format(i) for i in range(size)]), ("timestamptz", ["'2026-11-22T01:00:00Z'"] * size),
                   ("bytea", [digest] * size), ("bytea", [digest] * size), ("int8", ["1"] * size),
                   ("text", ["'1319900013'"] * size), ("date", ["'2026-11-22'"] * size), ("timestamptz", ["NULL"] * size),
                   ("int2", ["4"] * size), ("int2", ["0"] * size), ("bool", ["false"] * size), ("int2", ["1"] * size),
                   ("bool", ["true"] * size), ("int8", ["0"] * size), ("int8", ["1"] * size), ("int8", ["1"] * size),
                   ("text", ["'06136022'"] * size), ("date", ["'2026-11-01'"] * size), ("uuid", [uuid.format(0)] * size), ("int4", [str(i) for i in range(size)]), ("bytea", ["NULL"] * size),
                   ("bytea", [digest] * size)]
        return [array(values, kind) for kind, values in columns]
    suspensions = [array([f"'019a0bc0-def1-7234-8567-{i:012x}'" for i in range(size)], "uuid"),
                   array(["'2026-11-22T01:00:00Z'"] * size, "timestamptz"), array(["1"] * size, "int8")]
    if name == "find_card_suspensions":
        return suspensions[:1]
    if name == "lift_card_suspensions":
        return suspensions
    if name == "find_limit_facts":
        return [array(["'2026-11-01'"] * size, "date"), array(["'A03'"] * size, "text"),
                array([str(1 + i * (MEMBERS - 1) // size) for i in range(size)], "int8"),  # memberships have all numbers from 1 on
                array(["'2026-11-22T01:00:00Z'"] * size, "timestamptz")]
    if name in BY_CARD:
        members = [1 + i * (MEMBERS - 1) // size for i in range(size)]
        members = [i - 10 if i // 10 % 10 == 7 else i for i in members]  # those have no card
        nonces = [f"'019a0bc0-def1-7234-8567-{i:012x}'" for i in range(size)]
        made = [array(["'2026-11-22T01:00:00Z'"] * size, "timestamptz"), array(nonces, "uuid"), array(nonces, "uuid"),
                array([f"int8send({i}) || substr(sha256(int8send({i})), 9)" for i in members], "bytea")]
        return made + ([array(["'2026-01-01T00:00:00Z'"] * size, "timestamptz")] if name.endswith("as_known") else [])
    asked = [keys(1 + i * (MEMBERS - 1) // size) for i in range(size)]
    made = [array([one[column] for one in asked], kind)
            for column, kind in enumerate(("text", "text", "date", "text", "text"))]
    if name.startswith("find_standings"):
        made.append(array(["true", *["false"] * (size - 1)], "bool"))
    if name == "find_standings_as_known":
        made.append(array(["'2026-01-01T00:00:00Z'"] * size, "timestamptz"))
    if name == "suspend_cards":
        digests = array([f"'\\x{i:064x}'" for i in range(size)], "bytea")
        made = suspensions + made + [array([word] * size, "text") for word in ("NULL", "'lost'", "'/v1/x'")] + [digests, digests]
    return made


def text_of(name):
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def point_look_ups(name):
    """Whether the service asks this on a connection for point look-ups only (store.c, create_lanes)."""
    store = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "service" / "store").glob("*.c")}
    kinds = {kind: statement.lower() for text in store.values()
             for kind, statement in re.findall(r"question_kind (\w+) = \{\s*\.statement = STATEMENT_(\w+)", text)}
    # The records have a connection of their own, unless a setting sends them with the look-ups: the harder case is looked at.
    lanes = {kinds[kind]: lane for lane, kind in re.findall(r"(\w+)\.kinds\[\w+\.kind_count\+\+\] = &(\w+);", store["store"])}
    only = re.findall(r"(\w+)\.point_look_ups = true", store["store"])
    assert "find_standings_by_keys" in lanes and lanes["find_standings_by_keys"] in only
    return lanes.get(name, "audit") in only


class Lane:
    """A connection as the service opens it, with one statement prepared."""

    def __init__(self, database, name, user="shikaku_service"):
        self.name = name
        self.connection = database.connect(user)
        self.cursor = self.connection.cursor()
        self.run(f"PREPARE open_session (text, text, text) AS {text_of('open_session')}")
        self.run(f"EXECUTE open_session ('60000', '{'off' if point_look_ups(name) else 'on'}', '60000')")
        self.run(f"PREPARE hot AS {text_of(name)}")

    def run(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall() if self.cursor.description else None

    def ask(self, size=SET):
        return self.run(f"EXECUTE hot ({', '.join(values_of(self.name, size))})")

    def found(self):
        """The ordinals of those of whom a membership, or ceiling months, were found. Each question is carried out, and undone."""
        place = -1 if self.name == "find_limit_facts" else 1
        self.run("BEGIN")
        try:
            return {row[0] for row in self.ask() if row[place] is not None}
        finally:
            self.run("ROLLBACK")

    def plan(self, size=SET, analyze=False):
        """The nodes of the plan. analyze: it is carried out, and undone."""
        options = "ANALYZE, TIMING off, FORMAT JSON" if analyze else "FORMAT JSON"
        self.run("BEGIN")
        try:
            tree = self.run(f"EXPLAIN ({options}) EXECUTE hot ({', '.join(values_of(self.name, size))})")[0][0]
        finally:
            self.run("ROLLBACK")
        return list(nodes(tree[0]["Plan"]))

    def close(self):
        self.connection.close()


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


# A bitmap is made from an index; where point look-ups only are allowed there is none either (see open_session.sql).
BY_INDEX = {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}


def whole_reads(plan):
    """Scans of large tables that do not follow an index."""
    return sorted({f"{node['Node Type']} on {node['Relation Name']}" for node in plan
                   if node.get("Relation Name") in LARGE and node["Node Type"] not in BY_INDEX})


def rows_touched(plan):
    """{table: rows that its scans gave or threw away}, of a plan that was carried out."""
    touched = {}
    for node in plan:
        if "Relation Name" in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            touched[node["Relation Name"]] = touched.get(node["Relation Name"], 0) + rows * node["Actual Loops"]
    return touched


def fill(database):
    """20,000 members, analysed, as an operator makes them."""
    done = subprocess.run([ROOT / "demo" / "fill", str(MEMBERS)], env=environment(MIGRATE_URL=database.url("shikaku_owner")),
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    database.token("operator")
    database.run("""INSERT INTO shikaku.ceiling_months (ceiling_month_id, member_key, insurer_number, symbol_key, number_key, month, counts_from,
          reported_at, reported_by)
        SELECT gen_random_uuid(), member_key, insurer_number, symbol_key, number_key, month, '2026-11-01Z', '2026-11-01Z', 1
          FROM shikaku.memberships, (VALUES (date '2025-10-01'), ('2026-01-01'), ('2026-10-01')) AS reached (month)""")
    database.run("ANALYZE shikaku.ceiling_months")


def register_limits(database):
    """Everybody has two limits and two diseases: more than anybody will ever see."""
    for table, columns, values in (("limits", "category, valid", "'B05', year"), ("specific_diseases", "category, self_pay, valid", "'1', 10000, year")):
        database.run(f"""INSERT INTO shikaku.{table} (member_key, insurer_number, {columns}, known_from)
                         SELECT member_key, insurer_number, {values}, known_from
                           FROM shikaku.members, (VALUES (daterange('2024-08-01', '2025-08-01')), ('[2025-08-01,)')) AS y (year)""")
    database.run("ANALYZE shikaku.limits, shikaku.specific_diseases, shikaku.standings")


def load_without_analyze(database, full):
    """The same members, as a load that was not analysed afterwards leaves them: rows only, without anything that would make an
    open connection plan again."""
    source, target = full.connect("postgres"), database.connect("postgres")
    try:
        with source.cursor() as read, target.cursor() as write:
            write.execute("SET session_replication_role = replica")  # no triggers: the read model is copied too
            for table in LOADED:
                rows = io.StringIO()
                read.copy_expert(f"COPY shikaku.{table} TO STDOUT", rows)
                rows.seek(0)
                write.copy_expert(f"COPY shikaku.{table} FROM STDIN", rows)
    finally:
        source.close()
        target.close()


def correct_memberships(database):
    """A tenth of the members is corrected, which fills the history."""
    database.run("UPDATE shikaku.memberships SET acquired_on = acquired_on + 1, known_from = '2026-06-01T00:00:00Z'"
                 " WHERE membership_id % 10 = 0 AND lost_on IS NULL")
    return database.value("SELECT count(*) FROM shikaku.memberships_history")


def assert_right_for_full_tables(connection):
    """All are found, by index, and little else is looked at."""
    assert len(connection.found()) == SET
    plan = connection.plan(analyze=True)
    connection.close()
    assert whole_reads(plan) == []
    touched = rows_touched(plan)
    assert touched["standings"] >= SET
    for table in LARGE & touched.keys():
        assert touched[table] <= 8 * SET, touched


@pytest.fixture(scope="module")
def server():
    end_politely_on_term()
    # Nothing is analysed unless a test says so.
    with Server("fsync=off", "autovacuum=off") as running:
        yield running


@pytest.fixture(scope="module")
def empty(server):
    with server.database(people=False) as database:
        yield database


@pytest.fixture(scope="module")
def full(empty):
    with empty.clone() as database:
        fill(database)
        register_limits(database)
        yield database


@pytest.fixture
def lane():
    opened = []

    def open_lane(database, name):
        opened.append(Lane(database, name))
        return opened[-1]

    yield open_lane
    for one in opened:
        one.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_is_read_whole_on_the_first_day(empty, lane, name):
    assert empty.value("SELECT count(*) FROM shikaku.memberships") == 0
    assert whole_reads(lane(empty, name).plan()) == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_is_read_whole_when_the_tables_are_full(full, lane, name):
    assert full.value("SELECT count(*) FROM shikaku.memberships") >= MEMBERS
    assert whole_reads(lane(full, name).plan()) == []


def test_the_main_job_follows_indexes_row_by_row_and_joins_nothing_else(empty, full, lane):
    for database in (empty, full):
        kinds = {node["Node Type"] for node in lane(database, "find_standings_by_keys").plan()}
        assert not {kind for kind in kinds if kind in ("Bitmap Heap Scan", "Hash Join", "Merge Join", "Seq Scan")}, kinds


@pytest.mark.parametrize("name", LOOK_UPS)
def test_the_answers_looked_at_are_found(full, lane, name):
    """Otherwise the tests here would look at plans that find nobody."""
    assert len(lane(full, name).found()) == SET


@pytest.mark.parametrize("size", [1, SET])
@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_touches_a_handful_of_rows_a_question(full, lane, name, size):
    touched = rows_touched(lane(full, name).plan(size, analyze=True))
    assert touched["standings"] >= size
    for table in LARGE & touched.keys():
        assert touched[table] <= 8 * size, touched


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_kind_of_plan_does_not_depend_on_how_many_ask(full, lane, name):
    """Generic: made once. A plan for the values of the first set would serve the second badly."""
    connection = lane(full, name)
    kinds = [[node["Node Type"] for node in connection.plan(size)] for size in (1, 2, SET)]
    assert kinds[0] == kinds[1] == kinds[2]
    for _ in range(6):  # from the sixth on a custom plan could be compared with the generic one
        connection.plan(1)
    generic, custom = connection.run("SELECT generic_plans, custom_plans FROM pg_catalog.pg_prepared_statements WHERE name = 'hot'")[0]
    assert generic > 0 and custom == 0


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_connection_that_saw_the_tables_empty_does_not_read_them_whole_after_a_load(empty, lane, name):
    """As an operator loads: analysed at the end, on which the connection plans again."""
    with empty.clone() as database:
        connection = lane(database, name)
        for _ in range(7):
            assert connection.found() == set()
        fill(database)
        assert_right_for_full_tables(connection)


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_plan_made_on_empty_tables_is_right_for_full_ones(empty, full, lane, name):
    """While a load is under way, or where nobody analyses."""
    with empty.clone() as database:
        connection = lane(database, name)
        for _ in range(7):
            assert connection.found() == set()
        cost = connection.plan()[0]["Total Cost"]
        load_without_analyze(database, full)
        assert connection.plan()[0]["Total Cost"] == cost, "it was planned again, which is not what is meant to be tested here"
        assert_right_for_full_tables(connection)


@pytest.mark.parametrize("name", ["find_standings_as_known", "find_standings_by_card_as_known"])
def test_corrections_do_not_make_a_question_about_the_past_read_the_whole_history(full, lane, name):
    """The history is empty for a long time, and is not analysed each time it grows."""
    with full.clone() as with_history:
        connection = lane(with_history, name)
        assert len(connection.found()) == SET
        assert correct_memberships(with_history) > MEMBERS / 20
        assert_right_for_full_tables(connection)


@pytest.mark.parametrize("name", LOOK_UPS)
def test_the_counters_of_postgres_see_no_whole_read(empty, full, lane, name):
    """Measured where an operator would see it, and not only said by EXPLAIN."""
    counters = "SELECT relname, seq_scan FROM pg_catalog.pg_stat_user_tables WHERE relname = ANY (%s)"
    with empty.clone() as database:
        connection = lane(database, name)
        for _ in range(7):
            connection.ask()
        load_without_analyze(database, full)
        connection.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        before = dict(database.run(counters, (list(LARGE),)))
        for _ in range(10):
            assert len(connection.found()) == SET
        connection.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        after = dict(database.run(counters, (list(LARGE),)))
        connection.close()
        assert after["standings"] == before["standings"]
        assert after == before


def test_stopping_cards_and_giving_them_back_reads_nothing_whole(empty, full, lane):
    """What functions do EXPLAIN does not show; the counters do."""
    written = LARGE | {"cards", "card_suspensions", "idempotency_keys"}
    counters = "SELECT relname, seq_scan FROM pg_catalog.pg_stat_user_tables WHERE relname = ANY (%s)"
    with empty.clone() as database:
        database.token("operator")
        suspend, lift = lane(database, "suspend_cards"), lane(database, "lift_card_suspensions")
        for _ in range(7):
            assert {row[1] for row in suspend.ask()} == {"no_such_member"} and lift.ask() == []
        load_without_analyze(database, full)
        suspend.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        before = dict(database.run(counters, (list(written),)))
        said = [row[1] for row in suspend.ask()]
        assert said.count("made") > SET / 4 and set(said) <= {"made", "no_such_card"}
        assert {row[2] for row in suspend.ask() if row[1] == "made"} == {True}, "asked again with the same keys"
        assert [row[1] for row in lift.ask()] == ["lifted"] * said.count("made")
        for connection in (suspend, lift):
            connection.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        after = dict(database.run(counters, (list(written),)))
        for connection in (suspend, lift):
            connection.close()
        assert after == before
        assert database.value("SELECT count(*) FROM shikaku.card_suspensions WHERE lifted_at IS NOT NULL") == said.count("made")


def test_reporting_a_month_and_counting_it_reads_nothing_whole(empty, full, lane):
    counters = "SELECT relname, seq_scan FROM pg_catalog.pg_stat_user_tables WHERE relname = ANY (%s)"
    members = full.run("SELECT membership_id, insurer_number FROM shikaku.memberships WHERE membership_id %% %s = 0", (MEMBERS // SET,))[:SET]
    memberships, insurers = ([row[place] for row in members] for place in (0, 1))
    with empty.clone() as database:
        database.token("operator")
        connection = lane(database, "report_ceiling_months")

        def report():
            connection.cursor.execute(
                """EXECUTE hot (%s::uuid[], %s::timestamptz[], %s::int8[], %s::text[], %s::int8[], %s::date[], %s::text[], %s::bool[])""",
                ([str(uuid.uuid4()) for _ in members], ["2026-11-22T01:00:00Z"] * SET, [1] * SET, insurers, memberships, ["2026-09-01"] * SET,
                 ["1319900013"] * SET, [True] * SET))
            return [row[1] for row in connection.cursor.fetchall()]

        for _ in range(7):
            assert report() == []
        load_without_analyze(database, full)
        connection.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        before = dict(database.run(counters, (list(LARGE),)))
        assert (set(report()), set(report())) == ({"reported"}, {"on_record"})
        connection.run("SELECT pg_catalog.pg_stat_force_next_flush()")
        after = dict(database.run(counters, (list(LARGE),)))
        connection.close()
        assert after == before
        assert {row[-1] for row in lane(database, "find_limit_facts").ask()} <= {2, 3}, "not the month a year before"


@pytest.mark.parametrize("name", BY_CARD)
def test_challenges_are_used_in_the_order_of_their_nonces_whatever_the_order_of_the_set(empty, lane, name):
    """Otherwise two processes whose sets hold the same ones would wait for each other (a deadlock)."""
    connection = lane(empty, name)
    parameters = values_of(name, 20)
    nonces = parameters[1][len("ARRAY["):].split("]")[0].split(", ")
    parameters[1] = array(nonces[1::2] + nonces[-2::-2], "uuid")
    connection.run("BEGIN")
    connection.run(f"EXECUTE hot ({', '.join(parameters)})")
    written = [row[0] for row in connection.run("SELECT nonce FROM shikaku.used_challenges ORDER BY ctid")]
    connection.run("ROLLBACK")
    assert len(written) == len(set(nonces[1::2] + nonces[-2::-2])) and written == sorted(written)
