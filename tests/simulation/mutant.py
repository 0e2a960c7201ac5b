"""A deliberate defect of the function, and how the product has it for a while."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any, cast


class StaleMutantError(Exception):
    """The words that a defect changes are not in the function (any more), or more than once: write it anew."""


@dataclass(frozen=True)
class Mutant:
    """A defect.

    Attributes:
        name: what is wrong.
        of: the function, as ``module:qualified name`` within ``nat_failover``.
        old: text of its source, exactly once in it.
        new: what stands there instead.
        seeds: that saw it last, where it takes many to see it; they are tried first.
    """

    name: str
    of: str
    old: str
    new: str
    seeds: tuple[int, ...] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Have the product have it.

        Raises:
            StaleMutantError: the words are not there.
        """
        function = self.function()
        intact = function.__code__
        function.__code__ = self._code(function)
        try:
            yield
        finally:
            function.__code__ = intact

    def function(self) -> FunctionType:
        """Find the function.

        Raises:
            StaleMutantError: there is none of that name.
        """
        module, _, path = self.of.partition(":")
        found: Any = importlib.import_module(f"nat_failover.{module}")
        for name in path.split("."):
            if name not in vars(found):
                raise StaleMutantError(f"{self.name}: there is no {self.of}")
            found = vars(found)[name]
        if isinstance(found, property | cached_property):
            found = found.fget if isinstance(found, property) else found.func
        found = inspect.unwrap(getattr(found, "__func__", found))
        return cast(FunctionType, found)

    def _code(self, function: Callable[..., Any]) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise StaleMutantError(f"{self.name}: {self.old!r} is {source.count(self.old)} times in {self.of}")
        source = source.replace(self.old, self.new)
        lines = source.splitlines(keepends=True)
        while lines[0].startswith("@"):
            del lines[0]
        compiled = compile("from __future__ import annotations\n" + "".join(lines), f"<{self.name}>", "exec")
        (code,) = (c for c in compiled.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)
        return code
