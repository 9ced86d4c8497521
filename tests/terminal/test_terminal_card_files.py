"""A check by a card in a file: what is signed and sent, and what never is."""

import base64

import pytest

from terminal_cards import Card, run
from terminal_stand_in import KEYS, card_answer, problem

EXPIRED = (409, problem("challenge_expired", 409, "もう一度カードを読み取ってください。", retry="new_challenge"))


@pytest.fixture
def ask(service, check, card):
    """ask(words…) by the card, or by another file."""
    service.answers(card_answer())
    return lambda *words, file=card.file: check(*words, keys=["--card", str(file)])


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384"])
def test_a_card_proves_itself_over_the_services_challenge(service, cards, ask, algorithm):
    card = cards[algorithm]
    ran = ask(file=card.file)
    assert (ran.code, ran.first) == (0, "有効　受付できます"), ran.out + ran.err
    presented = service.requests[0]["body"]["presented"]
    assert presented["kind"] == "card"
    assert presented["algorithm"] == algorithm
    assert presented["challenge"] == service.challenges[0]
    assert base64.b64decode(presented["certificate"]) == card.der()
    assert "holder_verification" not in presented
    assert service.requests[0]["path"] == "/v1/eligibility-checks"


def test_a_card_file_may_hold_its_parts_in_either_order(ask, card, tmp_path):
    turned = tmp_path / "turned.pem"
    turned.write_bytes(card.certificate.read_bytes() + b"\n" + card.key.read_bytes())
    assert ask(file=turned).code == 0


def test_every_option_but_the_typed_keys_goes_with_a_card(service, ask):
    service.answers(card_answer(agreed=["surgeries"]))
    ran = ask("--visit-date", "2026-11-22", "--known-at", "2026-11-01T09:00:00+09:00", "--setting=school",
              "--consent", "surgeries", "--reference-number", "患者-7", "--holder-verification", "visual")
    assert ran.code == 0, ran.out + ran.err
    body = service.requests[0]["body"]
    assert body["presented"]["holder_verification"] == "visual"
    assert (body["visit_date"], body["known_at"], body["setting"], body["reference_number"]) == (
        "2026-11-22", "2026-11-01T09:00:00+09:00", "school", "患者-7")
    assert body["consents"]["surgeries"] is True


@pytest.mark.parametrize("words", [KEYS[at:at + 2] for at in range(0, 12, 2)], ids=lambda words: words[0])
def test_typed_keys_beside_a_card_are_refused_because_one_of_them_would_be_ignored(service, ask, words):
    ran = ask(*words)
    assert (ran.code, ran.out) == (2, "")
    assert words[0] in ran.err
    assert service.requests == service.challenges == []


@pytest.mark.parametrize("words", [
    ["--holder-verification", "face"], ["--pin-file", "/dev/null"], ["--pkcs11-label", "JPKI"],
], ids=lambda words: words[0])
def test_an_option_of_cards_is_not_silently_ignored_by_typed_keys(service, check, words):
    ran = check(*words)
    assert ran.code == 2 and words[0] in ran.err
    assert service.requests == []


