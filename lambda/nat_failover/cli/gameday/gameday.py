"""A game day: a failure on purpose, the failover measured, the way back, and the pair armed again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.cli.errors import CommandError
from nat_failover.cli.gameday.forwarding import forward
from nat_failover.cli.gameday.host_watches import Watches
from nat_failover.cli.gameday.interrupted import left_by
from nat_failover.cli.gameday.result import Day, Failure, Part
from nat_failover.cli.operator.arming import arm, readiness
from nat_failover.cli.operator.fitness import bad
from nat_failover.cli.operator.operator import Hand, Host, Say
from nat_failover.cli.operator.plan import Ended
from nat_failover.cli.operator.preview import look_ahead
from nat_failover.cli.operator.public_address import await_address, waits_for_address
from nat_failover.cli.operator.transfer import Passage
from nat_failover.lock.held import ClaimLostError, LockChangedError
from nat_failover.lock.record import LockState
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.probing.invocation import State
from nat_failover.probing.rounds import UNREAD, Kind
from nat_failover.telling.formats import counted

# How long the function is given to fail over, and how long the subnets' servers to be online again, in seconds.
FAIL_OVER_WITHIN, SETTLE = 150.0, 5.0
# A watch is stopped long before; after this it ends by itself.
LONGEST_WATCH = 400.0
POLL = 1.0


class GameDay:
    """One drill.

    Args:
        hand: means of the person.
        failure: how the failover is caused.
        say: tells the person how it goes.
    """

    def __init__(self, hand: Hand, failure: Failure, say: Say) -> None:
        self._hand = hand
        self._failure = failure
        self._say = say
        self._log: list[tuple[float, str]] = []
        self._owed: str | None = None

    def play(self) -> Day:
        """Play it; whatever happens on the way, the NAT that was broken is put right.

        Raises:
            CommandError: it could not be begun; nothing is left changed.
            botocore.exceptions.ClientError: AWS refuses.
        """
        hand = self._hand
        day = Day(hand.runtime.now())
        tables = hand.routes.read()
        home = tables.active
        if home is None:
            raise CommandError("no NAT to fail over from: the subnets are split over both", section="subnets-split")
        hosts = hand.backends()
        away = hand.settings.other_table(home)
        there = Part("failover", self._how(home), hand.runtime.now())
        day.parts.append(there)
        try:
            self._there(there, away, hosts)
            if self._owed is not None:
                await_address(hand, self._owed, self._say)
                self._mend(there, self._owed)
            if there.reached:
                day.parts.append(Part("failback", "the subnets go back in stages", hand.runtime.now()))
                self._go_back(day.parts[-1], home, hosts)
        except KeyboardInterrupt:
            day.parts[-1].problems.append("interrupted (Ctrl-C): not everything was measured")
            day.parts[-1].log = self._log
            if self._owed is not None:
                self._mend(there, self._owed)
            day.left = left_by(hand, home, self._say, broken=there.broken)
        except (CommandError, ClientError, BotoCoreError, LockChangedError, RouteTablesError) as error:
            if len(day.parts) == 1:
                raise
            # What has been measured until here is to be told all the same.
            why = error_in_words(error) if isinstance(error, ClientError | BotoCoreError) else str(error)
            day.parts[-1].problems.append(f"{why}. How it stands: nat-failover status {hand.settings.pair}")
            day.parts[-1].log = self._log
        with suppress(ClientError, BotoCoreError):
            day.armed = hand.lock.read().lock.state is LockState.ARMED
        return day

    def _tell(self, text: str) -> None:
        self._log.append((self._hand.runtime.now(), text))
        self._say(text)

    def _how(self, home: str) -> str:
        s = self._hand.settings
        if self._failure is Failure.SWAP:
            return "the subnets are moved by hand"
        return f"the {s.role_of(home)} NAT {s.nat_of(home)} stops forwarding"

    def _there(self, part: Part, away: str, hosts: Sequence[Host]) -> None:
        watches = self._watch(hosts)
        if self._failure is Failure.FORWARDING:
            self._break_and_wait(part, self._hand.settings.other_table(away))
        else:
            self._pass(part, "failover", away, staged=False)
        self._measured(part, watches, away)

    def _go_back(self, part: Part, home: str, hosts: Sequence[Host]) -> None:
        self._wait_for_claim()
        # Before the watches begin, which last no longer than the way back alone may take.
        await_address(self._hand, self._hand.settings.nat_of(home), self._say)
        watches = self._watch(hosts)
        self._pass(part, "failback", home, staged=True)
        self._measured(part, watches, home)
        if part.reached:
            self._arm(part)

    def _watch(self, hosts: Sequence[Host]) -> Watches:
        self._log = []
        watches = Watches(self._hand, hosts, LONGEST_WATCH)
        self._tell(f"watching on {counted(len(hosts), 'backend')}")
        late = watches.begin()
        if late:
            self._tell(
                f"without {', '.join(host.label for host in late)}: Systems Manager has not reached them in time"
            )
        return watches

    def _measured(self, part: Part, watches: Watches, table: str) -> None:
        hand = self._hand
        hand.runtime.sleep(SETTLE)
        self._tell("collecting what the backends have seen")
        part.watched = watches.end()
        tables = hand.routes.read()
        part.subnets = len(tables.by_id[table].associations)
        part.reached = tables.active == table
        if not part.reached and not part.problems:
            part.problems.append(f"not all subnets are with the {hand.settings.role_of(table)} NAT")
        part.problems += [f"{w.host.label} has measured nothing: {w.why}" for w in part.watched if w.why is not None]
        part.problems += [
            f"{w.host.label} began to watch {w.begun - part.at:.1f} s too late: it may have been offline for longer"
            for w in part.watched
            if w.begun is not None and w.begun > part.at
        ]
        still = [w.host.label for w in part.watched if w.spans and not w.spans[-1].online]
        if still:
            part.problems.append(f"still offline: {', '.join(still)}")
        part.log = self._log

    def _break_and_wait(self, part: Part, home: str) -> None:
        nat = self._hand.settings.nat_of(home)
        try:
            part.at, part.broken = forward(self._hand, nat, on=False), True
            self._tell(f"{nat} no longer forwards")
            self._until_failed_over(part)
        finally:
            if waits_for_address(self._hand, nat):
                # The failover has taken its address, and with it its way to Systems Manager: what was measured comes
                # first, and it puts itself right meanwhile.
                self._owed = nat
            else:
                self._mend(part, nat)
        part.detected_at = self._detected(part.at)

    def _mend(self, part: Part, nat: str) -> None:
        """Let the NAT forward again that was broken; where it does not, that is a problem of the part."""
        self._owed = None
        try:
            forward(self._hand, nat, on=True)
            self._tell(f"{nat} forwards again")
        except CommandError as error:
            part.problems.append(str(error))

    def _until_failed_over(self, part: Part) -> None:
        """Wait for the function to have failed over, and note what the lock says."""
        hand = self._hand
        deadline = hand.runtime.now() + FAIL_OVER_WITHIN
        seen: LockState | None = None
        while hand.runtime.now() < deadline:
            lock = hand.lock.read().lock
            if lock.state is not seen and lock.state is not LockState.ARMED:
                self._tell(lock.reason)
            seen = lock.state
            if lock.state in (LockState.FAILED_OVER, LockState.FAILED) and lock.record is not None:
                part.record = lock.record
                part.swapped_at = lock.record.since + (lock.record.seconds or 0.0)
                if lock.state is LockState.FAILED:
                    part.problems.append(lock.reason)
                return
            hand.runtime.sleep(POLL)
        part.problems.append(f"the function has not failed over within {FAIL_OVER_WITHIN:.0f} s")

    def _detected(self, since: float) -> float | None:
        """Return when a backend first said that it was offline, by the function's own rounds."""
        hand = self._hand
        # A watch may be as old as its window.
        rounds = hand.probe.rounds(since - hand.settings.window - 60)
        recent = [r for r in rounds if r.kind not in (Kind.VERIFY, *UNREAD) and r.ends_at >= since - 60]
        readings = hand.runtime.together([partial(hand.probe.read_again, r) for r in recent]) if recent else []
        offline_at = [
            w.at for answers in readings for w in answers or () if w.state is State.UNREACHABLE and w.at >= since
        ]
        return min(offline_at, default=None)

    def _pass(self, part: Part, name: str, to_table: str, *, staged: bool) -> None:
        hand = self._hand
        seen = look_ahead(hand, name, to_table, self._tell, staged=staged)
        unfit = "; ".join(f"{check.name}: {check.detail}" for check in bad(list(seen.checks)))
        part.at = hand.runtime.now()
        if seen.plan is None or seen.obstacle or unfit:
            part.problems.append(f"{name} refused: {seen.obstacle or unfit or 'there is nothing to move'}")
            return
        try:
            plan = replace(seen.plan, drill=True, reason=f"{name} in a drill: {hand.owner}")
            passed = Passage(hand, plan, self._tell).go()
        except ClaimLostError as lost:
            part.problems.append(f"{lost}: the function finishes what the lock says")
            return
        part.at, part.swapped_at = passed.begun_at, passed.swapped_at
        part.record = hand.lock.read().lock.record
        if passed.ended is not Ended.DONE:
            part.problems.append(passed.in_words)

    def _wait_for_claim(self) -> None:
        """Wait until whoever has moved the subnets has no claim any more: the watches need not watch that."""
        hand = self._hand
        while (claim := hand.lock.read().claim) is not None and claim.is_live(hand.runtime.now()):
            left = claim.until - hand.runtime.now()
            self._say(f"the failover's claim ends in {left:.0f} s")
            hand.runtime.sleep(min(max(left, 0.5), 30.0))

    def _arm(self, part: Part) -> None:
        hand = self._hand
        found = readiness(hand, self._tell)
        if found.refusals:
            part.problems += found.refusals
            return
        arm(hand, self._tell, found.locks)
        self._tell("armed again")
