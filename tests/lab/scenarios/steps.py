"""The steps of scenarios: what is so before, what breaks, and what is done afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.gate.run_command.documents import SHELL
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.gateway import denying
from tests.lab.lab import Lab
from tests.lab.network.guards import ANYWHERE, Guard, Rule
from tests.lab.network.layout import TARGETS, VPC_CIDR
from tests.lab.scenarios.scenario import FAIL_OVER, RECOVERS_WITHIN, Step, over

# EC2 gives a NAT another public address within about five minutes.
ADDRESSED_WITHIN = 330.0
# A script that lasts ten minutes, on real packets and for the model, which knows it by the last line.
LONG = r"""targets='192.0.2.101'
interval='10'
sleep 600
: '"watch\":1'
exit
600 0
"""


def flush(lab: Lab) -> None:
    """The primary loses its translation rules."""
    lab.network.flush_nat_rules("nat01")


def stop(nat: str) -> Step:
    """Give the step that stops a NAT, as a person does."""

    def step(lab: Lab) -> None:
        lab.network.stop(nat)
        lab.run_command.dead.add(nat)
        lab.cloud.stop_instance(nat)

    return step


def cut_off_with_connections(lab: Lab) -> None:
    """Take the active NAT's network away while every backend has connections to the Internet."""
    lab.flows = [(host, to, lab.network.path(host, to)) for host in lab.backends for to in TARGETS]
    lab.network.set_link("nat01", False)


def internet_down(lab: Lab) -> None:
    """The Internet is gone."""
    lab.network.set_internet(False)


def internet_gone_for_seconds(lab: Lab) -> None:
    """Cut it off for so long that everybody has seen it, and tell so late that the passive NAT has it again."""
    lab.functions.late = lambda: (lab.world.random.uniform(0, 8),)
    lab.network.set_internet(False)
    lab.wait(lab.world.random.uniform(3, 8))
    lab.network.set_internet(True)


def two_sick(lab: Lab) -> None:
    """Two backends have troubles of their own."""
    for backend in lab.backends[:2]:
        lab.network.set_sick(backend, True)


def lose_next_event(lab: Lab) -> None:
    """The next status-change event does not arrive; those after it come as soon as any."""
    lost: list[tuple[float, ...]] = [()]
    lab.functions.late = lambda: lost.pop() if lost else (0.0,)


def lose_events(lab: Lab) -> None:
    """No status-change event arrives."""
    lab.functions.events_lost = True


def nobody_has_confirmed(lab: Lab) -> None:
    """The one mail address has not confirmed its subscription."""
    lab.gateway.confirmed = False


def standby_dead(lab: Lab) -> None:
    """The standby dies, then the primary."""
    stop("nat02")(lab)
    lab.wait(5)
    flush(lab)


def flaps(lab: Lab) -> None:
    """The primary is gone for a second, again and again."""
    for _ in range(5):
        lab.network.set_link("nat01", False)
        lab.wait(lab.world.random.uniform(0.6, 1.0))
        lab.network.set_link("nat01", True)
        lab.wait(lab.world.random.uniform(2.0, 4.0))


def most_backends_die(lab: Lab) -> None:
    """All backends but two lose their power."""
    for backend in lab.backends[2:]:
        lab.network.stop(backend)


def fill_the_queues(lab: Lab) -> None:
    """A person has all agents but two run five commands, which is as many as run at once."""
    hosts = [lab.cloud.instances[backend] for backend in lab.backends[2:]]
    for _ in range(lab.run_command.habits.workers):
        lab.run_command.service.send(
            {"DocumentName": SHELL, "InstanceIds": hosts, "Parameters": {"commands": LONG.splitlines()}}
        )
    lab.wait(2 * lab.latencies.delivery[1])


def deny(lab: Lab) -> None:
    """EC2 refuses to replace associations."""
    lab.gateway.faults.append(denying(["ReplaceRouteTableAssociation"]))


def crash(lab: Lab) -> None:
    """Have the function die once, as soon as its first association is replaced."""
    _die_after("ReplaceRouteTableAssociation", lab)


def crash_once_addressed(lab: Lab) -> None:
    """Have the function die once, as soon as the first of its addresses has moved."""
    _die_after("AssociateAddress", lab)


