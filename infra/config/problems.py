"""What is wrong with a configuration: the setting's path, its value, what is allowed, an example."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches

# What is shown of a value, in characters.
LONGEST = 100


class ConfigurationError(ValueError):
    """The configuration is not usable.

    Attributes:
        problems: one sentence for each problem, all of them.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def refused(path: str, value: object, allowed: str, example: object) -> str:
    """Return that a setting's value is not allowed."""
    return f"{path} is {shown(value)}: it must be {allowed}, for example {shown(example)}"


def missing(path: str, allowed: str, example: object) -> str:
    """Return that a setting which has no default is not there."""
    return f"{path} is missing: it must be {allowed}, for example {shown(example)}"


# What somebody may look for, and why there is no such setting.
_ABSENT = {
    "subnetids": "a subnet's association is not the stack's, since a failover replaces it. A subnet that follows the "
    "VPC's main route table is protected once this has been run: aws ec2 associate-route-table --subnet-id SUBNET "
    "--route-table-id PRIMARY_TABLE"
}


def unknown(path: str, key: str, known: Sequence[str]) -> str:
    """Return that there is no such setting, and which one may have been meant."""
    if _folded(key) in _ABSENT:
        return f"{path}.{key} is not a setting: {_ABSENT[_folded(key)]}"
    folded = {_folded(k): k for k in known}
    key = key if len(key) <= LONGEST else key[: LONGEST - 3] + "..."
    near = get_close_matches(_folded(key), folded, n=1, cutoff=0.6)
    hint = f"did you mean {folded[near[0]]}?" if near else f"the settings here are {', '.join(sorted(known))}"
    return f"{path}.{key} is not a setting: {hint}"


def _folded(key: str) -> str:
    return key.lower().replace("-", "").replace("_", "")


def shown(value: object) -> str:
    """Return a value as the JSON that it would be in the configuration, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"of type {type(value).__name__}"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
