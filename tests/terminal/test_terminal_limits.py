"""What a patient pays for a month: what is asked, what is read, and that no wrong amount is shown."""

import json

import pytest

from terminal_stand_in import (
    KEYS, LIMIT, LIMIT_KEYS, invalid_limit_answer, limit_answer, problem, told, unusable_card_answer, untold_limit_answer)

COST = ["--cost", "1000000", "--care", "inpatient"]
OUTPATIENT = ["--cost", "1000000", "--care", "outpatient"]
PAID = limit_answer(ceiling=92940, multiple_months=False, patient_pays=92940)

FORMULA_ALONE = """\
有効　受付できます

  受診月            2026年8月（令和8年8月）
  受診日            2026年8月31日（令和8年8月31日）
  適用区分          ウ（A03）
  負担割合          3割
  上限額の計算式    85,800円 + (総医療費 − 286,000円) × 1%
  上限額に達した月  直近11か月に2か月

年間上限（8月から翌年7月まで。お知らせのみで、窓口のお支払いには使いません）
  年間上限                 530,000円

上限額の表
  出典              令和8年8月からの表
  版                第1版（2026年8月から）

理由
  ・直近11か月に上限額に達した月の数は、届け出られた記録から数えています。

  確認日時          2026-11-22T10:15:30.123+09:00
  確認番号          019d8c3e-0000-7000-8000-000000000002
"""

EVERYTHING = """\
有効　受付できます

  受診月            2026年7月（令和8年7月）
  受診日            2026年7月10日（令和8年7月10日）
  適用区分          一般（B04）
  負担割合          2割
  上限額の計算式    28,800円
  多数回該当        該当します
  上限額に達した月  直近11か月に3か月
  75歳到達月の半額  ご本人の月の上限額は半額になっています

  総医療費          10,000,000,000円（入院）
  この月の上限額            22,200円（多数回該当の額）
  外来の上限額               9,000円
  特定疾病の上限額           5,000円
  お支払い額                 5,000円
  すでにお支払い             1,000円
  今回お支払い               4,000円

年間上限（8月から翌年7月まで。お知らせのみで、窓口のお支払いには使いません）
  年間上限                 530,000円
  低所得の年間上限         410,000円
  外来の年間上限           144,000円

上限額の表
  出典              70歳以上の表
  版                第12版（2025年10月から2026年7月まで）

  確認日時          2026-11-22T10:15:30.123+09:00
  確認番号          019d8c3e-0000-7000-8000-000000000002
"""

NO_CATEGORY = """\
有効　ただし、この提示では受付できません

  受診月            2026年8月（令和8年8月）
  受診日            2026年8月31日（令和8年8月31日）
  適用区分          限度額の情報は示されていません
  負担割合          3割

  総医療費               1,000,000円（外来）
  お支払い額               300,000円

理由
  ・限度額適用区分が登録されていません。負担割合どおりの額になります。

次にすること
  1. 資格確認書をお持ちか、お尋ねください。

  確認日時          2026-11-22T10:15:30.123+09:00
  確認番号          019d8c3e-0000-7000-8000-000000000002
"""

NOT_COVERED = """\
無効　受付できません

  受診月            2026年8月（令和8年8月）
  受診日            2026年8月31日（令和8年8月31日）

理由
  ・資格を喪失しています。

  確認日時          2026-11-22T10:15:30.123+09:00
  確認番号          019d8c3e-0000-7000-8000-000000000002
"""


def test_a_patient_reads_how_the_ceiling_of_the_month_is_made(service, limit):
    service.answers(limit_answer(prior_ceiling_months=2, reasons=[told(
        "ceiling_months_counted", "直近11か月に上限額に達した月の数は、届け出られた記録から数えています。")]))
    ran = limit()
    assert (ran.code, ran.out) == (0, FORMULA_ALONE)


def test_a_patient_reads_every_amount_in_one_column_and_what_is_to_be_paid_now(service, limit, card):
    service.answers(limit_answer(
        care_month="2026-07", visit_date="2026-07-10", category="B04", label="一般", ratio_percent=20,
        formula={"base": 28800, "threshold": 0, "rate_percent": 0}, ceiling=22200, multiple_months=True,
        halved_month=True, prior_ceiling_months=3, outpatient_ceiling=9000, outpatient_annual_ceiling=144000,
        annual_ceiling_low_income=410000, specific_disease_ceiling=5000, patient_pays=5000, pay_now=4000,
        table={"from": "2025-10", "until": "2026-07", "version": 12, "source": "70歳以上の表"}))
    ran = limit("--cost", "10000000000", "--care", "inpatient", "--paid", "1000", "--disease", "1",
                keys=["--month", "2026-07", "--card", str(card.file), "--consent", "specific_diseases"])
    assert (ran.code, ran.out) == (0, EVERYTHING)


