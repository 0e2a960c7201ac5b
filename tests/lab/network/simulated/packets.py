"""Where the packets of the simulated network go, and which of them are answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.gate.rules.rule import changed
from tests.lab.network.layout import ENDPOINT, PRIVATE_WAYS, SSM_PUBLIC, TARGETS, VPN, Layout
from tests.lab.network.simulated.fate import Fates, Packet
from tests.lab.network.simulated.listener import Listener
from tests.lab.network.simulated.machine import Machine
from tests.lab.network.vpc import Vpc


@dataclass(frozen=True)
class Outcome:
    """What becomes of a packet, but for those that are lost at random.

    Attributes:
        answered: whether an answer comes back.
        public: the address that the Internet sees it come from; None where it does not arrive there.
        outside: whether it is one of those that may be lost at random.
        by: the NAT that hands it on; empty for none.
        rule: by which it or its answer is lost; empty for none of the VPC's.
        refused: whether somebody answers at once that there is nothing.
        seen_by: the listeners on a NAT to whose proof port it came, whatever became of it then.
    """

    answered: bool = False
    public: str | None = None
    outside: bool = False
    by: str = ""
    rule: str = ""
    refused: bool = False
    seen_by: tuple[Listener, ...] = ()


LOST = Outcome()
# Where nobody listens, the host's own kernel answers: with a refusal, but at once.
REFUSED = Outcome(refused=True)
PROOF_PORTS = (443, 80)
# After so many connections to them all comes anew, of whatever number the targets are.
TURNS = 60
INTERCEPTED = 443


class SimulatedPackets:
    """Follows the first packet of a flow, or one of a known flow, there and back.

    What came of it is kept until something changes, since the same packets are sent day and night.

    Attributes:
        machines: by name.
        dark: addresses of the Internet that do not answer.
        internet: whether there is one.
    """

    def __init__(self, layout: Layout, vpc: Vpc) -> None:
        self._layout = layout
        self._vpc = vpc
        self._fates = Fates(vpc)
        self.machines: dict[str, Machine] = {}
        self.dark: set[str] = set()
        self.internet = True
        self._kept: dict[tuple[str, str, int | None, bool, int], Outcome] = {}
        self._targets: dict[tuple[str, str, int | None, bool], int] = {}

    def forget(self) -> None:
        """Note that something has changed."""
        self._kept.clear()
        self._targets.clear()

    def sent(self, host: str, address: str, port: int | None = None, *, known: bool = False, turn: int = 0) -> Outcome:
        """Return what becomes of a ping, or of a packet to a port, and count the rule by which it is lost."""
        outcome = self.foreseen(host, address, port, known=known, turn=turn)
        if outcome.rule:
            changed(outcome.rule)
        return outcome

    def foreseen(
        self, host: str, address: str, port: int | None = None, *, known: bool = False, turn: int = 0
    ) -> Outcome:
        """Return what would become of one."""
        at = host, address, port, known
        kept = self._kept.get((*at, turn % self._targets.get(at, TURNS)))
        if kept is None:
            kept = self._follow(host, address, port, known=known, turn=turn)
            # A turn tells only to which of its targets a proof port hands on.
            targets = self._targets[at] = len(kept.seen_by[0].targets) if kept.seen_by else 1
            self._kept[*at, turn % targets] = kept
        return kept

    def _follow(self, host: str, address: str, port: int | None, *, known: bool, turn: int) -> Outcome:
        machine, own = self.machines[host], self._layout.host(host).address
        if not machine.up:
            return LOST
        packet = Packet(own, address) if port is None else Packet(own, address, "tcp", port, turn)
        to = self._fates.host_at(address)
        if to is not None:
            return self._inside(host, to, packet, known=known)
        if machine.sick:
            return LOST
        way = self._vpc.way(host, address)
        if way in self.machines:
            return self._by_nat(host, way, packet, known=known)
        return self._out(host, way, packet, known=known)

    def _inside(self, host: str, to: str, packet: Packet, *, known: bool) -> Outcome:
        if not (to == ENDPOINT or self.machines[to].up):
            return LOST
        if packet.port in PROOF_PORTS and to in self.machines and host != to:
            return self._to_proof_port(host, to, packet)
        rule = None if host == to else self._fates.between(host, to, packet, known=known)
        return Outcome(answered=rule is None, rule=rule or "")

    def _to_proof_port(self, host: str, nat: str, packet: Packet) -> Outcome:
        """Follow a packet to a NAT's own address, which the first listener there hands on to one of its targets."""
        rule = self._fates.there(host, nat, packet)
        if rule is not None:
            return Outcome(rule=rule)
        machine = self.machines[nat]
        rule = self._fates.between(host, nat, packet)
        listeners = tuple(each for each in machine.listeners if each.takes(packet.source))
        if not listeners:
            if rule is not None:
                return Outcome(rule=rule)
            return Outcome(answered=True) if machine.taken == packet.port else REFUSED
        dropped = rule is not None or machine.drops & {"tcp", "new"}
        if dropped or not (machine.forwarding and machine.translating):
            return Outcome(rule=rule or "", seen_by=listeners)
        translated = Packet(
            self._layout.host(nat).address, listeners[0].targets[packet.turn % len(listeners[0].targets)], "tcp", 443
        )
        sent = self._out(nat, self._vpc.way(nat, translated.to), translated, known=False)
        return replace(sent, seen_by=listeners, by=nat)

    def _by_nat(self, host: str, nat: str, packet: Packet, *, known: bool) -> Outcome:
        machine = self.machines[nat]
        if not machine.powered:
            return Outcome(rule="N7")
        rule = self._fates.between(host, nat, packet, known=known)
        if rule is not None:
            return Outcome(rule=rule)
        if packet.to == VPN:
            return Outcome(answered=machine.up)
        if machine.intercepts and machine.up and packet.port == INTERCEPTED:
            return Outcome(answered=True)
        dropped = machine.drops & ({packet.protocol} if known else {packet.protocol, "new"})
        forwards = machine.up and machine.forwarding and not dropped
        # A flow that it knows it translates without any rule.
        if not (forwards and (machine.translating or known)):
            return LOST
        translated = Packet(self._layout.host(nat).address, packet.to, packet.protocol, packet.port)
        return replace(self._out(nat, self._vpc.way(nat, packet.to), translated, known=known), by=nat)

    def _out(self, host: str, way: str, packet: Packet, *, known: bool) -> Outcome:
        if way not in ("igw", *PRIVATE_WAYS):
            return LOST
        rule = self._fates.outside(host, packet, known=known)
        if rule is not None:
            return Outcome(rule=rule)
        if way != "igw":
            return Outcome(answered=packet.to == PRIVATE_WAYS[way])
        public = self._vpc.public[host] if self.machines[host].uplink else None
        if public is None or not self._is_there(packet.to):
            return LOST
        return Outcome(answered=True, public=public, outside=True)

    def _is_there(self, address: str) -> bool:
        return address in (*TARGETS, SSM_PUBLIC) and address not in self.dark and self.internet

    def forged(self, host: str, source: str, to: str) -> bool:
        """Return whether a ping with another's source comes to a host of the VPC."""
        there = self._fates.host_at(to)
        if there is None or not (self.machines[host].up and (there == ENDPOINT or self.machines[there].up)):
            return False
        if self._fates.forged(host, source):
            changed("N3")
            return False
        return self._fates.there(host, there, Packet(source, to)) is None
