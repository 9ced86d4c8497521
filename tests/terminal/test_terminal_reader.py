"""A card in a reader: the PIN, the right one of several certificates, and what can be wrong with either."""

import os
import pty
import select
import termios
import time

import pytest

from terminal_cards import Card, MODULE, PIN, Reader, WRONG_PIN
from terminal_stand_in import BINARY, TOKEN, card_answer

FEW, ONE, NONE = "0x10000", "0x20000", "0x40000"  # CKF_USER_PIN_COUNT_LOW, _FINAL_TRY, _LOCKED
PIN_INCORRECT, PIN_LOCKED, DEVICE_ERROR = "0xa0", "0xa4", "0x30"


@pytest.fixture
def ask(service, check, reader, pin):
    """ask(words…) by the card in the reader, with the right PIN."""
    service.answers(card_answer())

    def ask(*words, module=MODULE, pin_file=pin, of=reader, env=None):
        words = ["--pin-file", pin_file, *words] if pin_file is not None else words
        return check(*words, keys=["--pkcs11", module], env={**of.env, **(env or {})})

    return ask


def assert_nothing_was_asked(ran, service, words):
    assert ran.code == 6, (ran.out, ran.err)
    assert ran.first == "確認できませんでした"
    assert words in ran.out
    assert service.requests == []