def test_a_patient_without_a_category_is_told_so_and_pays_the_plain_share(service, limit):
    service.answers(untold_limit_answer(
        accepted=False, scope=None, patient_pays=300000,
        reasons=[told("limit_not_registered", "限度額適用区分が登録されていません。負担割合どおりの額になります。")],
        next_actions=[told("ask_for_eligibility_certificate", "資格確認書をお持ちか、お尋ねください。")]))
    ran = limit(*OUTPATIENT)
    assert (ran.code, ran.out) == (10, NO_CATEGORY)


def test_nobody_without_cover_is_told_an_amount(service, limit):
    service.answers(invalid_limit_answer(reasons=[told("membership_ended", "資格を喪失しています。")]))
    ran = limit(*COST)
    assert (ran.code, ran.out) == (11, NOT_COVERED)


def test_without_a_ratio_the_amount_is_not_guessed(service, limit):
    service.answers(untold_limit_answer(ratio_percent=None))
    ran = limit(*COST)
    assert ran.code == 0
    assert ran.line("負担割合") == "登録なし"
    assert ran.line("お支払い額") == "計算できません"


@pytest.mark.parametrize("answer, words, note", [
    (limit_answer(ceiling=92940, multiple_months=False, patient_pays=92940), COST, "92,940円"),
    (limit_answer(ceiling=92940, multiple_months=False, patient_pays=92940), OUTPATIENT, "92,940円"),
    (limit_answer(ceiling=18000, multiple_months=False, outpatient_ceiling=18000, patient_pays=18000), OUTPATIENT,
     "18,000円（外来の上限額）"),
    (limit_answer(ceiling=57600, multiple_months=False, outpatient_ceiling=18000, patient_pays=57600), COST, "57,600円"),
    (limit_answer(ceiling=44400, multiple_months=True, patient_pays=44400), COST, "44,400円（多数回該当の額）"),
    (limit_answer(ceiling=0, multiple_months=False, patient_pays=0), COST, "0円"),
])
def test_a_ceiling_that_does_not_come_from_the_formula_says_where_it_comes_from(service, limit, answer, words, note):
    service.answers(answer)
    ran = limit(*words)
    assert ran.code == 0, ran.err
    assert ran.line("この月の上限額") == note
    assert ran.line("多数回該当") == ("該当します" if answer["multiple_months"] else "該当しません")


@pytest.mark.parametrize("validity, code, first", [
    ("invalid", 11, "無効　受付できません"), ("invalid_newer_exists", 12, "無効（新しい資格があります）　受付できません"),
    ("not_found", 13, "該当する資格がありません　受付できません"), ("multiple", 14, "複数の方が該当します　受付できません"),
])
def test_the_exit_code_is_that_of_a_check(service, limit, validity, code, first):
    service.answers(invalid_limit_answer(validity=validity))
    ran = limit()
    assert (ran.code, ran.first) == (code, first)
    assert limit("--json").code == code


def test_a_card_that_may_not_be_used_tells_no_amount(service, limit, card):
    refused = unusable_card_answer()
    service.answers(invalid_limit_answer(validity=None, reasons=refused["reasons"], next_actions=refused["next_actions"]))
    ran = limit(*COST, keys=["--month", "2026-08", "--card", str(card.file)])
    assert (ran.code, ran.first) == (10, "このカードは使えません")
    assert "円" not in ran.out


def test_the_service_is_asked_exactly_what_was_typed(service, limit):
    limit()
    assert service.requests[0]["path"] == "/v1/limit-queries"
    assert service.requests[0]["body"] == {
        "care_month": "2026-08",
        "presented": {
            "kind": "eligibility_certificate", "insurer_number": "01130012", "symbol": "12345678",
            "number": "1234567", "branch_number": "00", "birth_date": "1980-05-17",
        },
        "consents": {"limit_information": True, "surgeries": False, "diagnoses_medicines": False,
                     "health_checkups": False, "specific_diseases": False},
    }


