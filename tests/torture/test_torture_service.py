"""Memory that runs out while the service starts, reads its anchors again, connects to the database anew, or stops."""

import re
import signal
import subprocess
import time

import pytest

from kinds import KINDS
from torture import FROM, LOOP, MAIN, MODES, ONCE, SANITIZED, is_check, is_regret, meaning, short
from support.evidence import assert_on_record
from support_service import PATIENCE, SANITIZER, wait_until

KIND = {kind.name: kind for kind in KINDS}
NEVER = 2**31
STAYS = "the anchors and revocation lists stay as they were"


def growing(first, factor, most):
    """The first ones all, then ever fewer."""
    at = 1
    while at <= most:
        yield at
        at = at + 1 if at < first else int(at * factor) + 1


def found(findings):
    return "\n".join(findings[:10])


@pytest.mark.parametrize("mode", MODES, ids=["once", "from_there_on"])
def test_a_start_without_memory_ends_in_words_or_serves(world, mode):
    findings, started, refused = [], 0, 0
    with world.tortured() as campaign_of:
        service, control = campaign_of.service, campaign_of.service.control
        assert service.end() is None
        service.forgive_openssl()
        for at in growing(*((10, 1.2, 20000) if SANITIZED else (30, 1.12, 20000))):
            service.log_file.write_text("")
            control.arm(mode, at, MAIN)
            service.start(wait=None)
            while service.process.poll() is None and service.status("/healthz") != 200:
                time.sleep(0.01)
            failed = control.disarm()
            if service.process.poll() is None:
                service.wait_ready()
                started += 1
                answer = campaign_of(KIND["known_card"]).calm_answer()
                if not is_check(answer) or answer.json()["validity"] != "valid":
                    findings.append(f"n={at} serves {short(answer)}: {control.place()}")
                code = service.stop(PATIENCE)
            else:
                refused += 1
                code = 0 if service.process.returncode > 0 and service.log().strip() else service.process.returncode or "no word"
            if code != 0 or SANITIZER.search(service.log()):
                findings.append(f"n={at} ended with {code}: {control.place()}\n{service.log()[-1500:]}")
            if not failed:
                break
    assert not findings, found(findings)
    assert not failed and started > 0 and refused > 5


@pytest.mark.parametrize("mode", MODES, ids=["once", "from_there_on"])
def test_anchors_and_lists_read_again_without_memory_are_the_old_ones_or_the_new_ones_whole(world, mode):
    """A card that the list names is never good, and one of ours never a stranger's."""
    findings, kept, taken = [], 0, 0
    revoked, known = world.cards["revoked"], world.cards["known"]
    with world.tortured(log_level="info") as campaign_of:
        service, control = campaign_of.service, campaign_of.service.control
        campaigns = [campaign_of(KIND[name]) for name in ("known_card", "revoked_card", "unknown_phone")]

        def read_again():
            """"kept" or "taken", as the log says"""
            before = len(service.log())
            service.process.send_signal(signal.SIGHUP)
            words = wait_until(lambda: words_of_reload(service.log()[before:]), "the reload to end in words")
            time.sleep(0.02)  # what follows the words says nothing any more
            return words

        def answers():
            return [meaning(campaign.calm_answer()) for campaign in campaigns]

        def write_list(names_known):
            world.believed.revoke("g2", *((card.serial, "keyCompromise") for card in ([revoked, known] if names_known else [revoked])))

        try:
            wanted = {}
            for now in (True, False):
                write_list(now)
                assert read_again() == "taken"
                wanted[now] = answers()
            assert wanted[True] != wanted[False] == answers()
            needed = []
            for now in (True, False):
                write_list(now)
                control.arm(ONCE, NEVER, MAIN)
                assert read_again() == "taken" and not control.disarm()
                needed.append(control["counted"])
            # The last ones are what tells the loop.
            few, most = min(needed) - 8, max(needed) + 2
            for at in [*growing(*((10, 1.4, few) if SANITIZED else (60, 1.05, few))), *range(few + 1, most)]:
                write_list(not now)
                control.arm(mode, at, MAIN)
                news = read_again()
                control.disarm()
                kept, taken = kept + (news == "kept"), taken + (news == "taken")
                now = now if news == "kept" else not now
                end = time.monotonic() + 3  # the loop takes it between two turns
                while (come := answers()) != wanted[now] and time.monotonic() < end:
                    time.sleep(0.02)
                if come != wanted[now]:
                    findings.append(f"n={at}, {news}: {come}: {control.place()}")
        finally:
            write_list(False)
        assert service.end() is None
    assert not findings, found(findings)
    assert kept > 10 and taken > 0


