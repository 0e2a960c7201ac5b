"""What a network of the lab can do, whether of real packets or simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.lab.network.guards import Guard
from tests.lab.network.layout import Layout
from tests.lab.network.vpc import Path
from tests.lab.world.world import Signal

# How long every host has been up when a network opens, in seconds.
DEFAULT_UPTIME = 86400.0


@dataclass(frozen=True)
class ProbeOutcome:
    """How a script ended; the exit code is negative for a signal."""

    exit_code: int
    stdout: str


class ProbeRun(Protocol):
    """A script that runs on a host."""

    def wait(self) -> ProbeOutcome:
        """Wait until it has ended, in the world's time."""
        ...

    def kill(self) -> None:
        """End it and all that it started, by force."""
        ...


class Network(Protocol):
    """Hosts, subnets and the Internet.

    Faults are undone by the same method with the opposite argument.

    Attributes:
        boots: how often each host has been switched on since the network was opened.
    """

    name: str
    layout: Layout
    boots: Counter[str]

    def open(self) -> None:
        """Build it; every host is up, no route table is known."""
        ...

    def close(self) -> None:
        """Remove everything; twice is harmless."""
        ...

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes.

        By destination CIDR: ``local``, ``igw``, ``peer``, ``s3``, ``blackhole`` or the name of a host. A packet that no
        route is for is dropped. Every table has the routes within the VPC.
        """
        ...

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table from now on."""
        ...

    def boot(self, nat: str, user_data: str) -> None:
        """Start a NAT for the first time, with its user data; its uptime stays what it is."""
        ...

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> ProbeRun:
        """Run a shell script on a host; ``arguments`` are those of the probe, which the script has in it already."""
        ...

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Tell whether a new flow from a host to an address is answered: a ping, or with a port a TCP connection."""
        ...

    def path(self, host: str, address: str) -> Path:
        """Return what a flow depends on that a host begins now; the flow is cut once this is another for a new one."""
        ...

    def carries(self, host: str, address: str, path: Path, port: int = 443) -> bool:
        """Return whether a TCP connection that was begun on a path still is one, and its packets are answered now.

        It may be while ``reaches`` is not: a NAT that has lost its rules still translates what it knows.
        """
        ...

    def resets(self, host: str, address: str, path: Path) -> bool:
        """Return whether the next packet of a TCP connection that was begun on a path is reset within a second."""
        ...

    def changes(self) -> Signal | None:
        """Return what is given whenever something may have changed; None where nobody says so."""
        ...

    def is_powered(self, host: str) -> bool:
        """Tell whether a host is switched on."""
        ...

    def egress_address(self, host: str, address: str) -> str | None:
        """Give the address that an address in the Internet sees a host come from; None where nothing arrives."""
        ...

    def set_public(self, nat: str, address: str | None) -> None:
        """Let the Internet gateway translate a NAT's address to another, or to none from now on."""
        ...

    def set_guards(
        self,
        groups: Mapping[str, Guard] | None = None,
        acls: Mapping[str, Guard] | None = None,
        checks: Mapping[str, bool] | None = None,
    ) -> None:
        """Let something else guard interfaces and subnets; what is not named stays as it is.

        Args:
            groups: by interface, a host's by its name, or the endpoint's.
            acls: by subnet.
            checks: whether a host's source/destination check is on, as it is at first.
        """
        ...

    def count_rules(self) -> None:
        """Bring the count of what the rules of AWS have changed up to date."""
        ...

    def forges(self, host: str, source: str, to: str) -> bool:
        """Return whether a ping that a host sends with another's address comes to a host of the VPC."""
        ...

    def set_uptime(self, host: str, seconds: float) -> None:
        """Let a host have booted so long ago."""
        ...

    def flush_nat_rules(self, nat: str) -> None:
        """Take a NAT's translation rules away, as ``iptables -t nat -F`` does; a reboot brings them back."""
        ...

    def set_forwarding(self, nat: str, on: bool) -> None:
        """Let a NAT forward, or not."""
        ...

    def set_link(self, host: str, up: bool) -> None:
        """Plug a host's interface in or out."""
        ...

    def stop(self, host: str) -> None:
        """Switch a host off: what runs on it dies."""
        ...

    def start(self, host: str) -> None:
        """Switch it on again; a NAT's rules are those that its boot sets."""
        ...

    def reboot(self, host: str) -> None:
        """Switch a host off and on."""
        ...

    def set_uplink(self, nat: str, up: bool) -> None:
        """Let a NAT's packets to and from the Internet vanish in the provider's network, or not."""
        ...

    def set_target(self, address: str, up: bool) -> None:
        """Let an address of the Internet answer, or not."""
        ...

    def set_internet(self, up: bool) -> None:
        """Let the whole Internet be reachable, or not."""
        ...

    def set_loss(self, percent: float) -> None:
        """Lose packets on their way to the Internet, at random."""
        ...

    def set_nat_loss(self, nat: str, percent: float) -> None:
        """Let a NAT lose packets that it ought to hand on to the Internet, at random."""
        ...

    def set_tracked(self, nat: str, percent: float) -> None:
        """Let a NAT track so many of the connections that it can; it drops none for that."""
        ...

    def set_pings_limited(self, on: bool) -> None:
        """Let targets answer one ping a second of each address that they see, or all."""
        ...

    def set_dropping(self, nat: str, protocols: Collection[str]) -> None:
        """Let a NAT forward nothing of these protocols, ``icmp`` or ``tcp``, not even of flows that it knows.

        ``new`` stands for what begins a flow, of any protocol: as a NAT does whose connection tracking is full.
        """
        ...

    def set_intercepting(self, nat: str, on: bool) -> None:
        """Let a NAT answer itself whoever connects through it to port 443, as a transparent proxy does, or not."""
        ...

    def set_serving(self, nat: str, on: bool) -> None:
        """Let something serve at port 443 of a NAT's own address, or not."""
        ...

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside; it still reaches the VPC."""
        ...
