"""The database's disk is full: what cannot be put on record is not answered (R13.1), and all heals when there is room again."""

import datetime
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import pytest

from support import Server
from support.evidence import answers_on_record
from support.programs import close_at_exit, forget
from support_service import FaultService, wait_until
from support_wire import check_request
from test_database_away import assert_declaration_is_offered

MIB = 1024 * 1024


class SmallDisk:
    """A file system of its own, in memory, which can be filled to the last byte."""

    def __init__(self, megabytes):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shikaku-disk-", dir="/tmp"))
        self.filler = self.folder / "filler"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", self.folder],
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.folder.rmdir()
            pytest.skip(f"needs to mount a small disk: {done.stderr.strip()}")
        close_at_exit(self)

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (MIB, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:  # full
                    pass

    def make_room(self):
        self.filler.unlink(missing_ok=True)

    def close(self):
        forget(self)
        subprocess.run(["umount", "-l", self.folder], check=True)
        self.folder.rmdir()


@pytest.fixture(scope="module")
def disks():
    """For the tables, and for the write-ahead log."""
    made = []
    try:
        made += [SmallDisk(400)]
        made += [SmallDisk(400)]
        yield made
    finally:
        for disk in made:
            disk.close()


@pytest.fixture(scope="module")
def small_server(disks):
    tables, log = disks
    with Server("fsync=off", "max_connections=40", "max_wal_size=128MB", state=tables.folder) as server:
        server.stop()
        moved = log.folder / "pg_wal"
        subprocess.run(["cp", "-a", server.data / "pg_wal", moved], check=True)
        shutil.rmtree(server.data / "pg_wal")
        os.symlink(moved, server.data / "pg_wal")
        server.start()
        yield server


@pytest.fixture
def desk(small_server, disks):
    """A service whose database has one small disk for its tables and one for its log."""
    now = datetime.datetime.now(datetime.timezone.utc)
    database = small_server.database(today=(now + datetime.timedelta(hours=9)).date(), now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    service = FaultService(database, database.token(now=None))
    yield service
    for disk in disks:
        disk.make_room()
    small_server.start()
    try:
        service.end_well()
    finally:
        service.close()
        database.close()


def keep_asking(service, enough, seconds=60):
    """Checks until enough(answer) is true of one; all of them."""
    answers = []
    wait_until(lambda: answers.append(service.check()) or enough(answers[-1]), "an answer that says enough", seconds)
    return answers


def assert_given_or_refused(answers):
    """Each is the right answer, or offers the declaration."""
    for answer in answers:
        if answer.status == 200:
            assert answer.json()["validity"] == "valid"
        else:
            assert_declaration_is_offered(answer)


def test_a_disk_without_room_for_a_record_costs_answers_and_never_a_record(desk, small_server, disks):
    tables, _ = disks
    small_server.run("SELECT pg_switch_wal()")
    small_server.run("CHECKPOINT")
    tables.fill()
    said = small_server.log().count("No space left on device")
    answers = keep_asking(desk, lambda answer: answer.status == 503)
    assert small_server.log().count("could not extend file") > 0
    assert small_server.log().count("No space left on device") > said
    beyond = desk.check_many(50)
    assert {answer.status for answer in beyond} == {503}
    assert_given_or_refused(answers + beyond)
    given = sum(answer.status == 200 for answer in answers)
    assert len(answers_on_record(desk.database)) == given, "what was refused is on record as if it had been answered"
    tables.make_room()
    wait_until(lambda: desk.check().status == 200, "checks to be answered again")
    desk.wait_ready()
    assert {answer.status for answer in desk.check_many(50)} == {200}


def test_a_full_log_that_ends_the_database_in_a_panic_takes_no_answer_that_was_given(desk, small_server, disks):
    _, log = disks
    assert desk.check().status == 200
    log.fill()
    panics = small_server.log().count("PANIC")
    done = threading.Event()
    troubles = []

    def ask():
        while not done.is_set():
            try:
                desk.check_many(20, check_request(desk.token))
            except Exception as trouble:
                troubles.append(trouble)
                return

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        def panicked():
            try:
                small_server.run("SELECT pg_switch_wal()")  # sooner than by records alone
            except Exception:  # it ends, or has ended
                pass
            return small_server.log().count("PANIC") > panics

        wait_until(panicked, "the database to panic", seconds=60)
        wait_until(lambda: desk.check().status == 503, "checks to be refused")
        unready = desk.wait_unready()
        assert unready.code() == "database_unavailable"
        time.sleep(0.5)  # it tries to start again, in vain; nothing is asserted about it
        log.make_room()
        small_server.start()
        wait_until(lambda: desk.check().status == 200, "checks to be answered again")
        desk.wait_ready()  # every loop
    finally:
        done.set()
        asking.join()
    assert not troubles, troubles
    assert_given_or_refused(desk.checks_seen())
    assert {answer.status for answer in desk.check_many(50)} == {200}
