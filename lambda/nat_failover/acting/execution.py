"""What the lock's record says is carried out: the swap, what came of it, whether it helped, and the mail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.clients import PairServices
from nat_failover.judging.conditions import Condition, Severity, Trouble
from nat_failover.lock.held import ClaimLostError, HeldLock, LockChangedError
from nat_failover.lock.record import LockState, Record
from nat_failover.names import Metric
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Tables
from nat_failover.network.swap import Swapped
from nat_failover.observability import Metrics
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import NOT_ASKED, Listener, Verification, Verified
from nat_failover.telling.compose import FailoverReport
from nat_failover.telling.formats import counted
from nat_failover.telling.nat_names import nat_names
from nat_failover.telling.notifier import Teller
from nat_failover.telling.texts.failovers import facts, failed_over, swap_failed

log = logging.getLogger(__name__)

# What has to be left of the function's time to tell people, in seconds.
TO_TELL = 5.0


@dataclass(frozen=True)
class Result:
    """What became of a decision to fail over: one of the outcomes, and a sentence."""

    outcome: str
    in_words: str


@dataclass(frozen=True)
class Invoker:
    """The invocation that acts.

    Attributes:
        ends_at: when Lambda ends it, in seconds since the epoch.
        metrics: what it measures.
    """

    request_id: str
    ends_at: float
    metrics: Metrics


@dataclass(frozen=True)
class Known:
    """What an invocation knows when it begins to move subnets.

    Attributes:
        tables: both route tables, as they were read last.
        backends: hosts to be asked afterwards whether it helped.
        evidence: the failures that it rests on; none where another's failover is finished.
        instances: the pair's NATs and backends, as EC2 describes them; empty where that is not known.
        drill: a drill has begun to break the active NAT.
    """

    tables: Tables
    backends: tuple[str, ...]
    evidence: tuple[Observation, ...] = ()
    instances: Mapping[str, Nat] = field(default_factory=dict)
    drill: bool = False


class Execution:
    """Moves the subnets of a failover that stands in the lock.

    Once they are moved, the outcome is recorded while the backends are asked, and people are told in any case: of the
    record, too, if SSM refuses it. The lock then says ``failing-over``, and a later invocation finishes.
    """

    def __init__(self, services: PairServices, verification: Verification, teller: Teller) -> None:
        self._settings = services.settings
        self._runtime = services.runtime
        self._mover = services.mover
        self._verification = verification
        self._teller = teller

    def swap(self, held: HeldLock, record: Record, known: Known, invoker: Invoker) -> Result:
        """Swap, as the lock's record says.

        Raises:
            SwapFailedError: subnets are left; the lock says ``failed`` and people have been told.
            ClaimLostError: time ran out; the lock says ``failing-over``, a later invocation finishes.
            botocore.exceptions.ClientError, BotoCoreError: the subnets are moved and people have been told, but SSM has
                refused the record of it, or to ask backends.
        """
        taking_over = known.instances.get(self._settings.nat_of(record.to_table))
        interface = None if taking_over is None else taking_over.interface
        begun, metrics = self._runtime.now(), invoker.metrics
        both = (record.from_table, record.to_table)
        done = self._mover.swap(both, known.tables, held.still_held, interface)
        if done.egress is not None:
            record = replace(record, egress=done.egress.record)
            if done.egress.left:
                metrics.count(Metric.EGRESS_ELSEWHERE)
        if done.failure is not None:
            self._fail(held, record, done, known, metrics)
        moved, seconds, evidence = done.moved, done.seconds, known.evidence
        metrics.count(Metric.FAILED_OVER)
        metrics.seconds(Metric.SWAP_SECONDS, seconds)
        if evidence:
            metrics.seconds(Metric.DETECTION_SECONDS, begun - min(o.since for o in evidence))
        metrics.flush()
        outcome = (
            f"{counted(len(moved), 'subnet')} moved from {record.from_table} to {record.to_table} in {seconds:.1f} s"
        )
        outcome += f"; {done.egress.in_words}" if done.egress is not None else ""
        log.warning("failed over", extra={"reason": record.reason, "moved": list(moved), "seconds": round(seconds, 3)})
        record = replace(record, state=LockState.FAILED_OVER, outcome=outcome, seconds=seconds)
        unrecorded, (verified, not_asked) = self._runtime.together(
            [lambda: self._record(held, record), lambda: self._ask(known, taking_over, invoker)]
        )
        if isinstance(unrecorded, LockChangedError):
            outcome += f"; {unrecorded}: what it says now is left alone"
            unrecorded = None
        metrics.count(Metric.BACKENDS_ONLINE_AFTER, len(verified.online))
        why = "" if unrecorded is None else error_in_words(unrecorded)
        report = FailoverReport(
            Condition(Trouble.FAILED_OVER, record.reason, evidence, active=record.to_table, record=record),
            failed_over(record, evidence, done, verified, self._settings, why),
            facts(record, done, verified, evidence),
            Severity.WARNING if verified.all_online else Severity.CRITICAL,
            nat_names(known.instances, self._settings),
        )
        self._teller.tell_of(report, metrics)
        for error in (unrecorded, not_asked):
            if error is not None:
                raise error
        return Result("failed-over", f"{outcome}; {verified.in_words}")

    def _record(self, held: HeldLock, record: Record) -> Exception | None:
        """Write what came of a swap into the lock; give the error for which that could not be done."""
        try:
            held.write(record)
        except LockChangedError as changed:
            log.warning("lock changed by somebody else", extra={"reason": str(changed)})
            return changed
        except (ClaimLostError, ClientError, BotoCoreError) as error:
            log.error("the outcome is not recorded", extra={"error": error_in_words(error)})  # noqa: TRY400
            return error
        return None

    def _ask(self, known: Known, taking_over: Nat | None, invoker: Invoker) -> tuple[Verified, Exception | None]:
        listener = None
        if taking_over is not None and taking_over.address is not None:
            hosts = {address: host for host in known.backends for address in _addresses(known.instances.get(host))}
            listener = Listener(taking_over.instance_id, taking_over.address, hosts)
        try:
            return self._verification.ask(known.backends, invoker.ends_at - TO_TELL, listener), None
        except (ClientError, BotoCoreError) as error:
            return Verified(why=NOT_ASKED), error

    def _fail(
        self,
        held: HeldLock,
        record: Record,
        done: Swapped,
        known: Known,
        metrics: Metrics,
    ) -> NoReturn:
        error, evidence = done.failure, known.evidence
        assert error is not None  # noqa: S101 - for this it is called # nosec B101
        metrics.count(Metric.FAILOVER_FAILED)
        metrics.flush()
        log.error("failover failed", extra={"moved": list(error.moved), "left": error.left})
        outcome = str(error) if done.egress is None else f"{error}; {done.egress.in_words}"
        record = replace(record, state=LockState.FAILED, outcome=outcome)
        unrecorded = self._record(held, record)
        left = [record.subnets[subnet] for subnet in sorted(error.left) if subnet in record.subnets]
        report = FailoverReport(
            Condition(Trouble.FAILOVER_FAILED, record.reason, evidence, record=record),
            swap_failed(record, evidence, str(error), left, self._settings, done.egress),
            facts(record, done, None, ()),
            Severity.CRITICAL,
            nat_names(known.instances, self._settings),
        )
        self._teller.tell_of(report, metrics)
        raise error from unrecorded


def _addresses(instance: Nat | None) -> tuple[str, ...]:
    return () if instance is None else instance.addresses
