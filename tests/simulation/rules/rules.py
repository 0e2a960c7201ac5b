"""The rules of the design, and one of groups, checked at every step; they know what is really so, not what was told.

1. At most one swap an arming. 2. No swap when the control can't reach the Internet. 3. No swap on fewer than
``failure_threshold`` fresh failures. 4. With the active NAT dead, the control fine and enough backends, all protected
subnets end on the passive table within the bound. 5. At rest the subnets are never split, unless the lock says
``failed``. 6. Locked means no write to EC2 or the lock. 7. No exception is swallowed. 8. What a swap would lose beside
the NAT is told before. 9. Nothing is inferred of hosts that have said nothing. 10. No Auto Scaling group waits for
longer than the invocation lasts that it has told of it. Rule 4 is checked at the end of a history, see
``tests.simulation.play``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from nat_failover.settings import Mode
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.functions import Invocation
from tests.lab.cloud.propagation import ROUTE_WRITES
from tests.lab.lab import Lab
from tests.simulation.account.account import ModelAccount
from tests.simulation.rules.actor import Actor, Violation
from tests.simulation.rules.evidence import Tolerance, missing_evidence, rests_on_ec2
from tests.simulation.rules.locklog import PERSON, Entry, LockLog
from tests.simulation.rules.reports import Reports
from tests.simulation.rules.truth import Truth


class Rules:
    """Told of every call that takes effect, of everything that people do, and of the end of every invocation.

    Args:
        lab: the lab; its gateway and functions tell the rules.
        account: what there is in it.
        truth: what is really so.
        tolerance: how old what the function knows may be without its fault.
    """

    def __init__(self, lab: Lab, account: ModelAccount, truth: Truth, tolerance: Tolerance) -> None:
        self._lab = lab
        self._account = account
        self._truth = truth
        self._tolerance = tolerance
        self.violations: list[Violation] = []
        self.seen: Counter[str] = Counter()
        self.log = LockLog(self._now, lab.cloud.lock_text())
        self.reports = Reports(lab, account, self.log, tolerance, self.broken)
        self._actors: dict[int, Actor] = {}
        self._moved: set[tuple[str, str]] = set()
        self._by_hand: dict[str, float] = {}
        self._subnets = dict(account.holdings.associations)
        self.touched = False

    @property
    def _now(self) -> float:
        return self._lab.world.now()

    @property
    def claimed(self) -> bool:
        """Whether an invocation has the claim, or had it just now and its lease is not over."""
        return any(actor.until > self._now for actor in self._actors.values())

    def broken(self, rule: int, sentence: str) -> None:
        """Note that a rule was broken."""
        self.violations.append(Violation(rule, self._now, sentence))

    def person_wrote(self, text: str | None) -> None:
        """Note that a person has written or deleted the lock."""
        # Whoever takes a failover away that is under way, or has failed, has what is left of it to mend.
        self.touched |= self.log.latest.state in ("failing-over", "failed")
        self.log.write(self._now, text, PERSON)

    def person_moved(self, subnet: str) -> None:
        """Note that a person has associated a subnet with another table."""
        self.touched = True
        self._by_hand[subnet] = self._now
        self._moved = {(failover, of) for failover, of in self._moved if of != subnet}
        self._subnets = dict(self._account.holdings.associations)
        self.reports.changed()

    def person_routed(self) -> None:
        """Note that a person has changed routes."""
        self.reports.changed()

    def deployed(self) -> None:
        """Note that the function was deployed anew."""
        self.reports.changed()

    def ended(self, invocation: Invocation) -> None:
        """Judge an invocation that has ended."""
        actor = self._actors.get(invocation.serial)
        if actor is not None:
            actor.over = True
        self.reports.ended(invocation, None if actor is None else actor.record)

    def called(self, operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
        """Judge a call that has taken effect."""
        settings = execution.settings
        assert settings is not None  # every environment has them
        actor = self._actors.setdefault(execution.serial, Actor(execution.serial, settings, self._now))
        actor.over |= execution.killed
        self.reports.called(operation, execution.serial)
        match operation:
            case "PutParameter" if arguments["Name"] == settings.claim_parameter:
                self._claimed(actor, arguments["Value"], execution)
            case "PutParameter" if arguments["Name"] == settings.lock_parameter:
                self._lock_written(actor, arguments["Value"])
            case "ReplaceRouteTableAssociation":
                self._subnet_moved(actor, arguments)
            case "AssociateAddress":
                self._acting(actor, "moves the egress address")
            case "SendCommand":
                if self.log.steady(self._now - self._tolerance.of_reading - settings.confirm_for - 20) == "paused":
                    self.broken(6, "a round is sent while the pair is paused")
            case _ if operation in ROUTE_WRITES:
                self._not_observing(actor, "writes a route")
                if not self.log.stood(self._now - self._tolerance.of_reading - 20, lambda entry: entry.armed):
                    self.broken(6, "a route is written while locked")

    def _claimed(self, actor: Actor, text: str, execution: Execution) -> None:
        fields = json.loads(text)
        if fields["owner"] == execution.request_id:
            actor.until, actor.claimed_at = fields["until"], self._now

    def _lock_written(self, actor: Actor, text: str) -> None:
        entry = Entry(self._now, text, actor.serial)
        record = entry.record
        if self.log.latest.text == text and (self.log.latest.by == actor.serial or actor.put_back == text):
            return  # the same call once more, as boto3 makes it where an answer got lost
        self._not_observing(actor, "writes the lock")
        if self._puts_back(actor, entry):
            self.seen["words put back into the lock"] += 1
            actor.record, actor.text, actor.put_back, actor.over = None, "", text, True
            self.log.write(self._now, text, self.log.entries[-2].by)
            return
        self._holding(actor, "writes the lock")
        if entry.state == "failing-over":
            self._failover_begun(actor, entry)
        elif entry.state in ("failed-over", "failed"):
            self._failover_ended(actor, entry)
        else:
            self.broken(6, f"{text[:60]!r} is written into the lock")
        actor.record, actor.text = record, text
        actor.over = entry.state != "failing-over"
        self.log.write(self._now, text, actor.serial)

    def _puts_back(self, actor: Actor, entry: Entry) -> bool:
        """Tell whether an invocation takes back what it has written over the word of another."""
        latest, below = self.log.latest, self.log.entries[-2:-1]
        return (
            latest.by == actor.serial
            and bool(below)
            and below[0].by != actor.serial
            and (entry.text == below[0].text or (entry.armed and below[0].armed))
        )

    def _failover_begun(self, actor: Actor, entry: Entry) -> None:
        # The lock is read again with the claim in hand: what stood there before does not count.
        since = actor.claimed_at - self._tolerance.stale
        if self._left(entry, since):
            self.seen["failovers finished by another invocation"] += 1
            return
        self.seen["failovers begun"] += 1
        armings = self.log.stood(since, lambda stood: stood.armed)
        if not armings:
            self.broken(6, f"a failover begins although the lock says {self.log.latest.state}")
        elif all(arming.spent for arming in armings):
            self.broken(1, "a second failover begins by the same arming")
        for stood in self.log.entries:
            stood.spent = True
        decided_at = actor.claimed_at - self._tolerance.of_a_call
        # EC2 may have been read as late as this: calls may take less than the longest.
        if rests_on_ec2(self._truth, actor.settings, entry.record, actor.claimed_at, self._tolerance):
            self.seen["failovers by EC2's own word"] += 1
            return
        missing = missing_evidence(self._truth, self._account, actor, entry.record, decided_at, self._tolerance)
        if missing is not None:
            self.broken(*missing)

    def _left(self, entry: Entry, since: float) -> bool:
        """Tell whether a record goes on with a failover that the lock had in it."""
        same = ("since", "from", "to")
        left = self.log.stood(since, lambda stood: stood.state == "failing-over")
        return any(all(stood.record[key] == entry.record[key] for key in same) for stood in left)

    def _failover_ended(self, actor: Actor, entry: Entry) -> None:
        self.seen[f"lock: {entry.state}"] += 1
        began = self._left(entry, self._now - self._tolerance.of_a_reading_before_a_write)
        if not began:
            self.broken(6, f"{entry.state} overwrites what a person has written: {self.log.latest.text!r}")
        left = [
            subnet
            for subnet, table in self._account.holdings.associations.values()
            if table == entry.record["from"] and self._by_hand.get(subnet, 0.0) < actor.claimed_at - 10.0
        ]
        if entry.state == "failed-over" and left:
            self.broken(5, f"the lock says failed-over, but {left} are not")

    def _subnet_moved(self, actor: Actor, arguments: Mapping[str, Any]) -> None:
        before = self._subnets.get(arguments["AssociationId"])
        self._subnets = dict(self._account.holdings.associations)
        self.reports.changed()
        self._acting(actor, "moves a subnet")
        if before is None or actor.record is None:
            return
        subnet, table = before
        to, failover = arguments["RouteTableId"], str(actor.record["since"])
        if to != actor.record["to"]:
            self.broken(6, f"{subnet} is moved to {to}, the lock says to {actor.record['to']}")
        if table != to and (failover, subnet) in self._moved:
            self.broken(1, f"{subnet} is moved twice in one failover")
        self._moved.add((failover, subnet))

    def _acting(self, actor: Actor, what: str) -> None:
        self._not_observing(actor, what)
        self._holding(actor, what)
        if actor.record is None or actor.record["state"] != "failing-over":
            self.broken(6, f"invocation {actor.serial} {what}, and the lock does not say so")

    def _not_observing(self, actor: Actor, what: str) -> None:
        if actor.settings.mode is Mode.OBSERVE:
            self.broken(6, f"invocation {actor.serial} {what} in observe mode")

    def _holding(self, actor: Actor, what: str) -> None:
        if actor.until <= self._now:
            self.broken(6, f"invocation {actor.serial} {what} without a claim")
        for other in self._actors.values():
            acts = other.record is not None and not other.over and other.until > self._now
            if other is not actor and acts:
                self.broken(1, f"invocation {actor.serial} {what} while {other.serial} acts")
