"""マイナンバー of invented people, and how the service seals them (service/trust/sealing.c)."""

import hashlib
import hmac
import itertools
import pathlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_counted = itertools.count(1)


def with_check_digit(digits):
    """11 digits and the 12th."""
    weights = [n + 1 if n <= 6 else n - 5 for n in range(1, 12)]
    rest = sum(int(digit) * weight for digit, weight in zip(reversed(digits), weights)) % 11
    return digits + str(0 if rest <= 1 else 11 - rest)


def new_number():
    """One that nobody had before; with few zeros, so that it is not found by chance."""
    return with_check_digit(str(int(hashlib.sha256(f"number {next(_counted)}".encode()).hexdigest(), 16) % 89_999_999_999 + 10_000_000_000))


class Key:
    """A key in a file of its own, as the setting individual_number_key wants it."""

    def __init__(self, folder, seed=b"a key for tests"):
        self.bytes = hashlib.sha256(seed).digest()
        self.file = pathlib.Path(folder) / f"{self.bytes[:4].hex()}.key"
        self.file.touch(mode=0o600)
        self.file.write_text(self.bytes.hex() + "\n")

    def _mac(self, key, first, second):
        return hmac.new(key, struct.pack(">H", len(first)) + first + second, hashlib.sha256).digest()

    def seal(self, number, insurer_number, member_id):
        bound_to = f"{insurer_number}/{member_id}".encode()
        nonce = self._mac(self._mac(self.bytes, b"shikaku sealing nonces", b""), bound_to, number.encode())[:12]
        return nonce + AESGCM(self.bytes).encrypt(nonce, number.encode(), bound_to)


def pend(database, member_key, sealed, at="2026-11-26T00:00:00Z"):
    """As whoever registers a member with a number."""
    database.run("""INSERT INTO shikaku.links AS l (member_key, state, known_from) VALUES (%(key)s, 'pending', %(at)s)
        ON CONFLICT (member_key) DO UPDATE SET state = 'pending', mismatched = NULL, decided_at = NULL,
          known_from = greatest(excluded.known_from, l.known_from + interval '1 microsecond')""", {"key": member_key, "at": at})
    database.run("""INSERT INTO shikaku.pending_numbers (member_key, sealed, received_at, next_try_at) VALUES (%(key)s, %(sealed)s, %(at)s, %(at)s)
        ON CONFLICT (member_key) DO UPDATE SET sealed = excluded.sealed, attempts = 0, next_try_at = excluded.next_try_at""",
                 {"key": member_key, "sealed": sealed, "at": at})
