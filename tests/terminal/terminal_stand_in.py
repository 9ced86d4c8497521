"""A stand-in for the service, and a way to run the terminal against it.

The binary is the one that TERMINAL names, else build/release/shikaku-terminal."""

import copy
import http.server
import json
import os
import pathlib
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TERMINAL", str(ROOT / "build" / "release" / "shikaku-terminal"))
TOKEN = "skk_" + "T" * 43

KEYS = [
    "--kind", "eligibility_certificate", "--insurer", "01130012", "--symbol", "12345678",
    "--number", "1234567", "--branch", "00", "--birth-date", "1980-05-17", "--visit-date", "2026-11-22",
]

VALID = {
    "check_id": "019d8c3e-0000-7000-8000-000000000001",
    "checked_at": "2026-11-22T10:15:30.123+09:00",
    "visit_date": "2026-11-22",
    "validity": "valid",
    "accepted": True,
    "scope": "full",
    "reasons": [],
    "next_actions": [],
    "qualification": {
        "insurer_number": "01130012",
        "insurer_name": "全国健康保険協会東京支部",
        "symbol": "12345678",
        "number": "1234567",
        "branch_number": "00",
        "relationship": "insured",
        "insured_name": "資格 太郎",
        "name": "資格 太郎",
        "name_kana": "シカク タロウ",
        "name_other": None,
        "sex": "male",
        "sex_on_face": None,
        "birth_date": "1980-05-17",
        "address": "東京都架空区一丁目",
        "acquired_on": "2019-05-01",
        "lost_on": None,
        "loss_reason": None,
    },
    "copayment": {"ratio_percent": 30, "basis": "standard", "valid_from": None, "valid_until": None},
    "limit": None,
    "specific_diseases": None,
    "consents": {
        name: {"granted": False, "until": None, "reason": "consent_needs_card"}
        for name in ("surgeries", "diagnoses_medicines", "health_checkups", "specific_diseases")
    },
    "receipt": None,
}


def valid_answer(**changes):
    """An accepted answer with changes; `qualification` and `copayment` as dicts change only what they name."""
    answer = copy.deepcopy(VALID)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(answer.get(key), dict):
            answer[key].update(value)
        else:
            answer[key] = value
    return answer


def told(code, text):
    return {"code": code, "text": text}


def problem(code, status, desk, errors=()):
    return {
        "type": "https://shikaku.invalid/problems/" + code,
        "title": "Title of " + code,
        "status": status,
        "detail": "Detail of " + code,
        "instance": "019d8c3e-0000-7000-8000-00000000000f",
        "code": code,
        "desk": desk,
        "retry": "no",
        "errors": list(errors),
    }


class Service:
    """What the stand-in answers, and what it was asked."""

    def __init__(self):
        self.requests = []
        self.release = threading.Event()
        self.raw = None
        self.silent = False
        self.status, self.headers, self.body = 200, {}, b""
        self.answers(VALID)

    def answers(self, body, status=200, media_type=None, headers=None, length=None):
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        if media_type is None:
            media_type = "application/json" if status < 400 else "application/problem+json"
        self.status, self.body = status, body
        self.headers = {"Content-Type": media_type, **(headers or {})}
        self.headers["Content-Length"] = str(len(body) if length is None else length)


def handler_for(service):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            service.requests.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
            self.close_connection = True
            if service.silent:
                service.release.wait(60)
                return
            try:
                if service.raw is not None:
                    self.wfile.write(service.raw)
                    return
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(service.body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the terminal may rightly hang up on an endless answer

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def service():
    stand_in = Service()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_for(stand_in))
    server.daemon_threads = True
    stand_in.url = "http://127.0.0.1:%d" % server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield stand_in
    stand_in.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


class Ran:
    def __init__(self, done):
        self.code = done.returncode
        self.raw_out = done.stdout
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()
        self.first = self.out.split("\n", 1)[0]
        self.lines = self.out.splitlines()

    def line(self, label):
        """What stands behind a label in the answer, or None."""
        for line in self.lines:
            words = line.split(None, 1)
            if words and words[0] == label:
                return words[1] if len(words) > 1 else ""
        return None


def run_terminal(words, env=None, **more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SHIKAKU_") and not k.lower().endswith("_proxy")}
    # No Japanese locale: the terminal must not need one.
    clean.update({"LC_ALL": "C", "SHIKAKU_TOKEN": TOKEN})
    clean.update(env or {})
    clean = {k: v for k, v in clean.items() if v is not None}
    return Ran(subprocess.run([BINARY, *words], env=clean, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60, check=False, **more))


@pytest.fixture
def terminal():
    return run_terminal


@pytest.fixture
def check(service):
    """check(words…) asks the stand-in by the usual keys; `keys` replaces them."""

    def ask(*words, keys=None, env=None):
        return run_terminal(["check", *(KEYS if keys is None else keys), *words],
                            env={"SHIKAKU_URL": service.url, **(env or {})})

    return ask
