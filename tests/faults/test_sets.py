"""Many questions travel as one statement. One bad one must not cost the others their answer, and what could not be put on
record must not be answered (R13.1)."""

import time

import pytest

from support.evidence import answers_on_record, assert_on_record
from support_service import wait_until
from support_wire import check_request

POISONED = "2000001"  # the number of a member whose row raises an error
OTHER_CLINIC = "1310000012"



def poison_a_row(database):
    """Reading this member's name fails; nobody else's does."""
    names = [row[0] for row in database.run("SELECT attname FROM pg_attribute WHERE attrelid = 'shikaku.standings'::regclass"
                                            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum")]
    poisoned = (f"CASE WHEN number_key = '{POISONED}' THEN (1 / (length(number_key) - length(number_key)))::text"
                " ELSE name END AS name")
    columns = ", ".join(poisoned if name == "name" else name for name in names)
    database.run(f"""
        BEGIN;
        ALTER TABLE shikaku.standings RENAME TO sound_standings;
        CREATE VIEW shikaku.standings AS SELECT {columns} FROM shikaku.sound_standings;
        GRANT SELECT ON shikaku.standings TO shikaku_service;
        COMMIT""")


REFUSE_OTHER_CLINIC = f"""
CREATE FUNCTION shikaku.refuse_other_clinic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.owner = '{OTHER_CLINIC}' THEN RAISE EXCEPTION 'refused by a test'; END IF;
  RETURN NEW;
END
$$;
"""
WHEN_INSERTED = "CREATE TRIGGER poison BEFORE INSERT ON shikaku.checks FOR EACH ROW EXECUTE FUNCTION shikaku.refuse_other_clinic()"
WHEN_COMMITTED = """CREATE CONSTRAINT TRIGGER poison AFTER INSERT ON shikaku.checks DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION shikaku.refuse_other_clinic()"""


class Locked:
    """A table that is locked until all of a test's questions wait: what waits together travels together."""

    def __init__(self, database, table, mode="ACCESS EXCLUSIVE"):
        self.connection = database.connect()
        self.connection.autocommit = False
        with self.connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")

    def release(self):
        self.connection.close()


def wait_in_flight(service, count):
    wait_until(lambda: service.metric("shikaku_requests_in_flight") == count, f"{count} requests in flight")


def largest_set(service, statement):
    """A lower bound: the largest bucket of the histogram that is not empty begins after this."""
    buckets = {float(name.split('le="')[1].split('"')[0]): value for name, value in service.metrics().items()
               if name.startswith("shikaku_set_size_bucket") and f'statement="{statement}"' in name}
    total = max(buckets.values())
    return max([bound for bound, value in buckets.items() if value < total], default=0)


@pytest.mark.parametrize("audit_connection", [0, 1])
def test_one_members_broken_row_costs_the_other_patients_of_the_set_nothing(start, database, audit_connection):
    service = start(loops=1, statement_timeout_ms=20000, database_silence_ms=20000, answer_timeout_ms=20000,
                    audit_connection=audit_connection)
    assert service.check().status == 200
    poison_a_row(database)
    lock = Locked(database, "shikaku.sound_standings")
    first = service.send_many(1)  # under way alone; what comes now waits together
    wait_in_flight(service, 1)

    def data(index):
        if index == 20:
            return check_request(service.token, number=POISONED, birth_date="1975-02-28")
        return check_request(service.token)

    wires = service.send_many(40, data)
    wait_in_flight(service, 41)
    lock.release()
    answers = service.read_many(wires, data)
    assert service.read_many(first)[0].status == 200
    assert largest_set(service, "find_standings_by_keys") > 8
    assert (answers[20].status, answers[20].code()) == (503, "database_unavailable")
    others = answers[:20] + answers[21:]
    assert {answer.json()["validity"] for answer in others} == {"valid"}
    assert_on_record(database, others)


@pytest.mark.parametrize("audit_connection", [0, 1])
@pytest.mark.parametrize("when", [WHEN_INSERTED, WHEN_COMMITTED], ids=["inserting", "committing"])
def test_records_that_fail_take_back_the_answers_of_their_set_and_of_no_other(start, database, when, audit_connection):
    service = start(loops=1, statement_timeout_ms=20000, database_silence_ms=20000, answer_timeout_ms=20000,
                    audit_connection=audit_connection)
    other = database.token(owner=OTHER_CLINIC, now=None)
    database.run(REFUSE_OTHER_CLINIC)
    database.run(when)
    assert_on_record(database, [service.check()])

    def data(index):
        return check_request(other if index == 20 else service.token)

    lock = Locked(database, "shikaku.checks", "EXCLUSIVE")  # reading is free, recording waits
    first = service.send_many(1)
    wait_in_flight(service, 1)
    wires = service.send_many(40, data)
    wait_in_flight(service, 41)
    time.sleep(0.3)  # their look-ups come back meanwhile; nothing is asserted about it
    lock.release()
    answers = service.read_many(wires, data) + service.read_many(first)
    assert answers[20].status == 503
    assert {answer.code() for answer in answers if answer.status != 200} == {"database_unavailable"}
    given = [answer for answer in answers if answer.status == 200]
    assert_on_record(database, given)
    assert len(answers_on_record(database)) == len(given) + 1, "a record of an answer that was taken back"
    database.run("DROP TRIGGER poison ON shikaku.checks")
    assert_on_record(database, service.check_many(40, data))


@pytest.mark.parametrize("when", [WHEN_INSERTED, WHEN_COMMITTED], ids=["inserting", "committing"])
def test_under_load_a_clinic_whose_records_fail_gets_no_answer_and_no_answer_is_without_record(start, database, when):
    service = start()
    other = database.token(owner=OTHER_CLINIC, now=None)
    database.run(REFUSE_OTHER_CLINIC)
    database.run(when)
    answers = []
    for _ in range(5):
        of_both = service.check_many(40, lambda index: check_request(other if index % 10 == 9 else service.token))
        assert {answer.status for answer in of_both[9::10]} == {503}
        answers += of_both
    given = [answer for answer in answers if answer.status == 200]
    assert_on_record(database, given)
    assert len(answers_on_record(database)) == len(given)
    database.run("DROP TRIGGER poison ON shikaku.checks")
    assert_on_record(database, service.check_many(40))


def test_a_record_cannot_be_lost_for_want_of_a_partition(start, database):
    service = start()
    names = [row[0] for row in database.run(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'shikaku.checks'::regclass"
        " AND inhrelid <> 'shikaku.checks_default'::regclass")]
    assert names
    for name in names:
        database.run(f"ALTER TABLE shikaku.checks DETACH PARTITION {name}")
    assert_on_record(database, service.check_many(20))
