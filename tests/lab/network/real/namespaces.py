"""The network of real packets: a namespace for every host, wired to the router's."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.lab.closing import closed_after, closed_on_error
from tests.lab.network.guards import Guard
from tests.lab.network.layout import SSM_ENDPOINT, SSM_PUBLIC, TARGETS, VPN
from tests.lab.network.network import DEFAULT_UPTIME
from tests.lab.network.real import host_rules
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.egress import forged_arrives, seen_as
from tests.lab.network.real.flows import PORTS, Answering, Connection, connects
from tests.lab.network.real.hosts import Machine, RealHosts
from tests.lab.network.real.icmp import ping
from tests.lab.network.real.netns import FILES, Namespace, NamespacesUnavailableError
from tests.lab.network.real.script import CONNTRACK_MAX, RealProbe, tracked_of
from tests.lab.network.real.vpc.router import Router
from tests.lab.network.vpc import Path as FlowPath
from tests.lab.world.world import Signal

ANSWER_WITHIN = 0.8


class NamespacesNetwork(RealHosts):
    """See ``Network``."""

    name = "namespaces"

    def __enter__(self) -> NamespacesNetwork:
        """Open it."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def open(self) -> None:
        """Build it.

        Raises:
            NamespacesUnavailableError: not on this machine; the message says why.
        """
        reason = why_unavailable()
        if reason is not None:
            raise NamespacesUnavailableError(reason)
        with closed_on_error(self.close):
            self._files = Path(tempfile.mkdtemp(prefix=f"{FILES}{os.getpid()}-"))
            self._router = Router(self.layout, self.vpc)
            self._answering = [
                Answering(self._router.internet, (*TARGETS, SSM_PUBLIC)),
                Answering(self._router.namespace, (SSM_ENDPOINT,)),
            ]
            for host in self.layout.hosts:
                namespace = Namespace(host.name)
                self.machines[host.name] = Machine(host, namespace, time.time() - DEFAULT_UPTIME)
                self._router.plug(host, namespace)
                if host in self.layout.nats:
                    namespace.ip(f"addr add {VPN}/32 dev lo")

    def close(self) -> None:
        """Remove everything; twice is harmless."""
        with self._lock:
            machines, answering, router, files = [*self.machines.values()], self._answering, self._router, self._files
            self.machines.clear()
            self._answering, self._router, self._files = [], None, None
            probes = [probe.end for machine in machines for probe in machine.probes]
            answering += [serving for machine in machines for serving in machine.serving.values()]
            namespaces = [machine.namespace.close for machine in machines]
            with closed_after(
                *(probes + namespaces),
                *(each.close for each in answering),
                *(() if router is None else (router.count, router.close)),
            ):
                if files is not None:
                    shutil.rmtree(files, ignore_errors=True)

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes; the VPC's own are in every table."""
        with self._lock:
            self.router.set_routes(table, routes)
            self.vpc.set_routes(table, routes)

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table from now on."""
        with self._lock:
            self.router.associate(subnet, table)

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> RealProbe:
        """Run a script on a host; its arguments are in it."""
        del arguments
        with self._lock:
            machine = self.machines[host]
            self._scripts += 1
            file = self._disk("scripts") / f"{host}-{self._scripts}"
            file.write_text(script, encoding="utf-8")
            probe = RealProbe(machine.namespace, file, self.uptime(host), self._disk(f"{host}-run"))
            machine.probes = [*(p for p in machine.probes if not p.done()), probe]
            if not machine.powered:
                probe.kill()
            return probe

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Tell whether a ping, in a new flow, is answered; with a port, whether a connection comes about."""
        namespace = self.machines[host].namespace
        if port is not None:
            return connects(namespace, address, port, ANSWER_WITHIN)
        return ping(namespace, address, ANSWER_WITHIN)

    def path(self, host: str, address: str) -> FlowPath:
        """Return what a flow depends on that a host begins now, and begin one."""
        connection = Connection.open(self.machines[host].namespace, address, PORTS[-1], ANSWER_WITHIN)
        return replace(self.vpc.path(host, address), connection=connection)

    def carries(self, host: str, address: str, path: FlowPath, port: int = PORTS[-1]) -> bool:
        """Return whether the connection that was begun on a path still is one, and is answered now."""
        del port
        connection = path.connection
        if not isinstance(connection, Connection) or not self.vpc.still(host, address, path):
            return False
        return connection.answers(ANSWER_WITHIN)

    def resets(self, host: str, address: str, path: FlowPath) -> bool:
        """Return whether the next packet of the connection that was begun on a path is answered by a reset at once."""
        del host, address
        return isinstance(path.connection, Connection) and path.connection.is_reset(ANSWER_WITHIN)

    def forges(self, host: str, source: str, to: str) -> bool:
        """Return whether a ping that a host sends with another's address comes to a host of the VPC."""
        there = next(other for other in self.layout.hosts if other.address == to)
        liar, reader = (self.machines[name].namespace for name in (host, there.name))
        return forged_arrives(liar, reader, source, to, ANSWER_WITHIN)

    def set_guards(
        self,
        groups: Mapping[str, Guard] | None = None,
        acls: Mapping[str, Guard] | None = None,
        checks: Mapping[str, bool] | None = None,
    ) -> None:
        """Let something else guard interfaces and subnets."""
        with self._lock:
            if self.vpc.set_guards(groups, acls, checks):
                self.router.guard()

    def count_rules(self) -> None:
        """Bring the count of what the rules of AWS have changed up to date."""
        self.router.count()

    def changes(self) -> Signal | None:
        """Return None: nobody says when the kernel's state changes."""
        return None

    def egress_address(self, host: str, address: str) -> str | None:
        """Give the address that an address in the Internet sees a host come from; None where nothing arrives."""
        return seen_as(self.machines[host].namespace, self.router.internet, address, ANSWER_WITHIN)

    def set_public(self, nat: str, address: str | None) -> None:
        """Let the Internet gateway translate a NAT's address to another, or to none from now on."""
        with self._lock:
            if address != self.vpc.public[nat]:
                self.vpc.set_public(nat, address)
                self.router.apply()

    def flush_nat_rules(self, nat: str) -> None:
        """Take a NAT's translation rules away, and leave the connections that it translates already."""
        host_rules.flush_translation(self.machines[nat].namespace)

    def set_forwarding(self, nat: str, on: bool) -> None:
        """Let a NAT forward, or not."""
        self.machines[nat].namespace.sysctl({"net.ipv4.ip_forward": str(int(on))})

    def set_uplink(self, nat: str, up: bool) -> None:
        """Let a NAT's packets to and from the Internet vanish in the provider's network, or not."""
        with self._lock:
            dark = self.router.weather.dark
            (dark.discard if up else dark.add)(self.layout.host(nat).address)
            self.router.apply()

    def set_target(self, address: str, up: bool) -> None:
        """Let an address of the Internet answer, or not."""
        with self._lock:
            silent = self.router.weather.silent
            (silent.discard if up else silent.add)(address)
            self.router.apply()

    def set_internet(self, up: bool) -> None:
        """Let the whole Internet be reachable, or not."""
        with self._lock:
            self.router.weather.internet = up
            self.router.apply()

    def set_loss(self, percent: float) -> None:
        """Lose packets on their way to the Internet, and none on their way back."""
        with self._lock:
            self.router.weather.loss = percent
            self.router.apply()

    def set_nat_loss(self, nat: str, percent: float) -> None:
        """Let a NAT lose packets that it ought to hand on to the Internet, and none on their way back."""
        host_rules.lose_forwarded(self.machines[nat].namespace, percent)

    def set_tracked(self, nat: str, percent: float) -> None:
        """Let a NAT's probes read that it tracks so many of the connections that it can."""
        limit = int(CONNTRACK_MAX.read_text(encoding="ascii"))
        tracked_of(self._disk(f"{nat}-run")).write_text(f"{math.ceil(limit * percent / 100)}\n", encoding="ascii")

    def set_pings_limited(self, on: bool) -> None:
        """Let targets answer one ping a second of each address that they see, or all."""
        with self._lock:
            self.router.weather.pings_limited = on
            self.router.apply()

    def set_dropping(self, nat: str, protocols: Collection[str]) -> None:
        """Let a NAT drop what it would forward of these protocols."""
        host_rules.drop_forwarded(self.machines[nat].namespace, protocols)

    def set_intercepting(self, nat: str, on: bool) -> None:
        """Let a NAT answer itself whoever connects through it to port 443, or not."""
        self._serve(nat, host_rules.PROXY_PORT, on)
        host_rules.intercept(self.machines[nat].namespace, on)

    def set_serving(self, nat: str, on: bool) -> None:
        """Let something serve at port 443 of a NAT's own address, or not."""
        self._serve(nat, 443, on)

    def _serve(self, nat: str, port: int, on: bool) -> None:
        machine = self.machines[nat]
        if on and port not in machine.serving:
            machine.serving[port] = Answering(machine.namespace, [machine.host.address], [port])
        elif not on and port in machine.serving:
            machine.serving.pop(port).close()

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside; it still reaches the VPC and itself."""
        host_rules.drop_own(self.machines[backend].namespace, sick)
