"""One PostgreSQL for the run; for each test a database of its own, migrated and with the demonstration's people."""

import datetime
import pathlib
import resource
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import Server, end_politely_on_term  # noqa: E402
from support_service import FaultService  # noqa: E402

end_politely_on_term()


@pytest.fixture(scope="session")
def one_server():
    with Server("fsync=off", "max_connections=40") as server:
        yield server


@pytest.fixture(scope="session")
def template(one_server):
    """Its people are of today: the services here run by the real clock. The token works in every copy."""
    now = datetime.datetime.now(datetime.timezone.utc)
    today = (now + datetime.timedelta(hours=9)).date()
    database = one_server.database(today=today, now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    return database, database.token(now=None)


@pytest.fixture
def server(one_server):
    """PostgreSQL, which runs again after the test whatever was done to it."""
    yield one_server
    one_server.resume()
    one_server.start()


@pytest.fixture
def token(template):
    return template[1]


@pytest.fixture
def database(server, template):
    with template[0].clone() as database:
        yield database
        server.resume()
        server.start()


@pytest.fixture
def start(server, database, token):
    """Starts a service on the test's database. After the test, with the database back, nothing of it may be left."""
    services = []

    def start_service(wait="ready", on=database, **settings):
        services.append(FaultService(on, token, wait, **settings))
        return services[-1]

    yield start_service
    server.resume()
    server.start()
    troubles = []
    for service in services:
        try:
            service.end_well()
        except Exception as trouble:  # the others must end too
            troubles.append(str(trouble))
        service.close()
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def service(start):
    return start()


@pytest.fixture
def many_descriptors():
    """Enough descriptors for ten thousand connections, here and in what is started."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16384
    try:
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except ValueError:
        pytest.skip(f"only {hard} file descriptors are allowed")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
