"""The decision: what must hold in any situation whatever."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.judging.situation import Situation
from nat_failover.lock.record import LockState
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings
from tests.examples import BACKENDS, NOW, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, settings


@st.composite
def observations(draw: st.DrawFn, host: str, *, state: State | None = None, young: bool = False) -> Observation:
    """Draw an observation of a host, as ``observe`` or ``relayed`` would make it."""
    drawn_state = draw(st.sampled_from(State)) if state is None else state
    asked_ago = draw(st.integers(0, 250 if young else 7000)) / 10
    if drawn_state is State.PENDING:
        running_until = NOW - asked_ago + draw(st.sampled_from([0, 600]))
        return Observation(host, drawn_state, NOW, NOW, NOW - asked_ago, False, running_until=running_until)
    age = draw(st.integers(0, int(asked_ago * 10))) / 10
    if drawn_state in (State.REACHABLE, State.UNREACHABLE) and draw(st.booleans()):
        active = None if drawn_state is State.REACHABLE else draw(st.sampled_from([False, None]))
        columns: dict[str, Any] = {"by_active": active, "by_passive": draw(st.booleans()), "relayed_by": "i-nat"}
        return Observation(host, drawn_state, NOW - age, NOW - age, NOW - asked_ago, True, **columns)
    since = draw(st.integers(int(age * 10), int(asked_ago * 10))) / 10
    explicit = drawn_state is not State.SILENT or draw(st.booleans())
    elapsed = (
        0.0 if drawn_state in (State.SILENT, State.BROKEN) else draw(st.integers(0, int((asked_ago - age) * 10))) / 10
    )
    columns = {}
    if drawn_state is State.UNREACHABLE:
        columns = {
            "by_active": draw(st.sampled_from([False, False, False, None, True])),
            "by_passive": draw(st.sampled_from([True, True, True, None, False])),
        }
    return Observation(host, drawn_state, NOW - age, NOW - since, NOW - asked_ago, explicit, elapsed=elapsed, **columns)


@st.composite
def listening(draw: st.DrawFn, nat: str) -> Observation:
    """Draw an observation of a NAT that has listened."""
    answer = draw(observations(nat, state=State.REACHABLE, young=True))
    return replace(answer, signals=draw(st.sampled_from([(), None])), by_active=None, by_passive=None, relayed_by="")


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Draw a situation, such that each rule is broken now and then and none is broken most of the time."""

    def seldom(usual: Any, *others: Any) -> Any:
        return draw(st.sampled_from([usual] * 12 + list(others)))

    active = seldom(PRIMARY_TABLE, STANDBY_TABLE, STANDBY_TABLE, None)
    subnets: dict[str, tuple[str, ...]] = {PRIMARY_TABLE: (), STANDBY_TABLE: ()}
    if active is None:
        subnets |= draw(st.sampled_from([{}, {PRIMARY_TABLE: ("subnet-a",), STANDBY_TABLE: ("subnet-b",)}]))
    else:
        subnets[active] = ("subnet-a", "subnet-b")
    passive = PRIMARY if active == STANDBY_TABLE else STANDBY
    backends: list[Observation] = []
    for host in BACKENDS[: draw(st.integers(0, 8))]:
        backends += draw(st.lists(_usually(host, State.UNREACHABLE), min_size=1, max_size=3))
    listeners = draw(st.lists(listening(passive) | observations(passive), max_size=3))
    nats = {i: Nat(i, seldom("running", "stopped", "gone"), NOW - seldom(90_000, 10, 299)) for i in (PRIMARY, STANDBY)}
    lock = seldom(LockState.ARMED, *LockState)
    route = seldom(None, "the default route is a blackhole")
    worked = seldom(True, False)
    return Situation(NOW, lock, lock.value, active, subnets, route, backends, listeners, nats, has_worked=worked)


def _usually(host: str, state: State) -> st.SearchStrategy[Observation]:
    often = observations(host, state=state, young=True)
    return st.one_of(often, often, often, observations(host))


