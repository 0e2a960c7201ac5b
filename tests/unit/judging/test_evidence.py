"""What backends say of both NATs, as a decision takes it: the table, the share, whom a listener has heard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nat_failover.judging.decision import ASK_AGAIN_AFTER, COMES_WITHIN, Action, Cause, Decision, decide
from nat_failover.judging.evidence import weigh
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Signal
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.probing.survey import latest_of
from tests.examples import BACKENDS, NOW, STANDBY, failures, observation, settings, situation, watching, well


def decision(backends: list[Observation], *, share: int = 50, **changes: Any) -> Decision:
    """Decide by what backends say."""
    return decide(situation(backends=backends, **changes), settings(failure_share=share))


def listened(ago: float = 1.0, elapsed: float = 60.0, *, deaf: str = "") -> Observation:
    """Let the passive NAT have listened until so long ago."""
    signals = None if deaf else (Signal("10.0.1.5", online=True, age=1.0, through=True),)
    at = NOW - ago
    changes: dict[str, Any] = {"at": at, "asked_at": at - elapsed, "elapsed": elapsed, "signals": signals}
    return observation(STANDBY, State.REACHABLE, **changes, deaf=deaf)


# The table


@pytest.mark.parametrize(
    ("active", "passive", "cause"),
    [
        (False, True, Cause.ENOUGH_FAILURES),
        (True, True, Cause.NOT_THE_NAT),
        (True, False, Cause.NOT_THE_NAT),
        (False, False, Cause.CONTROL_DOWN),
        (None, True, Cause.ENOUGH_FAILURES),
        (None, False, Cause.CONTROL_DOWN),
        (False, None, Cause.UNCONFIRMED),
        (None, None, Cause.UNCONFIRMED),
    ],
)
def test_three_backends_that_are_offline_by_the_route_mean(
    active: bool | None, passive: bool | None, cause: Cause
) -> None:
    assert decision(failures(by_active=active, by_passive=passive)).cause is cause


@pytest.mark.parametrize(("passive", "cause"), [(True, Cause.ENOUGH_FAILURES), (False, Cause.CONTROL_DOWN)])
def test_a_proof_port_that_answers_excuses_no_active_nat_that_ec2_has_something_against(
    passive: bool, cause: Cause
) -> None:
    assert decision(failures(by_active=True, by_passive=passive), active_unfit=True).cause is cause


def test_hosts_that_are_offline_by_their_own_fault_do_not_hide_that_the_nat_is_dead() -> None:
    sick = observation(BACKENDS[5], by_active=True)
    decided = decision([*failures(), sick])
    assert decided.action is Action.FAIL_OVER
    assert sick not in decided.evidence


def test_those_who_get_through_the_active_nats_port_are_named() -> None:
    decided = decision([*failures(2), observation(BACKENDS[2], by_active=True)])
    assert decided.cause is Cause.NOT_THE_NAT
    assert f"but {BACKENDS[2]} can through the active NAT's proof port" in decided.reason


def test_only_those_that_get_through_the_passive_nat_are_evidence() -> None:
    decided = decision([*failures(4), observation(BACKENDS[4], by_passive=False)])
    assert decided.action is Action.FAIL_OVER
    assert [o.host for o in decided.evidence] == list(BACKENDS[:4])


# The share


@pytest.mark.parametrize(
    ("offline", "online", "share", "action"),
    [
        (3, 7, 50, Action.HOLD),
        (5, 5, 50, Action.HOLD),
        (6, 4, 50, Action.FAIL_OVER),
        (3, 7, 29, Action.FAIL_OVER),
        (3, 7, 30, Action.HOLD),
        (9, 1, 90, Action.HOLD),
        (3, 7, 0, Action.FAIL_OVER),
    ],
)
def test_more_than_the_share_of_those_heard_have_to_be_offline(
    offline: int, online: int, share: int, action: Action
) -> None:
    decided = decision([*failures(offline), *well(*BACKENDS[offline:][:online])], share=share)
    assert decided.action is action
    if action is Action.HOLD:
        assert decided.cause is Cause.FEW_FAILURES
        assert f"but a failover takes more than {share} % of them" in decided.reason


def test_a_few_sick_hosts_are_no_outage_whatever_is_wrong_with_the_passive_nat() -> None:
    nats = {STANDBY: Nat(STANDBY, "stopped", None)}
    assert decision([*failures(3), *well(*BACKENDS[3:])], nats=nats).cause is Cause.FEW_FAILURES


def test_the_proven_have_to_be_more_than_the_share_by_themselves() -> None:
    backends = [*failures(3), *(observation(host, by_passive=False) for host in BACKENDS[3:6])]
    assert decision(backends).cause is Cause.CONTROL_DOWN


@pytest.mark.parametrize(("ago", "action"), [(HEARD_WITHIN, Action.HOLD), (HEARD_WITHIN + 0.1, Action.FAIL_OVER)])
def test_who_was_last_heard_too_long_before_the_failures_does_not_count(ago: float, action: Action) -> None:
    assert decision([*failures(at=NOW), *well(*BACKENDS[3:6], at=NOW - ago)]).action is action


# Watches


def test_who_watches_and_has_said_nothing_may_be_online() -> None:
    assert decision([*failures(3), *watching(*BACKENDS[3:])]).cause is Cause.FEW_FAILURES
    assert decision([*failures(6), *watching(*BACKENDS[6:])]).action is Action.FAIL_OVER


def test_who_watches_counts_no_more_once_it_has_not_answered_a_quick_check_either() -> None:
    watched = watching(*BACKENDS[5:9])
    silent = [observation(host, State.SILENT, at=NOW - 20, asked_at=NOW - 30) for host in BACKENDS[5:9]]
    assert decision([*failures(), *watched, *silent]).action is Action.FAIL_OVER
    checked_again = watching(*BACKENDS[5:9], asked_at=NOW - 1, running_until=NOW - 1)
    assert decision([*failures(), *watched, *silent, *checked_again]).action is Action.FAIL_OVER
    before_they_watched = [replace(o, asked_at=NOW - 200) for o in silent]
    assert decision([*failures(), *watched, *before_they_watched]).cause is Cause.FEW_FAILURES


def test_who_watches_counts_no_more_once_a_listener_has_spoken_that_would_have_heard_it() -> None:
    backends = [*failures(3), *watching(*BACKENDS[3:])]
    assert decision(backends, listeners=[listened()]).action is Action.FAIL_OVER


@pytest.mark.parametrize(
    "listener",
    [
        listened(elapsed=HEARD_WITHIN - 0.1),
        listened(ago=2 + HEARD_WITHIN + 0.1),
        listened(deaf="nft is not installed"),
        watching(STANDBY)[0],
    ],
    ids=["a quick look", "long ago", "deaf", "listening still"],
)
def test_a_listener_would_not_have_heard_who_is_online_by(listener: Observation) -> None:
    assert decision([*failures(3), *watching(*BACKENDS[3:])], listeners=[listener]).cause is Cause.FEW_FAILURES


def test_all_whom_a_listener_has_heard_just_before_it_ended_count_though_failures_came_later() -> None:
    online = well(*BACKENDS[3:6], at=NOW - 9, relayed_by=STANDBY)
    backends = [*failures(3, at=NOW), *online, *watching(*BACKENDS[3:6])]
    assert decision(backends, listeners=[listened(ago=5)]).cause is Cause.FEW_FAILURES


def test_a_quick_check_under_way_is_not_a_watch() -> None:
    pending = watching(*BACKENDS[3:], asked_at=NOW - 1, running_until=NOW - 1)
    assert decision([*failures(3), *pending]).action is Action.FAIL_OVER


def test_those_that_have_said_nothing_are_asked_once_their_word_has_had_time_to_come() -> None:
    for ago, ask in ((COMES_WITHIN, ()), (COMES_WITHIN + 0.1, (STANDBY, *BACKENDS[3:]))):
        assert decision([*failures(at=NOW - ago), *watching(*BACKENDS[3:])]).ask == ask


# Directly and by signals


def relayed(host: str, state: State = State.UNREACHABLE, **changes: Any) -> Observation:
    """Let the passive NAT have heard a host."""
    return observation(host, state, **{"relayed_by": STANDBY, "elapsed": 0.0, **changes})


def test_signals_alone_are_evidence() -> None:
    assert decision([relayed(host) for host in BACKENDS[:3]]).action is Action.FAIL_OVER


def test_a_host_s_own_word_that_it_is_online_stands_against_a_signal_of_the_same_time() -> None:
    backends = [*(relayed(host) for host in BACKENDS[:3]), *well(*BACKENDS[:3])]
    assert decision(backends).cause is Cause.HEALTHY
    assert latest_of([relayed(BACKENDS[0]), *well(BACKENDS[0])]).relayed_by == ""


# Not proven


def test_hosts_whose_way_through_the_passive_nat_is_not_known_are_asked_and_that_nat_with_them() -> None:
    decided = decision(failures(by_passive=None))
    assert (decided.cause, decided.ask) == (Cause.UNCONFIRMED, (STANDBY, *BACKENDS[:3]))


def test_it_is_listened_at_a_passive_nat_again_that_nobody_got_through_a_while_ago() -> None:
    for ago, ask in ((ASK_AGAIN_AFTER, ()), (ASK_AGAIN_AFTER + 0.1, (STANDBY,))):
        decided = decision(failures(at=NOW - ago, by_passive=False))
        assert (decided.cause, decided.ask) == (Cause.CONTROL_DOWN, ask)


def test_who_is_being_asked_already_is_not_asked_once_more() -> None:
    pending = watching(STANDBY, asked_at=NOW - 9, running_until=NOW - 9)
    decided = decision(failures(by_passive=None), listeners=pending)
    assert decided.ask == BACKENDS[:3]
    late = watching(STANDBY, asked_at=NOW - 10, running_until=NOW - 10)
    assert decision(failures(by_passive=None), listeners=late).ask == (STANDBY, *BACKENDS[:3])


def test_a_passive_nat_that_can_not_listen_is_named_with_the_reason() -> None:
    decided = decision(failures(by_passive=False), listeners=[listened(deaf="nft is not installed")])
    assert decided.cause is Cause.CONTROL_DOWN
    assert f"can't through the passive NAT {STANDBY} either, which can't listen: nft is not installed" in decided.reason


def test_what_failures_come_to_is_sorted_by_what_they_say() -> None:
    columns = [(True, True), (False, True), (False, False), (False, None)]
    hosts = [observation(host, by_active=a, by_passive=p) for host, (a, p) in zip(BACKENDS, columns, strict=False)]
    found = weigh(hosts, situation(backends=hosts))
    assert found.counted == set(BACKENDS[:4])
    sorted_ = [[o.host for o in each] for each in (found.elsewhere, found.offline, found.proven, found.unproven)]
    assert sorted_ == [[BACKENDS[0]], list(BACKENDS[1:4]), [BACKENDS[1]], [BACKENDS[2]]]


def test_a_host_counts_by_its_signal_though_a_direct_answer_of_a_moment_before_outweighs_that() -> None:
    offline = failures(3)
    direct = observation(BACKENDS[3], State.REACHABLE, at=NOW - 2 - HEARD_WITHIN - 0.2)
    signal = replace(direct, at=direct.at + 1.6, relayed_by=STANDBY)
    assert latest_of([direct, signal]) == direct
    assert weigh(offline, situation(backends=(*offline, direct, signal))).counted == set(BACKENDS[:4])
    assert weigh(offline, situation(backends=(*offline, direct))).counted == set(BACKENDS[:3])
