"""How the gate itself is tested: for every rule, a test in which it is broken, and one in which it is just kept.

A test below ``tests/gate`` says which rule it proves, and the decorator holds it to that::

    @breaks("R2a")
    def test_a_tag_filter_goes_with_no_other() -> None:
        with refused("ValidationException"):
            GATE.admit("ssm", "DescribeInstanceInformation", {...})

    @keeps("R2a")
    def test_a_tag_filter_alone_is_taken() -> None:
        GATE.admit("ssm", "DescribeInstanceInformation", {...})

A test that breaks a rule fails unless the rule was counted by ``changed`` meanwhile; one that keeps it fails if it
was. With several ids, as on a parametrized test, one of them has to be counted, or none. ``test_table.py`` fails for
every rule of ``tests.gate.rules.table.RULES`` that lacks either, and for every id that is in no table. What proves a
rule may call anything: the gate, the lab, a model, a whole scenario.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import pytest
from botocore.exceptions import ClientError

from tests.gate.rules.rule import CHANGED

P = ParamSpec("P")
# What a test proves is kept on its function under these names.
BREAKS, KEEPS = "breaks_rules", "keeps_rules"


def breaks(*ids: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Return a decorator for a test in which one of these rules changes an answer."""

    def decorate(test: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(test)
        def judged(*args: P.args, **kwargs: P.kwargs) -> None:
            before = _counted(ids)
            test(*args, **kwargs)
            assert _counted(ids) > before, f"none of {ids} has changed an answer"

        setattr(judged, BREAKS, (*getattr(test, BREAKS, ()), *ids))
        return judged

    return decorate


def keeps(*ids: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Return a decorator for a test in which none of these rules changes an answer, though it comes close."""

    def decorate(test: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(test)
        def judged(*args: P.args, **kwargs: P.kwargs) -> None:
            before = _counted(ids)
            test(*args, **kwargs)
            assert _counted(ids) == before, f"one of {ids} has changed an answer"

        setattr(judged, KEEPS, (*getattr(test, KEEPS, ()), *ids))
        return judged

    return decorate


@contextmanager
def refused(code: str, about: str = "") -> Iterator[None]:
    """Expect AWS's error with a code, whose message has some words."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert about in error["Message"], error


def _counted(ids: tuple[str, ...]) -> int:
    return sum(CHANGED[rule] for rule in ids)
