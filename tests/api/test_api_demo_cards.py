"""The demonstration's cards are what demo/cards.list and the index say of them, as the openssl command sees it; and they stay so
however often and however rudely `make run` is ended and started again."""

import datetime
import re
import shutil
import stat
import subprocess

import pytest

from catalogues import problems, words
from api_cards import check_by_card, limit_by_card
from support import Client, Service
from support.cards import CARD_POLICY, JAPAN, SIGNING_POLICY
from support.client import OF_LIMIT_QUERIES, OF_LIMITS
from support.database import NOW
from support.demo import DemoCards, read_list

from conftest import PATIENT

LIST = read_list()
TOLD = datetime.datetime.fromisoformat(NOW)
# What openssl says of those that are not simply good. It does not know of grace, nor of certificates on hold.
EXPIRED, REVOKED, NO_LIST, NO_ISSUER, NOT_YET = 10, 23, 3, 20, 9
ISSUERS = {"card-g1": "anchors/card", "card-g2": "anchors/card", "phone": "anchors/phone", "phone-g2": "anchors/phone",
           "signing": "anchors/signing"}


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def identifier(file, of="subject"):
    return openssl("x509", "-in", file, "-noout", "-ext", f"{of}KeyIdentifier").stdout.split()[-1]


def verdicts(demo, now=TOLD):
    """{file: what openssl says of the certificate: 0, or the number of its error}, with our anchors and revocation lists."""
    pki = demo.folder / "pki"
    anchors = [word for issuer, folder in ISSUERS.items() for word in ("-trusted", pki / folder / f"{issuer}.pem")]
    lists = []
    for file in sorted((pki / "crls").iterdir()):
        pem = demo.folder / f"{file.name}.pem"
        assert openssl("crl", "-inform", "DER", "-in", file, "-out", pem).returncode == 0
        lists += ["-CRLfile", pem]
    said = openssl("verify", "-crl_check", "-attime", int(now.timestamp()), *anchors, *lists, *[demo.file(file) for file in LIST])
    found = {file: 0 for file in LIST if f"{demo.file(file)}: OK" in said.stdout}
    for number, file in re.findall(r"error (\d+) at 0 depth lookup: .*\nerror .*/([^/]*)\.pem: verification failed", said.stderr):
        found[file] = int(number)
    return found


def expected_verdict(row):
    if row["issuer"] == "other":
        return NO_ISSUER
    if row["issuer"] == "phone-g2":
        return NO_LIST
    if row["dates"] in ("expired", "in-grace", "phone-expired"):
        return EXPIRED
    if row["dates"] == "later":
        return NOT_YET
    return 0 if row["on_list"] == "-" else REVOKED


def assert_whole(demo, now=TOLD):
    assert verdicts(demo, now) == {file: expected_verdict(row) for file, row in LIST.items()}
    for file, row in LIST.items():
        mine, certified = openssl("pkey", "-in", demo.file(file), "-pubout"), openssl("x509", "-in", demo.file(file), "-noout", "-pubkey")
        assert (mine.stdout == certified.stdout) == (row["key"] != "other"), file


def known(demo):
    """{digest of a certificate: state}"""
    return {bytes(digest): state for digest, state in demo.database.run("SELECT certificate_digest, state FROM shikaku.cards")}


def assert_known(demo):
    found = known(demo)
    expected = {file: None if row["service"] == "unknown" else row["state"] for file, row in LIST.items()}
    assert {file: found.get(demo.digest(file)) for file in LIST} == expected
    return found


def files(demo):
    """{name: (content, when it was written)}"""
    return {str(path.relative_to(demo.folder)): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(demo.folder.rglob("*")) if path.is_file() and not path.name.endswith(".crl.pem")}


@pytest.fixture
def copy(demo_cards, tmp_path):
    """The files alone, to be damaged."""
    shutil.copytree(demo_cards.folder, tmp_path / "a copy")
    copied = object.__new__(DemoCards)
    copied.folder, copied.database = tmp_path / "a copy", None
    return copied


def test_each_certificate_is_what_the_list_says_to_any_verifier(demo_cards):
    assert_whole(demo_cards)


