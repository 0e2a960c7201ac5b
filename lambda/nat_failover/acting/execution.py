"""What the lock's record says is carried out: the swap, what came of it, whether it helped, and the mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import said_of
from nat_failover.judging.conditions import Condition, Kind, Severity
from nat_failover.lock.held import ClaimLostError, HeldLock, LockChangedError
from nat_failover.lock.record import LockState, Record
from nat_failover.metric_names import Metric
from nat_failover.network.elastic_ip import Egress
from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import Routes, SwapFailedError
from nat_failover.network.swap import Swapped, swap
from nat_failover.observability import Metrics
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import NOT_ASKED, Verification, Verified
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings
from nat_failover.telling.notifier import Teller
from nat_failover.telling.texts.failovers import Moved, facts, failed_over, swap_failed

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


@dataclass(frozen=True)
class Known:
    """What an invocation knows when it begins to move subnets.

    Attributes:
        tables: both route tables, as they were read last.
        backends: hosts to be asked afterwards whether it helped.
        evidence: the failures that it rests on; none where another's failover is finished.
        interface: primary network interface of the NAT that takes over; None where it is not known.
    """

    tables: Tables
    backends: tuple[str, ...]
    evidence: tuple[Observation, ...] = ()
    interface: str | None = None


class Execution:
    """Moves the subnets of a failover that stands in the lock.

    Once they are moved, the outcome is recorded while the backends are asked, and people are told in any case: of the
    record, too, if SSM refuses it. The lock then says ``failing-over``, and a later invocation finishes.
    """

    def __init__(
        self,
        settings: Settings,
        runtime: Runtime,
        routes: Routes,
        verification: Verification,
        teller: Teller,
        egress: Egress | None,
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._routes = routes
        self._verification = verification
        self._teller = teller
        self.egress = egress

    def swap(self, held: HeldLock, record: Record, known: Known, invoker: Invoker, metrics: Metrics) -> Result:
        """Swap, as the lock's record says.

        Raises:
            SwapFailedError: subnets are left; the lock says ``failed`` and people have been told.
            ClaimLostError: time ran out; the lock says ``failing-over``, a later invocation finishes.
            botocore.exceptions.ClientError, BotoCoreError: the subnets are moved and people have been told, but SSM has
                refused the record of it, or to ask backends.
        """
        begun, both = self._runtime.now(), (record.from_table, record.to_table)
        done = swap(self._routes, self.egress, self._runtime, both, known.tables, held.still_held, known.interface)
        if done.egress is not None:
            record = replace(record, egress=done.egress.record)
            if done.egress.left:
                metrics.count(Metric.EGRESS_ELSEWHERE)
        if done.failure is not None:
            self._fail(held, record, done, done.failure, known.evidence, metrics)
        moved, seconds, evidence = done.moved, done.seconds, known.evidence
        metrics.count(Metric.FAILED_OVER)
        metrics.seconds(Metric.SWAP_SECONDS, seconds)
        if evidence:
            metrics.seconds(Metric.DETECTION_SECONDS, begun - min(o.since for o in evidence))
        metrics.flush()
        said = f"{len(moved)} subnets moved from {record.from_table} to {record.to_table} in {seconds:.1f} s"
        said += f"; {done.egress.said}" if done.egress is not None else ""
        log.warning("failed over", extra={"reason": record.reason, "moved": list(moved), "seconds": round(seconds, 3)})
        record = replace(record, state=LockState.FAILED_OVER, outcome=said, seconds=seconds)
        unrecorded, (verified, not_asked) = self._runtime.together(
            [lambda: self._record(held, record), lambda: self._ask(known.backends, invoker)]
        )
        if isinstance(unrecorded, LockChangedError):
            said += f"; {unrecorded}: what stands there is left as it is"
            unrecorded = None
        metrics.count(Metric.BACKENDS_ONLINE_AFTER, len(verified.online))
        told = Moved(moved, seconds, begun + seconds, "" if unrecorded is None else said_of(unrecorded))
        self._teller.tell_of(
            Condition(Kind.FAILED_OVER, record.reason, evidence, active=record.to_table, record=record),
            failed_over(record, evidence, told, verified, self._settings, done.egress),
            facts(record, told, verified, evidence),
            Severity.WARNING if verified.all_online else Severity.CRITICAL,
            metrics,
        )
        for error in (unrecorded, not_asked):
            if error is not None:
                raise error
        return Result("failed-over", f"{said}; {verified.said}")

    def _record(self, held: HeldLock, record: Record) -> Exception | None:
        """Write what came of a swap into the lock; give the error for which that could not be done."""
        try:
            held.write(record)
        except LockChangedError as changed:
            log.warning("lock changed by somebody else", extra={"reason": str(changed)})
            return changed
        except (ClaimLostError, ClientError, BotoCoreError) as error:
            log.error("the outcome is not recorded", extra={"error": said_of(error)})  # noqa: TRY400
            return error
        return None

    def _ask(self, backends: tuple[str, ...], invoker: Invoker) -> tuple[Verified, Exception | None]:
        try:
            return self._verification.ask(backends, invoker.ends_at - TO_TELL), None
        except (ClientError, BotoCoreError) as error:
            return Verified(why=NOT_ASKED), error

    def _fail(
        self,
        held: HeldLock,
        record: Record,
        done: Swapped,
        error: SwapFailedError,
        evidence: tuple[Observation, ...],
        metrics: Metrics,
    ) -> NoReturn:
        metrics.count(Metric.FAILOVER_FAILED)
        metrics.flush()
        log.error("failover failed", extra={"moved": list(error.moved), "left": error.left})
        outcome = str(error) if done.egress is None else f"{error}; {done.egress.said}"
        record = replace(record, state=LockState.FAILED, outcome=outcome)
        unrecorded = self._record(held, record)
        left = [record.subnets[subnet] for subnet in sorted(error.left) if subnet in record.subnets]
        self._teller.tell_of(
            Condition(Kind.FAILOVER_FAILED, record.reason, evidence, record=record),
            swap_failed(record, evidence, str(error), left, self._settings, done.egress),
            facts(record, Moved(error.moved, done.seconds, self._runtime.now()), None, ()),
            Severity.CRITICAL,
            metrics,
        )
        raise error from unrecorded