def test_every_option_of_the_month_arrives_as_a_number_or_a_text(service, limit):
    service.answers(limit_answer(visit_date="2026-08-03", ceiling=0, multiple_months=False, patient_pays=0, pay_now=0))
    ran = limit("--cost", "0000010000000000", "--care=outpatient", "--prior-months", "11", "--paid", "0",
                "--disease", "3", "--visit-date", "R8.8.3", "--known-at", "2026-11-01T09:00:00+09:00", "--with-card",
                "--setting", "school", "--reference-number", "患者-7")
    assert ran.code == 0, ran.err
    body = service.requests[0]["body"]
    del body["presented"], body["consents"]
    assert body == {
        "care_month": "2026-08", "total_medical_cost": 10000000000, "care": "outpatient", "prior_ceiling_months": 11,
        "paid_so_far": 0, "specific_disease": "3", "visit_date": "2026-08-03", "known_at": "2026-11-01T09:00:00+09:00",
        "with_card": True, "setting": "school", "reference_number": "患者-7"}


def test_a_card_signs_a_limit_query_as_it_signs_a_check(service, limit, cards):
    for card in (cards["RS256"], cards["ES384"]):
        ran = limit(keys=["--month", "2026-08", "--card", str(card.file)])
        assert ran.code == 0, ran.out
    assert {request["path"] for request in service.requests} == {"/v1/limit-queries"}
    assert [request["body"]["presented"]["kind"] for request in service.requests] == ["card", "card"]


def test_a_challenge_that_went_stale_is_fetched_anew(service, limit, card):
    service.once.append((409, problem("challenge_expired", 409, "もう一度カードを読み取ってください。", retry="new_challenge")))
    assert limit(keys=["--month", "2026-08", "--card", str(card.file)]).code == 0
    assert len(service.challenges) == 2


