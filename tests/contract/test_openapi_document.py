"""The OpenAPI says what the service's own lists say, its examples are right, and nothing in it leads nowhere."""

import base64
import copy
import re
import subprocess

import pytest

import catalogues
from exchanges import PROBLEM, Contract

CONTRACT = Contract()
DOCUMENT = CONTRACT.document
SCHEMAS = DOCUMENT["components"]["schemas"]
RESPONSES = DOCUMENT["components"]["responses"]


def walk(node, where="#"):
    """Yields every (pointer, object) of the document."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            yield from walk(value, f"{where}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{where}/{index}")


def references():
    return [(where, node["$ref"]) for where, node in walk(DOCUMENT) if isinstance(node.get("$ref"), str)]


def examples():
    """Yields (pointer, schema, value) of every example of a media type, header or schema."""
    for where, node in walk(DOCUMENT):
        if "/examples/" in where or "/properties/" in where and where.endswith("/examples"):
            continue
        schema = node.get("schema", node if "type" in node else None)
        if schema is None:
            continue
        if "example" in node:
            yield f"{where}/example", schema, node["example"]
        named = node.get("examples", {})
        for name, example in named.items() if isinstance(named, dict) else enumerate(named):
            yield f"{where}/examples/{name}", schema, example["value"] if isinstance(named, dict) else example


EXAMPLES = list(examples())


def table_rows(schema):
    """The rows of the Markdown table in the description of a schema's `code`, without backticks."""
    description = SCHEMAS[schema]["properties"]["code"]["description"]
    lines = [line for line in description.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines[1:]]


def problem_examples():
    return [example["value"] for response in RESPONSES.values()
            for example in response["content"][PROBLEM]["examples"].values()]


def test_a_client_finds_every_problem_code_of_the_service_and_no_other():
    assert CONTRACT.enum("Problem") == list(catalogues.problems())


def test_a_client_reads_the_status_retry_and_title_that_the_service_answers():
    stated = {code: (int(status), retry, title) for code, status, retry, title in table_rows("Problem")}
    assert stated == {code: (problem["status"], problem["retry"], problem["title"])
                      for code, problem in catalogues.problems().items()}


def test_a_client_sees_an_example_of_every_problem_with_the_words_that_the_desk_gets():
    shown = problem_examples()
    assert {example["code"] for example in shown} == set(catalogues.problems())
    for example in shown:
        problem = catalogues.problems()[example["code"]]
        assert {key: example[key] for key in problem} == problem
        assert example["type"] == f"https://shikaku.invalid/problems/{example['code']}"


def test_a_status_lists_exactly_the_problems_that_come_with_it():
    for name, response in RESPONSES.items():
        narrowed = response["content"][PROBLEM]["schema"]["allOf"][1]["properties"]
        status = narrowed["status"]["const"]
        assert narrowed["code"]["enum"] == [
            code for code, problem in catalogues.problems().items() if problem["status"] == status], name
    everywhere = list(walk(DOCUMENT["paths"])) + list(walk(DOCUMENT["x-outside-operations"]))
    for where, node in everywhere:
        reference = node.get("$ref", "")
        if reference.startswith("#/components/responses/"):
            response = CONTRACT.at(reference)
            assert where.rsplit("/", 1)[1] == str(
                response["content"][PROBLEM]["schema"]["allOf"][1]["properties"]["status"]["const"]), where


def test_a_client_knows_each_way_to_ask_again():
    assert set(SCHEMAS["Problem"]["properties"]["retry"]["enum"]) == {
        problem["retry"] for problem in catalogues.problems().values()}


def test_a_client_finds_every_field_error_of_the_service_and_no_other():
    assert CONTRACT.enum("FieldError") == catalogues.field_errors()
    assert [code for code, _ in table_rows("FieldError")] == catalogues.field_errors()


@pytest.mark.parametrize("schema, macro", [("Reason", "REASONS"), ("NextAction", "NEXT_ACTIONS")])
def test_a_client_finds_every_code_for_the_desk_with_its_words_in_the_order_of_an_answer(schema, macro):
    assert CONTRACT.enum(schema) == list(catalogues.words(macro))
    assert {row[0]: row[1] for row in table_rows(schema)} == catalogues.words(macro)


