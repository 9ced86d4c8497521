"""Is this desk ready? What a receptionist reads before the first patient comes."""

import calendar
import datetime
import socket

import pytest

from terminal_cards import Card, MODULE, Reader
from terminal_stand_in import problem

NOW = datetime.datetime.now(datetime.timezone.utc)
ONE, NONE = "0x20000", "0x40000"  # CKF_USER_PIN_FINAL_TRY, _LOCKED


def days(count):
    return NOW + datetime.timedelta(days=count)


@pytest.fixture
def doctor(service, terminal):
    def ask(*words, env=None):
        ran = terminal(["doctor", *words], env={"SHIKAKU_URL": service.url, **(env or {})})
        assert all(line.startswith(("○ ", "× ")) for line in ran.lines), ran.out
        assert (ran.code == 0) == (not wrong(ran)), ran.out
        assert service.requests == [], "the doctor asks about nobody"
        return ran

    return ask


def wrong(ran):
    return [line for line in ran.lines if line.startswith("×")]


def assert_only_wrong(ran, code, *words):
    found = wrong(ran)
    assert ran.code == code, ran.out
    assert len(found) == 1 and all(word in found[0] for word in words), ran.out


def test_a_desk_that_is_ready_is_told_so(service, doctor):
    ran = doctor()
    assert ran.code == 0
    for words in ("つながります", "受け付けています", "時計は合っています", "トークン）は有効です"):
        assert words in ran.out
    assert len(service.challenges) == 1
    assert [path for path, _ in service.got] == ["/healthz", "/readyz"]
    assert not any("Authorization" in headers for _, headers in service.got)


