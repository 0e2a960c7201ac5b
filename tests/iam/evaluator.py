"""Evaluates IAM policies as AWS does, as far as the pair's policies go: actions, resources, a few conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Statement = Mapping[str, Any]
IF_EXISTS = "IfExists"


@dataclass(frozen=True)
class Request:
    """What AWS authorizes: one action on one resource, with the values of condition keys."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


class UnknownOperatorError(ValueError):
    """A condition's operator that is not evaluated here: it may not be taken for true or for false."""


def allowing(statements: Sequence[Statement], request: Request) -> list[Statement]:
    """Give the statements that allow a request; none where it is denied, explicitly or for want of one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

    Raises:
        UnknownOperatorError: a condition can't be evaluated.
    """
    matching = [statement for statement in statements if _matches(statement, request)]
    if any(statement["Effect"] == "Deny" for statement in matching):
        return []
    return [statement for statement in matching if statement["Effect"] == "Allow"]


def _matches(statement: Statement, request: Request) -> bool:
    # Actions are compared without regard to case, resources with it.
    actions = any(_like(pattern.lower(), request.action.lower()) for pattern in _listed(statement["Action"]))
    resources = any(_like(pattern, request.resource) for pattern in _listed(statement["Resource"]))
    return actions and resources and _conditions(statement.get("Condition", {}), request.context)


def _conditions(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Tell whether all operators and all their keys are true; a key that the request lacks is not, unless it need not
    exist.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    keys = {key.lower(): value for key, value in context.items()}
    for operator, wanted in condition.items():
        compare = _OPERATORS.get(operator.removesuffix(IF_EXISTS))
        if compare is None:
            raise UnknownOperatorError(operator)
        for key, values in wanted.items():
            value = keys.get(key.lower())
            if value is None and operator.endswith(IF_EXISTS):
                continue
            if value is None or not any(compare(pattern, value) for pattern in _listed(values)):
                return False
    return True


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(expression, re.DOTALL)


def _arn_like(pattern: str, text: str) -> bool:
    """Compare ARNs part by part: a wildcard reaches no further than the next colon but in the last part."""
    wanted, given = pattern.split(":", 5), text.split(":", 5)
    return len(wanted) == len(given) and all(_like(w, g) for w, g in zip(wanted, given, strict=True))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda pattern, text: pattern == text,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda pattern, text: pattern == text,
}


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
