"""Every demonstrated person shows by typed keys what demo/index.sql promises of them. Their cards: test_api_demo_cards.py."""

import json

from catalogues import words
from support import ROOT
from support.client import OF_LIMIT_QUERIES, OF_LIMITS

VALIDITIES = {"invalid", "invalid_newer_exists", "not_found", "multiple"}
BASES = {"standard", "preschool", "elderly", "late_elderly"}
ENDED = {"membership_ended", "membership_not_started", "moved_to_late_elderly", "insured_moved_to_late_elderly"}
REFUSED = {"card_not_registered", "card_revoked", "card_suspended", "card_required_with_document", "certificate_not_current",
           "insurance_card_ended"}
REASONS = words("REASONS")


def by_typed_keys(database):
    return [case for case in json.loads(database.script(ROOT / "demo" / "index.sql")) if case["presented_kind"] != "card"]


def ask(desk, case):
    visit = case["visit_date"]
    if case["visit_in_days"] is not None:
        visit = f"2026-11-{22 + case['visit_in_days']}"
    return desk.check(case["presented_kind"], with_card=case["with_card"], setting=case["setting"], visit_date=visit,
                      **{name: case[name] for name in ("insurer_number", "symbol", "number", "branch_number", "birth_date")})


def expected(shows):
    """validity, reasons and whether it is accepted, out of what the index shows. That nobody's limit is told is shown by one of them."""
    codes = {code for code in shows if code in REASONS and code not in OF_LIMITS}
    validity = next(iter(VALIDITIES.intersection(shows)), None)
    if validity is None:
        validity = "invalid" if codes & ENDED else "not_found" if "insurer_number_check_digit" in codes else "valid"
    if validity == "invalid_newer_exists":
        codes.add("membership_ended")
    return validity, codes, validity == "valid" and not codes & REFUSED


def test_a_reader_of_the_index_sees_what_it_promises_of_each_person(desk, database):
    cases = by_typed_keys(database)
    differing = []
    for case in cases:
        answer = ask(desk, case)
        body = answer.json
        validity, reasons, accepted = expected(case["shows"])
        usual = "elderly" if "elderly_ratio_not_registered" in reasons else "standard"
        bases = BASES.intersection(case["shows"]) or {usual if validity == "valid" else None}
        found = {
            "status": (answer.status, 200),
            "validity": (body["validity"], validity),
            "reasons": (set(answer.reasons), reasons),
            "limit": ((body["limit"], answer.limit_reason), (None, "limit_consent_missing" if validity == "valid" else None)),
            "accepted": (body["accepted"], accepted),
            "scope": (body["scope"], "full" if accepted else None),
            "basis": ({(body["copayment"] or {}).get("basis")}, bases),
            "qualification": (body["qualification"] is not None, validity not in ("not_found", "multiple")),
            "name": ((body["qualification"] or {"name": case["name"]})["name"], case["name"]),
        }
        for field in ("name_other", "sex_on_face"):
            if field in case["shows"]:
                found[field] = (body["qualification"][field] is not None, True)
        if "R14" in case["shows"]:
            found["address"] = (body["qualification"]["address"], None)
        differing += [f"{case['name']}: {what} is {is_}, should be {should}" for what, (is_, should) in found.items() if is_ != should]
    assert len(cases) > 40
    assert not differing, "\n".join(differing)


def test_the_index_shows_every_reason_that_typed_keys_can_give(database):
    shown = {code for case in by_typed_keys(database) for code in case["shows"]}
    # These come by card only (R4.1, R5.3 to R5.5), or with a consent (R7.9), or to another question.
    assert set(REASONS) - shown == {"overlapping_membership", "no_membership", "certificate_expired", "certificate_in_grace",
                                    "certificate_expires_soon", "revocation_unknown", "limit_not_registered", "limit_from_ratio",
                                    *OF_LIMIT_QUERIES}
    assert BASES <= shown
