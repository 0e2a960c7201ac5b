"""What is wrong with a configuration: the setting's path, its value, what is allowed, an example."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches


class ConfigurationError(ValueError):
    """The configuration is not usable.

    Attributes:
        problems: one sentence for each problem, all of them.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def refused(path: str, value: object, allowed: str, example: object) -> str:
    """Say that a setting's value is not allowed."""
    return f"{path} is {shown(value)}: it must be {allowed}, for example {shown(example)}"


def missing(path: str, allowed: str, example: object) -> str:
    """Say that a setting which has no default is not there."""
    return f"{path} is missing: it must be {allowed}, for example {shown(example)}"


def unknown(path: str, key: str, known: Sequence[str]) -> str:
    """Say that there is no such setting, and which one may have been meant."""
    folded = {k.lower().replace("-", "").replace("_", ""): k for k in known}
    near = get_close_matches(key.lower().replace("-", "").replace("_", ""), folded, n=1, cutoff=0.6)
    hint = f"did you mean {folded[near[0]]}?" if near else f"the settings here are {', '.join(sorted(known))}"
    return f"{path}.{key} is not a setting: {hint}"


def shown(value: object) -> str:
    """Write a value as the JSON that it would be in the configuration, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"of type {type(value).__name__}"
    return text if len(text) <= 100 else text[:97] + "..."
