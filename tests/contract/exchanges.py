"""Is the OpenAPI true? Compares logged HTTP exchanges with openapi/openapi.yaml.

    exchanges.py [--openapi FILE] [--all-met] LOG...

A log is JSON Lines, one exchange a line:

    {"method", "path", "request_headers", "request_body" (string or null),
     "status", "response_headers", "response_body", "meant_to_be_wrong": bool}

Headers are an object, or a list of [name, value] where a name comes twice. Exit code 1 when an exchange is not as the
document says, 2 when a log cannot be read. What no exchange met is listed and decides nothing, unless --all-met is given.
"""

import argparse
import datetime
import json
import pathlib
import re
import sys

import jsonschema
import yaml

OPENAPI = pathlib.Path(__file__).resolve().parents[2] / "openapi" / "openapi.yaml"
PROBLEM = "application/problem+json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
KEYS = {
    "method": str,
    "path": str,
    "request_headers": (dict, list),
    "request_body": (str, type(None)),
    "status": int,
    "response_headers": (dict, list),
    "response_body": (str, type(None)),
    "meant_to_be_wrong": bool,
}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date", raises=ValueError)
def is_date(value):
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError("not YYYY-MM-DD")
        datetime.date.fromisoformat(value)
    return True


@formats.checks("date-time", raises=ValueError)
def is_date_time(value):
    if isinstance(value, str):
        spelling = re.fullmatch(
            r"(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
            value,
            re.ASCII,
        )
        if not spelling:
            raise ValueError("not RFC 3339")
        datetime.date.fromisoformat(spelling[1])
    return True


@formats.checks("uuid")
def is_uuid(value):
    return not isinstance(value, str) or bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value))


@formats.checks("uri")
def is_uri(value):
    return not isinstance(value, str) or bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", value))


class Contract:
    """The OpenAPI document, with look-ups."""

    def __init__(self, path=OPENAPI):
        self.document = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
        # A name stands before what any segment may stand for, as OpenAPI wants it.
        self.paths = [(self._pattern(template), template) for template in sorted(self.document["paths"], key=lambda path: path.count("{"))]
        self.outside = self.document.get("x-outside-operations", {})
        self.problems = {}
        for response in self.document["components"]["responses"].values():
            for example in response.get("content", {}).get(PROBLEM, {}).get("examples", {}).values():
                self.problems.setdefault(example["value"]["code"], example["value"])

    @staticmethod
    def _pattern(template):
        parts = re.split(r"(\{[^}]+\})", template)
        return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.at(node["$ref"])
        return node

    def at(self, reference):
        """What a local reference (#/…) names; KeyError when it names nothing."""
        if not reference.startswith("#/"):
            raise KeyError(reference)
        node = self.document
        for part in reference[2:].split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    def operations(self):
        """Yields (METHOD, template, operation)."""
        for template, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), template, item[method]

    def template_of(self, path):
        path = path.split("?", 1)[0]
        if path in self.document["paths"]:
            return path
        return next((template for pattern, template in self.paths if pattern.fullmatch(path)), None)

    def needs_token(self, operation):
        return bool(operation.get("security", self.document.get("security", [])))

    def complaints(self, schema, value):
        """What is wrong with a value, as sentences."""
        # The components lie beside the schema, so that its references resolve from this root.
        root = {"allOf": [schema], "components": {"schemas": self.document["components"].get("schemas", {})}}
        validator = jsonschema.Draft202012Validator(root, format_checker=formats)
        found = [inner for error in validator.iter_errors(value) for inner in self._of_the_kind_meant(error)]
        return [f"{error.json_path}: {shorten(error.message)}" for error in found]

    def _of_the_kind_meant(self, error):
        """Where `kind` says which of several shapes is meant, that shape's complaints: "fits none" would help nobody."""
        chooser = error.schema.get("discriminator") if error.validator == "oneOf" else None
        meant = chooser and isinstance(error.instance, dict) and error.instance.get(chooser["propertyName"])
        if not isinstance(meant, str) or meant not in chooser["mapping"]:
            return [error]
        shape = [reference["$ref"] for reference in error.validator_value].index(chooser["mapping"][meant])
        return [inner for inner in error.context if inner.schema_path[0] == shape] or [error]

    def enum(self, schema, field="code"):
        return self.document["components"]["schemas"][schema]["properties"][field]["enum"]


