"""What is measured at every look, and what a tick finds beside its decision."""

from __future__ import annotations

import logging

from nat_failover.judging.decision import Cause, Decision
from nat_failover.judging.fitness import why_unfit
from nat_failover.judging.handover import announced_ends
from nat_failover.judging.inspected import Inspection
from nat_failover.judging.loss import loss, without_pings
from nat_failover.judging.view import View
from nat_failover.judging.while_locked import offline_now
from nat_failover.lock.record import LockState
from nat_failover.names import Metric
from nat_failover.network.egress_address import astray, unaddressed
from nat_failover.network.route_differences import Difference
from nat_failover.network.route_mirror import Mirror
from nat_failover.observability import Metrics
from nat_failover.probing.invocation import State
from nat_failover.probing.nat_health import Health
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import Backends
from nat_failover.settings import Mode, Settings

log = logging.getLogger(__name__)

# From how many per cent on these have a value.
WORTH_TELLING_FULL, WORTH_TELLING_LOST = 50.0, 1.0
_OF_PRIMARY = (Metric.PRIMARY_CONNECTIONS, Metric.PRIMARY_MEMORY, Metric.PRIMARY_ALLOWANCE_EXCEEDED)
_OF_STANDBY = (Metric.STANDBY_CONNECTIONS, Metric.STANDBY_MEMORY, Metric.STANDBY_ALLOWANCE_EXCEEDED)


