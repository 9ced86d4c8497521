"""What the desk learns by a card, and what it must not be told by mistake."""

import json

import pytest

from terminal_stand_in import CATEGORY, card_answer, told, unusable_card_answer, valid_answer

GRANTED = {"granted": True, "until": "2026-11-23T10:15:30.123+09:00", "reason": None}


@pytest.fixture
def ask(check, card):
    return lambda *words: check(*words, keys=["--card", str(card.file), "--visit-date", "2026-11-22"])


def assert_not_understood(ran):
    assert ran.code == 5, ran.out
    assert "読み取れません" in ran.out
    assert "有効" not in ran.out and "資格 太郎" not in ran.out and "見られます" not in ran.out


@pytest.mark.parametrize("reason", ["card_revoked", "card_suspended", "certificate_expired", "card_not_registered"])
def test_a_card_that_may_not_be_used_says_so_first_and_what_to_do(service, ask, reason):
    service.answers(unusable_card_answer(reason))
    ran = ask()
    assert (ran.code, ran.first) == (10, "このカードは使えません")
    assert "  ・このカードを受付で使えない理由です。" in ran.lines
    assert "  1. 資格確認書をお持ちか、お尋ねください。" in ran.lines
    assert "医療情報の閲覧" not in ran.out
    assert ask("--json").code == 10


def test_the_exit_code_of_a_card_that_may_not_be_used_is_explained(terminal):
    assert "10  what was shown is not accepted" in terminal(["check", "--help"]).out


@pytest.mark.parametrize("changes", [
    {"accepted": True, "scope": "full"}, {"qualification": valid_answer()["qualification"]},
    {"copayment": valid_answer()["copayment"]}, {"scope": "full"}, {"limit": CATEGORY},
    {"specific_diseases": []}, {"reasons": []}, {"reasons": [told("no_membership", "別の理由です。")]},
    {"reasons": [told("card_revoked", "一つめ。"), told("card_suspended", "二つめ。")]},
    {"consents": {"surgeries": GRANTED}}, {"validity": "not_found"}, {"validity": "valid"},
], ids=str)
def test_a_card_that_is_and_is_not_usable_is_not_understood(service, ask, changes):
    service.answers(unusable_card_answer(**changes))
    assert_not_understood(ask("--consent", "surgeries,specific_diseases"))


def test_an_accepted_card_with_a_reason_against_it_is_not_understood(service, ask):
    service.answers(card_answer(reasons=[told("card_revoked", "失効しています。")]))
    assert_not_understood(ask())


def test_no_validity_by_typed_keys_is_not_understood(service, check):
    service.answers(unusable_card_answer())
    ran = check()
    assert ran.code == 5
    assert "このカードは使えません" not in ran.out


def test_a_card_needs_no_birth_date_to_be_answered(service, ask):
    service.answers(card_answer(qualification={"birth_date": "1955-01-02"}))
    ran = ask()
    assert ran.code == 0
    assert ran.line("生年月日") == "1955年1月2日（昭和30年1月2日）"


def test_an_answer_for_another_day_is_not_taken_by_card_either(service, ask):
    service.answers(card_answer(visit_date="2026-11-21"))
    assert_not_understood(ask())


def test_the_desk_reads_which_medical_information_it_may_see_and_until_when(service, ask):
    service.answers(card_answer(agreed=["diagnoses_medicines", "specific_diseases"]))
    ran = ask("--consent", "diagnoses_medicines,specific_diseases")
    assert ran.code == 0
    assert ran.line("診療・薬剤") == "見られます（2026年11月23日 10:15まで）"
    assert ran.line("特定疾病の情報") == "見られます（2026年11月23日 10:15まで）"
    assert ran.line("特定疾病") == "登録なし"
    assert ran.line("手術") == ran.line("健診") == "同意なし"


