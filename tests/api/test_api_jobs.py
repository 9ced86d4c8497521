"""An insurer sees how far its work is, and may cancel it; nobody else may."""

import time
import uuid

import pytest

from support import Client
from support.database import NOW
from support.staging import job, line, open_import, stage

KYOKAI, KUMIAI = "01130012", "06136022"


@pytest.fixture(scope="module")
def idle(template):
    """A database on which nobody works, and a service that leaves the work to others."""
    from support import Service
    database = template.clone()
    with Service(database, now=NOW, loops=1, job_workers=0, statement_timeout_ms=20000, database_silence_ms=25000,
                 answer_timeout_ms=60000) as service:
        yield service
        assert service.stop() == 0, service.log()[-3000:]


@pytest.fixture(scope="module")
def token_of(idle):
    return {insurer: idle.database.token("insurer", insurer) for insurer in (KYOKAI, KUMIAI)}


@pytest.fixture
def insurer(idle, token_of):
    with Client(idle, token_of[KYOKAI]) as client:
        yield client


@pytest.fixture
def other(idle, token_of):
    with Client(idle, token_of[KUMIAI]) as client:
        yield client


def path(job_id):
    return f"/v1/jobs/{job_id}"


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer


def done_with(database, job_id, state="cancelled"):
    database.run("UPDATE shikaku.jobs SET state = %s, ended_at = %s, runner = NULL, lease_until = NULL WHERE job_id = %s", (state, NOW, job_id))


def test_an_insurer_sees_its_job_and_cancels_it_once(idle, insurer):
    job_id = stage(idle.database, [line("J-1")], now=NOW)
    seen = insurer.get(path(job_id))
    assert seen.status == 200 and seen.json == {
        "job_id": job_id, "kind": "import", "insurer_number": KYOKAI, "state": "queued", "percent": 0, "attempts": 0, "cancel_requested": False,
        "failure": None, "created_at": "2026-11-22T10:00:00.000+09:00", "started_at": "2026-11-22T10:00:00.000+09:00", "ended_at": None}
    cancelled = insurer.request("DELETE", path(job_id))
    assert (cancelled.status, cancelled.json["state"], cancelled.json["ended_at"]) == (200, "cancelled", "2026-11-22T10:00:00.000+09:00")
    assert idle.database.value("SELECT count(*) FROM shikaku.staged_members") == 0
    refused(insurer.request("DELETE", path(job_id)), 409, "job_ended")
    assert f"cancelled job={job_id}" in idle.security_log()


def test_what_somebody_works_on_is_told_to_stop(idle, insurer):
    import_id, _, _ = open_import(idle.database, now=NOW)
    told = insurer.request("DELETE", path(import_id))
    assert (told.status, told.json["state"], told.json["cancel_requested"]) == (202, "receiving", True)
    assert insurer.request("DELETE", path(import_id)).status == 202
    done_with(idle.database, import_id)


def test_another_insurers_job_is_none(idle, insurer, other):
    job_id = stage(idle.database, [line("J-1")], now=NOW)
    for answer in (other.get(path(job_id)), other.request("DELETE", path(job_id))):
        refused(answer, 404, "no_such_job")
    assert job(idle.database, job_id) == "queued"
    insurer.request("DELETE", path(job_id))


@pytest.mark.parametrize("job_id", [str(uuid.UUID(int=1)), "x", "019ab0c2-5d6f-7b40-8a11-00000000003"])
def test_what_is_no_job_is_none(insurer, job_id):
    refused(insurer.get(path(job_id), wrong=True), 404, "no_such_job")
    refused(insurer.request("DELETE", path(job_id), wrong=True), 404, "no_such_job")


def test_a_clinic_has_no_jobs(idle):
    with Client(idle, idle.database.token()) as clinic:
        refused(clinic.get(path(uuid.UUID(int=1))), 403, "scope_missing")


def test_a_job_is_done_and_says_so(start):
    service = start()
    with Client(service, service.database.token("insurer", KYOKAI)) as insurer:
        job_id = stage(service.database, [line("J-1")], now=NOW)
        for _ in range(600):
            seen = insurer.get(path(job_id)).json
            if seen["state"] == "succeeded":
                break
            time.sleep(0.05)
        assert (seen["state"], seen["percent"], seen["attempts"], seen["failure"]) == ("succeeded", 100, 1, None)
    assert "試験" not in service.log() + service.security_log() and "J-1" not in service.log() + service.security_log()
