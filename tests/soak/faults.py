"""What a soak breaks: the active NAT, which has to be replaced, and everything else, after which it must not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.lab.cloud.execution import Execution
from tests.lab.cloud.gateway import refused
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS
from tests.soak.connections import Window

Break = Callable[[Lab, str], None]
THROTTLED = "RequestLimitExceeded"


def _nothing(lab: Lab, nat: str) -> None:
    del lab, nat


@dataclass(frozen=True)
class Deadly:
    """What kills the active NAT.

    Attributes:
        strike: does it to the NAT of that name.
        before: what else is to go wrong during the failover.
    """

    name: str
    strike: Break
    before: Break = _nothing


@dataclass(frozen=True)
class Harmless:
    """What must not lead to a failover; what is broken has been mended when ``play`` returns.

    Attributes:
        play: breaks and mends it; gives the window in which connections may be lost, which its caller closes, or
            None: none may.
    """

    name: str
    play: Callable[[Lab], Window | None]


def cloud_of(lab: Lab) -> MotoCloud:
    """Give the account of a lab on real packets.

    Raises:
        TypeError: it has another.
    """
    if not isinstance(lab.cloud, MotoCloud):
        raise TypeError(f"a soak needs moto's account, not {type(lab.cloud).__name__}")
    return lab.cloud


def active_nat(lab: Lab) -> str:
    """Give the name of the NAT that the subnets use.

    Raises:
        ValueError: they are split.
    """
    tables = set(lab.cloud.protected().values())
    if len(tables) != 1:
        raise ValueError(f"the subnets are split: {lab.cloud.protected()}")
    return "nat01" if tables == {lab.cloud.primary_table} else "nat02"


def passive_nat(lab: Lab) -> str:
    """Give the name of the other one."""
    return "nat02" if active_nat(lab) == "nat01" else "nat01"


def switch_off(lab: Lab, nat: str) -> None:
    """Stop an instance, its agent with it."""
    lab.network.stop(nat)
    lab.run_command.dead.add(nat)
    cloud_of(lab).stop_instance(nat)


def mend(lab: Lab, nat: str) -> None:
    """Do what a person does with a dead NAT, whatever it died of: put its network right, stop it and start it."""
    lab.network.set_link(nat, True)
    lab.network.set_uplink(nat, True)
    switch_off(lab, nat)
    lab.network.start(nat)
    cloud = cloud_of(lab)
    cloud.ec2.start_instances(InstanceIds=[cloud.instances[nat]])
    cloud.set_launched(nat, lab.world.now())
    lab.run_command.dead.discard(nat)


def _die_once(lab: Lab, nat: str) -> None:
    """Have the function die as soon as it has replaced its next association."""
    del nat

    def observer(operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
        del arguments
        if operation == "ReplaceRouteTableAssociation":
            execution.killed = True
            lab.gateway.after.remove(observer)

    lab.gateway.after.append(observer)


def _lose_the_events(lab: Lab, nat: str) -> None:
    del nat
    lab.functions.events_lost = True


def _flush(lab: Lab, nat: str) -> None:
    lab.network.flush_nat_rules(nat)


DEADLY: Sequence[Deadly] = (
    Deadly("rules flushed", _flush),
    Deadly("forwarding off", lambda lab, nat: lab.network.set_forwarding(nat, False)),
    Deadly("link down", lambda lab, nat: lab.network.set_link(nat, False)),
    Deadly("stopped", switch_off),
    Deadly("uplink blackholed", lambda lab, nat: lab.network.set_uplink(nat, False)),
    Deadly("rules flushed, function dies in mid-swap", _flush, _die_once),
    Deadly("stopped, events lost", switch_off, _lose_the_events),
)


def _for_a_while(
    lab: Lab, description: str, hosts: Sequence[str], set_broken: Callable[[bool], None], targets: Sequence[str] = ()
) -> Window:
    """Break something for some seconds."""
    window = Window(description, hosts, lab.world.now(), targets)
    set_broken(True)
    lab.wait(lab.world.random.uniform(3, 8))
    set_broken(False)
    return window


def _two_sick(lab: Lab) -> Window:
    hosts = lab.world.random.sample(lab.backends, 2)

    def set_sick(sick: bool) -> None:
        for host in hosts:
            lab.network.set_sick(host, sick)

    return _for_a_while(lab, "two backends sick", hosts, set_sick)


def _target_silent(lab: Lab) -> Window:
    target = lab.world.random.choice(TARGETS)
    description = "one target silent"
    return _for_a_while(
        lab, description, lab.backends, lambda silent: lab.network.set_target(target, not silent), [target]
    )


def _internet_gone(lab: Lab) -> Window:
    return _for_a_while(lab, "no Internet", lab.backends, lambda gone: lab.network.set_internet(not gone))


def _loss(lab: Lab) -> Window:
    return _for_a_while(lab, "packets lost", lab.backends, lambda so: lab.network.set_loss(30 if so else 0))


def _flap(lab: Lab) -> Window:
    nat = active_nat(lab)
    window = Window("active NAT's link flaps", lab.backends, lab.world.now())
    lab.network.set_link(nat, False)
    lab.wait(lab.world.random.uniform(0.5, 1.0))
    lab.network.set_link(nat, True)
    return window


def _throttle(lab: Lab) -> None:
    def fault(operation: str, arguments: Mapping[str, Any]) -> ClientError:
        del arguments
        return refused(operation, THROTTLED, "Request limit exceeded.")

    lab.gateway.faults.append(fault)
    lab.wait(lab.world.random.uniform(2, 5))
    lab.gateway.faults.remove(fault)


def _deploy(lab: Lab) -> None:
    lab.functions.deploy()
    lab.functions.tick()


def _pause(lab: Lab) -> None:
    lab.cloud.set_lock("paused")
    lab.functions.tick()
    lab.wait(3)
    lab.cloud.set_lock("armed")
    lab.functions.tick()


def restart_the_passive(lab: Lab) -> None:
    """Stop the passive NAT and start it again: it is not to be relied upon until it is warm."""
    nat = passive_nat(lab)
    switch_off(lab, nat)
    lab.wait(lab.world.random.uniform(2, 4))
    mend(lab, nat)


HARMLESS: Sequence[Harmless] = (
    Harmless("two backends sick", _two_sick),
    Harmless("one target silent", _target_silent),
    Harmless("the Internet gone for seconds", _internet_gone),
    Harmless("30 % of the packets lost", _loss),
    Harmless("the active NAT's link flaps", _flap),
    Harmless("AWS throttles every call", _throttle),
    Harmless("the function deployed anew", _deploy),
    Harmless("paused and resumed", _pause),
)
