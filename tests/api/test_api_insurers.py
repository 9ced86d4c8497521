"""An insurer's own record: what its papers show, and how it issues them (R9.1, R10.2, R15)."""

import base64
import struct
import zlib

import pytest

from api_insurers import new_insurer
from support import Client
from test_api_requests import refused, refused_fields

WHOLE = {"name": "資格健康保険組合", "issuer_name": "資格健康保険組合理事長", "prefecture": "東京都", "postal_code": "100-0001", "address": "東京都資格区確認町9-9-9",
         "contact": "電話 03-0000-0000", "certificate_form": "employees", "certificate_months": 24, "certificate_last_day": "07-31",
         "notice_policy": "all"}


def png(width=2, height=2, more=b""):
    """A picture, with so many bytes more in a chunk that says nothing."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x7f" * width for _ in range(min(height, 16))))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", rows)
            + (chunk(b"teXt", more) if more else b"") + chunk(b"IEND", b""))


def sent(picture):
    return base64.b64encode(picture).decode()


@pytest.fixture
def insurer(database, service):
    made = new_insurer(database, service)
    with made.client:
        yield made


def test_an_insurer_reads_what_was_registered_with_its_first_token(insurer):
    answer = insurer.get()
    assert answer.status == 200
    assert answer.json == {
        "insurer_number": insurer.number, "printed_number": insurer.number, "name": "試験健康保険組合", "issuer_name": None, "prefecture": None,
        "postal_code": None, "address": None, "contact": None, "seal": None, "certificate_form": None, "certificate_months": 60,
        "certificate_last_day": None, "notice_policy": "linked", "changed_at": "2026-11-01T09:00:00.000+09:00"}
    assert answer.header("Cache-Control") == "no-store" and answer.header("ETag")


def test_an_insurer_keeps_what_its_papers_show(insurer):
    seal = sent(png())
    put = insurer.put({**WHOLE, "seal": seal})
    assert put.status == 200
    assert put.json == {**put.json, **WHOLE, "seal": seal, "changed_at": "2026-11-22T10:00:00.000+09:00"}
    got = insurer.get()
    assert (got.body, got.header("ETag")) == (put.body, put.header("ETag"))


def test_a_record_goes_back_as_it_came_and_the_same_again_changes_nothing(insurer):
    first = insurer.put({**WHOLE, "seal": sent(png())})
    again = insurer.put(insurer.get().json)
    assert (again.status, again.body, again.header("ETag")) == (200, first.body, first.header("ETag"))


def test_what_is_left_out_has_its_default(insurer):
    insurer.put({**WHOLE, "seal": sent(png())})
    answer = insurer.put({"name": "資格健康保険組合", "address": None}).json
    assert {answer[name] for name in ("issuer_name", "prefecture", "postal_code", "address", "contact", "seal", "certificate_form",
                                      "certificate_last_day")} == {None}
    assert (answer["certificate_months"], answer["notice_policy"]) == (60, "linked")


def test_two_who_change_at_once_do_not_undo_each_other(insurer):
    seen = insurer.get().header("ETag")
    assert insurer.put({"name": "一"}, headers={"If-Match": seen}).status == 200
    refused(insurer.put({"name": "二"}, headers={"If-Match": seen}), 412, "precondition_failed")
    assert insurer.get().json["name"] == "一"
    assert insurer.put({"name": "二"}, headers={"If-Match": "*"}).status == 200
    assert insurer.put({"name": "三"}).status == 200


@pytest.mark.parametrize("tag", ['"0"', '"x"', "0", '""', 'W/"64a4f1c2e8b40"', '"64a4f1c2e8b40", "64a4f1c2e8b41"', '"ffffffffffffffff"'])
def test_a_version_that_is_none_is_not_the_one_that_is_there(insurer, tag):
    refused(insurer.put({"name": "二"}, headers={"If-Match": tag}, wrong=True), 412, "precondition_failed")
    assert insurer.get().json["name"] == "試験健康保険組合"


def test_spellings_are_brought_into_one(insurer):
    answer = insurer.put({"name": "　資格組合 ", "postal_code": "１００００ー０１".replace("ー", "")})
    assert (answer.json["name"], answer.json["postal_code"]) == ("資格組合", "100-0001")


def test_a_national_insurer_is_found_by_its_six_digits(database, service):
    insurer = new_insurer(database, service, prefix="00", printed=6)
    with insurer.client as client:
        short = client.get(f"/v1/insurers/{insurer.number[2:]}")
        assert short.status == 200 and short.body == insurer.get().body
        assert (short.json["insurer_number"], short.json["printed_number"]) == (insurer.number, insurer.number[2:])


@pytest.mark.parametrize("change, expected", [
    ({"name": None}, {"/name": "required"}), ({"name": ""}, {"/name": "wrong_form"}), ({"name": "　 "}, {"/name": "wrong_form"}),
    ({"name": "あ" * 201}, {"/name": "too_long"}), ({"name": "一\n二"}, {"/name": "wrong_form"}), ({"name": 1}, {"/name": "wrong_type"}),
    ({"name": "一\u0000"}, {"/name": "wrong_form"}), ({"contact": "a\u2028b"}, {"/contact": "wrong_form"}),
    ({"issuer_name": "あ" * 201}, {"/issuer_name": "too_long"}), ({"prefecture": ""}, {"/prefecture": "wrong_form"}),
    ({"address": "\t"}, {"/address": "wrong_form"}),
    ({"postal_code": "100000"}, {"/postal_code": "wrong_form"}), ({"certificate_form": "paper"}, {"/certificate_form": "not_one_of"}),
    ({"certificate_months": 0}, {"/certificate_months": "out_of_range"}), ({"certificate_months": 61}, {"/certificate_months": "out_of_range"}),
    ({"certificate_months": 1.5}, {"/certificate_months": "wrong_type"}), ({"certificate_months": "12"}, {"/certificate_months": "wrong_type"}),
    ({"certificate_last_day": "02-29"}, {"/certificate_last_day": "wrong_form"}),
    ({"certificate_last_day": "04-31"}, {"/certificate_last_day": "wrong_form"}), ({"certificate_last_day": "7-31"}, {"/certificate_last_day": "wrong_form"}),
    ({"notice_policy": "none"}, {"/notice_policy": "not_one_of"}), ({"insurer_number": "06136022"}, {"/insurer_number": "not_one_of"}),
    ({"stamp": "x"}, {"/stamp": "unknown_field"}), ({"seal": 1}, {"/seal": "wrong_type"}),
])
def test_wrong_input_is_named_and_changes_nothing(insurer, change, expected):
    before = insurer.get().body
    refused_fields(insurer.put({**WHOLE, **change}, wrong=True), expected)
    assert insurer.get().body == before


@pytest.mark.parametrize("seal, code", [
    ("", "wrong_form"), ("????", "wrong_form"), (sent(b"GIF89a" + bytes(60)), "wrong_form"), (sent(png())[:-4], "wrong_form"),
    (sent(png(width=0)), "wrong_form"), (sent(png(width=2049)), "wrong_form"), (sent(png(height=100000)), "wrong_form"),
    (sent(png(more=bytes(65536))), "too_long"), (sent(png()) + "\n", "wrong_form"),
])
def test_a_seal_is_a_small_picture(insurer, seal, code):
    refused_fields(insurer.put({**WHOLE, "seal": seal}, wrong=True), {"/seal": code})


def test_a_seal_of_64_kib_is_kept_whole(insurer):
    picture = png(width=2048, height=2048, more=bytes(65536 - len(png(width=2048, height=2048)) - 12))
    assert len(picture) == 65536
    assert insurer.put({**WHOLE, "seal": sent(picture)}).status == 200
    assert base64.b64decode(insurer.get().json["seal"]) == picture


@pytest.mark.parametrize("body, status, code", [(b"{", 400, "not_json"), (b'{"name":"a","name":"b"}', 400, "duplicate_key"),
                                                (b" " * 140000, 413, "body_too_large")],
                         ids=["no JSON", "a name twice", "too large"])
def test_a_body_that_cannot_be_read_is_refused(insurer, body, status, code):
    refused(insurer.put(body, wrong=True), status, code)


def test_nobody_else_reads_or_changes_it(database, service, insurer, token):
    other = new_insurer(database, service)
    with other.client as client:
        refused(client.get(insurer.path), 403, "not_your_insurer")
        refused(client.request("PUT", insurer.path, WHOLE), 403, "not_your_insurer")
        for nobody in ("x", "0613602", "06136022123"):
            refused(client.get(f"/v1/insurers/{nobody}", wrong=True), 403, "not_your_insurer")
    for scope in (token, database.token("operator"), database.token("portal")):
        with Client(service, scope) as client:
            refused(client.get(insurer.path), 403, "scope_missing")
            refused(client.request("PUT", insurer.path, WHOLE), 403, "scope_missing")
    with Client(service) as client:
        refused(client.get(insurer.path, wrong=True), 401, "token_missing")
    assert insurer.get().json["name"] == "試験健康保険組合"


def test_a_change_stands_in_the_security_log(insurer, service):
    insurer.put(WHOLE)
    assert f"insurer record put insurer={insurer.number} token=" in service.security_log()
