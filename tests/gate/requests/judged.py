"""A rule of requests: what is said of it in the table, and the function that judges a request by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.gate.rules.rule import Rule

Arguments = Mapping[str, Any]
# Returns the message that AWS refuses with; None where the request keeps the rule.
Judge = Callable[[Arguments], str | None]
MODEL = "model"


@dataclass(frozen=True)
class Judged:
    """A rule and its judge."""

    rule: Rule
    judge: Judge

    def concerns(self, service: str, operation: str) -> bool:
        """Return whether the rule is about an operation."""
        return f"{service}:{operation}" in _operations(self.rule.operation) or self.rule.operation == f"{service}:*"


@dataclass(frozen=True)
class Refusal:
    """What AWS answers, and because of which rule."""

    rule: str
    code: str
    message: str


@cache
def _operations(text: str) -> frozenset[str]:
    return frozenset(text.split(", "))


def rule(id: str, operation: str, text: str, error: str, source: str = MODEL) -> Callable[[Judge], Judged]:  # noqa: A002
    """Return a decorator that makes a rule of a judge; the arguments are those of ``Rule``."""
    return lambda judge: Judged(Rule(id, operation, text, error, source), judge)
