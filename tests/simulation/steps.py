"""What may happen in a history: to machines and networks, by people, by deployments, to the schedule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.lab.gateway import denying
from tests.lab.layout import TARGETS
from tests.lab.network import ProbeOutcome
from tests.simulation.stage import DEFAULT_ROUTE, Stage

# Calls after which something may happen.
CALLS = (
    *("PutParameter claim", "PutParameter lock", "GetParameters", "GetParameter", "DescribeRouteTables"),
    *("ReplaceRouteTableAssociation", "SendCommand watch", "SendCommand check", "SendCommand verify"),
    *("ListCommands", "ListCommandInvocations", "Publish"),
)
# Those by which a failover acts: where an interruption does the greatest harm.
ACTING = ("PutParameter claim", "PutParameter lock", "ReplaceRouteTableAssociation", "SendCommand check")
DEATHS = ("rules flushed", "forwarding off", "link down", "uplink gone", "stopped")
# What people write into the lock by mistake. A record that they copy stands for itself.
SCRIBBLES = (
    *("", "Armed", '{"state": "armed"}', '{"state": "failing-over"}', "[" * 2000, "null", "0", "paused\n", " armed \n"),
    *(
        '{"state":"paused","by":"me"}',
        '{"state": ["failed"]}',
        '{"state":"failed-over","owner":1}',
        "x" * 4096,
        "\u2028",
    ),
)
LIES: Mapping[str, ProbeOutcome] = {
    "garbage": ProbeOutcome(1, "\x00\ufffd Traceback (most recent call last):\n{]\n"),
    "unreachable": ProbeOutcome(1, '{"probe":1,"state":"unreachable","lost_for":2.5,"elapsed":3,"uptime":90000}\n'),
    "reachable": ProbeOutcome(0, '{"probe":1,"state":"reachable","lost_for":0,"elapsed":3,"uptime":90000}\n'),
    "endless": ProbeOutcome(1, '{"probe":1,"state":"unreachable","lost_for":1e9,"elapsed":1e9,"uptime":1e9}\n'),
    "wrong exit": ProbeOutcome(3, '{"probe":1,"state":"unreachable","lost_for":2,"elapsed":3,"uptime":90000}\n'),
}
# Those that nobody can tell from a failure.
BELIEVED = ("unreachable", "endless")


def called(operation: str, arguments: Mapping[str, Any]) -> str:
    """Name a call, as steps wait for it."""
    if operation == "PutParameter":
        return f"PutParameter {str(arguments['Name']).rpartition('/')[2]}"
    if operation == "SendCommand":
        return f"SendCommand {str(arguments['Comment']).partition(' ')[0]}"
    return operation


def die(stage: Stage, nat: str, how: str) -> None:
    """Let a NAT fail."""
    match how:
        case "rules flushed":
            stage.network.flush_nat_rules(nat)
        case "forwarding off":
            stage.network.set_forwarding(nat, False)
        case "link down":
            stage.network.set_link(nat, False)
        case "uplink gone":
            stage.network.set_uplink(nat, False)
        case "stopped":
            stage.network.stop(nat)
            stage.lab.run_command.dead.add(nat)
            stage.cloud.stop_instance(nat)
            stage.blinded = True
        case _:
            raise ValueError(how)


def mend(stage: Stage, nat: str) -> None:
    """Let a NAT be well again, whatever was the matter with it."""
    if stage.cloud.account.holdings.instances[stage.cloud.instances[nat]].state != "running":
        stage.cloud.start_instance(nat, stage.lab.world.now())
    stage.lab.run_command.dead.discard(nat)
    stage.network.set_link(nat, True)
    if not stage.network.is_up(nat):
        stage.network.start(nat)
    stage.network.set_uplink(nat, True)
    stage.network.boot(nat, stage.cloud.user_data)


def _active_fails(stage: Stage, how: str) -> None:
    die(stage, stage.active(), how)


def _fails_for(stage: Stage, nat: str, how: str, seconds: float) -> None:
    die(stage, nat, how)
    if stage.wait(seconds):
        mend(stage, nat)


def _reboots(stage: Stage, host: str, seconds: float) -> None:
    stage.blinded = True
    stage.network.stop(host)
    if stage.wait(seconds):
        stage.network.start(host)


def _internet_gone(stage: Stage, seconds: float) -> None:
    stage.network.set_internet(False)
    if stage.wait(seconds):
        stage.network.set_internet(True)


def _target_dead(stage: Stage, number: int, seconds: float) -> None:
    stage.network.set_target(TARGETS[number], False)
    if stage.wait(seconds):
        stage.network.set_target(TARGETS[number], True)


def _loss(stage: Stage, percent: int, seconds: float) -> None:
    stage.network.set_loss(percent)
    if stage.wait(seconds):
        stage.network.set_loss(0)


def _sick(stage: Stage, number: int, seconds: float) -> None:
    stage.network.set_sick(stage.backend(number), True)
    if stage.wait(seconds):
        stage.network.set_sick(stage.backend(number), False)


def _several_sick(stage: Stage, number: int, how_many: int, seconds: float) -> None:
    hosts = [stage.backend(number + each) for each in range(how_many)]
    for host in hosts:
        stage.network.set_sick(host, True)
    if stage.wait(seconds):
        for host in hosts:
            stage.network.set_sick(host, False)


def _come_up_cut_off(stage: Stage, number: int, down: float, seconds: float) -> None:
    """Three backends boot, and the way out is not there yet; others have it."""
    stage.blinded = True
    hosts = [stage.backend(number + each) for each in range(3)]
    for host in hosts:
        stage.network.stop(host)
    if not stage.wait(down):
        return
    for host in hosts:
        stage.network.set_sick(host, True)
        stage.network.start(host)
    if stage.wait(seconds):
        for host in hosts:
            stage.network.set_sick(host, False)


def _replaced(stage: Stage, number: int) -> None:
    host = stage.backend(number)
    stage.network.stop(host)
    stage.cloud.replace_instances([host], stage.lab.world.now())
    stage.network.start(host)


def _silent(stage: Stage, number: int, seconds: float) -> None:
    host = stage.backend(number)
    stage.lab.run_command.dead.add(host)
    if stage.wait(seconds):
        stage.lab.run_command.dead.discard(host)


def _offline(stage: Stage, number: int, seconds: float) -> None:
    host = stage.backend(number)
    stage.lab.run_command.offline.add(host)
    _silent(stage, number, seconds)
    stage.lab.run_command.offline.discard(host)


def _agent_restarts(stage: Stage, number: int, how: str) -> None:
    host = stage.backend(number)
    stage.network.restart_agent(host, ProbeOutcome(255, "") if how == "told" else None)
    stage.blinded |= how == "untold"
    # What the host was asked just now stays without an answer.
    stage.truth.mute.add(host)
    stage.truth.note()
    stage.wait(30)
    stage.truth.mute.discard(host)


def _lies(stage: Stage, number: int, what: str, seconds: float) -> None:
    """Let a backend tell anything, and the passive NAT, which is trusted, rubbish."""
    host = stage.backend(number) if number < len(stage.network.layout.backends) else stage.passive()
    if host in stage.nats:
        what = "garbage"
    if what in BELIEVED:
        stage.truth.liars.add(host)
    elif host not in stage.truth.liars:
        stage.truth.mute.add(host)
    stage.truth.note()
    stage.lies[host] = LIES[what]
    stage.lab.run_command.tampered = stage.lies.get
    # It says at once what it is asked.
    stage.network.restart_agent(host, LIES[what])
    if stage.wait(seconds):
        stage.lies.pop(host, None)
    stage.wait(60)
    stage.truth.liars.discard(host)
    stage.truth.mute.discard(host)


def _clock(stage: Stage, number: int, ahead: float) -> None:
    host = stage.backend(number) if number < len(stage.network.layout.backends) else stage.nats[1]
    stage.lab.run_command.clocks[host] = ahead


def _scribble(stage: Stage, number: int) -> None:
    stage.write_lock(SCRIBBLES[number])


def _swap_by_hand(stage: Stage) -> None:
    primary, standby = stage.tables
    to = standby if stage.active() == stage.nats[0] else primary
    for name in stage.cloud.protected():
        stage.move(stage.cloud.subnets[name], to)


def _move_one(stage: Stage, number: int) -> None:
    subnet = stage.cloud.subnets[sorted(stage.cloud.protected())[number]]
    primary, standby = stage.tables
    stage.move(subnet, primary if stage.cloud.table_of(subnet) == standby else standby)


def restore_default(stage: Stage, table: str, nat: str) -> None:
    """Let a table's default route lead to a NAT."""
    route = {"DestinationCidrBlock": DEFAULT_ROUTE, "InstanceId": stage.cloud.instances[nat], "State": "active"}
    stage.set_routes(table, lambda routes: [*_without_default(routes), {**route, "Origin": "CreateRoute"}])


