"""Cards at the desk: who is believed, whose card it is, and the way from a challenge to an answer."""

import base64
import pathlib
import tempfile

from cryptography.hazmat.primitives.asymmetric import rsa

from support.cards import CA, JAPAN
from support.client import CHECKS, LIMITS

CHALLENGES = "/v1/card-challenges"
NAME = "C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=Shikaku Tests"


class Believed:
    """Two generations of card issuers with one name, issuers of phones' and of signing certificates, and their revocation lists, in
    a folder; `settings` are what a service needs to believe them."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shikaku-trust-"))
        self.g1, self.g2 = CA(NAME), CA(NAME)
        self.phone = CA("C=JP, O=JPKI-TEST, OU=JPKI for phones")
        self.signing = CA("C=JP, O=JPKI-TEST, OU=JPKI for digital signature")
        self.stranger = CA(NAME)
        for place, issuers in (("card", {"g1": self.g1, "g2": self.g2}), ("phone", {"phone": self.phone}),
                               ("signing", {"signing": self.signing})):
            (self.folder / place).mkdir()
            for name, issuer in issuers.items():
                (self.folder / place / f"{name}.pem").write_bytes(issuer.pem)
        (self.folder / "crls").mkdir()
        for name in ("g1", "g2", "phone"):
            self.revoke(name)
        self.settings = {"card_anchors": self.folder / "card", "phone_anchors": self.folder / "phone",
                         "signing_anchors": self.folder / "signing", "crls": self.folder / "crls"}

    def revoke(self, name, *entries, **told):
        """Writes the revocation list of one of ours anew."""
        (self.folder / "crls" / f"{name}.crl").write_bytes(getattr(self, name).crl(entries, **told))


def public_key_of(card):
    """As service/trust/signature.h keeps it."""
    numbers = card.key.public_key().public_numbers()
    if isinstance(card.key, rsa.RSAPrivateKey):
        return b"R" + numbers.e.to_bytes(4, "big") + numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    size = (card.key.key_size + 7) // 8
    return b"P\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


def make_known(database, person, card, issuer, medium="card", state="active"):
    """A row of shikaku.cards, as `shikakud card register` writes it."""
    certificate = card.certificate
    serial = card.serial.to_bytes((card.serial.bit_length() + 7) // 8, "big")
    database.run(
        """INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after,
             public_key, state) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (person.person_id, medium, card.digest, issuer.key_identifier, serial, f"{certificate.not_valid_before}Z",
         f"{certificate.not_valid_after}Z", public_key_of(card), state))
    return card


def challenge_of(desk):
    answer = desk.request("POST", CHALLENGES)
    assert answer.status == 201, answer
    return answer.json["challenge"]


def check_by_card(desk, card, challenge=None, wrong=False, changes=None, path=CHECKS, **fields):
    """A check with a card: `changes` are to `presented`, `fields` of the request."""
    presented = {**card.presented(challenge or challenge_of(desk)), **(changes or {})}
    return desk.post({**fields, "presented": {key: value for key, value in presented.items() if value is not ...}}, path=path, wrong=wrong)


def limit_by_card(desk, card, **fields):
    """A question about a month's limit with a card."""
    return check_by_card(desk, card, path=LIMITS, **fields)


def problem_of(answer):
    """(status, code, retry)"""
    return answer.status, answer.json.get("code"), answer.json.get("retry")


def text_of(data):
    return base64.b64encode(data).decode()


__all__ = ["Believed", "CHALLENGES", "JAPAN", "challenge_of", "check_by_card", "make_known", "problem_of", "public_key_of", "text_of"]