@pytest.mark.parametrize("always", [False, True], ids=["", "pin_at_each_signature"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384"])
def test_the_card_in_the_reader_proves_itself(service, ask, reader, cards, algorithm, always):
    reader.put_card(cards[algorithm], always_authenticate=always)
    ran = ask()
    assert (ran.code, ran.first) == (0, "有効　受付できます"), ran.out + ran.err
    presented = service.requests[0]["body"]["presented"]
    assert (presented["algorithm"], presented["holder_verification"]) == (algorithm, "pin")


def test_a_key_that_wants_its_pin_each_time_gets_it_for_a_second_challenge_too(service, ask, reader, card):
    reader.put_card(card, always_authenticate=True)
    service.once = [(409, {"code": "challenge_expired", "retry": "new_challenge"})]
    assert ask().code == 0
    assert len(service.requests) == 2


def test_the_desk_may_say_that_the_face_was_compared_as_well(service, ask, reader, card):
    reader.put_card(card)
    assert ask("--holder-verification", "face").code == 0
    assert service.requests[0]["body"]["presented"]["holder_verification"] == "face"


def sent_certificate(service):
    return service.requests[-1]["body"]["presented"]["certificate"]


def base64_of(card):
    return "".join(line for line in card.certificate.read_text().splitlines() if not line.startswith("-----"))


def test_the_certificate_for_signing_documents_is_not_shown_at_the_desk(service, ask, reader, card, tmp_path):
    documents = Card(tmp_path / "documents", "ES256", usage="digitalSignature, nonRepudiation")
    # SoftHSM lists in an order of its own: among many, the right one is hardly the first by luck.
    for number in ("01", "02", "03", "05", "06", "07"):
        reader.put_card(documents, number=number)
    reader.put_card(card, number="04")
    assert ask().code == 0
    assert sent_certificate(service) == base64_of(card)


def test_a_certificate_without_its_key_is_passed_over(service, ask, reader, cards, card):
    reader.put_card(cards["stranger"], number="01", key=False)
    reader.put_card(card, number="02")
    assert ask().code == 0
    assert sent_certificate(service) == base64_of(card)


def test_of_several_tokens_the_one_of_the_label_is_used(service, ask, reader, cards):
    reader.put_token("other")
    reader.put_card(cards["ES256"], "JPKI")
    reader.put_card(cards["stranger"], "other")
    for label, owner in (("JPKI", "ES256"), ("other", "stranger")):
        assert ask("--pkcs11-label", label).code == 0
        assert sent_certificate(service) == base64_of(cards[owner])
    asked = len(service.requests)
    ran = ask("--pkcs11-label", "nobody's")
    assert ran.code == 6 and "カードが見つかりません" in ran.out
    assert len(service.requests) == asked


def test_a_wrong_pin_asks_nobody_and_leads_to_the_face(service, ask, reader, card, wrong_pin):
    reader.put_card(card)
    ran = ask(pin_file=wrong_pin)
    assert_nothing_was_asked(ran, service, "暗証番号が違います")
    assert "顔認証をお使いください" in ran.out
    assert service.challenges == []


@pytest.mark.parametrize("flags, returned, words", [
    (FEW, PIN_INCORRECT, "残りわずか"), (ONE, PIN_INCORRECT, "あと1回"),
    (NONE, PIN_INCORRECT, "市区町村の窓口で暗証番号の再設定が必要です"),
    ("0", PIN_LOCKED, "市区町村の窓口で暗証番号の再設定が必要です"), ("0", DEVICE_ERROR, "カードを置き直して"),
], ids=["few", "one", "none", "locked_by_this", "other_trouble"])
def test_the_desk_learns_how_many_tries_are_left(service, ask, reader, card, counting_module, flags, returned, words):
    reader.put_card(card)
    ran = ask(module=counting_module, env={"TRIES_FLAGS": flags, "LOGIN_RETURNS": returned})
    assert_nothing_was_asked(ran, service, words)


def test_a_locked_pin_is_not_tried_again(service, ask, reader, card, counting_module):
    reader.put_card(card)
    ran = ask(module=counting_module, env={"TRIES_FLAGS": NONE})  # which would take the PIN, were it tried
    assert_nothing_was_asked(ran, service, "顔認証をお使いください")


def test_an_empty_reader_is_told(service, ask, tmp_path):
    assert_nothing_was_asked(ask(of=Reader(tmp_path / "empty")), service, "カードが見つかりません")


def test_a_card_without_certificate_is_told(service, ask):
    assert_nothing_was_asked(ask(), service, "電子証明書を読み取れません")


def test_a_card_without_key_is_told(service, ask, reader, card):
    reader.put_card(card, key=False)
    assert_nothing_was_asked(ask(), service, "鍵が見つかりません")


def test_a_key_that_is_not_the_certificates_is_told(service, ask, reader, cards):
    reader.put_card(cards["ES256"], key=cards["stranger"])
    assert_nothing_was_asked(ask(), service, "鍵が電子証明書と合いません")
    assert service.challenges == []


@pytest.mark.parametrize("module", ["/nonexistent/module.so", "/dev/null", "libz.so.1"])
def test_a_module_that_does_not_load_is_told(service, ask, module):
    assert_nothing_was_asked(ask(module=module), service, "カードリーダーのソフトウェアを読み込めません")


@pytest.mark.parametrize("content", [None, "", "\n", "4649\n4649\n", "4 649", "1" * 33, "四六四九"])
def test_a_pin_file_without_a_pin_tries_none(service, ask, reader, card, tmp_path, content):
    reader.put_card(card)
    if content is not None:
        (tmp_path / "file").write_text(content)
    ran = ask(pin_file=str(tmp_path / "file"))
    assert (ran.code, ran.out) == (2, "")
    assert "暗証番号のファイル" in ran.err
    assert service.challenges == []


def test_the_words_of_a_card_go_beside_the_output_of_a_program(service, ask, reader, card, wrong_pin):
    reader.put_card(card)
    ran = ask("--json", pin_file=wrong_pin)
    assert (ran.code, ran.out) == (6, "")
    assert "暗証番号が違います" in ran.err


def test_the_pin_is_in_nothing_that_is_shown_or_sent(service, ask, reader, card, wrong_pin):
    reader.put_card(card)
    right = ask("--verbose", "--show-request")
    wrong = ask("--verbose", "--show-request", pin_file=wrong_pin)
    assert (right.code, wrong.code) == (0, 6)
    request = service.requests[0]["body"]
    for name in ("certificate", "challenge", "signature"):  # random: may hold any four digits
        right.out = right.out.replace(request["presented"].pop(name), "")
    for text in (right.out, right.err, wrong.out, wrong.err, str(request)):
        # 受診日 and the like have digits too, but not these.
        assert PIN not in text and WRONG_PIN not in text.replace("019d8c3e", "")


def type_at_terminal(words, env, typed):
    """Runs on a terminal of its own, types when the echo is off, and gives the exit code and all that was to be seen."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(BINARY, [BINARY, *words], env)
    seen, left, end = b"", typed, time.monotonic() + 60
    try:
        while True:
            assert time.monotonic() < end, seen
            if left and b"PIN: " in seen and not termios.tcgetattr(terminal)[3] & termios.ECHO:
                os.write(terminal, left)
                left = b""
            if select.select([terminal], [], [], 0.02)[0]:
                piece = os.read(terminal, 65536)
                if not piece:
                    break
                seen += piece
    except OSError:
        pass  # the other end is closed: Linux says EIO
    finally:
        os.close(terminal)  # which ends the program too, should it still be waiting
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


@pytest.mark.parametrize("typed, code", [(PIN, 0), (WRONG_PIN, 6), ("", 2)])
def test_a_pin_is_asked_for_and_does_not_show(service, reader, card, typed, code):
    service.answers(card_answer())
    reader.put_card(card)
    got, seen = type_at_terminal(
        ["check", "--pkcs11", MODULE],
        {**reader.env, "SHIKAKU_URL": service.url, "SHIKAKU_TOKEN": TOKEN}, typed.encode() + b"\n")
    assert got == code, seen
    assert "暗証番号 / PIN: " in seen
    assert not typed or typed not in seen


def test_the_last_try_is_announced_before_it_is_used(service, reader, card, counting_module):
    reader.put_card(card)
    got, seen = type_at_terminal(
        ["check", "--pkcs11", counting_module],
        {**reader.env, "SHIKAKU_URL": service.url, "SHIKAKU_TOKEN": TOKEN, "TRIES_FLAGS": ONE}, b"\n")
    assert got == 2
    assert "あと1回間違えるとロックされます" in seen


def test_without_a_terminal_the_pin_is_not_taken_from_elsewhere(service, ask, reader, card):
    reader.put_card(card)
    ran = ask(pin_file=None)
    assert (ran.code, ran.out) == (2, "")
    assert "--pin-file" in ran.err
    assert service.challenges == []
