"""Clients that others generate from openapi/openapi.yaml work against the real service."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

from support import Server, Service  # noqa: E402
from support.database import NOW  # noqa: E402

TYPESCRIPT = TESTS / "clients" / "typescript"
INSURER = "06136022"


def node(folder, program, *words):
    done = subprocess.run(["node", program, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The client, generated and compiled by its own tools beside what they need."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("life_of_a_member.ts", "tsconfig.json", "package.json"):
        shutil.copy(TYPESCRIPT / name, folder)
    os.symlink(TYPESCRIPT / "node_modules", folder / "node_modules")
    (folder / "made").mkdir()
    node(folder, "node_modules/openapi-typescript/bin/cli.js", TESTS.parent / "openapi" / "openapi.yaml", "-o", "made/schema.d.ts")
    node(folder, "node_modules/typescript/bin/tsc", "-p", ".")
    return folder


def test_a_client_generated_from_the_contract_leads_a_member_through_its_life(client):
    with Server("fsync=off") as server, Service(server.database(), now=NOW, loops=1) as service:
        token = service.database.token("insurer", INSURER)
        said = node(client, "made/life_of_a_member.js", service.url, token, INSURER)
    assert said.split("\n")[:-1] == ["registered", "corrected", "put", "found", "lost and reinstated", "remembered", "refused"]