def test_a_reason_names_the_rule_that_it_comes_from():
    for code, _, rule in table_rows("Reason"):
        assert re.fullmatch(r"R[0-9]{1,2}(\.[0-9]{1,2})?(, R[0-9]{1,2}(\.[0-9]{1,2})?)*", rule), code


def test_an_example_answer_has_the_words_of_its_codes_in_the_order_of_an_answer():
    reasons, actions = catalogues.words("REASONS"), catalogues.words("NEXT_ACTIONS")
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    for name, example in answers["examples"].items():
        for key, known in (("reasons", reasons), ("next_actions", actions)):
            given = [(item["code"], item["text"]) for item in example["value"][key]]
            assert given == [item for item in known.items() if item in given], name


@pytest.mark.parametrize("where, schema, value", EXAMPLES, ids=[where for where, _, _ in EXAMPLES])
def test_an_example_can_be_copied(where, schema, value):
    assert CONTRACT.complaints(schema, value) == []


def test_the_examples_are_found_at_all():
    found = {where for where, _, _ in EXAMPLES}
    answer = "#/paths/~1v1~1eligibility-checks/post/responses/200/content/application~1json/examples/"
    assert {answer + name for name in (
        "valid_standard", "preschool", "late_elderly", "not_found", "multiple", "invalid_newer_exists",
        "card_required_with_document", "by_card", "by_card_in_grace", "by_card_suspended", "by_card_not_registered",
        "by_card_certificate_expires_soon", "by_card_overlapping", "by_card_multiple", "by_card_no_membership")} <= found
    assert "#/components/headers/Retry-After/example" in found
    assert "#/components/schemas/FieldError/properties/pointer/examples/0" in found


def test_an_example_exists_for_every_validity_and_basis():
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    values = [example["value"] for example in answers["examples"].values()]
    assert {value["validity"] for value in values} == set(CONTRACT.enum("EligibilityCheck", "validity"))
    assert {value["copayment"]["basis"] for value in values if value["copayment"]} == set(
        CONTRACT.enum("Copayment", "basis"))


def test_an_example_exists_for_every_scope_and_for_every_answer_about_a_consent():
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    values = [example["value"] for example in answers["examples"].values()]
    assert {value["scope"] for value in values} == set(CONTRACT.enum("EligibilityCheck", "scope"))
    assert {consent["reason"] for value in values for consent in value["consents"].values()} == set(
        CONTRACT.enum("Consent", "reason"))


def test_every_reference_leads_somewhere():
    assert len(references()) > 50
    for where, reference in references():
        try:
            CONTRACT.at(reference)
        except KeyError:
            pytest.fail(f"{where} refers to {reference}, which is not there")


