"""The read model is always what the base tables say."""

import random
import threading

import psycopg2
import pytest

from test_import_merge import LATER, limit_of, row, take_in
from test_member_writes import certificate, disease, document, limit, period, put

LIMITS = "limit_categories, limit_certificates, limit_from::text, limit_until::text, limit_long_stay_from::text"
DISEASES = "disease_categories, disease_self_pays, disease_from::text, disease_until::text"
NOTHING = (None,) * 9


def standing(db, membership_id, columns):
    return db.run(f"SELECT {columns} FROM shikaku.standings WHERE membership_id = {membership_id}")[0]


def test_a_row_holds_what_an_answer_needs(family):
    assert family.value("SELECT shikaku.compare_standings()") == 0
    assert standing(family, 1, "person_id, sibling_person_id, name, insured_name, insured_birth_date, insured_lost_on, link_state, registered,"
                    " cards_state, certificate_state, certificate_valid_until::text, ratio_percents") == (
        1, 1, "資格 太郎", "資格 太郎", None, None, "linked", True, 1, 1, "2030-12-31", [])
    assert standing(family, 2, "person_id, sibling_person_id, insured_name, insured_birth_date::text, insured_lost_on, link_state, registered,"
                    " cards_state, certificate_state") == (2, None, "資格 太郎", "1980-05-17", None, "pending", False, 0, 0)
    assert standing(family, 3, "ratio_percents, ratio_from::text, ratio_until::text, symbol_key") == (
        [10], "{2025-08-01}", "{2026-07-31}", None)
    assert standing(family, 4, "sibling_person_id, lost_on::text, loss_reason") == (1, "2015-04-01", "03")


FOLLOWS = [
    ("a name of the insured person reaches the dependants", "UPDATE shikaku.members SET name = '新 名', known_from = '2026-02-01Z' WHERE member_key = 1",
     2, "insured_name", "新 名"),
    ("a loss of the insured person reaches the dependants",
     "UPDATE shikaku.memberships SET lost_on = '2026-03-01', known_from = '2026-02-01Z' WHERE membership_id = 1", 2, "insured_lost_on::text",
     "2026-03-01"),
    ("a birth date of the insured person reaches the dependants",
     "UPDATE shikaku.members SET birth_date = '1950-01-01', known_from = '2026-02-01Z' WHERE member_key = 1", 2, "insured_birth_date::text",
     "1950-01-01"),
    ("a registration reaches every membership of the person", "UPDATE shikaku.use_registrations SET cancelled_at = '2026-02-01Z'", 4, "registered",
     False),
    ("a suspended card reaches every membership of the person", "UPDATE shikaku.cards SET state = 'suspended'", 4, "cards_state", 2),
    ("a revoked card is told from a suspended one", "UPDATE shikaku.cards SET state = 'revoked'", 1, "cards_state", 3),
    ("a deleted card is not remembered", "DELETE FROM shikaku.cards", 1, "cards_state", 0),
    ("a returned certificate is seen", "UPDATE shikaku.eligibility_certificates SET state = 'returned', known_from = '2026-02-01Z'", 1,
     "certificate_state", 2),
    ("a replaced certificate counts as none", "UPDATE shikaku.eligibility_certificates SET state = 'replaced', known_from = '2026-02-01Z'", 1,
     "certificate_state", 0),
    ("a link state is seen", "UPDATE shikaku.links SET state = 'pending', decided_at = NULL, known_from = '2026-02-01Z'", 1, "link_state", "pending"),
    ("a second ratio stands after the first",
     "INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from) VALUES (3, '39131156', 30, '[2026-08-01,)', '2026-02-01Z')",
     3, "ratio_percents", [10, 30]),
    ("a person's new membership is seen at the older one",
     "UPDATE shikaku.members SET person_id = 3, known_from = '2026-02-01Z' WHERE member_key = 2", 3, "sibling_person_id", 3),
    ("a membership that was taken away is no longer seen at the other one",
     "UPDATE shikaku.members SET person_id = 2, known_from = '2026-02-01Z' WHERE member_key = 4", 1, "sibling_person_id", None),
    ("a deleted membership is no longer seen at the other one",
     "SET shikaku.changed_at = '2026-02-01Z'; DELETE FROM shikaku.memberships WHERE membership_id = 4", 1, "sibling_person_id", None),
]


