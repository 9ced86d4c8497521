"""The kinds of requests that are tortured: the bytes of one, and what it answers when nothing is wrong."""

import hashlib
import json
import secrets
import uuid

from support_wire import check_request, request

SUSPENSIONS = "/v1/card-suspensions"


class Kind:
    of_metrics = False

    def __init__(self, name, status, make, code=None, validity=None, every=True):
        """every: all of its allocations fail once; else not all beyond the first 40, which another kind has too."""
        self.name, self.status, self.code, self.validity, self._make, self.every = name, status, code, validity, make, every

    def __repr__(self):
        return self.name

    def make(self, campaign):
        return self._make(campaign)

    def again(self, campaign, data):
        """The same question once more, when memory is there again."""
        return self.make(campaign)

    def wanted_again(self, wanted):
        return wanted

    def expects(self, answer):
        if answer.status != self.status or (self.code is not None and answer.code() != self.code):
            return False
        return self.validity is None or answer.json()["validity"] == self.validity


def authorised(campaign, scope="terminal"):
    return f"Authorization: Bearer {campaign.tokens[scope]}"


def post(path, body, campaign, *headers, scope="terminal"):
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return request("POST", path, [authorised(campaign, scope), "Content-Type: application/json", *headers], data)


def by_keys(**fields):
    return lambda campaign: check_request(campaign.tokens["terminal"], **fields)


def by_body(body):
    return lambda campaign: check_request(campaign.tokens["terminal"], body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode())


def challenge_of(campaign):
    answer = campaign.good(lambda: request("POST", "/v1/card-challenges", [authorised(campaign)], b""))
    assert answer.status == 201, answer
    return answer.json()["challenge"]


def by_card(name, changes=None, **fields):
    """A check by the card of this name (conftest.py), each with a challenge of its own."""
    def make(campaign):
        presented = {**campaign.cards[name].presented(challenge_of(campaign)), **(changes or {})}
        return by_body({**fields, "presented": presented})(campaign)
    return make


LIMITS = "/v1/limit-queries"
MONTH = {"care_month": "2026-11", "consents": {"limit_information": True, "specific_diseases": True}, "total_medical_cost": 1000000,
         "care": "inpatient", "specific_disease": "1", "paid_so_far": 10000}


def limit_by_keys(**fields):
    """Of somebody of 70 and above, whose category follows from the ratio."""
    def make(campaign):
        return post(LIMITS, {**MONTH, "presented": {"kind": "eligibility_certificate", **campaign.elderly.asked()}, **fields}, campaign)
    return make


def limit_by_card(name):
    def make(campaign):
        return post(LIMITS, {**MONTH, "presented": campaign.cards[name].presented(challenge_of(campaign))}, campaign)
    return make


def with_new_token(campaign):
    """A token that the service has not met."""
    token = f"skk_{secrets.token_urlsafe(32)}"
    campaign.service.database.run(
        """INSERT INTO shikaku.tokens (digest, scope, owner, label, rate_per_second, burst, created_at, expires_at)
           SELECT %s, scope, owner, label, rate_per_second, burst, created_at, expires_at FROM shikaku.tokens
            WHERE scope = 'terminal' ORDER BY token_id LIMIT 1""", (hashlib.sha256(token.encode()).digest(),))
    return check_request(token)


class Same(Kind):
    """Where the very same bytes are sent again: as a client does with an Idempotency-Key."""

    def again(self, campaign, data):
        return data


class Making(Same):
    """A suspension: asked for again with its Idempotency-Key, it is the same one, made then or now."""

    def wanted_again(self, wanted):
        status, headers, body = wanted
        return status, {**headers, "idempotent-replayed": "true"}, body

    def make(self, campaign):
        lift_all(campaign)
        return suspend(campaign, str(uuid.uuid4()))


class Repeating(Same):
    """The Idempotency-Key of one that was made."""

    def make(self, campaign):
        if not hasattr(campaign, "kept_key"):
            lift_all(campaign)
            campaign.kept_key = str(uuid.uuid4())
            assert campaign.good(lambda: suspend(campaign, campaign.kept_key)).status == 201
        return suspend(campaign, campaign.kept_key)


class Lifting(Same):
    def make(self, campaign):
        lift_all(campaign)
        key = str(uuid.uuid4())  # one: what was answered 503 may have been done
        made = campaign.good(lambda: suspend(campaign, key))
        assert made.status == 201, made
        return lift(campaign, made.json()["suspension_id"])