def test_every_component_is_used():
    used = {reference for _, reference in references()}
    for kind in ("schemas", "responses", "headers"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def objects():
    return {name: schema for name, schema in SCHEMAS.items() if schema.get("type") == "object"}


def test_a_field_that_is_not_described_is_never_answered_or_taken():
    for name, schema in objects().items():
        assert schema["additionalProperties"] is False, name


def test_every_key_of_an_answer_is_always_there():
    parts_of_requests = {"PresentedCard", "PresentedDocument", "TypedPerson"}
    for name, schema in objects().items():
        if not name.endswith("Request") and name not in parts_of_requests:
            assert schema["required"] == list(schema["properties"]), name


def test_only_what_the_desk_cannot_leave_out_is_required():
    assert SCHEMAS["EligibilityCheckRequest"]["required"] == ["presented"]
    assert SCHEMAS["PresentedDocument"]["required"] == ["kind", "insurer_number", "number", "birth_date"]
    assert SCHEMAS["PresentedCard"]["required"] == ["kind", "certificate", "challenge", "signature", "algorithm"]
    assert "required" not in SCHEMAS["ConsentsRequest"]
    assert SCHEMAS["CardSuspensionRequest"]["required"] == ["person"]
    assert SCHEMAS["CeilingMonthRequest"]["required"] == ["person", "month", "care"]
    assert SCHEMAS["InsurerRequest"]["required"] == ["name"]
    assert SCHEMAS["WorkplaceRequest"]["required"] == ["name"]
    assert "required" not in SCHEMAS["MemberSearchRequest"]
    assert SCHEMAS["TypedPerson"]["required"] == ["insurer_number", "number", "birth_date"]


def test_every_field_is_explained():
    for name, schema in objects().items():
        for field, described in schema["properties"].items():
            assert CONTRACT.resolve(described).get("description"), f"{name}.{field}"


@pytest.mark.parametrize("schema, field, number", [
    ("PresentedDocument", "kind", "002"),
    ("PresentedCard", "kind", "002"),
    ("EligibilityCheck", "validity", "006"),
    ("Qualification", "sex", "007"),
    ("Qualification", "sex_on_face", "007"),
    ("Qualification", "loss_reason", "008"),
    ("Qualification", "relationship", "009"),
])
def test_a_vendor_finds_the_national_code(schema, field, number):
    assert f"OQSCD{number}" in SCHEMAS[schema]["properties"][field]["description"]


def test_every_answer_can_be_found_in_the_log_and_stays_out_of_caches():
    answers = [(name, response) for name, response in RESPONSES.items()]
    answers += [(f"{method} {path}", response) for method, path, operation in CONTRACT.operations()
                for status, response in operation["responses"].items() if status.startswith("2")]
    for name, response in answers:
        assert "X-Request-Id" in response["headers"], name
        assert ("Cache-Control" in response["headers"]) == (name != "GET /openapi.yaml"), name
    for name, header in DOCUMENT["components"]["headers"].items():
        assert header["required"] is True, name


@pytest.mark.parametrize("name, header", [
    ("Unauthorized", "WWW-Authenticate"), ("MethodNotAllowed", "Allow"),
    ("RateLimited", "Retry-After"), ("Unavailable", "Retry-After")])
def test_a_client_learns_what_to_do_from_the_header(name, header):
    assert header in RESPONSES[name]["headers"]


def request(**changes):
    presented = {"kind": "eligibility_certificate", "insurer_number": "01130012", "number": "1234567",
                 "birth_date": "1980-05-17"}
    presented.update(changes)
    return {"presented": presented}


@pytest.mark.parametrize("changes", [
    {"insurer_number": "０１１３００１２"},
    {"insurer_number": "　 390013 　"},
    {"insurer_number": "1３8０5７"},
    {"branch_number": " ０1　"},
    {"symbol": "協会　－１２", "number": "〇〇一"},
    {"symbol": None, "branch_number": None},
])
def test_a_spelling_that_the_service_normalises_is_not_refused_by_the_contract(changes):
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheckRequest"}, request(**changes)) == []


@pytest.mark.parametrize("changes", [
    {"insurer_number": "0113001"},
    {"insurer_number": "0113-0012"},
    {"insurer_number": None},
    {"branch_number": "1"},
    {"number": 1234567},
    {"birth_date": "1980-02-30"},
    {"birth_date": "1980-5-17"},
    {"kind": "card"},
    {"kind": "library_card"},
    {"certificate": "MIIB"},
    {"pin": "1234"},
])
def test_what_the_service_refuses_is_refused_by_the_contract(changes):
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheckRequest"}, request(**changes)) != []


CHECK = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]
CARD = CHECK["requestBody"]["content"]["application/json"]["examples"]["card"]["value"]["presented"]


def by_card(**changes):
    return {"presented": {key: value for key, value in {**CARD, **changes}.items() if value != "left out"}}


@pytest.mark.parametrize("changes", [
    {},
    {"holder_verification": None},
    {"holder_verification": "pin"},
    {"algorithm": "RS256", "signature": "AAAA" * 256},
    {"certificate": "MIIBCgKCAQ=="},
    {"challenge": "x"},
])
def test_a_card_that_the_service_looks_at_is_not_refused_by_the_contract(changes):
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheckRequest"}, by_card(**changes)) == []