@pytest.mark.parametrize("statement, membership_id, column, expected", [case[1:] for case in FOLLOWS], ids=[case[0] for case in FOLLOWS])
def test_follows(family, statement, membership_id, column, expected):
    assert standing(family, membership_id, column) != (expected,)
    family.run(statement)
    assert standing(family, membership_id, column) == (expected,)
    assert family.value("SELECT shikaku.compare_standings()") == 0


def told(db, membership_id):
    """The limits and the specific diseases of a row."""
    return standing(db, membership_id, f"{LIMITS}, {DISEASES}")


def test_limits_and_diseases_stand_in_the_order_of_time_at_every_membership_of_the_member_and_nowhere_else(family):
    family.run("""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, lost_on, known_from)
        VALUES (1, '01130012', 'insured', '3', '3', '2001-04-01', '2002-04-01', '2026-01-01Z')""")
    family.run("""
        INSERT INTO shikaku.limits (member_key, insurer_number, category, certificate, valid, long_stay_from, known_from) VALUES
          (1, '01130012', 'A05', '02', '[2026-08-01,)', '2026-09-01', '2026-02-01Z'),
          (1, '01130012', 'A03', NULL, '[2025-08-01,2026-08-01)', NULL, '2026-02-01Z');
        INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, self_pay, valid, known_from) VALUES
          (1, '01130012', '2', NULL, '[2025-01-01,)', '2026-02-01Z'), (1, '01130012', '1', 10000, '[2025-01-01,2027-01-01)', '2026-02-01Z')""")
    expected = (["A03", "A05"], [None, "02"], "{2025-08-01,2026-08-01}", "{2026-07-31,NULL}", "{NULL,2026-09-01}",
                ["1", "2"], [10000, None], "{2025-01-01,2025-01-01}", "{2026-12-31,NULL}")
    assert [told(family, membership) for membership in (1, 5)] == [expected, expected]
    assert [told(family, membership) for membership in (2, 3, 4)] == [NOTHING] * 3, "neither a dependant's nor of another insurer"
    assert family.value("SELECT shikaku.compare_standings()") == 0


CHANGES = [
    ("limits", "category = 'A04'", 0, ["A04"]), ("limits", "certificate = '03'", 1, ["03"]),
    ("limits", "valid = '[2025-09-01,2026-01-01)'", 2, "{2025-09-01}"), ("limits", "valid = '[2025-08-01,2026-01-01)'", 3, "{2025-12-31}"),
    ("limits", "long_stay_from = '2026-01-02'", 4, "{2026-01-02}"), ("specific_diseases", "category = '3'", 5, ["3"]),
    ("specific_diseases", "self_pay = 5000", 6, [5000]), ("specific_diseases", "valid = '[2025-09-01,)'", 7, "{2025-09-01}"),
    ("specific_diseases", "valid = '[2025-08-01,2026-01-01)'", 8, "{2025-12-31}"),
]


@pytest.fixture
def burdened(family):
    """Member 1 has a limit and a disease."""
    family.run("INSERT INTO shikaku.limits (member_key, insurer_number, category, valid, known_from)"
               " VALUES (1, '01130012', 'A03', '[2025-08-01,)', '2026-02-01Z')")
    family.run("INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, valid, known_from)"
               " VALUES (1, '01130012', '1', '[2025-08-01,)', '2026-02-01Z')")
    return family


@pytest.mark.parametrize("table, change, place, expected", CHANGES, ids=[f"{table} {change}" for table, change, *_ in CHANGES])
def test_each_change_of_a_limit_or_a_disease_is_seen(burdened, table, change, place, expected):
    before = told(burdened, 1)
    burdened.run(f"UPDATE shikaku.{table} SET {change}, known_from = '2026-03-01Z' WHERE member_key = 1")
    assert before[place] != expected and told(burdened, 1)[place] == expected
    assert burdened.value("SELECT shikaku.compare_standings()") == 0


