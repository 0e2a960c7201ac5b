"""A scenario played once, with all that one play can show; the workers of a run share it by the fixture ``once``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.iam.recording import Calls
from tests.iam.roles import Access
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.run import Run, play
from tests.lab.scenarios import SCENARIOS
from tests.security.hygiene import leaks_in, logged

# The ids that moto draws with it, the simulation's model of the account has.
SEED = 0


@dataclass(frozen=True)
class Recording:
    """What came of a scenario, what its function requested of AWS and may request, and what it leaked.

    Attributes:
        facts: of the function's environment, and its VPC.
        lines: how many it has logged.
        too_much: by where it was found.
    """

    run: Run
    access: Access
    facts: Mapping[str, str]
    lines: int
    too_much: Mapping[str, Mapping[str, str]]


def recorded(scenario: str) -> Recording:
    """Play a scenario on the simulated network, and return what was to be seen."""
    labs: list[Lab] = []
    calls: list[Calls] = []

    def begin(lab: Lab) -> None:
        labs.append(lab)
        calls.append(Calls(lab))

    with logged() as stream:
        run = play(SCENARIOS[scenario], "simulated", SEED, Latencies(), begin)
    lines = stream.getvalue().splitlines()
    (lab,), (of_it,) = labs, calls
    return Recording(run, of_it.access, of_it.facts, len(lines), leaks_in(lab, lines))
