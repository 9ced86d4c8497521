"""What insurers register of limits, and whose month is halved: people for questions about a month."""

from api_people import KOUKI, KYOKAI, add

AGREED = {"limit_information": True}


def register_limit(database, person, category, first="2010-01-01", end=None, certificate=None, known_from="2025-01-01T00:00:00Z"):
    database.run("""INSERT INTO shikaku.limits (member_key, insurer_number, category, certificate, valid, known_from)
        SELECT m.member_key, m.insurer_number, %s, %s, daterange(%s, %s), %s FROM shikaku.members m WHERE m.member_key = %s""",
                 (category, certificate, first, end, known_from, person.member_key))
    return person


def register_disease(database, person, category, self_pay=None, first="2020-01-01", end=None):
    database.run("""INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, self_pay, valid, known_from)
        SELECT m.member_key, m.insurer_number, %s, %s, daterange(%s, %s), '2025-01-01Z' FROM shikaku.members m WHERE m.member_key = %s""",
                 (category, self_pay, first, end, person.member_key))
    return person


def reach(database, person, month, counts_from="2026-01-01T00:00:00Z", institution="1319900013"):
    """A ceiling month on record."""
    database.run("""INSERT INTO shikaku.ceiling_months (ceiling_month_id, member_key, insurer_number, symbol_key, number_key, month,
          institution_code, counts_from, reported_at, reported_by)
        SELECT gen_random_uuid(), m.member_key, m.insurer_number, m.symbol_key, m.number_key, %s, %s, %s,
            coalesce(%s, '2026-01-01Z'::timestamptz), (SELECT min(token_id) FROM shikaku.tokens)
          FROM shikaku.memberships m WHERE m.membership_id = %s""",
                 (f"{month}-01", institution, counts_from, counts_from, person.membership_id))


def born_75_before(month):
    """Whose 75th birthday is the 15th of that month."""
    return f"{int(month[:4]) - 75}{month[4:]}-15"


def someone(database, category, percent, month, halved=False):
    """Somebody of that category and ratio, for whom the month is halved or not; with the day to ask for."""
    ratios = [] if category.startswith("A") else [(percent, "2010-01-01", None)]
    late = category in ("B09", "B10") or (percent == 10)
    if late:
        birth = born_75_before(month) if halved else "1940-01-01"
        person = add(database, insurer=KOUKI, birth=birth, acquired=birth.replace(birth[:4], str(int(birth[:4]) + 75)) if halved else "2015-01-01",
                     ratios=ratios)
        return register_limit(database, person, category), f"{month}-20"
    birth = "1990-01-01" if percent == 30 and not ratios else "2022-05-01" if not ratios else "1954-01-01"
    head = add(database, insurer=KYOKAI, birth=born_75_before(month)) if halved else None
    person = add(database, insurer=KYOKAI, birth=birth, insured_by=head, acquired=max(birth, "2015-04-01"), ratios=ratios)
    return register_limit(database, person, category), f"{month}-10"
