"""Members of an insurer of the test's own, as its staff would send them."""

import itertools

NOW = "2026-11-22T10:00:00.000+09:00"
JUST_AFTER = NOW  # times are told in milliseconds, and a second change in the same moment is known a microsecond later
NUMBER, OTHER_NUMBER = "801759898349", "210987654320"

_serial = itertools.count(1)


def period(acquired="2020-04-01", lost=None, reason=None, number=None, **more):
    return {"relationship": "insured", "symbol": "12345678", "number": number or f"77{next(_serial):05}", "branch_number": "00",
            "acquired_on": acquired, "lost_on": lost, "loss_reason": reason, **more}


def dependant_of(member_id, acquired="2020-04-01", lost=None, **more):
    return period(acquired, lost, relationship="dependent", insured_member_id=member_id, **more)


def record(*memberships, **more):
    """The least that is needed, with changes; `...` leaves a field out."""
    serial = next(_serial)
    whole = {"name": f"加入　{'〇一二三四五六七八九'[serial % 10]}子{serial}", "name_kana": "カニュウ　シャ", "sex": "female", "birth_date": "1980-05-17",
             "memberships": list(memberships) or [period()], **more}
    return {name: value for name, value in whole.items() if value is not ...}


def elderly(**more):
    """Somebody of 73 under an insurer that is not of the late elderly."""
    return record(**{"birth_date": "1953-05-17", "ratios": [{"percent": 20, "valid_from": "2026-08-01", "valid_until": "2027-07-31"}],
                     **more})


def at(member_id, more=""):
    return f"/members/{member_id}{more}"


def keys_of(insurer, document, place=-1):
    """What stands on this member's papers."""
    shown = document["memberships"][place]
    return {"insurer_number": insurer.number, "symbol": shown["symbol"], "number": shown["number"],
            "branch_number": shown["branch_number"], "birth_date": document["birth_date"]}
