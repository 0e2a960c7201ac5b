"""The subnets' passage to the other NAT by a person's hand: claimed, recorded, in stages, verified, or undone.

At every moment the lock's record says where a dying hand's work is to be finished by the function, and that is the NAT
that is known to be good: until the first stage is verified, the one that the subnets come from.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.operator import Hand, Say
from nat_failover.cli.operator.plan import Ended, Passed, Plan, missing
from nat_failover.lock.held import HeldLock, LockChangedError
from nat_failover.lock.record import DRILL, Lock, LockState, Record
from nat_failover.network.egress_address import Move
from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import SwapFailedError
from nat_failover.telling.formats import counted

log = logging.getLogger(__name__)

# How long a replaced association is given to be in force, in seconds: who is asked sooner may answer by the old path.
IN_FORCE_AFTER = 3.0
# A read of the lock may be a little old, and so the claim outlives what was done by this, in seconds.
STALE_FOR = 15.0
# States of the lock in which a person may move the subnets; in the others the function is at work, or nobody knows.
MAY_MOVE = frozenset({LockState.ARMED, LockState.PAUSED, LockState.FAILED_OVER, LockState.FAILED})


class TroubleError(Exception):
    """The new way does not carry traffic, or not all could be moved: what was moved goes back."""


class Passage:
    """One passage, of one plan.

    Args:
        hand: means of the person.
        say: tells the person how it goes.
    """

    def __init__(self, hand: Hand, plan: Plan, say: Say) -> None:
        self._hand = hand
        self._plan = plan
        self._say = say
        self._associations: dict[str, str] = {}
        self._begun = 0.0
        self._swapped = 0.0
        self._egress: Move | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the lock may have a record of it, which the function finishes if nobody else does."""
        return self._begun > 0

    def go(self) -> Passed:
        """Do it.

        Raises:
            CommandError: nothing was changed, and why.
            ClaimLostError: time ran out; the function finishes what the lock says.
            botocore.exceptions.ClientError: AWS refuses what can't be done without, before anything was changed.
        """
        held = self._hand.claim(self._say)
        try:
            lock = held.read()
            tables = self._hand.routes.read()
            self._still_as_planned(lock, tables)
            self._begun = self._hand.runtime.now()
            there = tables.by_id[self._plan.from_table].associations
            self._associations = {subnet: there[subnet] for subnet in self._plan.subnets}
            # Until it is verified that the new way carries traffic, what is to be finished is the way back.
            held.write(self._record(LockState.FAILING_OVER, back=bool(self._plan.first)))
        except Exception:
            if not held.has_written:
                held.give_up()
            raise
        passed = self._pass(held, tables)
        held.end_in(STALE_FOR)
        return passed

    def _pass(self, held: HeldLock, tables: Tables) -> Passed:
        moved: tuple[str, ...] = ()
        try:
            if self._plan.first:
                moved = self._plan.first
                self._first_stage(held, tables)
                held.renew()
                held.write(self._record(LockState.FAILING_OVER))
                tables = self._hand.routes.read()
            moved = self._plan.subnets
            return self._all(held, tables)
        except (TroubleError, SwapFailedError, LockChangedError, KeyboardInterrupt) as trouble:
            why = "interrupted (Ctrl-C)" if isinstance(trouble, KeyboardInterrupt) else str(trouble)
            return self._undo(held, why, all_of_them=moved == self._plan.subnets)

    def _still_as_planned(self, lock: Lock, tables: Tables) -> None:
        if lock.state not in MAY_MOVE:
            raise CommandError(f"nothing was changed: {lock.reason}", section="the-lock")
        there = set(tables.by_id[self._plan.from_table].associations)
        if not set(self._plan.subnets) <= there:
            raise CommandError(
                "nothing was changed: the subnets' associations have changed meanwhile; run it again",
                section="subnets-split",
            )

    def _record(
        self, state: LockState, outcome: str = "", *, back: bool = False, seconds: float | None = None
    ) -> Record:
        plan, egress = self._plan, self._hand.egress
        ways = (plan.to_table, plan.from_table) if back else (plan.from_table, plan.to_table)
        return Record(
            state,
            self._hand.owner,
            self._begun,
            *ways,
            self._associations,
            tuple(f"{host} online before" for host in sorted(plan.online))[:5],
            plan.reason,
            outcome,
            seconds,
            self._egress.record if self._egress is not None else None if egress is None else egress.to_move,
            by_hand=DRILL if plan.drill else plan.name,
        )

    def _first_stage(self, held: HeldLock, tables: Tables) -> None:
        plan = self._plan
        self._say(f"first {', '.join(plan.first)}")
        self._hand.routes.swap(plan.from_table, plan.to_table, tables, held.still_held, only=plan.first)
        self._verify(plan.first)

    def _all(self, held: HeldLock, tables: Tables) -> Passed:
        plan, hand = self._plan, self._hand
        rest = len(tables.by_id[plan.from_table].associations)
        self._say(f"{'the other ' if plan.first else ''}{counted(rest, 'subnet')}")
        begun = hand.runtime.now()
        done = hand.mover.swap((plan.from_table, plan.to_table), tables, held.still_held)
        self._swapped, self._egress = hand.runtime.now(), done.egress
        if done.egress is not None:
            self._say(done.egress.in_words)
        if done.failure is not None:
            raise done.failure
        held.renew()
        online = self._verify(plan.subnets)
        backends = tuple(plan.hosts_in(plan.subnets))
        sentence = (
            f"{plan.name}: {counted(len(plan.subnets), 'subnet')} moved from {plan.from_table} to {plan.to_table}"
        )
        sentence += f"; {done.egress.in_words}" if done.egress is not None else ""
        sentence += f"; {len(online)} of {len(backends)} backends online"
        try:
            held.write(self._record(LockState.FAILED_OVER, sentence, seconds=self._swapped - begun))
        except LockChangedError as changed:
            sentence += f"; {changed}: what it says now is left alone"
        except (ClientError, BotoCoreError) as error:
            sentence += (
                f"; the lock could not be written ({error_in_words(error)}): the function corrects it within 3 minutes"
            )
        log.warning("moved by hand", extra={"said": sentence})
        return Passed(
            Ended.DONE,
            sentence,
            tuple(sorted(plan.subnets)),
            {},
            backends,
            tuple(sorted(online)),
            self._begun,
            self._swapped,
            done.egress,
        )

    def _verify(self, subnets: Collection[str]) -> frozenset[str]:
        """Ask the backends of subnets that were moved.

        Raises:
            TroubleError: the new way does not carry their traffic.
        """
        hosts = self._plan.hosts_in(subnets)
        if not hosts:
            return frozenset()
        self._hand.runtime.sleep(IN_FORCE_AFTER)
        self._say(f"asking {counted(len(hosts), 'backend')} through the new path")
        online = self._hand.online(hosts)
        why = missing(self._plan, subnets, online)
        if why is not None:
            raise TroubleError(why)
        self._say(f"{len(online)} of {len(hosts)} backends online")
        return online

    def _undo(self, held: HeldLock, why: str, *, all_of_them: bool) -> Passed:
        """Move everything back, tell what came of it, and leave the pair locked: its passive NAT is not fit."""
        plan, hand = self._plan, self._hand
        self._say(f"{why}: rolling back")
        held.renew()
        ours = True
        try:
            held.write(self._record(LockState.FAILING_OVER, back=True))
        except LockChangedError as changed:
            ours, why = False, f"{why}; {changed}"
        ways = (plan.to_table, plan.from_table)
        # The egress address has moved, or may have, with the last stage only.
        mover = hand.mover if all_of_them else replace(hand.mover, egress=None)
        done = mover.swap(ways, hand.routes.read(), held.still_held)
        self._egress = done.egress
        left = done.failure.left if done.failure is not None else {}
        backends = tuple(plan.hosts_in(plan.subnets))
        held.renew()
        online = hand.online(backends) if backends else frozenset()
        lost = len(left)
        sentence = (
            f"{plan.name} rolled back, {counted(lost, 'subnet')} lost: {why}; "
            f"{len(online)} of {len(backends)} backends online through {plan.from_table}"
        )
        if done.egress is not None:
            sentence += f"; {done.egress.in_words}"
        if ours:
            state = LockState.FAILED if left else LockState.FAILED_OVER
            try:
                held.write(replace(self._record(state, sentence, back=True, seconds=done.seconds), rolled_back=True))
            except LockChangedError as changed:
                sentence += f"; {changed}"
        log.error("a passage was rolled back", extra={"said": sentence})
        return Passed(
            Ended.LEFT if left else Ended.ROLLED_BACK,
            sentence,
            (),
            left,
            backends,
            tuple(sorted(online)),
            self._begun,
            hand.runtime.now(),
            done.egress,
        )