def test_until_when_is_told_in_japans_time(service, ask):
    answer = card_answer(agreed=["surgeries"])
    answer["consents"]["surgeries"]["until"] = "2026-11-23T20:05:00Z"
    service.answers(answer)
    assert ask("--consent", "surgeries").line("手術") == "見られます（2026年11月24日 05:05まで）"


def test_a_disease_that_is_registered_is_not_told_as_none(service, ask):
    service.answers(card_answer(agreed=["specific_diseases"], specific_diseases=[
        {"category": "1", "self_pay": 10000, "valid_from": "2026-04-01", "valid_until": None}]))
    ran = ask("--consent", "specific_diseases")
    assert (ran.code, ran.line("特定疾病")) == (0, "区分1　1か月の上限額 10,000円")


def test_a_card_tells_the_limit_without_being_asked_for(service, ask):
    service.answers(card_answer(limit=CATEGORY))
    assert (ask().code, ask().line("適用区分")) == (0, "ウ（A03）")


def test_typed_keys_say_nothing_of_medical_information(check):
    assert "医療情報" not in check().out


def test_in_the_grace_time_the_desk_reads_that_only_the_qualification_is_confirmed(service, ask):
    answer = card_answer(scope="qualification_only", reasons=[told("certificate_in_grace", "更新が必要です。")])
    for consent in answer["consents"].values():
        consent["reason"] = "certificate_in_grace"
    service.answers(answer)
    ran = ask("--consent", "surgeries")
    assert (ran.code, ran.first) == (0, "有効　受付できます（資格の確認のみ）")
    assert ran.line("手術") == "見られません（電子証明書の更新が必要です）"


@pytest.mark.parametrize("agreed, changes", [
    ("health_checkups", {"consents": {"surgeries": GRANTED}}),
    ("surgeries", {"consents": {"surgeries": GRANTED}, "scope": "qualification_only"}),
    ("surgeries", {"consents": {"surgeries": GRANTED}, "accepted": False, "scope": None}),
    ("surgeries", {"consents": {"surgeries": {**GRANTED, "until": None}}}),
    ("surgeries", {"consents": {"surgeries": {**GRANTED, "until": "tomorrow"}}}),
    ("surgeries", {"consents": {"surgeries": {**GRANTED, "reason": "consent_refused"}}}),
    ("surgeries", {"consents": {"surgeries": {**GRANTED, "granted": "yes"}}}),
    ("surgeries", {"consents": {"surgeries": {"granted": False, "until": None, "reason": None}}}),
    ("surgeries", {"consents": {"surgeries": {"granted": False, "until": GRANTED["until"], "reason": "x"}}}),
    ("surgeries", {"consents": {"surgeries": None}}), ("surgeries", {"consents": None}),
    ("surgeries", {"specific_diseases": []}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}, "specific_diseases": {}}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}, "specific_diseases": [{}]}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}, "specific_diseases": [{"category": "1", "self_pay": None}]}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}, "specific_diseases": [{"category": "1", "self_pay": -1}]}),
    ("specific_diseases", {"consents": {"specific_diseases": GRANTED}, "specific_diseases": [{"category": "1", "self_pay": 1.5}]}),
], ids=["not_agreed", "in_grace", "not_accepted", "no_end", "end_is_no_time", "end_and_reason", "granted_is_no_boolean",
        "no_reason", "end_of_nothing", "one_missing", "all_missing", "diseases_without_consent", "consent_without_diseases",
        "diseases_no_list", "disease_without_category", "disease_without_amount", "disease_below_nothing", "disease_in_parts_of_a_yen"])
def test_medical_information_is_not_shown_as_allowed_by_mistake(service, ask, agreed, changes):
    service.answers(card_answer(**json.loads(json.dumps(changes))))
    assert_not_understood(ask("--consent", agreed))


def test_typed_keys_never_open_medical_information(service, check):
    service.answers(valid_answer(consents={"surgeries": GRANTED}))
    assert check("--consent", "surgeries").code == 5
    service.answers(valid_answer(specific_diseases=[]))
    assert check("--consent", "specific_diseases").code == 5