class Met:
    """What the exchanges met."""

    def __init__(self):
        self.operations = set()
        self.statuses = set()
        self.problems = set()
        self.field_errors = set()
        self.reasons = set()
        self.next_actions = set()

    def note_body(self, body):
        if not isinstance(body, dict):
            return
        if "errors" in body:
            self.problems.add(body.get("code"))
            self.field_errors.update(codes(body["errors"]))
        self.reasons.update(codes(body.get("reasons")))
        self.next_actions.update(codes(body.get("next_actions")))


def codes(items):
    return {item.get("code") for item in items if isinstance(item, dict)} if isinstance(items, list) else set()


def shorten(message, limit=300):
    return message if len(message) <= limit else message[: limit - 1] + "…"


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a key twice")
    return dict(pairs)


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse_json(text):
    return json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)


def header_values(headers, name):
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [value for key, value in pairs if key.lower() == name.lower()]


def media_type(headers):
    values = header_values(headers, "Content-Type")
    return values[0].split(";", 1)[0].strip().lower() if values else None


def is_json(kind):
    """One JSON text; application/x-ndjson is many."""
    return kind == "application/json" or kind.endswith("+json")


def check_shape(exchange):
    if not isinstance(exchange, dict):
        return ["the line is not an object"]
    found = [f"the line has no {key}" for key in KEYS if key not in exchange]
    found += [f"the line has a {key} of the wrong type" for key, kind in KEYS.items()
              if key in exchange and not isinstance(exchange[key], kind)]
    return found + [f"the line has an unknown {key}" for key in exchange if key not in KEYS]


def check_headers(contract, response, headers):
    found = []
    for name, header in response.get("headers", {}).items():
        header = contract.resolve(header)
        values = header_values(headers, name)
        if not values:
            if header.get("required"):
                found.append(f"the answer has no header {name}")
            continue
        if len(values) > 1:
            found.append(f"the answer has the header {name} {len(values)} times")
        value = values[0]
        if header["schema"].get("type") == "integer" and re.fullmatch(r"-?[0-9]+", value):
            value = int(value)
        found += [f"header {name} {problem}" for problem in contract.complaints(header["schema"], value)]
    return found


def check_problem(contract, exchange, body):
    """What a schema cannot say: that title, desk and retry are those of the code."""
    found = []
    known = contract.problems.get(body.get("code"))
    if known:
        found += [f"the problem {known['code']} has another {key} than in the document"
                  for key in ("type", "title", "status", "desk", "retry") if body.get(key) != known[key]]
    if body.get("status") != exchange["status"]:
        found.append(f"the problem says status {body.get('status')}")
    if [body.get("instance")] != header_values(exchange["response_headers"], "X-Request-Id"):
        found.append("instance is not the X-Request-Id")
    return found


def check_response(contract, exchange, response, met):
    found = check_headers(contract, response, exchange["response_headers"])
    body = exchange["response_body"]
    content = response.get("content", {})
    kind = media_type(exchange["response_headers"])
    if exchange["method"] == "HEAD":
        return found + (["HEAD was answered with a body"] if body else [])
    if not content:
        return found + (["a body where none is described"] if body else [])
    if kind not in content:
        return found + [f"the answer is {kind}, described is {' or '.join(content)}"]
    schema = content[kind].get("schema", {})
    if not is_json(kind):
        return found + contract.complaints(schema, body)
    try:
        value = parse_json(body or "")
    except ValueError as error:
        return found + [f"the answer is not JSON: {error}"]
    found += contract.complaints(schema, value)
    if kind == PROBLEM and isinstance(value, dict):
        found += check_problem(contract, exchange, value)
    met.note_body(value)
    return found


def check_request(contract, exchange, operation):
    """Whether the request is one that the document allows."""
    found = []
    body = exchange["request_body"]
    described = contract.resolve(operation.get("requestBody"))
    if contract.needs_token(operation) and not header_values(exchange["request_headers"], "Authorization"):
        found.append("the request has no token")
    if described is None:
        return found + (["the request has a body where none is described"] if body else [])
    if not body:
        return found + (["the request has no body"] if described.get("required") else [])
    kind = media_type(exchange["request_headers"])
    if kind not in described["content"]:
        return found + [f"the request is {kind}, described is {' or '.join(described['content'])}"]
    if not is_json(kind):
        return found + [f"request {problem}" for problem in contract.complaints(described["content"][kind]["schema"], body)]
    try:
        value = parse_json(body)
    except ValueError as error:
        return found + [f"the request is not JSON: {error}"]
    return found + [f"request {problem}" for problem in contract.complaints(described["content"][kind]["schema"], value)]


