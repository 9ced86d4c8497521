"""The questions by which make bench-peers compares answers first: random members of demo/fill, asked in many ways."""
import datetime

INSURERS = ["01010016", "01230010", "01270016", "01400019", "06130017", "06270029", "06140032", "00138016", "00270017", "39270012"]
DAY = datetime.timedelta(days=1)
# Around what changes an answer: when the members of demo/fill began, their ratios, the end of the 健康保険証.
DATES = ["2005-03-31", "2005-04-01", "2010-06-01", "2015-03-31", "2015-04-01", "2024-07-31", "2024-08-01", "2025-07-31", "2025-12-01",
         "2025-12-02", "2026-03-31", "2026-04-01"]
KINDS = ["eligibility_certificate", "qualification_notice", "portal_record", "insurance_card"]


def born(i):
    first, days = (datetime.date(1935, 1, 1), 5000) if i % 10 == 9 else (datetime.date(1955, 1, 1), 25000)
    return first + DAY * (i * 7919 % days)


def keys(i):
    """What is printed on the document of member i (demo/fill.sql)."""
    if i % 10 == 9:
        return {"kind": "eligibility_certificate", "insurer_number": INSURERS[9], "number": f"{i:08d}", "birth_date": str(born(i))}
    return {"kind": "eligibility_certificate", "insurer_number": INSURERS[i % 10], "symbol": f"{i // 1000:08d}", "number": f"{i:07d}",
            "branch_number": "00", "birth_date": str(born(i))}


def keys_of_earlier(i):
    """The earlier membership of those that have one (j % 50 = 3), ended when the one above began."""
    return {**keys(i), "insurer_number": INSURERS[(i + 1) % 9], "symbol": "99999999", "number": f"{i:07d}", "branch_number": "00"}


def full_width(text):
    return "".join(chr(ord(c) - 0x30 + 0xff10) if c.isdigit() else c for c in text)


def on_a_day(random, i):
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).date()
    birth = born(i)
    turned = datetime.date(birth.year + 75, 3, 1) if (birth.month, birth.day) == (2, 29) else birth.replace(year=birth.year + 75)
    days = [*DATES, birth, birth - DAY, today + 10 * DAY, today + 31 * DAY, today + 32 * DAY, turned - DAY, turned]
    return {"visit_date": str(random.choice(days)), "presented": keys(i)}


def on_an_edge(random, members):
    """Birthdays on which ages turn, and the days on which the share of the cost does: school at 6, the month after 70."""
    while True:
        i = random.randint(1, members)
        birth = born(i)
        if birth.day == 1 or (birth.month, birth.day) in ((4, 2), (2, 28), (2, 29), (3, 31)) or birth.day == 31:
            break
    six = [f"{birth.year + years}-{day}" for years in (6, 7) for day in ("03-31", "04-01")]
    month = datetime.date(birth.year + 70, birth.month, 1)
    after = (month + 31 * DAY).replace(day=1)
    seventy = [str(day) for first in (month, after) for day in (first - DAY, first)]
    return {"visit_date": random.choice(six if birth.year > 2005 else seventy), "presented": keys(i)}


def as_shown(random, i):
    presented = {**keys(i), "kind": random.choice(KINDS)}
    return {"presented": presented, "with_card": random.random() < 0.5, "setting": random.choice(["standard", "school", None]),
            "visit_date": random.choice([None, *DATES[-4:]]), "consents": {"surgeries": True},
            "reference_number": "慎重-1"}


def as_spelled(random, i):
    presented = keys(i)
    presented["number"] = random.choice([full_width(presented["number"]), " " + presented["number"] + "\u3000"])
    presented["insurer_number"] = full_width(presented["insurer_number"].removeprefix("00"))
    presented.pop("branch_number", None)
    if random.random() < 0.5:
        presented["symbol"] = None
    return {"presented": presented}


def by_wrong_keys(random, i):
    presented = keys(i)
    field, value = random.choice([("branch_number", "01"), ("symbol", "123-45"), ("number", "9" + presented["number"]),
                                  ("birth_date", str(born(i) - DAY)), ("insurer_number", "01010017"), ("insurer_number", "06130025")])
    return {"presented": {**presented, field: value}}


def refused(random, i):
    good = keys(i)
    return random.choice([
        {}, {"presented": None}, {"presented": good, "colour": "blue"}, {"presented": {**good, "kind": "library_card"}},
        {"presented": {**good, "birth_date": "1980-02-30"}}, {"presented": {**good, "number": 7}},
        {"presented": {**good, "branch_number": "1"}}, {"presented": {**good, "insurer_number": "12"}},
        {"presented": {**good, "number": ""}}, {"presented": {**good, "number": "12\t3"}}, {"presented": good, "with_card": "yes"},
        {"presented": good, "visit_date": "2026-13-01"}, {"presented": good, "visit_date": "1820-01-01"},
        {"presented": good, "setting": "home"}, {"presented": good, "reference_number": "x" * 65},
        {"presented": good, "consents": {"x": True}}])


def bodies(random, members):
    """About 2,600 requests; the first thousand are what the load sends."""
    def some():
        return random.randint(1, members)
    for _ in range(1000):
        yield {"presented": keys(some())}
    for ask, count in ((on_a_day, 400), (as_shown, 300), (as_spelled, 100), (by_wrong_keys, 150), (refused, 80)):
        for _ in range(count):
            yield ask(random, some())
    for _ in range(600):
        yield on_an_edge(random, members)
    for _ in range(50):
        i = 500 * random.randint(0, max(0, members // 500 - 1)) + 30 + random.randint(0, 8)
        yield {"presented": keys_of_earlier(i), "visit_date": random.choice([None, "2012-05-01"])}
