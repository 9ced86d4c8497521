"""A stand-in for the resident register (openapi/resident-register.yaml): it answers as the contract says, or as badly as it is told.
Every question is compared with the contract."""

import http.server
import json
import pathlib
import socket
import threading
import time

import jsonschema
import yaml

from support.programs import ROOT, close_at_exit, forget

CONTRACT = yaml.safe_load((ROOT / "openapi" / "resident-register.yaml").read_text(encoding="utf-8"))
ATTRIBUTES = ("name", "birth_date", "address", "name_kana", "sex")
TOKEN = "register-token-1"


class Register:
    """people: {individual number: {name, name_kana, birth_date, address, sex, person_code}}; cards: {(issuer's key identifier, serial),
    both in hexadecimal: person_code}. `answer` decides how a question is answered: a function of (path, question) that gives
    (status, content type, body), or None for what the contract says; see the functions below. asked: all questions, in order."""

    def __init__(self, token=TOKEN):
        self.token = token
        self.people = {}
        self.cards = {}
        self.asked = []
        self.faults = []  # what was asked and is not in the contract
        self.delay = 0
        self.answer = None
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        close_at_exit(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, folder, **more):
        """Of a service that asks this register; its files are written into the folder."""
        folder = pathlib.Path(folder)
        (folder / "register.token").write_text(TOKEN + "\n")
        return {"register_url": self.url, "register_token_file": folder / "register.token", "register_retry_ms": 100, **more}

    def numbers(self):
        """The individual numbers it was asked about."""
        with self._lock:
            return [question["individual_number"] for path, question in self.asked if path == "/link-checks"]

    def begin(self, path, question):
        with self._lock:
            self.asked.append((path, question))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            name = {"/link-checks": "LinkCheck", "/card-lookups": "CardLookup"}.get(path)
            schema = {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
            if name is None or not jsonschema.Draft202012Validator(schema).is_valid(question):
                self.faults.append((path, question))
            elif set(question) - set(CONTRACT["components"]["schemas"][name]["properties"]):
                self.faults.append((path, question))

    def end(self):
        with self._lock:
            self._at_once -= 1

    def as_agreed(self, path, question):
        if path == "/card-lookups":
            code = self.cards.get((question["issuer_key_identifier"], question["serial"]))
            if code is None:
                return 404, "application/problem+json", json.dumps({"status": 404, "code": "no_such_card"})
            return 200, "application/json", json.dumps({"person_code": code})
        known = self.people.get(question["individual_number"])
        agrees = {name: known is not None and question[name] is not None and question[name] == known[name] for name in ATTRIBUTES}
        return 200, "application/json", json.dumps({"agrees": agrees, "person_code": known and known["person_code"]})

    def close(self):
        forget(self)
        self._server.shutdown()
        self._server.server_close()


def _handler(register):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def log_message(self, *_):
            pass

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            register.begin(self.path, question)
            try:
                self.reply(question)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                register.end()

        def reply(self, question):
            if register.delay:
                time.sleep(register.delay)
            if self.headers["Authorization"] != f"Bearer {register.token}":
                told = 401, "application/problem+json", json.dumps({"status": 401, "code": "token_invalid"})
            else:
                told = (register.answer or register.as_agreed)(self.path, question)
            if told is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, content_type, body, *headers = told
            body = body if isinstance(body, bytes) else body.encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


# How badly a register may answer.

def hangs_up(*_):
    return None


def busy(*_):
    return 503, "application/problem+json", '{"status": 503, "code": "away"}'


def garbage(*_):
    return 200, "application/json", b"\xff\x00<html>"


def huge(*_):
    return 200, "application/json", '{"person_code": "x", "agrees": {"name": true}, "more": "%s"}' % ("x" * 1_000_000)


def wrong_address(*_):
    return 404, "text/html", "<h1>Not Found</h1>"


def another_404(*_):
    return 404, "application/problem+json", '{"status": 404, "code": "no_such_path"}'


def redirects(*_):
    return 307, "text/plain", "over there", ("Location", "http://127.0.0.1:1/link-checks")


def matches_nobody(*_):
    return 200, "application/json", json.dumps({"agrees": dict.fromkeys(ATTRIBUTES, True), "person_code": None})


def says_little(*_):
    return 200, "application/json", json.dumps({"agrees": {"name": True}, "person_code": "x"})


def bad_code(*_):
    return 200, "application/json", json.dumps({"agrees": dict.fromkeys(ATTRIBUTES, True), "person_code": "a b"})
