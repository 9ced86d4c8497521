"""Who asks what: desks of clinics, a hotline, and clients that do it wrong. Each draws from its own random numbers, so that what it
asks, and in which order, depends on the seed alone."""

import collections
import datetime
import functools
import json
import random
import socket
import threading
import time
import uuid

from exchanges import Contract, Met, check_exchange
from support_wire import CHECKS, Wire, check_request, request

CHALLENGES = "/v1/card-challenges"
SUSPENSIONS = "/v1/card-suspensions"
HOTLINE = ("standard", "generation-1", "p256", "phone")  # whose cards are stopped and given back; no other desk asks about them
JAPAN = datetime.timezone(datetime.timedelta(hours=9))
SAMPLES_OF_A_KIND = 10  # of exchanges that are compared with the contract word by word; the others by status and code
ONE_IN = 100
REFUSED_BETWEEN_FAULTS = 0.01  # of the questions: a machine that stands still for seconds is no fault of the service
SAMPLES_MAX = 1500


the_contract = functools.lru_cache(None)(Contract)


def today():
    return datetime.datetime.now(JAPAN).date()


class Question:
    """One that has the same answer each time: `expected` as the first pass had it. A card signs a new challenge each time."""

    def __init__(self, name, fields, card=None):
        self.name = name
        self.fields = fields
        self.card = card
        self.expected = None

    def body(self, challenge=None, /, **changes):
        presented = {**self.fields["presented"], **(self.card.presented(challenge) if self.card else {}), **changes}
        return json.dumps({**self.fields, "presented": presented}).encode()


def outcome(answer):
    """What of an answer must be the same each time."""
    if answer.status != 200:
        return answer.status, answer.code()
    said = answer.json()
    return 200, {**{name: said[name] for name in ("visit_date", "validity", "accepted", "scope", "qualification", "copayment")},
                 **{name: [item["code"] for item in said[name]] for name in ("reasons", "next_actions")}}


def differs(expected, got):
    """In which fields, without anybody's data."""
    if expected[0] != 200 or got[0] != 200:
        return f"expected {expected if expected[0] != 200 else 200}, got {got if got[0] != 200 else 200}"
    return "another " + ", ".join(name for name in expected[1] if expected[1][name] != got[1][name])


def make_questions(rng, index, count):
    """Typed keys: everybody of the demonstration as they are, then so many changes of them."""
    day = today()
    people = []
    for case in index:
        if case["number"] is None:
            continue
        keys = {name: case[name] for name in ("insurer_number", "symbol", "number", "branch_number", "birth_date") if case[name]}
        by_card = case["presented_kind"] == "card"
        fields = {"presented": {"kind": "eligibility_certificate" if by_card else case["presented_kind"], **keys},
                  "visit_date": case["visit_date"] or str(day + datetime.timedelta(days=case["visit_in_days"] or 0)),
                  "setting": case["setting"], "with_card": False if by_card else case["with_card"]}
        people.append(Question(f"{case['card'] or case['number']} as {case['presented_kind']}", fields))
    made = list(people)
    while len(made) < len(people) + count:
        like = rng.choice(people)
        fields = json.loads(like.body())
        change = rng.choice(list(CHANGES))
        CHANGES[change](rng, fields)
        made.append(Question(f"{like.name}, {change}", fields))
    numbers = {case["number"] for case in index if case["card"] in HOTLINE}
    return [question for question in made if question.fields["presented"]["number"] not in numbers]


def _wrong_digit(rng, fields):
    number = fields["presented"]["number"]
    fields["presented"]["number"] = f"{number[:-1]}{rng.randrange(10)}"


def _less(rng, fields):
    for name in ("symbol", "branch_number"):
        fields["presented"].pop(name, None)


def _other_day(rng, fields):
    fields["visit_date"] = str(today() + datetime.timedelta(days=rng.randint(-700, 120)))


def _as_known(rng, fields):
    fields["known_at"] = f"{today() - datetime.timedelta(days=rng.randint(1, 300))}T12:00:00+09:00"


def _other_birth_date(rng, fields):
    fields["presented"]["birth_date"] = f"19{rng.randint(30, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"


