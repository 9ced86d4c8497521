"""What the receptionist, or a script, learns from the terminal."""

import json
import subprocess

import pytest

from terminal_stand_in import BINARY, CATEGORY, KEYS, TOKEN, VALID, told, valid_answer

NOT_ACCEPTED = {"accepted": False, "scope": None}


@pytest.mark.parametrize(
    "answer, code, first",
    [
        (valid_answer(), 0, "有効　受付できます"),
        (valid_answer(**NOT_ACCEPTED), 10, "有効　ただし、この提示では受付できません"),
        (valid_answer(**NOT_ACCEPTED, validity="invalid", copayment=None, qualification={"lost_on": "2026-04-01"}),
         11, "無効　受付できません"),
        (valid_answer(**NOT_ACCEPTED, validity="invalid_newer_exists", copayment=None,
                      qualification={"lost_on": "2026-04-01"}),
         12, "無効（新しい資格があります）　受付できません"),
        (valid_answer(**NOT_ACCEPTED, validity="not_found", copayment=None, qualification=None),
         13, "該当する資格がありません　受付できません"),
        (valid_answer(**NOT_ACCEPTED, validity="multiple", copayment=None, qualification=None),
         14, "複数の方が該当します　受付できません"),
    ],
    ids=["valid", "not_accepted", "invalid", "newer_exists", "not_found", "multiple"],
)
def test_the_exit_code_and_the_first_line_say_the_outcome(service, check, answer, code, first):
    service.answers(answer)
    ran = check()
    assert (ran.code, ran.first) == (code, first), ran.err
    assert check("--json").code == code


def test_the_receptionist_reads_who_is_covered_since_when_and_for_how_much(check):
    ran = check()
    assert ran.line("受診日") == "2026年11月22日（令和8年11月22日）"
    assert ran.line("保険者") == "全国健康保険協会東京支部（01130012）"
    assert ran.line("記号") == "12345678"
    assert ran.line("番号") == "1234567"
    assert ran.line("枝番") == "00"
    assert ran.line("氏名") == "資格 太郎（シカク タロウ）"
    assert ran.line("生年月日") == "1980年5月17日（昭和55年5月17日）"
    assert ran.line("本人・家族") == "本人"
    assert ran.line("資格取得日") == "2019年5月1日（令和元年5月1日）"
    assert ran.line("資格喪失日") == "なし"
    assert ran.line("負担割合") == "3割（一般）"
    assert ran.line("確認番号") == VALID["check_id"]


def test_a_dependants_answer_names_the_insured_person(service, check):
    service.answers(valid_answer(qualification={"relationship": "dependent", "name": "資格 花子"}))
    ran = check()
    assert ran.line("本人・家族") == "家族"
    assert ran.line("被保険者") == "資格 太郎"


def test_the_first_day_without_cover_is_not_taken_for_the_last_day_with_it(service, check):
    service.answers(valid_answer(**NOT_ACCEPTED, validity="invalid", copayment=None,
                                 qualification={"lost_on": "2026-04-01", "loss_reason": "03"}))
    ran = check()
    assert ran.line("資格喪失日") == "2026年4月1日（令和8年4月1日） この日から使えません"
    assert ran.line("喪失事由") == "ほかの医療保険などの資格取得"


@pytest.mark.parametrize(
    "copayment, words",
    [
        ({"ratio_percent": 20, "basis": "preschool", "valid_until": "2027-03-31"}, "2割（未就学児）"),
        ({"ratio_percent": 20, "basis": "elderly", "valid_until": "2027-07-31"}, "2割（70歳から74歳）"),
        ({"ratio_percent": 10, "basis": "late_elderly"}, "1割（後期高齢者医療）"),
        ({"ratio_percent": None, "basis": "elderly"}, "登録なし（70歳から74歳）"),
    ],
    ids=["preschool", "elderly", "late_elderly", "not_registered"],
)
def test_the_share_to_charge_is_named_and_never_guessed(service, check, copayment, words):
    service.answers(valid_answer(copayment=copayment))
    assert check().line("負担割合") == words


def test_the_share_says_until_when_it_holds(service, check):
    service.answers(valid_answer(copayment={"valid_from": "2026-08-01", "valid_until": "2027-07-31"}))
    ran = check()
    assert ran.line("負担割合の開始") == "2026年8月1日（令和8年8月1日）から"
    assert ran.line("負担割合の期限") == "2027年7月31日（令和9年7月31日）まで"


