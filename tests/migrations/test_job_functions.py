"""A job is one process' at a time, what a dead process left is taken over, and a file that did not come in whole leaves nothing."""

import threading
import uuid

import psycopg2
import pytest

INSURER, OTHER = "01130012", "06136022"
HERE, THERE = (str(uuid.uuid4()) for _ in range(2))  # two processes
NOON, LEASE, LATER = "2026-11-26 12:00Z", "2026-11-26 12:00:15Z", "2026-11-26 12:00:16Z"
OPEN = """SELECT outcome, import_id, slot FROM shikaku.open_import(%(id)s, %(insurer)s, %(at)s, NULL, %(runner)s, %(lease)s, 'changes',
    %(good)s, false, NULL, NULL, 'csv', 'utf-8', sha256(%(key)s))"""


def ask(db, sql, *parameters):
    return db.value(sql, parameters, user="shikaku_service")


def opened(db, **asked):
    asked = {"id": str(uuid.uuid4()), "insurer": INSURER, "at": NOON, "runner": HERE, "lease": LEASE, "good": False, "key": None, **asked}
    return db.run(OPEN, asked, user="shikaku_service")[0]


def fill(db, slot, rows=1):
    db.run(f"""INSERT INTO shikaku.staged_members_{slot} (slot, line, digest, member_id)
        SELECT {slot}, n + 1, sha256(n::text::bytea), 'm' || n FROM generate_series(1, {rows}) AS n""", user="shikaku_service")


def close(db, import_id, runner=HERE, rows=1, failed=0):
    return ask(db, "SELECT shikaku.close_import(%s, %s, %s, 100, %s, %s, %s, %s)", import_id, runner, NOON, rows, rows - failed, failed, failed)


def renew_import(db, import_id, runner=HERE):
    return ask(db, "SELECT shikaku.renew_import(%s, %s, %s, 10, 2, 1)", import_id, runner, LATER)


def queued(db, **asked):
    _, import_id, slot = opened(db, **asked)
    fill(db, slot)
    assert close(db, import_id) == "queued"
    return import_id


def claim(db, runner=HERE, at=NOON, lease=LEASE, kinds="{import}"):
    claimed = db.run("SELECT job_id, attempts FROM shikaku.claim_job(%s, %s, %s, %s)", (runner, kinds, at, lease), user="shikaku_service")
    return claimed[0] if claimed else None


def job(db, job_id, columns="state, failure"):
    found = db.run(f"SELECT {columns} FROM shikaku.jobs WHERE job_id = %s", (job_id,))[0]
    return found if len(found) > 1 else found[0]


def cancel(db, job_id, insurer=INSURER):
    return ask(db, "SELECT shikaku.cancel_job(%s, %s, %s)", insurer, job_id, NOON)


def slots(db):
    """How many rows are staged, and how many slots are taken."""
    return db.run("SELECT (SELECT count(*) FROM shikaku.staged_members), (SELECT count(slot) FROM shikaku.imports)")[0]


def test_a_file_comes_in_and_is_queued_with_its_rows(family):
    outcome, import_id, slot = opened(family)
    assert (outcome, slot) == ("opened", 0) and job(family, import_id) == ("receiving", None)
    assert renew_import(family, import_id) == "kept"
    assert family.run("SELECT bytes_read, rows_read, rows_valid FROM shikaku.imports") == [(10, 2, 1)]
    fill(family, slot, 3)
    assert close(family, import_id, rows=3) == "queued"
    assert family.run("SELECT rows_read, rows_valid, rows_failed, errors, slices FROM shikaku.imports") == [(3, 3, 0, 0, 1)]
    assert slots(family) == (3, 1) and job(family, import_id, "runner, lease_until, not_before = '2026-11-26 12:00Z'") == (None, None, True)


@pytest.mark.parametrize("rows, slices", [(0, 1), (1, 1), (5, 1), (6, 2), (11, 3)])
def test_a_larger_file_goes_in_slices(family, rows, slices):
    import_id = opened(family)[1]
    family.run("UPDATE shikaku.imports SET slice_rows = 5")
    close(family, import_id, rows=rows)
    assert family.value("SELECT slices FROM shikaku.imports") == slices


def test_one_import_of_an_insurer_at_a_time(family):
    first = opened(family)[1]
    assert opened(family) == ("running", first, None)
    assert opened(family, insurer=OTHER)[::2] == ("opened", 1)
    ask(family, "SELECT shikaku.fail_import(%s, %s, %s, 'truncated')", first, HERE, NOON)
    assert job(family, first) == ("failed", "truncated")
    assert opened(family)[0] == "opened"


def test_an_insurer_whom_nobody_knows_has_no_import(family):
    assert opened(family, insurer="06270029") == ("no_such_insurer", None, None)


