"""A stand-in for the service, and a way to run the terminal against it.

The binary is the one that TERMINAL names, else build/release/shikaku-terminal."""

import base64
import binascii
import copy
import http.server
import json
import os
import pathlib
import secrets
import subprocess
import tempfile
import threading
import time

import pytest

from terminal_cards import signature_holds

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TERMINAL", str(ROOT / "build" / "release" / "shikaku-terminal"))
TOKEN = "skk_" + "T" * 43

KEYS = [
    "--kind", "eligibility_certificate", "--insurer", "01130012", "--symbol", "12345678",
    "--number", "1234567", "--branch", "00", "--birth-date", "1980-05-17", "--visit-date", "2026-11-22",
]

LIMIT_KEYS = ["--month", "2026-08", *KEYS[:-2], "--consent", "limit_information"]

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


def changed(answer, changes):
    answer = copy.deepcopy(answer)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(answer.get(key), dict):
            answer[key].update(value)
        else:
            answer[key] = value
    return answer


# What `limit` of an answer may be.
CATEGORY = {"category": "A03", "label": "ウ", "certificate": "01", "valid_from": "2026-08-01", "valid_until": "2027-07-31", "long_stay_from": None}


def valid_answer(**changes):
    """An accepted answer with changes; `qualification` and `copayment` as dicts change only what they name."""
    return changed(VALID, changes)


LIMIT = {
    "check_id": "019d8c3e-0000-7000-8000-000000000002",
    "checked_at": "2026-11-22T10:15:30.123+09:00",
    "care_month": "2026-08",
    "visit_date": "2026-08-31",
    "validity": "valid",
    "accepted": True,
    "scope": "full",
    "category": "A03",
    "label": "ウ",
    "ratio_percent": 30,
    "formula": {"base": 85800, "threshold": 286000, "rate_percent": 1},
    "ceiling": None,
    "multiple_months": None,
    "halved_month": False,
    "prior_ceiling_months": 0,
    "outpatient_ceiling": None,
    "outpatient_annual_ceiling": None,
    "annual_ceiling": 530000,
    "annual_ceiling_low_income": None,
    "specific_disease_ceiling": None,
    "patient_pays": None,
    "pay_now": None,
    "table": {"from": "2026-08", "until": None, "version": 1, "source": "令和8年8月からの表", "note": None},
    "reasons": [],
    "next_actions": [],
}
UNTOLD = ("category", "label", "formula", "ceiling", "multiple_months", "halved_month", "prior_ceiling_months",
          "outpatient_ceiling", "outpatient_annual_ceiling", "annual_ceiling", "annual_ceiling_low_income",
          "specific_disease_ceiling", "table")


def limit_answer(**changes):
    """An answer to a limit query with changes; a dict changes only what it names."""
    return changed(LIMIT, changes)


def untold_limit_answer(**changes):
    """One without a category: there is none, or nobody agreed to its being told (R7.8, R7.9)."""
    return limit_answer(**{**dict.fromkeys(UNTOLD), **changes})


def invalid_limit_answer(**changes):
    """One about somebody who is not covered in the month: no amounts at all."""
    return untold_limit_answer(**{"validity": "invalid", "accepted": False, "scope": None, "ratio_percent": None, **changes})


def told(code, text):
    return {"code": code, "text": text}


def card_answer(agreed=(), **changes):
    """The same by card: medical information as far as it was agreed to."""
    consents = {
        name: {"granted": True, "until": "2026-11-23T10:15:30.123+09:00", "reason": None} if name in agreed
        else {"granted": False, "until": None, "reason": "consent_refused"} for name in VALID["consents"]
    }
    return valid_answer(**{"consents": consents,
                           "specific_diseases": [] if "specific_diseases" in agreed else None, **changes})


def unusable_card_answer(reason="card_not_registered", **changes):
    """A genuine card that may not be used (R5.3)."""
    consents = {name: {"granted": False, "until": None, "reason": "not_accepted"} for name in VALID["consents"]}
    return valid_answer(**{
        "validity": None, "accepted": False, "scope": None, "qualification": None, "copayment": None,
        "consents": consents, "reasons": [told(reason, "このカードを受付で使えない理由です。")],
        "next_actions": [told("ask_for_eligibility_certificate", "資格確認書をお持ちか、お尋ねください。")], **changes})


