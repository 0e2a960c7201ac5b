"""The steps of scenarios: what is so before, what breaks, and what is done afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nat_failover.record import LockState, Record
from tests.lab.gateway import Execution, denying
from tests.lab.lab import Lab
from tests.lab.scenario import FAIL_OVER, RECOVERS_WITHIN, Step, over


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


def lose_events(lab: Lab) -> None:
    """No status-change event arrives."""
    lab.functions.events_lost = True


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


def backends_booting(lab: Lab) -> None:
    """All backends have only just booted."""
    for backend in lab.backends:
        lab.network.set_uptime(backend, 20)


def nat_booting(lab: Lab) -> None:
    """The primary has only just been started."""
    lab.cloud.set_launched("nat01", lab.world.now() - 30)


def lock(text: str | None) -> Step:
    """Give the step that writes something into the lock, or deletes it."""

    def step(lab: Lab) -> None:
        lab.cloud.set_lock(text)

    return step


def locked(lab: Lab) -> None:
    """An earlier failover was not re-armed."""
    record = Record(
        LockState.FAILED_OVER,
        "an earlier invocation",
        lab.world.now() - 3600,
        lab.cloud.standby_table,
        lab.cloud.primary_table,
        {},
        (),
        "an earlier failure",
        "3 subnets moved",
        0.4,
    )
    lab.cloud.set_lock(record.text())


def two_online(lab: Lab) -> None:
    """Only two backends are online in Systems Manager."""
    lab.run_command.offline.update(lab.backends[2:])


def deny(lab: Lab) -> None:
    """EC2 refuses to replace associations."""
    lab.gateway.faults.append(denying(["ReplaceRouteTableAssociation"]))


def crash(lab: Lab) -> None:
    """Have the function die once, as soon as its first association is replaced."""
    died: list[Execution] = []

    def observer(operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
        del arguments
        if operation == "ReplaceRouteTableAssociation" and not died:
            died.append(execution)
            execution.killed = True

    lab.gateway.after.append(observer)


def all_at_once(lab: Lab) -> None:
    """Three warm functions, and events that arrive at once."""
    lab.functions.warm(3)
    lab.functions.together = 3


def rearm_and_break_again(lab: Lab) -> None:
    """Mend the primary, re-arm, and kill the standby, which is the active one now."""
    lab.network.boot("nat01", lab.cloud.user_data)
    # The claim of the first failover protects it until its lease is over.
    lab.wait(float(lab.cloud.environment["NAT_FAILOVER_CLAIM_LEASE"]) + 5)
    lab.cloud.set_lock("armed")
    lab.wait(10)
    lab.broken()
    lab.network.flush_nat_rules("nat02")
    lab.wait_until(lambda: len(lab.results("failed-over")) == 2 and over(lab, FAIL_OVER), RECOVERS_WITHIN)


def flush_once_seen(lab: Lab) -> None:
    """Note as whom the Internet sees the backends; then the primary loses its rules."""
    lab.seen_before = lab.seen_as()
    flush(lab)


def deny_address(lab: Lab) -> None:
    """EC2 refuses to move the egress address."""
    lab.gateway.faults.append(denying(["AssociateAddress"]))


def list_in_short_pages(lab: Lab) -> None:
    """SSM lists four to a page."""
    lab.run_command.page = 4


def rerun_never(lab: Lab) -> None:
    """Wait for later ticks, which must not try again."""
    lab.wait(130 if lab.world.virtual else 15)