def _die_after(fatal: str, lab: Lab) -> None:
    died: list[Execution] = []

    def observer(operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
        del arguments
        if operation == fatal and not died:
            died.append(execution)
            execution.killed = True

    lab.gateway.after.append(observer)


def all_at_once(lab: Lab) -> None:
    """Three warm functions, and events that arrive at once."""
    lab.functions.warm(3)
    lab.functions.together = 3


def rearm_and_break_again(lab: Lab) -> None:
    """Mend the primary, re-arm once it has a public address, and kill the standby, which is the active one now."""
    lab.network.boot("nat01", lab.cloud.user_data)
    # The claim of the first failover protects it until its lease is over.
    lab.wait(float(lab.cloud.environment["NAT_FAILOVER_CLAIM_LEASE"]) + 5)
    lab.wait_until(lambda: _addressed(lab), ADDRESSED_WITHIN)
    lab.cloud.set_lock("armed")
    lab.wait(10)
    _break_again(lab)


def rearm_at_once_and_break_again(lab: Lab) -> None:
    """Mend the primary, re-arm while it has no public address, and kill the standby, which is the active one now."""
    lab.network.boot("nat01", lab.cloud.user_data)
    lab.cloud.set_lock("armed")
    lab.wait(float(lab.cloud.environment["NAT_FAILOVER_CLAIM_LEASE"]) + 5)
    _break_again(lab)


def _break_again(lab: Lab) -> None:
    lab.broken()
    lab.network.flush_nat_rules("nat02")
    lab.wait_until(lambda: _addressed(lab), ADDRESSED_WITHIN)
    lab.wait_until(lambda: len(lab.results("failed-over")) == 2 and over(lab, FAIL_OVER), RECOVERS_WITHIN)


def _addressed(lab: Lab) -> bool:
    return lab.cloud.public.of["nat01"] is not None


def address_takes_minutes(lab: Lab) -> None:
    """Have EC2 take two and a half minutes to give a NAT another public address."""
    readdress = lab.cloud.readdress
    lab.cloud.readdress = lambda now, wait: readdress(now, lambda host: 150.0)  # type: ignore[method-assign]  # noqa: ARG005


def flush_once_seen(lab: Lab) -> None:
    """Note as whom the Internet sees the backends; then the primary loses its rules."""
    lab.seen_before = lab.seen_as()
    flush(lab)


def mend_the_primary(lab: Lab) -> None:
    """Have the primary translate again, and wait for a tick that sees it stand by."""
    lab.network.boot("nat01", lab.cloud.user_data)
    lab.wait(65)


def deny_address(lab: Lab) -> None:
    """EC2 refuses to move the egress address."""
    lab.gateway.faults.append(denying(["AssociateAddress"]))


def vpn_on_each_nat(lab: Lab) -> None:
    """Each table routes the VPN's network to its own NAT, as who runs a VPN on both has it."""
    lab.cloud.add_vpn_routes({lab.cloud.primary_table: "nat01", lab.cloud.standby_table: "nat02"})


def vpn_on_the_primary(lab: Lab) -> None:
    """The primary's table alone routes the VPN's network to its NAT."""
    lab.cloud.add_vpn_routes({lab.cloud.primary_table: "nat01"})


def list_in_short_pages(lab: Lab) -> None:
    """SSM lists one to a page, so that a list of the fleet is as long as that of a large one."""
    lab.run_command.page = 1


def rerun_never(lab: Lab) -> None:
    """Wait for later ticks, which must not try again."""
    lab.wait(130 if lab.world.virtual else 15)


def check_on(nat: str) -> Step:
    """Give the step that turns a NAT's source/destination check on, as a person does."""
    return lambda lab: lab.cloud.set_source_dest_check(nat, on=True)


def group(nat: str, rules: Sequence[Rule]) -> Step:
    """Give the step after which a NAT's group admits this and nothing else."""
    return lambda lab: lab.cloud.set_inbound(nat, rules)


def acl_inside_only(lab: Lab) -> None:
    """The ACL of a subnet lets nothing from outside of the VPC in, not even answers."""
    subnet = lab.network.layout.private_subnets[0].name
    lab.cloud.set_acl(subnet, Guard((Rule(VPC_CIDR),), (Rule(ANYWHERE),)))
