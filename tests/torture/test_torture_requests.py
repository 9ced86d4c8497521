"""Memory that runs out at any moment of a request: the client is told the truth, 503, or nothing; never anything else."""

import pytest

from kinds import KINDS


@pytest.mark.parametrize("kind", KINDS, ids=repr)
def test_memory_that_runs_out_never_makes_another_answer(kind, campaigns):
    campaign = campaigns[kind].result()
    assert not campaign.findings, campaign.words()
    assert len(campaign.last) == 2 and min(campaign.last.values()) > 3, "nothing was made to fail"
