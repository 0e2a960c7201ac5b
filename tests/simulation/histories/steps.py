"""What may happen in a history: to machines and networks, by people, by deployments, to the schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.lab.network.layout import TARGETS
from tests.simulation.histories import announced, machines, people
from tests.simulation.histories.stage import Stage

# Calls after which something may happen.
CALLS = (
    *("PutParameter claim", "PutParameter lock", "GetParameters", "DescribeRouteTables"),
    *("ReplaceRouteTableAssociation", "SendCommand watch", "SendCommand check", "SendCommand verify"),
    *("ListCommands", "ListCommandInvocations", "Publish"),
)
# Those by which a failover acts: where an interruption does the greatest harm.
ACTING = ("PutParameter claim", "PutParameter lock", "ReplaceRouteTableAssociation", "SendCommand check")


def called(operation: str, arguments: Mapping[str, Any]) -> str:
    """Name a call, as steps wait for it."""
    if operation == "PutParameter":
        return f"PutParameter {str(arguments['Name']).rpartition('/')[2]}"
    if operation == "SendCommand":
        return f"SendCommand {str(arguments['Comment']).partition(' ')[0]}"
    return operation


def _comes_back_broken(stage: Stage, seconds: float) -> None:
    """The active NAT is stopped, starts again some seconds later, and forwards nothing."""
    nat = stage.active()
    machines.fails_for(stage, nat, "stopped", seconds)
    if not stage.quiet:
        stage.network.set_forwarding(nat, False)


def _ticks_lost(stage: Stage, seconds: float) -> None:
    stage.ticks_lost = True
    stage.wait(seconds)
    stage.ticks_lost = False


def _tick_late(stage: Stage, number: int, seconds: float) -> None:
    stage.tick_late += [seconds] * number


def _event_again(stage: Stage, copies: int, within: float) -> None:
    """Deliver the latest status change once more, or many times, within some seconds."""
    world, functions = stage.lab.world, stage.lab.functions
    events = [invocation.event for invocation in functions.invocations if invocation.trigger == "event"]
    for moment in sorted(world.random.uniform(0, within) for _ in range(copies if events else 0)):
        world.spawn(partial(_deliver_after, stage, moment, events[-1]), "event")


def _deliver_after(stage: Stage, seconds: float, event: dict[str, Any]) -> None:
    stage.lab.world.sleep(seconds)
    stage.lab.functions.deliver(event)


STEPS: Mapping[str, Callable[..., None]] = {
    "the active NAT fails": machines.active_fails,
    "the active NAT fails for a while": lambda stage, how, seconds: machines.fails_for(
        stage, stage.active(), how, seconds
    ),
    "the passive NAT fails for a while": lambda stage, how, seconds: machines.fails_for(
        stage, stage.passive(), how, seconds
    ),
    "the active NAT comes back broken": _comes_back_broken,
    "everything stops": machines.everything_stops,
    "EC2 interrupts a NAT": announced.interrupted,
    "a group terminates a NAT": announced.terminated,
    "the active NAT reboots": lambda stage, seconds: machines.reboots(stage, stage.active(), seconds),
    "the Internet is gone": machines.internet_gone,
    "a target is dead": machines.target_dead,
    "packets are lost": machines.loss,
    "a backend is sick": machines.sick,
    "several backends are sick": machines.several_sick,
    "the active NAT refuses several backends": machines.refused,
    "backends come up cut off": machines.come_up_cut_off,
    "a backend reboots": lambda stage, number, seconds: machines.reboots(stage, stage.backend(number), seconds),
    "a backend is replaced": machines.replaced,
    "an agent is silent": machines.silent,
    "an agent goes offline": machines.offline,
    "an agent restarts": machines.agent_restarts,
    "a host lies": machines.lies,
    "a clock is wrong": machines.clock,
    "a person re-arms": lambda stage: stage.write_lock("armed"),
    "a person mends the NATs and re-arms": people.mends_and_rearms,
    "a person pauses": lambda stage: stage.write_lock("paused"),
    "a person deletes the lock": lambda stage: stage.write_lock(None),
    "a person scribbles in the lock": people.scribble,
    "a person swaps by hand": people.swap_by_hand,
    "a person moves one subnet": people.move_one,
    "a person breaks the passive default route": people.break_passive_route,
    "a person adds a route": people.add_route,
    "somebody forges claims": people.forge_claims,
    "a permission is missing": people.denied,
    "the function is deployed anew": lambda stage: stage.deploy({}),
    "the mode becomes observe": people.observe,
    "the standby's route table is replaced": people.standby_table_replaced,
    "the primary's route table is replaced": people.primary_table_replaced,
    "the function is killed": lambda stage: stage.lab.functions.kill(),
    "a tick comes too": lambda stage: stage.lab.functions.tick(),
    "an old event comes again": _event_again,
    "ticks are lost": _ticks_lost,
    "a tick is late": _tick_late,
}


def calm(stage: Stage) -> None:
    """End every trouble but the clocks that are wrong, and no trouble; the machines have been up for long."""
    stage.quiet = True
    network, run_command, world = stage.network, stage.lab.run_command, stage.lab.world
    network.set_internet(True)
    network.set_loss(0)
    for nat in stage.nats:
        network.set_nat_loss(nat, 0)
    for target in TARGETS:
        network.set_target(target, True)
    stage.lab.gateway.faults.clear()
    run_command.dead.clear()
    run_command.offline.clear()
    stage.lies.clear()
    for nat in stage.nats:
        machines.mend(stage, nat)
    stage.cloud.restore_guards()
    for backend in network.layout.backends:
        network.set_sick(backend.name, False)
        machines.wake(stage, backend.name)
    for host in network.layout.hosts:
        network.set_uptime(host.name, 86400.0)
        stage.cloud.set_launched(host.name, world.now() - 86400.0)
    for table, nat in zip(stage.tables, stage.nats, strict=True):
        people.restore_default(stage, table, nat)
    stage.ticks_lost = False
    stage.tick_late.clear()
    stage.deploy({"NAT_FAILOVER_MODE": "automatic"})
    network.changed.give()