def words_of_reload(said):
    if STAYS in said:
        return "kept"
    return "taken" if len(re.findall("anchor=[0-9a-f]+ use=", said)) == 3 else None


@pytest.mark.parametrize("mode", MODES, ids=["once", "from_there_on"])
def test_a_connection_to_the_database_that_finds_no_memory_is_made_later(world, mode):
    findings = []
    with world.tortured() as campaign_of:
        service, control = campaign_of.service, campaign_of.service.control
        found_by_keys = campaign_of(KIND["found"])
        wanted = meaning(found_by_keys.calm_answer())
        checks = []
        for at in growing(*((4, 1.6, 2000) if SANITIZED else (8, 1.25, 2000))):
            control.arm(mode, at, LOOP)
            campaign_of.database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shikaku_service'"
                                     " AND datname = current_database()", user="postgres")
            end = time.monotonic() + 0.6
            while not control["failed"] and time.monotonic() < end:
                time.sleep(0.01)
            # Some more turns of it, where everything fails.
            time.sleep(0.2 if mode == FROM else 0)
            answer = found_by_keys.ask_calmly(found_by_keys.kind.make(found_by_keys))
            failed = control.disarm()
            if answer is not None and meaning(answer) != wanted and not is_regret(answer):
                findings.append(f"n={at}: {short(answer)}: {control.place()}")
            checks.append(found_by_keys.good(lambda: found_by_keys.kind.make(found_by_keys)))
            service.wait_ready()
            if not failed:
                break
        assert all(meaning(check) == wanted for check in checks)
        assert_on_record(campaign_of.database, checks)
        assert service.end() is None
    assert not findings, found(findings)
    assert len(checks) > 8


@pytest.mark.parametrize("mode", MODES, ids=["once", "from_there_on"])
def test_a_stop_without_memory_is_a_stop(world, mode):
    """What is under way is answered, or told 503, or closed; the exit code is 0."""
    findings = []
    with world.tortured(drain_timeout_ms=200 if not SANITIZED else 2000) as campaign_of:
        service, control = campaign_of.service, campaign_of.service.control
        campaign = campaign_of(KIND["known_card"])
        wanted = meaning(campaign.calm_answer())
        for threads in (MAIN, LOOP):
            for at in (growing(3, 2, 40) if SANITIZED else growing(5, 1.7, 80)):
                data = campaign.kind.make(campaign)
                with service.wire() as wire, service.wire() as idle:
                    idle.send(b"GET /healthz HTTP/1.1\r\n")
                    control.arm(mode, at, threads)
                    wire.send(data)
                    service.process.send_signal(signal.SIGTERM)
                    answer = wire.read()
                    try:
                        code = service.process.wait(PATIENCE)
                    except subprocess.TimeoutExpired:
                        code = "still there"
                    control.disarm()
                if answer is not None and meaning(answer) != wanted and not is_regret(answer) and answer.code() != "stopping":
                    findings.append(f"threads={threads} n={at}: {short(answer)}: {control.place()}")
                if code != 0 or SANITIZER.search(service.log()):
                    findings.append(f"threads={threads} n={at}: ended with {code}: {control.place()}\n{service.log()[-1500:]}")
                if is_check(answer):
                    assert_on_record(campaign_of.database, [answer])
                service.start()
        assert service.end() is None
    assert not findings, found(findings)
