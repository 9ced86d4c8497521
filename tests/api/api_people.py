"""People for the edges that the demonstration does not show, and what nobody may ever find in a log."""

import dataclasses
import itertools
import re
import unicodedata

KYOKAI = "01130012"  # 協会けんぽ
KUMIAI = "06136022"  # 組合健保
KOKUHO = "138057"  # 国保, six digits
KOUKI = "39131156"  # 後期高齢者医療

_serial = itertools.count(1)


def key(text):
    """The one spelling that is compared (R2.2)."""
    if text is None:
        return None
    return re.sub("[‐‑‒–—―−ー-]", "-", re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))


@dataclasses.dataclass
class Person:
    keys: dict
    person_id: int
    member_key: int
    membership_id: int
    name: str
    member_id: str

    def asked(self, **changes):
        """What stands on the document, with changes; `...` leaves a field out."""
        return {**self.keys, **changes}


def add(database, insurer=KYOKAI, symbol="9000", number=None, branch="00", birth="1990-01-01", person=None, insured_by=None,
        acquired="2015-04-01", lost=None, loss_reason=None, link="linked", registered=True, cancelled=False, cards=("active",),
        certificate="issued", certificate_until="2030-12-31", ratios=(), limits=(), diseases=(), known_from="2025-01-01T00:00:00Z", name=None,
        non_disclosure=False, stopped=False):
    """A member with one membership, by default an ordinary one. person: another Person who is the same one. ratios:
    (percent, first day, first day after). limits: (category, certificate, first day, first day after, long stay from). diseases:
    (category, self-pay, first day, first day after)."""
    serial = next(_serial)
    number = number or f"88{serial:06}"
    insurer8 = insurer.zfill(8)
    if insurer8.startswith("39"):
        symbol = branch = None
    name = name or f"試験 {''.join('零一二三四五六七八九'[int(digit)] for digit in f'{serial:04}')}"
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            def one(sql, *parameters):
                cursor.execute(sql, parameters)
                return cursor.fetchone()[0]

            connection.autocommit = False
            cursor.execute("INSERT INTO shikaku.insurers VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (insurer8, insurer, "試験保険者"))
            person_id = person.person_id if person else one(
                "INSERT INTO shikaku.persons (register_code) VALUES (%s) RETURNING person_id", f"test-{serial}")
            member_key = one(
                """INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, address,
                     non_disclosure, self_information_stopped, known_from)
                   VALUES (%s, %s, %s, %s, %s, 'female', %s, %s, %s, %s, %s) RETURNING member_key""",
                insurer8, f"test-{serial}", person_id, name, f"シケン ナンバー{serial:04}", birth, f"試験県試験市試験町{serial}番地", non_disclosure,
                stopped, known_from)
            membership_id = one(
                """INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, symbol,
                     number, branch_number, symbol_key, number_key, acquired_on, lost_on, loss_reason, known_from)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING membership_id""",
                member_key, insurer8, "dependent" if insured_by else "insured", insured_by and insured_by.membership_id, symbol,
                number, branch, key(symbol), key(number), acquired, lost, loss_reason, known_from)
            if link:
                cursor.execute("INSERT INTO shikaku.links VALUES (%s, %s, %s, %s, %s)",
                               (member_key, link, ["name"] if link == "mismatch" else None,
                                None if link == "pending" else known_from, known_from))
            if registered and not person:
                cursor.execute("INSERT INTO shikaku.use_registrations VALUES (%s, %s, 'reader', %s)",
                               (person_id, known_from, "2026-11-01T00:00:00Z" if cancelled else None))
            for place, state in enumerate(cards if not person else ()):
                mark = f"test {serial} {place}".encode()
                cursor.execute(
                    """INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before,
                         not_after, public_key, state) VALUES (%s, 'card', sha256(%s), '\\x01', %s, %s, '2031-01-01Z', %s, %s)""",
                    (person_id, mark, mark, known_from, mark, state))
            if certificate:
                cursor.execute(
                    """INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, state,
                         known_from) VALUES (%s, '2020-01-01', '2020-01-01', %s, %s, %s)""",
                    (membership_id, certificate_until, certificate, known_from))
            for percent, first, end in ratios:
                cursor.execute(
                    """INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
                       VALUES (%s, %s, %s, daterange(%s, %s), %s)""", (member_key, insurer8, percent, first, end, known_from))
            for category, paper, first, end, long_stay_from in limits:
                cursor.execute(
                    """INSERT INTO shikaku.limits (member_key, insurer_number, category, certificate, valid, long_stay_from, known_from)
                       VALUES (%s, %s, %s, %s, daterange(%s, %s), %s, %s)""",
                    (member_key, insurer8, category, paper, first, end, long_stay_from, known_from))
            for category, self_pay, first, end in diseases:
                cursor.execute(
                    """INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, self_pay, valid, known_from)
                       VALUES (%s, %s, %s, %s, daterange(%s, %s), %s)""",
                    (member_key, insurer8, category, self_pay, first, end, known_from))
            connection.commit()
    finally:
        connection.close()
    keys = {"insurer_number": insurer, "number": number, "birth_date": birth}
    if symbol is not None:
        keys["symbol"] = symbol
    if branch is not None:
        keys["branch_number"] = branch
    return Person(keys, person_id, member_key, membership_id, name, f"test-{serial}")


def nothing_personal_in(text, database):
    """No line may hold a name, kana, address, number or birth date of anybody in the database, nor a token. Times at the head of
    lines, process ids and request ids are no person's."""
    text = re.sub(r"(?m)^\S+ \S+ (\S+ )?\[[0-9]+\]", "", text)
    text = re.sub(r"(?m)^[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+ ", "", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)
    secrets = set(database.tokens)
    for row in database.run("""SELECT m.name, m.name_kana, m.name_other, m.address, m.birth_date::text, s.number, s.number_key
                                 FROM shikaku.members m JOIN shikaku.memberships s USING (member_key)"""):
        secrets.update(value for value in row if value is not None and len(value) >= 4)
    assert len(secrets) > 50
    found = sorted(secret for secret in secrets if secret in text)
    assert not found, f"personal data in a log: {found[:5]}"