@pytest.mark.parametrize("table, gone", [("limits", range(0, 5)), ("specific_diseases", range(5, 9))])
def test_a_limit_or_a_disease_that_was_taken_away_is_not_remembered(burdened, table, gone):
    before = told(burdened, 1)
    burdened.run(f"SET shikaku.changed_at = '2026-03-01Z'; DELETE FROM shikaku.{table} WHERE member_key = 1")
    assert told(burdened, 1) == tuple(None if place in gone else value for place, value in enumerate(before))
    assert burdened.value("SELECT shikaku.compare_standings()") == 0


@pytest.mark.parametrize("column, wrong", [
    ("limit_categories", "'{A01}'"), ("limit_certificates", "'{01}'"), ("limit_from", "'{2025-08-02}'"), ("limit_until", "'{2099-12-31}'"),
    ("limit_long_stay_from", "'{2025-08-01}'"), ("disease_categories", "'{2}'"), ("disease_self_pays", "'{0}'"), ("disease_from", "'{2025-08-02}'"),
    ("disease_until", "'{2099-12-31}'"), ("limit_categories", "NULL"), ("disease_categories", "NULL"), ("limit_categories", "'{A03,A03}'"),
])
def test_a_wrong_limit_or_disease_is_counted_and_mended(burdened, column, wrong):
    right = told(burdened, 1)
    burdened.run(f"UPDATE shikaku.standings SET {column} = {wrong} WHERE membership_id = 1")
    assert burdened.value("SELECT shikaku.compare_standings()", user="shikaku_service") == 1
    burdened.run("SELECT shikaku.refresh_standings('{1}')")
    assert burdened.value("SELECT shikaku.compare_standings()") == 0 and told(burdened, 1) == right
    burdened.run(f"UPDATE shikaku.standings SET {column} = {wrong} WHERE membership_id = 1; SELECT shikaku.rebuild_standings()")
    assert burdened.value("SELECT shikaku.compare_standings()") == 0 and told(burdened, 1) == right


def rows_of(db, member):
    return db.run(f"""SELECT s.lost_on::text, {LIMITS}, {DISEASES} FROM shikaku.standings AS s JOIN shikaku.memberships AS ms USING (membership_id)
        JOIN shikaku.members AS m USING (member_key) WHERE m.member_id = %s ORDER BY s.acquired_on""", (member,))


def test_a_record_its_loss_and_its_reinstatement_bring_limits_and_diseases_along(family):
    parts = {"limits": [limit("A03", "2025-08-01", "2026-07-31", "01"), limit("A04", "2026-08-01")],
             "specific_diseases": [disease("1", "2021-01-01", self_pay="10000")]}
    expected = (["A03", "A04"], ["01", None], "{2025-08-01,2026-08-01}", "{2026-07-31,NULL}", "{NULL,NULL}", ["1"], [10000], "{2021-01-01}", "{NULL}")
    assert put(family, "E-1", document(period(), **parts, eligibility_certificates=[certificate("1", "2025-12-02")])).outcome == "created"
    assert rows_of(family, "E-1") == [(None, *expected)]
    for at, membership, lost_on in (("2026-11-23Z", period(lost="2026-11-01"), "2026-11-01"), ("2026-11-24Z", period(), None)):
        assert put(family, "E-1", document(membership, **parts), at=at).outcome == "changed"
        assert rows_of(family, "E-1") == [(lost_on, *expected)]
        assert family.value("SELECT shikaku.compare_standings()") == 0
    assert put(family, "E-1", document(period(lost="2026-11-01"), period("2026-11-01"), limits=[limit("A01", "2026-08-01")]),
               at="2026-11-25Z").outcome == "changed"
    now = (["A01"], [None], "{2026-08-01}", "{NULL}", "{NULL}", None, None, None, None)
    assert rows_of(family, "E-1") == [("2026-11-01", *now), (None, *now)]
    assert put(family, "E-1", document(period()), at="2026-11-26Z").outcome == "changed"
    assert rows_of(family, "E-1") == [(None, *NOTHING)]
    assert family.value("SELECT shikaku.compare_standings()") == 0