def check_exchange(contract, exchange, met):
    """Everything that is not as the document says, as sentences; empty when it holds. `met` learns what was seen."""
    found = check_shape(exchange)
    if found:
        return found
    if exchange["meant_to_be_wrong"] and exchange["status"] in contract.outside.get("html_statuses", []) \
            and media_type(exchange["response_headers"]) == "text/html":
        return []  # the HTTP layer's own answer, before any handler

    template = contract.template_of(exchange["path"])
    item = contract.document["paths"].get(template, {})
    method = exchange["method"].lower()
    described_method = "get" if method == "head" and "head" not in item else method
    operation = item.get(described_method) if described_method in METHODS else None
    if operation is None:
        responses = contract.outside.get("unknown_path" if template is None else "unknown_method", {})
        where = "a path" if template is None else "a method"
        problem = f"{where} that is not described was answered with {exchange['status']}"
    else:
        responses = operation["responses"]
        problem = f"status {exchange['status']} is not described"
        met.operations.add((described_method.upper(), template))

    status = str(exchange["status"])
    response = contract.resolve(responses.get(status, responses.get("default")))
    if response is None:
        return [problem]
    if operation is not None:
        met.statuses.add((described_method.upper(), template, status))
    found = check_response(contract, exchange, response, met)

    if operation is not None:
        wrong = check_request(contract, exchange, operation)
        if wrong and not exchange["meant_to_be_wrong"]:
            found += wrong
        elif wrong and exchange["status"] < 300:
            found += [f"taken, although the document refuses it: {sentence}" for sentence in wrong]
    return found


def unmet(contract, met):
    """Yields (what, name, decides): `decides` where --all-met asks for it."""
    for method, template, operation in contract.operations():
        if (method, template) not in met.operations:
            yield "operation", f"{method} {template}", True
            continue
        for status in operation["responses"]:
            if status != "default" and (method, template, status) not in met.statuses:
                yield "status", f"{method} {template} {status}", True
    for what, schema, seen, decides in (
        ("problem", "Problem", met.problems, True),
        ("field error", "FieldError", met.field_errors, False),
        ("reason", "Reason", met.reasons, False),
        ("next action", "NextAction", met.next_actions, False),
    ):
        for code in contract.enum(schema):
            if code not in seen:
                yield what, code, decides


def read_log(path):
    """Yields (line number, exchange)."""
    with open(path, encoding="utf-8", errors="surrogateescape") as log:
        for number, line in enumerate(log, 1):
            if line.strip():
                yield number, json.loads(line)


def main(arguments=None):
    sys.stdout.reconfigure(errors="backslashreplace")
    options = argparse.ArgumentParser(description="Compare logged HTTP exchanges with the OpenAPI document.")
    options.add_argument("logs", nargs="+", metavar="LOG", help="JSON Lines, one exchange a line")
    options.add_argument("--openapi", default=OPENAPI, help="the document (default: the repository's)")
    options.add_argument("--all-met", action="store_true",
                         help="fail also when an operation, a status or a problem code was never met")
    chosen = options.parse_args(arguments)

    contract = Contract(chosen.openapi)
    met = Met()
    exchanges = wrong = 0
    for path in chosen.logs:
        try:
            for number, exchange in read_log(path):
                exchanges += 1
                found = check_exchange(contract, exchange, met)
                wrong += bool(found)
                for sentence in found:
                    call = f"{exchange.get('method')} {exchange.get('path')}" if isinstance(exchange, dict) else "?"
                    print(f"{path}:{number}: {call}: {sentence}")
        except (OSError, ValueError) as error:
            print(f"{path}: cannot be read: {error}", file=sys.stderr)
            return 2
    missing = list(unmet(contract, met))
    for what, name, _ in missing:
        print(f"not met: {what} {name}")
    print(f"{exchanges} exchanges, {wrong} not as described, {len(missing)} things not met")
    if exchanges == 0:
        print("nothing was logged: nothing is shown", file=sys.stderr)
        return 1
    return 1 if wrong or (chosen.all_met and any(decides for _, _, decides in missing)) else 0


if __name__ == "__main__":
    sys.exit(main())
