"""The decision: the passive NAT's own word, the time it holds for, and silence."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.network.instances import Nat
from nat_failover.probing.observation import Observation, State
from nat_failover.probing.survey import latest_word, survey
from tests.examples import BACKENDS, NOW, PRIMARY, STANDBY, control, failures, observation, settings, situation


def decision(settings_: dict[str, Any] | None = None, **changes: Any) -> Decision:
    """Decide in the situation in which a failover is due, but for some changes."""
    return decide(situation(**changes), settings(**(settings_ or {})))


# The control


@pytest.mark.parametrize("state", [State.UNREACHABLE, State.WARMING_UP, State.BROKEN, State.SILENT])
def test_a_passive_nat_that_can_not_be_relied_on_holds(state: State) -> None:
    decided = decision(control=[control(state)])
    assert (decided.action, decided.cause) == (Action.HOLD, Cause.CONTROL_DOWN)
    assert state.value in decided.reason
    assert STANDBY in decided.reason


def test_silence_of_the_passive_nat_holds_too_though_it_has_not_said_so_itself() -> None:
    assert decision(control=[control(State.SILENT, explicit=False)]).cause is Cause.CONTROL_DOWN


def test_a_watch_of_the_passive_nat_that_says_nothing_is_no_answer() -> None:
    inferred = Observation(STANDBY, State.REACHABLE, NOW - 1, NOW - 1, NOW - 100, False, running_until=NOW + 500)
    decided = decision(control=[inferred])
    assert (decided.cause, decided.ask) == (Cause.UNCONFIRMED, (STANDBY,))


def test_the_passive_nat_is_asked_for_a_quick_answer_though_it_is_being_watched() -> None:
    watch = Observation(STANDBY, State.PENDING, NOW, NOW, NOW - 2, False, running_until=NOW + 598)
    check = Observation(STANDBY, State.PENDING, NOW, NOW, NOW - 2, False, running_until=NOW - 2)
    assert decision(control=[watch]).ask == (STANDBY,)
    assert decision(control=[watch, check]).ask == ()


def test_a_question_to_the_passive_nat_that_is_older_than_silence_is_asked_again() -> None:
    lost = Observation(STANDBY, State.PENDING, NOW, NOW, NOW - 10, False, running_until=NOW - 10)
    assert decision(control=[lost]).ask == (STANDBY,)


def test_an_answer_from_before_the_trouble_says_nothing_about_it() -> None:
    trouble = failures(since=NOW - 4)
    before, after = (control(asked_at=NOW - 5, elapsed=elapsed) for elapsed in (0.9, 1.0))
    assert decision(backends=trouble, control=[before]).cause is Cause.UNCONFIRMED
    assert decision(backends=trouble, control=[after]).action is Action.FAIL_OVER


def test_the_passive_nats_clock_can_not_make_its_answer_later_than_it_was() -> None:
    ahead = control(asked_at=NOW - 5, elapsed=0.5, at=NOW)
    assert decision(backends=failures(since=NOW - 4), control=[ahead]).cause is Cause.UNCONFIRMED


def test_an_answer_that_came_after_enough_of_the_failures_is_enough_and_only_they_are_evidence() -> None:
    late = observation(BACKENDS[3], since=NOW - 1, at=NOW - 0.5)
    decided = decision(backends=[*failures(3), late], control=[control(asked_at=NOW - 3)])
    assert decided.action is Action.FAIL_OVER
    assert late not in decided.evidence
    assert len(decided.evidence) == 3


def test_an_answer_that_is_not_fresh_is_none() -> None:
    backends = failures(at=NOW - 29, since=NOW - 40)
    for age, action in ((30, Action.FAIL_OVER), (30.1, Action.HOLD)):
        assert decision(backends=backends, control=[control(at=NOW - age, asked_at=NOW - 35)]).action is action


def test_the_passive_nats_latest_answer_counts() -> None:
    backends = failures(since=NOW - 8)
    well = control(at=NOW - 5, asked_at=NOW - 6)
    ill = control(State.UNREACHABLE, at=NOW - 2, asked_at=NOW - 4)
    assert decision(backends=backends, control=[well, ill]).cause is Cause.CONTROL_DOWN
    worse = control(at=NOW - 7, asked_at=NOW - 7.5, elapsed=0.1)
    assert decision(backends=backends, control=[worse, well]).action is Action.FAIL_OVER


def test_what_the_passive_nat_had_lost_too_may_have_come_back_to_all_so_the_backends_are_asked_again() -> None:
    backends = failures(since=NOW - 8, asked_at=NOW - 100, elapsed=98.0)
    ill = control(State.UNREACHABLE, at=NOW - 6, asked_at=NOW - 7)
    recovered = control(at=NOW - 1, asked_at=NOW - 2, elapsed=0.5)
    decided = decision(backends=backends, control=[ill, recovered])
    assert (decided.action, decided.cause) == (Action.HOLD, Cause.UNCONFIRMED)
    assert decided.ask == tuple(BACKENDS[:3])
    assert "asking once more" in decided.reason
    once_more = failures(at=NOW, since=NOW - 1, asked_at=NOW - 1, elapsed=1.0)
    assert decision(backends=[*backends, *once_more], control=[ill, recovered]).action is Action.FAIL_OVER
    # Two of three will not do, and those who have said nothing yet are not asked at every turn.
    pending = Observation(BACKENDS[2], State.PENDING, NOW, NOW, NOW - 1, False, running_until=NOW - 1)
    decided = decision(backends=[*backends, *once_more[:2], pending], control=[ill, recovered])
    assert (decided.cause, decided.ask) == (Cause.UNCONFIRMED, ())
    # A later answer of the passive NAT does not make those of the backends older.
    again = control(at=NOW, asked_at=NOW - 0.5, elapsed=0.1)
    assert decision(backends=[*backends, *once_more], control=[ill, recovered, again]).action is Action.FAIL_OVER


def test_a_trouble_that_began_after_the_passive_nats_own_is_no_matter_of_the_internet() -> None:
    ill = control(State.UNREACHABLE, at=NOW - 20, asked_at=NOW - 21)
    assert decision(backends=failures(since=NOW - 8), control=[ill, control()]).action is Action.FAIL_OVER


def test_a_passive_table_that_would_not_carry_traffic_holds_and_says_why() -> None:
    decided = decision(passive_route="the default route of rtb-1 is a blackhole")
    assert decided.cause is Cause.CONTROL_DOWN
    assert "the default route of rtb-1 is a blackhole: a swap would help nobody" in decided.reason


@pytest.mark.parametrize("state", ["stopped", "stopping", "pending", "shutting-down", "terminated", "gone"])
def test_a_passive_nat_that_does_not_run_holds_whatever_it_has_said(state: str) -> None:
    decided = decision(nats={STANDBY: Nat(STANDBY, state, NOW - 90_000)})
    assert decided.cause is Cause.CONTROL_DOWN
    assert f"the passive NAT {STANDBY} is {state}" in decided.reason


@pytest.mark.parametrize(
    ("nats", "said"),
    [
        ({}, f"the passive NAT {STANDBY} is gone"),
        ({STANDBY: Nat(STANDBY, "running", NOW - 90_000, checked=True)}, "its source/destination check on"),
    ],
)
def test_a_passive_nat_that_ec2_would_not_let_forward_holds_whatever_it_has_said(
    nats: dict[str, Nat], said: str
) -> None:
    decided = decision(nats=nats)
    assert decided.cause is Cause.CONTROL_DOWN
    assert said in decided.reason


EGRESS = {"egress_allocation": "eipalloc-0123456789abcdef0"}
BARE = {STANDBY: Nat(STANDBY, "running", NOW - 90_000)}


@pytest.mark.parametrize("said", [[], [control(State.SILENT)], [control(State.UNREACHABLE)]])
def test_a_passive_nat_without_a_public_address_holds_says_so_and_is_not_asked(said: list[Observation]) -> None:
    decided = decision(EGRESS, nats=BARE, control=said)
    assert (decided.cause, decided.ask) == (Cause.CONTROL_DOWN, ())
    assert f"the passive NAT {STANDBY} has no public address and can't take over until it has one" in decided.reason


def test_what_the_passive_nat_says_itself_proves_more_than_what_ec2_says_of_its_address() -> None:
    assert decision(EGRESS, nats=BARE).action is Action.FAIL_OVER


def test_without_an_egress_address_nobody_is_judged_by_a_public_address() -> None:
    assert decision(nats=BARE, control=[]).cause is Cause.UNCONFIRMED


def test_what_the_active_nat_says_of_itself_is_not_asked_for() -> None:
    decided = decision(control=[observation(PRIMARY, State.REACHABLE, asked_at=NOW - 60, elapsed=1.0)])
    assert decided.ask == (STANDBY,)


# The onset


def test_a_trouble_that_was_seen_several_times_on_end_began_with_the_first() -> None:
    three = [
        observation(BACKENDS[0], at=at, since=at - 2, asked_at=at - 3, elapsed=2.0) for at in (NOW - 9, NOW - 5, NOW)
    ]
    assert latest_word(three).since == NOW - 11
    assert latest_word(three).at == NOW


@pytest.mark.parametrize("state", [State.REACHABLE, State.WARMING_UP, State.BROKEN, State.SILENT])
def test_any_other_word_in_between_makes_it_a_new_trouble(state: State) -> None:
    between = observation(BACKENDS[0], state, at=NOW - 5)
    words = [observation(BACKENDS[0], at=NOW - 9, since=NOW - 11), between, observation(BACKENDS[0], at=NOW)]
    assert latest_word(words).since == NOW - 4


def test_being_asked_in_between_does_not() -> None:
    asked = Observation(BACKENDS[0], State.PENDING, NOW, NOW, NOW - 5, False, running_until=NOW)
    words = [observation(BACKENDS[0], at=NOW - 9, since=NOW - 11), asked, observation(BACKENDS[0], at=NOW, elapsed=4.0)]
    assert latest_word(words).since == NOW - 11


def test_an_answer_of_the_passive_nat_between_two_failures_on_end_is_late_enough() -> None:
    earlier = failures(at=NOW - 20, since=NOW - 22, asked_at=NOW - 23)
    again = failures(at=NOW - 1, since=NOW - 2, asked_at=NOW - 2.5, elapsed=1.0)
    between = control(at=NOW - 15, asked_at=NOW - 16)
    assert decision(backends=again, control=[between]).cause is Cause.UNCONFIRMED
    assert decision(backends=[*earlier, *again], control=[between]).action is Action.FAIL_OVER


def test_a_failure_at_the_end_of_a_watch_that_had_gone_well_is_a_new_trouble() -> None:
    long_ago = failures(at=NOW - 550, since=NOW - 552, asked_at=NOW - 560)
    now_again = failures(at=NOW - 2, since=NOW - 4, asked_at=NOW - 540, elapsed=537.0)
    before = control(at=NOW - 10, asked_at=NOW - 11)
    assert decision(backends=[*long_ago, *now_again], control=[before]).action is Action.HOLD


def test_an_older_watch_that_says_nothing_does_not_refute_what_the_host_says_in_a_newer_round() -> None:
    orphans = [
        Observation(host, State.REACHABLE, NOW - 6, NOW - 6, NOW - 300, False, running_until=NOW + 300)
        for host in BACKENDS[:3]
    ]
    told = failures(at=NOW - 8, since=NOW - 10, asked_at=NOW - 40, elapsed=31.0)
    assert decision(backends=[*orphans, *told], control=[control()]).action is Action.FAIL_OVER


def test_a_lost_question_does_not_outrank_the_answer_to_a_later_one() -> None:
    lost = control(State.SILENT, explicit=False, at=NOW - 1, since=NOW - 11, asked_at=NOW - 11, elapsed=0.0)
    answered = control(at=NOW - 3, asked_at=NOW - 4)
    assert decision(backends=failures(since=NOW - 12, at=NOW - 10), control=[lost, answered]).action is Action.FAIL_OVER


# Silence

SILENT = failures(4, state=State.SILENT, explicit=False, since=NOW - 12, asked_at=NOW - 12)


def test_silence_is_no_evidence_where_backends_reach_ssm_by_themselves() -> None:
    assert decision(backends=SILENT).cause is Cause.CANNOT_JUDGE


def test_silence_of_all_is_evidence_where_the_nat_is_the_only_way_to_ssm() -> None:
    decided = decision({"count_silence": True}, backends=SILENT)
    assert decided.action is Action.FAIL_OVER
    assert {o.state for o in decided.evidence} == {State.SILENT}
    names = ", ".join(o.host for o in SILENT)
    can = f"while the passive NAT {STANDBY} can reach the Internet"
    assert decided.reason == f"4 of 4 backends do not answer ({names}), {can}"


def test_silence_is_no_evidence_while_any_backend_is_heard_to_be_online() -> None:
    heard = observation(BACKENDS[7], State.REACHABLE)
    assert decision({"count_silence": True}, backends=[*SILENT, heard]).action is Action.HOLD


def test_silence_and_losses_count_together() -> None:
    backends = [*SILENT[:1], *(observation(host) for host in BACKENDS[7:9])]
    decided = decision({"count_silence": True}, backends=backends)
    assert decided.action is Action.FAIL_OVER
    offline, silent = ", ".join(BACKENDS[7:9]), SILENT[0].host
    seen = f"3 of 3 backends can't reach the Internet ({offline}) or do not answer ({silent}), while"
    assert decided.reason.startswith(seen)


def test_silence_grown_stale_is_told_as_silence() -> None:
    old = failures(3, state=State.SILENT, explicit=False, at=NOW - 40, since=NOW - 50, asked_at=NOW - 50)
    told = {"count_silence": True}
    assert decision(told, backends=old).reason.startswith("3 backends did not answer when last asked, but only 0 of ")
    mixed = [*old, observation(BACKENDS[5], at=NOW - 40, since=NOW - 50, asked_at=NOW - 60)]
    assert (
        "4 backends could not reach the Internet or did not answer when last heard"
        in decision(told, backends=mixed).reason
    )


def test_losses_count_by_themselves_where_silence_does_not_since_somebody_is_online() -> None:
    online = observation(BACKENDS[9], State.REACHABLE)
    backends = [*failures(3), observation(BACKENDS[5], State.SILENT, since=NOW - 12), online]
    decided = decision({"count_silence": True}, backends=backends)
    assert decided.action is Action.FAIL_OVER
    assert {o.state for o in decided.evidence} == {State.UNREACHABLE}


def test_silence_needs_an_answer_of_the_passive_nat_as_much_as_losses_do() -> None:
    told = {"count_silence": True}
    assert decision(told, backends=SILENT, control=[]).ask == (STANDBY,)
    assert decision(told, backends=SILENT, control=[control(State.SILENT, explicit=False)]).cause is Cause.CONTROL_DOWN


# The survey


def test_backends_are_sorted_by_what_their_latest_word_is_good_for() -> None:
    told = [
        observation("i-online", State.REACHABLE),
        observation("i-offline"),
        observation("i-offline-before", at=NOW - 40, since=NOW - 42),
        observation("i-offline-long-ago", at=NOW - 91, since=NOW - 93),
        observation("i-booting", State.WARMING_UP),
        Observation("i-asked", State.PENDING, NOW, NOW, NOW - 1, False, running_until=NOW),
    ]
    backends = survey(told, NOW, settings())
    assert backends.usable == {"i-online", "i-offline", "i-offline-before"}
    assert [o.host for o in backends.failing] == ["i-offline", "i-offline-before"]
    assert [o.host for o in backends.fresh] == ["i-offline"]
    assert backends.waiting == {"i-asked"}
    assert set(backends.latest) == {o.host for o in told}
