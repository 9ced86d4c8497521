"""What must never be stored cannot be stored. Each line: what it is, the statement, the SQLSTATE, the constraint that refuses it."""

import psycopg2
import pytest

CHECK, FOREIGN_KEY, UNIQUE, NOT_NULL, EXCLUSION = "23514", "23503", "23505", "23502", "23P01"


def member(**change):
    return insert("members", {
        "insurer_number": "'01130012'", "member_id": "'z'", "person_id": "3", "name": "'資格 次郎'", "name_kana": "'シカク ジロウ'",
        "sex": "'male'", "birth_date": "'1970-01-01'", "known_from": "'2026-01-01Z'"}, change)


def membership(**change):
    # For member 4: a second period after the one that ended on 2015-04-01.
    return insert("memberships", {
        "member_key": "4", "insurer_number": "'06136022'", "relationship": "'insured'", "number": "'6'", "number_key": "'6'",
        "acquired_on": "'2020-04-01'", "known_from": "'2026-01-01Z'"}, change)


def late_elderly(**change):
    return membership(**{"member_key": "3", "insurer_number": "'39131156'", "acquired_on": "'2000-01-01'", "lost_on": "'2001-01-01'", **change})


def ratio(**change):
    return insert("ratios", {
        "member_key": "1", "insurer_number": "'01130012'", "percent": "20", "valid": "'[2026-01-01,2027-01-01)'",
        "known_from": "'2026-01-01Z'"}, change)


def link(**change):
    return insert("links", {"member_key": "2", "state": "'linked'", "decided_at": "'2026-01-01Z'", "known_from": "'2026-01-01Z'"}, change)


def registration(**change):
    return insert("use_registrations", {"person_id": "2", "registered_at": "'2026-01-01Z'", "channel": "'portal'"}, change)


def card(**change):
    return insert("cards", {
        "person_id": "2", "medium": "'phone'", "certificate_digest": "sha256('two')", "issuer_key_identifier": "'\\x01'", "serial": "'\\x02'",
        "not_before": "'2026-01-01Z'", "not_after": "'2031-01-01Z'", "public_key": "'\\x01'"}, change)


def certificate(**change):
    return insert("eligibility_certificates", {
        "membership_id": "2", "issued_on": "'2026-01-01'", "valid_from": "'2026-01-01'", "valid_until": "'2026-01-01'",
        "known_from": "'2026-01-01Z'"}, change)


def token(**change):
    return insert("tokens", {
        "digest": "sha256('x')", "scope": "'insurer'", "owner": "'01130012'", "label": "'x'", "rate_per_second": "1", "burst": "1000000",
        "created_at": "'2026-01-01Z'", "expires_at": "'2026-01-02Z'"}, change)


def check(**change):
    return insert("checks", {
        "check_id": "gen_random_uuid()", "checked_at": "'2026-11-22Z'", "chain_id": "gen_random_uuid()", "chain_position": "0",
        "digest": "sha256('1')", "answer_digest": "sha256('2')", "keys_digest": "sha256('3')", "token_id": "1", "owner": "'1319900013'",
        "visit_date": "'2026-11-22'", "presented": "4", "setting": "0", "with_card": "false", "validity": "1", "accepted": "true",
        "reasons": "0"}, change)


def suspension(**change):
    return insert("card_suspensions", {
        "suspension_id": "gen_random_uuid()", "person_id": "1", "medium": "'card'", "reason": "'lost'", "cards": "1",
        "suspended_at": "'2026-11-22Z'", "suspended_by": "1"}, change)


def lifted(**change):
    return suspension(**{"lifted_at": "'2026-11-22Z'", "lifted_by": "1", **change})


def ceiling_month(**change):
    return insert("ceiling_months", {
        "ceiling_month_id": "gen_random_uuid()", "member_key": "1", "insurer_number": "'01130012'", "symbol_key": "'12'", "number_key": "'34'",
        "month": "'2026-10-01'", "institution_code": "'1319900013'", "counts_from": "'2026-11-22Z'", "reported_at": "'2026-11-22Z'",
        "reported_by": "1"}, change)


def two_ceiling_months(**change):
    return f"{ceiling_month(**change)}; {ceiling_month(**change)}"


def idempotency_key(**change):
    return insert("idempotency_keys", {
        "token_id": "1", "key_digest": "sha256('key')", "route": "'/v1/things/{thing_id}'", "request_digest": "sha256('body')",
        "outcome": "'made'", "answer": "'{}'", "created_at": "'2026-11-22Z'", "expires_at": "'2026-11-23Z'"}, change)


def workplace(**change):
    return insert("workplaces", {"insurer_number": "'01130012'", "workplace_id": "'w2'", "name": "'資格商店'", "changed_at": "'2026-01-01Z'"}, change)


def limit(**change):
    return insert("limits", {
        "member_key": "1", "insurer_number": "'01130012'", "category": "'A03'", "valid": "'[2026-01-01,2027-01-01)'",
        "known_from": "'2026-01-01Z'"}, change)


def disease(**change):
    return insert("specific_diseases", {
        "member_key": "1", "insurer_number": "'01130012'", "category": "'1'", "self_pay": "10000", "valid": "'[2026-01-01,)'",
        "known_from": "'2026-01-01Z'"}, change)


def limit_table(**change):
    # Behind the last one of those that come with the service.
    return "SET CONSTRAINTS ALL IMMEDIATE; " + insert("limit_tables", {
        "first_month": "'2027-08-01'", "source": "'政令'", "registered_at": "'2026-11-22Z'", "registered_by": "1"}, change)


def withdrawn_table(**change):
    return limit_table(**{"withdrawn_at": "'2026-11-22Z'", "withdrawn_by": "1", **change})


def limit_amount(**change):
    # The first table has the categories of the young only.
    return insert("limit_amounts", {
        "table_id": "1", "category": "'B04'", "base": "60000", "threshold": "0", "rate_percent": "0", "multiple": "45000", "outpatient": "20000",
        "annual": "500000", "annual_low_income": "400000", "outpatient_annual": "200000"}, change)