class Reporting(Same):
    """A ceiling month that is on record: reported again, it is the same one."""

    def make(self, campaign):
        if not hasattr(campaign, "month_reported"):
            assert campaign.good(lambda: report_month(campaign)).status in (200, 201)
            campaign.month_reported = True
        return report_month(campaign)


def report_month(campaign):
    return post("/v1/ceiling-months", {"person": campaign.person.asked(), "month": "2026-10", "care": "inpatient"}, campaign)


def suspend(campaign, key):
    return post(SUSPENSIONS, {"person": campaign.person.asked(), "reason": "stolen"}, campaign, f"Idempotency-Key: {key}", scope="operator")


def lift(campaign, suspension):
    return request("POST", f"{SUSPENSIONS}/{suspension}/lift", [authorised(campaign, "operator")])


def lift_all(campaign):
    """What is in force of the person, by whichever try."""
    for (suspension,) in campaign.service.database.run(
            "SELECT suspension_id::text FROM shikaku.card_suspensions WHERE lifted_at IS NULL AND person_id = %s", (campaign.person.person_id,)):
        assert campaign.good(lambda: lift(campaign, suspension)).status == 200


MEMBER = "/v1/insurers/01130012/members/torture-1"
RECORD = {"name": "資格　花子", "name_kana": "ｼｶｸ ﾊﾅｺ", "sex": "female", "birth_date": "1953-05-17", "postal_code": "1000001", "address": "東京都資格区1",
          "memberships": [{"relationship": "insured", "symbol": "協会－１２", "number": "0 45", "branch_number": "００", "acquired_on": "2020-04-01"}],
          "ratios": [{"percent": 20, "valid_from": "2026-08-01"}], "limits": [{"category": "B04", "valid_from": "2026-08-01"}],
          "specific_diseases": [{"category": "1", "self_pay": 10000, "valid_from": "2024-01-01"}]}
WRONG_RECORD = {**RECORD, "name": "", "sex": "2", "memberships": [{"number": "\0", "lost_on": "2020"}, {}], "limits": [{"category": "A03"}]}


class OfMember(Kind):
    """About a member who is registered, and is afterwards as before."""

    def __init__(self, name, status, method, path="", body=None, code=None):
        super().__init__(name, status, lambda campaign: self.to_member(campaign, method, path, body), code)

    @staticmethod
    def to_member(campaign, method, path, body):
        headers = [authorised(campaign, "insurer")]
        if body is None:
            return request(method, MEMBER + path, headers)
        return request(method, MEMBER + path, [*headers, "Content-Type: application/json"], json.dumps(body, ensure_ascii=False).encode())

    def make(self, campaign):
        if not hasattr(campaign, "registered"):
            assert campaign.good(lambda: self.to_member(campaign, "PUT", "", RECORD)).status in (200, 201)
            campaign.registered = True
        return super().make(campaign)


TABLES = "/v1/limit-tables"
TABLE = {"from": "2027-08", "source": "政令", "note": "長い説明" * 50,
         "amounts": [{"category": category, "base": 60000, "threshold": 0, "rate_percent": 0, "multiple": 44000, "annual_ceiling": 500000}
                     for category in [f"A0{digit}" for digit in range(1, 7)] + [f"B{number:02}" for number in range(1, 11)]]}
WRONG_TABLE = {**TABLE, "until": "2027-07", "amounts": [{**line, "base": 0, "multiple": -1, "outpatient_ceiling": 8000} for line in TABLE["amounts"][3:]]}


class RepeatingTable(Same):
    """The Idempotency-Key of a table of amounts that was added."""

    def make(self, campaign):
        if not hasattr(campaign, "kept_key"):
            campaign.kept_key = str(uuid.uuid4())
            assert campaign.good(lambda: add_table(campaign, TABLE, campaign.kept_key)).status == 201
        return add_table(campaign, TABLE, campaign.kept_key)


def add_table(campaign, table, key):
    return post(TABLES, table, campaign, f"Idempotency-Key: {key}", scope="operator")


def see_tables(path):
    return lambda campaign: request("GET", path, [authorised(campaign, "operator")])


class OfMetrics(Kind):
    of_metrics = True


def get(path, *headers):
    return lambda campaign: request(path=path, headers=headers)


WRONG_FIELDS = {"visit_date": "2026-02-30", "with_card": "yes", "unheard_of/~": 1,
                "presented": {"kind": "library_card", "insurer_number": "12", "symbol": "あ" * 60, "number": 7, "branch_number": "123",
                              "birth_date": "1980-02-30"}}