def test_the_desk_reads_the_limit_as_it_says_it_and_until_when_it_holds(service, check):
    service.answers(valid_answer(limit=CATEGORY))
    ran = check("--consent", "limit_information")
    assert ran.code == 0
    assert ran.line("適用区分") == "ウ（A03）"
    assert ran.line("認定証の種類") == "限度額適用認定証"
    assert ran.line("適用区分の開始") == "2026年8月1日（令和8年8月1日）から"
    assert ran.line("適用区分の期限") == "2027年7月31日（令和9年7月31日）まで"
    assert ran.line("長期入院該当") is None


@pytest.mark.parametrize("certificate, words", [
    ("01", "限度額適用認定証"), ("02", "限度額適用・標準負担額減額認定証"), ("03", "標準負担額減額認定証"), (None, None)])
def test_each_paper_for_a_limit_is_named_and_a_long_stay_is_told(service, check, certificate, words):
    limit = {"category": "A05", "label": "オ", "certificate": certificate, "valid_from": None, "valid_until": None, "long_stay_from": "2026-09-15"}
    service.answers(valid_answer(limit=limit))
    ran = check("--consent", "limit_information")
    assert (ran.code, ran.line("適用区分"), ran.line("認定証の種類")) == (0, "オ（A05）", words)
    assert ran.line("長期入院該当") == "2026年9月15日（令和8年9月15日）から"
    assert ran.line("適用区分の開始") is ran.line("適用区分の期限") is None


def test_that_no_limit_is_told_is_said_and_why(service, check):
    service.answers(valid_answer(reasons=[told("limit_consent_missing", "限度額の情報は、ご本人の同意がないため示していません。")]))
    ran = check()
    assert (ran.code, ran.line("適用区分")) == (0, "限度額の情報は示されていません")
    assert "  ・限度額の情報は、ご本人の同意がないため示していません。" in ran.lines


def test_of_who_is_not_covered_no_limit_is_spoken_of(service, check):
    service.answers(valid_answer(**NOT_ACCEPTED, validity="invalid", copayment=None, qualification={"lost_on": "2026-04-01"}))
    assert check().line("適用区分") is None


def test_the_desk_is_told_why_and_what_to_do_in_order(service, check):
    service.answers(valid_answer(
        **NOT_ACCEPTED,
        reasons=[told("card_required_with_document", "この書類だけでは受診できません。"), told("x", "別の理由です。")],
        next_actions=[told("register_card_now", "利用登録ができます。"), told("charge_full_amount", "10割です。")]))
    out = check().out
    assert "理由\n  ・この書類だけでは受診できません。\n  ・別の理由です。\n" in out
    assert "次にすること\n  1. 利用登録ができます。\n  2. 10割です。\n" in out


def test_values_stand_in_one_column_though_labels_differ_in_width(check):
    def columns(text):
        return sum(2 if ord(c) > 0x2e7f else 1 for c in text)

    starts = set()
    for line in check().lines:
        if line.startswith("  "):
            label, value = line.split(None, 1)
            starts.add(columns(line[: line.index(value, line.index(label) + len(label))]))
    assert len(starts) == 1, starts


def test_a_script_gets_the_answer_as_the_service_wrote_it(service, check):
    body = json.dumps(VALID, ensure_ascii=True, indent=3).encode() + b"\n \n"
    service.answers(body)
    ran = check("--json")
    assert ran.raw_out == body
    assert ran.code == 0


def test_an_answer_with_keys_of_a_later_issue_is_still_read(service, check):
    service.answers(valid_answer(receipt="e30.e30.e30", something_new={"a": 1}))
    assert check().code == 0


def test_the_request_can_be_seen_before_its_answer(service, check):
    ran = check("--show-request")
    shown, end = json.JSONDecoder().raw_decode(ran.out)
    assert shown == service.requests[0]["body"]
    assert ran.out[end:].lstrip().startswith("有効")


def test_an_answer_that_could_not_be_written_is_not_reported_as_read(service):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "check", *KEYS], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
                              env={"SHIKAKU_URL": service.url, "SHIKAKU_TOKEN": TOKEN})
    assert done.returncode == 1