SETTINGS = st.builds(settings, failure_threshold=st.integers(1, 5), failure_share=st.integers(0, 99))
thorough = hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def outcome(decision: Decision) -> tuple[Action, Cause, str | None]:
    """What matters of a decision."""
    return decision.action, decision.cause, decision.to_table


@thorough
@given(situations(), SETTINGS)
def test_a_failover_means_that_every_condition_is_met(situation: Situation, s: Settings) -> None:
    decision = decide(situation, s)
    event(decision.cause.value)
    assert decision.reason
    if decision.action is Action.HOLD:
        assert decision.to_table is None
        return
    assert situation.lock is LockState.ARMED
    assert situation.active is not None
    assert decision.to_table == s.other_table(situation.active)
    assert situation.passive_route is None
    assert situation.has_worked or situation.nats[s.nat_of(situation.active)].state != "running"
    # The evidence: enough different hosts, each of which has failed within the freshness.
    hosts = {o.host for o in decision.evidence}
    assert len(hosts) == len(decision.evidence) >= s.failure_threshold
    assert all(o.state is State.UNREACHABLE and NOW - o.at <= s.freshness for o in decision.evidence)
    # Each is offline by the active NAT, as far as that was tried, and online by the passive one.
    assert all(o.by_active is not True and o.by_passive is True for o in decision.evidence)
    # They outnumber those that have said otherwise just now.
    latest = max(o.at for o in situation.backends if o.state is State.UNREACHABLE)
    others = {
        o.host
        for o in situation.backends
        if o.state is State.REACHABLE and not o.relayed_by and latest - 6 <= o.at and o.host not in hosts
        if not any(w.host == o.host and w.at >= o.at and w is not o for w in situation.backends)
    }
    assert len(hosts) * 100 > (len(hosts) + len(others)) * s.failure_share
    # The passive NAT runs; the active one has had its time, or was seen to work.
    active = situation.nats[s.nat_of(situation.active)]
    assert active.launched_at is not None
    booted = NOW - active.launched_at >= s.warm_up
    assert booted or any(o.state is State.REACHABLE and o.at > active.launched_at for o in situation.backends)
    assert situation.nats[s.nat_of(decision.to_table)].state == "running"


@thorough
@given(situations(), SETTINGS, st.data())
def test_a_question_that_is_not_answered_yet_changes_no_decision_to_a_failover(
    situation: Situation, s: Settings, data: st.DataObject
) -> None:
    before = decide(situation, s)
    assume(before.action is Action.HOLD)
    host = data.draw(st.sampled_from([*BACKENDS, "i-stranger"]))
    pending = data.draw(observations(host, state=State.PENDING))
    assert decide(replace(situation, backends=[*situation.backends, pending]), s).action is Action.HOLD
    to_nat = data.draw(observations(STANDBY, state=State.PENDING))
    assert decide(replace(situation, listeners=[*situation.listeners, to_nat]), s).action is Action.HOLD


@thorough
@given(situations(), st.builds(settings, failure_threshold=st.integers(1, 5)), st.data())
def test_no_observation_that_is_not_fresh_changes_a_hold_to_a_failover(
    situation: Situation, s: Settings, data: st.DataObject
) -> None:
    # That a host was online since the start of the active NAT ends its warm-up, however long ago that was.
    assume(decide(situation, s).cause not in (Cause.ENOUGH_FAILURES, Cause.WARM_UP))
    host = data.draw(st.sampled_from([*BACKENDS, "i-stranger"]))
    stale = data.draw(observations(host))
    assume(stale.state is not State.PENDING and NOW - stale.at > s.freshness)
    # A trouble that is still there may have begun with an old failure of the same host: this is meant so.
    continued = stale.state is State.UNREACHABLE and any(
        o.host == host and o.state is State.UNREACHABLE and o.at > stale.at for o in situation.backends
    )
    assume(not continued)
    assert decide(replace(situation, backends=[*situation.backends, stale]), s).action is Action.HOLD
    unfresh = replace(data.draw(listening(STANDBY)), at=NOW - s.freshness - 6.1)
    assert decide(replace(situation, listeners=[*situation.listeners, unfresh]), s).action is Action.HOLD


