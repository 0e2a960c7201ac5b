"""A lab in which a test asks the account as the function does, through clients with botocore's retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.gate.harshness import GENTLE
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.played import Test, played
from tests.simulation.account.cloud import ModelCloud

AT_ONCE = Latencies().scaled(0)


def asking(*, latencies: Latencies = AT_ONCE, seed: int = 1, **rates: Any) -> Callable[[Test], Test]:
    """Play a test in a lab whose pair has an Elastic IP, and return what it gives; it may have ``lab`` and ``clients``.

    Args:
        latencies: nothing takes any time where not given.
        seed: of the lab.
        rates: what is harsh; nothing else is left to chance.
    """

    def stage(test: Test, **_: object) -> Any:
        came: list[Any] = []

        def main(lab: Lab) -> None:
            came.append(test(lab=lab, clients=lab.gateway.clients(Execution(lab.world.now))))

        harshness = replace(GENTLE, **rates)
        settings = {"egressAddress": EGRESS_PLACE}
        Lab("simulated", seed, latencies, settings, cloud=ModelCloud, measured=False, harshness=harshness).run(main)
        return came[0]

    return played(stage, ["lab", "clients"])
