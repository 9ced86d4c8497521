"""What operators rely on: health, the contract, metrics, the command line; and the terminal against the real service."""

import json
import os
import re
import socket
import stat

import pytest

from api_people import add
from catalogues import words
from support import ROOT, Client, shikakud, terminal
from support.database import NOW
from test_api_requests import good

METRICS = ["shikaku_requests_total", "shikaku_request_seconds", "shikaku_loop_turns_total", "shikaku_set_size", "shikaku_lane_waiting",
           "shikaku_lane_ready", "shikaku_lane_failures_total", "shikaku_checks_total", "shikaku_check_reasons_total", "shikaku_connections",
           "shikaku_requests_in_flight"]


@pytest.mark.parametrize("path, body", [("/healthz", {"status": "ok"}),
                                        ("/readyz", {"ready": True, "checks": [{"name": "database", "ok": True, "detail": None}]})])
def test_a_healthy_service_says_so(desk, path, body):
    answer = desk.get(path)
    assert answer.status == 200 and answer.json == body and answer.header("Cache-Control") == "no-store"
    headless = desk.request("HEAD", path)
    assert headless.status == 200 and headless.body == b"" and headless.header("Content-Length") == str(len(answer.body))


def test_the_contract_that_is_served_is_the_file(desk):
    file = (ROOT / "openapi" / "openapi.yaml").read_bytes()
    answer = desk.get("/openapi.yaml")
    assert answer.status == 200 and answer.body == file
    assert desk.request("HEAD", "/openapi.yaml").header("Content-Length") == str(len(file))


def test_the_metrics_can_be_read_by_prometheus(service, desk):
    desk.post(good())
    text = service.metrics_text()
    name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
    types = {}
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            types[line.split()[2]] = line.split()[3]
        elif not line.startswith("#"):
            found = re.fullmatch(rf"({name})(?:\{{(?:{label}(?:,{label})*)?\}})? [0-9.e+-]+", line)
            assert found, line
            assert found[1] in types or re.sub(r"_(bucket|sum|count)$", "", found[1]) in types, line
    assert set(METRICS) <= set(types)
    assert text.endswith("\n")


@pytest.mark.parametrize("metric", METRICS)
def test_no_metric_holds_personal_data(service, desk, database, metric):
    person = add(database)
    desk.check(**person.asked())
    lines = [line for line in service.metrics_text().splitlines() if line.startswith(metric)]
    assert lines and not [line for line in lines if person.keys["number"] in line or person.name in line]


def test_what_was_asked_is_counted_by_route_status_outcome_and_reason(start):
    running = start(loops=1)
    with Client(running, running.database.token()) as desk:
        ended = add(running.database, lost="2026-11-01")
        before = running.metrics()
        desk.check(**ended.asked())
        desk.check("qualification_notice", **add(running.database).asked())
        desk.check("qualification_notice", **add(running.database).asked(), with_card=True)
        desk.post("{", wrong=True)
        desk.post({}, wrong=True)
        desk.post(good(), headers={"Authorization": None}, wrong=True)
        desk.get("/nothing", wrong=True)
        desk.get("/healthz")
        desk.check(**ended.asked(), known_at="2026-11-01T00:00:00Z")
        after = running.metrics()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    route = 'method="POST",route="/v1/eligibility-checks"'
    expected = {
        f'shikaku_requests_total{{{route},status="200"}}': 4, f'shikaku_requests_total{{{route},status="400"}}': 1,
        f'shikaku_requests_total{{{route},status="422"}}': 1, f'shikaku_requests_total{{{route},status="401"}}': 1,
        'shikaku_requests_total{method="GET",route="/healthz",status="200"}': 1,
        f'shikaku_request_seconds_count{{{route}}}': 7, f'shikaku_request_seconds_bucket{{{route},le="+Inf"}}': 7,
        'shikaku_checks_total{validity="invalid",accepted="false"}': 2, 'shikaku_checks_total{validity="valid",accepted="false"}': 1,
        'shikaku_checks_total{validity="valid",accepted="true"}': 1, 'shikaku_check_reasons_total{reason="membership_ended"}': 2,
        'shikaku_check_reasons_total{reason="card_required_with_document"}': 1,
        'shikaku_check_reasons_total{reason="limit_consent_missing"}': 2, 'shikaku_set_size_sum{statement="find_standings_by_keys"}': 3,
        'shikaku_set_size_sum{statement="find_standings_as_known"}': 1, 'shikaku_set_size_sum{statement="record_checks"}': 4,
    }
    assert {name: grown.get(name) for name in expected} == expected
    assert sum(value for name, value in grown.items() if name.startswith('shikaku_requests_total{method="-",route="-"')) == 1
    assert grown["shikaku_loop_turns_total{}" if "shikaku_loop_turns_total{}" in grown else "shikaku_loop_turns_total"] > 0
    assert {name: after[name] for name in after if name.startswith("shikaku_lane_ready")} == {
        f'shikaku_lane_ready{{lane="{lane}"}}': 1 for lane in ("fast", "slow")}
    assert {code for name in after for code in re.findall(r'check_reasons_total\{reason="(\w+)"', name)} == set(words("REASONS"))