def _other_kind(rng, fields):
    fields["presented"]["kind"] = rng.choice(["eligibility_certificate", "qualification_notice", "portal_record", "insurance_card"])
    fields["with_card"] = rng.random() < 0.5


def _agreed(rng, fields):
    fields["consents"] = {"limit_information": True, "specific_diseases": rng.random() < 0.5}


def _full_width(rng, fields):
    wide = {digit: digit + 0xFEE0 for digit in range(ord("0"), ord("9") + 1)}
    fields["presented"]["number"] = fields["presented"]["number"].translate(wide)


CHANGES = {"a wrong digit": _wrong_digit, "without symbol": _less, "another day": _other_day, "as known then": _as_known,
           "another birth date": _other_birth_date, "another kind": _other_kind, "full-width": _full_width,
           "with consent": _agreed}


def make_card_questions(rng, index, cards):
    made = []
    for name, card in sorted(cards.items()):
        consents = {word: rng.random() < 0.5 for word in ("limit_information", "diagnoses_medicines", "health_checkups", "specific_diseases")}
        made.append(Question(f"card {name}", {"visit_date": str(today()), "presented": {}}, card))
        made.append(Question(f"card {name}, another day", {"visit_date": str(today() - datetime.timedelta(days=rng.randint(1, 400))),
                                                          "consents": consents, "presented": {}}, card))
    return made


def wrong_requests(terminal, operator):
    """[(bytes, status, code)]: each is refused in the same way each time."""
    def post(body, path=CHECKS, token=terminal, more=(), kind="application/json"):
        return request("POST", path, [*([f"Authorization: Bearer {token}"] if token else []), f"Content-Type: {kind}", *more], body)

    good = check_request(terminal).partition(b"\r\n\r\n")[2]
    return [
        (post(b"{"), 400, "not_json"), (post(b'{"a":1,"a":2}'), 400, "duplicate_key"), (post(b'{"a":"\xff"}'), 400, "bad_utf8"),
        (post(b'{"presented": {"kind": "library_card", "number": 7}}'), 422, "invalid_fields"),
        (post(good[:-1] + b', "visit_date": "2026-02-30"}'), 422, "invalid_fields"),
        (post(good, token=None), 401, "token_missing"), (post(good, token="skk_nobody"), 401, "token_invalid"),
        (post(good, token=operator), 403, "scope_missing"), (post(b"{}", SUSPENSIONS), 403, "scope_missing"),
        (post(good, "/v1/nowhere"), 404, "no_such_path"), (request("DELETE", CHECKS), 405, "method_not_allowed"),
        (post(good, more=["Accept: text/html"]), 406, "not_acceptable"), (post(good, kind="text/plain"), 415, "unsupported_media_type"),
        (post(good + b" " * 66000), 413, "body_too_large"),
        (post(None, f"{SUSPENSIONS}/{uuid.UUID(int=1)}/lift", operator), 404, "no_such_suspension"),
        (post(b"{}", SUSPENSIONS, operator, ["Idempotency-Key: " + "k" * 300]), 400, "invalid_idempotency_key"),
    ]


