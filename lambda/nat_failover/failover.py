"""The failover: take the claim, record it, swap, record what came of it, verify, tell."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NoReturn

from nat_failover.about_failovers import Moved, facts, failed_over, swap_failed
from nat_failover.conditions import Condition, Kind, Severity
from nat_failover.decision import Decision
from nat_failover.egress import Egress
from nat_failover.lock import HeldLock, LockChangedError, LockStore
from nat_failover.observability import Metrics
from nat_failover.observation import Observation
from nat_failover.record import EgressMove, Lock, LockState, Record
from nat_failover.routes import Routes, RouteTablesError, SwapFailedError, Tables
from nat_failover.runtime import Runtime
from nat_failover.settings import Mode, Settings
from nat_failover.swap import Swapped, swap
from nat_failover.teller import Teller
from nat_failover.verification import Verification
from nat_failover.verified import NOT_ASKED, Verified

log = logging.getLogger(__name__)

# What has to be left of the function's time to tell people, in seconds.
TO_TELL = 5.0


@dataclass(frozen=True)
class Result:
    """What became of a decision to fail over: one of the outcomes, and a sentence."""

    outcome: str
    said: str


@dataclass(frozen=True)
class Invoker:
    """The invocation that acts: its request id, and the time (seconds since the epoch) at which Lambda ends it."""

    request_id: str
    ends_at: float


class Failover:
    """Carries a decision out, once an arming, whoever else tries at the same time and wherever it is interrupted."""

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        lock: LockStore,
        routes: Routes,
        verification: Verification,
        teller: Teller,
        egress: Egress | None,
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._lock = lock
        self._routes = routes
        self._verification = verification
        self._teller = teller
        self._egress = egress

    def carry_out(
        self,
        decision: Decision,
        tables: Tables,
        backends: tuple[str, ...],
        invoker: Invoker,
        metrics: Metrics,
        interface: str | None = None,
    ) -> Result:
        """Swap, as decided.

        Args:
            decision: to FAIL_OVER.
            tables: as they were when it was decided.
            backends: hosts to be asked afterwards whether it helped.
            invoker: who acts.
            metrics: of the invocation; written as soon as the swap is done.
            interface: primary network interface of the NAT that takes over, where it is known.

        Raises:
            SwapFailedError: subnets are left; the lock says ``failed`` and people have been told.
            ClaimLostError: time ran out; the lock says ``failing-over``, a later invocation finishes.
        """
        held = self._lock.take(invoker.request_id)
        if held is None:
            return Result("lost", "another invocation has the claim and acts")
        with _given_up_on_error(held):
            lock = held.read()
        if lock.state is LockState.FAILING_OVER:
            return self._finish(held, lock, backends, invoker, metrics)
        if lock.state is not LockState.ARMED:
            held.give_up()
            return Result("locked", f"no longer armed when it came to act: {lock.reason}")
        to_table = decision.to_table
        if to_table is None:
            raise ValueError("a decision to fail over has to say where to")
        from_table = self._settings.other_table(to_table)
        record = Record(
            LockState.FAILING_OVER,
            invoker.request_id,
            self._runtime.now(),
            from_table,
            to_table,
            dict(tables.by_id[from_table].associations),
            tuple(f"{o.host} {o.state.value}" for o in decision.evidence),
            decision.reason,
            egress=self._egress_to_move,
        )
        with _given_up_on_error(held):
            held.write(record)
        return self._swap(held, record, decision, tables, backends, invoker, metrics, interface)

    @property
    def _egress_to_move(self) -> EgressMove | None:
        return None if self._egress is None else EgressMove(self._egress.allocation, moved=False)

    def finish(self, backends: tuple[str, ...], invoker: Invoker, metrics: Metrics) -> Result:
        """Finish what an invocation that has died has left in the lock; in observe mode, tell of it alone.

        Raises:
            SwapFailedError: as for ``carry_out``.
            ClaimLostError: as for ``carry_out``.
            RouteTablesError: a deployment has replaced a table of the pair meanwhile; the lock says ``failed``.
        """
        if self._settings.mode is Mode.OBSERVE:
            metrics.count("FailoverFailed")
            return Result("observed", "a failover that was begun before is not finished: observe mode changes nothing")
        held = self._lock.take(invoker.request_id)
        if held is None:
            return Result("lost", "another invocation has the claim and finishes the failover")
        with _given_up_on_error(held):
            lock = held.read()
        if lock.state is not LockState.FAILING_OVER:
            held.give_up()
            return Result("locked", f"nothing is left to finish: {lock.reason}")
        return self._finish(held, lock, backends, invoker, metrics)

    def _finish(
        self, held: HeldLock, lock: Lock, backends: tuple[str, ...], invoker: Invoker, metrics: Metrics
    ) -> Result:
        dead = lock.record
        if dead is None:
            raise ValueError("a lock that says failing-over has to have a record")
        if {dead.from_table, dead.to_table} != set(self._settings.tables):
            self._record_foreign(held, lock, dead, invoker, metrics)
        log.warning("finishing the failover of an invocation that died", extra={"dead_owner": dead.owner})
        held.adopt(lock)
        record = replace(dead, owner=invoker.request_id, egress=self._egress_to_move)
        held.write(record)
        return self._swap(held, record, None, self._routes.read(), backends, invoker, metrics)

    def _record_foreign(self, held: HeldLock, lock: Lock, dead: Record, invoker: Invoker, metrics: Metrics) -> NoReturn:
        """Record that a failover can't be finished, since a table of it is none of the pair's (any more)."""
        tables = " and ".join(self._settings.tables)
        why = (
            f"the failover from {dead.from_table} to {dead.to_table} can't be finished: the pair's route tables are "
            f"{tables} now. Associate every protected subnet with one of these and re-arm"
        )
        held.adopt(lock)
        held.write(replace(dead, state=LockState.FAILED, owner=invoker.request_id, outcome=why))
        metrics.count("FailoverFailed")
        raise RouteTablesError(why)

    def _swap(
        self,
        held: HeldLock,
        record: Record,
        decision: Decision | None,
        tables: Tables,
        backends: tuple[str, ...],
        invoker: Invoker,
        metrics: Metrics,
        interface: str | None = None,
    ) -> Result:
        begun, both = self._runtime.now(), (record.from_table, record.to_table)
        done = swap(self._routes, self._egress, self._runtime, both, tables, held.still_held, interface)
        if done.egress is not None:
            record = replace(record, egress=done.egress.record)
            if not done.egress.moved:
                metrics.count("EgressElsewhere")
        evidence = () if decision is None else decision.evidence
        if done.failure is not None:
            self._record_failure(held, record, done, done.failure, evidence, metrics)
            raise done.failure
        moved, seconds = done.moved, done.seconds
        told = Moved(moved, seconds, begun + seconds)
        metrics.count("FailedOver")
        metrics.seconds("SwapSeconds", seconds)
        if evidence:
            metrics.seconds("DetectionSeconds", begun - min(o.since for o in evidence))
        metrics.flush()
        said = f"{len(moved)} subnets moved from {record.from_table} to {record.to_table} in {seconds:.1f} s"
        said += f"; {done.egress.said}" if done.egress is not None else ""
        log.warning("failed over", extra={"reason": record.reason, "moved": list(moved), "seconds": round(seconds, 3)})
        record = replace(record, state=LockState.FAILED_OVER, outcome=said, seconds=seconds)
        try:
            held.write(record)
        except LockChangedError as changed:
            said += f"; {changed}: what stands there is left as it is"
            log.warning("lock changed by a person", extra={"reason": str(changed)})
        verified = Verified(why=NOT_ASKED)
        try:
            verified = self._verification.ask(backends, invoker.ends_at - TO_TELL)
        finally:  # people are told in any case
            metrics.count("BackendsOnlineAfter", len(verified.online))
            self._teller.tell_of(
                Condition(Kind.FAILED_OVER, record.reason, evidence, active=record.to_table, record=record),
                failed_over(record, evidence, told, verified, self._settings, done.egress),
                facts(record, told, verified, evidence),
                Severity.WARNING if verified.all_online else Severity.CRITICAL,
                metrics,
            )
        return Result("failed-over", f"{said}; {verified.said}")

    def _record_failure(
        self,
        held: HeldLock,
        record: Record,
        done: Swapped,
        error: SwapFailedError,
        evidence: tuple[Observation, ...],
        metrics: Metrics,
    ) -> None:
        metrics.count("FailoverFailed")
        metrics.flush()
        log.error("failover failed", extra={"moved": list(error.moved), "left": error.left})
        outcome = str(error) if done.egress is None else f"{error}; {done.egress.said}"
        record = replace(record, state=LockState.FAILED, outcome=outcome)
        try:
            held.write(record)
        except LockChangedError as changed:
            log.warning("lock changed by a person", extra={"reason": str(changed)})
        finally:  # people are told in any case
            left = [record.subnets[subnet] for subnet in sorted(error.left) if subnet in record.subnets]
            self._teller.tell_of(
                Condition(Kind.FAILOVER_FAILED, record.reason, evidence, record=record),
                swap_failed(record, evidence, str(error), left, self._settings, done.egress),
                facts(record, Moved(error.moved, done.seconds, self._runtime.now()), None, ()),
                Severity.CRITICAL,
                metrics,
            )


@contextmanager
def _given_up_on_error(held: HeldLock) -> Iterator[None]:
    """Give the claim up where an error ends the invocation before it has changed EC2: the next need not wait for it.

    Should the record have been written none the less, the next invocation finishes what it says.
    """
    try:
        yield
    except Exception:
        held.give_up()
        raise