def test_no_certificate_differs_from_its_kind_in_anything_but_what_it_shows(demo_cards):
    for file, row in LIST.items():
        said = openssl("x509", "-in", demo_cards.file(file), "-noout", "-text", "-certopt", "ext_dump").stdout
        signing = row["issuer"] == "signing"
        usage = "Digital Signature, Non Repudiation" if signing else "Digital Signature"
        assert re.search(rf"X509v3 Key Usage: critical\n +{usage}\n", said), file
        assert re.findall(r"Policy: ([0-9.]+)\n", said) == [SIGNING_POLICY if signing else CARD_POLICY], file
        assert "CA:TRUE" not in said and "Signature Algorithm: sha256WithRSAEncryption" in said, file
        assert {"p256": "NIST CURVE: P-256", "p384": "NIST CURVE: P-384"}.get(row["key"], "Public-Key: (2048 bit)") in said, file
        assert re.search(r"Subject: C ?= ?JP, CN ?= ?[0-9a-f]{24}\n", said), file  # spaced otherwise since OpenSSL 3.2
        assert 0 < demo_cards.certificate(file).serial_number < 1 << 128, file
        assert identifier(demo_cards.file(file), "authority") == identifier(demo_cards.folder / "pki" / f"{row['issuer']}.pem"), file
    assert len({demo_cards.certificate(file).serial_number for file in LIST}) == len(LIST)


def test_the_generations_share_a_name_and_differ_in_their_keys(demo_cards):
    """R5.2"""
    for one, other in (("card-g1", "card-g2"), ("phone", "phone-g2")):
        said = [openssl("x509", "-in", demo_cards.folder / "pki" / f"{name}.pem", "-noout", "-subject", "-dates").stdout for name in (one, other)]
        assert said[0] == said[1]
        assert "notAfter=Nov 22 14:59:59 2046" in said[0] and "notBefore=Nov 21 15:00:00 2014" in said[0]
        assert identifier(demo_cards.folder / "pki" / f"{one}.pem") != identifier(demo_cards.folder / "pki" / f"{other}.pem")
    said = openssl("x509", "-in", demo_cards.folder / "pki" / "card-g2.pem", "-noout", "-text").stdout
    assert "Subject: C=JP, O=JPKI-TEST, OU=JPKI for user authentication, OU=Shikaku Demo" in said.replace(" = ", "=")
    assert "X509v3 Basic Constraints: critical\n                CA:TRUE\n" in said
    assert "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n" in said


def day_of(moment):
    return moment.replace(tzinfo=datetime.timezone.utc).astimezone(JAPAN).date()