class Traffic:
    """All desks, what they must agree on, and the judgement of every answer."""

    def __init__(self, town, verdict, seed):
        self.town = town
        self.verdict = verdict
        self.contract = the_contract()
        self.counts = collections.Counter()
        self.samples = []
        self.sampled = collections.Counter()
        self.rng = random.Random(f"{seed} samples")
        self.lock = threading.Lock()
        self.going = threading.Event()
        self.over = False
        self.day = None
        self.questions = []
        self.by_card = []
        self.keys_used = set()
        self.quiet = collections.Counter()
        kinds = [CardDesk] * 3 + [Hotline] * 2 + [Misfit] * 2 + [Desk] * 5
        self.desks = [kind(self, f"{seed} {kind.__name__} {number}", number) for number, kind in enumerate(kinds)]

    # --- the first pass

    def prepare(self, rng, index, cards, count):
        self.questions = make_questions(rng, index, count)
        self.by_card = make_card_questions(rng, index, {name: card for name, card in cards.items() if name not in HOTLINE})
        self.for_hotline = {name: Question(f"card {name}", {"presented": {}}, cards[name]) for name in HOTLINE}
        self.hotline_keys = {case["card"]: {name: case[name] for name in ("insurer_number", "symbol", "number", "branch_number",
                                                                          "birth_date") if case[name]}
                             for case in index if case["card"] in HOTLINE}

    def learn(self):
        """Asks everything once while nothing is wrong; a mistake that is made always is for tests/api to find."""
        self.day = today()
        for question in [*self.questions, *self.by_card, *self.for_hotline.values()]:
            with Wire(self.town.address) as wire:
                answer = self.ask_question(wire, question)
            if answer is None or answer.status == 503:
                raise RuntimeError(f"the first pass was not answered: {question.name}: {answer}")
            question.expected = outcome(answer)
        kinds = collections.Counter(question.expected[1].get("validity") if question.expected[0] == 200 else question.expected[1]
                                    for question in [*self.questions, *self.by_card])
        return dict(kinds)

    # --- one exchange

    def read(self, kind, wire, sent, begun, wrong=False):
        """The answer to the bytes that were sent; None when there is none, which is judged here."""
        try:
            answer = wire.read()
        except socket.timeout:
            self.count(kind, "hangs")
            self.verdict.fail("time", f"{kind}: no answer within {self.town.deadline} s")
            return None
        except OSError:
            answer = None
        self.verdict.examine("time")
        if answer is None:
            self.count(kind, "no answer")
            self.verdict.check("cut", self.town.faults.cutting_since(begun), f"{kind}: the connection ended without an answer")
            return None
        if time.monotonic() - begun > self.town.deadline:
            self.verdict.fail("time", f"{kind}: answered after {time.monotonic() - begun:.1f} s")
        self.count(kind, f"{answer.status} {answer.code() or ''}".strip())
        self.compare_with_contract(kind, sent, answer, wrong)
        self.note_refusal(answer, begun)
        return answer

    def note_refusal(self, answer, begun):
        if not self.town.faults.disturbing_since(begun):
            with self.lock:
                self.quiet["asked"] += 1
                self.quiet["refused"] += answer.status == 503

    def judge_quiet(self):
        asked, refused = self.quiet["asked"], self.quiet["refused"]
        if asked:
            self.verdict.check("quiet", refused <= 5 + REFUSED_BETWEEN_FAULTS * asked, f"{refused} of {asked} questions between faults met 503")
        return f"{asked} questions between faults, {refused} of them met 503"

    def count(self, kind, what):
        with self.lock:
            self.counts[kind, what] += 1

    def compare_with_contract(self, kind, sent, answer, wrong):
        head, _, body = sent.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        code = answer.code()
        if code is not None:
            known = self.contract.problems.get(code)
            self.verdict.check("contract", known and known["status"] == answer.status, f"{kind}: {answer.status} {code}")
        else:
            self.verdict.check("contract", answer.status in (200, 201), f"{kind}: {answer.status} without a problem")
        with self.lock:
            self.sampled[kind, answer.status, code] += 1
            if self.sampled[kind, answer.status, code] > SAMPLES_OF_A_KIND and self.rng.randrange(ONE_IN) != 0:
                return
            if len(self.samples) >= SAMPLES_MAX:
                return
            self.samples.append({
                "method": method, "path": path,
                "request_headers": [[name.strip(), value.strip()] for name, _, value in (line.partition(":") for line in lines)],
                "request_body": body.decode("utf-8", "surrogateescape") or None, "status": answer.status,
                "response_headers": list(map(list, answer.headers.items())),
                "response_body": answer.body.decode("utf-8", "surrogateescape"), "meant_to_be_wrong": wrong})

    def judge_samples(self):
        """The sampled exchanges, word by word."""
        met = Met()
        for exchange in self.samples:
            found = check_exchange(self.contract, exchange, met)
            self.verdict.check("contract", not found, f"{exchange['method']} {exchange['path']} {exchange['status']}: {found}")

    # --- questions

    def judge(self, question, answer):
        """The answer to a question that has one right answer."""
        if answer is None or answer.status == 503:
            return
        if answer.status == 200:
            self.town.ledger.give(answer.json()["check_id"], answer.body)
        if question.expected is None or today() != self.day:
            return
        got = outcome(answer)
        self.verdict.check("right", got == question.expected, f"{question.name}: {differs(question.expected, got)}")

    def send_question(self, wire, question, challenge=None):
        sent = check_request(self.town.token, question.body(challenge))
        wire.send_as_far_as_it_goes(sent)
        return sent

    def challenge(self, wire):
        """None when there was none."""
        sent = request("POST", CHALLENGES, [f"Authorization: Bearer {self.town.token}"], b"")
        begun = time.monotonic()
        wire.send_as_far_as_it_goes(sent)
        answer = self.read("challenge", wire, sent, begun)
        return answer.json()["challenge"] if answer is not None and answer.status == 201 else None

    def ask_question(self, wire, question):
        challenge = None
        if question.card is not None and (challenge := self.challenge(wire)) is None:
            return None
        begun = time.monotonic()
        sent = self.send_question(wire, question, challenge)
        answer = self.read("by card" if question.card else "typed keys", wire, sent, begun)
        self.judge(question, answer)
        return answer

    def burst(self, rng, count, connections=8, pipelined=20):
        """So many checks on a few connections: equal work."""
        wires = [Wire(self.town.address) for _ in range(connections)]
        for _ in range(count // (connections * pipelined)):
            asked = []
            for wire in wires:
                questions = rng.choices(self.questions, k=pipelined)
                sent = [check_request(self.town.token, question.body()) for question in questions]
                wire.send_as_far_as_it_goes(b"".join(sent))
                asked.append((wire, questions, sent, time.monotonic()))
            for wire, questions, sent, begun in asked:
                for question, data in zip(questions, sent):
                    self.judge(question, self.read("burst", wire, data, begun))
        for wire in wires:
            wire.close()

    # --- the desks together

    def start(self):
        self.going.set()
        for desk in self.desks:
            desk.start()

    def pause(self):
        """Returns when every desk is idle and has closed its connection."""
        self.going.clear()
        for desk in self.desks:
            while desk.is_alive() and not desk.idle.wait(1):
                pass

    def resume(self):
        for desk in self.desks:
            desk.idle.clear()
        self.going.set()

    def stop(self):
        self.over = True
        self.going.set()
        for desk in self.desks:
            desk.join(2 * self.town.deadline)


class Client(threading.Thread):
    """One connection that asks, over and over, as fast as its share of the rate allows."""

    def __init__(self, traffic, seed, number):
        super().__init__(name=seed, daemon=True)
        self.traffic = traffic
        self.town = traffic.town
        self.rng = random.Random(seed)
        self.number = number
        self.idle = threading.Event()
        self.wire = None

    def run(self):
        due = time.monotonic()
        while not self.traffic.over:
            if not self.traffic.going.is_set():
                self.hang_up()
                self.idle.set()
                self.traffic.going.wait()
                due = time.monotonic()
                continue
            try:
                self.act()
            except (ConnectionError, socket.timeout) as trouble:
                self.traffic.count(type(self).__name__, "not connected")
                self.traffic.verdict.check("cut", self.town.faults.cutting_since(due), f"{self.name}: {trouble!r}")
                self.hang_up()
            except Exception as trouble:
                self.traffic.verdict.fail("contract", f"{self.name}: {trouble!r}")
                self.hang_up()
            due = max(due + self.rng.expovariate(self.town.rate / len(self.traffic.desks)), time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))
        self.hang_up()
        self.idle.set()

    def line(self):
        """The connection, mostly the one that is open."""
        if self.wire is None or self.rng.random() < 0.1:
            self.hang_up()
            self.wire = Wire(self.town.address)
            self.wire.socket.settimeout(self.town.deadline)
        return self.wire

    def hang_up(self):
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def keep(self, answer):
        """The connection is open unless the answer said otherwise."""
        if answer is None or answer.headers.get("connection") == "close":
            self.hang_up()
        return answer

    def ask(self, kind, sent, wrong=False):
        begun = time.monotonic()
        wire = self.line()
        wire.send_as_far_as_it_goes(sent)
        return self.keep(self.traffic.read(kind, wire, sent, begun, wrong))


