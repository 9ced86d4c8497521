"""exchanges.py finds what is not as the document says. The logs are made up."""

import copy
import json

import pytest

from exchanges import PROBLEM, Contract, Met, check_exchange, main

CONTRACT = Contract()
CHECK = CONTRACT.document["paths"]["/v1/eligibility-checks"]["post"]
REQUEST = CHECK["requestBody"]["content"]["application/json"]["examples"]["everything"]["value"]
ANSWER = CHECK["responses"]["200"]["content"]["application/json"]["examples"]["valid_standard"]["value"]
BY_CARD = CHECK["requestBody"]["content"]["application/json"]["examples"]["card_with_consents"]["value"]
REFUSED_CARD = CHECK["responses"]["200"]["content"]["application/json"]["examples"]["by_card_suspended"]["value"]
CHALLENGE = CONTRACT.document["paths"]["/v1/card-challenges"]["post"]["responses"]["201"]["content"][
    "application/json"]["examples"]["challenge"]["value"]
REQUEST_ID = "019ab0c2-5d6e-7c1a-9f3b-2d4e6f708192"


def exchange(request=REQUEST, status=200, answer=ANSWER, wrong=False, **changes):
    """A good check, unless something is changed."""
    made = {
        "method": "POST",
        "path": "/v1/eligibility-checks",
        "request_headers": {"Authorization": "Bearer skk_x", "Content-Type": "application/json"},
        "request_body": request if isinstance(request, str) else json.dumps(request),
        "status": status,
        "response_headers": {"Content-Type": "application/json", "X-Request-Id": REQUEST_ID,
                             "Cache-Control": "no-store"},
        "response_body": answer if isinstance(answer, str) else json.dumps(answer),
        "meant_to_be_wrong": wrong,
    }
    made.update(changes)
    return made


def refused(code, wrong=True, headers=(), **changes):
    """An exchange answered with the problem of that code."""
    problem = copy.deepcopy(CONTRACT.problems[code])
    problem.update(changes.pop("problem", {}))
    response_headers = {"Content-Type": PROBLEM, "X-Request-Id": REQUEST_ID, "Cache-Control": "no-store"}
    response_headers.update(headers)
    made = exchange(status=problem["status"], answer=problem, wrong=wrong, response_headers=response_headers)
    if isinstance(changes.get("request"), (dict, str)):
        request = changes.pop("request")
        made["request_body"] = request if isinstance(request, str) else json.dumps(request)
    made.update(changes)
    return made


def get(path, answer, method="GET", **changes):
    return exchange(method=method, path=path, request_headers={}, request_body=None, answer=answer, **changes)


def challenge(request=None, **changes):
    """A challenge asked for, by default without a body."""
    made = {"path": "/v1/card-challenges", "status": 201, "answer": CHALLENGE,
            "request_headers": {"Authorization": "Bearer skk_x"}, "request_body": request}
    if request is not None:
        made["request_headers"]["Content-Type"] = "application/json"
    made.update(changes)
    return exchange(**made)


def shown(**changes):
    return {**BY_CARD, "presented": {**BY_CARD["presented"], **changes}}


def without(value, key):
    return {name: item for name, item in value.items() if name != key}


def found_in(made):
    return check_exchange(CONTRACT, made, Met())


@pytest.mark.parametrize("made", [
    exchange(),
    exchange(path="/v1/eligibility-checks?trace=1"),
    exchange(request_headers={"authorization": "Bearer x", "content-type": "application/json; charset=utf-8"}),
    refused("not_json", request="{"),
    refused("token_missing", request_headers={"Content-Type": "application/json"},
            headers={"WWW-Authenticate": "Bearer"}),
    refused("invalid_fields", request={"presented": {"pin": "1234"}}),
    refused("invalid_fields", wrong=False),
    refused("database_unavailable", wrong=False, headers={"Retry-After": "2"}),
    challenge(),
    challenge(""),
    challenge("{}"),
    refused("invalid_fields", path="/v1/card-challenges", request={"pin": "1234"}),
    exchange(BY_CARD),
    exchange(BY_CARD, answer=REFUSED_CARD),
    refused("challenge_reused", wrong=False, request=BY_CARD),
    refused("card_certificate_untrusted", wrong=False, request=BY_CARD),
    refused("revocation_unavailable", wrong=False, request=BY_CARD, headers={"Retry-After": "2"}),
    refused("invalid_fields", request=shown(pin="1234")),
    refused("no_such_path", path="/nowhere"),
    refused("method_not_allowed", method="DELETE", headers={"Allow": "POST"}),
    refused("method_not_allowed", method="BREW", headers={"Allow": "POST"}),
    get("/healthz", {"status": "ok"}),
    get("/healthz", "", method="HEAD"),
    get("/readyz", {"ready": True, "checks": [{"name": "database", "ok": True, "detail": None}]}),
    get("/openapi.yaml", "openapi: 3.1.0\n",
        response_headers={"Content-Type": "application/yaml", "X-Request-Id": REQUEST_ID}),
    exchange(status=400, answer="<html></html>", wrong=True, response_headers={"Content-Type": "text/html"}),
], ids=lambda made: f"{made['method']} {made['path']} {made['status']}")
def test_an_exchange_as_described_is_not_complained_about(made):
    assert found_in(made) == []


