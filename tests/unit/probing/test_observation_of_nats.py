"""What a probe says of both NATs, and what a listener says of hosts."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.probing.invocation import Invocation, State
from nat_failover.probing.observation import Observation, observe
from nat_failover.probing.signals import relayed
from nat_failover.probing.survey import latest_of
from tests.examples import NOW
from tests.unit.probing.observing import (
    ACTIVE,
    HOST,
    PASSIVE,
    SENT_AT,
    ended,
    observed,
    probe_line,
    round_sent,
    under_way,
)

# Both NATs


@pytest.mark.parametrize(
    ("column", "known"), [("yes", True), ("no", False), ("unknown", None), (1, None), (None, None)]
)
def test_what_it_says_of_each_nat_is_yes_no_or_not_known(column: object, known: bool | None) -> None:
    assert observed(ended(1, probe_line(active=column))).by_active is known
    assert observed(ended(1, probe_line(passive=column))).by_passive is known


@pytest.mark.parametrize("invocation", [ended(1, probe_line()), under_way("Pending"), ended(2, "")])
def test_whatever_is_known_of_a_host_is_known_about_the_nats_that_its_round_named(invocation: Invocation) -> None:
    assert observed(invocation).about == (ACTIVE, PASSIVE)


SIGNALS = "10.0.1.5,f,0.31,1 10.0.1.6,n,2.50,0 10.0.9.9,f,0.10,1"


def listening(exit_code: int = 1, **changes: Any) -> Observation:
    """Observe the passive NAT, whose watch has ended as it heard so."""
    return observed(ended(exit_code, probe_line("online", heard=SIGNALS) if not changes else probe_line(**changes)))


def test_a_nat_that_has_evidence_to_tell_is_online_though_it_ends_as_if_it_had_failed() -> None:
    assert listening().state is State.REACHABLE
    assert listening(state="online").state is State.BROKEN
    assert listening(0, state="offline", heard=SIGNALS).state is State.BROKEN


def test_a_listener_tells_for_each_host_with_an_address_that_is_known_what_it_has_said_last_and_when() -> None:
    listener = listening()
    offline, online = relayed(listener, {"10.0.1.5": "i-a", "10.0.1.6": "i-b"})
    assert (offline.host, offline.state, offline.by_active, offline.by_passive) == (
        "i-a",
        State.UNREACHABLE,
        False,
        True,
    )
    assert (online.host, online.state, online.by_active, online.by_passive) == ("i-b", State.REACHABLE, None, False)
    assert [o.at for o in (offline, online)] == [pytest.approx(listener.at - age, abs=0.01) for age in (0.31, 2.5)]
    assert all(o.since == o.at and o.relayed_by == HOST and o.explicit for o in (offline, online))
    assert all((o.asked_at, o.about) == (SENT_AT, (ACTIVE, PASSIVE)) for o in (offline, online))


@pytest.mark.parametrize(("age", "state"), [(6, State.REACHABLE), (6.1, State.SILENT)])
def test_who_was_online_and_signals_no_more_is_taken_for_well_no_longer(age: float, state: State) -> None:
    listener = listening(heard=f"10.0.1.6,n,{age},1")
    earlier = observed(ended(0, probe_line("online", elapsed=1.0), finished_at=SENT_AT + 1))
    (silent,) = relayed(listener, {"10.0.1.6": earlier.host})
    assert latest_of([earlier, silent]).state is state


def test_a_nat_that_listens_no_more_is_online_and_says_why_it_is_deaf() -> None:
    observation = observe(
        ended(1, probe_line("online", deaf="the table of the listener has gone")), round_sent(), NOW - 15, NOW
    )
    assert (observation.state, observation.deaf) == (State.REACHABLE, "the table of the listener has gone")


def test_nothing_was_heard_before_the_listener_was_asked_to_listen() -> None:
    early = observed(ended(1, probe_line("online", heard="10.0.1.5,f,50,1", elapsed=1.0), finished_at=SENT_AT + 1))
    (signalled,) = relayed(early, {"10.0.1.5": "i-a"})
    assert signalled.at == SENT_AT


def test_why_a_nat_can_not_listen_is_kept() -> None:
    deaf = listening(0, state="online", deaf="nft is not installed")
    assert (deaf.state, deaf.deaf, deaf.signals) == (State.REACHABLE, "nft is not installed", None)
    assert relayed(deaf, {"10.0.1.5": "i-a"}) == []
