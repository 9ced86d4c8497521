"""One member's record is written as a whole by one function, which changes what differs and nothing else, and keeps what was known."""

import json
import threading

import psycopg2
import pytest

NOON = "2026-11-22 12:00Z"
NUMBER = b"n" * 40  # as good as sealed, here
OTHER_NUMBER = b"m" * 40

PUT = """SELECT outcome, replayed, (extract(epoch FROM version) * 1000000)::bigint, answer, place FROM shikaku.put_member(%(at)s, %(insurer)s,
    %(member)s, %(document)s, %(sealed)s, %(last4)s, %(new)s, %(exists)s, %(expected)s, %(token)s, '/v1/x', sha256(%(key)s), sha256(%(request)s))"""
READ = "SELECT outcome, answer FROM shikaku.read_member(%s, %s, %s, 1, NULL, NULL)"

PERSON = {"name": "試験 一郎", "name_kana": "シケン イチロウ", "name_other": None, "name_other_kana": None, "sex": "male", "sex_on_face": None,
          "birth_date": "1950-05-17", "postal_code": None, "address": "試験県試験市一丁目", "household_head": None, "workplace_id": None,
          "non_disclosure": "false", "self_information_stopped": "false"}
PARTS = ("memberships", "ratios", "limits", "specific_diseases", "eligibility_certificates")


class Written:
    def __init__(self, row):
        self.outcome, self.replayed, self.version, answer, self.place = row
        self.text = answer
        self.document = json.loads(answer) if answer else None


def period(acquired="2020-04-01", lost=None, number="77", **change):
    return {"relationship": "insured", "insured_member_id": None, "symbol": "9", "symbol_key": "9", "number": number, "number_key": number,
            "branch_number": "00", "acquired_on": acquired, "lost_on": lost, "loss_reason": "03" if lost else None, **change}


def dependant(of, acquired="2020-04-01", lost=None, **change):
    return period(acquired, lost, relationship="dependent", insured_member_id=of, **change)


def ratio(percent, first, last=None):
    return {"percent": str(percent), "valid_from": first, "valid_until": last}


def limit(category, first, last=None, certificate=None):
    return {"category": category, "certificate": certificate, "valid_from": first, "valid_until": last, "long_stay_from": None}


def disease(category, first, last=None, self_pay=None):
    return {"category": category, "self_pay": self_pay, "valid_from": first, "valid_until": last}


def certificate(number, issued, last="2030-12-31"):
    return {"number": number, "issued_on": issued, "valid_from": issued, "valid_until": last}


def document(*memberships, **change):
    return {**PERSON, **{part: [] for part in PARTS}, "memberships": list(memberships), **change}


def put(db, member, record, at=NOON, insurer="01130012", sealed=None, last4=None, expected=None, exists=False, new=False, key=None, request=b"body",
        run=None, token=1):
    run = run or (lambda sql, parameters: db.run(sql, parameters, user="shikaku_service"))
    return Written(run(PUT, {"at": at, "insurer": insurer, "member": member, "document": json.dumps(record), "sealed": sealed, "last4": last4,
                             "exists": exists, "expected": expected, "new": new, "key": key, "request": request, "token": token})[0])


def read(db, member, insurer="01130012"):
    outcome, answer = db.run(READ, (NOON, insurer, member), user="shikaku_service")[0]
    return json.loads(answer) if outcome == "found" else outcome


def history(db, member, insurer="01130012"):
    return db.value("SELECT shikaku.member_history(%s, %s)", (insurer, member), user="shikaku_service")


def rows(db, table, member):
    return db.value(f"""SELECT count(*) FROM shikaku.{table} AS t JOIN shikaku.members AS m USING (member_key) WHERE m.member_id = %s""", (member,))


def standings_are_right(db):
    return db.value("SELECT shikaku.compare_standings()") == 0