def _without_default(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [route for route in routes if route.get("DestinationCidrBlock") != DEFAULT_ROUTE]


def _break_passive_route(stage: Stage, how: str, seconds: float) -> None:
    nat = stage.passive()
    table = stage.tables[stage.nats.index(nat)]
    default: dict[str, Any] = {"DestinationCidrBlock": DEFAULT_ROUTE, "Origin": "CreateRoute"}
    instances = stage.cloud.instances
    match how:
        case "removed":
            stage.set_routes(table, _without_default)
        case "blackhole":
            dead = {**default, "InstanceId": instances[nat], "State": "blackhole"}
            stage.set_routes(table, lambda routes: [*_without_default(routes), dead])
        case _:
            wrong = {**default, "InstanceId": instances[stage.active()], "State": "active"}
            stage.set_routes(table, lambda routes: [*_without_default(routes), wrong])
    if stage.wait(seconds):
        restore_default(stage, table, nat)


def _add_route(stage: Stage) -> None:
    table = stage.tables[stage.nats.index(stage.active())]
    route = {"DestinationCidrBlock": "10.30.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "active"}
    stage.set_routes(table, lambda routes: routes if route in routes else [*routes, route])


def _denied(stage: Stage, operation: str, seconds: float) -> None:
    fault = denying([operation])
    stage.lab.gateway.faults.append(fault)
    if stage.wait(seconds):
        stage.lab.gateway.faults.remove(fault)


def _observe(stage: Stage, seconds: float) -> None:
    stage.deploy({"NAT_FAILOVER_MODE": "observe"})
    if stage.wait(seconds):
        stage.deploy({"NAT_FAILOVER_MODE": "automatic"})


def _standby_table_replaced(stage: Stage) -> None:
    """A deployment makes another table, then tells the function of it, then deletes the old one."""
    old = stage.tables[1]
    new = stage.new_table(old)
    stage.lab.world.sleep(1)
    stage.deploy({"NAT_FAILOVER_STANDBY_ROUTE_TABLE": new})
    stage.lab.world.sleep(5)
    stage.drop_table(old)


def _primary_table_replaced(stage: Stage) -> None:
    """A person makes another table, moves the subnets to it, and deploys."""
    old = stage.tables[0]
    new = stage.new_table(old)
    for name, table in stage.cloud.protected().items():
        if table == old:
            stage.move(stage.cloud.subnets[name], new)
    stage.lab.world.sleep(1)
    stage.deploy({"NAT_FAILOVER_PRIMARY_ROUTE_TABLE": new})
    stage.lab.world.sleep(5)
    stage.drop_table(old)


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


def _mends_and_rearms(stage: Stage) -> None:
    for nat in stage.nats:
        mend(stage, nat)
    stage.write_lock("armed")


STEPS: Mapping[str, Callable[..., None]] = {
    "the active NAT fails": _active_fails,
    "the active NAT fails for a while": lambda stage, how, seconds: _fails_for(stage, stage.active(), how, seconds),
    "the passive NAT fails for a while": lambda stage, how, seconds: _fails_for(stage, stage.passive(), how, seconds),
    "the active NAT reboots": lambda stage, seconds: _reboots(stage, stage.active(), seconds),
    "the Internet is gone": _internet_gone,
    "a target is dead": _target_dead,
    "packets are lost": _loss,
    "a backend is sick": _sick,
    "several backends are sick": _several_sick,
    "backends come up cut off": _come_up_cut_off,
    "a backend reboots": lambda stage, number, seconds: _reboots(stage, stage.backend(number), seconds),
    "a backend is replaced": _replaced,
    "an agent is silent": _silent,
    "an agent goes offline": _offline,
    "an agent restarts": _agent_restarts,
    "a host lies": _lies,
    "a clock is wrong": _clock,
    "a person re-arms": lambda stage: stage.write_lock("armed"),
    "a person mends the NATs and re-arms": _mends_and_rearms,
    "a person pauses": lambda stage: stage.write_lock("paused"),
    "a person deletes the lock": lambda stage: stage.write_lock(None),
    "a person scribbles in the lock": _scribble,
    "a person swaps by hand": _swap_by_hand,
    "a person moves one subnet": _move_one,
    "a person breaks the passive default route": _break_passive_route,
    "a person adds a route": _add_route,
    "a permission is missing": _denied,
    "the function is deployed anew": lambda stage: stage.deploy({}),
    "the mode becomes observe": _observe,
    "the standby's route table is replaced": _standby_table_replaced,
    "the primary's route table is replaced": _primary_table_replaced,
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
    for target in TARGETS:
        network.set_target(target, True)
    stage.lab.gateway.faults.clear()
    run_command.dead.clear()
    run_command.offline.clear()
    stage.lies.clear()
    for nat in stage.nats:
        mend(stage, nat)
    for backend in network.layout.backends:
        network.set_sick(backend.name, False)
        if not network.is_up(backend.name):
            network.start(backend.name)
    for host in network.layout.hosts:
        network.set_uptime(host.name, 86400.0)
        stage.cloud.set_launched(host.name, world.now() - 86400.0)
    for table, nat in zip(stage.tables, stage.nats, strict=True):
        restore_default(stage, table, nat)
    stage.ticks_lost = False
    stage.tick_late.clear()
    stage.deploy({"NAT_FAILOVER_MODE": "automatic"})
    network.changed.give()


def readable(text: str | None) -> str:
    """Shorten what stands in the lock, for a timeline."""
    if text is None:
        return "nothing"
    try:
        said = json.loads(text)
        if isinstance(said, dict) and "since" in said:
            return f"{said['state']} by {said['owner']} to {said['to']}" + (
                f" ({said['outcome']})" if said.get("outcome") else ""
            )
    except (ValueError, RecursionError):
        pass
    return repr(text if len(text) < 40 else text[:37] + "...")
