"""asyncpg: a pool a worker, prepared statements, and a chain of records a connection, as the service has one."""
import hashlib
import os
import pathlib
import uuid

import asyncpg
from rules import KINDS

SQL = pathlib.Path(__file__).resolve().parents[1] / "sql"
FIND_STANDINGS, FIND_TOKEN, RECORD_CHECK = (
    (SQL / f"{name}.sql").read_text(encoding="utf-8") for name in ("find_standings", "find_token", "record_check"))


class Chain:
    def __init__(self):
        self.id, self.position, self.digest = str(uuid.uuid4()), 0, bytes(32)


class Connection(asyncpg.Connection):
    """Remembers its chain, and is not reset after each use: nothing here changes a session, and resetting is a round trip."""

    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        self.chain = Chain()

    def get_reset_query(self):
        return ""


async def open_pool():
    size = int(os.environ.get("PEER_POOL", "4"))
    return await asyncpg.create_pool(
        host=os.environ["PEER_SOCKET"], database=os.environ["PEER_DATABASE"], user="shikaku_service", min_size=size, max_size=size,
        max_inactive_connection_lifetime=0, connection_class=Connection,
        server_settings={"jit": "off", "plan_cache_mode": "force_generic_plan", "synchronous_commit": "on"})


async def token_of(pool, digest):
    return await pool.fetchrow(FIND_TOKEN, digest)


async def standings_of(connection, question):
    late = question.insurer_number.startswith("39")  # has neither 記号 nor 枝番 (R2.2)
    return await connection.fetch(FIND_STANDINGS, question.insurer_number, question.number, question.born,
                                  None if late else question.symbol, None if late else question.branch)


async def record(connection, check_id, now, question, judgement, principal, answer):
    chain = connection.chain
    kind, setting = KINDS[question.kind], int(question.school)
    standing = judgement.standing
    membership, version = (standing["membership_id"], standing["data_version"]) if standing else (None, None)
    answer_digest = hashlib.sha256(answer).digest()
    keys_digest = hashlib.sha256(f"{question.insurer_number}\n{question.symbol}\n{question.number}\n{question.branch}\n"
                                 f"{question.born}".encode()).digest()
    place = (f"{chain.id}\n{chain.position}\n{check_id}\n{now.timestamp()}\n{principal['token_id']}\n{principal['owner']}\n"
             f"{question.visit}\n{kind}\n{setting}\n{question.with_card}\n{judgement.validity}\n{judgement.accepted}\n"
             f"{judgement.reasons}\n{membership}\n{version}")
    digest = hashlib.sha256(chain.digest + answer_digest + keys_digest + place.encode()).digest()
    await connection.execute(
        RECORD_CHECK, check_id, now, chain.id, chain.position, digest, answer_digest, principal["token_id"], principal["owner"],
        question.visit, kind, setting, question.with_card, judgement.validity, judgement.accepted, judgement.reasons, membership,
        version, keys_digest)
    chain.digest = digest
    chain.position += 1