WHOLE = document(
    period("2010-04-01", "2015-04-01", "6"), period("2020-04-01"), ratios=[ratio(20, "2025-08-01", "2026-07-31"), ratio(30, "2026-08-01")],
    limits=[limit("B05", "2025-08-01", "2026-07-31", "02"), limit("B01", "2026-08-01")],
    specific_diseases=[disease("1", "2021-01-01", self_pay="10000"), disease("2", "2022-01-01", "2023-01-01")],
    eligibility_certificates=[certificate("1", "2024-12-02", "2025-12-01"), certificate("2", "2025-12-02")])


def test_a_new_member_is_on_record_as_a_new_person_and_the_desk_finds_them(family):
    made = put(family, "E-1", WHOLE)
    assert (made.outcome, made.replayed, made.place) == ("created", False, None)
    assert made.document["memberships"][1] == {"relationship": "insured", "insured_member_id": None, "symbol": "9", "number": "77",
                                               "branch_number": "00", "acquired_on": "2020-04-01", "lost_on": None, "loss_reason": None}
    assert made.document["ratios"] == [{"percent": 20, "valid_from": "2025-08-01", "valid_until": "2026-07-31"},
                                       {"percent": 30, "valid_from": "2026-08-01", "valid_until": None}]
    assert made.document["specific_diseases"][0] == {"category": "1", "self_pay": 10000, "valid_from": "2021-01-01", "valid_until": None}
    assert [c["state"] for c in made.document["eligibility_certificates"]] == ["replaced", "issued"], "one of a period"
    assert made.document["link"] == {"state": "pending", "mismatched": [], "decided_at": None}
    assert made.document["registered_at"] == made.document["changed_at"] == "2026-11-22T21:00:00.000+09:00"
    assert made.document["non_disclosure"] is False
    assert read(family, "E-1") == made.document
    assert family.value("SELECT count(*) FROM shikaku.standings WHERE number_key = '77' AND ratio_percents = '{20,30}'") == 1
    assert family.value("SELECT count(*) FROM shikaku.persons") == 4 and standings_are_right(family)


def test_the_same_again_changes_nothing_and_is_the_same_version(family):
    made = put(family, "E-1", WHOLE)
    again = put(family, "E-1", WHOLE, at="2026-11-23 12:00Z")
    assert (again.outcome, again.version, again.text) == ("unchanged", made.version, made.text)
    assert len(history(family, "E-1")["versions"]) == 11


@pytest.mark.parametrize("part, items", [
    ("memberships", [period("2020-04-01", "2026-10-01")]), ("ratios", [ratio(30, "2026-08-01")]), ("ratios", []),
    ("limits", [limit("B02", "2026-08-01")]), ("specific_diseases", [disease("3", "2021-01-01")]),
    ("eligibility_certificates", [certificate("3", "2025-12-02")]),
    ("eligibility_certificates", [certificate("2", "2025-12-02"), certificate("4", "2026-04-01")]),
])
def test_a_change_of_any_part_is_a_new_version_of_the_member(family, part, items):
    made = put(family, "E-1", document(period(), ratios=[ratio(20, "2026-08-01")], limits=[limit("B05", "2026-08-01")],
                                       specific_diseases=[disease("1", "2021-01-01")], eligibility_certificates=[certificate("2", "2025-12-02")]))
    changed = put(family, "E-1", document(*(items if part == "memberships" else [period()]), **{
        "ratios": [ratio(20, "2026-08-01")], "limits": [limit("B05", "2026-08-01")], "specific_diseases": [disease("1", "2021-01-01")],
        "eligibility_certificates": [certificate("2", "2025-12-02")], **({} if part == "memberships" else {part: items})}))
    assert changed.outcome == "changed" and changed.version == made.version + 1, "a clock that stands still is no excuse"
    assert changed.document[part] != made.document[part]
    assert {name: value for name, value in changed.document.items() if name not in (part, "changed_at")} == \
        {name: value for name, value in made.document.items() if name not in (part, "changed_at")}
    assert standings_are_right(family)


