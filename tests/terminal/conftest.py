"""The fixtures; what they are made of has a name of its own, because other suites have a conftest too."""

import pytest

from terminal_cards import Card, PIN, Reader, WRONG_PIN, module_with_tries
from terminal_stand_in import check, limit, service, terminal  # noqa: F401


@pytest.fixture(scope="session")
def cards(tmp_path_factory):
    """One card of each kind of key, and a stranger's."""
    folder = tmp_path_factory.mktemp("cards")
    made = {algorithm: Card(folder / algorithm, algorithm) for algorithm in ("RS256", "ES256", "ES384")}
    made["stranger"] = Card(folder / "stranger", "ES256")
    return made


@pytest.fixture(scope="session")
def counting_module(tmp_path_factory):
    return module_with_tries(tmp_path_factory.mktemp("module"))


@pytest.fixture
def card(cards):
    return cards["ES256"]


@pytest.fixture
def reader(tmp_path):
    """A reader with an empty token in it."""
    reader = Reader(tmp_path / "reader")
    reader.put_token()
    return reader


@pytest.fixture
def pin(tmp_path):
    """The file of the right PIN."""
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    return str(file)


@pytest.fixture
def wrong_pin(tmp_path):
    file = tmp_path / "wrong_pin"
    file.write_text(WRONG_PIN + "\n")
    return str(file)