def test_the_metrics_are_not_served_where_terminals_ask(desk):
    assert desk.get("/metrics", wrong=True).status == 404


def test_two_services_never_share_a_port_by_accident(service, database):
    done = shikakud("serve", database=database, listen=service.address, now=NOW, timeout=60)
    assert done.returncode == 1 and done.stderr


def test_a_service_on_a_unix_socket_answers_on_every_loop(start):
    path = f"/tmp/shikaku-api-{os.getpid()}.sock"
    running = start(listen=f"unix:{path}")
    try:
        assert stat.S_ISSOCK(os.stat(path).st_mode)
        token = running.database.token()
        for _ in range(8):
            with Client(running, token) as desk:
                assert desk.post(good()).status == 200
        assert running.stop() == 0
    finally:
        if os.path.exists(path):
            os.unlink(path)


def test_a_stopped_service_leaves_its_port(start):
    running = start()
    address = running.address
    assert running.stop() == 0
    host, port = address.split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 5)


# The command line.

@pytest.mark.parametrize("words_", [
    [], ["serves"], ["serve", "now"], ["token"], ["token", "make"], ["token", "create"], ["token", "create", "--scope", "clinic"],
    ["token", "create", "--scope"], ["token", "create", "--scope", "terminal"], ["token", "create", "--scope", "terminal", "--owner", "123"],
    ["token", "create", "--scope", "portal", "--owner", "1319900013"], ["token", "create", "--scope", "insurer", "--owner", "01130013"],
    ["token", "create", "--scope", "portal", "--rate", "0"], ["token", "create", "--scope", "portal", "--rate", "1x"],
    ["token", "create", "--scope", "portal", "--expires", "0"], ["token", "create", "--scope", "portal", "--expires", "4000"],
    ["token", "create", "--scope", "portal", "--burst", "-1"], ["token", "create", "--color", "red"], ["token", "list", "all"], ["token", "revoke"],
    ["token", "revoke", "x"], ["token", "revoke", "0"], ["token", "revoke", "1", "2"], ["doctor", "house"], ["--config"],
    ["--config", "/nonexistent", "serve"],
])
def test_wrong_usage_is_told_and_changes_nothing(database, words_):
    before = database.value("SELECT count(*) FROM shikaku.tokens")
    done = shikakud(*words_, database=database)
    assert done.returncode == 2 and done.stderr and not done.stdout
    assert database.value("SELECT count(*) FROM shikaku.tokens") == before


@pytest.mark.parametrize("settings", [{"loops": "many"}, {"loops": -1}, {"log_level": "loud"}, {"now": "today"}, {"now": NOW, "allow_fixed_clock": 0},
                                      {"queue_max": 0}, {"security_log": "/nonexistent/log"}])
def test_a_wrong_setting_is_told_at_the_start(database, settings):
    done = shikakud("serve", database=database, listen="127.0.0.1:1", **settings)
    assert done.returncode == 2 and done.stderr


def test_without_a_database_the_service_does_not_start():
    done = shikakud("serve", listen="127.0.0.1:1")
    assert done.returncode == 2 and "database_url" in done.stderr


def test_help_names_every_setting_and_command():
    done = shikakud("help")
    assert done.returncode == 0 and not done.stderr
    for word in ("serve", "token create", "token list", "token revoke", "doctor", "version"):
        assert word in done.stdout
    for key in re.findall(r'SETTING_\w+\(\w+, "(\w+)"', (ROOT / "service" / "base" / "settings.def").read_text(encoding="utf-8")):
        assert key in done.stdout


def test_the_version_is_told():
    done = shikakud("version")
    assert done.returncode == 0 and re.fullmatch(r"shikakud [0-9]+\.[0-9]+\.[0-9]+\n", done.stdout)


def test_a_token_is_made_as_the_help_says_without_a_label(database):
    done = shikakud("token", "create", "--scope", "terminal", "--owner", "1319900013", database=database)
    database.tokens += done.stdout.split()
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"skk_[A-Za-z0-9_-]{43}\n", done.stdout)


