"""What is so before anything breaks: hosts that can't be asked, a lock that is not armed."""

from __future__ import annotations

from nat_failover.judging.first_online import mark
from nat_failover.lock.record import LockState, Record
from nat_failover.settings import Settings
from nat_failover.telling.memory import Memory
from tests.gate.run_command.command import Managed
from tests.lab.lab import Lab
from tests.lab.scenarios.scenario import Step

# A server outside EC2.
HYBRID = "mi-0123456789abcdef0"


def backends_booting(lab: Lab) -> None:
    """All backends have only just booted."""
    for backend in lab.backends:
        lab.network.set_uptime(backend, 20)


def nat_booting(lab: Lab) -> None:
    """The primary, which has worked before, has only just been started, and does not translate yet."""
    settings = Settings.from_environment(lab.cloud.environment)
    worked = {"primary": mark(settings.primary_route_table, settings)}
    lab.cloud.set_told_parameter(Memory(worked=worked).text())
    lab.cloud.set_launched("nat01", lab.world.now() - 30)
    lab.network.flush_nat_rules("nat01")


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


def runs_windows(host: str) -> Step:
    """Give the step by which a host has run Windows ever since."""

    def step(lab: Lab) -> None:
        lab.run_command.platforms[host] = "Windows"

    return step


def stopped(host: str) -> Step:
    """Give the step by which EC2 calls an instance stopped, and its agent is gone."""

    def step(lab: Lab) -> None:
        lab.run_command.dead.add(host)
        lab.cloud.stop_instance(host)

    return step


def terminated(host: str) -> Step:
    """Give the step by which an instance is terminated, and its agent is gone."""

    def step(lab: Lab) -> None:
        lab.run_command.dead.add(host)
        lab.cloud.terminate_instance(host)

    return step


def untagged(host: str) -> Step:
    """Give the step by which a host has lost its tag."""

    def step(lab: Lab) -> None:
        lab.cloud.untag(host)

    return step


def silent(host: str) -> Step:
    """Give the step by which a host's agent hears and tells nothing, and SSM does not know it yet."""

    def step(lab: Lab) -> None:
        lab.run_command.dead.add(host)

    return step


def hybrid(lab: Lab) -> None:
    """A server outside EC2 carries the tag."""
    tags = lab.cloud.tags(lab.cloud.instances["backend1"])
    lab.run_command.hybrids.append(Managed(HYBRID, tags))


def mixed(lab: Lab) -> None:
    """Half of the backends can't be asked, each for another reason."""
    runs_windows("backend4")(lab)
    stopped("backend5")(lab)
    untagged("backend6")(lab)