def test_a_service_that_is_away_does_not_hide_what_the_card_lacks(doctor, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ran = doctor("--url", "http://127.0.0.1:%d" % closed.getsockname()[1], "--card", str(tmp_path / "none"))
    assert ran.code == 4
    assert len(wrong(ran)) == 2 and "回線" in ran.out and "カードのファイル" in ran.out


def test_a_silent_service_is_away(service, doctor):
    service.pause = 6
    assert_only_wrong(doctor("--timeout", "3"), 4, "回答がなくなりました")


def test_a_service_that_is_not_ready_is_told_with_the_declaration(service, doctor):
    service.ready = 503
    assert_only_wrong(doctor(), 4, "受け付けていません", "被保険者資格申立書")


def test_something_else_at_that_address_is_not_taken_for_the_service(service, doctor):
    service.healthy = 404
    assert_only_wrong(doctor(), 5, "接続先がこのサービスではありません")


@pytest.mark.parametrize("status, code, words", [
    (401, 3, "受け付けられません"), (403, 3, "受け付けられません"), (429, 3, "受け付けられません"),
    (503, 4, "ただいま確かめられません"),
])
def test_a_refused_token_is_told_in_the_services_words(service, doctor, status, code, words):
    service.challenge_answer = (status, problem("x", status, "受付の言葉。"))
    assert_only_wrong(doctor(), code, words, "受付の言葉。")


def test_an_older_service_is_not_told_as_a_wrong_token(service, doctor):
    service.challenge_answer = (404, problem("no_such_path", 404, "受付の言葉。"))
    assert_only_wrong(doctor(), 3, "カードの確認に対応していません")


def test_a_token_that_is_not_there_is_told(service, doctor):
    assert_only_wrong(doctor(env={"SHIKAKU_TOKEN": None}), 2, "トークン）がありません")
    assert service.challenges == []


@pytest.mark.parametrize("off, words", [(120, "遅れて"), (-120, "進んで")])
def test_a_clock_that_is_wrong_is_told_and_which_way(service, doctor, off, words):
    service.clock_off = off
    assert_only_wrong(doctor(), 1, "時計", words, "合わせてください")


def test_a_clock_that_is_a_little_off_is_left_alone(service, doctor):
    service.clock_off = 5
    assert doctor().code == 0


def test_a_clock_that_cannot_be_compared_is_not_called_right(service, doctor):
    service.clock_off = None
    assert_only_wrong(doctor(), 5, "時計を確かめられません")


def test_a_card_in_a_file_is_tried(doctor, cards):
    for algorithm in ("RS256", "ES256", "ES384"):
        ran = doctor("--card", str(cards[algorithm].file))
        assert ran.code == 0
        assert "電子証明書を読み取れます" in ran.out and "署名できます" in ran.out


def test_a_card_file_that_cannot_be_used_is_told(doctor, card, tmp_path):
    file = tmp_path / "card.pem"
    file.write_bytes(card.certificate.read_bytes())
    assert_only_wrong(doctor("--card", str(file)), 6, "秘密鍵がありません")


def japans_date(moment):
    date = moment.astimezone(datetime.timezone(datetime.timedelta(hours=9))).date()
    return "%d年%d月%d日" % (date.year, date.month, date.day)


def last_of_third_month_after(moment):
    """R5.4, 2026-11-30 → 2027-02-28."""
    date = moment.astimezone(datetime.timezone(datetime.timedelta(hours=9))).date()
    month = date.year * 12 + date.month - 1 + 3
    year, month = month // 12, month % 12 + 1
    return "%d年%d月%d日" % (year, month, calendar.monthrange(year, month)[1])


@pytest.mark.parametrize("last, code, words", [
    (days(400), 0, "です。"), (days(100), 0, "です。"), (days(80), 0, "もうすぐ切れます"), (days(1), 0, "もうすぐ切れます"),
    (days(-1), 0, "資格の確認だけは"), (days(-80), 0, "資格の確認だけは"), (days(-130), 6, "に切れました"),
], ids=["long", "over_three_months", "soon", "tomorrow", "grace", "still_grace", "over"])
def test_the_desk_learns_in_time_when_a_certificate_ends(doctor, tmp_path, last, code, words):
    ran = doctor("--card", str(Card(tmp_path / "card", "ES256", last=last).file))
    assert ran.code == code
    line = next(line for line in ran.lines if words in line and "電子証明書" in line)
    assert (last_of_third_month_after(last) if "資格の確認だけは" in words else japans_date(last)) in line


def test_a_certificate_that_has_not_begun_is_told(doctor, tmp_path):
    ran = doctor("--card", str(Card(tmp_path / "card", "ES256", first=days(2)).file))
    assert_only_wrong(ran, 6, japans_date(days(2)), "から使えます")


def test_a_reader_that_is_ready_is_told_without_trying_a_pin(doctor, reader, card, counting_module):
    reader.put_card(card)
    # Were the PIN tried, this module would say that it is wrong.
    ran = doctor("--pkcs11", counting_module, env={**reader.env, "LOGIN_RETURNS": "0xa0"})
    assert ran.code == 0
    for words in ("ソフトウェアを読み込めます", "カードが置かれています", "電子証明書を読み取れます", "有効期限は"):
        assert words in ran.out
    assert "署名" not in ran.out


def test_a_pin_in_a_file_is_tried(doctor, reader, card, pin, wrong_pin):
    reader.put_card(card, always_authenticate=True)
    assert "署名できます" in doctor("--pkcs11", MODULE, "--pin-file", pin, env=reader.env).out
    assert_only_wrong(doctor("--pkcs11", MODULE, "--pin-file", wrong_pin, env=reader.env), 6, "暗証番号が違います")


@pytest.mark.parametrize("flags, words", [(ONE, "ここでは試していません"), (NONE, "市区町村の窓口")], ids=["one", "none"])
def test_the_doctor_does_not_lock_a_card_by_the_last_try(doctor, reader, card, pin, counting_module, flags, words):
    reader.put_card(card)
    ran = doctor("--pkcs11", counting_module, "--pin-file", pin, env={**reader.env, "TRIES_FLAGS": flags})
    assert_only_wrong(ran, 6, words)
    assert "署名" not in ran.out


@pytest.mark.parametrize("what, right, words", [
    ("module", 0, "ソフトウェアを読み込めません"), ("token", 1, "カードが見つかりません"),
    ("certificate", 2, "電子証明書を読み取れません"), ("key", 4, "鍵が見つかりません"),
])
def test_how_far_a_reader_works_is_told_line_by_line(doctor, reader, card, pin, tmp_path, what, right, words):
    if what == "token":
        reader = Reader(tmp_path / "empty")
    if what == "key":
        reader.put_card(card, key=False)
    module = "/nonexistent.so" if what == "module" else MODULE
    ran = doctor("--pkcs11", module, "--pin-file", pin, env=reader.env)
    assert_only_wrong(ran, 6, words)
    assert len(ran.lines) == 4 + right + 1


def test_english_details_are_for_who_asks_for_them(service, doctor, card):
    service.ready = 503
    ran = doctor("--verbose", "--card", str(card.file))
    assert "/readyz: HTTP status 503" in ran.err and "ES256" in ran.err
    assert doctor().err == ""


def test_a_desk_text_cannot_repaint_the_screen(service, doctor):
    service.challenge_answer = (401, problem("x", 401, "\x1b[2J\n○ 端末は有効です"))
    assert_only_wrong(doctor(), 3, "[2J ○")


@pytest.mark.parametrize("words", [
    ["--kind", "eligibility_certificate"], ["--json"], ["--show-request"], ["--holder-verification", "pin"],
    ["--card", "x", "--pkcs11", "y"], ["--pin-file", "x"], ["--pkcs11-label", "x"], ["--frobnicate"], ["--timeout", "0"],
    ["extra"], ["--url", "ftp://127.0.0.1/"],
], ids=" ".join)
def test_wrong_usage_is_refused(terminal, words):
    ran = terminal(["doctor", *words])
    assert ran.code == 2


def test_help_names_options_and_exit_codes(terminal):
    ran = terminal(["doctor", "--help"])
    assert ran.code == 0
    for words in ("--pkcs11", "--pin-file", "--timeout"):
        assert words in ran.out
    assert "--kind" not in ran.out
    numbers = {line.split()[0] for line in ran.out.split("Exit codes:")[1].splitlines() if line.strip()}
    assert numbers == {"0", "1", "2", "3", "4", "5", "6"}
    assert "doctor" in terminal(["--help"]).out
