"""Protected is what has been proven since the pair was armed: that backends get through the passive NAT."""

from __future__ import annotations

from datetime import datetime

from tests.cli.person import Person, in_lab
from tests.lab.lab import Lab
from tests.lab.standing import standing

# A watch, and what the next one takes to begin.
ROUND = 600.0 + 120.0


@in_lab()
def test_a_pair_that_was_armed_by_hand_is_protected_once_backends_got_through_its_passive_nat_since(
    lab: Lab, alice: Person
) -> None:
    alice.fails_over()
    lab.cloud.set_lock("armed")
    lab.wait(5)
    at_first = standing(lab)
    assert not at_first.protected
    assert at_first.trouble == ()
    assert at_first.proof is not None
    assert at_first.proof.said.startswith("armed, but not proven since ")
    due = datetime.fromisoformat(at_first.proof.by).timestamp() - lab.world.now()
    lab.wait(due)
    in_time = standing(lab)
    assert in_time.protected
    assert in_time.proof is not None
    assert len(in_time.proof.through) >= 3
    assert in_time.proof.said == ""


@in_lab()
def test_a_pair_that_was_armed_while_its_passive_nat_forwards_nothing_is_not_protected_then_nor_later(
    lab: Lab, alice: Person
) -> None:
    alice.fails_over()
    lab.network.set_forwarding("nat01", False)
    lab.cloud.set_lock("armed")
    lab.wait(5)
    assert not standing(lab).protected
    lab.wait(ROUND)
    later = standing(lab)
    assert not later.protected
    assert "did not reach the Internet through it" in later.trouble[0]
