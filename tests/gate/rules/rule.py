"""A rule of AWS, and the count of how often each has changed an answer; ``proof`` is how each is tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses, delays or forgets.

    Attributes:
        id: R for requests, T for rates and consistency, A for the agent, N for the network; then a number.
        operation: as ``ssm:SendCommand``; ``*`` for all of a kind; for the agent and the network, what it is about.
        text: the rule, in one sentence.
        error: the code that AWS answers with; empty where it does not refuse.
        source: a documentation page, ``model`` for botocore's service model, or where else it was seen.
    """

    id: str
    operation: str
    text: str
    error: str
    source: str


# How often each rule has changed an answer in this process, by its id.
CHANGED: Counter[str] = Counter()


# Who is told of that as it happens.
LISTENERS: list[Callable[[str], None]] = []


def changed(rule_id: str) -> None:
    """Count that a rule has changed an answer."""
    CHANGED[rule_id] += 1
    for listener in LISTENERS:
        listener(rule_id)
