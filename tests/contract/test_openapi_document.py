"""The OpenAPI says what the service's own lists say, its examples are right, and nothing in it leads nowhere."""

import re

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
        "card_required_with_document")} <= found
    assert "#/components/headers/Retry-After/example" in found
    assert "#/components/schemas/FieldError/properties/pointer/examples/0" in found


def test_an_example_exists_for_every_validity_and_basis():
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    values = [example["value"] for example in answers["examples"].values()]
    assert {value["validity"] for value in values} == set(CONTRACT.enum("EligibilityCheck", "validity"))
    assert {value["copayment"]["basis"] for value in values if value["copayment"]} == set(
        CONTRACT.enum("Copayment", "basis"))


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
    requests = {"EligibilityCheckRequest", "Presented", "ConsentsRequest"}
    for name, schema in objects().items():
        if name not in requests:
            assert schema["required"] == list(schema["properties"]), name


def test_only_what_the_desk_cannot_leave_out_is_required():
    assert SCHEMAS["EligibilityCheckRequest"]["required"] == ["presented"]
    assert SCHEMAS["Presented"]["required"] == ["kind", "insurer_number", "number", "birth_date"]
    assert "required" not in SCHEMAS["ConsentsRequest"]


def test_every_field_is_explained():
    for name, schema in objects().items():
        for field, described in schema["properties"].items():
            assert CONTRACT.resolve(described).get("description"), f"{name}.{field}"


@pytest.mark.parametrize("schema, field, number", [
    ("Presented", "kind", "002"),
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
    answers += [(f"{method} {path}", operation["responses"]["200"]) for method, path, operation in CONTRACT.operations()]
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
    {"pin": "1234"},
])
def test_what_the_service_refuses_is_refused_by_the_contract(changes):
    assert CONTRACT.complaints({"$ref": "#/components/schemas/EligibilityCheckRequest"}, request(**changes)) != []


@pytest.mark.parametrize("changes", [
    {"accepted": False},
    {"validity": "not_found"},
    {"validity": "invalid"},
    {"copayment": None},
    {"scope": None},
    {"qualification": None},
    {"next_actions": [{"code": "contact_insurer", "text": "保険者"}]},
    {"receipt": "x"},
])
def test_an_answer_that_contradicts_itself_is_refused_by_the_contract(changes):
    answers = DOCUMENT["paths"]["/v1/eligibility-checks"]["post"]["responses"]["200"]["content"]["application/json"]
    answer = dict(answers["examples"]["valid_standard"]["value"])
    schema = {"$ref": "#/components/schemas/EligibilityCheck"}
    assert CONTRACT.complaints(schema, answer) == []
    answer.update(changes)
    assert CONTRACT.complaints(schema, answer) != []


def test_the_info_names_what_the_http_layer_answers_itself():
    described = DOCUMENT["info"]["description"]
    part = described[described.index("**What the HTTP layer answers by itself**"):]
    for status in DOCUMENT["x-outside-operations"]["html_statuses"]:
        assert re.search(rf"\b{status}\b", part)
