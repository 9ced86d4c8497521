"""One PostgreSQL for the run; each kind of request has a copy of the database and a service of its own, a few at a time."""

import concurrent.futures
import contextlib
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent, HERE.parent / "faults", HERE.parent / "api"):
    sys.path.insert(0, str(folder))

from api_cards import Believed, make_known  # noqa: E402
from api_people import add  # noqa: E402
from support import Server, end_politely_on_term  # noqa: E402
from support.cards import ec_key  # noqa: E402
from torture import Campaign, TorturedService  # noqa: E402

end_politely_on_term()

AT_ONCE = 8


class EMPTY:
    params = {}


@pytest.fixture(scope="session")
def server():
    with Server("fsync=off", "max_connections=100") as server:
        yield server


class World:
    """A database to copy, and who is in it."""

    def __init__(self, server):
        self.believed = Believed()
        self.database = server.database()
        self.tokens = {scope: self.database.token(scope) for scope in ("terminal", "operator")}
        self.tokens["insurer"] = self.database.token("insurer", "01130012")
        self.person = add(self.database, limits=[("A04", "01", "2024-08-01", "2025-08-01", None), ("A05", "02", "2025-08-01", None, "2026-01-15")],
                          diseases=[("1", 10000, "2024-02-01", None), ("2", None, "2025-02-01", "2027-01-01")])
        self.elderly = add(self.database, birth="1954-01-01", ratios=[(20, "2024-01-01", None)])
        issuer, phones = self.believed.g2, self.believed.phone
        self.cards = {"known": make_known(self.database, self.person, issuer.card(), issuer),
                      "phone": make_known(self.database, self.person, phones.card(ec_key("P-256")), phones, medium="phone"),
                      "unknown": issuer.card(), "unknown_phone": phones.card(ec_key("P-384")), "revoked": issuer.card(),
                      "stranger": self.believed.stranger.card()}
        self.believed.revoke("g2", (self.cards["revoked"].serial, "keyCompromise"))


    @contextlib.contextmanager
    def tortured(self, **settings):
        """A service on a database of its own; called with a kind of request it gives a Campaign."""
        with self.database.clone() as database, TorturedService(database, **{**self.believed.settings, **settings}) as service:
            def campaign(kind):
                return Campaign(kind, service, self)

            campaign.database, campaign.service = database, service
            yield campaign

    def campaign(self, kind):
        """One kind of request, tortured to the end."""
        with self.tortured() as campaign:
            return campaign(kind).run()

    def calm_answers(self, kinds):
        """{kind: its answer when nothing fails}"""
        with self.tortured() as campaign:
            return {kind: campaign(kind).calm_answer() for kind in kinds}


@pytest.fixture(scope="session")
def world(server):
    return World(server)


@pytest.fixture(scope="session")
def campaigns(request, world):
    """{kind: what its torture will have found}, of all kinds that this run asks for. Most of the time is waiting."""
    kinds = [item.callspec.params["kind"] for item in request.session.items if "kind" in getattr(item, "callspec", EMPTY).params]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield {kind: pool.submit(world.campaign, kind) for kind in kinds}
        pool.shutdown(cancel_futures=True)