class Desk(Client):
    """Typed keys: mostly one after the other; also in pieces, many at once, and leaving before the answer."""

    def act(self):
        way = self.rng.random()
        question = self.rng.choice(self.traffic.questions)
        if way < 0.88:
            self.keep(self.traffic.ask_question(self.line(), question))
        elif way < 0.92:
            self.in_pieces(question)
        elif way < 0.96:
            self.many_at_once()
        else:
            self.leave(question)

    def in_pieces(self, question):
        sent = check_request(self.town.token, question.body())
        begun = time.monotonic()
        wire = self.line()
        size = self.rng.randint(20, 200)
        for at in range(0, len(sent), size):
            wire.send_as_far_as_it_goes(sent[at:at + size])
            time.sleep(self.rng.uniform(0, 0.03))
        self.traffic.judge(question, self.keep(self.traffic.read("in pieces", wire, sent, begun)))

    def many_at_once(self):
        questions = self.rng.choices(self.traffic.questions, k=self.rng.randint(2, 20))
        sent = [check_request(self.town.token, question.body()) for question in questions]
        begun = time.monotonic()
        wire = self.line()
        wire.send_as_far_as_it_goes(b"".join(sent))
        for question, data in zip(questions, sent):
            answer = self.keep(self.traffic.read("pipelined", wire, data, begun))
            self.traffic.judge(question, answer)
            if self.wire is None:
                break

    def leave(self, question):
        wire = Wire(self.town.address)
        wire.send_as_far_as_it_goes(check_request(self.town.token, question.body()) * self.rng.randint(1, 5))
        time.sleep(self.rng.uniform(0, 0.005))
        wire.reset() if self.rng.random() < 0.5 else wire.close()
        self.traffic.count("left", "without waiting")


