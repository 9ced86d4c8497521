"""A request's body as pydantic takes it, and as rules.py judges it. The spellings of service/rules/identifiers.c."""
import datetime
import re
import unicodedata
from typing import Literal, Optional

from fastapi import HTTPException
from pydantic import BaseModel, StrictBool, StrictStr

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
FIRST_DAY = datetime.date(1868, 1, 1)
PLAIN = re.compile(r"[!-~]{1,120}")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SPACES = re.compile("[ \u1680\u180e\u200b\u2060\ufeff]")
DASHES = re.compile("[\u2010\u2012-\u2015\u2212\u30fc]")
FULL_WIDTH = {0xff10 + digit: 0x30 + digit for digit in range(10)}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSURER = re.compile(r"\d{6}|\d{8}", re.ASCII)
BRANCH = re.compile(r"\d{2}", re.ASCII)


class Presented(BaseModel, extra="forbid"):
    kind: Literal["qualification_notice", "portal_record", "eligibility_certificate", "insurance_card"]
    insurer_number: StrictStr
    symbol: Optional[StrictStr] = None
    number: StrictStr
    branch_number: Optional[StrictStr] = None
    birth_date: StrictStr


class Consents(BaseModel, extra="forbid"):
    limit_information: Optional[StrictBool] = None
    surgeries: Optional[StrictBool] = None
    diagnoses_medicines: Optional[StrictBool] = None
    health_checkups: Optional[StrictBool] = None
    specific_diseases: Optional[StrictBool] = None


class Body(BaseModel, extra="forbid"):
    visit_date: Optional[StrictStr] = None
    known_at: Literal[None] = None  # not served here
    setting: Optional[Literal["standard", "school"]] = None
    with_card: Optional[StrictBool] = None
    presented: Presented
    consents: Optional[Consents] = None
    reference_number: Optional[StrictStr] = None


def wrong(pointer):
    return HTTPException(422, {"code": "invalid_fields", "pointer": pointer})


def day_of(text, pointer):
    try:
        day = datetime.date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day < FIRST_DAY:
        raise wrong(pointer)
    return day


def identifier_key(text, pointer):
    if PLAIN.fullmatch(text):
        return text
    once = unicodedata.normalize("NFKC", text)
    if len(text.encode()) > 120 or CONTROL.search(once):
        raise wrong(pointer)
    key = unicodedata.normalize("NFKC", DASHES.sub("-", SPACES.sub("", once)))
    if not 0 < len(key.encode()) <= 240:
        raise wrong(pointer)
    return key


def digits(text, pattern, pointer):
    if pattern.fullmatch(text):
        return text
    folded = text.translate(FULL_WIDTH).strip()
    if not pattern.fullmatch(folded):
        raise wrong(pointer)
    return folded


def luhn_holds(number):
    total = 0
    for position, character in enumerate(reversed(number)):
        digit = ord(character) - 48
        if position % 2 == 1:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


class Question:
    __slots__ = ("visit", "school", "with_card", "kind", "insurer_number", "symbol", "number", "branch", "born", "today")

    def __init__(self, body, now):
        presented = body.presented
        if body.reference_number is not None and not 1 <= len(body.reference_number) <= 64:
            raise wrong("/reference_number")
        self.today = now.date()
        self.visit = self.today if body.visit_date is None else day_of(body.visit_date, "/visit_date")
        self.school = body.setting == "school"
        self.with_card = bool(body.with_card)
        self.kind = presented.kind
        self.insurer_number = digits(presented.insurer_number, INSURER, "/presented/insurer_number").zfill(8)
        self.symbol = None if presented.symbol is None else identifier_key(presented.symbol, "/presented/symbol")
        self.number = identifier_key(presented.number, "/presented/number")
        self.branch = None if presented.branch_number is None else digits(presented.branch_number, BRANCH, "/presented/branch_number")
        self.born = day_of(presented.birth_date, "/presented/birth_date")
        if self.visit < self.born or (self.visit - self.today).days > 31:
            raise wrong("/visit_date")
