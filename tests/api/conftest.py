"""One PostgreSQL, one migrated database with the demonstration's people as of a fixed day, and one service for all tests that
need nothing special. Every exchange is logged and compared with the OpenAPI document when the tests have ended."""

import os
import pathlib
import sys
import tempfile

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS, TESTS / "contract"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from exchanges import Contract, Met, check_exchange, read_log, unmet  # noqa: E402
from support import Client, Server, Service, end_politely_on_term  # noqa: E402
from support.database import NOW  # noqa: E402
from support.demo import DemoCards  # noqa: E402

from api_cards import Believed  # noqa: E402
from api_people import nothing_personal_in  # noqa: E402

_report = []
_from = 0

# What is asked here has an answer; a machine that stands still for some seconds does not change which.
PATIENT = {"statement_timeout_ms": 20000, "database_silence_ms": 25000, "answer_timeout_ms": 60000}



def pytest_configure(config):
    global _from
    end_politely_on_term()
    if not os.environ.get("EXCHANGES_LOG"):
        os.environ["EXCHANGES_LOG"] = tempfile.mkstemp(prefix="shikaku-exchanges-", suffix=".jsonl")[1]
        config.add_cleanup(lambda: os.unlink(os.environ["EXCHANGES_LOG"]))
    else:
        os.environ["EXCHANGES_LOG"] = str(pathlib.Path(os.environ["EXCHANGES_LOG"]).resolve())
    log = pathlib.Path(os.environ["EXCHANGES_LOG"])
    log.parent.mkdir(parents=True, exist_ok=True)
    _from = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def pytest_sessionfinish(session):
    """What was said must be what the contract says; otherwise the run has failed, whatever the tests found."""
    log = os.environ["EXCHANGES_LOG"]
    if not os.path.exists(log):
        return
    contract, met, number, wrong = Contract(), Met(), 0, 0
    for number, exchange in read_log(log):
        if number <= _from:
            continue
        found = check_exchange(contract, exchange, met)
        wrong += bool(found)
        _report.extend(f"{log}:{number}: {exchange.get('method')} {exchange.get('path')}: {sentence}" for sentence in found)
    _report.extend(f"not met: {what} {name}" for what, name, _ in unmet(contract, met))
    _report.append(f"{number - _from} exchanges, {wrong} not as described in the OpenAPI document")
    if wrong and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("the contract and the exchanges")
    for line in _report:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def template():
    with Server("fsync=off") as server:  # what survives a crash is for tests/faults
        yield server.database()


@pytest.fixture(scope="session")
def database(template):
    return template.clone()


@pytest.fixture(scope="session")
def demo_cards(template, tmp_path_factory):
    """The demonstration's cards and a database that knows them, for whoever leaves both as they are (20 seconds)."""
    return DemoCards(tmp_path_factory.mktemp("state") / "of the demo", template.clone())


@pytest.fixture(scope="session")
def service(database):
    with Service(database, now=NOW, loops=2, **PATIENT) as running:
        yield running
        assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture(scope="session")
def token(database):
    return database.token()


@pytest.fixture
def desk(service, token):
    """A clinic's terminal."""
    with Client(service, token) as client:
        yield client


@pytest.fixture(scope="module")
def believed():
    """The issuers and revocation lists that `card_service` believes."""
    return Believed()


@pytest.fixture(scope="module")
def card_service(template, believed):
    with Service(template.clone(), now=NOW, loops=2, **PATIENT, **believed.settings) as running:
        yield running
        assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture
def start(template):
    """Starts further services, each on a database of its own; afterwards their logs are read for what must not be there."""
    started = []

    def start_one(on=None, **settings):
        running = Service(on or template.clone(), **{"now": NOW, "loops": 2, **PATIENT, **settings})
        started.append(running)
        return running

    yield start_one
    for running in started:
        if running.process.poll() is None:
            assert running.stop() == 0, running.log()[-3000:]
        nothing_personal_in(running.log() + running.security_log(), running.database)
        running.close()
