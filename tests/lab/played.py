"""Tests that are played where they have to be, in a lab for example, without a function of its own in each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

Test = Callable[..., Any]


def played(stage: Callable[..., Any], given: Sequence[str], asks: Sequence[str] = ()) -> Callable[[Test], Test]:
    """Return a decorator for a test that a stage plays.

    Args:
        stage: gets the test and what pytest gives it, and calls it with what there is on the stage, by name.
        given: the names of that, which pytest does not see; a test has those that it needs.
        asks: what the stage wants of pytest, whether the test wants it or not.
    """

    def decorate(test: Test) -> Test:
        named = signature(test).parameters

        @wraps(test)
        def whole(**fixtures: Any) -> Any:
            def body(**own: Any) -> Any:
                return test(**{name: value for name, value in (fixtures | own).items() if name in named})

            return stage(body, **fixtures)

        seen = [name for name in {**named, **dict.fromkeys(asks)} if name not in given]
        whole.__signature__ = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in seen])  # type: ignore[attr-defined]
        return whole

    return decorate
