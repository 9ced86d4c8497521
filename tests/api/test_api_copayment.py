"""一部負担金割合 over HTTP (R7.1): the vector tables, one person a row. VECTORS names another folder of the same tables."""

import csv
import os
import pathlib

import pytest

from api_people import KOUKI, add
from support import Client

HERE = pathlib.Path(__file__).resolve().parents[1] / "unit" / "vectors"
RATIOS = pathlib.Path(os.environ.get("VECTORS") or HERE) / "ratios.csv"
if not RATIOS.exists():
    RATIOS = HERE / "ratios.csv"


def rows():
    with open(RATIOS, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_the_patient_pays_what_the_table_says_r7_1(start):
    """With the clock after the last day of the table, so that no visit is too far ahead."""
    last = max(row["visit_date"] for row in rows())
    later = start(now=f"{last}T10:00:00+09:00") if last > "2026-11-22" else start()
    differing = []
    with Client(later, later.database.token(now=f"{last}T10:00:00+09:00")) as desk:
        for row in rows():
            ratios = [(int(row["registered_ratio"]), "2010-01-01", None)] if row["registered_ratio"] else []
            person = add(later.database, insurer=row["insurer_number"], birth=row["birth_date"], acquired=max(row["birth_date"], "1990-01-01"),
                         ratios=ratios)
            answer = desk.check(**person.asked(), visit_date=row["visit_date"])
            percent = int(row["ratio_percent"]) if row["ratio_percent"] else None
            found = (answer.json["validity"], answer.json["copayment"]["ratio_percent"], answer.json["copayment"]["basis"],
                     "elderly_ratio_not_registered" in answer.reasons)
            if found != ("valid", percent, row["basis"], percent is None):
                differing.append(f"{dict(row)}: {found}")
    assert rows() and not differing, "\n".join(differing)


def test_a_child_pays_20_percent_until_a_day_that_is_told_r7_1(desk, database):
    child = add(database, birth="2022-05-01", acquired="2022-05-01")
    assert desk.check(**child.asked()).json["copayment"] == {
        "ratio_percent": 20, "basis": "preschool", "valid_from": None, "valid_until": "2029-03-31"}


def test_the_registered_ratio_is_the_one_of_the_visit_date_with_inclusive_days_r7_1(desk, database):
    person = add(database, insurer=KOUKI, birth="1945-01-01", ratios=[(10, "2024-08-01", "2025-08-01"), (20, "2025-08-01", "2026-08-01"),
                                                                   (30, "2026-08-01", "2027-08-01")])
    expected = {"2025-07-31": (10, "2024-08-01", "2025-07-31"), "2025-08-01": (20, "2025-08-01", "2026-07-31"),
                "2026-11-22": (30, "2026-08-01", "2027-07-31")}
    for visit, (percent, first, last) in expected.items():
        assert desk.check(**person.asked(), visit_date=visit).json["copayment"] == {
            "ratio_percent": percent, "basis": "late_elderly", "valid_from": first, "valid_until": last}


@pytest.mark.parametrize("visit", ["2024-07-31", "2025-08-01"])
def test_a_ratio_of_other_days_is_never_guessed_for_this_one_r7_1(desk, database, visit):
    person = add(database, birth="1952-01-01", ratios=[(20, "2024-08-01", "2025-08-01")])
    answer = desk.check(**person.asked(), visit_date=visit)
    assert answer.json["copayment"] == {"ratio_percent": None, "basis": "elderly", "valid_from": None, "valid_until": None}
    assert answer.reasons == ["elderly_ratio_not_registered"] and answer.json["accepted"]


def test_an_open_ended_ratio_has_no_last_day_r7_1(desk, database):
    person = add(database, birth="1955-01-01", ratios=[(30, "2025-08-01", None)])
    assert desk.check(**person.asked()).json["copayment"]["valid_until"] is None
