"""The decisions of service/rules that a question by typed keys needs, without revocation lists."""
import datetime
import json
import os
import pathlib

# Codes and words by position, from service/rules/reasons.h (peers.py writes them out).
WORDS = json.loads(pathlib.Path(os.environ["PEER_WORDS"]).read_text(encoding="utf-8"))
VALIDITIES = [None, "valid", "invalid", "invalid_newer_exists", "not_found", "multiple"]
VALID, INVALID, NEWER_EXISTS, NOT_FOUND, MULTIPLE = range(1, 6)
KINDS = {"qualification_notice": 2, "portal_record": 3, "eligibility_certificate": 4, "insurance_card": 5}
REASON = {word["code"]: 1 << position for position, word in enumerate(WORDS["reasons"])}
ACTION = {word["code"]: 1 << position for position, word in enumerate(WORDS["next_actions"])}
LAST_DAY_OF_INSURANCE_CARD = datetime.date(2025, 12, 1)
LAST_TOLERATED_DAY = datetime.date(2026, 3, 31)
DAY = datetime.timedelta(days=1)


def words_of(kind, bits):
    return [word for position, word in enumerate(WORDS[kind]) if bits >> position & 1] if bits else []


def is_late(insurer_number):
    return insurer_number.startswith("39")


def birthday(born, age):
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February
        return datetime.date(born.year + age, 3, 1)


class Cover:
    __slots__ = ("end", "recorded", "covers", "ends_on", "reasons")

    def __init__(self, insurer_number, born, relationship, acquired_on, lost_on, insured_born, insured_lost_on, visit):
        self.end, self.recorded, self.reasons = None, False, 0
        moves = not is_late(insurer_number)
        if lost_on:
            self.consider(lost_on, True, "membership_ended")
        if moves:
            self.consider(birthday(born, 75), False, "moved_to_late_elderly")
        if relationship == "dependent":
            if insured_lost_on:
                self.consider(insured_lost_on, True, "membership_ended")
            if insured_born and moves:
                self.consider(birthday(insured_born, 75), False, "insured_moved_to_late_elderly")
        ended = self.end is not None and visit >= self.end
        self.ends_on = self.end if ended or self.recorded else None
        self.covers = not ended and visit >= acquired_on
        if not ended:
            self.reasons = 0 if self.covers else REASON["membership_not_started"]

    def consider(self, day, recorded, why):
        if self.end is not None and day > self.end:
            return
        if self.end is None or day < self.end:
            self.end, self.recorded, self.reasons = day, False, 0
        self.recorded |= recorded
        self.reasons |= REASON[why]

    def rank(self):
        return 0 if self.covers else 2 if self.reasons & REASON["membership_not_started"] else 1


def cover_of(row, visit):
    return Cover(row["insurer_number"], row["birth_date"], row["relationship"], row["acquired_on"], row["lost_on"],
                 row["insured_birth_date"], row["insured_lost_on"], visit)


def cover_of_sibling(row, visit):
    return Cover(row["sibling_insurer_number"], row["birth_date"], row["sibling_relationship"], row["sibling_acquired_on"],
                 row["sibling_lost_on"], row["sibling_insured_birth_date"], row["sibling_insured_lost_on"], visit)


def is_meant_rather(a, cover_a, b, cover_b):
    rank = cover_a.rank()
    if rank != cover_b.rank():
        return rank < cover_b.rank()
    if rank == 2:
        return a["acquired_on"] < b["acquired_on"]
    if rank == 1 and cover_a.ends_on != cover_b.ends_on:
        return cover_a.ends_on > cover_b.ends_on
    return a["acquired_on"] > b["acquired_on"]


def newer_covers(rows, chosen, visit):
    return any(row["sibling_membership_id"] is not None and row["person_id"] == chosen["person_id"]
               and row["sibling_acquired_on"] > chosen["acquired_on"] and cover_of_sibling(row, visit).covers for row in rows)


def ratio_on(row, visit):
    for percent, first, last in zip(row["ratio_percents"], row["ratio_from"], row["ratio_until"]):
        if (first is None or first <= visit) and (last is None or visit <= last):
            return percent, first, last
    return None, None, None