def test_a_file_brings_limits_and_diseases_along_for_new_members_and_old_ones(family):
    ill = {"disease_category": "1", "disease_self_pay": "10000", "disease_valid_from": "2026-08-01"}
    take_in(family, row("n", **limit_of("A03", "2026-08-01"), **ill))
    disease_columns = (["1"], [10000], "{2026-08-01}", "{NULL}")
    assert rows_of(family, "n") == [(None, ["A03"], [None], "{2026-08-01}", "{NULL}", "{NULL}", *disease_columns)]
    take_in(family, row("n", period=False, **limit_of("A04", "2026-10-01", "2027-07-31"), limit_certificate="02", limit_long_stay_from="2026-11-01"),
            at=LATER)
    assert rows_of(family, "n") == [
        (None, ["A03", "A04"], [None, "02"], "{2026-08-01,2026-10-01}", "{2026-09-30,2027-07-31}", "{NULL,2026-11-01}", *disease_columns)]
    # A membership that comes later has what the member has; a line that says nothing of it takes nothing away.
    take_in(family, row("n", lost_on="2026-11-01", loss_reason="03"), at=LATER)
    take_in(family, row("n", acquired_on="2026-11-01"), at=LATER)
    assert [ended for ended, *_ in rows_of(family, "n")] == ["2026-11-01", None]
    assert len({tuple(map(str, parts)) for _, *parts in rows_of(family, "n")}) == 1


def test_of_two_certificates_the_newest_counts(family):
    family.run("UPDATE shikaku.eligibility_certificates SET state = 'revoked', known_from = '2026-02-01Z'")
    family.run("""INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, known_from)
        VALUES (1, '2026-02-01', '2026-02-01', '2026-12-31', '2026-02-01Z')""")
    assert standing(family, 1, "certificate_state, certificate_valid_until::text") == (1, "2026-12-31")
    family.run("""INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, state, known_from)
        VALUES (1, '2026-01-15', '2026-02-01', '2028-12-31', 'returned', '2026-02-01Z')""")
    assert standing(family, 1, "certificate_state, certificate_valid_until::text") == (1, "2026-12-31")


def test_one_usable_card_of_several_is_enough(family):
    family.run("""INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key,
        state) VALUES (1, 'phone', sha256('x'), '\\x01', '\\x09', '2026-01-01Z', '2031-01-01Z', '\\x01', 'revoked')""")
    assert standing(family, 1, "cards_state") == (1,)
    family.run("UPDATE shikaku.cards SET state = 'suspended' WHERE medium = 'card'")
    assert standing(family, 1, "cards_state") == (2,)


def test_a_row_that_does_not_change_keeps_its_version(family):
    before = family.run("SELECT membership_id, data_version, xmin::text FROM shikaku.standings ORDER BY 1")
    family.run("UPDATE shikaku.members SET postal_code = '100-0001', known_from = '2026-02-01Z'")  # not in the read model
    family.run("UPDATE shikaku.members SET name = name")
    assert family.run("SELECT membership_id, data_version, xmin::text FROM shikaku.standings ORDER BY 1") == before
    family.run("UPDATE shikaku.members SET address = '資格町', known_from = '2026-03-01Z' WHERE member_key = 3")
    after = dict(family.run("SELECT membership_id, data_version FROM shikaku.standings"))
    assert after[3] > max(version for _, version, _ in before)
    assert [after[key] for key in (1, 2, 4)] == [version for key, version, _ in before if key != 3]


def test_a_difference_is_counted_and_mended(family):
    family.run("UPDATE shikaku.standings SET name = 'wrong' WHERE membership_id = 1")
    family.run("DELETE FROM shikaku.standings WHERE membership_id = 2")
    family.run("""
        INSERT INTO shikaku.standings SELECT (jsonb_populate_record(t, '{"membership_id": 99}')).* FROM shikaku.standings AS t
          WHERE membership_id = 3""")
    assert family.value("SELECT shikaku.compare_standings()", user="shikaku_service") == 3
    family.run("SELECT shikaku.refresh_standings('{1}')")
    assert family.value("SELECT shikaku.compare_standings()") == 2
    family.run("SELECT shikaku.rebuild_standings()")
    assert family.value("SELECT shikaku.compare_standings()") == 0