def test_what_was_imported_by_a_line_is_no_more_once_it_is_changed_here(family):
    family.run("UPDATE shikaku.members SET imported_digest = sha256('line'), known_from = '2026-02-01Z' WHERE member_id = 'a'")
    assert put(family, "a", document(period())).outcome == "changed"
    assert family.value("SELECT imported_digest FROM shikaku.members WHERE member_id = 'a'") is None


def test_a_corrected_day_of_acquisition_is_no_new_period(family):
    put(family, "E-1", document(period("2010-04-01", "2015-04-01"), period("2020-04-01")))
    before = dict(family.run("SELECT acquired_on::text, membership_id FROM shikaku.memberships WHERE number = '77'"))
    put(family, "E-1", document(period("2010-04-01", "2015-04-01"), period("2020-05-01")))
    after = dict(family.run("SELECT acquired_on::text, membership_id FROM shikaku.memberships WHERE number = '77'"))
    assert after == {"2010-04-01": before["2010-04-01"], "2020-05-01": before["2020-04-01"]}


@pytest.mark.parametrize("before, after", [
    # The open period ends and an older one, corrected, is the open one.
    ([("2010-04-01", "2012-04-01"), ("2015-04-01", None)], [("2015-04-01", "2016-04-01"), ("2017-04-01", None)]),
    # Both move, each over where the other was.
    ([("2010-04-01", "2015-04-01"), ("2015-04-01", None)], [("2010-04-01", "2016-04-01"), ("2016-04-01", None)]),
    ([("2010-04-01", "2015-04-01"), ("2015-04-01", "2018-04-01")], [("2012-04-01", "2013-04-01"), ("2013-04-01", None)]),
    ([("2010-04-01", None)], [("2010-04-01", "2012-04-01"), ("2012-04-01", None)]),
    ([("2010-04-01", "2012-04-01"), ("2012-04-01", None)], [("2010-04-01", None)]),
    ([("2010-04-01", "2012-04-01"), ("2012-04-01", "2014-04-01"), ("2014-04-01", None)], [("2009-04-01", "2014-04-01"), ("2014-04-01", None)]),
    ([("2010-04-01", None)], []),
    ([], [("2010-04-01", None)]),
])
def test_periods_become_what_was_asked_whatever_they_were(family, before, after):
    put(family, "E-1", document(*(period(*dates) for dates in before)))
    changed = put(family, "E-1", document(*(period(*dates) for dates in after)), at="2026-11-23 12:00Z")
    assert changed.outcome == "changed"
    assert [(p["acquired_on"], p["lost_on"]) for p in changed.document["memberships"]] == after
    assert standings_are_right(family)
    known = [version for version in history(family, "E-1")["versions"] if version["part"] == "membership"]
    was = sorted((v["value"]["acquired_on"], v["value"]["lost_on"] or "") for v in known if v["known_from"].startswith("2026-11-22"))
    assert was == [(acquired, lost or "") for acquired, lost in before], "and it is known what they were"


def test_periods_with_a_day_in_common_are_refused_as_a_whole(family):
    put(family, "E-1", document(period("2020-04-01")))
    refused = put(family, "E-1", document(period("2020-04-01", "2025-04-01"), period("2024-04-01"), name="別人"))
    assert (refused.outcome, refused.document) == ("periods_overlap", None)
    assert read(family, "E-1")["name"] == PERSON["name"]


