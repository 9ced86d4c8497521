"""Sockets that give and take a few bytes at a time, are interrupted, and are not ready when they seemed to be: to clients and to
PostgreSQL."""

import pytest

from kinds import KINDS
from support.evidence import assert_on_record
from torture import LOOP, is_check, meaning

QUESTIONS = [kind for kind in KINDS if kind.name in (
    "readyz", "contract", "wrong_fields", "found", "not_found", "as_known", "known_card", "unknown_phone", "suspension", "new_token")]


@pytest.fixture(scope="module")
def whole(world):
    """What is answered to whom nothing is cut in pieces."""
    return {kind: meaning(answer) for kind, answer in world.calm_answers(QUESTIONS).items()}


@pytest.mark.parametrize("every", [0, 3], ids=["only_short", "interrupted_too"])
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
def test_bytes_that_come_and_go_in_pieces_make_the_same_answers(world, whole, piece, every):
    with world.tortured() as campaign_of:
        control = campaign_of.service.control
        control["threads"], control["interrupted_every"], control["piece"] = LOOP, every, piece
        checks = []
        for kind in QUESTIONS:
            if kind.name == "contract" and piece < 7:
                continue  # 40 KiB, byte by byte, takes long and shows nothing more
            campaign = campaign_of(kind)
            answer = campaign.ask_calmly(kind.make(campaign))
            assert meaning(answer) == whole[kind], (kind, answer)
            if is_check(answer):
                checks.append(answer)
        assert control["calls"] > 1000 // piece, "nothing was cut"
        # The connections to the database are made anew, in pieces too.
        campaign_of.database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shikaku_service'"
                                 " AND datname = current_database()", user="postgres")
        campaign_of.service.wait_unready()
        campaign_of.service.wait_ready()
        campaign = campaign_of(QUESTIONS[3])
        checks.append(campaign.good(lambda: QUESTIONS[3].make(campaign)))
        control["piece"] = control["interrupted_every"] = 0
        assert len(checks) > 5
        assert_on_record(campaign_of.database, checks)
        assert campaign_of.service.end() is None