class Inspector:
    """Compares the pair with how it has to be.

    Args:
        settings: of the pair.
        mirror: copies routes, where that is wanted.
    """

    def __init__(self, settings: Settings, mirror: Mirror) -> None:
        self._settings = settings
        self._mirror = mirror
        # The watches of NATs of which each minute has been written.
        self._written: frozenset[tuple[str, float]] = frozenset()

    def inspect(self, view: View, metrics: Metrics) -> Inspection:
        """Look, before it matters, for what would make a failover useless or harmful; copy routes where that is wanted.

        What EC2 refuses is among what is found, and no error.
        """
        if view.tables.active is None:
            return Inspection()
        return Inspection(
            self.passive_trouble(view),
            self._compare_routes(view, metrics),
            self._compare_egress(view, metrics),
            self.unaddressed(view),
            view.worked(),
            without_pings(view.backends, self._settings),
        )

    def ends(self, view: View) -> tuple[str, ...] | None:
        """Return what is announced of the NATs, in words; None where EC2 was not asked."""
        if not view.is_described or view.tables.active is None:
            return None
        return announced_ends(view.situation(view.looking_since), self._settings)

    def _compare_routes(self, view: View, metrics: Metrics) -> tuple[Difference, ...]:
        """Return which routes the subnets would lose by a swap; copy them where that is wanted."""
        found = view.tables.differences(view.instances)
        passive = None if view.tables.active is None else self._settings.other_table(view.tables.active)
        armed = view.locks.is_read and view.locks.lock.state is LockState.ARMED
        may_write = self._settings.mode is Mode.AUTOMATIC and armed
        if found and passive is not None and self._settings.mirror_routes and may_write:
            found = self._mirror.copy(found, passive)
        sentences = [difference.in_words for difference in found]
        if sentences:
            log.warning("the route tables differ", extra={"passive": passive, "routes": sentences})
            metrics.count(Metric.ROUTES_DIFFER, len(found))
            metrics.note("routes", sentences)
        return found

    def _compare_egress(self, view: View, metrics: Metrics) -> str | None:
        """Return where the egress address, if the pair has one, is not with the active NAT."""
        active = view.tables.active
        if view.egress is None or active is None:
            return None
        nat, other = view.nats
        sentences = astray(view.egress, view.instances[nat], view.instances.get(other))
        if not sentences:
            return None
        log.warning("; ".join(sentences))
        metrics.count(Metric.EGRESS_ELSEWHERE)
        metrics.note("egress", list(sentences))
        return "; ".join(sentences)

    def measure(self, view: View, decision: Decision, backends: Backends, metrics: Metrics, *, at_tick: bool) -> None:
        """Write the metrics of one look."""
        states = [o.state for o in backends.latest.values()]
        state = view.locks.lock.state
        locked = state is not LockState.ARMED
        if view.locks.is_read:
            self.measure_lock(state, metrics)
        metrics.count(Metric.BACKENDS_REACHABLE, states.count(State.REACHABLE))
        offline = offline_now(view.locks.lock, backends)
        metrics.count(Metric.BACKENDS_UNREACHABLE, len(offline))
        metrics.count(Metric.BACKENDS_SILENT, states.count(State.SILENT))
        metrics.count(Metric.STANDBY_ACTIVE, view.tables.active == self._settings.standby_route_table)
        # A metric costs by the hour that has a value: what is rare is told only while it is so.
        for name, value in {
            Metric.TICK: at_tick,
            Metric.BACKENDS_BROKEN: states.count(State.BROKEN),
            Metric.NEVER_ONLINE: decision.cause is Cause.NEVER_ONLINE,
            Metric.CANNOT_JUDGE: decision.cause is Cause.CANNOT_JUDGE,
            Metric.SPLIT: decision.cause is Cause.SPLIT,
            Metric.NO_SUBNETS: decision.cause is Cause.NO_SUBNETS,
            Metric.CONTROL_DOWN: decision.cause in (Cause.CONTROL_DOWN, Cause.NOT_THE_NAT, Cause.UNCONFIRMED),
            Metric.PASSIVE_NAT_UNHEALTHY: self.passive_trouble(view) is not None,
            Metric.PASSIVE_NAT_WITHOUT_ADDRESS: self.unaddressed(view) is not None,
            Metric.OFFLINE_WHILE_LOCKED: locked and len(offline) >= self._settings.failure_threshold,
        }.items():
            if value:
                metrics.count(name, value)
        self.measure_nats(view, metrics)

    def measure_nats(self, view: View, metrics: Metrics) -> None:
        """Write how both NATs are, minute by minute as their watches end, and what backends lose.

        No word of a running command can be read, so that a minute is told up to a window later: StandardOutputContent
        in https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
        A process that is new may write some once more; their highest and lowest stay what they are.
        """
        measured = [(o, o.health) for o in view.observations if o.host in self._settings.nats and o.health is not None]
        for o, health in measured:
            if (o.host, o.asked_at) not in self._written:
                self._write_minutes(o, health, metrics)
        self._written = frozenset((o.host, o.asked_at) for o, _ in measured)
        newest = {o.host: health for o, health in sorted(measured, key=lambda each: each[0].at)}
        fullest = max((health.connections_percent for health in newest.values()), default=0.0)
        lost = loss(view.backends, self._settings) or 0.0
        if fullest >= WORTH_TELLING_FULL:
            metrics.percent(Metric.CONNECTIONS_NEARLY_FULL, fullest)
        if lost >= WORTH_TELLING_LOST:
            metrics.percent(Metric.PACKETS_LOST, lost)

    def _write_minutes(self, o: Observation, health: Health, metrics: Metrics) -> None:
        connections, memory, dropped = _OF_PRIMARY if o.host == self._settings.primary_instance else _OF_STANDBY
        for at, minute in health.dated(o.at, o.elapsed):
            then = metrics.of_then(at)
            then.percent(connections, health.connections_percent_in(minute))
            then.percent(memory, health.memory_percent_in(minute))
            if minute.dropped:
                then.count(dropped, minute.dropped)
                then.note("exceeded", list(health.exceeded))
            then.flush()

    @staticmethod
    def measure_lock(state: LockState, metrics: Metrics) -> None:
        """Write the metrics of the lock."""
        metrics.count(Metric.LOCKED, state is not LockState.ARMED)
        for name, value in {
            Metric.LOCK_UNREADABLE: state is LockState.UNREADABLE,
            Metric.LOCK_FAILED: state is LockState.FAILED,
        }.items():
            if value:
                metrics.count(name, value)

    def passive_trouble(self, view: View) -> str | None:
        """Return what is wrong with the passive NAT; None where nothing is, or no NAT is the passive one.

        One without a public address can't answer, and is not broken for that: see ``unaddressed``.
        """
        if view.tables.active is None:
            return None
        _, passive = self._settings.sides(view.tables.active)
        end = view.announced.get(passive.nat)
        if end is not None and end.is_due(view.looking_since):
            return f"{end.in_words}, the passive NAT"
        unfit = why_unfit(view.tables.by_id[passive.table].trouble, passive.nat, view.instances)
        if unfit is not None or self.unaddressed(view) is not None:
            return unfit
        return view.passive_trouble

    def unaddressed(self, view: View) -> str | None:
        """Return that the passive NAT lacks a public address, and so can't take over; None where it does not."""
        passive = view.instances.get(view.nats[1])
        return None if passive is None else unaddressed(passive, self._settings)