def test_a_dependant_belongs_to_an_insured_person(family):
    put(family, "E-1", document(period("2018-04-01", "2019-04-01"), period("2020-04-01")))
    made = put(family, "E-2", document(dependant("E-1", "2018-05-01", "2018-06-01"), dependant("E-1", "2021-04-01")))
    assert made.outcome == "created" and [p["insured_member_id"] for p in made.document["memberships"]] == ["E-1", "E-1"]
    assert family.run("""SELECT d.acquired_on::text, i.acquired_on::text FROM shikaku.memberships AS d
        JOIN shikaku.memberships AS i ON i.membership_id = d.insured_membership_id
        JOIN shikaku.members AS m ON m.member_key = d.member_key WHERE m.member_id = 'E-2' ORDER BY 1""") == [
        ("2018-05-01", "2018-04-01"), ("2021-04-01", "2020-04-01")], "each to the period under way"


@pytest.mark.parametrize("insured, acquired, lost", [
    ("nobody", "2020-04-01", None), ("E-1", "2020-03-31", None), ("E-3", "2020-04-01", None), ("b", "2020-04-01", None), ("c", "2020-04-01", None), ("E-2", "2020-04-01", None),
])
def test_a_dependant_of_nobody_who_is_insured_then_is_refused(family, insured, acquired, lost):
    put(family, "E-1", document(period("2020-04-01")))
    put(family, "E-3", document(period("2019-04-01", "2020-04-01")))
    refused = put(family, "E-2", document(period("2010-04-01", "2011-04-01"), dependant(insured, acquired, lost)))
    assert (refused.outcome, refused.place) == ("insured_not_found", 1)
    assert read(family, "E-2") == "none"


def test_a_period_on_which_a_dependant_or_a_certificate_rests_is_not_withdrawn(family):
    put(family, "E-1", document(period("2016-04-01", "2017-04-01"), period("2020-04-01")))
    put(family, "E-2", document(dependant("E-1", "2016-05-01", "2016-06-01")))
    refused = put(family, "E-1", document(period("2020-04-01")))
    assert (refused.outcome, refused.document) == ("member_in_use", None)
    assert put(family, "E-1", document(dependant("a", "2016-04-01", "2017-04-01"), period("2020-04-01"))).outcome == "member_in_use"
    put(family, "E-3", document(period("2016-04-01", "2017-04-01"), period("2020-04-01"), eligibility_certificates=[certificate("1", "2016-06-01")]))
    assert put(family, "E-3", document(period("2020-04-01"))).outcome == "member_in_use"
    assert len(read(family, "E-3")["memberships"]) == 2 and standings_are_right(family)


def test_a_certificate_that_is_not_named_stays_and_of_one_period_the_newest_is_in_circulation(family):
    put(family, "E-1", document(period(), eligibility_certificates=[certificate("2", "2025-12-02")]))
    put(family, "E-1", document(period(), eligibility_certificates=[certificate("3", "2026-04-01"), certificate("1", "2025-01-01")]))
    assert [(c["number"], c["state"]) for c in read(family, "E-1")["eligibility_certificates"]] == [
        ("1", "replaced"), ("2", "replaced"), ("3", "issued")]


def test_a_certificate_of_a_member_without_cover_is_refused(family):
    refused = put(family, "E-1", document(eligibility_certificates=[certificate("2", "2025-12-02")]))
    assert (refused.outcome, refused.place) == ("certificate_without_membership", 0)


def test_a_workplace_must_be_there(family):
    assert put(family, "E-1", document(period(), workplace_id="W1")).outcome == "workplace_not_found"
    family.run("INSERT INTO shikaku.workplaces (insurer_number, workplace_id, name, changed_at) VALUES ('06136022', 'W1', '他', '2026-01-01Z')")
    assert put(family, "E-1", document(period(), workplace_id="W1")).outcome == "workplace_not_found", "another insurer's is not there"
    family.run("INSERT INTO shikaku.workplaces (insurer_number, workplace_id, name, changed_at) VALUES ('01130012', 'W1', '本社', '2026-01-01Z')")
    assert put(family, "E-1", document(period(), workplace_id="W1")).document["workplace_id"] == "W1"


