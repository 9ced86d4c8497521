"""HTTP clients that log every exchange (one JSON line each, as tests/contract/exchanges.py reads them) to $EXCHANGES_LOG."""

import http.client
import io
import json
import os
import socket
import threading

CHECKS = "/v1/eligibility-checks"
LIMITS = "/v1/limit-queries"
_log_lock = threading.Lock()

# Why an answer tells no limit, or where it has it from (R7.8, R7.9): one of them comes with every valid one but where a category is
# registered and told.
OF_LIMITS = {"limit_consent_missing", "limit_not_registered", "limit_from_ratio"}
# Those that only a limit query gives (R7.6, R7.11).
OF_LIMIT_QUERIES = {"ceiling_months_counted", "specific_disease_consent_missing", "specific_disease_not_registered"}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # [(name, value)]
        self.body = body

    def __repr__(self):
        return f"<{self.status} {self.text[:1000]}>"

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The value of a header that comes at most once; None when it does not come."""
        values = self.all(name)
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def all_reasons(self):
        return [reason["code"] for reason in self.json["reasons"]]

    @property
    def reasons(self):
        """Of a check: without the one about its limit, which `limit_reason` tells, so that other tests need not. Of anything else: all."""
        if "limit" not in self.json:
            return self.all_reasons
        apart = self.limit_reason
        return [code for code in self.all_reasons if code != apart]

    @property
    def limit_reason(self):
        """Why a check tells no limit, or where it has it from; None where it is registered, or the answer is not `valid`."""
        found = [code for code in self.all_reasons if code in OF_LIMITS]
        limit = self.json["limit"]
        if self.json["validity"] != "valid":
            assert (found, limit) == ([], None), self
        elif limit is None:
            assert found in (["limit_consent_missing"], ["limit_not_registered"]), self
        else:
            assert found in ([], ["limit_from_ratio"]), self
        return found[0] if found else None

    @property
    def next_actions(self):
        return [action["code"] for action in self.json["next_actions"]]

    @property
    def field_errors(self):
        """{pointer: code} of a problem."""
        return {error["pointer"]: error["code"] for error in self.json["errors"]}


def log_exchange(method, path, headers, body, answer, wrong):
    name = os.environ.get("EXCHANGES_LOG")
    if not name:
        return
    text = None if body is None else body.decode("utf-8", "surrogateescape")
    try:
        json.loads(text or "")
    except RecursionError:
        text = f"({len(text)} characters, nested too deeply for whoever reads this log)"
    except ValueError:
        pass
    line = json.dumps({
        "method": method,
        "path": path,
        "request_headers": [list(pair) for pair in headers],
        "request_body": text,
        "status": answer.status,
        "response_headers": [list(pair) for pair in answer.headers],
        "response_body": answer.body.decode("utf-8", "surrogateescape"),
        "meant_to_be_wrong": wrong,
    })
    with _log_lock, open(name, "a", encoding="utf-8") as log:
        log.write(line + "\n")


def connect(address, timeout=20):
    """A socket to "host:port" or "unix:/path"."""
    if address.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(timeout)
        made.connect(address[len("unix:"):])
        return made
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout)


class _Bytes:
    """What http.client reads an answer from."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, *_):
        return self.stream


def read_answers(received, methods=()):
    """The answers in these bytes, as many as are complete. methods: of the requests, in order, where one is HEAD."""
    stream = io.BufferedReader(io.BytesIO(received))
    answers = []
    while stream.peek(1):
        method = methods[len(answers)] if len(answers) < len(methods) else None
        response = http.client.HTTPResponse(_Bytes(_Shared(stream)), method=method)
        try:
            response.begin()
            answers.append(Answer(response.status, response.getheaders(), response.read()))
        except (http.client.HTTPException, OSError):
            break
    return answers


class _Shared(io.RawIOBase):
    """A view of a stream which http.client may close without closing the stream."""

    def __init__(self, stream):
        self.stream = stream

    def readable(self):
        return True

    def readline(self, size=-1):
        return self.stream.readline(size if size is not None else -1)

    def read(self, size=-1):
        return self.stream.read(size)

    def readinto(self, target):
        return self.stream.readinto(target)

    def peek(self, size=0):
        return self.stream.peek(size)


def unchunk(body):
    """What a chunked body carries; the bytes as they are when they are not chunks."""
    whole, rest = b"", body
    while True:
        size, found, rest = rest.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return body
        if not found or length == 0:
            return whole
        whole, rest = whole + rest[:length], rest[length + 2:]


def raw(address, data, timeout=20, answers=None, methods=(), half_close=False):
    """Sends bytes as they are (a list: piece by piece) and reads until the other side closes, or until so many answers are
    complete, or nothing more comes within the time. A connection that is reset ends the reading too."""
    received = b""
    with connect(address, timeout) as wire:
        try:
            for piece in [data] if isinstance(data, bytes) else data:
                wire.sendall(piece)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before is still to be read
        try:
            while answers is None or len(read_answers(received, methods)) < answers:
                more = wire.recv(65536)
                if not more:
                    break
                received += more
        except (socket.timeout, ConnectionResetError):
            pass
    return read_answers(received, methods)


class Client:
    """One keep-alive connection. `token` goes with every request; None: none."""

    def __init__(self, service, token=None, timeout=30):
        self.address = service if isinstance(service, str) else service.address
        self.token = token
        self.timeout = timeout
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def request(self, method, path, body=None, headers=None, wrong=False):
        """One exchange. body: bytes, str, or what is sent as JSON. wrong: the request is meant not to fit the contract.
        headers: {name: value}; a value None leaves out what would be sent otherwise."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        sent = {}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        if self.connection is None:
            self.connection = http.client.HTTPConnection("test")
            self.connection.auto_open = 0
        if self.connection.sock is None:
            self.connection.sock = connect(self.address, self.timeout)
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except BaseException:
            self.close()
            raise
        log_exchange(method, path, list(sent.items()), body, answer, wrong)
        return answer

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, body, path=CHECKS, **more):
        return self.request("POST", path, body, **more)

    def limit(self, **fields):
        """A question about a month's limit, as `check`."""
        return self.check(path=LIMITS, **fields)

    def check(self, kind="eligibility_certificate", wrong=False, headers=None, path=CHECKS, **fields):
        """A check. Fields of `presented` and of the request side by side; `...` (Ellipsis) leaves one out."""
        inside = ("insurer_number", "symbol", "number", "branch_number", "birth_date")
        presented = {"kind": kind, **{name: fields.pop(name) for name in inside if name in fields}}
        body = {**fields, "presented": {name: value for name, value in presented.items() if value is not ...}}
        return self.post(body, path=path, wrong=wrong, headers=headers)

    def raw(self, data, answers=1, method=None, wrong=True, **more):
        """Bytes as they are, on a connection of their own (see raw). The first answer is logged when the first request can be
        read out of the bytes, and the answer is ours: the HTTP library's own, which have no type, are not in the contract."""
        whole = data if isinstance(data, bytes) else b"".join(data)
        head, _, body = whole.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        come = raw(self.address, data, answers=answers, methods=[method or words[0]], timeout=more.pop("timeout", self.timeout),
                   **more)
        if come and len(words) == 3 and come[0].header("Content-Type"):
            headers = [[name.strip(), value.strip()] for name, _, value in (line.partition(":") for line in lines[1:])]
            if ["transfer-encoding", "chunked"] in [[word.lower() for word in pair] for pair in headers]:
                body = unchunk(body)
            log_exchange(words[0], words[1], headers, body or None, come[0], wrong)
        return come
