"""What users have today, each modelled from its description, in the lab's network and with its latencies.

A peer gets what the lab can see of it: the same hosts, the same packets, the same calls of EC2 at the same price in
time. Where a description leaves something open, the model takes what is better for the peer, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tests.lab.cloud.execution import Execution
from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS


class Peer(Protocol):
    """Another way to keep private subnets online.

    Attributes:
        name: as the tables call it.
        description: the model in a sentence.
        period: seconds from one check to the next; from its end where ``pauses``.
    """

    name: str
    description: str
    period: float
    pauses: bool

    def check(self, lab: Lab) -> bool:
        """Check once; tell whether to act."""
        ...

    def act(self, lab: Lab) -> None:
        """Move the traffic."""
        ...


def watch(peer: Peer, lab: Lab, acting: Callable[[], None], until: float = float("inf")) -> None:
    """Let a peer check until it has to act, and act; ``acting`` is called before."""
    while lab.world.now() < until:
        begun = lab.world.now()
        if peer.check(lab):
            acting()
            peer.act(lab)
            return
        lab.wait(peer.period if peer.pauses else peer.period - (lab.world.now() - begun) % peer.period)


@dataclass
class Article:
    """A cron job on a server that stays reachable."""

    name: str = "a"
    description: str = (
        "every 2 minutes a server opens a remote shell (0.5 to 1.5 s) on one backend after the other, in random order, "
        "and has it ping one of three targets, drawn at random, 3 times a second apart (10 s until it gives up, which "
        "makes the 35 s that a run is said to take); after the third backend that fails, the associations are "
        "replaced one after the other"
    )
    period: float = 120.0
    shell: tuple[float, float] = (0.5, 1.5)
    pings: int = 3
    linger: float = 10.0
    threshold: int = 3
    pauses: bool = False

    def check(self, lab: Lab) -> bool:
        """Ask one backend after the other, until enough have failed."""
        failing = 0
        hosts = lab.backends
        lab.world.random.shuffle(hosts)
        for host in hosts:
            if host in lab.run_command.dead:
                continue  # no shell: it is not asked
            lab.wait(lab.world.random.uniform(*self.shell))
            failing += not self._pinged(lab, host)
            if failing >= self.threshold:
                break
        return failing >= self.threshold

    def _pinged(self, lab: Lab, host: str) -> bool:
        target = lab.world.random.choice(TARGETS)
        for ping in range(self.pings):
            if lab.network.reaches(host, target):
                return True  # the others are sent, too, but the first answer decides
            lab.wait(self.linger if ping == self.pings - 1 else 1.0)
        return False

    def act(self, lab: Lab) -> None:
        """Replace the associations one by one."""
        ec2: Any = lab.gateway.clients(Execution()).ec2
        wanted = [{"Name": "route-table-id", "Values": [lab.cloud.primary_table]}]
        (table,) = ec2.describe_route_tables(Filters=wanted)["RouteTables"]
        for association in table["Associations"]:
            if association.get("SubnetId"):
                try:
                    ec2.replace_route_table_association(
                        AssociationId=association["RouteTableAssociationId"], RouteTableId=lab.cloud.standby_table
                    )
                except ClientError as error:
                    # The answer to the first try was lost, and it is done: the peer is to take that for what it is.
                    if error.response["Error"]["Code"] != "InvalidAssociationID.NotFound":
                        raise


def _from_the_first_backend(lab: Lab, target: str) -> bool:
    """Tell whether an interface of the first private subnet, for which that subnet's first backend stands, gets out."""
    return lab.network.reaches(lab.backends[0], target)


@dataclass
class Checker:
    """A function in a private subnet that is always running, as alterNAT's."""

    name: str = "b"
    description: str = (
        "a function in a private subnet, always running, gets two URLs one after the other, 5 s timeout each (a "
        "connection tried at 0, 1 and 3 s, as TCP does), and pauses for 5 s; when both fail it replaces the default "
        "route, of the one table that all subnets share here"
    )
    period: float = 5.0
    timeout: float = 5.0
    tries: tuple[float, ...] = (0.0, 1.0, 3.0)
    pauses: bool = True
    reaches: Callable[[Lab, str], bool] = _from_the_first_backend

    def check(self, lab: Lab) -> bool:
        """Get both URLs."""
        return not any(self._answers(lab, target) for target in TARGETS[:2])

    def act(self, lab: Lab) -> None:
        """Replace the route."""
        _replace_route(lab)

    def _answers(self, lab: Lab, target: str) -> bool:
        begun = lab.world.now()
        for at in self.tries:
            lab.wait(begun + at - lab.world.now())
            if self.reaches(lab, target):
                return True
        lab.wait(begun + self.timeout - lab.world.now())
        return False


@dataclass
class Replacement:
    """An Auto Scaling group of one."""

    name: str = "c"
    description: str = (
        "EC2 checks the instance's status once a minute; after two failed checks an Auto Scaling group starts another, "
        "which boots for 60 to 90 s and then takes over the default route (rules that were flushed, or forwarding "
        "that is off, fail no status check: there it would never act)"
    )
    period: float = 60.0
    failed_checks: int = 2
    boot: tuple[float, float] = (60.0, 90.0)
    pauses: bool = False
    failed: int = 0

    def check(self, lab: Lab) -> bool:
        """Count failed checks of the status in a row."""
        self.failed = self.failed + 1 if "nat01" in lab.run_command.dead else 0
        return self.failed >= self.failed_checks

    def act(self, lab: Lab) -> None:
        """Boot another."""
        lab.wait(lab.world.random.uniform(*self.boot))
        _replace_route(lab)


def _replace_route(lab: Lab) -> None:
    """Let the default route of the primary's table lead to the other NAT, which stands for whatever takes over."""
    ec2: Any = lab.gateway.clients(Execution()).ec2
    ec2.replace_route(
        RouteTableId=lab.cloud.primary_table,
        DestinationCidrBlock="0.0.0.0/0",
        InstanceId=lab.cloud.instances["nat02"],
    )


PEERS: dict[str, type[Article | Checker | Replacement]] = {"a": Article, "b": Checker, "c": Replacement}