class CardDesk(Client):
    """Checks by card; some are sent again, some on two connections at once, some with a signature that does not hold."""

    def act(self):
        question = self.rng.choice(self.traffic.by_card)
        way = self.rng.random()
        challenge = self.traffic.challenge(self.line())
        if challenge is None:
            self.hang_up()
        elif way < 0.6:
            self.show(question, challenge)
        elif way < 0.75:
            self.replay(question, challenge)
        elif way < 0.85:
            self.show_twice_at_once(question, challenge)
        else:
            self.show_wrongly(question, challenge)

    def show(self, question, challenge):
        begun = time.monotonic()
        sent = self.traffic.send_question(self.line(), question, challenge)
        answer = self.keep(self.traffic.read("by card", self.wire, sent, begun))
        self.traffic.judge(question, answer)
        return sent, answer

    def replay(self, question, challenge):
        """Sent again: after an answer it is refused; without one it may be the first that counts."""
        sent, answer = self.show(question, challenge)
        accepted = int(answer is not None and answer.status == 200)
        for _ in range(self.rng.randint(1, 3)):
            again = self.ask("replayed", sent)
            if again is not None and again.status == 200:
                self.traffic.judge(question, again)
                accepted += 1
        self.traffic.verdict.check("once", accepted <= 1, f"{question.name}: a challenge was taken {accepted} times")

    def show_twice_at_once(self, question, challenge):
        sent = check_request(self.town.token, question.body(challenge))
        begun = time.monotonic()
        with Wire(self.town.address) as one, Wire(self.town.address) as other:
            answers = []
            for wire in (one, other):
                wire.socket.settimeout(self.town.deadline)
                wire.send_as_far_as_it_goes(sent)
            for wire in (one, other):
                answers.append(self.traffic.read("twice at once", wire, sent, begun))
        for answer in answers:
            if answer is not None and answer.status == 200:
                self.traffic.judge(question, answer)
        accepted = sum(answer is not None and answer.status == 200 for answer in answers)
        self.traffic.verdict.check("once", accepted <= 1, f"{question.name}: a challenge was taken by two requests at once")

    def show_wrongly(self, question, challenge):
        wrong = {"signature": "QQ=="} if self.rng.random() < 0.5 else {"challenge": challenge[:-4] + "AAAA"}
        sent = check_request(self.town.token, question.body(challenge, **wrong))
        answer = self.ask("a proof that does not hold", sent, wrong=True)
        if answer is not None:
            self.traffic.verdict.check("right", answer.status in (409, 422, 503),
                                       f"{question.name}: a proof that does not hold: {answer.status} {answer.code()}")