def pending_number(**change):
    return insert("pending_numbers", {
        "member_key": "2", "sealed": "decode(repeat('00', 40), 'hex')", "received_at": "'2026-01-01Z'", "next_try_at": "'2026-01-01Z'"}, change)


ONE, TWO, NONE = (f"'00000000-0000-0000-0000-00000000000{digit}'" for digit in (1, 2, 9))


def job(**change):
    return insert("jobs", {
        "job_id": ONE, "kind": "'import'", "insurer_number": "'01130012'", "state": "'queued'", "created_at": "'2026-01-01Z'",
        "created_by": "1", "not_before": "'2026-01-01Z'"}, change)


def import_row(**change):
    return insert("imports", {
        "import_id": ONE, "insurer_number": "'01130012'", "mode": "'changes'", "keep_good_rows": "false", "end_missing": "false",
        "format": "'csv'", "encoding": "'utf-8'"}, change)


def import_of(**change):
    return f"{job()}; {import_row(**change)}"


def two_imports(first, second):
    return f"{import_of(**first)}; {job(job_id=TWO, insurer_number=SECOND)}; {import_row(import_id=TWO, **second)}"


SECOND, W2, OTHER, KEY, FROM_DECEMBER, FROM_2030 = "'06136022'", "'w2'", "'other'", "sha256('key')", "'[2026-12-31,)'", "'2030-01-01'"


def error_row(**change):
    return insert("import_errors", {"import_id": ONE, "line": "2", "field": "'name'", "value_class": "'text'", "reason": "'too_long'"}, change)


def missing_row(**change):
    return insert("import_missing", {"import_id": ONE, "member_key": "1"}, change)


def of_insurer(assignment):
    return f"UPDATE shikaku.insurers SET {assignment} WHERE insurer_number = '01130012'"


def after_import(statement):
    return f"{import_of()}; {statement}"


def insert(table, columns, change):
    columns = {**columns, **change}
    return f"INSERT INTO shikaku.{table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


def insurer(number, printed=None, name="'x'"):
    return f"INSERT INTO shikaku.insurers VALUES ('{number}', '{printed or number}', {name})"


ALLOWED = [
    insurer("00138057", "138057"), "INSERT INTO shikaku.institutions VALUES ('1311111111', NULL)", member(), member(postal_code="'100-0001'"),
    membership(), membership(acquired_on="'2015-04-01'"), membership(acquired_on="'2009-01-01'", lost_on="'2010-04-01'"),
    membership(symbol="'１２－３'", symbol_key="'12-3'"), membership(symbol="'さくら'", symbol_key="'さくら'"), late_elderly(),
    ratio(), ratio(percent="30", valid="'[2026-01-01,)'"), ratio(member_key="3", insurer_number="'39131156'", percent="10",
                                                                    valid="'[2026-08-01,)'"),
    link(), link(warned="'{sex}'", decision="'accept'", decided_by="1", note="'確認済み'"),
    link(state="'mismatch'", mismatched="'{name,sex}'", offered_code="'x'", decision="'reject'", decided_by="1"),
    link(state="'pending'", decided_at="NULL", decision="'dispute'", decided_by="1"),
    link(state="'mismatch'", mismatched="'{name,sex}'"), link(state="'pending'", decided_at="NULL"), registration(),
    registration(cancelled_at="'2026-01-01Z'"), card(), card(serial="'\\x01'", issuer_key_identifier="'\\x02'"), certificate(),
    certificate(membership_id="1", state="'returned'"), token(), token(scope="'operator'", owner="NULL"), check(),
    check(insurer_number="'06136022'"), check(follows="sha256('4')"), check(validity="4", accepted="false"), suspension(), suspension(medium="NULL", reason="'other'"),
    lifted(), check(care_month="'2026-11-01'"), ceiling_month(), ceiling_month(symbol_key="NULL", institution_code="NULL", counts_from="NULL"),
    ceiling_month(counts_from="'2026-11-23Z'", month="'2015-01-01'"), idempotency_key(), workplace(), workplace(postal_code="'100-0001'"), member(individual_number_last4="'0123'"),
    limit(), limit(valid="'[2027-01-01,)'", category="'B04'"),
    limit(member_key="3", insurer_number="'39131156'", category="'B10'", certificate="'02'", long_stay_from="'2026-01-01'"), disease(),
    disease(self_pay="NULL"), limit_table(), limit_table(last_month="'2027-08-01'", note="repeat('長', 2000)", registered_by="NULL"),
    withdrawn_table(first_month="'2031-01-01'", last_month="'2040-01-01'"), withdrawn_table(withdrawn_at="'2027-07-31 14:59Z'"),
    withdrawn_table(first_month="'2026-12-01'", last_month="'9999-11-01'", version="2"),
    limit_amount(), limit_amount(base="100000000", threshold="100000000", rate_percent="10", multiple="NULL", annual="NULL",
                                 annual_low_income="NULL"),
    limit_amount(base="1", threshold="100", rate_percent="1", multiple="1", outpatient="1"), limit_amount(threshold="600000", rate_percent="10"),
    limit_amount(category="'B01'", outpatient="NULL", outpatient_annual="NULL"), limit_amount(outpatient_annual="NULL"),
    check(care_month="'2026-08-01'"), pending_number(), job(), job(insurer_number="NULL", kind="'link_check'", created_by="NULL"), import_of(),
    import_of(mode="'full'", end_missing="true", missing_max_percent="2.5", missing_lost_on="'2026-12-01'"), after_import(error_row()),
    after_import(error_row(field="NULL", value_class="'line'")), after_import(missing_row()), two_imports({"slot": "0"}, {"slot": "1"}),
    of_insurer("seal = '\\x89504e470d0a1a0a00', certificate_form = 'national', certificate_last_day = '07-31', certificate_months = 12"),
]

