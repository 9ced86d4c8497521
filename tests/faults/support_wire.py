"""HTTP as bytes: what an ordinary client library would never send, and answers read exactly as they came."""

import ctypes
import json
import select
import socket
import struct
import time

from support.client import log_exchange

CHECKS = "/v1/eligibility-checks"
LIMITS = "/v1/limit-queries"
PATIENCE = 30  # seconds after which a test says "it hangs"
SO_ATTACH_FILTER = 26
IP_BIND_ADDRESS_NO_PORT = 24


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # lower-case names
        self.body = body
        self.seconds = 0  # after the last byte that was sent, or the answer before

    def json(self):
        return json.loads(self.body)

    def code(self):
        """The code of a problem; None of anything else."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        return self.json()["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


def request(method="GET", path="/healthz", headers=(), body=None, host="Host: desk.invalid"):
    """The bytes of one request. `headers` are whole lines; `host` is one of them and may be empty."""
    lines = [f"{method} {path} HTTP/1.1", *([host] if host else []), *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def check_body(insurer_number="01130012", number="1234567", birth_date="1980-05-17", **fields):
    """A question about the demonstration's ordinary member, unless another is named."""
    presented = {"kind": "eligibility_certificate", "insurer_number": insurer_number, "number": number, "birth_date": birth_date}
    return json.dumps({"presented": presented, **fields}).encode()


def check_request(token, body=None, headers=(), path=CHECKS, **fields):
    """The bytes of one check."""
    return request("POST", path, [f"Authorization: Bearer {token}", "Content-Type: application/json", *headers],
                   check_body(**fields) if body is None else body)


def log(data, answer, wrong=False):
    """The exchange, for the comparison with the contract. `data`: the bytes of a request that can be read."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = [[name.strip(), value.strip()] for name, _, value in (line.partition(":") for line in lines)]
    answered = Answer(answer.status, list(answer.headers.items()), answer.body)
    log_exchange(method, path, headers, body or None, answered, wrong)


class Wire:
    """One connection to "host:port". Each answer that it reads is appended to `seen`."""

    def __init__(self, address, receive_buffer=None, source=None, seen=None):
        self.seen = seen if seen is not None else []
        self.since = time.monotonic()
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:  # an address of its own has ports of its own
            self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        host, port = address.rsplit(":", 1)
        self.socket.connect((host, int(port)))
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)
        self.since = time.monotonic()

    def send_as_far_as_it_goes(self, data):
        """Like send; that the other side has closed meanwhile is no error here. Whether all went out."""
        try:
            self.send(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.buffer += piece
        return piece != b""

    def read_head(self):
        """Status and headers; None when the connection ends before there is an answer."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict((name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines))
        return int(first.split()[1]), headers

    def read(self, body=True):
        """The next answer; None when the connection ends before a whole one. An answer to HEAD has no `body`."""
        head = self.read_head()
        while head is not None and head[0] == 100:
            head = self.read_head()
        if head is None:
            return None
        status, headers = head
        length = int(headers.get("content-length", "0")) if body else 0
        while len(self.buffer) < length:
            if not self._more():
                return None
        body_bytes, self.buffer = self.buffer[:length], self.buffer[length:]
        answer = Answer(status, headers, body_bytes)
        answer.seconds, self.since = time.monotonic() - self.since, time.monotonic()
        self.seen.append(answer)
        return answer

    def has_answer(self):
        """Whether some of an answer is there, without waiting."""
        return self.buffer != b"" or bool(select.select([self.socket], [], [], 0)[0])

    def read_some(self, most):
        """So many answers, or fewer when the other side closes."""
        answers = []
        while len(answers) < most and (answer := self.read()) is not None:
            answers.append(answer)
        return answers

    def is_closed(self):
        """Waits for the other side's end of the stream; False when it says something instead."""
        return self.buffer == b"" and not self._more()

    def ask(self, data, wrong=False):
        """Sends one request and reads its answer."""
        self.send(data)
        answer = self.read()
        if answer is not None:
            log(data, answer, wrong)
        return answer

    def fall_silent(self):
        """From now on nothing that arrives is acknowledged or answered, not even an end: as if its machine were gone."""
        take_nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # one instruction of BPF: return 0
        program = struct.pack("HP", 1, ctypes.addressof(take_nothing))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    def reset(self):
        """Leaves with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


def ask_once(address, data, wrong=False, seen=None):
    with Wire(address, seen=seen) as wire:
        return wire.ask(data, wrong)