@pytest.mark.parametrize("changes", [
    {"pin": "1234"},
    {"insurer_number": "01130012"},
    {"birth_date": "1980-05-17"},
    {"certificate": "left out"},
    {"challenge": "left out"},
    {"signature": "left out"},
    {"algorithm": "left out"},
    {"certificate": None},
    {"certificate": ""},
    {"certificate": "MIIBCgKCAQ"},
    {"certificate": "MIIBCgKCAR=="},
    {"certificate": "MIIB\nCgKC"},
    {"certificate": "MIIB-_KC"},
    {"certificate": "AAAA" * 2049},
    {"signature": "AAAA" * 257},
    {"challenge": ""},
    {"challenge": "x" * 201},
    {"algorithm": "none"},
    {"algorithm": "HS256"},
    {"algorithm": "rs256"},
    {"holder_verification": "password"},
])
def test_a_card_that_the_service_refuses_unseen_is_refused_by_the_contract(changes):
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheckRequest"}, by_card(**changes)) != []


def test_a_terminal_s_developer_can_verify_the_signature_of_the_example(tmp_path):
    challenge = DOCUMENT["paths"]["/v1/card-challenges"]["post"]["responses"]["201"]["content"]["application/json"][
        "examples"]["challenge"]["value"]["challenge"]
    assert CARD["challenge"] == challenge
    for name, content in (("card.der", base64.b64decode(CARD["certificate"], validate=True)),
                          ("signature", base64.b64decode(CARD["signature"], validate=True)),
                          ("challenge", challenge.encode("ascii"))):
        (tmp_path / name).write_bytes(content)

    def openssl(*arguments):
        return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    openssl("x509", "-inform", "DER", "-in", "card.der", "-pubkey", "-noout", "-out", "card.pub")
    assert CARD["algorithm"] == "ES256"
    assert "Verified OK" in openssl("dgst", "-sha256", "-verify", "card.pub", "-signature", "signature", "challenge")


def test_a_generated_client_finds_the_shape_of_each_kind():
    shapes = {reference["$ref"]: CONTRACT.resolve(reference) for reference in SCHEMAS["Presented"]["oneOf"]}
    mapping = SCHEMAS["Presented"]["discriminator"]["mapping"]
    assert mapping == {kind: reference for reference, shape in shapes.items() for kind in shape["properties"]["kind"]["enum"]}


def test_no_field_of_a_request_could_be_taken_for_a_pin():
    for name in ("EligibilityCheckRequest", "PresentedCard", "PresentedDocument", "ConsentsRequest"):
        for field in SCHEMAS[name]["properties"]:
            assert not re.search(r"(^|_)(pin|password|secret|code)(_|$)", field), f"{name}.{field}"


CONSENT_MISSING, NOT_REGISTERED, FROM_RATIO = ({"code": code, "text": catalogues.words("REASONS")[code]} for code in (
    "limit_consent_missing", "limit_not_registered", "limit_from_ratio"))
LIMIT = {"category": "A03", "label": "ウ", "certificate": "01", "valid_from": "2026-08-01", "valid_until": None, "long_stay_from": None}


@pytest.mark.parametrize("changes", [
    {"accepted": False},
    {"validity": "not_found"},
    {"validity": "invalid"},
    {"copayment": None},
    {"scope": None},
    {"qualification": None},
    {"next_actions": [{"code": "contact_insurer", "text": "保険者"}]},
    {"receipt": "x"},
    {"reasons": []},
    {"reasons": [CONSENT_MISSING, NOT_REGISTERED]},
    {"reasons": [FROM_RATIO]},
    {"limit": LIMIT},
    {"limit": {**LIMIT, "category": "A07"}, "reasons": []},
    {"limit": {**LIMIT, "certificate": "04"}, "reasons": []},
    {"limit": {"category": "A03"}, "reasons": []},
    {"specific_diseases": []},
])
def test_an_answer_that_contradicts_itself_is_refused_by_the_contract(changes):
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    answer = dict(answers["examples"]["valid_standard"]["value"])
    schema = {"$ref": "#/components/schemas/EligibilityCheck"}
    assert CONTRACT.complaints(schema, answer) == []
    assert CONTRACT.complaints(schema, {**answer, "limit": LIMIT, "reasons": []}) == []
    assert CONTRACT.complaints(schema, {**answer, "limit": LIMIT, "reasons": [FROM_RATIO]}) == []
    answer.update(changes)
    assert CONTRACT.complaints(schema, answer) != []


GRANTED = {"granted": True, "until": "2026-11-23T10:15:30.123+09:00", "reason": None}
REFUSED = {"granted": False, "until": None, "reason": "consent_refused"}