def test_the_owner_can_defer_and_rebuild_but_the_service_cannot(family):
    family.run("SET shikaku.standings = 'deferred'; UPDATE shikaku.cards SET state = 'revoked'")
    assert family.value("SELECT shikaku.compare_standings()") == 2
    family.run("SELECT shikaku.rebuild_standings()")
    assert family.value("SELECT shikaku.compare_standings()") == 0
    assert standing(family, 1, "registered") == (True,)
    family.run("GRANT UPDATE ON shikaku.use_registrations TO shikaku_service")
    family.run("SET shikaku.standings = 'deferred'; UPDATE shikaku.use_registrations SET cancelled_at = '2026-11-22Z'", user="shikaku_service")
    assert family.value("SELECT shikaku.compare_standings()") == 0
    assert standing(family, 1, "registered") == (False,)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_writing_on_an_old_snapshot_is_refused(refused, level):
    for statement in ("UPDATE shikaku.cards SET state = 'revoked'",
                      "UPDATE shikaku.memberships SET lost_on = '2026-03-01', known_from = '2026-02-01Z' WHERE membership_id = 3"):
        with pytest.raises(psycopg2.errors.InvalidTransactionState):
            refused.run(f"BEGIN ISOLATION LEVEL {level}; {statement}; COMMIT")


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_the_read_model_is_what_the_tables_say(family, seed):
    """Several hundred random changes, many of them refused; afterwards every row is right."""
    rng = random.Random(seed)
    insurers = ["01130012", "06136022", "39131156"]
    connection = family.connect()
    cursor = connection.cursor()
    done = refused = 0
    for step in range(150):
        known_from = f"'2026-02-01Z'::timestamptz + interval '{step} minutes'"
        person, key, membership, insurer = rng.randint(1, 5), rng.randint(1, 8), rng.randint(1, 14), rng.choice(insurers)
        year = rng.randint(2000, 2024)
        statement = rng.choice([
            f"INSERT INTO shikaku.persons (register_code) VALUES ('p{step}')",
            f"""INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from)
                VALUES ('{insurer}', 'm{step}', {person}, '名 {step}', 'ナ {step}', 'male', '1960-01-01', {known_from})""",
            f"UPDATE shikaku.members SET name = '改 {step}', known_from = {known_from} WHERE member_key = {key}",
            f"UPDATE shikaku.members SET person_id = {person}, known_from = {known_from} WHERE member_key IN ({key}, {key + 2})",
            f"""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, lost_on, known_from)
                SELECT member_key, insurer_number, 'insured', '{step}', '{step}', '{year}-01-01',
                  {rng.choice(['NULL', f"'{year + 1}-01-01'"])}, {known_from} FROM shikaku.members WHERE member_key = {key}""",
            f"""INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, number, number_key, acquired_on,
                known_from) SELECT member_key, insurer_number, 'dependent', {membership}, '{step}', '{step}', '{year}-01-01', {known_from}
                FROM shikaku.members WHERE member_key = {key}""",
            f"""UPDATE shikaku.memberships SET lost_on = {rng.choice(['NULL', f"acquired_on + {rng.randint(1, 900)}"])}, loss_reason = NULL,
                known_from = {known_from} WHERE membership_id IN ({membership}, {membership + 5})""",
            f"UPDATE shikaku.memberships SET insured_membership_id = {membership}, known_from = {known_from} WHERE relationship = 'dependent'",
            f"SET shikaku.changed_at = '2027-01-01Z'; DELETE FROM shikaku.memberships WHERE membership_id = {membership}",
            f"""INSERT INTO shikaku.ratios (member_key, insurer_number, percent, valid, known_from)
                SELECT member_key, insurer_number, 20, daterange('{year}-08-01', '{year + 1}-08-01'), {known_from} FROM shikaku.members
                WHERE member_key = {key}""",
            f"SET shikaku.changed_at = '2027-01-01Z'; DELETE FROM shikaku.ratios WHERE member_key = {key}",
            f"""INSERT INTO shikaku.limits (member_key, insurer_number, category, valid, known_from)
                SELECT member_key, insurer_number, '{rng.choice(['A03', 'B01', 'B10'])}', daterange('{year}-08-01', '{year + 1}-08-01'), {known_from}
                FROM shikaku.members WHERE member_key = {key}""",
            f"""UPDATE shikaku.limits SET valid = daterange(lower(valid), {rng.choice(['NULL', 'lower(valid) + 9'])}), known_from = {known_from}
                WHERE member_key IN ({key}, {key + 3})""",
            f"SET shikaku.changed_at = '2027-01-01Z'; DELETE FROM shikaku.limits WHERE member_key = {key}",
            f"""INSERT INTO shikaku.specific_diseases (member_key, insurer_number, category, self_pay, valid, known_from)
                SELECT member_key, insurer_number, '{rng.choice('123')}', {rng.choice(['NULL', '10000'])}, '[{year}-08-01,)', {known_from}
                FROM shikaku.members WHERE member_key = {key}""",
            f"UPDATE shikaku.specific_diseases SET self_pay = {step}, known_from = {known_from} WHERE member_key = {key}",
            f"SET shikaku.changed_at = '2027-01-01Z'; DELETE FROM shikaku.specific_diseases WHERE member_key = {key}",
            f"""INSERT INTO shikaku.links VALUES ({key}, 'linked', NULL, '2026-01-01Z', {known_from}) ON CONFLICT (member_key)
                DO UPDATE SET state = 'pending', decided_at = NULL, known_from = excluded.known_from""",
            f"""INSERT INTO shikaku.use_registrations VALUES ({person}, '2026-01-01Z', 'atm', NULL) ON CONFLICT (person_id)
                DO UPDATE SET cancelled_at = CASE WHEN use_registrations.cancelled_at IS NULL THEN '2026-02-01Z'::timestamptz END""",
            f"""INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key)
                VALUES ({person}, 'card', sha256('{step}'), '\\x01', int4send({step}), '2026-01-01Z', '2031-01-01Z', '\\x01')""",
            f"UPDATE shikaku.cards SET state = '{rng.choice(['active', 'suspended', 'revoked'])}' WHERE person_id = {person}",
            f"UPDATE shikaku.cards SET person_id = {person} WHERE card_id = {key}",
            f"DELETE FROM shikaku.cards WHERE card_id = {key}",
            f"""INSERT INTO shikaku.eligibility_certificates (membership_id, issued_on, valid_from, valid_until, state, known_from)
                VALUES ({membership}, '{year}-01-01', '{year}-01-01', '{year + 4}-01-01', '{rng.choice(['issued', 'returned', 'expired'])}',
                {known_from})""",
            f"""UPDATE shikaku.eligibility_certificates SET state = '{rng.choice(['returned', 'revoked', 'replaced'])}',
                known_from = {known_from} WHERE membership_id = {membership}""",
        ])
        try:
            cursor.execute(statement)
            done += 1
        except psycopg2.errors.IntegrityError:
            refused += 1
    assert done > 80 and refused > 0
    assert family.value("SELECT shikaku.compare_standings()") == 0
    assert family.value("SELECT count(*) FROM shikaku.standings") == family.value("SELECT count(*) FROM shikaku.memberships")
    assert family.value("""SELECT count(*) FROM shikaku.memberships a JOIN shikaku.memberships b USING (member_key)
        WHERE a.membership_id < b.membership_id AND daterange(a.acquired_on, a.lost_on) && daterange(b.acquired_on, b.lost_on)""") == 0