class Hotline(Client):
    """Stops a card and gives it back, and looks after each step whether it is so. Each has people of its own."""

    def act(self):
        name = self.rng.choice([name for place, name in enumerate(HOTLINE) if place % 2 == self.number % 2])
        self.shows(name, stopped=False)
        key = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        self.traffic.keys_used.add(key)
        wish = json.dumps({"person": self.traffic.hotline_keys[name], "reason": self.rng.choice(["lost", "stolen", "other"])}).encode()
        made = self.until_done("suspend", SUSPENSIONS, wish, key)
        if made is None:
            return
        self.is_so(made.status == 201, f"{name} was stopped: {made}")
        self.shows(name, stopped=True)
        again = self.until_done("suspend again", SUSPENSIONS, wish, key)
        if again is not None:
            self.is_so((again.status, again.body) == (made.status, made.body), f"{name}: an Idempotency-Key made something else")
        suspension = made.json()["suspension_id"]
        while (lifted := self.until_done("lift", f"{SUSPENSIONS}/{suspension}/lift", None, None)) is None:
            if self.traffic.over:
                return
        self.is_so(lifted.status == 200 and lifted.json()["lifted_at"] is not None, f"{name} was given back: {lifted}")
        self.shows(name, stopped=False)

    def is_so(self, holds, sentence):
        self.traffic.verdict.check("suspended", holds, sentence)

    def until_done(self, kind, path, body, key):
        """Sends it again until it is known what became of it."""
        headers = [f"Authorization: Bearer {self.town.operator}", *(["Content-Type: application/json"] if body else []),
                   *([f"Idempotency-Key: {key}"] if key else [])]
        while not self.traffic.over:
            answer = self.ask(kind, request("POST", path, headers, body or b""))
            if answer is not None and answer.status != 503:
                return answer
            time.sleep(0.1)
        return None

    def shows(self, name, stopped):
        question = self.traffic.for_hotline[name]
        challenge = self.traffic.challenge(self.line())
        if challenge is None:
            self.hang_up()
            return
        begun = time.monotonic()
        sent = self.traffic.send_question(self.line(), question, challenge)
        answer = self.keep(self.traffic.read("by a card of the hotline", self.wire, sent, begun))
        if answer is None or answer.status != 200:
            return
        self.town.ledger.give(answer.json()["check_id"], answer.body)
        got = [reason["code"] for reason in answer.json()["reasons"]]
        if stopped:
            self.is_so("card_suspended" in got and answer.json()["accepted"] is False, f"{name} is stopped and got {got}")
        elif today() == self.traffic.day:
            self.is_so(outcome(answer) == question.expected, f"{name} is not stopped: {differs(question.expected, outcome(answer))}")


class Misfit(Client):
    """Wrong requests, and those who only look."""

    def act(self):
        if self.rng.random() < 0.7:
            sent, status, code = self.rng.choice(wrong_requests(self.town.token, self.town.operator))
            answer = self.ask("wrong", sent, wrong=True)
            if answer is not None and answer.status != 503:
                self.traffic.verdict.check("right", (answer.status, answer.code()) == (status, code),
                                           f"a wrong request expected {status} {code}, got {answer.status} {answer.code()}")
        elif self.rng.random() < 0.9:
            path = self.rng.choice(["/healthz", "/readyz", "/openapi.yaml"])
            self.ask(path, request(path=path))
        else:
            self.town.replicas[0].metrics_text()  # the one that is never replaced
            self.traffic.count("/metrics", "200")
        time.sleep(0.02)
