"""What the terminal sends, and what it refuses to send."""

import pytest

from terminal_stand_in import KEYS, TOKEN


def replaced(option, value):
    keys = list(KEYS)
    keys[keys.index(option) + 1] = value
    return keys


def without(option):
    at = KEYS.index(option)
    return KEYS[:at] + KEYS[at + 2:]


def test_the_service_is_asked_exactly_what_was_typed(service, check):
    check()
    assert service.requests[0]["path"] == "/v1/eligibility-checks"
    assert service.requests[0]["headers"]["Content-Type"] == "application/json"
    assert service.requests[0]["body"] == {
        "visit_date": "2026-11-22",
        "presented": {
            "kind": "eligibility_certificate", "insurer_number": "01130012", "symbol": "12345678",
            "number": "1234567", "branch_number": "00", "birth_date": "1980-05-17",
        },
    }


def test_every_option_of_a_question_arrives(service, check):
    check("--known-at", "2026-11-01T09:00:00+09:00", "--setting=school", "--with-card",
          "--consent", "limit_information,health_checkups", "--reference-number", "患者-7")
    body = service.requests[0]["body"]
    assert body["known_at"] == "2026-11-01T09:00:00+09:00"
    assert body["setting"] == "school"
    assert body["with_card"] is True
    assert body["reference_number"] == "患者-7"
    assert body["consents"] == {"limit_information": True, "surgeries": False, "diagnoses_medicines": False,
                                "health_checkups": True, "specific_diseases": False}


@pytest.mark.parametrize("written, date", [
    ("S55.5.17", "1980-05-17"), ("s55-05-17", "1980-05-17"), ("S550517", "1980-05-17"),
    ("昭和55年5月17日", "1980-05-17"), ("昭55/5/17", "1980-05-17"), ("㍼55年5月17日", "1980-05-17"),
    ("Ｓ５５．５．１７", "1980-05-17"), ("昭和 55 年 5 月 17 日", "1980-05-17"),
    ("1980/5/17", "1980-05-17"), ("1980.05.17", "1980-05-17"), ("19800517", "1980-05-17"),
    ("1980年5月17日", "1980-05-17"), ("１９８０－０５－１７", "1980-05-17"),
    ("M45.7.29", "1912-07-29"), ("大正元年7月30日", "1912-07-30"), ("T15.12.24", "1926-12-24"),
    ("昭和元年12月25日", "1926-12-25"), ("S64.1.7", "1989-01-07"), ("平成元年1月8日", "1989-01-08"),
    ("H31.4.30", "2019-04-30"), ("令和元年5月1日", "2019-05-01"), ("R1.5.1", "2019-05-01"),
    ("R6.2.29", "2024-02-29"),
])
def test_a_birth_date_is_understood_as_it_stands_on_the_paper(service, check, written, date):
    service.answers({"check_id": None})
    check(keys=replaced("--birth-date", written))
    assert service.requests[0]["body"]["presented"]["birth_date"] == date


@pytest.mark.parametrize("written", [
    "S64.1.8", "平成31年5月1日", "H1.1.7", "T15.12.25", "S0.1.1", "昭和元年12月24日",
    "1980-02-30", "1981-02-29", "1980-13-01", "1980-00-10", "1980-1-0", "80-05-17", "1980-05/17", "1980-05-17x",
    "S55", "X55.5.17", "55.5.17", "1980年5月17", "昭和", "S555.1.1", "元年5月1日", "1980-05-17-", "0000-01-01",
    "999999999999999999999-01-01", "S" * 200,
])
def test_a_slip_of_the_pen_in_a_date_asks_nobody(service, check, written):
    ran = check(keys=replaced("--birth-date", written))
    assert ran.code == 2
    assert "--birth-date" in ran.err and "日付として読めません" in ran.err
    assert service.requests == []


@pytest.mark.parametrize("option", ["--kind", "--insurer", "--number", "--birth-date"])
def test_a_missing_key_is_named_before_anything_is_asked(service, check, option):
    ran = check(keys=without(option))
    assert ran.code == 2
    assert option in ran.err
    assert service.requests == []