WRONG = {
    "a body without a key": (exchange(answer=without(ANSWER, "receipt")), "'receipt' is a required property"),
    "a body with a key too many": (exchange(answer={**ANSWER, "my_number": "1"}), "my_number"),
    "a wrong type": (exchange(answer={**ANSWER, "accepted": "true"}), "$.accepted"),
    "an unknown reason": (exchange(answer={**ANSWER, "reasons": [{"code": "bad_mood", "text": "x"}]}), "bad_mood"),
    "a day that does not exist": (exchange(answer={**ANSWER, "visit_date": "2026-02-30"}), "$.visit_date"),
    "a time without milliseconds": (
        exchange(answer={**ANSWER, "checked_at": "2026-11-22T10:15:30+09:00"}), "$.checked_at"),
    "a body that is not JSON": (exchange(answer="{"), "not JSON"),
    "a key of the answer twice": (exchange(answer='{"check_id": 1, "check_id": 2}'), "a key twice"),
    "a number that is not JSON": (exchange(answer='{"check_id": NaN}'), "NaN"),
    "no body": (exchange(response_body=None), "not JSON"),
    "another content type": (
        exchange(response_headers={"Content-Type": "text/plain", "X-Request-Id": REQUEST_ID,
                                   "Cache-Control": "no-store"}), "text/plain"),
    "no request id": (
        exchange(response_headers={"Content-Type": "application/json", "Cache-Control": "no-store"}), "X-Request-Id"),
    "a request id of another form": (
        exchange(response_headers={"Content-Type": "application/json", "Cache-Control": "no-store",
                                   "X-Request-Id": "1"}), "X-Request-Id"),
    "an answer that may be cached": (
        exchange(response_headers={"Content-Type": "application/json", "X-Request-Id": REQUEST_ID,
                                   "Cache-Control": "max-age=60"}), "Cache-Control"),
    "a header twice": (
        exchange(response_headers=[["Content-Type", "application/json"], ["X-Request-Id", REQUEST_ID],
                                   ["Cache-Control", "no-store"], ["cache-control", "no-store"]]), "2 times"),
    "a status that is not described": (exchange(status=418), "418"),
    "a problem under another status": (
        refused("not_json", status=422, request="{"), "not_json"),
    "a problem with another title": (refused("not_json", problem={"title": "Oops"}, request="{"), "another title"),
    "a problem with other words for the desk": (
        refused("not_json", problem={"desk": "だめ"}, request="{"), "another desk"),
    "a problem with another retry": (
        refused("rate_limited", problem={"retry": "no"}, headers={"Retry-After": "1"}), "another retry"),
    "a problem of another request": (
        refused("not_json", problem={"instance": REQUEST_ID[:-1] + "3"}, request="{"), "instance"),
    "wrong fields that are not named": (refused("invalid_fields", problem={"errors": []}), "$.errors"),
    "401 without the way to authenticate": (refused("token_missing"), "WWW-Authenticate"),
    "405 without the methods": (refused("method_not_allowed", method="DELETE"), "Allow"),
    "503 without the time to wait": (refused("overloaded"), "Retry-After"),
    "503 with a time that is no number": (refused("overloaded", headers={"Retry-After": "soon"}), "Retry-After"),
    "an unknown path that is served": (get("/secret", {"status": "ok"}), "a path that is not described"),
    "an unknown method that is served": (exchange(method="PUT"), "a method that is not described"),
    "HEAD with a body": (get("/healthz", {"status": "ok"}, method="HEAD"), "HEAD"),
    "HTML where a handler answered": (
        exchange(status=422, answer="<html></html>", wrong=True, response_headers={"Content-Type": "text/html"}),
        "text/html"),
    "HTML for a request that is fine": (
        exchange(status=400, answer="<html></html>", response_headers={"Content-Type": "text/html"}), "text/html"),
    "a request that is not as described": (
        exchange(request={**REQUEST, "pin": "1234"}), "request $"),
    "a request without a token": (exchange(request_headers={"Content-Type": "application/json"}), "no token"),
    "a request without a body": (exchange(request_body=None), "no body"),
    "a question for a challenge that says something": (challenge('{"pin": "1234"}'), "'pin' was unexpected"),
    "a challenge that is not JSON": (challenge(answer=CHALLENGE["challenge"]), "not JSON"),
    "a challenge of another form": (challenge(answer={**CHALLENGE, "challenge": "short"}), "$.challenge"),
    "a challenge for whoever asks": (challenge(request_headers={}), "no token"),
    "a challenge with 200": (challenge(status=200), "200"),
    "a card with a PIN that is taken": (exchange(shown(pin="1234"), wrong=True), "although the document refuses it"),
    "a card with typed keys": (exchange(shown(number="1234567")), "'number' was unexpected"),
    "a card's certificate that is no base64": (exchange(shown(certificate="MII*")), "$.presented.certificate"),
    "a document with a certificate": (
        exchange({**REQUEST, "presented": {**REQUEST["presented"], "certificate": "MIIB"}}),
        "'certificate' was unexpected"),
    "a kind that is none": (exchange(shown(kind="library_card")), "request $.presented"),
    "a card that may not be used, with a membership": (
        exchange(BY_CARD, answer={**REFUSED_CARD, "qualification": ANSWER["qualification"]}), "$.qualification"),
    "a challenge problem that says never": (
        refused("challenge_expired", wrong=False, request=BY_CARD, problem={"retry": "no"}), "another retry"),
    "a retry that is none": (
        refused("challenge_expired", wrong=False, request=BY_CARD, problem={"retry": "at_once"}), "at_once"),
    "a proof that does not hold, with fields": (
        refused("card_signature_invalid", wrong=False, request=BY_CARD,
                problem={"errors": [{"pointer": "/presented/signature", "code": "wrong_form", "detail": "x"}]}),
        "$.errors"),
    "a wrong request that is taken": (
        exchange(request={**REQUEST, "pin": "1234"}, wrong=True), "although the document refuses it"),
    "a line without a key": (without(exchange(), "status"), "no status"),
    "a line with a wrong type": (exchange(status="200"), "wrong type"),
}


