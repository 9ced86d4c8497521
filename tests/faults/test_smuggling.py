"""Where does a request end? Whenever a proxy before us could see it differently, the connection is closed and nothing that
follows is executed: a second request in it may be somebody else's, with our proxy's blessing."""

import pytest

from support.evidence import assert_on_record
from support_service import FaultService
from support_wire import CHECKS, check_body, check_request, request
from test_bounds import chunk, chunked_check

CHUNKED = b"0\r\n\r\n"
HOST = "Host: desk.invalid"
TYPE = "Content-Type: application/json"

# name: (header lines, body). Each is followed by a good check which must never be executed.
FRAMING = {
    "length and chunked": (["Content-Length: 5", "Transfer-Encoding: chunked"], CHUNKED),
    "chunked and length": (["Transfer-Encoding: chunked", "Content-Length: 5"], CHUNKED),
    "length of a chunked body's first line and chunked": (["Content-Length: 0", "Transfer-Encoding: chunked"], CHUNKED),
    "two lengths that agree": (["Content-Length: 5", "Content-Length: 5"], b"{    "),
    "two lengths that differ": (["Content-Length: 5", "Content-Length: 6"], b"{    "),
    "a list of lengths": (["Content-Length: 5, 5"], b"{    "),
    "a length with a sign": (["Content-Length: +5"], b"{    "),
    "a negative length": (["Content-Length: -1"], b""),
    "a length in hexadecimal": (["Content-Length: 0x5"], b"{    "),
    "a length with a point": (["Content-Length: 5.0"], b"{    "),
    "a length with a space in it": (["Content-Length: 5 5"], b"{    "),
    "an empty length": (["Content-Length:"], b""),
    "a length beyond 64 bits": (["Content-Length: 18446744073709551621"], b"{    "),
    "a length with a vertical tab": (["Content-Length: \x0b5"], b"{    "),
    "a length with a NUL": (["Content-Length: 5\x00", "X-A: a"], b"{    "),
    "gzip": (["Transfer-Encoding: gzip"], CHUNKED),
    "gzip, then chunked": (["Transfer-Encoding: gzip, chunked"], CHUNKED),
    "chunked, then identity": (["Transfer-Encoding: chunked, identity"], CHUNKED),
    "identity": (["Transfer-Encoding: identity"], CHUNKED),
    "chunked twice in two lines": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], CHUNKED),
    "chunked and identity in two lines": (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], CHUNKED),
    "chunked twice in one line": (["Transfer-Encoding: chunked, chunked"], CHUNKED),
    "chunked with a parameter": (["Transfer-Encoding: chunked;q=1"], CHUNKED),
    "chunked with a vertical tab": (["Transfer-Encoding: \x0bchunked"], CHUNKED),
    "chunked with a NUL": (["Transfer-Encoding: chunked\x00", "X-A: a"], CHUNKED),
    "xchunked": (["Transfer-Encoding: xchunked"], CHUNKED),
    "quoted chunked": (['Transfer-Encoding: "chunked"'], CHUNKED),
    "an empty transfer coding": (["Transfer-Encoding:"], CHUNKED),
    "a space before the colon of the length": (["Content-Length : 5"], b"{    "),
    "a space before the colon of the coding": (["Transfer-Encoding : chunked"], CHUNKED),
    "a tab before the colon of the coding": (["Transfer-Encoding\t: chunked"], CHUNKED),
    "a coding folded over two lines, and a length": (["Transfer-Encoding:\r\n chunked", "Content-Length: 5"], CHUNKED),
    "a coding in the folded part of its line": (["Transfer-Encoding:\r\n chunked"], CHUNKED),
    "a coding that goes on in a folded line": (["Transfer-Encoding: chunked\r\n , identity"], CHUNKED),
    "a length that goes on in a folded line": (["Content-Length: 5\r\n , 6"], b"{    "),
    "a length made of a name and a folded line": (["Content-: 5\r\n Length"], b"{    "),
    "a coding made of a name and a folded line": (["T: chunked\r\n ransfer-Encoding"], CHUNKED),
    "a length after a bare carriage return": (["X-A: a\rContent-Length: 5"], b"{    "),
    "a header without a colon": (["Content-Length 5"], b"{    "),
    "a header without a name": ([": 5"], b""),
    "a chunk size that is no number": (["Transfer-Encoding: chunked"], b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk size with a sign": (["Transfer-Encoding: chunked"], b"+2\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk size": (["Transfer-Encoding: chunked"], b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size in 0x": (["Transfer-Encoding: chunked"], b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": (["Transfer-Encoding: chunked"], b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "a chunk longer than its size": (["Transfer-Encoding: chunked"], b"1\r\n{}\r\n0\r\n\r\n"),
}

HOSTS = {
    "no host": [],
    "two hosts": [HOST, "Host: other.invalid"],
    "the same host twice": [HOST, HOST],
}

TARGETS = {
    "NUL": "/healthz%00.html",
    "NUL in the version's place": "/v1/eligibility-checks%00",
    "a line feed": "/healthz%0a",
    "a carriage return and a header": "/healthz%0d%0aX-Evil:%201",
    "DEL": "/healthz%7f",
    "a bare control character": "/health\x01z",
    "an escape": "/healthz%1b[2J",
    "a space": "/health z",
    "a version of its own": "/healthz HTTP/1.1",
}

FIRST_LINES = {
    "two spaces before the path": "GET  /healthz HTTP/1.1",
    "two spaces before the version": "GET /healthz  HTTP/1.1",
    "a space behind": "GET /healthz HTTP/1.1 ",
    "a tab": "GET\t/healthz HTTP/1.1",
    "a method with a body's end before it": '{"a":1}GET /healthz HTTP/1.1',
}

# What a proxy may read as one chunk that holds everything behind it.
CHUNK_LINES = {
    "a line feed behind the size": b"2\n{}\r\n0\r\n\r\n",
    "a line feed in an extension": b"2;\n{}\r\n0\r\n\r\n",
    "a line feed behind the chunk": b"2\r\n{}\n0\r\n\r\n",
    "a line feed behind the last size": b"2\r\n{}\r\n0\n\r\n",
    "a line feed behind a trailer": b"2\r\n{}\r\n0\r\nX-A: a\n\r\n",
    "only a line feed at the end": b"2\r\n{}\r\n0\r\n\n",
    "a folded trailer": b"2\r\n{}\r\n0\r\nX-A: a\r\n b\r\n\r\n",
}


REFUSALS = (400, 413, 414, 431, 501, 505)


def send_with_a_second(service, data):
    """What the service says to `data`, a good check following it at once, until it closes the connection: it must."""
    answers = []
    with service.wire() as wire:
        wire.socket.settimeout(5)
        wire.send_as_far_as_it_goes(data + check_request(service.token))
        try:
            while (answer := wire.read()) is not None:
                answers.append(answer)
        except TimeoutError:
            raise AssertionError(f"the connection stays open after {answers}") from None
    return answers


@pytest.fixture(scope="module")
def shared(one_server, template):
    """One service for all of these: they are many, and a bad request must not change what the next one meets."""
    with template[0].clone() as database:
        service = FaultService(database, template[1])
        try:
            yield service, database
            service.end_well()
        finally:
            service.close()


class Since:
    """Nothing more than this was recorded when the test began: what is executed is recorded before it is answered."""

    def __init__(self, service, database):
        self.service = service
        self.database = database
        self.before = self.count()

    def count(self):
        return self.database.value("SELECT count(*) FROM shikaku.checks")

    def refused(self, data, statuses=REFUSALS):
        """At most one answer, a refusal; then the end of the connection; nothing executed; the next client is served."""
        answers = send_with_a_second(self.service, data)
        assert len(answers) <= 1 and all(answer.status in statuses for answer in answers), answers
        for answer in answers:
            assert answer.headers.get("connection", "").lower() == "close"
        assert self.count() == self.before, "a second request was executed"
        assert self.service.check().status == 200


@pytest.fixture
def since(shared):
    return Since(*shared)


@pytest.mark.parametrize("case", FRAMING)
def test_nothing_after_a_check_of_doubtful_length_is_executed(since, case):
    lines, body = FRAMING[case]
    since.refused(request("POST", CHECKS, [TYPE, f"Authorization: Bearer {since.service.token}", *lines]) + body)


@pytest.mark.parametrize("case", FRAMING)
def test_nothing_after_a_health_question_of_doubtful_length_is_executed(since, case):
    lines, body = FRAMING[case]
    since.refused(request("GET", "/healthz", lines) + body)


def test_nothing_after_a_request_whose_first_header_is_folded_is_executed(since):
    since.refused(b"GET /healthz HTTP/1.1\r\n Content-Length: 3\r\nHost: a\r\n\r\n{  ")


@pytest.mark.parametrize("case", HOSTS)
def test_a_request_for_no_host_or_two_is_refused(since, case):
    since.refused(request("GET", "/healthz", HOSTS[case], host=""))


def test_an_old_request_without_host_is_refused(since):
    since.refused(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")


def test_an_old_request_in_chunks_ends_its_connection(since):
    """HTTP/1.0 knows no chunks: a proxy of that age sees another end (RFC 9112, 6.1)."""
    head = request("GET", "/healthz", ["Connection: keep-alive", "Transfer-Encoding: chunked"]).replace(b"HTTP/1.1", b"HTTP/1.0")
    since.refused(head + CHUNKED, (200, *REFUSALS))


@pytest.mark.parametrize("case", TARGETS)
def test_a_path_with_control_characters_is_refused(since, case):
    since.refused(request("GET", TARGETS[case]))


@pytest.mark.parametrize("case", FIRST_LINES)
def test_a_first_line_that_is_not_to_the_letter_is_refused(since, case):
    since.refused(f"{FIRST_LINES[case]}\r\n{HOST}\r\n\r\n".encode())


@pytest.mark.parametrize("case", CHUNK_LINES)
def test_nothing_after_chunks_of_doubtful_end_is_executed(since, case):
    """The library reads over these and nobody else can see them: the body's end is the connection's."""
    lines = [TYPE, f"Authorization: Bearer {since.service.token}", "Transfer-Encoding: chunked"]
    since.refused(request("POST", CHECKS, lines) + CHUNK_LINES[case], (422, *REFUSALS))


def test_a_refusal_of_ours_is_a_problem_that_says_why(since):
    answers = send_with_a_second(since.service, request("GET", "/healthz", [HOST]))
    assert [(answer.status, answer.code()) for answer in answers] == [(400, "bad_request")]
    assert "Host" in answers[0].json()["detail"]


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9", "HTTP/1.1x", "HTTQ/1.1", "http/1.1"])
def test_another_protocol_is_refused(since, version):
    data = request("GET", "/healthz").replace(b"HTTP/1.1", version.encode())
    since.refused(data)


def test_a_very_long_path_is_refused(since):
    since.refused(request("GET", "/" + "a" * 20000), (414,))


def test_very_many_headers_are_refused(since):
    since.refused(request("GET", "/healthz", [f"X-{number}: {'a' * 50}" for number in range(500)]), (431,))


def test_one_very_long_header_is_refused(since):
    since.refused(request("GET", "/healthz", ["X-Long: " + "a" * 20000]), (431,))


def test_a_url_with_another_machine_is_no_path_of_ours(since):
    with since.service.wire() as wire:
        assert wire.ask(request("GET", "http://other.invalid/healthz"), wrong=True).status in (400, 404)


@pytest.mark.parametrize("noise", [
    pytest.param(bytes(range(256)) * 40, id="every byte"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", id="the beginning of TLS"),
])
def test_noise_is_not_answered_as_a_request(since, noise):
    since.refused(noise)


def test_spaces_after_a_coding_do_not_leave_the_client_waiting(since):
    """MHD does not know "chunked " and would wait for the end of the stream as the body's end."""
    data = request("POST", CHECKS, [TYPE, f"Authorization: Bearer {since.service.token}", "Transfer-Encoding: chunked \t"])
    since.refused(data + chunk(check_body()) + CHUNKED)


# What is legal works.


def test_requests_that_come_together_are_answered_in_order(service, database):
    with service.wire() as wire:
        wire.send(check_request(service.token, number="1234567") + check_request(service.token, number="9999999") + request())
        first, second, third = wire.read_some(3)
    assert (first.json()["validity"], second.json()["validity"], third.json()) == ("valid", "not_found", {"status": "ok"})
    assert_on_record(database, [first, second])


@pytest.mark.parametrize("pieces", [1, 7, 1024])
def test_a_check_in_chunks_is_answered_and_ends_its_connection(service, database, pieces):
    """Where chunks end is read in more than one way: what follows them may be in them to a proxy."""
    trailers = b"X-Checksum: 1\r\nHost: other.invalid\r\nContent-Length: 3\r\n"
    with service.wire() as wire:
        wire.send(chunked_check(service.token, check_body(), pieces, trailers) + check_request(service.token))
        answer = wire.read()
        assert answer.headers["connection"] == "close"
        assert wire.is_closed()
    assert_on_record(database, [answer])
    assert database.value("SELECT count(*) FROM shikaku.checks") == 1


def test_chunk_extensions_and_upper_case_are_understood(service, database):
    body = check_body()
    head = request("POST", CHECKS, [f"authorization: bearer {service.token}", TYPE.upper(), "TRANSFER-ENCODING: \t Chunked"])
    with service.wire() as wire:
        wire.send(head + chunk(body).replace(b"\r\n", b";name=value\r\n", 1) + CHUNKED)
        answer = wire.read()
    assert answer.status == 200
    assert_on_record(database, [answer])


def test_a_client_that_waits_for_100_continue_gets_it_and_its_answer(service, database):
    head, _, body = check_request(service.token, headers=["Expect: 100-continue"]).partition(b"\r\n\r\n")
    with service.wire() as wire:
        wire.send(head + b"\r\n\r\n")
        assert wire.read_head()[0] == 100
        wire.send(body)
        assert_on_record(database, [wire.read()])


def test_head_is_answered_without_a_body_and_the_connection_serves_on(service):
    with service.wire() as wire:
        wire.send(request("HEAD", "/healthz"))
        answer = wire.read(body=False)
        assert (answer.status, wire.buffer) == (200, b"")
        assert wire.ask(request()).status == 200


def test_a_connection_can_be_closed_by_wish(service):
    with service.wire() as wire:
        assert wire.ask(request("GET", "/healthz", ["Connection: close"])).status == 200
        assert wire.is_closed()
