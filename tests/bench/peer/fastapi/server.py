"""Checks by typed keys in FastAPI and asyncpg: the peer of make bench-peers (../README.md). Environment: PEER_SOCKET,
PEER_DATABASE, PEER_WORDS, PEER_POOL (connections a worker), PEER_AUDIT (0: no records)."""
import datetime
import hashlib
import os
import time
import uuid

import ujson
from database import open_pool, record, standings_of, token_of
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from question import JAPAN, Body, Question, luhn_holds
from rules import REASON, VALIDITIES, Judgement, words_of

TOKEN_LASTS = 5
AUDITED = os.environ.get("PEER_AUDIT") != "0"
# Typed keys never open medical information (R12.1).
CONSENTS = {category: {"granted": False, "until": None, "reason": "consent_needs_card"}
            for category in ("surgeries", "diagnoses_medicines", "health_checkups", "specific_diseases")}
AS_STORED = ("insurer_number", "insurer_name", "symbol", "number", "branch_number", "relationship", "insured_name", "name",
             "name_kana", "name_other", "sex", "sex_on_face")

app = FastAPI(openapi_url=None)
tokens = {}


@app.on_event("startup")
async def start():
    app.state.pool = await open_pool()


def new_id(now):
    """Version 7, as the service's: the index of the records grows at its end."""
    milliseconds = f"{int(now.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7{str(uuid.uuid4())[15:]}"


def text_of(day):
    return None if day is None else day.isoformat()


async def principal(request: Request):
    header = request.headers.get("authorization", "")
    if header[:7].lower() != "bearer ":
        raise HTTPException(401, "token_missing")
    digest = hashlib.sha256(header[7:].strip().encode("latin-1")).digest()
    now = time.time()
    row, read_at = tokens.get(digest, (None, 0))
    if now - read_at > TOKEN_LASTS:
        row = await token_of(app.state.pool, digest)
        if row is not None:
            tokens[digest] = (row, now)
    if row is None or row["revoked_at"] is not None or row["expires_at"].timestamp() <= now:
        raise HTTPException(401, "token_invalid")
    if row["scope"] != "terminal":
        raise HTTPException(403, "scope_missing")
    return row


def qualification_of(judgement):
    row = judgement.standing
    if row is None:
        return None
    qualification = {name: row[name] for name in AS_STORED}
    qualification["birth_date"] = text_of(row["birth_date"])
    qualification["address"] = None if row["non_disclosure"] else row["address"]
    qualification["acquired_on"] = text_of(row["acquired_on"])
    qualification["lost_on"] = text_of(judgement.ends_on)
    qualification["loss_reason"] = row["loss_reason"]
    return qualification


def copayment_of(judgement):
    if judgement.copayment is None:
        return None
    percent, basis, first, last = judgement.copayment
    return {"ratio_percent": percent, "basis": basis, "valid_from": text_of(first), "valid_until": text_of(last)}


def answer_of(check_id, now, question, judgement):
    return ujson.dumps({
        "check_id": check_id,
        "checked_at": now.isoformat(timespec="milliseconds"),
        "visit_date": text_of(question.visit),
        "validity": VALIDITIES[judgement.validity],
        "accepted": judgement.accepted,
        "scope": "full" if judgement.accepted else None,
        "reasons": words_of("reasons", judgement.reasons),
        "next_actions": words_of("next_actions", judgement.next_actions),
        "qualification": qualification_of(judgement),
        "copayment": copayment_of(judgement),
        "limit": None,
        "specific_diseases": None,
        "consents": CONSENTS,
        "receipt": None,
    }, ensure_ascii=False, escape_forward_slashes=False).encode()


async def judged(connection, question):
    reasons = REASON["future_visit_date"] if question.visit > question.today else 0
    if not luhn_holds(question.insurer_number):
        return Judgement(question, [], reasons | REASON["insurer_number_check_digit"])
    return Judgement(question, await standings_of(connection, question), reasons)


@app.get("/readyz")
async def ready():
    return {"ready": True}


@app.post("/v1/eligibility-checks")
async def check_eligibility(body: Body, token=Depends(principal)):
    now = datetime.datetime.now(JAPAN)
    question = Question(body, now)
    check_id = new_id(now)
    async with app.state.pool.acquire() as connection:
        judgement = await judged(connection, question)
        answer = answer_of(check_id, now, question, judgement)
        if AUDITED:
            try:
                await record(connection, check_id, now, question, judgement, token, answer)
            except Exception:
                # What is in doubt after a failure ends with its connection, and so does its chain.
                connection.terminate()
                raise
    return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store", "X-Request-Id": check_id})