@pytest.mark.parametrize("made, said", WRONG.values(), ids=WRONG)
def test_what_is_not_as_described_is_caught(made, said):
    assert any(said in sentence for sentence in found_in(made)), found_in(made)


def log(tmp_path, *lines):
    path = tmp_path / "exchanges.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def test_a_good_log_passes_and_says_what_it_did_not_meet(tmp_path, capsys):
    assert main([log(tmp_path, exchange(), get("/healthz", {"status": "ok"}), refused("not_json", request="{"))]) == 0
    said = capsys.readouterr().out
    assert "not met: operation GET /readyz\n" in said
    assert "not met: operation GET /healthz\n" not in said
    assert "not met: status POST /v1/eligibility-checks 403\n" in said
    assert "not met: status POST /v1/eligibility-checks 400\n" not in said
    assert "not met: problem stopping\n" in said
    assert "not met: problem not_json\n" not in said
    assert "not met: field error wrong_form\n" in said
    assert "not met: reason future_visit_date\n" in said
    assert "3 exchanges, 0 not as described" in said


def test_what_was_not_met_fails_only_when_asked_for(tmp_path):
    assert main(["--all-met", log(tmp_path, exchange())]) == 1


def test_one_wrong_body_fails_the_log_and_names_its_line(tmp_path, capsys):
    path = log(tmp_path, exchange(), exchange(answer=without(ANSWER, "accepted")))
    assert main([path]) == 1
    said = capsys.readouterr().out
    assert f"{path}:2: POST /v1/eligibility-checks: " in said
    assert f"{path}:1: " not in said


def test_a_log_of_nothing_does_not_pass(tmp_path):
    assert main([log(tmp_path)]) == 1


def test_a_log_that_cannot_be_read_is_not_taken_for_a_good_one(tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{", encoding="utf-8")
    assert main([str(broken)]) == 2
    assert main([str(tmp_path / "absent.jsonl")]) == 2


def test_a_body_of_broken_utf8_can_stand_in_a_log(tmp_path):
    made = refused("bad_utf8", request_body="\udcff")
    assert main([log(tmp_path, made)]) == 0


def test_a_path_with_a_parameter_is_recognised(tmp_path):
    document = tmp_path / "openapi.yaml"
    document.write_text(
        "openapi: 3.1.0\n"
        "paths:\n"
        "  /things/{id}:\n"
        "    get:\n"
        "      responses:\n"
        "        '200': {description: One, content: {application/json: {schema: {type: string}}}}\n"
        "components: {responses: {}, schemas: {}}\n", encoding="utf-8")
    contract = Contract(document)
    assert contract.template_of("/things/7") == "/things/{id}"
    assert contract.template_of("/things/7/more") is None
    assert contract.template_of("/things/") is None
    assert check_exchange(contract, get("/things/7", '"seven"'), Met()) == []
    assert check_exchange(contract, get("/things/7", "7"), Met()) != []