def test_only_the_version_that_was_expected_is_changed(family):
    made = put(family, "E-1", document(period()))
    changed = document(period(number="78"))
    for expected in ("2026-11-22 11:59:59.999999Z", "2026-11-22 12:00:00.000001Z"):
        assert put(family, "E-1", changed, expected=expected, exists=True).outcome == "precondition_failed"
    for expected in (None, NOON):
        assert put(family, "E-9", changed, exists=True, expected=expected).outcome == "precondition_failed" and read(family, "E-9") == "none"
    assert put(family, "E-1", changed, expected=NOON, exists=True).outcome == "changed"
    assert put(family, "E-1", changed, expected=NOON).outcome == "precondition_failed"
    assert put(family, "E-1", changed, exists=True).outcome == "unchanged" and made.document["changed_at"] == "2026-11-22T21:00:00.000+09:00"


def test_who_must_be_new_is_refused_when_they_are_not(family):
    assert put(family, "E-1", document(period()), new=True).outcome == "created"
    assert put(family, "E-1", document(), new=True).outcome == "exists"


def test_a_request_that_is_sent_again_is_answered_as_it_was(family):
    made = put(family, "E-1", document(period()), new=True, key=b"k")
    put(family, "E-1", document(period(number="78")))
    again = put(family, "E-1", document(period()), new=True, key=b"k")
    assert (again.outcome, again.replayed, again.version, again.text) == ("created", True, made.version, made.text)
    assert put(family, "E-1", document(period()), new=True, key=b"k", request=b"other").outcome == "key_reused"
    assert put(family, "E-1", document(period()), new=True, key=b"l").outcome == "exists"
    assert family.value("SELECT count(*) FROM shikaku.idempotency_keys") == 1, "what was refused does not use up its key"


def test_two_who_register_the_same_member_at_once_agree(family):
    first = family.connect("shikaku_service", autocommit=False)
    cursor = first.cursor()

    def run(sql, parameters):
        cursor.execute(sql, parameters)
        return cursor.fetchall()

    assert put(family, "E-1", document(period()), run=run).outcome == "created"
    second = []
    waiting = threading.Thread(target=lambda: second.append(put(family, "E-1", document(period(number="78")))))
    waiting.start()
    while family.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 and waiting.is_alive():
        pass
    first.commit()
    waiting.join()
    assert second[0].outcome == "changed" and read(family, "E-1")["memberships"][0]["number"] == "78"


