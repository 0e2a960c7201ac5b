"""Pure: reads environment variables, each by its own rule, and tells of all that are not usable at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, TypeVar

PREFIX = "NAT_FAILOVER_"

T = TypeVar("T")


class SettingsError(ValueError):
    """The environment is not usable; ``problems`` has one sentence for each variable at fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Variable(NamedTuple):
    """How one variable is read.

    Attributes:
        parse: gives the value of a text; raises ValueError where it is not allowed.
        allowed: what is, in words that follow "it must be".
    """

    parse: Callable[[str], object]
    allowed: str


def read(
    environ: Mapping[str, str], variables: Mapping[str, Variable], mandatory: Collection[str]
) -> dict[str, object]:
    """Read the variables that are set.

    Args:
        environ: the environment.
        variables: by the setting's name; the variable's is the same in capital letters, behind ``PREFIX``.
        mandatory: names of settings without a default.

    Returns:
        The values of the settings that are set, by name.

    Raises:
        SettingsError: with a sentence for each variable that is missing or not allowed.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, variable in variables.items():
        text = environ.get(PREFIX + name.upper())
        if text is None:
            if name in mandatory:
                problems.append(f"{PREFIX}{name.upper()} is not set: it must be {variable.allowed}")
            continue
        try:
            values[name] = variable.parse(text)
        except ValueError:
            problems.append(refusal(name, text, variable.allowed))
    if problems:
        raise SettingsError(problems)
    return values


def refusal(name: str, value: object, allowed: str) -> str:
    """Return the sentence that a setting's variable is not usable."""
    return f"{PREFIX}{name.upper()} is {str(value)!r}: it must be {allowed}"


def matching(pattern: str) -> Callable[[str], str]:
    """Take a text that a pattern matches as a whole."""
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def between(kind: Callable[[str], T], low: float, high: float) -> Callable[[str], T]:
    """Take a number of a kind that is neither below the one nor above the other."""

    def parse(text: str) -> T:
        value = kind(text)
        if not (math.isfinite(value) and low <= value <= high):  # type: ignore[arg-type,operator]
            raise ValueError(text)
        return value

    return parse


def hundredths(text: str) -> float:
    """Take seconds as the probe's document does: below 100, with two decimals at most."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})?", text):
        raise ValueError(text)
    return float(text)


def host_names(text: str) -> tuple[str, ...]:
    """Take 1 to 5 different IPv4 addresses or host names, separated by commas."""
    found = tuple(text.split(","))
    host = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
    if not 1 <= len(found) <= 5 or len(set(found)) != len(found):
        raise ValueError(text)
    for target in found:
        octets = target.split(".")
        if not host.fullmatch(target) or len(target) > 253:
            raise ValueError(text)
        if octets[-1].isdigit() and (len(octets) != 4 or not all(o.isdigit() and int(o) < 256 for o in octets)):
            raise ValueError(text)
    return found


def vpc_endpoints(text: str) -> tuple[str, ...]:
    """Take ids of VPC endpoints, separated by commas."""
    found = tuple(text.split(","))
    if not all(re.fullmatch(r"vpce-[0-9a-f]{8,17}", endpoint) for endpoint in found):
        raise ValueError(text)
    return found


def flag(text: str) -> bool:
    """Take ``true`` or ``false``."""
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"
