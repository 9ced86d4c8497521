"""What the API and the fault tests stand on: a private PostgreSQL, the real service, clients whose every exchange is
logged. Plain classes; fixtures are made of them in each suite's conftest.

    server = Server()                                  # PostgreSQL in a fresh folder, started
    template = server.database(today=..., now=...)     # migrated, with the demonstration's people
    database = template.clone()                        # CREATE DATABASE ... TEMPLATE: fast
    service = Service(database, loops=2, now=...)      # shikakud serve, ready; settings as in service/base/settings.def
    client = Client(service, token=database.token())
    answer = client.check(insurer_number=..., number=..., birth_date=...)

Everything that was started is ended by close() (all of these are context managers too), and at the latest when the
interpreter ends, also by Ctrl-C or TERM.
"""

from support.client import Answer, Client, raw
from support.database import Database, Server
from support.programs import ROOT, SHIKAKUD, TERMINAL, end_politely_on_term, shikakud, terminal
from support.service import Service, free_port

__all__ = ["Answer", "Client", "Database", "ROOT", "SHIKAKUD", "Server", "Service", "TERMINAL", "end_politely_on_term",
           "free_port", "raw", "shikakud", "terminal"]
