"""Numbers as people type them (R2)."""

import pytest

from api_people import KOKUHO, KOUKI, KUMIAI, add

# What is registered, and a spelling of it that a desk may type.
SPELLINGS = [
    ("12-34", "１２－３４"), ("12-34", "12－34"), ("12-34", "12‐34"), ("12-34", "12−34"), ("12-34", "12ー34"), ("12-34", "12–34"),
    ("12-34", "12—34"), ("12-34", "12ｰ34"), ("12-34", " 12 - 34 "), ("12-34", "　１２　-　３４　"), ("記号 い", "記号い"), ("ｱｲ", "アイ"),
    ("カﾞ", "ガ"), ("㈱1", "(株)1"),
]


@pytest.mark.parametrize("spelling", [KOKUHO, "00138057", "１３８０５７", "　138057 ", "００１３８０５７", " 00138057"])
def test_a_national_insurance_member_is_found_by_any_spelling_of_the_insurer_r2_1(desk, spelling):
    answer = desk.check(insurer_number=spelling, symbol="国-01", number="4000004", branch_number="01", birth_date="1970-10-10")
    assert answer.json["validity"] == "valid"
    assert answer.json["qualification"]["insurer_number"] == "00138057"


@pytest.mark.parametrize("wrong", ["1234567", "123456789", "12345", "", " ", "13805a", "138 057", "１３８０５", "138057\n", "-138057", "١٣٨٠٥٧"])
def test_a_mistyped_insurer_number_is_named_and_not_answered_as_nobody_r2_1(desk, wrong):
    answer = desk.check(insurer_number=wrong, number="1", birth_date="1990-01-01", wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/presented/insurer_number": "wrong_form"}


def test_a_wrong_check_digit_is_told_to_the_desk_r2_1(desk):
    answer = desk.check(insurer_number="01130013", number="1234567", birth_date="1980-05-17")
    assert answer.status == 200 and answer.json["validity"] == "not_found"
    assert answer.reasons == ["insurer_number_check_digit"] and answer.json["qualification"] is None


def test_390013_is_national_insurance_and_not_late_elderly_r2_1(desk, database):
    person = add(database, insurer="390013", symbol="高知-1", birth="1980-01-01")
    assert desk.check(**person.asked()).json["copayment"]["basis"] == "standard"
    # Were it prefix 39, the symbol would be ignored.
    assert desk.check(**person.asked(symbol="高知-2")).json["validity"] == "not_found"


@pytest.mark.parametrize("registered, typed", SPELLINGS)
def test_a_symbol_and_a_number_are_found_however_they_are_typed_r2_2(desk, database, registered, typed):
    person = add(database, symbol=registered)
    assert desk.check(**person.asked(symbol=typed)).json["validity"] == "valid"
    person = add(database, number=f"{registered}{person.membership_id:07}")
    answer = desk.check(**person.asked(number=f"{typed}{person.membership_id - 1:07}"))
    assert answer.json["validity"] == "valid"
    assert answer.json["qualification"]["number"] == person.keys["number"], "printed as registered"


def test_what_is_printed_is_answered_as_registered_r2_2(desk):
    answer = desk.check(insurer_number=KUMIAI, symbol="12-34", number="567", branch_number="０１", birth_date="1991-09-09")
    qualification = answer.json["qualification"]
    assert (qualification["symbol"], qualification["number"], qualification["branch_number"]) == ("１２－３４", "５６７", "01")


def test_leading_zeros_tell_people_apart_r2_2(desk, database):
    one = add(database, number="0077001")
    other = add(database, number="77001", birth=one.keys["birth_date"])
    assert desk.check(**one.asked()).json["qualification"]["name"] == one.name
    assert desk.check(**other.asked()).json["qualification"]["name"] == other.name
    assert desk.check(**one.asked(number="077001")).json["validity"] == "not_found"


def test_a_missing_branch_number_matches_any_and_a_wrong_one_nobody_r2_2(desk, database):
    person = add(database, branch="02")
    assert desk.check(**person.asked(branch_number=...)).json["validity"] == "valid"
    assert desk.check(**person.asked(branch_number=None)).json["validity"] == "valid"
    assert desk.check(**person.asked(branch_number="03")).json["validity"] == "not_found"


def test_a_member_registered_without_branch_number_matches_any_r2_2(desk, database):
    person = add(database, branch=None)
    assert desk.check(**person.asked(branch_number="07")).json["validity"] == "valid"
    assert desk.check(**person.asked()).json["qualification"]["branch_number"] is None


@pytest.mark.parametrize("branch", ["1", "001", "", "0a", "０", "-1", "1 2"])
def test_a_branch_number_of_other_than_two_digits_is_named_r2_2(desk, branch):
    answer = desk.check(insurer_number="01130012", number="1", branch_number=branch, birth_date="1990-01-01", wrong=True)
    assert answer.status == 422 and answer.field_errors == {"/presented/branch_number": "wrong_form"}


def test_a_missing_symbol_matches_any_and_a_wrong_one_nobody_r2_2(desk, database):
    person = add(database, symbol="甲-5")
    assert desk.check(**person.asked(symbol=...)).json["validity"] == "valid"
    assert desk.check(**person.asked(symbol="乙-5")).json["validity"] == "not_found"


def test_late_elderly_ignores_symbol_and_branch_number_r2_2(desk):
    answer = desk.check(insurer_number=KOUKI, symbol="国-01", number="90000001", branch_number="99", birth_date="1946-11-22")
    assert answer.json["validity"] == "valid"
    assert answer.json["qualification"]["symbol"] is None and answer.json["qualification"]["branch_number"] is None


def test_twins_are_told_apart_by_their_branch_number_and_never_by_chance_r2_2(desk, database):
    mother = add(database, number="8700001", birth="1988-01-01")
    twins = [add(database, number="8700001", birth="2016-05-05", branch=branch, insured_by=mother) for branch in ("01", "02")]
    together = desk.check(**twins[0].asked(branch_number=...))
    assert together.json["validity"] == "multiple" and together.json["qualification"] is None and together.json["copayment"] is None
    for twin in twins:
        assert desk.check(**twin.asked()).json["qualification"]["name"] == twin.name


def test_a_wrong_birth_date_finds_nobody_r4_2(desk, database):
    person = add(database)
    answer = desk.check(**person.asked(birth_date="1990-01-02"))
    assert answer.json["validity"] == "not_found" and answer.reasons == []


@pytest.mark.parametrize("field", ["symbol", "number"])
@pytest.mark.parametrize("value", ["", " ", "　", "a\nb", "\t", "x" * 121, "あ" * 41, "\u200b", "\u0085"])
def test_a_symbol_or_number_that_cannot_be_one_is_named_r2_2(desk, database, field, value):
    answer = desk.check(**add(database).asked(**{field: value}), wrong=True)
    assert answer.status == 422 and answer.field_errors == {f"/presented/{field}": "wrong_form"}


def test_the_longest_symbol_and_number_are_taken_r2_2(desk, database):
    person = add(database, symbol="あ" * 40, number="8" * 120)
    assert desk.check(**person.asked()).json["validity"] == "valid"
