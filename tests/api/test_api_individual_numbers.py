"""マイナンバー exists only sealed and only while its check is pending (R2.4): after a run in which the register linked, refused and was
away, and the service and the database were restarted, no number that was sent can be found in the database, its dump, its files, or
anybody's log. The process that has them in its memory leaves no core and shows it to nobody."""

import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import time

import pytest

from api_insurers import new_insurer
from support import SHIKAKUD, Client, Server, Service, numbers
from support.programs import environment
from support.register import Register, busy
from test_api_links import put, record, state_of

MEMBERS = 30
PATIENCE = 90


DIGITS_IN_GROUPS = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
HEXADECIMAL = re.compile(rb"(?:3[0-9]){12,}")
FULL_WIDTH = [chr(0xFF10 + digit).encode() for digit in range(10)]


def forms_of(number):
    """As it may stand somewhere: text in several encodings, in groups, in hexadecimal, as a number of 8 bytes in either order."""
    groups = [number[at:at + 4] for at in range(0, 12, 4)]
    texts = [number, "-".join(groups), " ".join(groups), " ".join(number), f"{number[:3]}-{number[3:]}"]
    written = [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be")]
    full_width = number.translate({48 + digit: 0xFF10 + digit for digit in range(10)}).encode()
    return written + [full_width, number.encode().hex().encode(), struct.pack(">q", int(number)), struct.pack("<q", int(number))]


def digits_in(data):
    """Every run of at least 12 digits in these bytes, whatever its form."""
    for run in HEXADECIMAL.findall(data):
        yield bytes.fromhex(run.decode())
    data = data.replace(b"\0", b"")
    for digit, written in enumerate(FULL_WIDTH):
        data = data.replace(written, b"%d" % digit)
    for run in DIGITS_IN_GROUPS.findall(data):
        yield run.replace(b" ", b"").replace(b"-", b"")


def hits_in(data, sought):
    texts = {number.encode(): number for number in sought}
    hits = {texts[window] for run in digits_in(data) for at in range(len(run) - 11) if (window := run[at:at + 12]) in texts}
    return hits | {number for number in sought for order in "><" if struct.pack(f"{order}q", int(number)) in data}


def found_in(places, sought):
    """{name of a place: numbers that are in it}. places: {name: bytes}"""
    return {name: hits for name, data in places.items() if (hits := hits_in(data, sought))}


def places_of(server, service, bodies):
    """All that is left of a run."""
    dump = subprocess.run(["pg_dump", "-h", server.socket, "-U", "postgres", service.database.name], env=environment(), capture_output=True,
                          timeout=120, check=True).stdout
    server.run("CHECKPOINT")
    ours = service.database.value("SELECT oid::text FROM pg_database WHERE datname = current_database()")
    of_others = {folder for folder in (server.data / "base").iterdir() if folder.name != ours}  # which PostgreSQL makes for itself
    places = {"pg_dump": dump, "answers": b"\n".join(bodies)}
    for folder in (server.data, service.folder):
        for file in pathlib.Path(folder).rglob("*"):
            if file.is_file() and not file.is_socket() and file.parent not in of_others:
                places[str(file)] = file.read_bytes()
    assert any("/pg_wal/" in name for name in places) and any(name.endswith("server.log") for name in places)
    return places


def settled(database):
    return database.value("SELECT count(*) FROM shikaku.pending_numbers") == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(server, service, register, numbers sent, bodies of all answers)"""
    folder = tmp_path_factory.mktemp("numbers")
    with Server("fsync=off", "log_statement=all", "log_min_duration_statement=0", "log_parameter_max_length=-1",
                "log_parameter_max_length_on_error=-1", "log_error_verbosity=verbose", "log_min_error_statement=debug5") as server:
        database = server.database()
        with Register() as register, Service(database, now=None, log_level="debug", individual_number_key=numbers.Key(folder).file,
                                             **register.settings(folder)) as service:
            yield (server, service, register, *whole_life(server, database, service, register))


def whole_life(server, database, service, register):
    """Members are registered while the register is away, over two restarts; it comes back; mismatches are decided of and corrected,
    digits disputed, and what cannot be accepted is refused."""
    sent, bodies = [], []
    insurer = new_insurer(database, service)

    def number_of(i, **differs):
        number = numbers.new_number()
        sent.append(number)
        told = record()
        register.people[number] = {**{name: told[name] for name in ("name", "name_kana", "birth_date", "address", "sex")},
                                   "person_code": f"code-{len(sent)}", **differs}
        return number

    def send(i, number, **changes):
        body = record(number, memberships=[{**record()["memberships"][0], "number": f"9{i:05}"}], **changes)
        bodies.append(put(insurer, f"E-{i}", body).body)

    register.answer = busy
    for i in range(MEMBERS):
        send(i, number_of(i, **({} if i % 3 else {"name": "別人 一郎", "sex": "male"})))
    wrong = numbers.new_number()
    wrong = wrong[:-1] + str((int(wrong[-1]) + 1) % 10)
    sent.append(wrong)
    for path in ("/members/W-1", "/members/W-2/loss", "/members/search"):
        for body in (record(wrong), {"individual_number": wrong}, f'{{"individual_number": "{wrong}"'):
            answer = insurer.client.request("PUT" if path.endswith("1") else "POST", insurer.path + path, body, wrong=True)
            assert answer.status in (400, 422), answer
            bodies.append(answer.body)
    service.kill()
    server.stop("immediate")
    server.start()
    service.start()
    insurer.client = Client(service, insurer.token)
    register.answer = None
    wait(lambda: settled(database))
    for i in range(0, MEMBERS, 3):
        assert state_of(insurer, f"E-{i}") == "mismatch"
        if i % 2:
            bodies.append(insurer.post({"decision": "accept", "note": "確認"}, f"/members/E-{i}/link-decision").body)
        else:
            send(i, number_of(i))
    bodies += send_file(database, insurer, number_of, sent, register)
    bodies.append(insurer.post({"individual_number_last4": sent[1][-4:]}, "/members/E-1/link-dispute").body)
    send(1, number_of(1))
    wait(lambda: settled(database))
    for i in range(MEMBERS):
        answer = insurer.get(f"/members/E-{i}")
        assert answer.json["link"]["state"] == "linked", answer
        bodies += [answer.body, insurer.get(f"/members/E-{i}/history").body]
    assert service.stop() == 0
    service.start()
    insurer.client.close()
    return sent, bodies


def send_file(database, insurer, number_of, sent, register):
    """A file with numbers, of which one cannot be, one stands in another column and one in a line that is none."""
    told = record()
    columns = ("member_id", "name", "name_kana", "sex", "birth_date", "address", "individual_number", "relationship", "symbol", "number",
               "acquired_on")
    period = told["memberships"][0]

    def line(i, number, **changes):
        values = {**told, **period, "member_id": f"F-{i}", "number": f"8{i:05}", "individual_number": number, **changes}
        return ",".join(values[column] for column in columns)

    good = [line(i, number_of(i)) for i in range(10)]
    stray = [numbers.new_number() for _ in range(3)]
    sent += stray
    bad = [line(90, stray[0][:-1] + str((int(stray[0][-1]) + 1) % 10)), line(91, "", birth_date=stray[1]), f'"{stray[2]}']
    sent.append(bad[0].split(",")[6])
    answer = insurer.client.request("POST", f"{insurer.path}/imports?partial=true", "\r\n".join([",".join(columns), *good, *bad]),
                                    {"Content-Type": "text/csv"})
    assert answer.status in (200, 201, 202), answer
    place = answer.header("Location")
    wait(lambda: insurer.client.get(place).json["state"] in ("succeeded", "failed"))
    assert insurer.client.get(place).json["state"] == "succeeded"
    wait(lambda: settled(database))
    members = [insurer.get(f"/members/F-{i}") for i in range(10)]
    assert {member.json["link"]["state"] for member in members} == {"linked"}
    return [answer.body, insurer.client.get(place).body, insurer.client.get(f"{place}/errors").body, *(member.body for member in members)]


def wait(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_every_number_was_sent_to_the_register_and_none_is_left_anywhere_r2_4(run):
    server, service, register, sent, bodies = run
    assert set(register.numbers()) == set(sent) - {number for number in sent if number not in register.people} and len(set(sent)) > MEMBERS
    assert found_in(places_of(server, service, bodies), set(sent)) == {}


def test_a_number_that_is_somewhere_would_be_found(run):
    """A search that finds nothing proves nothing, unless it finds what is there."""
    server, service, _, _, bodies = run
    planted = {"table": numbers.new_number(), "statement": numbers.new_number(), "answer": numbers.new_number(), "log": numbers.new_number()}
    groups = "-".join(planted["statement"][at:at + 4] for at in range(0, 12, 4))
    service.database.run("CREATE TABLE planted AS SELECT %s::text AS number", (planted["table"],), user="postgres")
    service.database.run("SELECT %s::text", (groups,))
    service.log_file.write_text(service.log() + planted["log"])
    found = found_in(places_of(server, service, [*bodies, f'"{planted["answer"]}"'.encode()]), set(planted.values()))
    where = {name: {place for place, hits in found.items() if number in hits} for name, number in planted.items()}
    assert "pg_dump" in where["table"] and any("/pg_wal/" in place for place in where["table"])
    assert any("/base/" in place for place in where["table"])
    assert any(place.endswith("server.log") for place in where["statement"])
    assert where["answer"] == {"answers"} and where["log"] == {str(service.log_file)}


@pytest.mark.parametrize("number", [numbers.new_number()])
def test_each_form_of_a_number_is_looked_for(number):
    for form in forms_of(number):
        assert found_in({"x": b"..." + form + b"..."}, [number]) == {"x": {number}}
    assert len(set(forms_of(number))) == len(forms_of(number))


# --- The process that has them in its memory.

def serving(folder, **more):
    """A service that serves nothing for want of a database, as its own user."""
    told = environment(DATABASE_URL="host=/nonexistent dbname=none", SHIKAKU_LISTEN=f"unix:{folder}/api.sock", **more)
    process = subprocess.Popen([str(SHIKAKUD), "serve"], cwd=folder, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    end = time.monotonic() + 30
    while not (pathlib.Path(folder) / "api.sock").exists():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    return process


def limit_of(process):
    for line in pathlib.Path(f"/proc/{process.pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            return line.split()[4:6]
    raise AssertionError("no limit of cores")


def test_a_process_that_is_struck_down_leaves_no_core_r2_4(tmp_path):
    process = serving(tmp_path)
    try:
        assert limit_of(process) == ["0", "0"]
    finally:
        os.kill(process.pid, signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert [file.name for file in tmp_path.iterdir() if "core" in file.name] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a process as somebody else")
def test_not_even_its_own_user_can_look_into_it_r2_4(tmp_path):
    """What belongs to a process that may not be dumped belongs to root, whoever runs it."""
    somebody = 65534
    open_folder = pathlib.Path(f"/tmp/shikaku-not-dumpable-{os.getpid()}")
    open_folder.mkdir(mode=0o755)
    try:
        program = shutil.copy(SHIKAKUD, open_folder / "shikakud")
        os.chown(open_folder, somebody, somebody)
        os.chmod(program, 0o755)
        told = environment(DATABASE_URL="host=/nonexistent dbname=none", SHIKAKU_LISTEN=f"unix:{open_folder}/api.sock")
        process = subprocess.Popen(["setpriv", "--reuid", str(somebody), "--clear-groups", program, "serve"], env=told, cwd="/",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait(lambda: (open_folder / "api.sock").exists())
            assert f"Uid:\t{somebody}" in pathlib.Path(f"/proc/{process.pid}/status").read_text()
            assert pathlib.Path(f"/proc/{process.pid}/mem").stat().st_uid == 0
            assert pathlib.Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(open_folder)