REFUSED = [
    # Insurers and institutions (R2.1, R2.3).
    ("an insurer with a wrong check digit", insurer("01130013"), CHECK, "insurer_number_check_digit"),
    ("an insurer with six digits", insurer("138057"), CHECK, "insurer_number_is_8_digits"),
    ("an insurer with full-width digits", insurer("０１１３００１２"), CHECK, "insurer_number_is_8_digits"),
    ("a printed number of another insurer", insurer("00138057", "138016"), CHECK, "printed_number_is_the_same_number"),
    ("a printed number of seven digits", insurer("00138057", "0138057"), CHECK, "printed_number_is_the_same_number"),
    ("an insurer twice", insurer("01130012"), UNIQUE, "insurers_pkey"),
    ("an insurer without a name", insurer("00138057", "138057", "NULL"), NOT_NULL, None),
    ("an insurer with an empty name", insurer("00138057", "138057", "''"), CHECK, "line_length"),
    ("an institution with nine digits", "INSERT INTO shikaku.institutions VALUES ('131990001', NULL)", CHECK, "institution_code_is_10_digits"),
    ("an institution with a letter", "INSERT INTO shikaku.institutions VALUES ('131990001X', NULL)", CHECK, "institution_code_is_10_digits"),
    # Persons and members.
    ("a register code twice", "INSERT INTO shikaku.persons (register_code) VALUES ('one')", UNIQUE, "persons_register_code_key"),
    ("an empty register code", "INSERT INTO shikaku.persons (register_code) VALUES ('')", CHECK, "register_code_form"),
    ("a register code with a blank", "INSERT INTO shikaku.persons (register_code) VALUES ('a b')", CHECK, "register_code_form"),
    ("a member of an unknown insurer", member(insurer_number="'06270029'"), FOREIGN_KEY, "members_insurer_number_fkey"),
    ("a member of nobody", member(person_id="99"), FOREIGN_KEY, "members_person_id_fkey"),
    ("a member's key twice", member(member_id="'a'"), UNIQUE, "members_insurer_number_member_id_key"),
    ("an empty member key", member(member_id="''"), CHECK, "member_id_form"),
    ("a member key with a blank", member(member_id="'a b'"), CHECK, "member_id_form"),
    ("a member key too long", member(member_id="repeat('x', 65)"), CHECK, "member_id_form"),
    ("a name of blanks", member(name="'　'"), CHECK, "line_is_one_trimmed_line"),
    ("a name with a line feed", member(name="E'a\\nb'"), CHECK, "line_is_one_trimmed_line"),
    ("a name with a trailing blank", member(name="'資格 '"), CHECK, "line_is_one_trimmed_line"),
    ("a name too long", member(name="repeat('長', 201)"), CHECK, "line_length"),
    ("a member without kana", member(name_kana="NULL"), NOT_NULL, None),
    ("an unknown sex", member(sex="'2'"), CHECK, "sex_values"),
    ("an unknown sex on the face", member(sex_on_face="''"), CHECK, "sex_on_face_values"),
    ("a birth before the eras", member(birth_date="'1868-01-24'"), CHECK, "day_in_range"),
    ("an infinite birth", member(birth_date="'infinity'"), CHECK, "day_in_range"),
    ("a postal code without a dash", member(postal_code="'1000001'"), CHECK, "postal_code_form"),
    ("knowledge from no time", member(known_from="'-infinity'"), CHECK, "moment_is_finite"),
    # Memberships (R2.2, R3).
    ("a membership of another insurer's member", membership(insurer_number="'01130012'"), FOREIGN_KEY,
     "memberships_member_key_insurer_number_fkey"),
    ("an unknown relationship", membership(relationship="'head'"), CHECK, "relationship_values"),
    ("a dependant of nobody", membership(relationship="'dependent'"), CHECK, "a_dependant_names_the_insured"),
    ("an insured person who depends", membership(insured_membership_id="1"), CHECK, "a_dependant_names_the_insured"),
    ("a dependant of another insurer's insured", membership(relationship="'dependent'", insured_membership_id="1"), FOREIGN_KEY,
     "insured_membership_of_the_same_insurer"),
    ("a dependant of a dependant", membership(member_key="2", insurer_number="'01130012'", relationship="'dependent'",
                                               insured_membership_id="2", acquired_on="'2000-01-01'", lost_on="'2001-01-01'"), FOREIGN_KEY,
     "insured_membership_of_the_same_insurer"),
    ("a dependant of oneself", "UPDATE shikaku.memberships SET insured_membership_id = 2, known_from = '2026-02-01Z' WHERE membership_id = 2",
     CHECK, "nobody_depends_on_oneself"),
    ("an insured person turned dependant whose dependants stay",
     "UPDATE shikaku.memberships SET relationship = 'dependent', insured_membership_id = 2, known_from = '2026-02-01Z' WHERE membership_id = 1",
     FOREIGN_KEY, "insured_membership_of_the_same_insurer"),
    ("a membership without a number", membership(number="NULL"), NOT_NULL, None),
    ("a number without its key", membership(number_key="NULL"), NOT_NULL, None),
    ("an empty number", membership(number="''"), CHECK, "printed_identifier_length"),
    ("a number with a control character", membership(number="E'1\\t2'"), CHECK, "printed_identifier_is_one_line"),
    ("a number too long", membership(number="repeat('1', 121)"), CHECK, "printed_identifier_length"),
    ("an empty key", membership(number_key="''"), CHECK, "identifier_key_length"),
    ("a key with a blank", membership(number_key="'1 2'"), CHECK, "identifier_key_is_normalised"),
    ("a key with a full-width blank", membership(number_key="'1　2'"), CHECK, "identifier_key_is_normalised"),
    ("a key with full-width digits", membership(number_key="'１２'"), CHECK, "identifier_key_is_normalised"),
    ("a key with another dash", membership(number_key="'1−2'"), CHECK, "identifier_key_is_normalised"),
    ("a key with a long vowel for a dash", membership(number_key="'1ー2'"), CHECK, "identifier_key_is_normalised"),
    ("a symbol without its key", membership(symbol="'1'"), CHECK, "symbol_with_its_key"),
    ("a symbol's key without a symbol", membership(symbol_key="'1'"), CHECK, "symbol_with_its_key"),
    ("a branch number of one digit", membership(branch_number="'1'"), CHECK, "branch_number_form"),
    ("a branch number in full width", membership(branch_number="'０１'"), CHECK, "branch_number_form"),
    ("a loss on the day of acquisition", membership(lost_on="'2020-04-01'"), CHECK, "loss_after_acquisition"),
    ("an unknown reason of loss", membership(lost_on="'2021-04-01'", loss_reason="'04'"), CHECK, "loss_reason_values"),
    ("a reason without a loss", membership(loss_reason="'01'"), CHECK, "loss_reason_only_with_loss"),
    ("a symbol in 39", late_elderly(symbol="'1'", symbol_key="'1'"), CHECK, "late_elderly_form"),
    ("a branch number in 39", late_elderly(branch_number="'00'"), CHECK, "late_elderly_form"),
    ("a dependant in 39", late_elderly(relationship="'dependent'", insured_membership_id="3"), CHECK, "late_elderly_form"),
    # Periods of one member (R3.5).
    ("a second open period", membership(member_key="1", insurer_number="'01130012'"), UNIQUE, "memberships_one_open_period"),
    ("a period acquired on the same day", membership(acquired_on="'2010-04-01'", lost_on="'2011-04-01'"), UNIQUE,
     "memberships_member_key_acquired_on_key"),
    ("a period that begins inside another", membership(acquired_on="'2015-03-31'"), EXCLUSION, "memberships_do_not_overlap"),
    ("a period that ends inside another", membership(acquired_on="'2009-01-01'", lost_on="'2010-04-02'"), EXCLUSION,
     "memberships_do_not_overlap"),
    ("a period around another", membership(acquired_on="'2009-01-01'"), EXCLUSION, "memberships_do_not_overlap"),
    # Ratios (R7.1).
    ("a ratio of 15", ratio(percent="15"), CHECK, "percent_values"),
    ("a ratio of 10 outside 39", ratio(percent="10"), CHECK, "percent_values"),
    ("a ratio of no days", ratio(valid="'empty'"), CHECK, "valid_has_days"),
    ("a ratio without a first day", ratio(valid="'(,2027-01-01)'"), CHECK, "valid_has_a_first_day"),
    ("a ratio to an infinite day", ratio(valid="'[2026-01-01,infinity)'"), CHECK, "valid_last_day_can_be_printed"),
    ("a ratio of another insurer's member", ratio(insurer_number="'06136022'"), FOREIGN_KEY, "ratios_member_key_insurer_number_fkey"),
    ("two ratios on one day", ratio(member_key="3", insurer_number="'39131156'", valid="'[2026-07-31,)'"), EXCLUSION, "ratios_do_not_overlap"),
    # Links (R8).
    ("an unknown link state", link(state="'done'"), CHECK, "state_values"),
    ("a decision without a time", link(decided_at="NULL"), CHECK, "decided_unless_pending"),
    ("a time without a decision", link(state="'pending'"), CHECK, "decided_unless_pending"),
    ("a mismatch of nothing", link(state="'mismatch'"), CHECK, "mismatched_only_with_mismatch"),
    ("differences without a mismatch", link(mismatched="'{name}'"), CHECK, "mismatched_only_with_mismatch"),
    ("a mismatch of an empty list", link(state="'mismatch'", mismatched="'{}'"), CHECK, "mismatched_values"),
    ("a mismatch of what only warns", link(state="'mismatch'", mismatched="'{sex}'"), CHECK, "mismatched_values"),
    ("a mismatch of an unknown attribute", link(state="'mismatch'", mismatched="'{name,height}'"), CHECK, "mismatched_values"),
    ("a warning of what makes a mismatch", link(warned="'{name}'"), CHECK, "warned_values"),
    ("a warning without a link", link(state="'mismatch'", mismatched="'{name}'", warned="'{sex}'"), CHECK, "warned_only_when_linked"),
    ("an offered code with a blank", link(state="'mismatch'", mismatched="'{name}'", offered_code="'a b'"), CHECK, "offered_code_form"),
    ("an offered code of a link", link(offered_code="'x'"), CHECK, "offered_code_only_with_mismatch"),
    ("a rejected link", link(decision="'reject'", decided_by="1"), CHECK, "decision_fits_the_state"),
    ("a decision of nobody", link(decision="'accept'"), CHECK, "decision_by_somebody"),
    ("a decision of an unknown token", link(decision="'accept'", decided_by="99"), FOREIGN_KEY, "links_decided_by_fkey"),
    ("a note on no decision", link(note="'x'"), CHECK, "note_only_with_decision"),
    ("two link states of one member", link(member_key="1"), UNIQUE, "links_pkey"),
    # Registrations and cards (R5.6).
    ("two registrations of one person", registration(person_id="1"), UNIQUE, "use_registrations_pkey"),
    ("a registration by an unknown channel", registration(channel="'post'"), CHECK, "channel_values"),
    ("a registration cancelled before it was made", registration(cancelled_at="'2025-12-31Z'"), CHECK, "cancelled_after_registered"),
    ("a certificate twice", card(certificate_digest="sha256('one')"), UNIQUE, "cards_certificate_digest_key"),
    ("a serial twice under one issuer", card(serial="'\\x01'"), UNIQUE, "cards_issuer_key_identifier_serial_key"),
    ("a digest that is none", card(certificate_digest="'\\x00'"), CHECK, "sha256_is_32_bytes"),
    ("an unknown medium", card(medium="'watch'"), CHECK, "medium_values"),
    ("an unknown card state", card(state="'lost'"), CHECK, "state_values"),
    ("a card that ends before it begins", card(not_after="'2026-01-01Z'"), CHECK, "not_after_follows_not_before"),
    ("a serial too long", card(serial="decode(repeat('00', 21), 'hex')"), CHECK, "serial_length"),
    ("an empty public key", card(public_key="''"), CHECK, "public_key_length"),
    ("an empty issuer key identifier", card(issuer_key_identifier="''"), CHECK, "issuer_key_identifier_length"),
    # Eligibility certificates (R10.2).
    ("a second certificate in circulation", certificate(membership_id="1"), UNIQUE, "eligibility_certificates_one_issued"),
    ("a certificate that ends before it begins", certificate(valid_until="'2025-12-31'"), CHECK, "valid_until_not_before_valid_from"),
    ("an unknown certificate state", certificate(state="'lost'"), CHECK, "state_values"),
    ("an unknown kind of certificate", certificate(kind="'insurance_card'"), CHECK, "kind_values"),
    ("a certificate of no membership", certificate(membership_id="99"), FOREIGN_KEY, "eligibility_certificates_membership_id_fkey"),
    # Tokens.
    ("a token itself instead of its digest", token(digest="'secret'"), CHECK, "sha256_is_32_bytes"),
    ("a token twice", token(digest="sha256('terminal')"), UNIQUE, "tokens_digest_key"),
    ("an unknown scope", token(scope="'god'", owner="NULL"), CHECK, "scope_values"),
    ("an insurer's token without an insurer", token(owner="NULL"), CHECK, "owner_where_the_scope_has_one"),
    ("an operator's token with an owner", token(scope="'operator'"), CHECK, "owner_where_the_scope_has_one"),
    ("an insurer's token of an unknown insurer", token(owner="'06270029'"), FOREIGN_KEY, "tokens_insurer_number_fkey"),
    ("a terminal's token of an insurer", token(scope="'terminal'"), FOREIGN_KEY, "tokens_institution_code_fkey"),
    ("an insurer's token of an institution", token(owner="'1319900013'"), FOREIGN_KEY, "tokens_insurer_number_fkey"),
    ("a rate of zero", token(rate_per_second="0"), CHECK, "rate_per_second_range"),
    ("a burst of zero", token(burst="0"), CHECK, "burst_range"),
    ("a burst beyond a million", token(burst="1000001"), CHECK, "burst_range"),
    ("a token that expires when it is made", token(expires_at="'2026-01-01Z'"), CHECK, "expires_after_created"),
    ("a token that never expires", token(expires_at="'infinity'"), CHECK, "moment_is_finite"),
    ("a token revoked before it was made", token(revoked_at="'2025-12-31Z'"), CHECK, "revoked_after_created"),
    # Checks (R13).
    ("a check with a short digest", check(digest="'\\x00'"), CHECK, "digests_are_32_bytes"),
    ("a check with a short answer digest", check(answer_digest="'\\x00'"), CHECK, "digests_are_32_bytes"),
    ("a check with a short keys digest", check(keys_digest="'\\x00'"), CHECK, "digests_are_32_bytes"),
    ("a check without its predecessor's digest", check(digest="NULL"), NOT_NULL, None),
    ("a chain that follows in its middle", check(chain_position="1", follows="sha256('4')"), CHECK, "follows_only_at_the_first"),
    ("a chain that follows no digest", check(follows="'\\x00'"), CHECK, "follows_only_at_the_first"),
    ("a check before its chain", check(chain_position="-1"), CHECK, "chain_position_range"),
    ("a check of an unknown kind", check(presented="6"), CHECK, "presented_values"),
    ("a check in an unknown setting", check(setting="2"), CHECK, "setting_values"),
    ("a check with an unknown validity", check(validity="6", accepted="false"), CHECK, "validity_values"),
    ("an acceptance without validity", check(validity="2"), CHECK, "accepted_only_when_valid"),
    ("a check by nobody", check(owner="''"), CHECK, "owner_is_10_digits"),
    ("a check about an insurer of six digits", check(insurer_number="'138057'"), CHECK, "insurer_number_is_8_digits"),
    ("a check about an insurer of letters", check(insurer_number="'0613602x'"), CHECK, "insurer_number_is_8_digits"),
    ("a check at no time", check(checked_at="'infinity'"), CHECK, "checked_at_is_finite"),
    ("a check as known at no time", check(known_at="'infinity'"), CHECK, "known_at_is_finite"),

    # Suspensions of cards.
    ("a suspension of nobody's cards", suspension(person_id="99"), FOREIGN_KEY, "card_suspensions_person_id_fkey"),
    ("a suspension by nobody", suspension(suspended_by="99"), FOREIGN_KEY, "card_suspensions_suspended_by_fkey"),
    ("a lifting by nobody", lifted(lifted_by="99"), FOREIGN_KEY, "card_suspensions_lifted_by_fkey"),
    ("a lifting that nobody wished", lifted(lifted_by="NULL"), CHECK, "lifted_by_somebody"),
    ("a lifting before the suspension", lifted(lifted_at="'2026-11-21Z'"), CHECK, "lifted_after_suspended"),
    ("a suspension of a watch", suspension(medium="'watch'"), CHECK, "medium_values"),
    ("a suspension for no reason", suspension(reason="'bored'"), CHECK, "reason_values"),
    ("a suspension that stopped nothing", suspension(cards="0"), CHECK, "cards_range"),
    ("a question about a day for a month", check(care_month="'2026-11-22'"), CHECK, "care_month_is_a_month"),
    ("a ceiling month of nobody", ceiling_month(member_key="99"), FOREIGN_KEY, "ceiling_months_member_key_insurer_number_fkey"),
    ("a ceiling month of another insurer's member", ceiling_month(insurer_number=SECOND, member_key="2"), FOREIGN_KEY,
     "ceiling_months_member_key_insurer_number_fkey"),
    ("a ceiling month that nobody reported", ceiling_month(reported_by="99"), FOREIGN_KEY, "ceiling_months_reported_by_fkey"),
    ("a ceiling month that is a day", ceiling_month(month="'2026-10-31'"), CHECK, "month_is_a_month"),
    ("a ceiling month before there were categories", ceiling_month(month="'2014-12-01'"), CHECK, "month_is_a_month"),
    ("a ceiling month without end", ceiling_month(month="'infinity'"), CHECK, "month_is_a_month"),
    ("a ceiling month at no institution that could be", ceiling_month(institution_code="'131990001'"), CHECK, "institution_code_is_10_digits"),
    ("a ceiling month that counted before anybody knew", ceiling_month(counts_from="'2026-11-21Z'"), CHECK, "counts_after_reported"),
    ("a ceiling month reported twice", two_ceiling_months(), UNIQUE, "ceiling_month_is_reported_once"),
    ("a ceiling month reported twice of no institution", two_ceiling_months(institution_code="NULL"), UNIQUE, "ceiling_month_is_reported_once"),
    ("a card that is stopped by nothing we know", card(state="'suspended'", suspension_id="gen_random_uuid()"), FOREIGN_KEY,
     "cards_suspension_id_fkey"),
    ("a card that is active and stopped", card(suspension_id="gen_random_uuid()"), CHECK, "active_is_not_stopped"),

    # Challenges, and records of cards.
    ("a challenge that never expires", insert("used_challenges", {
        "expires_at": "'infinity'", "nonce": "gen_random_uuid()", "check_id": "gen_random_uuid()"}, {}), CHECK, "expires_at_is_finite"),
    ("a second key of challenges", insert("challenge_keys", {"key": "sha256('x')", "made_at": "'2026-01-01Z'"}, {}), UNIQUE,
     "challenge_keys_has_one_row"),
    ("typed keys that were not judged", check(validity="0", accepted="false", membership_id="NULL"), CHECK, "not_judged_only_by_card"),
    ("a person of a card that may not be used", check(validity="0", accepted="false", presented="1", membership_id="1"), CHECK,
     "not_judged_only_by_card"),

    # Idempotency-Keys.
    ("a key of nobody", idempotency_key(token_id="99"), FOREIGN_KEY, "idempotency_keys_token_id_fkey"),
    ("a key in the clear", idempotency_key(key_digest="'secret'"), CHECK, "sha256_is_32_bytes"),
    ("a key of no route", idempotency_key(route="'v1'"), CHECK, "route_form"),
    ("a key without an outcome", idempotency_key(outcome="''"), CHECK, "outcome_form"),
    ("a key whose answer is none", idempotency_key(answer="'null'"), CHECK, "answer_is_an_object"),
    ("a key that has expired when it comes", idempotency_key(expires_at="'2026-11-22Z'"), CHECK, "expires_after_created"),
    # What insurers keep of themselves and their workplaces.
    ("an insurer with half a postal code", of_insurer("postal_code = '100'"), CHECK, "postal_code_form"),
    ("a seal that is no picture", of_insurer("seal = 'x'"), CHECK, "seal_is_a_small_png"),
    ("a seal too large", of_insurer("seal = '\\x89504e470d0a1a0a'::bytea || decode(repeat('00', 65529), 'hex')"), CHECK, "seal_is_a_small_png"),
    ("an unknown form of certificate", of_insurer("certificate_form = 'plastic'"), CHECK, "certificate_form_values"),
    ("a certificate for more than five years", of_insurer("certificate_months = 61"), CHECK, "certificate_months_range"),
    ("a last day that no year has", of_insurer("certificate_last_day = '13-01'"), CHECK, "certificate_last_day_form"),
    ("an unknown notice policy", of_insurer("notice_policy = 'none'"), CHECK, "notice_policy_values"),
    ("a workplace of an unknown insurer", workplace(insurer_number="'06270029'"), FOREIGN_KEY, "workplaces_insurer_number_fkey"),
    ("a workplace twice", f"{workplace()}; {workplace()}", UNIQUE, "workplaces_pkey"),
    ("a workplace whose key would not fit a path", workplace(workplace_id="'a/b'"), CHECK, "workplace_id_form"),
    ("a workplace with half a postal code", workplace(postal_code="'1000001'"), CHECK, "postal_code_form"),
    ("a member at another insurer's workplace", f"{workplace()}; {member(insurer_number=SECOND, workplace_id=W2)}", FOREIGN_KEY,
     "workplace_of_the_same_insurer"),
    ("three last digits of a number", member(individual_number_last4="'123'"), CHECK, "individual_number_last4_form"),
    # Limits and specific diseases (R7.6, R7.13).
    ("a limit of nobody", limit(member_key="99"), FOREIGN_KEY, "limits_member_key_insurer_number_fkey"),
    ("an unknown limit category", limit(category="'A07'"), CHECK, "category_values"),
    ("a category of 後期 elsewhere", limit(category="'B09'"), CHECK, "category_fits_the_insurer"),
    ("a category of the young in 後期", limit(member_key="3", insurer_number="'39131156'"), CHECK, "category_fits_the_insurer"),
    ("an unknown limit certificate", limit(certificate="'04'"), CHECK, "certificate_values"),
    ("a limit for no day", limit(valid="'empty'"), CHECK, "valid_has_days"),
    ("a limit since ever", limit(valid="'(,2027-01-01)'"), CHECK, "valid_has_a_first_day"),
    ("a limit beyond what can be printed", limit(valid="'[2026-01-01,10000-01-02)'"), CHECK, "valid_last_day_can_be_printed"),
    ("two limits at once", f"{limit()}; {limit(valid=FROM_DECEMBER)}", EXCLUSION, "limits_do_not_overlap"),
    ("a disease of nobody", disease(member_key="99"), FOREIGN_KEY, "specific_diseases_member_key_insurer_number_fkey"),
    ("an unknown disease", disease(category="'4'"), CHECK, "category_values"),
    ("a negative self-payment", disease(self_pay="-1"), CHECK, "self_pay_range"),
    ("a disease for no day", disease(valid="'empty'"), CHECK, "valid_has_days"),
    ("a disease since ever", disease(valid="'(,2027-01-01)'"), CHECK, "valid_has_a_first_day"),
    ("a disease beyond what can be printed", disease(valid="'[2026-01-01,10000-01-02)'"), CHECK, "valid_last_day_can_be_printed"),
    ("one disease twice at once", f"{disease()}; {disease()}", EXCLUSION, "specific_diseases_do_not_overlap"),
    # Tables of amounts by month (R7.2).
    ("a table from the middle of a month", limit_table(first_month="'2027-08-02'"), CHECK, "first_month_is_a_month"),
    ("a table of before the amounts that are held", limit_table(first_month="'2014-12-01'", last_month="'2014-12-01'"), CHECK,
     "first_month_is_a_month"),
    ("a table until the middle of a month", limit_table(last_month="'2028-07-31'"), CHECK, "last_month_is_a_month"),
    ("a table that none could follow", limit_table(last_month="'9999-12-01'"), CHECK, "last_month_is_a_month"),
    ("a table for no month", limit_table(last_month="'2027-07-01'"), CHECK, "months_in_order"),
    ("a table before its first version", limit_table(version="0"), CHECK, "version_range"),
    ("a note that says nothing", limit_table(note="''"), CHECK, "note_length"),
    ("a note too long", limit_table(note="repeat('長', 2001)"), CHECK, "note_length"),
    ("a source of two lines", limit_table(source="E'a\\nb'"), CHECK, "line_is_one_trimmed_line"),
    ("a table withdrawn before it was there", withdrawn_table(withdrawn_at="'2026-11-21Z'"), CHECK, "withdrawn_after_registered"),
    ("a table withdrawn by nobody", withdrawn_table(withdrawn_by="NULL"), CHECK, "withdrawn_by_somebody"),
    ("a table that somebody withdrew at no time", withdrawn_table(withdrawn_at="NULL"), CHECK, "withdrawn_by_somebody"),
    ("a table withdrawn when it has begun in Japan", withdrawn_table(withdrawn_at="'2027-07-31 15:00Z'"), CHECK, "withdrawn_before_it_begins"),
    ("a table that answers for months taken back", "UPDATE shikaku.limit_tables SET withdrawn_at = '2026-11-26Z', withdrawn_by = 1 WHERE table_id = 3",
     CHECK, "withdrawn_before_it_begins"),
    ("two tables of one month", limit_table(first_month="'2027-07-01'"), EXCLUSION, "limit_tables_do_not_overlap"),
    ("two tables with open ends", f"{limit_table()}; {limit_table(first_month=FROM_2030)}", EXCLUSION, "limit_tables_do_not_overlap"),
    ("one version of a month twice", f"{withdrawn_table()}; {limit_table()}", UNIQUE, "version_is_one_of_its_month"),
    ("a table after months without one", limit_table(first_month="'2027-09-01'"), CHECK, "limit_tables_leave_no_gap"),
    ("a table that goes from between others", "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM shikaku.limit_amounts WHERE table_id = 2;"
     " DELETE FROM shikaku.limit_tables WHERE table_id = 2", CHECK, "limit_tables_leave_no_gap"),
    ("a table that ends before the next one begins",
     "SET CONSTRAINTS ALL IMMEDIATE; UPDATE shikaku.limit_tables SET last_month = '2026-06-01' WHERE table_id = 2", CHECK,
     "limit_tables_leave_no_gap"),
    ("a table by an unknown token", limit_table(registered_by="99"), FOREIGN_KEY, "limit_tables_registered_by_fkey"),
    ("a table withdrawn by an unknown token", withdrawn_table(withdrawn_by="99"), FOREIGN_KEY, "limit_tables_withdrawn_by_fkey"),
    ("amounts of no table", limit_amount(table_id="99"), FOREIGN_KEY, "limit_amounts_table_id_fkey"),
    ("amounts of a category twice", limit_amount(category="'A01'", outpatient="NULL", outpatient_annual="NULL"), UNIQUE, "limit_amounts_pkey"),
    ("amounts of an unknown category", limit_amount(category="'B11'"), CHECK, "category_values"),
    ("a ceiling of nothing", limit_amount(base="0", multiple="NULL", outpatient="NULL", outpatient_annual="NULL"), CHECK, "amounts_range"),
    ("a ceiling without a bound", limit_amount(base="100000001"), CHECK, "amounts_range"),
    ("a negative threshold", limit_amount(threshold="-1", rate_percent="1"), CHECK, "amounts_range"),
    ("多数回 above the base", limit_amount(multiple="60001"), CHECK, "amounts_range"),
    ("外来 above the base", limit_amount(outpatient="60001"), CHECK, "amounts_range"),
    ("an annual ceiling of nothing", limit_amount(annual="0", annual_low_income="NULL"), CHECK, "amounts_range"),
    ("an annual ceiling that is higher for low incomes", limit_amount(annual_low_income="500001"), CHECK, "annual_low_income_is_the_less"),
    ("an annual ceiling for low incomes alone", limit_amount(annual="NULL"), CHECK, "annual_low_income_is_the_less"),
    ("an annual 外来 ceiling without a bound", limit_amount(outpatient_annual="100000001"), CHECK, "amounts_range"),
    ("eleven percent", limit_amount(threshold="1", rate_percent="11"), CHECK, "rate_values"),
    ("a threshold above which nothing is added", limit_amount(threshold="1"), CHECK, "rate_values"),
    ("a rate from the first yen", limit_amount(rate_percent="1"), CHECK, "rate_values"),
    ("a halved month dearer than a full one", limit_amount(threshold="6000001", rate_percent="1"), CHECK, "threshold_fits_the_base"),
    ("外来 of 現役並み", limit_amount(category="'B03'"), CHECK, "outpatient_fits_the_category"),
    ("annual 外来 without 外来", limit_amount(outpatient="NULL"), CHECK, "outpatient_fits_the_category"),
    ("a check about the middle of a month", check(care_month="'2026-08-02'"), CHECK, "care_month_is_a_month"),
    # Numbers on their way to the register (R2.4).
    ("a number of nobody", pending_number(member_key="99"), FOREIGN_KEY, "pending_numbers_member_key_fkey"),
    ("two numbers of one member", f"{pending_number()}; {pending_number()}", UNIQUE, "pending_numbers_pkey"),
    ("a number that is not sealed", pending_number(sealed="'123456789018'"), CHECK, "sealed_length"),
    ("fewer than no attempts", pending_number(attempts="-1"), CHECK, "attempts_range"),
    # Jobs and imports.
    ("a job of an unknown insurer", job(insurer_number="'06270029'"), FOREIGN_KEY, "jobs_insurer_number_fkey"),
    ("a job of an unknown token", job(created_by="99"), FOREIGN_KEY, "jobs_created_by_fkey"),
    ("a job twice", f"{job()}; {job(kind=OTHER)}", UNIQUE, "jobs_pkey"),
    ("a job of a strange kind", job(kind="'Import 2'"), CHECK, "kind_form"),
    ("a job in an unknown state", job(state="'lost'"), CHECK, "state_values"),
    ("a job that is over and has not ended", job(state="'succeeded'"), CHECK, "ended_when_over"),
    ("a running job that nobody runs", job(state="'running'"), CHECK, "leased_while_worked_on"),
    ("a failed job without a reason", job(state="'failed'", ended_at="'2026-01-02Z'"), CHECK, "failure_when_failed"),
    ("a reason that is a sentence", job(state="'failed'", ended_at="'2026-01-02Z'", failure="'It broke.'"), CHECK, "failure_form"),
    ("a job more than done", job(percent="101"), CHECK, "percent_range"),
    ("an import in slices of nothing", import_of(slice_rows="0"), CHECK, "slice_rows_range"),
    ("a job with fewer than no attempts", job(attempts="-1"), CHECK, "attempts_range"),
    ("two imports of one insurer at once", f"{job()}; {job(job_id=TWO)}", UNIQUE, "jobs_one_import_of_an_insurer"),
    ("an import without a job", import_of(import_id=NONE), FOREIGN_KEY, "imports_import_id_fkey"),
    ("an import of an unknown insurer", import_of(insurer_number="'06270029'"), FOREIGN_KEY, "imports_insurer_number_fkey"),
    ("an import twice", after_import(import_row()), UNIQUE, "imports_pkey"),
    ("a slot that is not there", import_of(slot="8"), CHECK, "slot_range"),
    ("a slot for two", two_imports({"slot": "0"}, {"slot": "0"}), UNIQUE, "imports_slot"),
    ("one key for two imports", f"{import_of(key_digest=KEY)}; {job(job_id=TWO, kind=OTHER)}; {import_row(import_id=TWO, key_digest=KEY)}", UNIQUE,
     "imports_key"),
    ("an unknown mode", import_of(mode="'half'"), CHECK, "mode_values"),
    ("an end for who is not among the changes", import_of(end_missing="true", missing_max_percent="1", missing_lost_on="'2026-12-01'"), CHECK,
     "end_missing_only_when_full"),
    ("an end for who is missing without a bound", import_of(mode="'full'", end_missing="true", missing_lost_on="'2026-12-01'"), CHECK,
     "end_missing_only_when_full"),
    ("more than all missing", import_of(missing_max_percent="101"), CHECK, "missing_max_percent_range"),
    ("an unknown format", import_of(format="'xml'"), CHECK, "format_values"),
    ("an unknown encoding", import_of(encoding="'utf-16'"), CHECK, "encoding_values"),
    ("more slices merged than there are", import_of(slices_merged="1"), CHECK, "slices_range"),
    ("a rest that gave time back", import_of(rested_ms="-1"), CHECK, "rested_ms_range"),
    ("an error of no import", error_row(), FOREIGN_KEY, "import_errors_import_id_fkey"),
    ("an error before the first line", after_import(error_row(line="0")), CHECK, "line_range"),
    ("an error whose field may be what was sent", after_import(error_row(field="'資格 太郎'")), CHECK, "field_form"),
    ("an error with the value itself", after_import(error_row(value_class="'1980-05-17'")), CHECK, "value_class_form"),
    ("an error told as a sentence", after_import(error_row(reason="'It is too long.'")), CHECK, "reason_form"),
    ("a missing member of no import", missing_row(), FOREIGN_KEY, "import_missing_import_id_fkey"),
    ("nobody missing", after_import(missing_row(member_key="99")), FOREIGN_KEY, "import_missing_member_key_fkey"),
    ("a member missing twice", after_import(f"{missing_row()}; {missing_row()}"), UNIQUE, "import_missing_pkey"),
]

