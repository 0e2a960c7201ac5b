"""One invocation: look, ask whoever is due, decide, and act on it."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.conditions import Findings, Inspection, find
from nat_failover.decision import Action, Cause, Decision, decide
from nat_failover.events import Tick, Trigger
from nat_failover.failover import Failover, Invoker, Result
from nat_failover.fleet import Fleet
from nat_failover.inspection import Inspector
from nat_failover.observability import Metrics
from nat_failover.observation import State
from nat_failover.probe import Probe
from nat_failover.record import LockState
from nat_failover.rounds import Kind, Running, choose, watched_beyond
from nat_failover.runtime import Runtime
from nat_failover.settings import Mode, Settings
from nat_failover.situation import Situation
from nat_failover.survey import survey
from nat_failover.teller import Teller
from nat_failover.view import Lookout, View

# What an invocation keeps of its time for acting, in seconds.
TO_ACT = 20.0
# An invocation asks the same host again no sooner than after this many seconds.
ASK_EVERY = 3.0
# Where all backends that are known are watched, but fewer than the sample, new ones are looked for at every fifth tick.
LOOK_EVERY = 5
# A failure counts as new, one that others may be about to join, where its host had been fine for this long.
FINE_FOR = 20.0
OBSERVED = Result("observed", "would have failed over; observe mode changes nothing")


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to."""

    decision: Decision
    result: Result | None


