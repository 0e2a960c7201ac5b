"""What becomes of a packet and its answer between the hosts of a VPC: a model of groups, ACLs and the check (N1 to N3).

Nothing of a host's own is in it: not whether it runs, forwards or translates.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.network.layout import ENDPOINT, SSM_ENDPOINT
from tests.lab.network.vpc import Vpc

# The port that a host speaks from; Linux takes one between 32768 and 60999.
SPEAKS_FROM = 40000


@dataclass(frozen=True)
class Packet:
    """The first packet of a flow: a ping, or one to a port.

    Attributes:
        turn: which it is of those to a proof port, which hands them on to its targets by turns.
    """

    source: str
    to: str
    protocol: str = "icmp"
    port: int = -1
    turn: int = 0

    @property
    def back(self) -> int:
        """The port that answers go to."""
        return -1 if self.protocol == "icmp" else SPEAKS_FROM


class Fates:
    """Judges packets by what a VPC has been told."""

    def __init__(self, vpc: Vpc) -> None:
        self._vpc = vpc
        self._at = {host.address: host.name for host in vpc.layout.hosts} | {SSM_ENDPOINT: ENDPOINT}

    def host_at(self, address: str) -> str | None:
        """Return whose private address one is, an endpoint's included; None for nobody's."""
        return self._at.get(address)

    def between(self, host: str, to: str, packet: Packet, *, known: bool = False) -> str | None:
        """Return the rule by which a packet is lost on its way between two hosts, or its answer on the way back.

        Args:
            host: whose interface it leaves.
            to: whose interface it comes to: that of its destination, or of a NAT.
            packet: with the addresses that it has on this way.
            known: whether groups have tracked its flow before.
        """
        vpc, here, there = self._vpc, self._vpc.subnet_of(host), self._vpc.subnet_of(to)
        lost = self.there(host, to, packet, known=known)
        if lost is not None or here == there:
            return lost
        outwards = vpc.acl(there).lets_out(packet.source, packet.protocol, packet.back)
        return None if outwards and vpc.acl(here).admits(packet.to, packet.protocol, packet.back) else "N2"

    def there(self, host: str, to: str, packet: Packet, *, known: bool = False) -> str | None:
        """Return the rule by which a packet is lost on its way between two hosts, whatever becomes of an answer."""
        vpc, here, there = self._vpc, self._vpc.subnet_of(host), self._vpc.subnet_of(to)
        protocol, port = packet.protocol, packet.port
        if not known and not vpc.group(host).lets_out(packet.to, protocol, port):
            return "N1"
        if here != there:
            outwards = vpc.acl(here).lets_out(packet.to, protocol, port)
            if not (outwards and vpc.acl(there).admits(packet.source, protocol, port)):
                return "N2"
        if vpc.checks(to) and self._at.get(packet.to) != to:
            return "N3"
        return None if known or vpc.group(to).admits(packet.source, protocol, port) else "N1"

    def outside(self, host: str, packet: Packet, *, known: bool = False) -> str | None:
        """Return the rule by which a packet is lost on its way out of the VPC, or its answer on the way back."""
        vpc, subnet = self._vpc, self._vpc.subnet_of(host)
        if not known and not vpc.group(host).lets_out(packet.to, packet.protocol, packet.port):
            return "N1"
        acl = vpc.acl(subnet)
        if not acl.lets_out(packet.to, packet.protocol, packet.port):
            return "N2"
        return None if acl.admits(packet.to, packet.protocol, packet.back) else "N2"

    def forged(self, host: str, source: str) -> bool:
        """Return whether a host's interface drops what leaves it with a source, because that is another's."""
        return self._vpc.checks(host) and self._at.get(source) != host