def hold(db, member):
    """Somebody else's transaction that has changed the member."""
    connection = db.connect(autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM shikaku.members WHERE member_id = %s FOR UPDATE", (member,))
    return connection


def test_who_would_wait_for_an_import_is_told_so(family):
    holder = hold(family, "a")
    family.run("""INSERT INTO shikaku.jobs (job_id, kind, insurer_number, state, created_at, runner, lease_until, not_before)
        VALUES (gen_random_uuid(), 'import', '01130012', 'running', '2026-11-22Z', gen_random_uuid(), '2026-11-23Z', '2026-11-22Z')""")
    assert put(family, "a", document(period())).outcome == "import_running"
    assert put(family, "E-1", document(period())).outcome == "created", "whom the import does not hold can be written"
    holder.rollback()
    assert put(family, "a", document(period())).outcome == "changed"


def test_who_waits_too_long_without_an_import_is_told_the_same(family):
    holder = hold(family, "a")
    assert put(family, "a", document(period())).outcome == "import_running"
    holder.rollback()


# The link check (R8).

def link(db, member):
    return read(db, member)["link"]["state"]


def pending(db, member):
    return db.run("""SELECT convert_from(p.sealed, 'UTF8'), p.attempts FROM shikaku.pending_numbers AS p JOIN shikaku.members AS m USING (member_key)
        WHERE m.member_id = %s""", (member,))


def decide(db, member, state, last4="8349"):
    """As the link check does."""
    db.run("""DELETE FROM shikaku.pending_numbers WHERE member_key = (SELECT member_key FROM shikaku.members WHERE member_id = %s)""", (member,))
    db.run("""INSERT INTO shikaku.links (member_key, state, mismatched, decided_at, known_from)
        SELECT member_key, %(state)s, %(mismatched)s, %(at)s, %(at)s FROM shikaku.members WHERE member_id = %(member)s
        ON CONFLICT (member_key) DO UPDATE SET state = excluded.state, mismatched = excluded.mismatched, decided_at = excluded.decided_at,
          known_from = excluded.known_from""",
           {"state": state, "mismatched": ["name"] if state == "mismatch" else None, "at": "2026-11-23 12:00Z", "member": member})
    db.run("UPDATE shikaku.members SET individual_number_last4 = %s, known_from = '2026-11-23 12:00Z' WHERE member_id = %s", (last4, member))


def test_a_number_waits_once_for_the_register_R8_1(family):
    assert put(family, "E-1", document(period()), sealed=NUMBER, last4="8349").outcome == "created"
    assert pending(family, "E-1") == [("n" * 40, 0)] and link(family, "E-1") == "pending"
    family.run("UPDATE shikaku.pending_numbers SET attempts = 3")
    assert put(family, "E-1", document(period()), sealed=NUMBER, last4="8349").outcome == "unchanged"
    assert pending(family, "E-1") == [("n" * 40, 3)]
    assert put(family, "E-1", document(period()), sealed=OTHER_NUMBER, last4="8340").outcome == "changed"
    assert pending(family, "E-1") == [("m" * 40, 0)]
    assert put(family, "E-1", document(period())).outcome == "unchanged" and pending(family, "E-1") == [("m" * 40, 0)]


def test_a_correction_after_a_mismatch_sends_the_number_again_R8_3(family):
    put(family, "E-1", document(period()), sealed=NUMBER, last4="8349")
    decide(family, "E-1", "mismatch")
    assert put(family, "E-1", document(period(), name="試験 次郎")).document["link"]["state"] == "mismatch", "without the number nothing can be asked"
    corrected = put(family, "E-1", document(period(), name="試験 三郎"), sealed=NUMBER, last4="8349", at="2026-11-24 12:00Z")
    assert corrected.document["link"] == {"state": "pending", "mismatched": [], "decided_at": None}
    assert pending(family, "E-1") == [("n" * 40, 0)] and corrected.document["individual_number_last4"] == "8349"
    assert family.value("SELECT count(*) FROM shikaku.links_history WHERE state = 'mismatch'") == 1


@pytest.mark.parametrize("change, last4, state", [
    ({}, "8349", "linked"), ({"address": "別の町"}, "8349", "linked"), ({"name": "試験 次郎"}, "8349", "pending"),
    ({"birth_date": "1950-05-18"}, "8349", "pending"), ({}, "8340", "pending"),
])
def test_a_linked_member_is_asked_about_again_only_with_another_identity_R8(family, change, last4, state):
    put(family, "E-1", document(period()), sealed=NUMBER, last4="8349")
    decide(family, "E-1", "linked")
    written = put(family, "E-1", document(period(), **change), sealed=NUMBER if last4 == "8349" else OTHER_NUMBER, last4=last4, at="2026-11-24 12:00Z")
    assert written.document["link"]["state"] == state and len(pending(family, "E-1")) == (state == "pending")
    assert written.document["individual_number_last4"] == ("8349" if last4 == "8349" else None), "another number's digits are not shown"
    assert standings_are_right(family)


def test_a_linked_member_stays_linked_when_no_number_comes_R8_3(family):
    put(family, "E-1", document(period()), sealed=NUMBER, last4="8349")
    decide(family, "E-1", "linked")
    assert put(family, "E-1", document(period(), name="試験 次郎")).document["link"]["state"] == "linked"


# The wall between insurers.

def test_a_member_of_another_insurer_is_neither_seen_nor_changed(family):
    assert read(family, "d") == "none" and history(family, "d") is None
    assert put(family, "d", document(period())).outcome == "created", "the same key under another insurer is another member"
    assert read(family, "d", "06136022")["name"] == "資格 太郎"


def test_a_wrong_where_would_show_nothing_of_another_insurer(family):
    """The second wall: even by its key."""
    family.run("GRANT EXECUTE ON FUNCTION shikaku.member_document(bigint) TO shikaku_insurer")
    seen = "SELECT shikaku.enter_insurer('01130012'); SET LOCAL ROLE shikaku_insurer; SELECT shikaku.member_document(%s) IS NOT NULL"
    connection = family.connect(autocommit=False)
    for member_key, visible in ((1, True), (3, False), (4, False)):
        with connection.cursor() as cursor:
            cursor.execute(seen, (member_key,))
            assert cursor.fetchone() == (visible,)
        connection.rollback()


def test_an_insurer_that_is_not_registered_has_no_members(family):
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        put(family, "E-1", document(period()), insurer="06270029")
    assert read(family, "E-1", "06270029") == "none"


@pytest.mark.parametrize("statement", [
    "SELECT shikaku.write_member(now(), '01130012', 'a', '{}', NULL, NULL, false, false, NULL)", "SELECT shikaku.lock_member('01130012', 'a')",
    "SELECT shikaku.refuse_member('x')", "SELECT shikaku.enter_insurer('01130012')",
])
def test_the_service_writes_by_the_one_function_only(family, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        family.run(statement, user="shikaku_service")


# History.

def test_all_that_was_known_is_told_in_the_order_in_which_it_became_known_R3_4(family):
    put(family, "E-1", document(period(), ratios=[ratio(20, "2026-08-01")]))
    put(family, "E-1", document(period("2020-04-01", "2026-10-01"), ratios=[]), at="2026-11-23 12:00Z")
    put(family, "E-1", document(period("2020-04-01", "2026-10-01"), name="試験 次郎"), at="2026-11-24 12:00Z")
    told = history(family, "E-1")
    assert (told["member_id"], told["complete"]) == ("E-1", True)
    assert [(v["part"], v["known_from"][8:10], v["known_until"] and v["known_until"][8:10]) for v in told["versions"]] == [
        ("person", "22", "24"), ("membership", "22", "23"), ("ratio", "22", "23"), ("membership", "23", None), ("person", "24", None)]
    assert told["versions"][0]["value"]["name"] == "試験 一郎" and told["versions"][4]["value"]["name"] == "試験 次郎"
    assert told["versions"][3]["value"]["lost_on"] == "2026-10-01"
    assert "member_key" not in told["versions"][0]["value"] and "person_id" not in told["versions"][0]["value"]


def test_a_withdrawn_period_of_a_withdrawn_insured_period_is_still_told(family):
    put(family, "E-1", document(period()))
    put(family, "E-2", document(dependant("E-1")))
    put(family, "E-2", document())
    put(family, "E-1", document())
    told = [v for v in history(family, "E-2")["versions"] if v["part"] == "membership"]
    assert [(v["value"]["insured_member_id"], v["known_until"] is not None) for v in told] == [("E-1", True)]


def test_a_very_long_history_is_told_from_its_newest_part(family):
    family.run("""INSERT INTO shikaku.ratios_history (ratio_id, member_key, insurer_number, percent, valid, known_from, known_until)
        SELECT 1000 + n, 1, '01130012', 20, '[2026-01-01,2026-02-01)', '2026-01-01Z'::timestamptz + n * interval '1 second',
          '2026-01-01Z'::timestamptz + (n + 1) * interval '1 second' FROM generate_series(1, 1200) AS n""")
    told = history(family, "a")
    assert (told["complete"], len(told["versions"])) == (False, 1000)
    assert told["versions"][-1]["known_from"] == "2026-01-01T09:20:00.000000+09:00"