class Session(threading.Thread):
    """Runs one statement on a connection of its own, beside the test."""

    def __init__(self, db, statement):
        super().__init__(daemon=True)
        self.connection = db.connect()
        self.pid = self.connection.get_backend_pid()
        self.statement = statement
        self.error = None
        self.start()

    def run(self):
        try:
            self.connection.cursor().execute(self.statement)
        except psycopg2.Error as error:
            self.error = error


def wait_until_blocked(db, session):
    """Until the session waits for a lock, or is done."""
    watch = db.connect("postgres").cursor()
    while session.is_alive():
        watch.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", (session.pid,))
        if watch.fetchone()[0]:
            return
        session.join(0.01)


# What two sessions do at the same time, where each one's part must survive.
PAIRS = [
    ("an insured person's loss while a dependant joins",
     "UPDATE shikaku.memberships SET lost_on = '2026-03-01', known_from = '2026-02-01Z' WHERE membership_id = 1",
     """INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, insured_membership_id, number, number_key, acquired_on, known_from)
        VALUES (5, '01130012', 'dependent', 1, '34', '34', '2020-01-01', '2026-02-01Z')"""),
    ("an insured person's name while a dependant's registration",
     "UPDATE shikaku.members SET name = '新 名', known_from = '2026-02-01Z' WHERE member_key = 1",
     "INSERT INTO shikaku.use_registrations VALUES (2, '2026-02-01Z', 'portal', NULL)"),
    ("a card while a certificate of one person",
     "UPDATE shikaku.cards SET state = 'revoked'",
     "UPDATE shikaku.eligibility_certificates SET state = 'returned', known_from = '2026-02-01Z'"),
    ("two first memberships of one person",
     """INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from)
        VALUES (5, '01130012', 'insured', '7', '7', '2020-01-01', '2026-02-01Z')""",
     """INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from)
        VALUES (6, '06136022', 'insured', '8', '8', '2020-01-01', '2026-02-01Z')"""),
    ("a member moved to another person while that person's card is revoked",
     "UPDATE shikaku.members SET person_id = 1, known_from = '2026-02-01Z' WHERE member_key = 3",
     "UPDATE shikaku.cards SET state = 'revoked' WHERE person_id = 1"),
]