@pytest.mark.parametrize("words", [
    ["--colour"], ["--birth", "1980-05-17"], ["extra"], ["--number", "7"], ["--json=yes"], ["--setting"],
    ["--setting", "office"], ["--consent", "surgery"], ["--consent", "surgeries,"], ["--timeout", "0"],
    ["--timeout", "1e9"], ["--timeout", "601"], ["--timeout", "-1"], ["--known-at", ""], ["--url", "ftp://127.0.0.1/"],
    ["--url", "http://user:secret@127.0.0.1/"], ["--url", "not a url"], ["--url", "file:///etc/hosts"],
])
def test_wrong_usage_asks_nobody(service, check, words):
    ran = check(*words)
    assert ran.code == 2
    assert ran.out == "" and ran.err != ""
    assert service.requests == []


def test_a_card_cannot_be_typed(service, check):
    assert check(keys=replaced("--kind", "card")).code == 2
    assert service.requests == []


def test_bytes_that_are_not_text_are_refused_here(service, check):
    assert check(keys=replaced("--number", b"\xff\xfe")).code == 2
    assert service.requests == []


def test_the_token_comes_from_the_file_before_the_environment(service, check, tmp_path):
    (tmp_path / "given").write_text("  skk_given\n")
    (tmp_path / "named").write_text("skk_named\n")
    named = {"SHIKAKU_TOKEN_FILE": str(tmp_path / "named")}
    check()
    check(env=named)
    check("--token-file", str(tmp_path / "given"), env=named)
    assert [r["headers"]["Authorization"] for r in service.requests] == [
        "Bearer " + TOKEN, "Bearer skk_named", "Bearer skk_given"]


def test_a_token_on_the_command_line_is_refused_and_not_repeated(service, check):
    for words in (["--token", "skk_secret"], ["--token=skk_secret"]):
        ran = check(*words)
        assert ran.code == 2
        assert "skk_secret" not in ran.err
    assert service.requests == []


@pytest.mark.parametrize("content", ["", "\n", "skk_a\nX-Other: b\n", "skk_a b", "x" * 5000])
def test_a_token_file_cannot_write_headers_of_its_own(service, check, tmp_path, content):
    (tmp_path / "token").write_text(content)
    assert check("--token-file", str(tmp_path / "token")).code == 2
    assert service.requests == []


def test_without_a_token_nothing_is_asked(service, check):
    assert check(env={"SHIKAKU_TOKEN": None}).code == 2
    assert check("--token-file", "/nonexistent/token").code == 2
    assert service.requests == []


def test_the_url_option_wins_and_may_lie_below_a_path(service, check):
    assert check("--url", service.url + "/shikaku/", env={"SHIKAKU_URL": "http://127.0.0.1:1"}).code == 0
    assert service.requests[0]["path"] == "/shikaku/v1/eligibility-checks"


def test_a_proxy_of_the_environment_does_not_get_what_is_meant_for_this_machine(service, check):
    assert check(env={"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}).code == 0


def test_help_names_every_exit_code_and_option(terminal):
    ran = terminal(["check", "--help"])
    assert ran.code == 0
    for words in ("--kind", "--birth-date", "--token-file", "--timeout", "--show-request", "--card", "--pkcs11"):
        assert words in ran.out
    numbers = {line.split()[0] for line in ran.out.split("Exit codes:")[1].splitlines() if line.strip()}
    assert numbers == {"0", "1", "2", "3", "4", "5", "6", "10", "11", "12", "13", "14"}


def test_the_command_explains_itself(terminal):
    assert terminal(["--help"]).code == 0
    assert "check" in terminal(["--help"]).out
    assert terminal(["version"]).out.startswith("shikaku-terminal ")
    for words in ([], ["chek"], ["--frobnicate"]):
        ran = terminal(words)
        assert (ran.code, ran.out) == (2, "")
        assert "usage:" in ran.err
