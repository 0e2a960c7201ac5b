"""The failover: take the claim, record it, carry it out, or finish what another has left."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.acting.execution import Execution, Invoker, Known, Result
from nat_failover.aws_errors import is_passing
from nat_failover.clients import PairServices
from nat_failover.judging.decision import Cause, Decision
from nat_failover.lock.held import ClaimLostError, HeldLock, LockChangedError
from nat_failover.lock.record import DRILL, EgressMove, Lock, LockState, Record
from nat_failover.lock.store import LockView
from nat_failover.names import Metric
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.settings import Mode

log = logging.getLogger(__name__)


class NotBegunError(Exception):
    """SSM has kept the failover from being recorded, for now: nothing is changed, and it may be judged anew.

    Attributes:
        cause: what it said.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"nothing is changed yet: {cause}")
        self.cause = cause


class Failover:
    """Carries a decision out, once an arming, whoever else tries at the same time and wherever it is interrupted."""

    def __init__(self, services: PairServices, execution: Execution) -> None:
        self._settings = services.settings
        self._runtime = services.runtime
        self._lock = services.lock
        self._routes = services.routes
        self._egress = services.egress
        self._execution = execution

    def carry_out(self, decision: Decision, known: Known, invoker: Invoker, seen: LockView | None = None) -> Result:
        """Swap, as decided.

        Args:
            decision: to FAIL_OVER.
            known: as it was when it was decided.
            invoker: who acts; its metrics are written as soon as the swap is done.
            seen: lock and claim, as they were read just now.

        Raises:
            NotBegunError: nothing was changed, and a further try may succeed.
            SwapFailedError, ClaimLostError, botocore.exceptions.ClientError, BotoCoreError: as for ``Execution.swap``.
        """
        held, lock = self._claimed(invoker, seen)
        if held is None or lock is None:
            return Result("lost", "another invocation has the claim and is failing over")
        if lock.state is LockState.FAILING_OVER:
            return self._finish(held, lock, known, invoker)
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
            dict(known.tables.by_id[from_table].associations),
            tuple(f"{o.host} {o.state.value}" for o in decision.evidence),
            decision.reason,
            egress=self._egress_to_move,
            handover=decision.cause is Cause.HANDOVER,
            # A drill stops forwarding and nothing else: what EC2 or AWS says of a NAT is no drill's doing.
            by_hand=DRILL if known.drill and decision.cause is Cause.ENOUGH_FAILURES else "",
        )
        if not self._recorded(held, record):
            return Result("locked", "no longer armed when it came to act: somebody else has written the lock")
        return self._execution.swap(held, record, known, invoker)

    def finish(self, known: Known, invoker: Invoker) -> Result:
        """Finish what an invocation that has died has left in the lock; in observe mode, tell of it alone.

        Raises:
            NotBegunError: as for ``carry_out``.
            SwapFailedError, ClaimLostError, botocore.exceptions.ClientError, BotoCoreError: as for ``Execution.swap``.
            RouteTablesError: a deployment has replaced a table of the pair meanwhile; the lock says ``failed``.
        """
        if self._settings.mode is Mode.OBSERVE:
            invoker.metrics.count(Metric.FAILOVER_FAILED)
            return Result("observed", "a failover that was begun before is not finished: observe mode changes nothing")
        held, lock = self._claimed(invoker)
        if held is None or lock is None:
            return Result("lost", "another invocation has the claim and is finishing the failover")
        if lock.state is not LockState.FAILING_OVER:
            held.give_up()
            return Result("locked", f"nothing is left to finish: {lock.reason}")
        return self._finish(held, lock, known, invoker)

    @property
    def _egress_to_move(self) -> EgressMove | None:
        return None if self._egress is None else self._egress.to_move

    def _claimed(self, invoker: Invoker, seen: LockView | None = None) -> tuple[HeldLock | None, Lock | None]:
        """Take the claim, and read the lock again; None where another has it."""
        held = None
        try:
            held = self._lock.take(invoker.request_id, seen)
            return held, None if held is None else held.read()
        except (ClaimLostError, ClientError, BotoCoreError) as error:
            self._leave(held, error)

    def _recorded(self, held: HeldLock, record: Record) -> bool:
        """Write the record by which the failover begins; tell whether it is for this invocation to carry it out."""
        try:
            held.write(record)
        except LockChangedError as changed:
            log.warning("lock changed by somebody else", extra={"reason": str(changed)})
            if not held.has_written:
                held.give_up()
            return False
        except (ClaimLostError, ClientError, BotoCoreError) as error:
            # Should it have been written none the less, a later invocation finishes what it says.
            self._leave(held, error)
        return True

    @staticmethod
    def _leave(held: HeldLock | None, error: Exception) -> NoReturn:
        """Give the claim up, so that nobody waits for it, and end with the error."""
        if held is not None:
            held.give_up()
        if is_passing(error) or isinstance(error, ClaimLostError):
            raise NotBegunError(error) from error
        raise error

    def _finish(self, held: HeldLock, lock: Lock, known: Known, invoker: Invoker) -> Result:
        dead = lock.record
        if dead is None:
            raise ValueError("a lock that says failing-over has to have a record")
        if {dead.from_table, dead.to_table} != set(self._settings.tables):
            self._record_foreign(held, dead, invoker)
        log.warning("finishing the failover of an invocation that died", extra={"dead_owner": dead.owner})
        record = replace(dead, owner=invoker.request_id, egress=self._egress_to_move)
        if not self._recorded(held, record):
            return Result("locked", "nothing is left to finish: somebody else has written the lock")
        known = replace(known, tables=self._routes.read(), evidence=())
        return self._execution.swap(held, record, known, invoker)

    def _record_foreign(self, held: HeldLock, dead: Record, invoker: Invoker) -> NoReturn:
        """Record that a failover can't be finished, since a table of it is none of the pair's (any more)."""
        tables = " and ".join(self._settings.tables)
        why = (
            f"the failover from {dead.from_table} to {dead.to_table} can't be finished: the pair's route tables are "
            f"{tables} now. Associate every protected subnet with one of these and re-arm"
        )
        held.write(replace(dead, state=LockState.FAILED, owner=invoker.request_id, outcome=why))
        invoker.metrics.count(Metric.FAILOVER_FAILED)
        raise RouteTablesError(why)