@pytest.mark.parametrize("first, second", [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_two_sessions_do_not_lose_each_others_part(family, first, second, order):
    family.run("""
        INSERT INTO shikaku.persons (register_code) VALUES ('four');
        INSERT INTO shikaku.members (insurer_number, member_id, person_id, name, name_kana, sex, birth_date, known_from) VALUES
          ('01130012', 'e', 4, '四 人目', 'ヨ ニンメ', 'male', '2000-01-01', '2026-01-01Z'),
          ('06136022', 'f', 4, '四 人目', 'ヨ ニンメ', 'male', '2000-01-01', '2026-01-01Z')""")
    if order == "backwards":
        first, second = second, first
    open_session = family.connect(autocommit=False)
    open_session.cursor().execute(first)
    other = Session(family, second)
    wait_until_blocked(family, other)
    assert other.is_alive(), "the second session must wait for the first"
    open_session.commit()
    other.join(10)
    assert not other.is_alive() and other.error is None
    assert family.value("SELECT shikaku.compare_standings()") == 0


@pytest.mark.parametrize("first, second", [
    ("INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, lost_on, known_from)"
     " VALUES (4, '06136022', 'insured', '6', '6', '2018-01-01', '2019-01-01', '2026-01-01Z')",
     "INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from)"
     " VALUES (4, '06136022', 'insured', '6', '6', '2018-06-01', '2026-01-01Z')"),
    ("UPDATE shikaku.memberships SET lost_on = '2018-01-01', known_from = '2026-02-01Z' WHERE membership_id = 4",
     "INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, known_from)"
     " VALUES (4, '06136022', 'insured', '6', '6', '2016-06-01', '2026-01-01Z')"),
], ids=["two new periods", "a loss moved while a period begins"])
@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_two_sessions_cannot_store_overlapping_periods(family, first, second, order):
    if order == "backwards":
        first, second = second, first
    open_session = family.connect(autocommit=False)
    open_session.cursor().execute(first)
    other = Session(family, second)
    wait_until_blocked(family, other)
    assert other.is_alive()
    open_session.commit()
    other.join(10)
    assert isinstance(other.error, psycopg2.errors.ExclusionViolation)
