"""Insurers of a test's own, so that what it counts and lists is only what it has put there."""

import dataclasses
import itertools

from support import Client

_serial = itertools.count(1)


def with_check_digit(digits):
    """The 8-digit 保険者番号 of these seven digits (R2.1)."""
    total = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


@dataclasses.dataclass
class Insurer:
    number: str
    token: str
    client: Client

    @property
    def path(self):
        return f"/v1/insurers/{self.number}"

    def get(self, path="", **more):
        return self.client.get(self.path + path, **more)

    def put(self, body, path="", **more):
        return self.client.request("PUT", self.path + path, body, **more)

    def post(self, body, path, **more):
        return self.client.post(body, path=self.path + path, **more)

    def delete(self, path, **more):
        return self.client.request("DELETE", self.path + path, **more)

    def pages(self, path, name, limit):
        """Every page of a list, to its end."""
        cursor, before = "", None
        while cursor is not None:
            assert cursor != before, "a cursor that leads nowhere"
            before = cursor
            answer = self.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor and '&cursor='}{cursor}")
            assert answer.status == 200, answer
            yield answer.json[name]
            cursor = answer.json["next_cursor"]


def new_insurer(database, service, prefix="06", printed=None):
    """A new insurer with a token; the caller closes its client."""
    number = with_check_digit(f"{prefix}{next(_serial):05}")
    database.run("INSERT INTO shikaku.insurers (insurer_number, printed_number, name) VALUES (%s, %s, '試験健康保険組合')",
                 (number, number if printed is None else number[-printed:]))
    token = database.token("insurer", number)
    return Insurer(number, token, Client(service, token))
