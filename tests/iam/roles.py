"""What somebody is allowed, and what they ask: what is missing, and what goes unused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.iam.evaluator import Request, Statement, allowing

Permission = tuple[str, str]


@dataclass(frozen=True)
class Access:
    """The requests that somebody makes of AWS, and the statements that may allow them.

    Attributes:
        requests: all that had to be allowed.
        statements: with lists of actions and of resources.
    """

    requests: tuple[Request, ...]
    statements: tuple[Statement, ...]

    @property
    def missing(self) -> set[tuple[str, str]]:
        """Return actions and resources that no statement allows."""
        return {(r.action, r.resource) for r in self.requests if not allowing(self.statements, r)}

    @property
    def granted(self) -> set[Permission]:
        """Return each statement with each of its actions."""
        return {(statement["Sid"], action) for statement in self.statements for action in statement["Action"]}

    @property
    def used(self) -> dict[Permission, set[str]]:
        """Return on which resources each action of each statement was used."""
        found: dict[Permission, set[str]] = {}
        for request in self.requests:
            for statement in allowing(self.statements, request):
                found.setdefault((statement["Sid"], request.action), set()).add(request.resource)
        return found


def unused(of: Iterable[Access]) -> set[Permission]:
    """Return the permissions that nobody of them has used."""
    each_access = list(of)
    return set().union(*(each.granted for each in each_access)) - set().union(*(each.used for each in each_access))
