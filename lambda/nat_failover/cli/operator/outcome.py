"""What a command that acts has come to: a screen for people, or one JSON object on standard output for programs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from nat_failover.cli.account.clock import AwsRuntime, ahead
from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import errors, output, print_json
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.operator.by_hand import remedy
from nat_failover.cli.operator.fitness import Check
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.operator.plan import Ended, Passed, Plan
from nat_failover.network.egress_address import Move
from nat_failover.settings import Settings


class Outcome(StrEnum):
    """What came of a command that acts."""

    DONE = "done"
    NOTHING = "nothing to do"
    PLANNED = "dry run"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    LEFT = "left"
    FAILED = "failed"


OF_PASSAGE = {Ended.DONE: Outcome.DONE, Ended.ROLLED_BACK: Outcome.ROLLED_BACK, Ended.LEFT: Outcome.LEFT}


def side(table: str, settings: Settings) -> dict[str, str]:
    """Return one of the pair's NATs by its route table: role, NAT, table."""
    return {"role": settings.role_of(table), "nat": settings.nat_of(table), "table": table}


@dataclass
class Act:
    """One run of a command that acts; filled in as it goes on, so that what is known is told wherever it ends.

    With ``as_json`` everything for people goes to standard error, and standard output has one object, of errors too.

    Attributes:
        command: name of the command.
        account: where it acts; None until it is known.
        pair: its name; None until it is found.
        hand: means of the person; None until there are any.
        begun: from here on something may have been changed.
        outcome: None until it is known.
        in_words: a sentence for people.
        why: why it was refused, or failed, a sentence each.
        warnings: what a person should know besides, a sentence each.
        come_from, go_to: role, NAT and route table that the subnets come from and go to; None where none are moved.
        planned: subnets that are to be moved.
        moved: subnets that were, and have stayed.
        left: subnets that are where they should not be, with what EC2 said.
        backends: how many were asked afterwards, and how many were online; None where none was.
        checks: of the NAT that takes over, or stands by.
        seconds: how long it took; None where nothing was moved.
        egress: the egress address's move; None where there was none.
        then: the command to run next; None where there is none.
        steps: what a person is told to do who was refused, a line each.
        parts: of a drill, what was measured.
        report: of a drill, the file.
    """

    command: str
    as_json: bool = False
    account: Account | None = None
    pair: str | None = None
    hand: Hand | None = None
    begun: bool = False
    outcome: Outcome | None = None
    in_words: str = ""
    why: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    come_from: dict[str, str] | None = None
    go_to: dict[str, str] | None = None
    planned: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    backends: tuple[int, int] | None = None
    checks: Sequence[Check] = ()
    seconds: float | None = None
    egress: Move | None = None
    then: str | None = None
    steps: list[str] = field(default_factory=list)
    parts: list[dict[str, Any]] | None = None
    report: str | None = None

    @property
    def console(self) -> Console:
        """The console for people, which what is done does not depend on."""
        console = errors() if self.as_json else output()
        console.goes_on = True
        return console

    @property
    def where(self) -> Account:
        """The account in which it acts, once it is known."""
        if self.account is None:
            raise ValueError(f"{self.command} has no account yet")
        return self.account

    def takes_in_hand(self, pair: Deployed) -> Hand:
        """Return a person's means for a pair, with the time by AWS's clock, and note whose pair it is.

        Raises:
            botocore.exceptions.ClientError: the credentials are not accepted.
        """
        self.pair = pair.name
        before = time.time()
        answer = self.where.client("sts").get_caller_identity()
        runtime = AwsRuntime(ahead(answer, before, time.time()))
        self.hand = Hand(pair.settings, self.where.acting(), runtime, answer["Arn"])
        return self.hand

    def require_answer(self, options: str, *, given: bool) -> None:
        """Require an option that answers the question, where a program reads the output and can't be asked.

        Args:
            options: that answer the question on the command line.
            given: whether one of them is there.

        Raises:
            CommandError: JSON is wanted, and none is.
        """
        if self.as_json and not given:
            raise CommandError(f"--json is for programs, which can't be asked: add {options}", Exit.USAGE)

    def plans(self, plan: Plan, checks: Sequence[Check], settings: Settings) -> None:
        """Note what is to be done."""
        self.planned, self.checks = plan.subnets, checks
        self.come_from, self.go_to = side(plan.from_table, settings), side(plan.to_table, settings)

    def passed(self, passed: Passed) -> None:
        """Note what a passage came to."""
        self.outcome, self.in_words, self.egress = OF_PASSAGE[passed.ended], passed.in_words, passed.egress
        self.moved, self.left = passed.moved, passed.left
        self.backends = (len(passed.backends), len(passed.online)) if passed.backends else None
        self.seconds = passed.swapped_at - passed.begun_at
        if passed.ended is not Ended.DONE:
            self.why = [passed.in_words]

    def came_to(self, outcome: Outcome, sentence: str) -> None:
        """Note what came of it."""
        self.outcome, self.in_words = outcome, sentence

    def failed(self, sentence: str, *, refused: bool) -> None:
        """Note that it ended with an error.

        Args:
            sentence: the error.
            refused: whether it says that nothing was changed; it is so in any case where nothing was begun.
        """
        self.outcome = self.outcome or (Outcome.REFUSED if refused or not self.begun else Outcome.FAILED)
        self.in_words = sentence
        self.why = self.why or [sentence]

    def steps_after(self, error: CommandError) -> list[str]:
        """Return what a person is told to do after an error, a line each: the remedy, and where to read on."""
        if not error.section or self.hand is None:
            return list(error.steps)
        return [*remedy(self.where, self.hand.settings, error), *error.steps]

    def end(self) -> None:
        """Tell programs what it came to."""
        if self.as_json:
            print_json(self.json)

    @property
    def json(self) -> dict[str, Any]:
        """Everything, as JSON takes it: the same keys of every command, null or empty where there is nothing to say."""
        return {
            "command": self.command,
            "region": None if self.account is None else self.account.region,
            "pair": self.pair,
            "done": self.outcome in (Outcome.DONE, Outcome.NOTHING),
            "outcome": (self.outcome or Outcome.FAILED).value,
            "said": self.in_words,
            "why": self.why,
            "warnings": self.warnings,
            "from": self.come_from,
            "to": self.go_to,
            "subnets": {"planned": list(self.planned), "moved": list(self.moved), "left": dict(self.left)},
            "backends": None if self.backends is None else {"asked": self.backends[0], "online": self.backends[1]},
            "checks": [{"name": check.name, "fit": check.fit.value, "said": check.detail} for check in self.checks],
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "egress": None if self.egress is None else {**self.egress.record.json, "said": self.egress.in_words},
            "lock": self._lock(),
            "next": self.then,
            "steps": self.steps,
            "parts": self.parts,
            "report": self.report,
        }

    def _lock(self) -> dict[str, str] | None:
        """Read how the lock stands at the end; what can't be read does not hide what was done."""
        if self.hand is None:
            return None
        try:
            lock = self.hand.lock.read().lock
        except (ClientError, BotoCoreError):
            return None
        return {"state": lock.state.value, "reason": lock.reason}