def test_the_ninth_import_at_once_finds_no_room_and_leaves_nothing(family):
    insurers = ["01130012", "06136022", "39131156"]
    for number in range(1, 10000):
        digits = f"00{number:05d}"
        total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
        if len(insurers) == 9:
            break
        insurers.append(f"{digits}{-total % 10}")
    for insurer in insurers[3:]:
        family.run("INSERT INTO shikaku.insurers VALUES (%s, %s, 'x')", (insurer, insurer))
    assert [opened(family, insurer=insurer)[2] for insurer in insurers[:8]] == list(range(8))
    assert opened(family, insurer=insurers[8]) == ("busy", None, None)
    assert family.value("SELECT count(*) FROM shikaku.jobs") == 8


def test_a_request_that_is_sent_again_finds_its_import(family):
    import_id = opened(family, key=b"k")[1]
    assert opened(family, key=b"k")[:2] == ("running", import_id), "it is not answered yet"
    close(family, import_id)
    assert opened(family, key=b"k") == ("replayed", import_id, None)
    assert opened(family, insurer=OTHER, key=b"k")[0] == "opened", "keys are the insurer's own"


def test_a_file_that_was_cut_off_does_not_use_up_its_key(family):
    import_id = opened(family, key=b"k")[1]
    ask(family, "SELECT shikaku.fail_import(%s, %s, %s, 'truncated')", import_id, HERE, NOON)
    assert opened(family, key=b"k")[0] == "opened"


@pytest.mark.parametrize("good, said, state", [(False, "failed", ("failed", "rows_refused")), (True, "queued", ("queued", None))])
def test_one_bad_row_refuses_the_file_unless_the_good_ones_are_wanted(family, good, said, state):
    _, import_id, slot = opened(family, good=good)
    fill(family, slot, 2)
    assert close(family, import_id, rows=3, failed=1) == said and job(family, import_id) == state
    assert slots(family) == ((2, 1) if good else (0, 0)), "refused rows of people are not kept"


def test_ten_thousand_errors_are_listed(family):
    import_id = opened(family)[1]
    many = "SELECT shikaku.add_import_errors(%s, %s, array(SELECT generate_series(1, 6000)), array_fill('name'::text, '{6000}'), " \
        "array_fill('empty'::text, '{6000}'), array_fill('required'::text, '{6000}'))"
    for _ in range(3):
        family.run(many, (import_id, HERE), user="shikaku_service")
    family.run(many, (import_id, THERE), user="shikaku_service")
    assert family.value("SELECT count(*) FROM shikaku.import_errors") == 10000


def test_a_process_that_lost_its_import_is_told_so_and_its_rows_are_gone(family):
    _, import_id, slot = opened(family, key=b"k")
    fill(family, slot)
    assert claim(family, THERE, at=LATER) is None
    assert job(family, import_id) == ("failed", "interrupted") and slots(family) == (0, 0)
    assert renew_import(family, import_id) == "lost" and close(family, import_id) == "lost"
    ask(family, "SELECT shikaku.fail_import(%s, %s, %s, 'truncated')", import_id, HERE, LATER)
    assert job(family, import_id) == ("failed", "interrupted")
    assert opened(family, key=b"k")[0] == "opened"


def test_a_slot_that_a_dying_process_still_fills_is_not_given_away(family):
    _, _, slot = opened(family)
    fill(family, slot)
    dying = family.connect("shikaku_service", autocommit=False)
    with dying.cursor() as cursor:
        cursor.execute(f"INSERT INTO shikaku.staged_members_{slot} (slot, line, digest, member_id) VALUES ({slot}, 9, '', 'x')")
    assert claim(family, THERE, at=LATER) is None
    assert opened(family, insurer=OTHER)[::2] == ("opened", 1)
    dying.commit()
    assert opened(family)[::2] == ("opened", 0) and slots(family) == (0, 2)


def test_a_job_is_given_to_one_process(family):
    import_id = queued(family)
    assert claim(family, kinds="{link_check}") is None
    assert claim(family) == (import_id, 1) and claim(family, THERE) is None
    assert job(family, import_id, "state, runner") == ("running", HERE)
    assert family.value("SELECT merge_started_at FROM shikaku.imports") is not None


def test_two_that_claim_at_once_get_different_jobs(family):
    first, second = queued(family), queued(family, insurer=OTHER)
    waiting = family.connect("shikaku_service", autocommit=False)
    with waiting.cursor() as cursor:
        cursor.execute("SELECT job_id FROM shikaku.claim_job(%s, '{import}', %s, %s)", (HERE, NOON, LEASE))
        taken = cursor.fetchone()[0]
    assert {taken, claim(family, THERE)[0]} == {first, second}


def test_a_heartbeat_keeps_a_job_and_its_progress_never_goes_back(family):
    import_id = queued(family)
    claim(family)
    renew = "SELECT shikaku.renew_job(%s, %s, '2026-11-26 12:01Z', %s)"
    assert ask(family, renew, import_id, HERE, 40) == "kept" and ask(family, renew, import_id, HERE, 20) == "kept"
    assert claim(family, THERE, at=LATER) is None and job(family, import_id, "state, percent") == ("running", 40)
    assert ask(family, renew, import_id, THERE, 50) == "lost"


