"""Reads the lists that the C sources hold: the problems, the field errors, the reasons and the next actions."""

import pathlib
import re

SERVICE = pathlib.Path(__file__).resolve().parents[2] / "service"
TEXT = r'((?:"[^"\\]*"[\s\\]*)+)'


def joined(literals):
    """C joins string literals that stand side by side."""
    return "".join(re.findall(r'"([^"\\]*)"', literals))


def source(path):
    return re.sub(r"/\*.*?\*/", "", (SERVICE / path).read_text(encoding="utf-8"), flags=re.S)


def rows(text, macro, pattern):
    """Every use of the macro must have the form expected: one that is overlooked would be one that is not checked."""
    found = [match.groups() for match in re.finditer(rf"\b{macro}\(\s*\w+\s*,\s*{pattern}\)", text)]
    used = len(re.findall(rf"\b{macro}\(\s*\w+\s*,", text))
    assert found and len(found) == used, f"{used} {macro} in the source, {len(found)} understood"
    return found


def problems():
    """code -> {status, retry, title, desk}"""
    pattern = rf"{TEXT},\s*(\d+)\s*,\s*{TEXT},\s*{TEXT},\s*{TEXT}"
    return {
        joined(code): {"status": int(status), "retry": joined(retry), "title": joined(title), "desk": joined(desk)}
        for code, status, retry, title, desk in rows(source("api/problems.def"), "PROBLEM", pattern)
    }


def field_errors():
    return [joined(code) for (code,) in rows(source("api/field_errors.def"), "FIELD_ERROR", TEXT)]


def words(name):
    """code -> words, in order, of a list macro of rules/reasons.h (REASONS or NEXT_ACTIONS)"""
    lines = source("rules/reasons.h").split(f"#define {name}(X)", 1)[1].splitlines()
    last = next(number for number, line in enumerate(lines) if not line.rstrip().endswith("\\"))
    text = "\n".join(lines[: last + 1])
    return {joined(code): joined(text) for code, text in rows(text, "X", rf"{TEXT},[\s\\]*{TEXT}")}