FULL_WIDTH = {"presented": {"kind": "eligibility_certificate", "insurer_number": "０１１３００１２", "symbol": "１２３４５６７８",
                            "number": "１２３ ４５６７", "branch_number": "００", "birth_date": "1980-05-17"}}

AGREED = {"limit_information": True, "specific_diseases": True}

KINDS = [
    Kind("healthz", 200, get("/healthz")),
    Kind("readyz", 200, get("/readyz")),
    OfMetrics("metrics", 200, get("/metrics")),
    Kind("contract", 200, get("/openapi.yaml")),
    Kind("unknown_path", 404, get("/v1/nothing"), "no_such_path"),
    Kind("wrong_method", 405, get("/v1/eligibility-checks"), "method_not_allowed"),
    Kind("no_token", 401, lambda _: request("POST", "/v1/card-challenges", [], b""), "token_missing"),
    Kind("unknown_token", 401, lambda _: check_request("skk_" + "x" * 43), "token_invalid"),
    Kind("not_json", 400, by_body(b'{"presented": {"kind": '), "not_json"),
    Kind("duplicate_key", 400, by_body(b'{"visit_date": "2026-11-22", "visit_date": "2026-11-22"}'), "duplicate_key"),
    Kind("wrong_fields", 422, by_body(WRONG_FIELDS), "invalid_fields"),
    Kind("challenge", 201, lambda campaign: request("POST", "/v1/card-challenges", [authorised(campaign)], b"")),
    Kind("found", 200, by_keys(), validity="valid"),
    Kind("found_as_written", 200, by_body(FULL_WIDTH), validity="valid"),
    Kind("not_found", 200, by_keys(number="9999999"), validity="not_found"),
    Kind("multiple", 200, by_body({"presented": {"kind": "eligibility_certificate", "insurer_number": "06136022", "symbol": "20", "number": "300",
                                                 "birth_date": "2016-11-22"}}), validity="multiple"),
    Kind("as_known", 200, by_keys(known_at="2026-11-20T00:00:00+09:00"), validity="valid"),
    Kind("new_token", 200, with_new_token, validity="valid"),
    Kind("known_card", 200, by_card("known", consents=AGREED), validity="valid"),
    Kind("known_phone", 200, by_card("phone"), validity="valid"),
    Kind("known_card_as_known", 200, by_card("known", known_at="2026-11-20T00:00:00+09:00", consents=AGREED), validity="valid"),
    Kind("unknown_card", 200, by_card("unknown")),
    Kind("unknown_phone", 200, by_card("unknown_phone")),
    Kind("revoked_card", 200, by_card("revoked"), every=False),
    Kind("stranger_card", 422, by_card("stranger"), "card_certificate_untrusted", every=False),
    Kind("broken_certificate", 422, by_card("known", {"certificate": "MIIBAAAA"}), "card_certificate_malformed"),
    Kind("wrong_signature", 422, by_card("known", {"signature": "QUFB" * 85 + "QQ=="}), "card_signature_invalid"),
    Kind("limit", 200, limit_by_keys(), validity="valid"),
    Kind("limit_as_known", 200, limit_by_keys(known_at="2026-11-20T00:00:00+09:00"), validity="valid"),
    Kind("limit_by_card", 200, limit_by_card("known"), validity="valid"),
    Kind("limit_without_table", 422, limit_by_keys(care_month="2030-01"), "care_month_without_table"),
    Kind("limit_wrong", 422, limit_by_keys(care_month="2026", care="dental", total_medical_cost=-1, prior_ceiling_months=12),
         "invalid_fields", every=False),
    Making("suspension", 201, None),
    Repeating("suspension_again", 201, None),
    Lifting("lifting", 200, None),
    Reporting("ceiling_month", 200, None),
    OfMember("member_put", 200, "PUT", body=RECORD),
    OfMember("member_read", 200, "GET"),
    OfMember("member_patch", 200, "PATCH", body={"address": "東京都資格区1"}),
    OfMember("member_reinstatement", 200, "POST", "/reinstatement", {}),
    OfMember("member_history", 200, "GET", "/history"),
    OfMember("member_wrong", 422, "PUT", body=WRONG_RECORD, code="invalid_fields"),
    Kind("limit_tables", 200, see_tables(TABLES)),
    Kind("limit_table", 200, see_tables(f"{TABLES}/2026-11")),
    RepeatingTable("limit_table_again", 201, None),
    Kind("limit_table_wrong", 422, lambda campaign: add_table(campaign, WRONG_TABLE, "x"), "invalid_fields"),
]
