"""What mutmut has found, by module, and the survivors that are explained."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.mutation.workspace import path_of

EXPLAINED = Path(__file__).parent / "survivors.yaml"
# Of mutmut's table (mutmut/stats.py): how a mutant's run ended.
KILLED, TYPES, TIMEOUT, SURVIVED, UNTESTED = {1, 3}, {37}, {36, 24, -24, 152, 255}, {0}, {5, 33}
NAME = re.compile(r"nat_failover\.(?P<module>[\w.]+)\.(?:xǁ(?P<of>\w+)ǁ|x_)(?P<function>\w+)__mutmut_\d+")


@dataclass(frozen=True, order=True)
class Survivor:
    """A mutant that no test has noticed.

    Attributes:
        function: name of the function, with that of its class.
        line: of the code, as it is, without its indentation.
        mutant: what became of it.
    """

    module: str
    function: str
    line: str
    mutant: str


@dataclass(frozen=True)
class Score:
    """How a module's mutants ended."""

    killed: int
    types: int
    survived: int
    untested: int
    unknown: int

    @property
    def total(self) -> int:
        """All that could be run: a mutant whose types don't fit is found by `make lint`."""
        return self.killed + self.survived + self.untested

    @property
    def surviving(self) -> float:
        """The part that survived, from 0 to 1; what no test reaches survives."""
        return (self.survived + self.untested) / self.total if self.total else 0.0


def exit_codes(workspace: Path, module: str) -> dict[str, int | None]:
    """Read how each mutant of a module ended; None for one that has not been run."""
    path = workspace / f"mutants/src/nat_failover/{path_of(module)}.meta"
    codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return codes


def score(codes: Iterable[int | None]) -> Score:
    """Count."""
    kinds: Counter[str] = Counter()
    for code in codes:
        found = [kind for kind, of in _KINDS.items() if code in of]
        kinds[found[0] if found else "unknown"] += 1
    return Score(kinds["killed"], kinds["types"], kinds["survived"], kinds["untested"], kinds["unknown"])


_KINDS: Mapping[str, set[int]] = {
    "killed": KILLED | TIMEOUT,
    "types": TYPES,
    "survived": SURVIVED,
    "untested": UNTESTED,
}


def survivors(workspace: Path, codes: Mapping[str, int | None]) -> dict[str, Survivor]:
    """Give the survivors with what was changed, by mutmut's name, which has a number that is another tomorrow."""
    return {
        name: survivor(name, _shown(workspace, name)) for name, code in codes.items() if code in SURVIVED | UNTESTED
    }


def survivor(name: str, diff: str) -> Survivor:
    """Read mutmut's diff of one mutant."""
    parts = NAME.fullmatch(name)
    if parts is None:
        raise ValueError(f"{name} is no name of a mutant")
    changes = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    gone = " ".join(line[1:].strip() for line in changes if line[0] == "-")
    new = " ".join(line[1:].strip() for line in changes if line[0] == "+")
    function = parts["function"] if parts["of"] is None else f"{parts['of']}.{parts['function']}"
    return Survivor(parts["module"], function, gone, new)


def _shown(workspace: Path, name: str) -> str:
    return subprocess.run(["mutmut", "show", name], cwd=workspace, capture_output=True, text=True, check=True).stdout


def explained(path: Path = EXPLAINED) -> dict[Survivor, str]:
    """Read why survivors survive.

    Raises:
        ValueError: an entry says nothing, or is there twice.
    """
    found: dict[Survivor, str] = {}
    for group in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
        for each in group["mutants"]:
            one = Survivor(group["module"], each["function"], each["line"], each["mutant"])
            if one in found or not str(group["why"]).strip():
                raise ValueError(f"{one} is explained twice, or not at all")
            found[one] = str(group["why"])
    return found
