"""What people and deployments do in a history."""

from __future__ import annotations

from typing import Any

from tests.lab.cloud.gateway import denying
from tests.simulation.histories.machines import mend
from tests.simulation.histories.stage import DEFAULT_ROUTE, Stage

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


def scribble(stage: Stage, number: int) -> None:
    """A person writes into the lock what is no word of it."""
    stage.write_lock(SCRIBBLES[number])


def swap_by_hand(stage: Stage) -> None:
    """A person moves all subnets to the other NAT's table."""
    primary, standby = stage.tables
    to = standby if stage.active() == stage.nats[0] else primary
    for name in stage.cloud.protected():
        stage.move(stage.cloud.subnets[name], to)


def move_one(stage: Stage, number: int) -> None:
    """A person moves one subnet to the other table."""
    subnet = stage.cloud.subnets[sorted(stage.cloud.protected())[number]]
    primary, standby = stage.tables
    stage.move(subnet, primary if stage.cloud.table_of(subnet) == standby else standby)


def restore_default(stage: Stage, table: str, nat: str) -> None:
    """Let a table's default route lead to a NAT."""
    route = {"DestinationCidrBlock": DEFAULT_ROUTE, "InstanceId": stage.cloud.instances[nat], "State": "active"}
    stage.set_routes(table, lambda routes: [*_without_default(routes), {**route, "Origin": "CreateRoute"}])


def _without_default(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [route for route in routes if route.get("DestinationCidrBlock") != DEFAULT_ROUTE]


def break_passive_route(stage: Stage, how: str, seconds: float) -> None:
    """A person breaks the default route of the passive table for a while."""
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


def add_route(stage: Stage) -> None:
    """A person adds a peering to the active table alone."""
    table = stage.tables[stage.nats.index(stage.active())]
    route = {
        "DestinationCidrBlock": "10.30.0.0/16",
        "VpcPeeringConnectionId": "pcx-0123456789abcdef0",
        "State": "active",
    }
    stage.set_routes(table, lambda routes: routes if route in routes else [*routes, route])


def denied(stage: Stage, operation: str, seconds: float) -> None:
    """A permission of the function is missing for a while."""
    fault = denying([operation])
    stage.lab.gateway.faults.append(fault)
    if stage.wait(seconds):
        stage.lab.gateway.faults.remove(fault)


def observe(stage: Stage, seconds: float) -> None:
    """The mode is observe for a while."""
    stage.deploy({"NAT_FAILOVER_MODE": "observe"})
    if stage.wait(seconds):
        stage.deploy({"NAT_FAILOVER_MODE": "automatic"})


def standby_table_replaced(stage: Stage) -> None:
    """A deployment makes another table, then tells the function of it, then deletes the old one."""
    old = stage.tables[1]
    new = stage.new_table(old)
    stage.lab.world.sleep(1)
    stage.deploy({"NAT_FAILOVER_STANDBY_ROUTE_TABLE": new})
    stage.lab.world.sleep(5)
    stage.drop_table(old)


def primary_table_replaced(stage: Stage) -> None:
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


def mends_and_rearms(stage: Stage) -> None:
    """A person mends both NATs, and re-arms."""
    for nat in stage.nats:
        mend(stage, nat)
    stage.write_lock("armed")


# Claims of somebody who never fails over: NOW and UNTIL are filled in, and the version of the lock.
FORGED = (
    '{"owner": "x", "until": UNTIL}',
    "nonsense",
    '{"owner": "x", "until": UNTIL, "since": UNTIL, "lock": LOCK}',
    '{"owner": "x", "until": UNTIL, "since": NOW, "lock": LOCK}',
)


def forge_claims(stage: Stage, form: int, every: float) -> None:
    """Somebody writes claims again and again, until all troubles end."""
    account, environment = stage.cloud.account, stage.cloud.environment
    while stage.wait(every):
        lock = account.latest(environment["NAT_FAILOVER_LOCK_PARAMETER"])
        now, version = stage.lab.world.now(), 0 if lock is None else lock.number
        filled = {"UNTIL": f"{now + 100:.3f}", "NOW": f"{now:.3f}", "LOCK": str(version)}
        text = FORGED[form]
        for placeholder, value in filled.items():
            text = text.replace(placeholder, value)
        name = environment["NAT_FAILOVER_CLAIM_PARAMETER"]
        account.put({"Name": name, "Value": text, "Type": "String", "Overwrite": True}, "somebody")