@thorough
@given(situations(), SETTINGS, st.randoms(use_true_random=False))
def test_the_order_of_observations_makes_no_difference(
    situation: Situation, s: Settings, chance: random.Random
) -> None:
    for observed in (situation.backends, situation.listeners):
        # SSM gives no two rounds the same time to the millisecond; a tie has no right answer.
        assume(
            len({(o.host, o.at, o.asked_at) for o in observed if o.state is not State.PENDING})
            == len([o for o in observed if o.state is not State.PENDING])
        )
        assume(
            len({(o.host, o.asked_at) for o in observed if o.state is State.PENDING})
            == len([o for o in observed if o.state is State.PENDING])
        )
    backends, listeners = list(situation.backends), list(situation.listeners)
    chance.shuffle(backends)
    chance.shuffle(listeners)
    mixed = decide(replace(situation, backends=backends, listeners=listeners), s)
    straight = decide(situation, s)
    assert outcome(mixed) == outcome(straight)
    assert mixed.reason == straight.reason
    assert {o.host for o in mixed.evidence} == {o.host for o in straight.evidence}
    assert set(mixed.ask) == set(straight.ask)


@thorough
@given(situations(), SETTINGS, st.sampled_from([s for s in LockState if s is not LockState.ARMED]))
def test_no_observation_opens_a_lock(situation: Situation, s: Settings, lock: LockState) -> None:
    decision = decide(replace(situation, lock=lock), s)
    assert outcome(decision) == (Action.HOLD, Cause.LOCKED, None)


@thorough
@given(situations(), SETTINGS)
def test_only_hosts_of_the_pair_are_asked_for_and_each_once(situation: Situation, s: Settings) -> None:
    decision = decide(situation, s)
    known = {o.host for o in situation.backends}
    if situation.active is not None:
        known.add(s.nat_of(s.other_table(situation.active)))
    assert set(decision.ask) <= known
    assert len(set(decision.ask)) == len(decision.ask)


@thorough
@given(situations(), SETTINGS, st.sampled_from(["failure_threshold", "failure_share"]))
def test_asking_for_more_never_makes_a_failover_of_a_hold(situation: Situation, s: Settings, what: str) -> None:
    assume(decide(situation, s).action is Action.HOLD)
    assert decide(situation, replace(s, **{what: getattr(s, what) + 1})).action is Action.HOLD


@thorough
@given(situations(), SETTINGS, st.data())
def test_one_more_that_says_it_is_online_makes_no_failover_of_a_hold(
    situation: Situation, s: Settings, data: st.DataObject
) -> None:
    assume(decide(situation, s).cause in (Cause.FEW_FAILURES, Cause.CONTROL_DOWN, Cause.UNCONFIRMED))
    online = data.draw(observations("i-stranger", state=State.REACHABLE))
    assert decide(replace(situation, backends=[*situation.backends, online]), s).action is Action.HOLD


@thorough
@given(situations(), SETTINGS)
def test_the_pair_is_symmetric_whatever_the_situation(situation: Situation, s: Settings) -> None:
    """Exchange the roles of the two NATs and of their tables: the decision is the same, mirrored."""
    names = {PRIMARY: STANDBY, STANDBY: PRIMARY, PRIMARY_TABLE: STANDBY_TABLE, STANDBY_TABLE: PRIMARY_TABLE}
    mirrored = replace(
        situation,
        active=names.get(situation.active or ""),
        subnets={names[table]: subnets for table, subnets in situation.subnets.items()},
        listeners=[replace(o, host=names[o.host]) for o in situation.listeners],
        nats={names[i]: replace(nat, instance_id=names[i]) for i, nat in situation.nats.items()},
    )
    there, back = decide(situation, s), decide(mirrored, s)
    assert outcome(back) == (there.action, there.cause, names.get(there.to_table or ""))
    assert back.ask == tuple(names.get(host, host) for host in there.ask)
