"""What the doctor finds."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from nat_failover.foreign_text import printable

# CloudFormation compares templates, not what is there; and what reverts drift writes ``armed`` into the lock as well.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
BRING_BACK = """\
while the pair is armed (without the option an unchanged template brings nothing back):
cdk deploy --revert-drift"""


class Gravity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that would make a failover fail, or never happen, or go unnoticed.

    Attributes:
        check: names it, for programs; stable.
        severity: ERROR: a failover would fail or never happen; WARNING: it would be slower, or less, than it could be,
            or nobody would know; UNKNOWN: it could not be looked at.
        what: is the matter, in a sentence without an end.
        why: it matters, likewise.
        remedy: the command that fixes it, or what to do where none can; a command has a line of its own.
    """

    check: str
    severity: Gravity
    what: str
    why: str
    remedy: str

    @property
    def steps(self) -> list[str]:
        """The remedy's lines: each is a command as it is to be pasted, or what is to be read before or after one."""
        return self.remedy.splitlines()

    @property
    def commands(self) -> list[str]:
        """Those of its lines that are commands."""
        return [line for line in self.steps if is_command(line)]


Findings = Iterator[Finding]


def is_command(line: str) -> bool:
    """Return whether a line of a remedy is a command."""
    return line.split(" ", 1)[0] in ("aws", "cdk", "nat-failover", "sudo")


def quoted(text: str) -> str:
    """Return a text of others as one word of a command, on one line."""
    return shlex.quote(printable(text))


def error(check: str, what: str, why: str, remedy: str) -> Finding:
    """Return a finding that stops a failover."""
    return Finding(check, Gravity.ERROR, what, why, remedy)


def warning(check: str, what: str, why: str, remedy: str) -> Finding:
    """Return a finding that does not stop a failover."""
    return Finding(check, Gravity.WARNING, what, why, remedy)
