"""The rules themselves: what they have to allow, where a history has once shown them to be too strict."""

from __future__ import annotations

from tests.simulation.histories.history import History, Step
from tests.simulation.play import play

DIES = Step("the active NAT fails", 20.0, ("rules flushed",))
ENVIRONMENT = {"NAT_FAILOVER_WARM_UP": "60"}


def test_hosts_that_are_replaced_while_an_invocation_decides_by_what_they_said_have_failed_none_the_less() -> None:
    replaced = [Step("a backend is replaced", 0.0, (number,), ("PutParameter claim", 1)) for number in range(2)]
    played = play(History(1, {}, ENVIRONMENT, steps=(DIES, *replaced), lasts=90.0))
    assert played.violations == []
    assert played.seen["a backend is replaced"] == 2
    assert played.seen["failovers begun"] == 2


def test_whoever_rearms_a_failover_that_has_failed_has_the_split_subnets_to_mend() -> None:
    storm = ("ReplaceRouteTableAssociation", 0.87, ("throttled",))
    deleted = Step("a person deletes the lock", 36.0)
    played = play(History(211, {}, ENVIRONMENT, storms=(storm,), steps=(DIES, deleted), lasts=90.0))
    assert played.violations == []
    assert (played.seen["lock: failed"], played.seen["finales"]) == (1, 1)


def test_what_is_put_back_into_the_lock_may_be_put_back_twice() -> None:
    twice = ("PutParameter", 1.0, ("made twice",))
    rearms = Step("a person re-arms", 0.8, (), ("PutParameter lock", 1))
    played = play(History(8, {}, ENVIRONMENT, storms=(twice,), steps=(DIES, rearms), lasts=90.0))
    assert played.violations == []
    assert played.seen["words put back into the lock"] == 1
