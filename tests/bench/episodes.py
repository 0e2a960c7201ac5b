"""The episodes of a virtual day: what is the matter, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.simulation.account.cloud import ModelCloud


@dataclass(frozen=True)
class Kind:
    """A kind of episode: how many a day, and how long each lasts."""

    description: str
    a_day: int
    lasts: float


KINDS = {
    "loss": Kind("1 to 40 % of the packets are lost, for 3 minutes", 4, 180.0),
    "target": Kind("one of the three targets is dead, for 10 minutes", 2, 600.0),
    "reboots": Kind("one backend after the other reboots, down for 20 to 60 s", 1, 480.0),
    "deploy": Kind("half of the backends are replaced by new instances at once", 1, 180.0),
    "agents": Kind("the agents of all backends restart within a minute; half of them tell of what they ran", 1, 120.0),
    "deaf": Kind("no backend's agent hears or tells anything, for 3 minutes", 1, 180.0),
    "limited": Kind("targets answer one ping a second of an address, for 5 minutes", 1, 300.0),
    "no-pings": Kind("the active NAT lets no ping through any more, for 5 minutes", 1, 300.0),
    "sick": Kind("a third of the backends let nothing out of the VPC, for 5 minutes", 1, 300.0),
    "zone": Kind("the backends of one subnet have no power, for 5 minutes", 1, 300.0),
    "push": Kind("a push to one subnet's backends, or to all, lets nothing out of the VPC, for 3 minutes", 1, 180.0),
}


@dataclass(frozen=True)
class Episode:
    """One episode of a day; seconds since its beginning."""

    kind: str
    at: float

    @property
    def until(self) -> float:
        """When it is over."""
        return self.at + KINDS[self.kind].lasts


def _loss(lab: Lab) -> None:
    lab.network.set_loss(lab.world.random.uniform(1, 40))
    lab.wait(KINDS["loss"].lasts)
    lab.network.set_loss(0)


def _target(lab: Lab) -> None:
    target = lab.world.random.choice(TARGETS)
    lab.network.set_target(target, False)
    lab.wait(KINDS["target"].lasts)
    lab.network.set_target(target, True)


def _reboots(lab: Lab) -> None:
    for host in lab.backends:
        lab.network.stop(host)
        lab.run_command.dead.add(host)
        lab.wait(lab.world.random.uniform(20, 60))
        lab.network.start(host)
        lab.run_command.dead.discard(host)
        lab.wait(lab.world.random.uniform(0, 20))


def _deploy(lab: Lab) -> None:
    going = lab.world.random.sample(lab.backends, len(lab.backends) // 2)
    for host in going:
        lab.network.stop(host)
        lab.run_command.dead.add(host)
    model(lab).replace_instances(going, lab.world.now())
    lab.wait(lab.world.random.uniform(40, 120))
    for host in going:
        lab.network.start(host)
        lab.run_command.dead.discard(host)


def _agents(lab: Lab) -> None:
    for host in lab.backends:
        telling = lab.world.random.random() < 0.5
        network(lab).restart_agent(host, ProbeOutcome(137, "") if telling else None)
        lab.wait(lab.world.random.uniform(0, 10))


def _deaf(lab: Lab) -> None:
    lab.run_command.dead.update(lab.backends)
    lab.wait(KINDS["deaf"].lasts)
    lab.run_command.dead.difference_update(lab.backends)


def _limited(lab: Lab) -> None:
    lab.network.set_pings_limited(True)
    lab.wait(KINDS["limited"].lasts)
    lab.network.set_pings_limited(False)


def _no_pings(lab: Lab) -> None:
    active = "nat01" if primary_is_active(lab) else "nat02"
    lab.network.set_dropping(active, {"icmp"})
    lab.wait(KINDS["no-pings"].lasts)
    lab.network.set_dropping(active, ())


def _sick(lab: Lab) -> None:
    _blocked(lab, lab.world.random.sample(lab.backends, len(lab.backends) // 3), KINDS["sick"].lasts)


def _zone(lab: Lab) -> None:
    lost = _of_a_subnet(lab)
    for host in lost:
        lab.network.stop(host)
        lab.run_command.dead.add(host)
    lab.wait(KINDS["zone"].lasts)
    for host in lost:
        lab.network.start(host)
        lab.run_command.dead.discard(host)


def _push(lab: Lab) -> None:
    everybody = lab.world.random.random() < 0.5
    _blocked(lab, lab.backends if everybody else _of_a_subnet(lab), KINDS["push"].lasts)


def _of_a_subnet(lab: Lab) -> list[str]:
    subnet = lab.world.random.choice(lab.network.layout.private_subnets).name
    return [host.name for host in lab.network.layout.backends if host.subnet == subnet]


def _blocked(lab: Lab, hosts: Sequence[str], seconds: float) -> None:
    for host in hosts:
        lab.network.set_sick(host, True)
    lab.wait(seconds)
    for host in hosts:
        lab.network.set_sick(host, False)


def primary_is_active(lab: Lab) -> bool:
    """Return whether the protected subnets are associated with the primary's table, all of them."""
    return set(lab.cloud.protected().values()) == {lab.cloud.primary_table}


EPISODES: dict[str, Callable[[Lab], None]] = {
    "loss": _loss,
    "target": _target,
    "reboots": _reboots,
    "deploy": _deploy,
    "agents": _agents,
    "deaf": _deaf,
    "limited": _limited,
    "no-pings": _no_pings,
    "sick": _sick,
    "zone": _zone,
    "push": _push,
}


def model(lab: Lab) -> ModelCloud:
    assert isinstance(lab.cloud, ModelCloud)
    return lab.cloud


def network(lab: Lab) -> SimulatedNetwork:
    assert isinstance(lab.network, SimulatedNetwork)
    return lab.network
