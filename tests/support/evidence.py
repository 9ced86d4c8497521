"""Reads the records of checks as an auditor would: computes every digest again (R13.2)."""

import hashlib
import json

COLUMNS = """
  chain_id, chain_position, digest, answer_digest, keys_digest, check_id, follows, owner, token_id, presented, setting, with_card,
  validity, accepted, reasons, membership_id, data_version, insurer_number,
  (care_month - date '1970-01-01') AS care_day, (visit_date - date '1970-01-01') AS visit_day,
  (extract(epoch FROM checked_at) * 1000000)::bigint AS checked, (extract(epoch FROM known_at) * 1000000)::bigint AS known
"""


def _number(value):
    return (value & (2**64 - 1)).to_bytes(8, "big")


def _optional(value):
    return _number(0 if value is None else 1) + _number(value or 0)


def _digest(row, previous):
    owner = row["owner"].encode()
    return hashlib.sha256(b"".join([
        previous, bytes.fromhex(row["chain_id"].replace("-", "")), _number(row["chain_position"]),
        bytes.fromhex(row["check_id"].replace("-", "")), _number(row["checked"]), bytes(row["answer_digest"]),
        bytes(row["keys_digest"]), _number(row["token_id"]), _number(len(owner)), owner, _number(row["visit_day"]),
        _optional(row["known"]), _number(row["presented"]), _number(row["setting"]), _number(int(row["with_card"])),
        _number(row["validity"]), _number(int(row["accepted"])), _number(row["reasons"]), _optional(row["membership_id"]),
        _optional(row["data_version"]),
        b"" if row["insurer_number"] is None else _number(len(row["insurer_number"])) + row["insurer_number"].encode(),
        b"" if row["care_day"] is None else _number(-1) + _number(row["care_day"]),
    ])).digest()


def read_chains(database):
    """{chain id: its rows in order}, every digest of which was found right, and each beginning with nothing or with a head that
    is on record."""
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM shikaku.checks ORDER BY chain_id, chain_position")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()
    chains = {}
    for row in rows:
        chain = chains.setdefault(row["chain_id"], [])
        assert row["chain_position"] == len(chain), "a record of the chain is missing"
        previous = bytes(chain[-1]["digest"]) if chain else bytes(row["follows"] or bytes(32))
        assert bytes(row["digest"]) == _digest(row, previous), "a record was changed"
        chain.append(row)
    digests = {bytes(row["digest"]) for row in rows}
    for chain in chains.values():
        assert chain[0]["follows"] is None or bytes(chain[0]["follows"]) in digests, "what a chain follows is missing"
    return chains


def answers_on_record(database):
    """{check id: digest of the answer}, after reading the chains."""
    return {row["check_id"]: bytes(row["answer_digest"]) for chain in read_chains(database).values() for row in chain}


def assert_on_record(database, answers):
    """Each of these answers was 200 and is on record, with its very bytes (R13.1)."""
    recorded = answers_on_record(database)
    for answer in answers:
        assert answer.status == 200, answer
        assert recorded.get(json.loads(answer.body)["check_id"]) == hashlib.sha256(answer.body).digest(), "an answer without its record"
