"""A model of the network, with the same outside as that of real packets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.lab.network.guards import Guard
from tests.lab.network.layout import TARGETS
from tests.lab.network.simulated.backend import BackendWatch
from tests.lab.network.simulated.hosts import SimulatedHosts
from tests.lab.network.simulated.listener import Listener, Repeated
from tests.lab.network.simulated.nat import Echo, NatWatch, is_echo
from tests.lab.network.simulated.packets import TURNS, Outcome
from tests.lab.network.simulated.process import SimulatedProcess
from tests.lab.network.simulated.scripts import SimulatedScript
from tests.lab.network.simulated.tries import fixed_values
from tests.lab.network.simulated.watch import Watch
from tests.lab.network.vpc import Path


class SimulatedNetwork(SimulatedHosts):
    """See ``Network``; a packet's fate is decided when it is sent."""

    name = "simulated"

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes."""
        self.vpc.set_routes(table, routes)
        self._change()

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table."""
        self.vpc.associations[subnet] = table
        self._change()

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> SimulatedProcess:
        """Play the probe, or one of the command's scripts; the script itself is not run."""
        machine = self._machines[host]
        run = self._played(host, script, arguments)
        machine.runs = [*(run for run in machine.runs if run.lives()), run]
        self._running = [*(run for run in self._running if run.lives()), run]
        if not machine.powered:
            run.kill()
        return run

    def _played(self, host: str, script: str, arguments: Sequence[str]) -> SimulatedProcess:
        if '"probe":2' not in script:
            return SimulatedScript(self, host, script)
        is_nat = self.layout.host(host).address in arguments
        if is_nat and is_echo(arguments):
            return Echo(self, host, fixed_values(script)["pair"], float(arguments[0]))
        return (NatWatch if is_nat else BackendWatch)(self, host, script, arguments)

    def is_watching(self, host: str) -> bool:
        """Tell whether a host has a watch, not a quick check."""
        return any(isinstance(run, Watch) and run.is_long and run.lives() for run in self._machines[host].runs)

    def dial(self, host: str, address: str, port: int, signals: Repeated | None = None) -> Outcome:
        """Open a connection and return what comes of it; at a proof port, let the listeners hear of it.

        Args:
            signals: when, where there are more, by turns to each target, that all come to the same.
        """
        if signals is None:
            sent = self._packets.sent(host, address, port, turn=next(self._turns))
        else:
            each = [self._packets.sent(host, address, port, turn=turn) for turn in range(TURNS)]
            sent = next((one for one in each if one.answered), each[0])
        sent = replace(sent, answered=self._answered(sent))
        own = self.layout.host(host).address
        for listener in sent.seen_by:
            listener.hear(own, port, signals or Repeated(self.world.now()), through=sent.answered)
        return sent

    def listen(self, host: str, listener: Listener) -> None:
        """Have a listener on a host from now on."""
        self._machines[host].listeners.append(listener)
        self._stir()

    def end_listening(self, host: str, listener: Listener) -> None:
        """Have it no longer."""
        listeners = self._machines[host].listeners
        if listener in listeners:
            listeners.remove(listener)
            self._stir()

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Tell whether a packet sent now would be answered."""
        sent = self._packets.sent(host, address, port)
        return self._answered(sent) and (port is not None or self._is_within_limit(sent, address))

    def _is_within_limit(self, ping: Outcome, target: str) -> bool:
        """Tell whether a target answers one more ping of an address, and count it."""
        if self._pinged is None or ping.public is None:
            return True
        if self.world.now() - self._pinged.get((ping.public, target), -math.inf) < 1:
            return False
        self._pinged[ping.public, target] = self.world.now()
        return True

    def path(self, host: str, address: str) -> Path:
        """Return what a flow depends on that a host begins now."""
        return self.vpc.path(host, address)

    def carries(self, host: str, address: str, path: Path, port: int = 443) -> bool:
        """Return whether a connection that was begun on a path still is one, and is answered now."""
        sent = self._packets.sent(host, address, port, known=True)
        return self._answered(sent) and self.vpc.still(host, address, path)

    def resets(self, host: str, address: str, path: Path) -> bool:
        """Return whether the next packet of a connection that was begun on a path is answered by a reset at once."""
        sent = self._packets.sent(host, address, 443)
        knows = self.vpc.path(host, address).by == path.by
        return self.vpc.picks_up and bool(sent.by) and self._machines[sent.by].resets and not knows

    def forges(self, host: str, source: str, to: str) -> bool:
        """Return whether a ping that a host sends with another's address comes to a host of the VPC."""
        return self._packets.forged(host, source, to)

    def _answered(self, outcome: Outcome) -> bool:
        if not outcome.answered:
            return False
        by_nat = self._machines[outcome.by].loses if outcome.by else 0.0
        # A number is drawn only where something may be lost.
        return not any(
            outcome.outside and self.world.random.random() * 100 < lost for lost in (self._loss, by_nat) if lost
        )

    def is_online(self, host: str) -> bool:
        """Tell whether a packet of a host to a target may be answered, but for those lost at random."""
        return any(self._packets.foreseen(host, target).answered for target in TARGETS)

    def default_of(self, table: str) -> str | None:
        """Give the host that a route table's default route leads to; None where it leads to none."""
        way = self.vpc.routes.get(table, {}).get("0.0.0.0/0")
        return way if way in self._machines else None

    def certain(self, host: str) -> tuple[bool, bool]:
        """Tell whether every ping, and every connection, of a host is answered for certain until something changes."""
        pings, connections = (
            not self._loss
            and not any(machine.loses for machine in self._machines.values())
            and not (port is None and self._pinged is not None)
            and all(self._packets.foreseen(host, target, port).answered for target in TARGETS)
            for port in (None, 443)
        )
        return pings, connections

    def egress_address(self, host: str, address: str) -> str | None:
        """Give the address that an address in the Internet sees a host come from; None where nothing arrives."""
        outcome = self._packets.sent(host, address)
        return outcome.public if self._answered(outcome) else None

    def set_guards(
        self,
        groups: Mapping[str, Guard] | None = None,
        acls: Mapping[str, Guard] | None = None,
        checks: Mapping[str, bool] | None = None,
    ) -> None:
        """Let something else guard interfaces and subnets."""
        if self.vpc.set_guards(groups, acls, checks):
            self._change()

    def count_rules(self) -> None:
        """Nothing is left to be counted."""

    def set_public(self, nat: str, address: str | None) -> None:
        """Let the Internet gateway translate a NAT's address to another, or to none from now on."""
        if address != self.vpc.public[nat]:
            self.vpc.set_public(nat, address)
            self._change()
