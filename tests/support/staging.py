"""A file of members as it is when it has come in: for tests of what becomes of it, without sending one."""

import datetime
import hashlib
import uuid

KYOKAI = "01130012"
PERIOD = {"relationship": "insured", "symbol": "77", "symbol_key": "77", "branch_number": "00", "acquired_on": "2020-04-01"}


def line(member_id, number=None, **fields):
    """The fields of an insured member, as they are staged; None takes one away."""
    made = {"member_id": member_id, "name": f"試験 {member_id}", "name_kana": "シケン", "sex": "female", "birth_date": "1990-01-01", **PERIOD,
            "number": number or member_id, "number_key": number or member_id, **fields}
    return {name: value for name, value in made.items() if value is not None}


def lines(count, prefix="S-"):
    return [line(f"{prefix}{number}") for number in range(count)]


def open_import(database, insurer=KYOKAI, now=None, lease="1 minute", mode="changes", good=False, end=False, percent=None, lost_on=None):
    """An import that is receiving its file: its id, its slot, and the process that has it."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    import_id, runner = str(uuid.uuid4()), str(uuid.uuid4())
    outcome, _, slot = database.run(
        "SELECT * FROM shikaku.open_import(%s, %s, %s, NULL, %s, %s::timestamptz + %s::interval, %s, %s, %s, %s, %s, 'csv', 'utf-8', NULL)",
        (import_id, insurer, now, runner, now, lease, mode, good, end, percent, lost_on), user="shikaku_service")[0]
    assert outcome == "opened", outcome
    return import_id, slot, runner


def stage(database, rows, insurer=KYOKAI, now=None, slice_rows=None, failed=0, **options):
    """An import whose file is in, queued: its id. rows as line() makes them."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    import_id, slot, runner = open_import(database, insurer, now, **options)
    connection = database.connect("shikaku_service")
    try:
        with connection.cursor() as cursor:
            for number, fields in enumerate(rows, 2):
                digest = hashlib.sha256(repr(sorted(fields.items())).encode()).digest()
                fields = {"slot": slot, "line": number, "digest": digest, **fields}
                cursor.execute(f"INSERT INTO shikaku.staged_members_{slot} ({', '.join(fields)}) VALUES ({', '.join(['%s'] * len(fields))})",
                               tuple(fields.values()))
    finally:
        connection.close()
    if slice_rows:
        database.run("UPDATE shikaku.imports SET slice_rows = %s WHERE import_id = %s", (slice_rows, import_id))
    said = database.value("SELECT shikaku.close_import(%s, %s, %s, 1000, %s, %s, %s, %s)",
                          (import_id, runner, now, len(rows) + failed, len(rows), failed, failed), user="shikaku_service")
    assert said == "queued", said
    return import_id


def job(database, job_id, columns="state"):
    found = database.run(f"SELECT {columns} FROM shikaku.jobs WHERE job_id = %s", (job_id,))[0]
    return found if len(found) > 1 else found[0]
