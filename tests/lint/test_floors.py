"""make lint fails when a floor calls upwards or sideways, or a library is used behind its door's back."""
import pathlib
import subprocess

import pytest

LINT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "lint-floors"


def lint(tmp_path, path, line):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line + "\n", encoding="utf-8")
    done = subprocess.run([LINT, tmp_path], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "path, line",
    [
        ("service/rules/a.c", '#include "cases/check.h"'),  # upwards
        ("service/cases/a.c", '#include "api/routes.h"'),
        ("service/base/a.h", '#include "net/http.h"'),
        ("service/cases/a.c", '#include "commands.h"\n#include "jobs/lease.h"'),
        ("service/rules/a.c", '#include "store/lane.h"'),  # sideways
        ("service/net/a.c", '#  include "trust/digest.h"'),
        ("service/api/a.c", '#include "jobs/lease.h"'),
        ("service/terminal/a.c", '#include "cases/check.h"'),
        ("service/api/a.c", '#include "terminal/width.h"'),
        ("service/net/listener.c", "#include <microhttpd.h>"),  # doors
        ("service/api/a.c", "#include <microhttpd.h>"),
        ("service/cases/a.c", "#include <libpq-fe.h>"),
        ("service/main.c", "#include <openssl/evp.h>"),
        ("service/terminal/card.c", "#include <libp11.h>"),
        ("service/helpers/a.c", "int x;"),  # a room that is none
        ("service/base/a.c", "strcpy(a, b);"),
        ("service/base/a.c", "int n = atoi(text);"),
    ],
)
def test_a_breach_of_the_house_fails_lint(tmp_path, path, line):
    code, said = lint(tmp_path, path, line)
    assert code == 1
    assert path in said


@pytest.mark.parametrize(
    "path, line",
    [
        ("service/cases/a.c", '#include "rules/eligibility.h"'),
        ("service/api/a.c", '#include "cases/check.h"'),
        ("service/main.c", '#include "api/routes.h"'),
        ("service/net/transport.h", "#include <microhttpd.h>"),
        ("service/store/row.h", "#include <libpq-fe.h>"),
        ("service/trust/digest.c", "#include <openssl/evp.h>"),
        ("service/terminal/a.c", '#include "base/calendar.h"'),
        ("service/terminal/card_token.c", "#include <libp11.h>"),
        ("service/base/a.c", "int printf_like(void);"),
    ],
)
def test_the_house_as_designed_is_clean(tmp_path, path, line):
    code, said = lint(tmp_path, path, line)
    assert (code, said) == (0, "floors: clean\n")


def test_the_sources_are_clean():
    done = subprocess.run([LINT, LINT.parents[1]], capture_output=True, text=True, check=False)
    assert done.stdout == "floors: clean\n"