def test_a_token_is_printed_once_and_nowhere_kept(template):
    with template.clone() as database:
        made = database.token(label="受付 1", rate=7, burst=9, expires=30)
        assert re.fullmatch(r"skk_[A-Za-z0-9_-]{43}", made)
        rows = database.run("SELECT t::text FROM shikaku.tokens t")
        assert len(rows) == 1 and made not in rows[0][0]
        listed = shikakud("token", "list", database=database, now=NOW)
        assert listed.returncode == 0
        header, line = listed.stdout.splitlines()
        assert header.split("\t") == ["id", "scope", "owner", "rate", "burst", "created", "expires", "state", "label"]
        assert line.split("\t")[1:] == ["terminal", "1319900013", "7", "9", "2026-11-22 10:00", "2026-12-22 10:00", "active", "受付 1"]
        assert made not in listed.stdout
        token_id = line.split("\t")[0]
        assert shikakud("token", "revoke", token_id, database=database, now=NOW).returncode == 0
        assert shikakud("token", "list", database=database, now=NOW).stdout.splitlines()[1].split("\t")[7] == "revoked"
        again = shikakud("token", "revoke", token_id, database=database, now=NOW)
        assert again.returncode == 1 and token_id in again.stderr


def test_two_tokens_are_never_the_same(database):
    assert len({database.token() for _ in range(5)}) == 5


def test_an_institutions_check_digit_is_only_a_warning_r2_3(database):
    done = shikakud("token", "create", "--scope", "terminal", "--owner", "1319900014", "--label", "x", database=database)
    database.tokens += done.stdout.split()
    assert done.returncode == 0 and "1319900014" in done.stderr


def test_the_doctor_finds_a_healthy_database_healthy(database):
    done = shikakud("doctor", database=database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BAD" not in done.stdout and done.stdout.count("ok") >= 4


def test_the_doctor_finds_a_read_model_that_lies(template):
    with template.clone() as database:
        database.run("UPDATE shikaku.standings SET lost_on = NULL WHERE lost_on IS NOT NULL")
        done = shikakud("doctor", database=database)
        assert done.returncode == 1 and "BAD" in done.stdout


@pytest.mark.parametrize("url", [None, "host=/nonexistent dbname=x"])
def test_the_doctor_without_a_database_says_so(url):
    done = shikakud("doctor", **({"database_url": url} if url else {}))
    assert done.returncode == 1 and "BAD" in done.stdout


# The terminal.

@pytest.fixture
def at_the_desk(service, token, tmp_path):
    file = tmp_path / "token"
    file.write_text(token + "\n")
    file.chmod(0o600)

    def ask(*options, url=service.url, token_file=file, **keys):
        given = {"insurer": "01130012", "number": "1234567", "birth-date": "1980-05-17", "kind": "eligibility_certificate", **keys}
        return terminal("check", *(f"--{name}={value}" for name, value in given.items()), *options, url=url, token_file=token_file)

    return ask


@pytest.mark.parametrize("code, keys, options", [
    (0, {}, []), (0, {"birth-date": "S55.5.17"}, ["--symbol", "１２３４５６７８", "--branch", "00"]),
    (10, {"kind": "qualification_notice"}, []), (11, {"number": "2000001", "birth-date": "1975-02-28"}, []),
    (12, {"number": "2000005", "birth-date": "1991-09-09"}, []), (13, {"number": "9999999"}, []),
    (14, {"insurer": "06136022", "number": "300", "birth-date": "2016-11-22"}, []), (3, {"insurer": "1234567"}, []),
    (2, {"birth-date": "someday"}, []), (2, {}, ["--no-such-option"]),
])
def test_a_script_learns_the_outcome_from_the_exit_code(at_the_desk, code, keys, options):
    done = at_the_desk(*options, **keys)
    assert done.returncode == code, done.stdout + done.stderr


def test_a_person_at_the_desk_reads_the_answer_in_japanese(at_the_desk):
    done = at_the_desk()
    assert "資格 太郎" in done.stdout and "全国健康保険協会 東京支部" in done.stdout and "3割" in done.stdout.replace(" ", "")


def test_a_program_gets_the_answer_as_it_came(at_the_desk):
    done = at_the_desk("--json", number="9999999")
    assert done.returncode == 13 and json.loads(done.stdout)["validity"] == "not_found"


def test_a_terminal_with_a_wrong_token_or_no_service_says_so(at_the_desk, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("skk_" + "A" * 43)
    wrong.chmod(0o600)
    assert at_the_desk(token_file=wrong).returncode == 3
    assert at_the_desk(url="http://127.0.0.1:1").returncode == 4
