"""The decision where no backend was ever online through the active NAT."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.network.instances import Nat
from nat_failover.probing.observation import Observation
from tests.examples import BACKENDS, NOW, PRIMARY, STANDBY, failures, settings, situation, watching, well


def decision(**changes: Any) -> Decision:
    """Decide where three backends are offline, and none was ever online."""
    return decide(situation(has_worked=False, **changes), settings())


@pytest.mark.parametrize("by_active", [True, False, None])
@pytest.mark.parametrize("by_passive", [True, False, None])
def test_backends_that_were_never_online_through_the_active_nat_hold_whatever_they_say_of_ports(
    by_active: bool | None, by_passive: bool | None
) -> None:
    decided = decision(backends=failures(by_active=by_active, by_passive=by_passive))
    assert (decided.action, decided.cause, decided.ask) == (Action.HOLD, Cause.NEVER_ONLINE, ())
    assert sorted(o.host for o in decided.evidence) == list(BACKENDS[:3])


def test_that_none_was_ever_online_names_the_hosts_the_targets_and_the_nat() -> None:
    reason = decision().reason
    assert all(named in reason for named in (*BACKENDS[:3], PRIMARY, "1.1.1.1, 8.8.8.8, 9.9.9.9"))


@pytest.mark.parametrize("state", ["stopping", "stopped", "shutting-down", "terminated", "gone"])
def test_a_nat_that_ec2_says_is_gone_need_not_have_worked(state: str) -> None:
    nats = {PRIMARY: Nat(PRIMARY, state, None), STANDBY: Nat(STANDBY, "running", NOW - 90_000)}
    assert decision(nats=nats).action is Action.FAIL_OVER


@pytest.mark.parametrize(
    ("backends", "cause"),
    [
        ([*failures(3), *watching(*BACKENDS[3:])], Cause.FEW_FAILURES),
        ([*failures(1), *watching(*BACKENDS[3:5])], Cause.WAITING),
        ([*failures(3, at=NOW - 40, since=NOW - 42)], Cause.UNCONFIRMED),
        (watching(*BACKENDS[:3]), Cause.WAITING),
        ([], Cause.CANNOT_JUDGE),
        (well(*BACKENDS[:3]), Cause.HEALTHY),
    ],
    ids=["most may be online", "others have yet to say", "long ago", "all have yet to say", "nobody", "all are online"],
)
def test_nobody_says_that_none_was_ever_online_before_enough_have_spoken(
    backends: list[Observation], cause: Cause
) -> None:
    assert decision(backends=backends).cause is cause
