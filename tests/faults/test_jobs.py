"""Work goes on when whoever does it is killed, stopped or cut off, and is never half done. A merge is held where a test wants it by a
lock on a member that it changes."""

import contextlib

import pytest

from support import Client
from support.staging import job, line, lines, stage
from support_service import wait_until

SHORT = {"job_lease_ms": 1000}
OTHER = "06136022"


@contextlib.contextmanager
def held(database, member_id="S-0", insurer="01130012"):
    """While this lasts, a merge that changes the member waits."""
    connection = database.connect()
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM shikaku.members WHERE insurer_number = %s AND member_id = %s FOR UPDATE", (insurer, member_id))
            assert cursor.rowcount == 1
            yield
    finally:
        connection.close()


def waiting(database):
    """Merges that wait for a lock."""
    return database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
                          "AND query LIKE '%merge_import_slice%'", user="postgres")


def ends(database, job_id, state="succeeded"):
    wait_until(lambda: job(database, job_id) in ("succeeded", "failed", "cancelled"), "the job to end")
    assert job(database, job_id, "state, failure")[0] == state, job(database, job_id, "state, failure")


def merged(database, job_id, rows, created, changed):
    assert database.run("SELECT rows_merged, rows_created, rows_changed, slices_merged, slot FROM shikaku.imports WHERE import_id = %s",
                        (job_id,)) == [(rows, created, changed, 1, None)]
    sound(database)


def sound(database):
    assert database.value("SELECT shikaku.compare_standings()") == 0
    assert database.value("SELECT count(*) FROM shikaku.deferred_transactions") == 0


@pytest.fixture
def again(database, start):
    """A service, three members S-0 to S-2 on record, and a second file that changes S-0 and brings seven more."""

    def begin(**settings):
        first = start(**{**SHORT, **settings})
        ends(database, stage(database, lines(3)))
        return first, [line("S-0", name="試験 変更"), *lines(10)[1:]]

    return begin


def test_a_file_that_is_in_is_merged(database, start):
    start()
    import_id = stage(database, lines(20))
    ends(database, import_id)
    merged(database, import_id, 20, 20, 0)
    assert job(database, import_id, "percent, attempts") == (100, 1)


def test_another_process_takes_over_when_one_is_killed_in_the_middle_of_a_merge(database, again, start):
    first, rows = again()
    with held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        start(**SHORT)
        first.kill()
        wait_until(lambda: job(database, import_id, "attempts") == 2, "the other process to take it over")
        assert database.value("SELECT count(*) FROM shikaku.members WHERE member_id LIKE 'S-%'") == 3, "nothing of it is merged yet"
    ends(database, import_id)
    merged(database, import_id, 10, 7, 1)


def test_a_process_that_is_stopped_hands_over_at_once(database, again, start):
    first, rows = again(drain_timeout_ms=100, job_lease_ms=600000)
    with held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        assert first.stop() == 0
        assert job(database, import_id, "state, attempts") == ("queued", 0)
    start(**SHORT)
    ends(database, import_id)
    merged(database, import_id, 10, 7, 1)


def test_a_merge_that_fits_into_the_time_to_stop_ends_well(database, again):
    first, rows = again(drain_timeout_ms=30000)
    with held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        first.process.terminate()
        wait_until(lambda: " stopping" in first.log(), "the process to begin to stop")
    assert first.wait_end() == 0
    ends(database, import_id)
    merged(database, import_id, 10, 7, 1)


def test_a_database_that_is_killed_in_the_middle_of_a_merge_has_all_of_it_later(database, server, again):
    first, rows = again()
    with contextlib.suppress(Exception), held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        server.kill()
    server.start()
    first.wait_ready()
    ends(database, import_id)
    merged(database, import_id, 10, 7, 1)


def test_a_merge_that_is_cancelled_leaves_nothing(database, again):
    _, rows = again()
    with held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        wait_until(lambda: 0 < job(database, import_id, "percent") < 100, "the job to say how far it is")
        assert database.value("SELECT shikaku.cancel_job('01130012', %s, now())", (import_id,), user="shikaku_service") == "cancelling"
        ends(database, import_id, "cancelled")
    assert database.value("SELECT count(*) FROM shikaku.members WHERE member_id LIKE 'S-%'") == 3
    sound(database)


def test_a_merge_rests_while_checks_are_made_and_is_whole_all_the_same(database, again):
    service, rows = again(import_rest=1000)
    assert database.value("SELECT sum(rested_ms) FROM shikaku.imports") == 0, "nobody asked"
    with held(database):
        import_id = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        before = database.value("SELECT shikaku.checks_counted()")
        wait_until(lambda: service.check().status == 200 and database.value("SELECT shikaku.checks_counted()") > before, "a check to be counted")
    ends(database, import_id)
    merged(database, import_id, 10, 7, 1)
    assert database.value("SELECT rested_ms FROM shikaku.imports WHERE import_id = %s", (import_id,)) > 0


def test_two_processes_share_the_work(database, again, start):
    _, rows = again()
    start(**SHORT)
    with held(database):
        held_up = stage(database, rows)
        wait_until(lambda: waiting(database), "the merge to wait")
        other = stage(database, lines(5), insurer=OTHER)
        ends(database, other)
        assert job(database, held_up) == "running"
    ends(database, held_up)
    sound(database)


def test_a_process_without_workers_leaves_the_work_to_others(database, start):
    start(job_workers=0)
    import_id = stage(database, lines(1))
    start()
    ends(database, import_id)


def test_who_corrects_a_member_during_its_merge_is_told_to_come_back(database, again):
    first, rows = again()
    rows.insert(1, line("S-1", name="試験 変更"))
    rows = [*{row["member_id"]: row for row in reversed(rows)}.values()]
    with Client(first, database.token("insurer", "01130012", now=None)) as insurer:
        member = insurer.get("/v1/insurers/01130012/members/S-0").json
        with held(database, "S-1"):
            import_id = stage(database, rows)
            wait_until(lambda: waiting(database), "the merge to wait")
            busy = insurer.request("PUT", "/v1/insurers/01130012/members/S-0", {**member, "address": "新町"})
            assert (busy.status, busy.json["code"]) == (409, "import_running")
        ends(database, import_id)
        assert insurer.request("PUT", "/v1/insurers/01130012/members/S-0", {**member, "address": "新町"}).status == 200
    sound(database)


def test_a_merge_that_fails_is_tried_again_later(database, start):
    merging = "EXECUTE ON FUNCTION shikaku.merge_import_slice(uuid, uuid, integer, timestamptz)"
    database.run(f"REVOKE {merging} FROM shikaku_service")
    start(**SHORT)
    import_id = stage(database, lines(3))
    wait_until(lambda: job(database, import_id, "state, attempts") == ("queued", 1), "the job to be given back")
    database.run(f"GRANT {merging} TO shikaku_service")
    ends(database, import_id)
    merged(database, import_id, 3, 3, 0)
    assert job(database, import_id, "attempts") == 2
