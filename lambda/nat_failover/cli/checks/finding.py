"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# CloudFormation compares templates, not what is there; and what reverts drift writes ``armed`` into the lock as well.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
BRING_BACK = "while the pair is armed: cdk deploy --revert-drift (without it an unchanged template brings nothing back)"


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
        remedy: the command that mends it, or what to do where none can.
    """

    check: str
    severity: Gravity
    what: str
    why: str
    remedy: str


Findings = Iterator[Finding]


def error(check: str, what: str, why: str, remedy: str) -> Finding:
    """Make a finding that stops a failover."""
    return Finding(check, Gravity.ERROR, what, why, remedy)


def warning(check: str, what: str, why: str, remedy: str) -> Finding:
    """Make a finding that does not stop a failover."""
    return Finding(check, Gravity.WARNING, what, why, remedy)
