"""One invocation: look, ask whoever is due, decide, and act on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.acting.asking import Asking
from nat_failover.acting.blocked import find_blocked
from nat_failover.acting.ending import Ending
from nat_failover.acting.execution import Invoker, Known, Result
from nat_failover.acting.failover import Failover, NotBegunError
from nat_failover.acting.gathering import Gathering
from nat_failover.acting.turns import Turns
from nat_failover.aws_errors import is_passing
from nat_failover.clients import PairServices
from nat_failover.events import NatEnding, StatusChange, Tick, Trigger
from nat_failover.inspection import Inspector
from nat_failover.judging.conditions import Findings, Trouble, find
from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.judging.inspected import Inspection
from nat_failover.judging.view import View
from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockView
from nat_failover.lookout import Lookout
from nat_failover.names import Metric
from nat_failover.observability import Metrics
from nat_failover.probing.rounds import in_drill
from nat_failover.probing.survey import Backends, survey
from nat_failover.settings import Mode
from nat_failover.telling.memory import read_memory
from nat_failover.telling.nat_names import nat_names
from nat_failover.telling.notifier import Teller

log = logging.getLogger(__name__)

# What an invocation keeps of its time for acting, in seconds.
TO_ACT = 20.0
# Whoever has waited for another's record until so little was left of that has waited it out, in seconds.
WAITED_OUT = 2.0
LOST = Result("lost", "another invocation has the claim and is failing over")
# States of the lock in which an event is left to whoever acts, or has just acted: nothing else is to be told.
ACTED_UPON = frozenset({LockState.FAILING_OVER, LockState.FAILED_OVER})
# Before a failover that could not be recorded is judged anew, in seconds.
JUDGE_ANEW = (0.5, 1.5)
OBSERVED = Result("observed", "would have failed over; observe mode changes nothing")


@dataclass(frozen=True)
class InvocationOutcome:
    """What an invocation came to."""

    decision: Decision
    result: Result | None


class Monitor:
    """Watches one pair."""

    def __init__(
        self, services: PairServices, lookout: Lookout, failover: Failover, inspector: Inspector, teller: Teller
    ) -> None:
        settings, runtime = services.settings, services.runtime
        self._settings = settings
        self._runtime = runtime
        self._lookout = lookout
        self._failover = failover
        self._inspector = inspector
        self._teller = teller
        self._turns = Turns(settings, runtime, lookout.look_at_lock)
        self._asking = Asking(services, lookout, self._turns)
        self._ending = Ending(runtime, lookout)
        self._gathering = Gathering(settings, runtime, lookout, self._turns, self._asking.ask)

    def run(self, trigger: Trigger, invoker: Invoker) -> InvocationOutcome:
        """Do what an event calls for.

        Raises:
            botocore.exceptions.ClientError: AWS refuses what can't be done without, or to send the next round.
            RouteTablesError: a route table of the pair is missing.
            SwapFailedError: the failover has failed.
        """
        locks = None
        if isinstance(trigger, Tick):
            self._turns.tick()
        elif isinstance(trigger, StatusChange):
            locks = self._turns.come(invoker.ends_at - TO_ACT)
            if locks.is_claimed(self._runtime.now()) and locks.lock.state in ACTED_UPON:
                reason = f"another invocation is failing over, or has just done so; {locks.lock.reason}"
                return self._stand_back(reason, locks, invoker.metrics)
            if _people_know(locks):
                reason = f"{locks.lock.reason}; people know that backends are offline, and the next tick looks again"
                return self._stand_back(reason, locks, invoker.metrics)
        view = self._lookout.look(trigger, locks)
        # An action of a group may be of an instance that is no NAT, or none any more.
        if isinstance(trigger, NatEnding) and trigger.instance_id in self._settings.nats:
            view = self._ending.await_end(view, trigger)
        if not view.locks.is_read:
            try:
                view = replace(view, locks=self._lookout.look_at_lock())
            except (ClientError, BotoCoreError) as error:
                return self._without_lock(view, error, trigger, invoker.metrics)
        lock = view.locks.lock
        refused: ClientError | BotoCoreError | None = None
        if lock.state is not LockState.PAUSED:
            try:
                view = self._asking.ask_who_is_due(view, trigger)
            except (ClientError, BotoCoreError) as error:
                refused = error  # what is known already is judged first
        outcome = self._judge(view, trigger, invoker)
        refused = refused or self._lookout.refused
        if refused is not None:
            raise refused
        return outcome

    def _stand_back(self, reason: str, locks: LockView, metrics: Metrics) -> InvocationOutcome:
        """Leave it to another invocation: to the one that acts, or to the next tick."""
        self._inspector.measure_lock(locks.lock.state, metrics)
        return InvocationOutcome(Decision(Action.HOLD, Cause.LOCKED, reason), None)

    def _without_lock(
        self, view: View, error: ClientError | BotoCoreError, trigger: Trigger, metrics: Metrics
    ) -> InvocationOutcome:
        """Measure where all is well; whoever may have paused the pair is asked nothing, and told nothing."""
        well, at_tick = self._decide(view), isinstance(trigger, Tick)
        if well.cause is not Cause.HEALTHY or not is_passing(error):
            raise error
        self._measure(view, well, metrics, at_tick=at_tick)
        if at_tick:
            self._inspector.inspect(view, metrics)
        return InvocationOutcome(replace(well, reason=f"{well.reason}; {view.locks.lock.reason}"), None)

    def _judge(self, view: View, trigger: Trigger, invoker: Invoker) -> InvocationOutcome:
        lock = view.locks.lock
        decision = self._decide(view)
        if lock.state is LockState.ARMED:
            view, decision = self._gathering.gather(view, decision, trigger, invoker.ends_at - TO_ACT)
        at_tick = isinstance(trigger, Tick)
        backends = self._measure(view, decision, invoker.metrics, at_tick=at_tick)
        if lock.state is LockState.FAILING_OVER:
            return self._finish(view, invoker)
        if decision.action is Action.HOLD or self._settings.mode is Mode.OBSERVE:
            return self._hold(view, decision, backends, invoker.metrics, at_tick=at_tick)
        return self._act(view, decision, trigger, invoker)

    def _hold(
        self, view: View, decision: Decision, backends: Backends, metrics: Metrics, *, at_tick: bool
    ) -> InvocationOutcome:
        observing = decision.action is Action.FAIL_OVER
        seen = self._inspector.inspect(view, metrics) if at_tick and not observing else Inspection()
        seen = replace(seen, ends=self._inspector.ends(view))
        findings = find(decision, view.locks.lock, backends, view.tables.active, seen, self._settings)
        self._tell(view, findings if at_tick else findings.urgent, metrics)
        return InvocationOutcome(decision, OBSERVED if observing else None)

    def _act(self, view: View, decision: Decision, trigger: Trigger, invoker: Invoker) -> InvocationOutcome:
        """Carry a decision out; where something keeps it from being begun, wait a little and judge anew."""
        until, decided_by = invoker.ends_at - TO_ACT, view.locks
        while True:
            locks = self._turns.past_claim(view.locks, until)
            now = self._runtime.now()
            if locks.lock.state is not LockState.ARMED or locks.is_claimed(now):
                return self._lose(replace(view, locks=locks), decision, invoker, late=now >= until - WAITED_OUT)
            if locks is not decided_by:
                view = self._lookout.look_again(replace(view, locks=locks, looking_since=self._runtime.now()))
                view, decision = self._gathering.gather(view, self._decide(view), trigger, until)
                if decision.action is Action.HOLD:
                    invoker.metrics.flush()
                    backends = self._measure(view, decision, invoker.metrics)
                    return self._hold(view, decision, backends, invoker.metrics, at_tick=isinstance(trigger, Tick))
            known = Known(view.tables, self._backends(view), decision.evidence, view.instances, self._in_drill(view))
            try:
                result = self._failover.carry_out(decision, known, invoker, locks)
                if result.outcome != LOST.outcome:
                    return InvocationOutcome(decision, result)
                if self._runtime.now() >= until:
                    return self._lose(replace(view, locks=locks), decision, invoker, late=True)
            except NotBegunError as refused:
                log.warning("not begun", extra={"error": str(refused.cause)})
                if self._runtime.now() >= until:
                    raise refused.cause from refused
            self._runtime.sleep(self._runtime.random.uniform(*JUDGE_ANEW))
            view = replace(view, locks=self._lookout.look_at_lock())

    def _lose(self, view: View, decision: Decision, invoker: Invoker, *, late: bool) -> InvocationOutcome:
        """Leave a failover to whoever has the claim; remember, and tell, that it is nobody who writes a record.

        Args:
            late: another's record was waited for as long as there was time.
        """
        locks, metrics, now = view.locks, invoker.metrics, self._runtime.now()
        if locks.lock.state is LockState.ARMED and (late or locks.is_unexplained(now)):
            log.warning("a claim without a record is in the way", extra={"blocked_since": locks.blocked_since})
            if locks.is_blocked(now):
                metrics.count(Metric.FAILOVER_BLOCKED)
            findings = find_blocked(locks, decision, view.tables)
            self._teller.tell(locks.memory, replace(findings, names=self._nat_names(view)), metrics)
        return InvocationOutcome(decision, LOST)

    def _measure(self, view: View, decision: Decision, metrics: Metrics, *, at_tick: bool = False) -> Backends:
        now = self._runtime.now()
        backends = survey(view.backends, now, self._settings)
        self._inspector.measure(view, decision, backends, metrics, at_tick=at_tick)
        return backends

    def _decide(self, view: View) -> Decision:
        return decide(view.situation(self._runtime.now()), self._settings)

    def _tell(self, view: View, findings: Findings, metrics: Metrics) -> None:
        """Tell people what is new; while another invocation acts, or has just acted, that is for it to do."""
        metrics.flush()  # should telling take what is left of the function's time, all that was measured is written
        now = self._runtime.now()
        if not view.locks.is_claimed(now) or view.locks.is_unexplained(now):
            moved = view.tables.associations or view.tables.of(self._settings.standby_route_table)
            present = tuple(replace(each, associations=moved) for each in findings.present)
            findings = replace(findings, present=present, names=self._nat_names(view))
            self._teller.tell(view.locks.memory, findings, metrics)

    def _nat_names(self, view: View) -> dict[str, str]:
        return nat_names(view.instances, self._settings)

    def _finish(self, view: View, invoker: Invoker) -> InvocationOutcome:
        lock = view.locks.lock
        decision = Decision(Action.HOLD, Cause.LOCKED, lock.reason)
        if view.locks.is_claimed(self._runtime.now()):
            return InvocationOutcome(decision, None)
        try:
            known = Known(view.tables, self._backends(view), (), view.instances)
            return InvocationOutcome(decision, self._failover.finish(known, invoker))
        except NotBegunError as refused:
            raise refused.cause from refused

    def _in_drill(self, view: View) -> bool:
        active, _ = view.nats
        return in_drill(view.drills, active, self._runtime.now())

    def _backends(self, view: View) -> tuple[str, ...]:
        return tuple(sorted({o.host for o in view.backends}))


def _people_know(locks: LockView) -> bool:
    """Return whether an event can change nothing: the pair is locked, and people know that its backends are offline.

    In such an outage each tick's round brings an event of every backend, and each would list rounds and hosts.
    """
    if locks.lock.state in (LockState.ARMED, LockState.FAILING_OVER):
        return False
    return read_memory(locks.memory.text).has_sent(Trouble.OFFLINE_WHILE_LOCKED)