@pytest.mark.parametrize("words", [
    ["--holder-verification", "smell"], ["--pin-file", "/dev/null"], ["--pkcs11-label", "JPKI"],
    ["--pkcs11", "/nonexistent.so"], ["--pin", "4649"], ["--pin=4649"],
], ids=" ".join)
def test_wrong_usage_with_a_card_asks_nobody_and_repeats_no_pin(service, ask, words):
    ran = ask(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err != "" and "4649" not in ran.err
    assert service.requests == service.challenges == []


def test_a_stolen_certificate_without_its_key_is_noticed_before_anything_is_sent(service, ask, cards, tmp_path):
    file = tmp_path / "mixed.pem"
    file.write_bytes(cards["stranger"].key.read_bytes() + cards["ES256"].certificate.read_bytes())
    ran = ask(file=file)
    assert (ran.code, ran.out) == (2, "")
    assert "秘密鍵が、電子証明書のものではありません" in ran.err
    assert service.requests == service.challenges == []


@pytest.mark.parametrize("parts, words", [
    ([], "電子証明書がありません"), (["key"], "電子証明書がありません"), (["certificate"], "秘密鍵がありません"),
    (["encrypted", "certificate"], "暗号化されています"), (["garbled", "certificate"], "カードのファイルに"),
    (["key", "cut"], "電子証明書がありません"),
], ids=["empty", "no_certificate", "no_key", "encrypted", "garbled_key", "cut_certificate"])
def test_a_card_file_that_cannot_be_used_says_why_and_sends_nothing(service, ask, card, tmp_path, parts, words):
    key, certificate = card.key.read_bytes(), card.certificate.read_bytes()
    pieces = {"key": key, "certificate": certificate, "garbled": key.replace(b"M", b"!"), "cut": certificate[:-60],
              "encrypted": run("openssl", "pkcs8", "-topk8", "-passout", "pass:x", "-in", str(card.key))}
    file = tmp_path / "card.pem"
    file.write_bytes(b"".join(pieces[part] for part in parts))
    ran = ask(file=file)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert service.requests == service.challenges == []


def test_a_card_file_that_is_not_there_is_named(service, ask, tmp_path):
    for file in (tmp_path / "nobody.pem", tmp_path):
        ran = ask(file=file)
        assert (ran.code, ran.out) == (2, "")
        assert str(file) in ran.err
    assert service.challenges == []


@pytest.mark.parametrize("algorithm", ["P-521", "Ed25519"])
def test_a_key_that_the_service_takes_no_signature_of_sends_nothing(service, ask, tmp_path, algorithm):
    ran = ask(file=Card(tmp_path / "card", algorithm).file)
    assert ran.code == 2 and "鍵の種類" in ran.err
    assert service.requests == service.challenges == []


def test_the_private_key_is_in_nothing_that_is_shown_or_sent(service, ask, cards):
    card = cards["RS256"]
    ran = ask("--show-request", "--verbose", file=card.file)
    assert ran.code == 0 and '"signature"' in ran.out
    sent = str(service.requests)
    assert "PRIVATE KEY" not in ran.out + ran.err + sent
    for line in card.secrets():
        assert line not in ran.out + ran.err + sent


def test_a_patient_is_not_sent_away_because_the_machine_slept_between_challenge_and_check(service, ask):
    service.once = [EXPIRED]
    ran = ask()
    assert ran.code == 0, ran.out
    assert len(service.challenges) == len(service.requests) == 2
    assert service.requests[1]["body"]["presented"]["challenge"] == service.challenges[1]


def test_a_challenge_that_always_expires_is_told_and_not_tried_for_ever(service, ask):
    service.once = [EXPIRED, EXPIRED, EXPIRED]
    ran = ask()
    assert ran.code == 3
    assert "もう一度カードを読み取ってください。" in ran.out
    assert len(service.requests) == 2


@pytest.mark.parametrize("status, code, retry", [
    (409, "challenge_reused", "new_challenge"), (422, "card_signature_invalid", "new_challenge"),
    (409, "challenge_expired", "no"), (422, "card_certificate_untrusted", "no"),
    (503, "revocation_unavailable", "backoff"), (429, "rate_limited", "backoff"),
])
def test_nothing_else_is_asked_twice(service, ask, status, code, retry):
    service.once = [(status, problem(code, status, "受付の言葉。", retry=retry))]
    ran = ask()
    assert ran.code == (4 if status == 503 else 3)
    assert "受付の言葉。" in ran.lines
    assert len(service.requests) == len(service.challenges) == 1


def test_both_exchanges_share_one_time_out(service, ask):
    service.pause = 0.8  # each within the limit, both together not
    ran = ask("--timeout", "1.2")
    assert ran.code == 4
    assert "時間内に回答がありませんでした" in ran.out


@pytest.mark.parametrize("challenge_answer", [
    (201, {}), (201, []), (201, {"challenge": 7}), (201, {"challenge": ""}), (201, {"challenge": "A" * 201}),
    (201, {"challenge": "私は署名します"}), (201, {"challenge": "I owe you\n100 yen"}), (201, b"{"), (201, b""),
    (200, {"challenge": "A" * 76}), (302, {}),
], ids=lambda answer: str(answer[1])[:24] + str(answer[0]))
def test_a_card_signs_nothing_but_a_challenge(service, ask, challenge_answer):
    service.challenge_answer = challenge_answer
    ran = ask("--verbose")
    assert ran.code == 5
    assert "読み取れません" in ran.out
    assert service.requests == []


@pytest.mark.parametrize("status, code", [(401, 3), (403, 3), (404, 3), (429, 3), (503, 4)])
def test_a_refused_challenge_is_told_in_the_words_for_the_desk(service, ask, status, code):
    service.challenge_answer = (status, problem("x", status, "受付の言葉。"))
    ran = ask()
    assert ran.code == code
    assert "受付の言葉。" in ran.lines
    assert service.requests == []