def first_of_month(day, months=0):
    month = day.year * 12 + day.month - 1 + months
    return datetime.date(month // 12, month % 12 + 1, 1)


def three_months_before(day):
    """Clamped to the month's end (R5.4)."""
    last = first_of_month(day, -2) - datetime.timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def assert_dates(demo, today):
    for file, row in LIST.items():
        certificate = demo.certificate(file)
        first, last = day_of(certificate.not_valid_before), day_of(certificate.not_valid_after)
        grace_ends = first_of_month(last, 4) - datetime.timedelta(days=1)  # R5.4
        dates = row["dates"]
        if dates == "later":
            assert first > today, file
        elif dates == "expired":
            assert grace_ends < today, file
        elif dates in ("in-grace", "phone-expired"):
            assert last < today <= grace_ends, file
        else:
            assert first < today < last, file
            assert (three_months_before(last) <= today) == (dates == "soon"), file


def test_each_card_shows_what_its_dates_say_also_in_months_and_years(copy):
    """Those that do not any more are made again, and no others (R5.4)."""
    today = TOLD.date()
    assert_dates(copy, today)
    assert day_of(copy.certificate("phone-expired").not_valid_after) == today - datetime.timedelta(days=1)
    before = {file: copy.digest(file) for file in LIST}
    for days, again in ((60, {"soon"}), (45, {"in-grace", "phone-expired", "soon"}), (700, {"in-grace", "phone-expired", "soon", "later"})):
        today += datetime.timedelta(days=days)
        copy.run_pki(today.isoformat())
        assert_dates(copy, today)
        after = {file: copy.digest(file) for file in LIST}
        assert {LIST[file]["dates"] for file in LIST if after[file] != before[file]} <= again
        before = after
    now = datetime.datetime.combine(today, datetime.time(10), JAPAN)
    assert_whole(copy, now)


def test_the_revocation_lists_are_current_for_a_week_from_every_run(copy):
    def look(issuer):
        said = openssl("crl", "-inform", "DER", "-in", copy.folder / "pki" / "crls" / f"{issuer}.crl", "-noout", "-text", "-CAfile",
                       copy.folder / "pki" / f"{issuer}.pem")
        assert "verify OK" in said.stdout + said.stderr
        return said.stdout, int(re.search(r"X509v3 CRL Number: *\n *(\w+)", said.stdout)[1], 0)

    issuers = sorted(path.stem for path in (copy.folder / "pki" / "crls").iterdir())
    assert issuers == ["card-g1", "card-g2", "phone", "signing"]
    numbers = {issuer: look(issuer)[1] for issuer in issuers}
    copy.run_pki("2026-11-25")
    for issuer in issuers:
        said, number = look(issuer)
        assert number > numbers[issuer]
        assert "Last Update: Nov 24 15:00:00 2026 GMT" in said and "Next Update: Dec  1 15:00:00 2026 GMT" in said
        assert identifier(copy.folder / "pki" / f"{issuer}.pem") in said
        named = {file for file, row in LIST.items() if row["issuer"] == issuer and row["on_list"] != "-"}
        assert set(re.findall(r"Serial Number: (\w+)", said)) == {f"{copy.certificate(file).serial_number:X}" for file in named}
        reasons = {"keyCompromise": "Key Compromise", "certificateHold": "Certificate Hold"}
        assert sorted(re.findall(r"CRL Reason Code: *\n +(\w+ \w+)", said)) == sorted(reasons[LIST[file]["on_list"]] for file in named)


def test_the_service_knows_the_cards_it_should_know_and_nothing_that_stands_in_for_one(demo_cards):
    found = assert_known(demo_cards)
    assert len(found) == sum(row["service"] != "unknown" for row in LIST.values())
    registered = {person for person, in demo_cards.database.run("""SELECT p.register_code FROM shikaku.use_registrations AS u
        JOIN shikaku.persons AS p USING (person_id) WHERE u.cancelled_at IS NULL""")}
    for row in LIST.values():
        # The one who had their own information stopped had registered before (R14).
        should = row["service"] == "registered" or row["person"] in ("stopped", "stranger", "for-signing", "not-yet")
        assert (f"demo-{row['person']}" in registered) == should, row
    media = dict(demo_cards.database.run("SELECT certificate_digest, medium FROM shikaku.cards"))
    media = {bytes(digest): medium for digest, medium in media.items()}
    for file, row in LIST.items():
        if row["service"] != "unknown":
            assert media[demo_cards.digest(file)] == ("phone" if row["issuer"].startswith("phone") else "card"), file
    assert demo_cards.database.value("SELECT shikaku.compare_standings()") == 0


def test_a_reader_of_the_index_finds_every_card_and_only_words_that_exist(demo_cards):
    index = demo_cards.index()
    assert {case["card"] for case in index if case["card"]} == {f"{file}.pem" for file in LIST}
    assert all(demo_cards.file(file).exists() for file in LIST)
    by_card = [case for case in index if case["presented_kind"] == "card"]
    assert len({case["name"] for case in by_card}) == len({case["card"] for case in by_card}) == len(by_card)
    more = {"multiple", "not_found", "invalid_newer_exists", "standard", "preschool", "elderly", "late_elderly", "name_other", "sex_on_face"}
    for case in index:
        for word in case["shows"]:
            assert re.fullmatch(r"R\d+(\.\d+)?|[AB]\d\d", word) or word in {*words("REASONS"), *problems(), *more}, (case["name"], word)
    for case in by_card:
        keys = [case[name] for name in ("insurer_number", "number", "birth_date")]
        assert None not in keys or ("no_membership" in case["shows"] and set(keys) == {None})
    # A document that a card belongs to stands beside the card of the same person.
    persons = {f"{file}.pem": row["person"] for file, row in LIST.items()}
    for case in index:
        if case["card"] and case["insurer_number"]:
            assert demo_cards.database.value("""SELECT count(*) FROM shikaku.standings AS s JOIN shikaku.persons AS p USING (person_id)
                WHERE p.register_code = %s AND s.name = %s AND s.insurer_number = %s AND s.number = %s""",
                                             (f"demo-{persons[case['card']]}", case["name"], case["insurer_number"], case["number"])) == 1


def test_the_index_shows_every_answer_that_a_card_can_get(demo_cards):
    shown = {word for case in demo_cards.index() if case["presented_kind"] == "card" for word in case["shows"]}
    assert {"card_revoked", "card_suspended", "certificate_expired", "card_not_registered", "certificate_in_grace",
            "certificate_expires_soon", "revocation_unknown", "overlapping_membership", "multiple", "membership_ended", "no_membership",
            "link_not_confirmed", "card_certificate_untrusted", "card_certificate_wrong_purpose", "card_certificate_not_yet_valid",
            "card_signature_invalid", "limit_not_registered", "limit_from_ratio", "A03", "A05", "B02", "B05", *OF_LIMIT_QUERIES} <= shown


def test_each_card_shows_the_service_what_the_index_promises(demo_cards):
    reasons, refusals = set(words("REASONS")), set(problems())
    seen, differing = 0, []
    with Service(demo_cards.database, now=NOW, loops=2, **PATIENT, **demo_cards.settings) as service, \
            Client(service, demo_cards.database.token()) as desk:
        for case in demo_cards.index():
            if case["presented_kind"] != "card":
                continue
            seen += 1
            answer = check_by_card(desk, demo_cards.card(case["card"].removesuffix(".pem")))
            found = set(answer.reasons) if answer.status == 200 else {answer.json["code"]}
            limits = OF_LIMITS.intersection(case["shows"])
            categories = {word for word in case["shows"] if re.fullmatch(r"[AB]\d\d", word)}
            if found != {word for word in case["shows"] if word in reasons | refusals} - limits - OF_LIMIT_QUERIES:
                differing.append(f"{case['card']}: {case['shows']}: {found}")
            elif categories and (answer.json["limit"] or {}).get("category") not in categories:
                differing.append(f"{case['card']}: {case['shows']}: {answer.json['limit']}")
            elif limits and answer.limit_reason not in limits:
                differing.append(f"{case['card']}: {case['shows']}: {answer.limit_reason}")
            elif "multiple" in case["shows"]:
                assert answer.json["validity"] == "multiple"
            elif answer.status == 200 and answer.json["qualification"]:
                assert answer.json["qualification"]["name"] == case["name"]
    assert seen > 25 and not differing, "\n".join(differing)


def test_the_reasons_of_limit_queries_are_shown_by_the_cards_that_the_index_names(demo_cards):
    """Asked with one disease, with and without the consent to it: each of the two is named at the card that shows it."""
    shown = {}
    with Service(demo_cards.database, now=NOW, loops=2, **PATIENT, **demo_cards.settings) as service, \
            Client(service, demo_cards.database.token()) as desk:
        for case in demo_cards.index():
            if case["presented_kind"] == "card" and OF_LIMIT_QUERIES.intersection(case["shows"]):
                card = demo_cards.card(case["card"].removesuffix(".pem"))
                answers = [limit_by_card(desk, card, care_month="2026-11", specific_disease="1", consents={"specific_diseases": agreed})
                           for agreed in (True, False)]
                assert all(answer.status == 200 for answer in answers), answers
                shown[case["card"]] = {code for answer in answers for code in answer.reasons}
                assert OF_LIMIT_QUERIES.intersection(case["shows"]) <= shown[case["card"]], (case, shown)
    assert OF_LIMIT_QUERIES <= set.union(*shown.values())


def test_a_second_run_changes_nothing_but_the_revocation_lists(demo_cards):
    before, known_before = files(demo_cards), known(demo_cards)
    counts = "SELECT (SELECT count(*) FROM shikaku.use_registrations), (SELECT max(data_version) FROM shikaku.standings)"
    counted = demo_cards.database.run(counts)
    demo_cards.make()
    after = files(demo_cards)
    assert set(after) == set(before)
    changed = {name for name in before if after[name] != before[name]}
    assert {name for name in changed if after[name][0] != before[name][0]} == {f"pki/crls/{issuer}.crl" for issuer in
                                                                              ("card-g1", "card-g2", "phone", "signing")}
    assert not any(name.startswith("cards/") or name.endswith(".key") for name in changed)
    assert (known(demo_cards), demo_cards.database.run(counts)) == (known_before, counted)


def test_nobody_else_can_read_a_key(demo_cards):
    for path in [*demo_cards.folder.rglob("*.key"), *demo_cards.folder.rglob("*.pem")]:
        if "PRIVATE KEY" in path.read_text():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_what_was_lost_is_made_again_and_becomes_known(demo_cards, template, tmp_path):
    shutil.copytree(demo_cards.folder, tmp_path / "demo")
    with template.clone() as database:
        demo = DemoCards(tmp_path / "demo", database)
        before = {file: demo.digest(file) for file in LIST}
        demo.file("taro").unlink()
        demo.file("hanako").write_bytes(demo.file("hanako").read_bytes()[:1000])
        (demo.folder / "pki" / "made" / "in-grace").unlink()
        (demo.folder / "pki" / "phone.key").unlink()
        shutil.rmtree(demo.folder / "pki" / "anchors")
        (demo.folder / "pki" / "crls" / "card-g1.crl").unlink()
        demo.make()
        assert_whole(demo)
        assert_known(demo)
        assert {file for file in LIST if demo.digest(file) != before[file]} == {"taro", "hanako", "in-grace", "phone", "phone-expired"}
        # Their former cards are cards still.
        assert {before["taro"], before["hanako"]} <= set(known(demo))


def test_a_run_that_was_killed_is_finished_by_the_next(copy):
    lost = list(LIST)[:8] + ["phone", "without-list", "in-grace", "revoked"]
    for file in lost:
        copy.file(file).unlink()
    (copy.folder / "pki" / "phone-g2.pem").unlink()
    copy.kill_pki(lambda: sum(copy.file(file).exists() for file in lost) >= 3)
    made = {file: copy.digest(file) for file in LIST if copy.file(file).exists()}
    copy.run_pki()
    assert_whole(copy)
    assert all(copy.digest(file) == digest for file, digest in made.items())
    assert {path.name for path in (copy.folder / "pki").iterdir()} == {
        "anchors", "crls", "made", "lock", *(f"{name}.{kind}" for name in (*ISSUERS, "other") for kind in ("key", "pem"))}
