"""Files of members over the API: read as they come, each line judged on its own, nothing half-done; and all members on their way out."""

import csv
import gzip
import io
import itertools
import json
import signal
import socket
import subprocess
import time
import uuid

import pytest

from api_people import KUMIAI, KYOKAI, add
from support import Client, Server, Service
from support.client import connect, read_answers
from support.database import NOW
from support.programs import SHIKAKUD, environment, shikakud

COLUMNS = ["member_id", "name", "name_kana", "sex", "birth_date", "address", "relationship", "symbol", "number", "branch_number", "acquired_on"]
OVER = ("succeeded", "failed", "cancelled")
NUMBER = "123456789018"  # an individual number whose check digit holds, of nobody

_serial = itertools.count(1)


def row(**changes):
    """A line's values by column: an ordinary insured person, whom nobody else is."""
    serial = next(_serial)
    return {"member_id": f"I-{serial:06}", "name": f"取込 {serial}", "name_kana": "トリコミ ヒトリ", "sex": "female", "birth_date": "1985-02-03",
            "address": "東京都資格区取込町1-2-3", "relationship": "insured", "symbol": "5500", "number": f"{serial:07}", "branch_number": "00",
            "acquired_on": "2020-04-01", **changes}


def as_csv(rows, columns=None, end="\r\n"):
    columns = columns or list(dict.fromkeys([*COLUMNS, *(name for one in rows for name in one)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_ndjson(rows):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


class Insurer:
    """Somebody who sends files, and looks into the database what came of them."""

    def __init__(self, service, database, number=KYOKAI, token=None):
        self.database = database
        self.number = number.zfill(8)
        self.client = Client(service, token or database.token("insurer", owner=self.number))
        self.path = f"/v1/insurers/{self.number}/imports"
        self.asked = {one[0] for one in database.run("SELECT job_id FROM shikaku.jobs WHERE insurer_number = %s", (self.number,))}

    def send(self, body, query="", kind="text/csv", wrong=False, **headers):
        headers = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.request("POST", self.path + query, body, headers, wrong=wrong)

    def wait(self, answer):
        """What came of the import that the answer names: (state, failure)."""
        import_id = answer.header("Location").rsplit("/", 1)[1]
        self.asked.add(import_id)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            state, failure = self.database.run("SELECT state, failure FROM shikaku.jobs WHERE job_id = %s", (import_id,))[0]
            if state in OVER:
                return state, failure
            time.sleep(0.05)
        raise AssertionError(f"the import stays {state}")

    def errors(self, answer):
        import_id = answer.header("Location").rsplit("/", 1)[1]
        return self.database.run("SELECT line, field, value_class, reason FROM shikaku.import_errors WHERE import_id = %s ORDER BY line, field",
                                 (import_id,))

    def counts(self, answer):
        import_id = answer.header("Location").rsplit("/", 1)[1]
        return self.database.run("SELECT rows_read, rows_valid, rows_failed, errors FROM shikaku.imports WHERE import_id = %s", (import_id,))[0]

    def last(self):
        """(state, failure) of the one import that nobody has asked about yet, once it is over. The clock stands still here: their ids are in
        no order."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = [one for one in self.database.run("SELECT job_id, state, failure FROM shikaku.jobs WHERE insurer_number = %s", (self.number,))
                     if one[0] not in self.asked]
            if len(found) == 1 and found[0][1] in OVER:
                self.asked.add(found[0][0])
                return found[0][1:]
            time.sleep(0.05)
        raise AssertionError(f"the import stays {found}")

    def knows(self, *rows):
        """How many of these are members."""
        return self.database.value("SELECT count(*) FROM shikaku.members WHERE insurer_number = %s AND member_id = ANY (%s)",
                                   (self.number, [one["member_id"] for one in rows]))

    def nothing_is_left(self):
        """No slot is held, and nobody's rows lie in one."""
        return self.database.value("SELECT (SELECT count(*) FROM shikaku.imports WHERE slot IS NOT NULL) + "
                                   "(SELECT count(*) FROM shikaku.staged_members)") == 0

    def head(self, length=None, kind="text/csv", token=None, path=None, more=()):
        lines = [f"POST {path or self.path} HTTP/1.1", "Host: test", f"Authorization: Bearer {token or self.client.token}",
                 f"Content-Type: {kind}", f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked", *more]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def listen(wire, timeout=30):
    """The first answer on this connection."""
    received = b""
    wire.settimeout(timeout)
    while True:
        answers = read_answers(received)
        if answers and answers[0].status != 100:
            return answers[0]
        if answers:
            received = received.split(b"\r\n\r\n", 1)[1]
            continue
        more = wire.recv(65536)
        assert more, received
        received += more


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "numbers.key"
    path.write_text("0123456789abcdef" * 4 + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def place(template, key_file):
    """A service for files, on a database of its own."""
    database = template.clone()
    with Service(database, now=NOW, loops=2, individual_number_key=key_file, statement_timeout_ms=20000, database_silence_ms=25000,
                 answer_timeout_ms=60000) as service:
        yield service
        assert service.stop() == 0, service.log()[-3000:]


@pytest.fixture
def insurer(place):
    one = Insurer(place, place.database)
    yield one
    one.client.close()


def test_the_template_is_a_file_that_can_be_sent(insurer):
    template = insurer.client.get(f"{insurer.path}/template.csv")
    assert template.status == 200 and template.header("Content-Type") == "text/csv; charset=utf-8"
    columns, example = list(csv.reader(io.StringIO(template.text)))
    assert "individual_number" in columns and len(columns) == len(example)
    sent = insurer.send(template.body)
    assert sent.status == 202
    assert sent.header("Location").startswith(f"{insurer.path}/") and sent.json["import_id"] == sent.header("Location").rsplit("/", 1)[1]
    assert insurer.wait(sent) == ("succeeded", None)
    assert insurer.knows({"member_id": "E-000123"}) == 1


@pytest.mark.parametrize("spell", [
    lambda rows: as_csv(rows),
    lambda rows: as_csv(rows, end="\n"),
    lambda rows: "\ufeff" + as_csv(rows),
    lambda rows: as_csv(rows, columns=list(reversed(COLUMNS))),
    lambda rows: as_csv(rows).rstrip("\r\n"),
    lambda rows: as_csv(rows).replace("\r\n", "\r\n\r\n"),
    lambda rows: "\r\n".join(",".join(f'"{value}"' for value in line.split(",")) for line in as_csv(rows).split("\r\n")[:-1]),
    lambda rows: as_csv(rows) + "," * (len(COLUMNS) - 1) + "\r\n",
    lambda rows: as_csv([{"insurer_number": KYOKAI, **one} for one in rows]),
], ids=["CR LF", "LF", "a byte order mark", "columns in another order", "no end of the last line", "empty lines", "quotes everywhere",
        "a line of commas, as spreadsheets leave", "the insurer's own number"])
def test_a_file_is_taken_as_programs_write_it(insurer, spell):
    rows = [row(), row()]
    sent = insurer.send(spell(rows).encode())
    assert sent.status == 202 and insurer.wait(sent) == ("succeeded", None), insurer.errors(sent)
    assert insurer.counts(sent) == (2, 2, 0, 0) and insurer.knows(*rows) == 2


def test_quotes_hold_commas_and_quotes(insurer):
    one = row(address='東京都資格区"本部",1-2')
    sent = insurer.send(as_csv([one]))
    assert insurer.wait(sent) == ("succeeded", None), insurer.errors(sent)
    assert insurer.database.value("SELECT address FROM shikaku.members WHERE member_id = %s", (one["member_id"],)) == one["address"]


@pytest.mark.parametrize("charset", ["shift_jis", "cp932", "windows-31j", "Shift_JIS"])
def test_a_file_of_windows_is_read_in_its_own_spelling(insurer, charset):
    one = row(name="髙﨑 ソ能表", address="東京都資格区①番地")  # letters that Shift_JIS lacks, or whose second byte is a backslash
    sent = insurer.send(as_csv([one]).encode("cp932"), kind=f"text/csv; charset={charset}")
    assert insurer.wait(sent) == ("succeeded", None), insurer.errors(sent)
    assert insurer.database.value("SELECT name FROM shikaku.members WHERE member_id = %s", (one["member_id"],)) == one["name"]


def test_lines_of_json_are_as_good(insurer):
    rows = [row(non_disclosure=True, address=None), row(ratio_percent=20, ratio_valid_from="2026-04-01", birth_date="1950-01-01")]
    sent = insurer.send(as_ndjson(rows), kind="application/x-ndjson")
    assert insurer.wait(sent) == ("succeeded", None), insurer.errors(sent)
    assert insurer.knows(*rows) == 2


@pytest.mark.parametrize("pack", [
    gzip.compress,
    lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:]),
], ids=["one", "several behind each other"])
def test_a_packed_file_is_unpacked(insurer, pack):
    rows = [row(), row()]
    sent = insurer.send(pack(as_csv(rows).encode()), Content_Encoding="gzip")
    assert insurer.wait(sent) == ("succeeded", None) and insurer.knows(*rows) == 2


def test_a_file_in_chunks_is_taken(insurer):
    rows = [row() for _ in range(2000)]
    body = as_csv(rows).encode()
    pieces = [body[at:at + 777] for at in range(0, len(body), 777)]
    with connect(insurer.client.address) as wire:
        wire.sendall(insurer.head())
        wire.sendall(b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n")
        answer = listen(wire)
    assert answer.status == 202 and insurer.wait(answer) == ("succeeded", None)
    assert insurer.knows(*rows) == 2000


def test_who_asks_first_whether_to_send_is_told_to_go_on(insurer):
    body = as_csv([row()]).encode()
    with connect(insurer.client.address) as wire:
        wire.sendall(insurer.head(len(body), more=["Expect: 100-continue"]))
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(body)
        answer = listen(wire)
    assert answer.status == 202 and insurer.wait(answer) == ("succeeded", None)


def wrong_line(**changes):
    return as_csv([row(), row(**changes), row()])


BAD_LINES = [
    ("a line that is too long", wrong_line(address="町" * 23000), [(3, None, "line", "line_too_long")]),
    ("broken quoting", wrong_line(address="X").replace("X", 'X"Y'), [(3, None, "line", "broken_quoting")]),
    ("a quote that is never closed", wrong_line(address="X").replace("X", '"X'), [(3, None, "line", "broken_quoting")]),
    ("a column too many", wrong_line(address="X").replace("X", "X,Y"), [(3, None, "line", "wrong_number_of_columns")]),
    ("a day that there is not", wrong_line(birth_date="1985-02-30"), [(3, "birth_date", "date", "wrong_form")]),
    ("a birth date in the future", wrong_line(birth_date="2027-01-01"), [(3, "birth_date", "date", "out_of_range")]),
    ("a loss before the acquisition", wrong_line(lost_on="2019-01-01", loss_reason="01"), [(3, "lost_on", "date", "out_of_range")]),
    ("a dependant of nobody", wrong_line(relationship="dependent"), [(3, "insured_member_id", "empty", "missing")]),
    ("another insurer's number", wrong_line(insurer_number=KUMIAI), [(3, "insurer_number", "digits", "other_insurer")]),
    ("a wrong check digit", wrong_line(individual_number="123456789012"), [(3, "individual_number", "digits", "check_digit")]),
    ("no name", wrong_line(name=""), [(3, "name", "empty", "missing")]),
    ("several faults at once", wrong_line(sex="女", branch_number="1"),
     [(3, "branch_number", "digits", "wrong_form"), (3, "sex", "text", "not_one_of")]),
]


@pytest.mark.parametrize("body, expected", [pytest.param(body, expected, id=name) for name, body, expected in BAD_LINES])
def test_a_bad_line_is_named_and_nothing_is_merged(insurer, body, expected):
    before = insurer.database.value("SELECT count(*) FROM shikaku.members")
    sent = insurer.send(body)
    assert sent.status == 202
    assert insurer.wait(sent) == ("failed", "rows_refused")
    assert insurer.errors(sent) == expected
    assert insurer.counts(sent)[0] == 3 and insurer.counts(sent)[2:] == (1, len(expected))
    assert insurer.database.value("SELECT count(*) FROM shikaku.members") == before and insurer.nothing_is_left()


@pytest.mark.parametrize("line, expected", [
    ("no json", (2, None, "line", "not_json")),
    ("[]", (2, None, "line", "not_json")),
    ('{"member_id":"1","member_id":"2"}', (2, None, "line", "duplicate_key")),
    ('{"shoe_size":"43"}', (2, None, "line", "unknown_field")),
    ('{"name":["a"]}', (2, "name", "text", "wrong_form")),
    ('{"ratio_percent":1.5}', (2, "ratio_percent", "text", "wrong_form")),
    ('{"ratios":[{},{}]}', (2, None, "line", "several_of_a_kind")),
    ('{"name":"' + "町" * 23000 + '"}', (2, None, "line", "line_too_long")),
], ids=["none", "a list", "a key twice", "an unknown key", "a list for a name", "a fraction", "two ratios", "too long"])
def test_a_bad_line_of_json_is_named(insurer, line, expected):
    rows = [row(), row()]
    body = as_ndjson(rows[:1]) + line + "\n" + as_ndjson(rows[1:])
    sent = insurer.send(body, kind="application/x-ndjson")
    assert insurer.wait(sent) == ("failed", "rows_refused")
    assert insurer.errors(sent) == [expected] and insurer.knows(*rows) == 0


def test_text_in_another_encoding_is_named(insurer):
    body = as_csv([row(), row(name="X"), row()]).encode().replace(b"X", "見本".encode("cp932"))
    sent = insurer.send(body)
    assert insurer.wait(sent) == ("failed", "rows_refused") and insurer.errors(sent) == [(3, None, "line", "bad_encoding")]


def test_the_good_lines_are_kept_where_that_is_asked_for(insurer):
    rows = [row(), row(sex="x"), row()]
    sent = insurer.send(as_csv(rows), query="?partial=true")
    assert insurer.wait(sent) == ("succeeded", None)
    assert insurer.knows(*rows) == 2 and insurer.counts(sent) == (3, 2, 1, 1)


def test_very_many_errors_are_counted_and_the_first_listed(insurer):
    sent = insurer.send(as_csv([row(sex="x") for _ in range(10300)]))
    assert insurer.wait(sent) == ("failed", "rows_refused")
    assert insurer.counts(sent) == (10300, 0, 10300, 10300) and len(insurer.errors(sent)) == 10000


NO_FILES = [
    ("a column that there is not", as_csv([row(shoe_size="43")]), {}, "unknown_column", 1),
    ("a column twice", as_csv([row()]).replace("address", "name"), {}, "bad_header", 1),
    ("no column for a name", as_csv([row()]).replace("name,name_kana", "name_other,name_kana"), {}, "bad_header", 1),
    ("nothing at all", "\r\n", {}, "bad_header", 0),
    ("no header that can be read", b"\xff\xfe" + as_csv([row()]).encode("utf-16-le"), {}, "bad_header", 1),
    ("no gzip", as_csv([row()]), {"Content_Encoding": "gzip"}, "bad_gzip", 0),
    ("half of a gzip", gzip.compress(as_csv([row() for _ in range(100)]).encode())[:-20], {"Content_Encoding": "gzip"}, "bad_gzip", 0),
    ("a gzip bomb", gzip.compress(as_csv([row()]).encode() + b"\r\n" * 10_000_000), {"Content_Encoding": "gzip"}, "gzip_bomb", 0),
]


@pytest.mark.parametrize("body, headers, failure, errors", [pytest.param(*rest, id=name) for name, *rest in NO_FILES])
def test_what_is_no_file_is_refused_as_a_whole(insurer, body, headers, failure, errors):
    sent = insurer.send(body, **headers)
    assert (sent.status, sent.json["code"]) == (422, "unreadable_file")
    assert insurer.wait(sent) == ("failed", failure)
    assert len(insurer.errors(sent)) == errors and insurer.nothing_is_left()


@pytest.mark.parametrize("query, status", [
    ("?mode=half", 400), ("?partial=yes", 400), ("?shoe=43", 400), ("?end_missing=true", 400), ("?mode=full&end_missing=true", 400),
    ("?end_missing=true&missing_max_percent=5&missing_lost_on=2026-12-01", 400), ("?missing_max_percent=5", 400),
    ("?mode=full&end_missing=true&missing_max_percent=101&missing_lost_on=2026-12-01", 400),
    ("?mode=full&end_missing=true&missing_max_percent=1.234&missing_lost_on=2026-12-01", 400),
    ("?mode=full&end_missing=true&missing_max_percent=5&missing_lost_on=2026-02-30", 400),
])
def test_what_is_asked_of_a_file_must_make_sense(insurer, query, status):
    before = insurer.database.value("SELECT count(*) FROM shikaku.imports")
    sent = insurer.send(as_csv([row()]), query=query)
    assert (sent.status, sent.json["code"]) == (status, "invalid_query")
    assert insurer.database.value("SELECT count(*) FROM shikaku.imports") == before


def test_a_type_that_is_not_taken_is_refused(insurer):
    assert insurer.send("x", kind="text/plain", wrong=True).status == 415
    assert insurer.send("x", kind="text/csv; charset=euc-jp").status == 415
    assert insurer.send("x", Content_Encoding="br").status == 415


def test_who_may_not_is_told_before_a_large_file_is_read(insurer, place, template):
    terminal = place.database.token()
    other = place.database.token("insurer", owner=KUMIAI)
    for token, status in (("skk_unknown", 401), (terminal, 403), (other, 403)):
        with connect(insurer.client.address) as wire:
            wire.sendall(insurer.head(10_000_000_000, token=token))
            assert listen(wire).status == status
        with connect(insurer.client.address) as wire:  # and who sends on gets the answer, too
            wire.sendall(insurer.head(10_000_000_000, token=token) + b"x" * 100_000)
            assert listen(wire).status == status


def test_one_file_of_an_insurer_at_a_time(insurer, place):
    body = as_csv([row() for _ in range(5)]).encode()
    other = Insurer(place, place.database, KUMIAI)
    with connect(insurer.client.address) as wire:
        wire.sendall(insurer.head(len(body)) + body[:-10])
        until(lambda: insurer.database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
        second = insurer.send(as_csv([row()]))
        assert (second.status, second.json["code"]) == (409, "import_running")
        theirs = other.send(as_csv([row()]))
        assert theirs.status == 202, "another insurer's is none of their business"
        wire.sendall(body[-10:])
        answer = listen(wire)
    assert answer.status == 202
    assert second.header("Location") == answer.header("Location"), "the one that is in the way"
    assert insurer.wait(answer) == ("succeeded", None) and other.wait(theirs) == ("succeeded", None)


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_same_key_names_the_same_import(insurer):
    key = str(uuid.uuid4())
    body = as_csv([row()])
    first = insurer.send(body, Idempotency_Key=key)
    assert first.status == 202 and first.header("Idempotent-Replayed") is None
    assert insurer.wait(first) == ("succeeded", None)
    second = insurer.send(body, Idempotency_Key=key)
    assert (second.status, second.header("Idempotent-Replayed")) == (202, "true")
    assert second.header("Location") == first.header("Location")
    assert insurer.send(body, Idempotency_Key=" ", wrong=True).status == 400


def test_a_connection_that_dies_in_the_middle_leaves_nothing(insurer):
    rows = [row() for _ in range(3000)]
    body = as_csv(rows).encode()
    for cut in (100, len(body) // 2, len(body) - 1):
        with connect(insurer.client.address) as wire:
            wire.sendall(insurer.head(len(body)) + body[:cut])
            until(lambda: insurer.database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
        assert insurer.last() == ("failed", "truncated")
        assert insurer.knows(*rows) == 0 and insurer.nothing_is_left()
    whole = insurer.send(body)
    assert whole.status == 202 and insurer.wait(whole) == ("succeeded", None) and insurer.knows(*rows) == 3000


def test_an_individual_number_is_nowhere_but_sealed(insurer, place):
    one = row(individual_number=NUMBER)
    sent = insurer.send(as_csv([one]))
    assert insurer.wait(sent) == ("succeeded", None), insurer.errors(sent)
    sealed = insurer.database.run("SELECT p.sealed, m.individual_number_last4 FROM shikaku.pending_numbers AS p JOIN shikaku.members AS m USING "
                                  "(member_key) WHERE m.member_id = %s", (one["member_id"],))
    assert len(sealed) == 1 and NUMBER.encode() not in bytes(sealed[0][0])
    assert NUMBER not in place.log() + place.security_log()


def test_without_a_key_no_individual_number_is_taken(start):
    service = start()
    one = Insurer(service, service.database)
    sent = one.send(as_csv([row(individual_number=NUMBER), row()]))
    assert one.wait(sent) == ("failed", "rows_refused")
    assert one.errors(sent) == [(2, "individual_number", "digits", "not_accepted")]


def test_only_so_many_files_at_once(start):
    service = start(imports_max=1)
    one, other = Insurer(service, service.database), Insurer(service, service.database, KUMIAI)
    with connect(one.client.address) as wire:
        wire.sendall(one.head(1000) + b"member_id")
        until(lambda: one.database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
        busy = other.send(as_csv([row()]))
        assert (busy.status, busy.json["code"]) == (503, "imports_busy") and int(busy.header("Retry-After")) >= 1
    assert one.last() == ("failed", "truncated")
    until(lambda: other.send(as_csv([row()])).status == 202)


def test_a_file_beyond_the_bound_is_refused(start):
    service = start(import_bytes_max=5000)
    one = Insurer(service, service.database)
    announced = one.send(as_csv([row() for _ in range(100)]))
    assert (announced.status, announced.json["code"]) == (413, "body_too_large")
    packed = one.send(gzip.compress(as_csv([row() for _ in range(100)]).encode()), Content_Encoding="gzip")
    assert (packed.status, packed.json["code"]) == (413, "body_too_large"), "nor when it is unpacked"
    assert one.last() == ("failed", "too_large")
    with connect(one.client.address) as wire:
        wire.sendall(one.head() + b"1770\r\n" + b"x" * 6000 + b"\r\n")
        assert listen(wire).status == 413


def test_who_sends_slowly_is_waited_for_and_who_stops_is_not(start):
    service = start(body_timeout_ms=700)
    one = Insurer(service, service.database)
    body = as_csv([row()]).encode()
    with connect(one.client.address) as wire:
        wire.sendall(one.head(len(body)))
        for at in range(0, len(body), 60):  # longer than one body may take elsewhere
            wire.sendall(body[at:at + 60])
            time.sleep(0.25)
        answer = listen(wire)
    assert answer.status == 202 and one.wait(answer) == ("succeeded", None)
    with connect(one.client.address) as wire:
        wire.sendall(one.head(len(body)) + body[:50])
        late = listen(wire)
        assert (late.status, late.json["code"]) == (503, "deadline_exceeded")
    assert one.last() == ("failed", "truncated")


def test_a_service_that_stops_ends_what_it_was_taking_in(start):
    service = start(drain_timeout_ms=300)
    one = Insurer(service, service.database)
    with connect(one.client.address) as wire:
        wire.sendall(one.head(100_000) + as_csv([row()]).encode())
        until(lambda: one.database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
        assert service.stop() == 0
        assert listen(wire).status == 503
    assert one.last() in [("failed", "interrupted"), ("failed", "truncated")]


def resident(service):
    status = open(f"/proc/{service.process.pid}/status", encoding="ascii").read()
    return int(status.split("VmHWM:")[1].split()[0])


def test_memory_does_not_grow_with_the_file(start):
    service = start()
    one = Insurer(service, service.database)

    def send(count):
        # A fault in the first line: all is read, and nothing has to be merged.
        sent = one.send(as_csv([row(sex="x"), *(row() for _ in range(count))]))
        assert one.wait(sent) == ("failed", "rows_refused") and one.counts(sent)[0] == count + 1
        return resident(service)

    few = send(10_000)
    many = send(200_000)
    assert many < few * 1.15 + 2048, (few, many)
    assert many < 100 * 1024, many


def test_a_database_that_takes_nothing_stops_the_client_and_not_our_memory(key_file):
    with Server("fsync=off") as server:
        database = server.database()
        with Service(database, now=NOW, loops=1, database_silence_ms=60000, answer_timeout_ms=60000) as service:
            one = Insurer(service, database)
            body = as_csv([row(address="東京都資格区取込町" * 20) for _ in range(80_000)]).encode()
            with connect(one.client.address) as wire:
                wire.sendall(one.head(len(body)))
                until(lambda: database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
                before = resident(service)
                server.pause()
                wire.settimeout(2)
                sent = 0
                with pytest.raises(socket.timeout):
                    while True:
                        sent += wire.send(body[sent:sent + 65536])
                assert sent < len(body) - 1_000_000, "it would have taken all"
                assert resident(service) < before + 16 * 1024
                server.resume()
                wire.settimeout(60)
                wire.sendall(body[sent:])
                answer = listen(wire, 60)
            assert answer.status == 202 and one.counts(answer)[:2] == (80_000, 80_000)
            assert service.stop() == 0


def test_a_service_stops_though_its_database_has_fallen_silent():
    with Server("fsync=off") as server:
        database = server.database()
        with Service(database, now=NOW, loops=1, drain_timeout_ms=300) as service:
            one = Insurer(service, database)
            with connect(one.client.address) as wire:
                wire.sendall(one.head(100_000) + as_csv([row()]).encode())
                until(lambda: database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
                server.pause()
                try:
                    assert service.stop(40) == 0
                finally:
                    server.resume()


def export(insurer):
    answer = insurer.client.get(f"/v1/insurers/{insurer.number}/members.ndjson")
    assert answer.status == 200 and answer.header("Content-Type") == "application/x-ndjson"
    return answer


def test_all_members_come_out_in_order_and_nobody_elses(insurer, place):
    rows = [row() for _ in range(1300)]  # more than a page
    assert insurer.wait(insurer.send(as_csv(rows))) == ("succeeded", None)
    text = export(insurer).text
    assert '" : ' not in text, "no blanks between the tokens"
    ids = [json.loads(line)["member_id"] for line in text.splitlines()]
    assert len(ids) == insurer.database.value("SELECT count(*) FROM shikaku.members WHERE insurer_number = %s", (insurer.number,))
    assert ids == [found[0] for found in insurer.database.run(
        "SELECT member_id FROM shikaku.members WHERE insurer_number = %s ORDER BY member_id", (insurer.number,))]
    assert insurer.client.request("HEAD", f"/v1/insurers/{insurer.number}/members.ndjson").status == 200
    theirs = Insurer(place, place.database, KUMIAI, token=insurer.client.token)
    assert theirs.client.get(f"/v1/insurers/{theirs.number}/members.ndjson").status == 403


def test_what_came_out_goes_in_again_and_changes_nothing(start):
    service = start()
    one = Insurer(service, service.database)
    rows = [row(), row(birth_date="1950-05-05", ratio_percent="20", ratio_valid_from="2026-04-01", ratio_valid_until="2027-03-31")]
    assert one.wait(one.send(as_csv(rows))) == ("succeeded", None)
    mine = {one_row["member_id"] for one_row in rows}
    lines = [line for line in export(one).text.splitlines() if json.loads(line)["member_id"] in mine]
    before = export(one).text
    again = one.send("\n".join(lines) + "\n", kind="application/x-ndjson")
    assert one.wait(again) == ("succeeded", None), one.errors(again)
    import_id = again.json["import_id"]
    assert service.database.run("SELECT rows_created, rows_changed, rows_unchanged FROM shikaku.imports WHERE import_id = %s", (import_id,)) \
        == [(0, 0, 2)]
    assert export(one).text == before


def fill(database, count):
    """So many members of KYOKAI who have nothing but a long address."""
    database.run("""WITH people AS (INSERT INTO shikaku.persons DEFAULT VALUES RETURNING person_id) SELECT count(*) FROM people""")
    database.run("""INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, address, known_from)
        SELECT %s, 'filled-' || n, (SELECT max(person_id) FROM shikaku.persons), '詰込', 'ツメコミ', 'male', '1980-01-01', repeat('町', 90),
               '2026-01-01Z' FROM generate_series(1, %s) AS n""", (KYOKAI, count))


def test_a_reader_that_stops_is_given_up(start):
    service = start(send_timeout_ms=500, imports_max=1)
    database = service.database
    one = Insurer(service, database)
    fill(database, 15000)
    request = (f"GET /v1/insurers/{one.number}/members.ndjson HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {one.client.token}\r\n\r\n").encode()
    with connect(one.client.address) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.sendall(request)
        until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                                     "'shikakud export'") == 1)
        assert database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                              "'shikakud export' AND state <> 'idle' AND xact_start < now() - interval '5 s'") == 0
        until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                                     "'shikakud export'") == 0)
    until(lambda: one.client.get(f"/v1/insurers/{one.number}/members.ndjson").status == 200)


def test_a_reader_that_reads_slowly_gets_everybody(start):
    service = start(send_timeout_ms=2000)
    one = Insurer(service, service.database)
    fill(service.database, 10000)
    received = b""
    with connect(one.client.address) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # what the kernel holds is sent, to the service
        wire.sendall((f"GET /v1/insurers/{one.number}/members.ndjson HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                      f"Authorization: Bearer {one.client.token}\r\n\r\n").encode())
        while more := wire.recv(200_000, socket.MSG_WAITALL):
            received += more
            time.sleep(0.12)
    answers = read_answers(received)
    assert len(answers) == 1 and answers[0].text.count("\n") == service.database.value(
        "SELECT count(*) FROM shikaku.members WHERE insurer_number = %s", (one.number,))


def run_import(database, *words, **settings):
    return shikakud("import", *words, database=database, timeout=120, **settings)


def test_the_command_line_brings_a_file_in_without_a_service(template, tmp_path):
    database = template.clone()
    rows = [row(), row()]
    file = tmp_path / "members.csv.gz"
    file.write_bytes(gzip.compress(as_csv(rows).encode()))
    done = run_import(database, file, "--insurer", KYOKAI)
    assert done.returncode == 0, done.stderr
    assert "created 2" in done.stdout and rows[0]["name"] not in done.stdout + done.stderr
    again = run_import(database, file, "--insurer", KYOKAI)
    assert again.returncode == 0 and "unchanged 2" in again.stdout


def test_the_command_line_says_what_is_wrong(template, tmp_path):
    database = template.clone()
    file = tmp_path / "members.csv"
    file.write_text(as_csv([row(), row(sex="x")]), encoding="utf-8")
    refused = run_import(database, file, "--insurer", KYOKAI)
    assert refused.returncode == 1 and "line 3: sex: not_one_of" in refused.stderr
    file.write_text("shoe_size\r\n43\r\n", encoding="utf-8")
    unread = run_import(database, file, "--insurer", KYOKAI)
    assert unread.returncode == 2 and "unknown_column" in unread.stderr
    for words in ([], [file], ["nowhere.csv", "--insurer", KYOKAI], [file, "--insurer", "1"], [file, "--insurer", KYOKAI, "--mode", "half"],
                  [file, "--insurer", KYOKAI, "--end-missing"], [file, "--insurer", KYOKAI, "--encoding"], [tmp_path, "--insurer", KYOKAI]):
        assert run_import(database, *words).returncode == 2, words


def test_the_command_line_reads_what_is_piped_in_and_ctrl_c_cancels_it(template):
    database = template.clone()
    rows = [row() for _ in range(3)]
    words = [str(SHIKAKUD), "import", "-", "--insurer", KYOKAI, "--format", "ndjson"]
    started = {"env": environment(DATABASE_URL=database.url()), "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, **started) as cancelled:
        cancelled.stdin.write(as_ndjson(rows[:1]).encode())
        cancelled.stdin.flush()
        until(lambda: database.value("SELECT count(*) FROM shikaku.jobs WHERE state = 'receiving'") == 1)
        cancelled.send_signal(signal.SIGINT)
        assert cancelled.wait(30) == 1
    assert database.run("SELECT state, failure FROM shikaku.jobs") == [("cancelled", None)]
    assert database.value("SELECT count(*) FROM shikaku.imports WHERE slot IS NOT NULL") == 0
    with subprocess.Popen(words, **started) as whole:
        out, err = whole.communicate(as_ndjson(rows).encode(), 60)
    assert whole.returncode == 0 and b"created 3" in out, err