def test_work_of_a_dead_process_is_taken_over_five_times(family):
    import_id = queued(family)
    for attempt in range(1, 6):
        assert claim(family, at=NOON if attempt == 1 else LATER) == (import_id, attempt)
    assert claim(family, THERE, at=LATER) is None
    assert job(family, import_id) == ("failed", "interrupted") and slots(family) == (0, 0)


def test_work_that_failed_is_tried_again_later_and_later(family):
    import_id, at = queued(family), NOON
    retry = "SELECT shikaku.retry_job(%s, %s, %s, 'database_unavailable')"
    for attempt, seconds in enumerate((2, 4, 8, 16), 1):
        assert claim(family, at=at) == (import_id, attempt)
        assert ask(family, retry, import_id, HERE, at) == "queued" and ask(family, retry, import_id, HERE, at) == "lost"
        assert claim(family, at=at) is None
        at = job(family, import_id, "not_before")
        assert family.value("SELECT %s - %s::timestamptz = %s * interval '1 second'", (at, NOON, 2 ** (attempt + 1) - 2))
    claim(family, at=at)
    assert ask(family, retry, import_id, HERE, at) == "failed" and job(family, import_id) == ("failed", "database_unavailable")


def test_handing_over_is_no_failed_attempt(family):
    import_id = queued(family)
    for _ in range(7):
        assert claim(family) == (import_id, 1)
        assert ask(family, "SELECT shikaku.retry_job(%s, %s, %s, NULL)", import_id, HERE, NOON) == "queued"


def test_ending_a_job_empties_its_slot(family):
    import_id = queued(family)
    claim(family)
    end = "SELECT shikaku.end_job(%s, %s, %s, 'succeeded', NULL)"
    assert ask(family, end, import_id, THERE, NOON) is False
    assert ask(family, end, import_id, HERE, NOON) is True
    assert job(family, import_id, "state, percent") == ("succeeded", 100) and slots(family) == (0, 0)


def test_a_queued_job_is_cancelled_at_once(family):
    import_id = queued(family)
    assert cancel(family, import_id, OTHER) == "no_such_job" and cancel(family, str(uuid.uuid4())) == "no_such_job"
    assert cancel(family, import_id) == "cancelled" and cancel(family, import_id) == "ended"
    assert job(family, import_id) == ("cancelled", None) and slots(family) == (0, 0)


def test_a_running_job_is_told_that_it_is_cancelled(family):
    import_id = queued(family)
    claim(family)
    assert cancel(family, import_id) == "cancelling"
    assert ask(family, "SELECT shikaku.renew_job(%s, %s, %s, 1)", import_id, HERE, LEASE) == "cancelled"
    assert ask(family, "SELECT shikaku.retry_job(%s, %s, %s, NULL)", import_id, HERE, NOON) == "cancelled"
    assert job(family, import_id) == ("cancelled", None)


def test_a_file_on_its_way_in_is_told_that_it_is_cancelled(family):
    import_id = opened(family)[1]
    assert cancel(family, import_id) == "cancelling" and renew_import(family, import_id) == "cancelled"
    ask(family, "SELECT shikaku.fail_import(%s, %s, %s, 'cancelled')", import_id, HERE, NOON)
    assert job(family, import_id) == ("cancelled", None)
    import_id = opened(family)[1]
    cancel(family, import_id)
    assert close(family, import_id) == "cancelled" and slots(family) == (0, 0)


def test_a_cancelled_job_of_a_dead_process_is_not_begun_again(family):
    import_id = queued(family)
    claim(family)
    cancel(family, import_id)
    assert claim(family, THERE, at=LATER) is None and job(family, import_id) == ("cancelled", None)


def test_the_second_of_two_imports_at_once_waits_for_the_first(family):
    first = family.connect("shikaku_service", autocommit=False)
    with first.cursor() as cursor:
        cursor.execute(OPEN, {"id": str(uuid.uuid4()), "insurer": INSURER, "at": NOON, "runner": HERE, "lease": LEASE, "good": False, "key": None})
    second = []
    waiting = threading.Thread(target=lambda: second.append(opened(family)))
    waiting.start()
    while family.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0:
        assert waiting.is_alive()
    first.commit()
    waiting.join(30)
    assert second[0][0] == "running"


@pytest.mark.parametrize("statement", [
    "UPDATE shikaku.jobs SET state = 'queued'", "INSERT INTO shikaku.jobs SELECT * FROM shikaku.jobs", "UPDATE shikaku.imports SET slot = 0",
    "INSERT INTO shikaku.import_errors SELECT * FROM shikaku.import_errors", "SELECT * FROM shikaku.staged_members_0",
    "TRUNCATE shikaku.staged_members_0", "SELECT shikaku.finish_job(NULL, NULL, NULL, NULL)", "SELECT shikaku.empty_slot(0::smallint)",
    "SELECT shikaku.free_slot(NULL)", "SELECT shikaku.forget_import_key(NULL)", "SELECT shikaku.list_import_errors(NULL, NULL, NULL, NULL, NULL)",
])
def test_the_service_may_not(refused, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        refused.run(statement, user="shikaku_service")