def problem(code, status, desk, errors=(), retry="no"):
    return {
        "type": "https://shikaku.invalid/problems/" + code,
        "title": "Title of " + code,
        "status": status,
        "detail": "Detail of " + code,
        "instance": "019d8c3e-0000-7000-8000-00000000000f",
        "code": code,
        "desk": desk,
        "retry": retry,
        "errors": list(errors),
    }


class Service:
    """What the stand-in answers, and what it was asked."""

    def __init__(self):
        self.requests = []
        self.release = threading.Event()
        self.raw = None
        self.silent = False
        self.challenges = []  # as issued
        self.challenge_answer = None  # (status, body) instead of a challenge
        self.pause = 0  # seconds before anything is answered
        self.once = []  # (status, body) for the next checks, before what is answered always
        self.got = []  # paths of GETs, with their headers
        self.ready = self.healthy = 200
        self.clock_off = 0  # seconds; None: no Date
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


    def fault_of(self, presented):
        """What a card's proof is refused for, or None; checks as the service must (R5.1)."""
        assert set(presented) - {"holder_verification"} == {"kind", "certificate", "challenge", "signature", "algorithm"}
        if presented["challenge"] not in self.challenges:
            return problem("challenge_expired", 409, "もう一度カードを読み取ってください。", retry="new_challenge")
        try:
            certificate = base64.b64decode(presented["certificate"], validate=True)
            signature = base64.b64decode(presented["signature"], validate=True)
        except binascii.Error:
            return problem("invalid_fields", 422, "入力内容に誤りがあります。")
        with tempfile.TemporaryDirectory() as folder:
            if signature_holds(certificate, presented["algorithm"], presented["challenge"].encode(), signature, folder):
                return None
        return problem("card_signature_invalid", 422, "カードの署名を確認できません。", retry="new_challenge")


def handler_for(service):
    class Handler(http.server.BaseHTTPRequestHandler):
        def date_time_string(self, timestamp=None):
            return super().date_time_string(time.time() + (service.clock_off or 0))

        def send_all(self, status, body, headers):
            if service.clock_off is None:
                self.send_response_only(status)
            else:
                self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def send_json(self, status, body):
            raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
            self.send_all(status, raw, {
                "Content-Type": "application/json" if status < 400 else "application/problem+json",
                "Content-Length": str(len(raw))})

        def do_GET(self):
            service.got.append((self.path, dict(self.headers)))
            self.close_connection = True
            status = {"/healthz": service.healthy, "/readyz": service.ready}.get(self.path, 404)
            self.send_json(status, {"status": "ok"} if status == 200 else problem("x", status, "受付の言葉。"))

        def send_challenge(self):
            assert "Content-Type" not in self.headers and self.headers["Content-Length"] == "0"
            if service.challenge_answer is not None:
                self.send_json(*service.challenge_answer)
                return
            service.challenges.append(secrets.token_urlsafe(57))
            self.send_json(201, {"challenge": service.challenges[-1], "expires_at": "2026-11-22T10:16:30.123+09:00"})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.close_connection = True
            time.sleep(service.pause)
            if self.path.endswith("/v1/card-challenges"):
                self.send_challenge()
                return
            service.requests.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
            if service.once:
                self.send_json(*service.once.pop(0))
                return
            presented = service.requests[-1]["body"]["presented"]
            fault = service.fault_of(presented) if presented["kind"] == "card" else None
            if fault is not None:
                self.send_json(fault["status"], fault)
                return
            if service.silent:
                service.release.wait(60)
                return
            try:
                if service.raw is not None:
                    self.wfile.write(service.raw)
                    return
                self.send_all(service.status, service.body, service.headers)
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


@pytest.fixture
def limit(service):
    """limit(words…) asks the stand-in about a month by the usual keys; `keys` replaces them."""
    service.answers(LIMIT)

    def ask(*words, keys=None, env=None):
        return run_terminal(["limit", *(LIMIT_KEYS if keys is None else keys), *words],
                            env={"SHIKAKU_URL": service.url, **(env or {})})

    return ask
