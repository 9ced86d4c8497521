"""Last of all: what a day of questions left in the logs."""

import pytest

from api_people import add, nothing_personal_in


def test_no_log_of_the_service_holds_personal_data_or_a_token(desk, service, database):
    desk.check(**add(database).asked())
    desk.check(**add(database).asked(branch_number="1"), wrong=True)
    nothing_personal_in(service.log(), database)
    nothing_personal_in(service.security_log(), database)
    assert service.security_log().count("refused") > 0


def test_no_log_of_postgresql_holds_personal_data_or_a_token(desk, template, database):
    desk.check(**add(database).asked())
    nothing_personal_in(template.server.log(), database)


def test_no_table_of_checks_holds_what_was_typed(desk, database):
    person = add(database)
    desk.check(**person.asked())
    desk.check(**person.asked(number="8500001"))
    rows = " ".join(row[0] for row in database.run("SELECT c::text FROM shikaku.checks c"))
    assert person.keys["number"] not in rows and "8500001" not in rows and person.name not in rows


def test_the_read_model_is_still_what_the_base_tables_say(database):
    assert database.value("SELECT shikaku.compare_standings()") == 0


def test_these_checks_would_see_a_name_a_number_a_birth_date_or_a_token(database, token):
    person = add(database)
    kana = database.value("SELECT name_kana FROM shikaku.members LIMIT 1")
    for secret in (person.name, person.keys["number"], person.keys["birth_date"], token, kana, "資格 太郎"):
        with pytest.raises(AssertionError, match="personal data"):
            nothing_personal_in(f"2026-11-22T10:00:00.000+09:00 info api: asked for {secret}\n", database)