class Monitor:
    """Watches one pair."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        lookout: Lookout,
        fleet: Fleet,
        probe: Probe,
        failover: Failover,
        inspector: Inspector,
        teller: Teller,
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._lookout = lookout
        self._fleet = fleet
        self._probe = probe
        self._failover = failover
        self._inspector = inspector
        self._teller = teller

    def run(self, trigger: Trigger, invoker: Invoker, metrics: Metrics) -> Outcome:
        """Do what an event calls for.

        Raises:
            botocore.exceptions.ClientError: AWS refuses what can't be done without, or to send the next round.
            RouteTablesError: a route table of the pair is missing.
            SwapFailedError: the failover has failed.
        """
        view = self._lookout.look(trigger)
        lock = view.locks.lock
        refused: ClientError | BotoCoreError | None = None
        if isinstance(trigger, Tick) and lock.state is not LockState.PAUSED:
            try:
                view = self._ask_who_is_due(view)
            except (ClientError, BotoCoreError) as error:
                refused = error  # what is known already is judged first
        outcome = self._judge(view, trigger, invoker, metrics)
        if refused is not None:
            raise refused
        return outcome

    def _judge(self, view: View, trigger: Trigger, invoker: Invoker, metrics: Metrics) -> Outcome:
        lock = view.locks.lock
        decision = decide(self._situation(view), self._settings)
        if lock.state is LockState.ARMED:
            view, decision = self._wait_for_evidence(view, decision, trigger, invoker)
        backends = survey(self._situation(view).backends, self._runtime.now(), self._settings)
        at_tick = isinstance(trigger, Tick)
        self._inspector.measure(view, decision, backends, metrics, at_tick=at_tick)
        if lock.state is LockState.FAILING_OVER:
            return self._finish(view, invoker, metrics)
        observing = decision.action is Action.FAIL_OVER and self._settings.mode is Mode.OBSERVE
        if decision.action is Action.HOLD or observing:
            seen = self._inspector.inspect(view, metrics) if at_tick and not observing else Inspection()
            findings = find(decision, lock, backends, view.tables.active, seen, self._settings)
            self._tell(view, findings if at_tick else findings.urgent, metrics)
            return Outcome(decision, OBSERVED if observing else None)
        asked = self._backends(view)
        passive = view.instances.get(self._passive(view) or "")
        interface = None if passive is None else passive.interface
        result = self._failover.carry_out(decision, view.tables, asked, invoker, metrics, interface)
        return Outcome(decision, result)

    def _tell(self, view: View, findings: Findings, metrics: Metrics) -> None:
        """Tell people what is new; while another invocation acts, or has just acted, that is for it to do."""
        metrics.flush()  # should telling take what is left of the function's time, all that was measured is written
        if not view.locks.is_claimed(self._runtime.now()):
            self._teller.tell(view.locks.told, findings, metrics)

    def _situation(self, view: View) -> Situation:
        active = view.tables.active
        passive = None if active is None else view.tables.by_id[self._settings.other_table(active)]
        nats = set(self._settings.nats)
        control = None if passive is None else self._settings.nat_of(passive.table_id)
        return Situation(
            now=self._runtime.now(),
            lock=view.locks.lock.state,
            lock_reason=view.locks.lock.reason,
            active=active,
            subnets=view.tables.subnets,
            passive_route=None if passive is None else passive.trouble,
            backends=[o for o in view.observations if o.host not in nats and view.is_there(o.host)],
            control=[o for o in view.observations if o.host == control],
            nats=view.instances,
        )

    def _ask_who_is_due(self, view: View) -> View:
        """Send the next round to those whose watch is over or about to be, and to new ones in place of those gone."""
        now = self._runtime.now()
        nats = set(self._settings.nats)
        running = [
            Running(o.host, o.running_until)
            for o in view.observations
            if o.running_until is not None and not o.answers_soon and (o.host in nats or view.is_there(o.host))
        ]
        watched = watched_beyond(running, now, self._settings)
        passive = self._passive(view)
        control = [passive] if passive is not None and passive not in watched else []
        known = {o.host for o in view.observations if o.host not in nats and view.is_there(o.host)}
        enough = len(watched - nats) >= self._settings.sample_size or (known and known <= watched)
        if enough and not control and not self._looks_for_new_ones(now):
            return view
        if len(watched - nats) >= self._settings.sample_size:
            return self._ask(view, self._kind, tuple(control))
        latest = {o.host: o for o in survey(view.observations, now, self._settings).latest.values()}
        again = frozenset(h for h, o in latest.items() if o.state in (State.UNREACHABLE, State.WARMING_UP))
        online = self._fleet.online(watched | again)
        view = self._lookout.meet(view, online)
        backends = choose(
            [host for host in online if view.is_there(host)],
            watched - nats,
            again,
            frozenset(h for h, o in latest.items() if o.state is State.BROKEN),
            self._settings,
            self._runtime.random,
        )
        return self._ask(view, self._kind, (*control, *backends))

    @property
    def _kind(self) -> Kind:
        return Kind.WATCH if self._settings.watches else Kind.CHECK

    def _looks_for_new_ones(self, now: float) -> bool:
        """Tell whether this tick is one of those that look for backends never seen; the list takes calls."""
        return int(now // self._settings.period) % LOOK_EVERY == 0

    def _passive(self, view: View) -> str | None:
        active = view.tables.active
        return None if active is None else self._settings.nat_of(self._settings.other_table(active))

    def _ask(self, view: View, kind: Kind, hosts: tuple[str, ...]) -> View:
        if not hosts:
            return view
        passive = view.instances.get(self._passive(view) or "")
        asked = self._probe.send(kind, hosts, passive.address if passive and kind is Kind.WATCH else None)
        if asked is None:
            return view
        return view.with_round(asked)

    def _wait_for_evidence(
        self, view: View, decision: Decision, trigger: Trigger, invoker: Invoker
    ) -> tuple[View, Decision]:
        """Ask for what a decision lacks, and wait for the answers as long as they may change it."""
        begun = self._runtime.now()
        deadline = min(begun + self._settings.confirm_for, invoker.ends_at - TO_ACT)
        asked_at: dict[str, float] = {}
        while decision.action is Action.HOLD:
            now = self._runtime.now()
            if now >= deadline:
                break
            ask = tuple(host for host in decision.ask if now - asked_at.get(host, 0) >= ASK_EVERY)
            if ask:
                asked_at |= dict.fromkeys(ask, now)
                view = self._ask(view, Kind.CHECK, ask)
            if not self._worth_waiting(view, decision, trigger, begun):
                break
            self._runtime.sleep(self._settings.poll)
            view = self._lookout.look_again(view)
            decision = decide(self._situation(view), self._settings)
        return view, decision

    def _worth_waiting(self, view: View, decision: Decision, trigger: Trigger, begun: float) -> bool:
        now = self._runtime.now()
        if decision.cause is Cause.UNCONFIRMED:
            return True
        if decision.cause is Cause.FEW_FAILURES:
            # The first failures after a time of health: the others' are seen within the next seconds, if it is the NAT.
            new = any(o.elapsed >= FINE_FOR and now - o.at <= self._settings.gather_for for o in decision.evidence)
            if new and now - begun < self._settings.gather_for:
                return True
        if self._settings.watches or not isinstance(trigger, Tick):
            return False
        # A quick check has no later tick to be read by: it is read to its end here.
        return any(o.state is State.PENDING and o.answers_soon for o in view.observations)

    def _finish(self, view: View, invoker: Invoker, metrics: Metrics) -> Outcome:
        lock = view.locks.lock
        decision = Decision(Action.HOLD, Cause.LOCKED, lock.reason)
        if view.locks.is_claimed(self._runtime.now()):
            return Outcome(decision, None)
        return Outcome(decision, self._failover.finish(self._backends(view), invoker, metrics))

    def _backends(self, view: View) -> tuple[str, ...]:
        nats = set(self._settings.nats)
        return tuple(sorted({o.host for o in view.observations if o.host not in nats and view.is_there(o.host)}))