def answer_by_card(name, changes, consent=None):
    answers = CHECK["responses"]["200"]["content"]["application/json"]
    answer = copy.deepcopy(answers["examples"][name]["value"])
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheck"}, answer) == []
    answer.update(changes)
    answer["consents"].update(consent or {})
    return CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheck"}, answer)


SUSPENDED = {"code": "card_suspended", "text": "マイナンバーカードの利用が一時停止されています。"}
CHARGE = {"code": "charge_full_amount", "text": "いったん全額（10割）をお支払いいただきます。"}


@pytest.mark.parametrize("name, changes", [
    ("by_card_suspended", {"reasons": []}),
    ("by_card_suspended", {"reasons": [SUSPENDED, {**SUSPENDED, "code": "card_not_registered"}]}),
    ("by_card_suspended", {"reasons": [{**SUSPENDED, "code": "membership_ended"}]}),
    ("by_card_suspended", {"accepted": True, "scope": "full", "next_actions": []}),
    ("by_card_suspended", {"qualification": {}}),
    ("by_card_suspended", {"next_actions": []}),
    ("by_card_suspended", {"scope": "full"}),
    ("by_card_suspended", {"limit": LIMIT}),
    ("by_card_with_limit", {"reasons": [NOT_REGISTERED]}),
    ("by_card_with_limit", {"limit": None}),
    ("by_card_with_limit", {"specific_diseases": [{"category": "4", "self_pay": 10000, "valid_from": "2024-02-01", "valid_until": None}]}),
    ("by_card_with_limit", {"specific_diseases": [{"category": "1", "self_pay": None, "valid_from": "2024-02-01", "valid_until": None}]}),
    ("by_card", {"validity": None}),
    ("by_card", {"accepted": False, "scope": None, "next_actions": [CHARGE]}),
    ("by_card", {"specific_diseases": None}),
    ("by_card", {"scope": "qualification_only"}),
    ("by_card_in_grace", {"reasons": []}),
    ("by_card_in_grace", {"specific_diseases": []}),
    ("by_card_multiple", {"qualification": {}}),
])
def test_an_answer_to_a_card_that_contradicts_itself_is_refused_by_the_contract(name, changes):
    assert answer_by_card(name, changes) != []


@pytest.mark.parametrize("name, category, consent", [
    ("by_card", "surgeries", {**GRANTED, "until": None}),
    ("by_card", "surgeries", {**GRANTED, "reason": "consent_refused"}),
    ("by_card", "surgeries", {**REFUSED, "reason": None}),
    ("by_card", "surgeries", {**REFUSED, "until": GRANTED["until"]}),
    ("by_card", "specific_diseases", REFUSED),
    ("by_card_in_grace", "surgeries", GRANTED),
    ("by_card_suspended", "health_checkups", GRANTED),
    ("by_card_no_membership", "diagnoses_medicines", GRANTED),
])
def test_medical_information_without_a_ground_is_refused_by_the_contract(name, category, consent):
    assert answer_by_card(name, {}, {category: consent}) != []


def test_only_a_problem_about_fields_names_fields():
    schema = RESPONSES["InvalidFields"]["content"][PROBLEM]["schema"]
    problem = copy.deepcopy(CONTRACT.problems["card_signature_invalid"])
    assert CONTRACT.complaints(schema, problem) == []
    problem["errors"] = [{"pointer": "/presented/signature", "code": "wrong_form", "detail": "Base64."}]
    assert CONTRACT.complaints(schema, problem) != []


def test_a_problem_of_a_proof_says_that_the_card_is_to_be_read_again_or_that_it_does_not_help():
    retries = {code: problem["retry"] for code, problem in catalogues.problems().items()
               if code.startswith(("challenge_", "card_"))}
    assert {code for code, retry in retries.items() if retry == "new_challenge"} == {
        "challenge_expired", "challenge_reused", "card_signature_invalid"}
    assert {retry for retry in retries.values()} == {"no", "new_challenge"}


def test_the_info_names_what_the_http_layer_answers_itself():
    described = DOCUMENT["info"]["description"]
    part = described[described.index("**What the HTTP layer answers by itself**"):]
    for status in DOCUMENT["x-outside-operations"]["html_statuses"]:
        assert re.search(rf"\b{status}\b", part)