# Of more than one row or statement.
REFUSED += [
    ("two periods of one statement that overlap",
     "INSERT INTO shikaku.memberships (member_key, insurer_number, relationship, number, number_key, acquired_on, lost_on, known_from) VALUES"
     " (4, '06136022', 'insured', '6', '6', '2018-01-01', '2019-01-02', '2026-01-01Z'),"
     " (4, '06136022', 'insured', '6', '6', '2019-01-01', '2020-01-01', '2026-01-01Z')", EXCLUSION, "memberships_do_not_overlap"),
    ("a loss taken back into the next period",
     membership() + "; UPDATE shikaku.memberships SET lost_on = '2020-04-02', known_from = '2026-02-01Z' WHERE membership_id = 4", EXCLUSION,
     "memberships_do_not_overlap"),
]


@pytest.fixture(scope="module")
def cursor(refused):
    """One session for all lines; each is rolled back."""
    return refused.connect(autocommit=False).cursor()


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_is_right_can_be_stored(cursor, statement):
    try:
        cursor.execute(statement)
        assert cursor.rowcount == 1
    finally:
        cursor.connection.rollback()


@pytest.mark.parametrize("statement, sqlstate, constraint", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_cannot_be_stored(cursor, statement, sqlstate, constraint):
    try:
        with pytest.raises(psycopg2.Error) as error:
            cursor.execute(statement)
        assert (error.value.pgcode, error.value.diag.constraint_name) == (sqlstate, constraint)
    finally:
        cursor.connection.rollback()


def test_every_named_constraint_has_a_line(cursor):
    """A constraint that nobody tried may be wrong."""
    cursor.execute("""
        SELECT conname FROM pg_constraint
          WHERE connamespace = 'shikaku'::regnamespace AND contype IN ('c', 'u', 'x', 'f')
            AND coalesce(conrelid::regclass::text, '') !~ '_history$|checks_|schema_version'
            AND coalesce(conparentid, 0) = 0
            AND NOT (contype = 'u' AND conname ~ 'member_key_insurer_number|membership_id_insurer_number')""")
    named = {name for name, in cursor.fetchall()}
    cursor.connection.rollback()
    untried = named - {case[3] for case in REFUSED}
    # Rows that only other rows refer to, and which their tables' own tests meet.
    assert untried <= {"links_member_key_fkey", "use_registrations_person_id_fkey", "cards_person_id_fkey"}, untried
