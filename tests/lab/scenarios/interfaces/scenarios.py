"""Scenarios with a NAT that is no pet: whoever has the interface that the route leads to."""

from __future__ import annotations

from tests.lab.lab import Lab
from tests.lab.scenarios import demands
from tests.lab.scenarios.interfaces.account import NAT, SETTINGS, InterfaceCloud
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario
from tests.lab.scenarios.steps import flush

# Until the next tick has asked the new NAT, and what it was asked has reached it.
COMMANDED_WITHIN = 75.0


def moves_and_dies_later(lab: Lab) -> None:
    """The interface moves to a new instance, which dies once it has been asked to listen."""
    assert isinstance(lab.cloud, InterfaceCloud)
    made = lab.cloud.move_interface(lab.world.now())
    lab.network.reboot(NAT)
    lab.wait_until(lambda: made in _commanded(lab), COMMANDED_WITHIN)
    lab.wait(8)
    lab.broken()
    flush(lab)


def watched_and_failed_over(lab: Lab) -> list[str]:
    """Nothing was moved while the interface did; the new instance was asked, and left once it was dead."""
    early = [at for at in lab.gateway.replaced_at if at < (lab.broken_at or 0.0)]
    commanded = lab.cloud.instances[NAT] in _commanded(lab)
    return [
        *demands.one_swap(lab),
        *(["failed over because the interface moved"] if early else []),
        *([] if commanded else ["the new instance was never asked"]),
    ]


def _commanded(lab: Lab) -> set[str]:
    return {host for command in lab.run_command.service.commands for host in command.arguments["InstanceIds"]}


INTERFACES: tuple[Scenario, ...] = (
    Scenario(
        "interface-moves-to-new-instance",
        "the NAT is whoever has an interface, which moves to a new instance; watching goes on, and that one dies",
        FAIL_OVER,
        moves_and_dies_later,
        settings=SETTINGS,
        problems=watched_and_failed_over,
        cloud=InterfaceCloud,
    ),
)