def first_elderly_day(born):
    seventy = birthday(born, 70)
    if seventy.day == 1:
        return seventy
    return datetime.date(seventy.year + seventy.month // 12, seventy.month % 12 + 1, 1)


def last_preschool_day(born):
    six = birthday(born, 6) - DAY
    last = datetime.date(six.year, 3, 31)
    return last if last >= six else datetime.date(six.year + 1, 3, 31)


def copayment_on(row, visit):
    """(percent, basis, first day, last day)"""
    late = is_late(row["insurer_number"])
    if late or visit >= first_elderly_day(row["birth_date"]):
        percent, first, last = ratio_on(row, visit)
        return percent, "late_elderly" if late else "elderly", first, last
    preschool = last_preschool_day(row["birth_date"])
    if visit <= preschool:
        return 20, "preschool", None, preschool
    return 30, "standard", None, None


def is_tolerated(visit):
    return LAST_DAY_OF_INSURANCE_CARD < visit <= LAST_TOLERATED_DAY


def document_shown(question, row):
    registered = row["registered"] and not row["self_information_stopped"]
    if question.with_card:
        if row["cards_state"] == 3:
            return False, REASON["card_revoked"]
        if row["cards_state"] == 2:
            return False, REASON["card_suspended"]
        return registered, 0 if registered else REASON["card_not_registered"]
    if question.school:
        return registered, 0 if registered else REASON["card_not_registered"]
    if question.kind == "qualification_notice" and is_tolerated(question.visit):
        return True, REASON["tolerated_until_2026_03_31"]
    return False, REASON["card_required_with_document"] | (0 if registered else REASON["card_not_registered"])


def presentation_on(question, row):
    """(accepted, reasons)"""
    visit = question.visit
    if question.kind == "eligibility_certificate":
        if row["certificate_state"] == 0:
            return True, REASON["certificate_not_on_record"]
        until = row["certificate_valid_until"]
        current = row["certificate_state"] == 1 and (until is None or visit <= until)
        return current, 0 if current else REASON["certificate_not_current"]
    if question.kind == "insurance_card":
        if visit <= LAST_DAY_OF_INSURANCE_CARD:
            return True, 0
        if is_tolerated(visit):
            return True, REASON["tolerated_until_2026_03_31"]
        return False, REASON["insurance_card_ended"]
    return document_shown(question, row)


AT_DESK = ACTION["show_notice_or_portal_record"] | ACTION["contact_insurer"] | ACTION["accept_declaration"]
ASK = ACTION["ask_for_eligibility_certificate"]
ACTIONS_OF_REASONS = [
    (REASON["card_not_registered"], ACTION["register_card_now"] | ASK),
    (REASON["card_revoked"] | REASON["card_suspended"] | REASON["card_required_with_document"], ASK),
    (REASON["certificate_not_current"], ACTION["show_notice_or_portal_record"] | ACTION["contact_insurer"]),
    (REASON["insurance_card_ended"], ASK | ACTION["show_notice_or_portal_record"]),
]


def next_actions(question, judgement):
    if judgement.accepted:
        return 0
    bits = 0 if judgement.validity == VALID else AT_DESK
    if judgement.validity in (INVALID, NEWER_EXISTS):
        bits |= ASK
    for reasons, actions in ACTIONS_OF_REASONS:
        if judgement.reasons & reasons:
            bits |= actions
    if not question.with_card:
        bits &= ~(ACTION["register_card_now"] | ACTION["accept_declaration"])
    return bits if question.school else bits | ACTION["charge_full_amount"]


class Judgement:
    """What rows say to a question."""
    __slots__ = ("validity", "accepted", "reasons", "next_actions", "standing", "ends_on", "copayment")

    def __init__(self, question, rows, reasons):
        self.validity, self.accepted, self.reasons = NOT_FOUND, False, reasons
        self.standing = self.ends_on = self.copayment = None
        if rows:
            self.judge_cover(rows, question.visit)
        if self.validity == VALID:
            self.copayment = copayment_on(self.standing, question.visit)
            if self.copayment[0] is None:
                self.reasons |= REASON["elderly_ratio_not_registered"]
            self.accepted, why = presentation_on(question, self.standing)
            # A limit is told with consent only (R7.9), and nobody consents here.
            self.reasons |= why | REASON["limit_consent_missing"]
        self.next_actions = next_actions(question, self)

    def judge_cover(self, rows, visit):
        # Rows repeat a match for each other membership of its person.
        matches = rows if len(rows) == 1 else list({row["membership_id"]: row for row in rows}.values())
        if any(match["person_id"] != matches[0]["person_id"] for match in matches):
            self.validity = MULTIPLE
            return
        chosen, cover = matches[0], cover_of(matches[0], visit)
        covering = int(cover.covers)
        for match in matches[1:]:
            other = cover_of(match, visit)
            covering += other.covers
            if is_meant_rather(match, other, chosen, cover):
                chosen, cover = match, other
        newer = covering == 0 and newer_covers(rows, chosen, visit)
        self.validity = VALID if cover.covers else NEWER_EXISTS if newer else INVALID
        self.reasons |= cover.reasons
        if covering > 1:
            self.reasons |= REASON["overlapping_membership"]
        if chosen["link_state"] != "linked":
            self.reasons |= REASON["link_not_confirmed"]
        self.standing, self.ends_on = chosen, cover.ends_on