@pytest.mark.parametrize("words, option, said", [
    (["--month", "2026-13"], "--month", "年月として読めません"),
    (["--month", "2026-00"], "--month", "年月として読めません"),
    (["--month", "2026-8"], "--month", "年月として読めません"),
    (["--month", "202608"], "--month", "年月として読めません"),
    (["--month", "2026/08"], "--month", "年月として読めません"),
    (["--month", "2026-08-01"], "--month", "年月として読めません"),
    (["--month", "2026-08", "--cost", "-1", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "10000000001", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "9" * 400, "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "1,000", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "1000円", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "1e6", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "12.5", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "１０００", "--care", "inpatient"], "--cost", "is not whole yen"),
    (["--month", "2026-08", "--cost", "1000"], "--care", "is required with --cost"),
    (["--month", "2026-08", "--care", "inpatient"], "--care", "needs --cost"),
    (["--month", "2026-08", "--cost", "1000", "--care", "hospital"], "--care", "入院"),
    (["--month", "2026-08", "--paid", "1000"], "--paid", "needs --cost"),
    (["--month", "2026-08", *COST, "--paid", "-1"], "--paid", "is not whole yen"),
    (["--month", "2026-08", *COST, "--paid", "10000000001"], "--paid", "is not whole yen"),
    (["--month", "2026-08", "--prior-months", "12"], "--prior-months", "0 から 11"),
    (["--month", "2026-08", "--prior-months", "-1"], "--prior-months", "0 から 11"),
    (["--month", "2026-08", "--prior-months", "three"], "--prior-months", "0 から 11"),
    (["--month", "2026-08", "--disease", "4"], "--disease", "人工透析"),
    (["--month", "2026-08", "--disease", "dialysis"], "--disease", "人工透析"),
    (["--month", "2026-08", "--visit-date", "2026-09-01"], "--visit-date", "--month の月の日付ではありません"),
    (["--month", "2026-08", "--visit-date", "2026-08-32"], "--visit-date", "日付として読めません"),
    (["--month", "2026-08", "--month", "2026-09"], "--month", "given twice"),
    (["--month", "2026-08", "--pkcs11-label", "x"], "--pkcs11-label", "only for a check by card"),
    ([], "--month", "is required"),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None)
def test_a_wrong_option_is_named_in_clear_words_and_nobody_is_asked(service, limit, words, option, said):
    ran = limit(*words, keys=LIMIT_KEYS[2:])
    assert ran.code == 2
    assert ran.out == "" and ran.err.startswith("shikaku-terminal: " + option + ": ")
    assert said in ran.err.split("\n", 1)[0]
    assert "usage: shikaku-terminal limit" in ran.err
    assert service.requests == []


def test_the_keys_of_the_patient_are_needed_as_for_a_check(service, limit):
    ran = limit(keys=["--month", "2026-08"])
    assert ran.code == 2 and "--kind" in ran.err
    assert service.requests == []


@pytest.mark.parametrize("words", [["--month", "2026-08"], ["--cost", "1"], ["--disease", "1"]], ids=" ".join)
def test_a_check_does_not_swallow_what_is_asked_of_a_month(service, check, words):
    ran = check(*words)
    assert ran.code == 2
    assert words[0] in ran.err and "is only for limit" in ran.err
    assert service.requests == []


def test_the_help_names_the_command_its_options_and_its_exit_codes(terminal):
    assert "shikaku-terminal limit" in terminal(["--help"]).out
    ran = terminal(["limit", "--help"])
    assert ran.code == 0
    for words in ("--month YYYY-MM", "--cost YEN", "--prior-months N", "--paid YEN", "--disease N", "--card FILE",
                  "10  what was shown is not accepted"):
        assert words in ran.out
    assert "--month" not in terminal(["check", "--help"]).out.replace("--prior-months", "")


def assert_no_amount_is_shown(ran):
    assert ran.code == 5, ran.out
    assert "有効" not in ran.out and "円" not in ran.out and "読み取れません" in ran.out + ran.err


PAID_BYTES = json.dumps(PAID, ensure_ascii=False).encode()


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", PAID_BYTES[:-1], PAID_BYTES[:300], PAID_BYTES + b"{}", b"\x00" + PAID_BYTES,
    PAID_BYTES[:-1] + b', "ceiling": 1}', PAID_BYTES.replace("表".encode(), b"\xff"),
], ids=["empty", "open", "null", "array", "last_byte_missing", "cut", "two", "nul", "key_twice", "bad_utf8"])
def test_a_garbled_answer_shows_no_amount(service, limit, body):
    service.answers(body)
    for words in ([], ["--json"], ["--verbose"]):
        assert_no_amount_is_shown(limit(*COST, *words))


def test_an_answer_cut_short_on_the_wire_shows_no_amount(service, limit):
    service.answers(PAID_BYTES, length=len(PAID_BYTES) + 1)
    assert_no_amount_is_shown(limit(*COST))


@pytest.mark.parametrize("path", [
    *((key,) for key in LIMIT), *(("formula", key) for key in LIMIT["formula"]),
    ("table", "from"), ("table", "until"), ("table", "version"), ("table", "source"),
], ids=".".join)
def test_an_answer_with_a_part_missing_shows_no_amount(service, limit, path):
    answer = limit_answer(ceiling=92940, multiple_months=False, patient_pays=92940)
    at = answer
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    service.answers(answer)
    ran = limit(*COST, "--verbose")
    assert_no_amount_is_shown(ran)
    assert path[-1] in ran.err


@pytest.mark.parametrize("changes", [
    {"ceiling": -1}, {"ceiling": 92940.0}, {"ceiling": "92940"}, {"ceiling": 10 ** 10 + 1}, {"ceiling": 10 ** 30},
    {"ratio_percent": 0}, {"ratio_percent": 25}, {"formula": {"rate_percent": 101}}, {"formula": {"base": None}},
    {"formula": None}, {"table": None}, {"label": None}, {"category": None}, {"category": 3}, {"prior_ceiling_months": 12},
    {"prior_ceiling_months": -1}, {"multiple_months": 1}, {"halved_month": "no"}, {"table": {"from": "2026-8"}},
    {"table": {"from": "2026-08-01"}}, {"table": {"until": "2026-13"}}, {"table": {"version": -1}}, {"table": []},
    {"care_month": "2026-09"}, {"care_month": "2026-08-01"}, {"visit_date": "2026-09-01"}, {"validity": "VALID"},
    {"validity": "invalid"}, {"validity": None}, {"accepted": False, "scope": None, "validity": "invalid"},
    {"ceiling": None}, {"multiple_months": None}, {"patient_pays": None}, {"patient_pays": 92941},
    {"ceiling": None, "multiple_months": None}, {"specific_disease_ceiling": 100000}, {"pay_now": 92941},
    {"ratio_percent": None, "patient_pays": None, "pay_now": 0}, dict.fromkeys(("category", "label", "formula", "table")),
    {"accepted": False, "scope": None, "validity": "invalid", **dict.fromkeys(("category", "label", "formula", "table",
     "ceiling", "multiple_months", "patient_pays"))},
], ids=str)
def test_an_answer_that_is_not_well_formed_or_contradicts_itself_shows_no_amount(service, limit, changes):
    service.answers(limit_answer(**{"ceiling": 92940, "multiple_months": False, "patient_pays": 92940, **changes}))
    assert_no_amount_is_shown(limit(*COST))


def test_a_specific_disease_does_not_cost_more_than_its_ceiling(service, limit):
    service.answers(limit_answer(ceiling=92940, multiple_months=False, patient_pays=92940, specific_disease_ceiling=10000))
    assert_no_amount_is_shown(limit(*COST, "--disease", "1"))


def test_an_amount_to_pay_is_not_shown_when_no_cost_was_given(service, limit):
    for changes in ({"ceiling": 92940, "multiple_months": False}, {"patient_pays": 100}):
        service.answers(limit_answer(**changes))
        assert_no_amount_is_shown(limit())


@pytest.mark.parametrize("changes", [
    {key: LIMIT[key] for key in ("category", "label", "formula", "table")}, {"ratio_percent": 30}, {"patient_pays": 0},
    {"specific_disease_ceiling": 10000},
], ids=lambda changes: next(iter(changes)))
def test_what_is_said_of_somebody_without_cover_is_not_shown(service, limit, changes):
    service.answers(invalid_limit_answer())
    assert limit(*COST, "--disease", "1").code == 11
    service.answers(invalid_limit_answer(**changes))
    assert_no_amount_is_shown(limit(*(COST if "patient_pays" in changes else []), "--disease", "1"))


def test_what_was_paid_is_not_left_out_of_what_is_to_be_paid_now(service, limit):
    service.answers(PAID)
    assert_no_amount_is_shown(limit(*COST, "--paid", "1000"))


def test_an_answer_for_another_day_is_not_taken(service, limit):
    assert_no_amount_is_shown(limit("--visit-date", "2026-08-30"))


def test_an_answer_with_keys_of_a_later_issue_is_still_read(service, limit):
    service.answers(limit_answer(household={"members": 2}, table={"signed_by": "x"}))
    assert limit().code == 0


@pytest.mark.parametrize("status, code, exit_code", [
    (409, "challenge_reused", 3), (422, "invalid_fields", 3), (429, "rate_limited", 3), (503, "database_unavailable", 4),
])
def test_a_refusal_is_told_in_the_words_for_the_desk(service, limit, status, code, exit_code):
    service.answers(problem(code, status, "受付の言葉。"), status=status)
    ran = limit(*COST)
    assert (ran.code, ran.first) == (exit_code, "確認できませんでした")
    assert "受付の言葉。" in ran.lines and "円" not in ran.out


def test_a_month_without_a_table_and_every_other_wrong_field_is_named_by_its_option(service, limit):
    service.answers(problem("care_month_without_table", 422, "この月の限度額の表がありません。", [
        {"pointer": "/care_month", "code": "out_of_range", "detail": "A month with a table."},
        {"pointer": "/total_medical_cost", "code": "out_of_range", "detail": "0 to 10000000000."},
        {"pointer": "/care", "code": "required", "detail": "With total_medical_cost."},
        {"pointer": "/prior_ceiling_months", "code": "out_of_range", "detail": "0 to 11."},
        {"pointer": "/paid_so_far", "code": "wrong_type", "detail": "Whole yen."},
        {"pointer": "/specific_disease", "code": "not_one_of", "detail": "1, 2, 3."}]), status=422)
    ran = limit(*COST)
    assert ran.code == 3
    assert "この月の限度額の表がありません。" in ran.lines
    assert "  ・受診月（--month）　範囲の外です。限度額の表がある年月（例 2026-11）です。" in ran.lines
    for option in ("総医療費（--cost）", "入院・外来の別（--care）", "上限額に達した月の数（--prior-months）",
                   "すでにお支払いの額（--paid）", "特定疾病（--disease）"):
        assert any(line.startswith("  ・" + option) for line in ran.lines), option


EVIL = "\x1b[2J\x1b[1;1H\x07\x08\x7f\x9b31m\u202e\u2066\u200b\ufeff\n  お支払い額      0円\r"


def test_a_text_of_the_answer_cannot_repaint_the_screen(service, limit):
    service.answers(limit_answer(
        ceiling=92940, multiple_months=False, patient_pays=92940, check_id=EVIL, checked_at=EVIL, category=EVIL, label=EVIL,
        table={"source": EVIL, "note": EVIL}, reasons=[told("x", EVIL)], next_actions=[told("x", EVIL)]))
    ran = limit(*COST, "--verbose")
    assert ran.code == 0
    for text in (ran.out, ran.err):
        assert not {c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or c in "\u202e\u2066\u200b\ufeff")}
    assert [line for line in ran.lines if line.startswith("  お支払い額")] == ["  お支払い額                92,940円"]


def test_a_script_gets_the_answer_and_the_question_as_they_are(service, limit):
    body = json.dumps(PAID, indent=2).encode() + b"\n"
    service.answers(body)
    ran = limit(*COST, "--json")
    assert (ran.code, ran.raw_out) == (0, body)
    shown, _ = json.JSONDecoder().raw_decode(limit(*COST, "--show-request").out)
    assert shown == service.requests[-1]["body"]


def test_the_usual_keys_are_those_of_a_check():
    assert LIMIT_KEYS[2:-2] == KEYS[:-2]
