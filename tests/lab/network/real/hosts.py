"""The hosts of the network of real packets: their namespaces, their cables, and what switches them on and off."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.network.layout import Host, Layout
from tests.lab.network.real.flows import Answering
from tests.lab.network.real.netns import Namespace
from tests.lab.network.real.script import RealProbe
from tests.lab.network.real.user_data import boot_first_time, reboot
from tests.lab.network.real.vpc.router import Router
from tests.lab.network.vpc import Vpc


@dataclass
class Machine:
    """A host's namespace, and what runs in it."""

    host: Host
    namespace: Namespace
    booted_at: float
    powered: bool = True
    linked: bool = True
    probes: list[RealProbe] = field(default_factory=list)
    # What serves there, by port.
    serving: dict[int, Answering] = field(default_factory=dict)


class RealHosts:
    """See ``Network``."""

    def __init__(self, layout: Layout, *, picks_up: bool = True) -> None:
        self.layout = layout
        self.vpc = Vpc(layout, picks_up=picks_up)
        self.machines: dict[str, Machine] = {}
        self._lock = threading.RLock()
        self._router: Router | None = None
        self._answering: list[Answering] = []
        self._files: Path | None = None
        self._scripts = 0
        self.boots: Counter[str] = Counter()

    @property
    def router(self) -> Router:
        """The router, once open."""
        if self._router is None:
            raise RuntimeError("the network is not open")
        return self._router

    def _disk(self, name: str) -> Path:
        if self._files is None:
            raise RuntimeError("the network is not open")
        disk = self._files / name
        disk.mkdir(exist_ok=True)
        return disk

    def backend_namespaces(self) -> dict[str, Namespace]:
        """Give the namespace of each backend."""
        return {host.name: self.machines[host.name].namespace for host in self.layout.all_backends}

    def is_powered(self, host: str) -> bool:
        """Tell whether a host is switched on."""
        return self.machines[host].powered

    def uptime(self, host: str) -> float:
        """Give the seconds since a host booted."""
        return time.time() - self.machines[host].booted_at

    def set_uptime(self, host: str, seconds: float) -> None:
        """Let a host have booted so long ago, for the probes that start from now on."""
        self.machines[host].booted_at = time.time() - seconds

    def boot(self, nat: str, user_data: str) -> None:
        """Start a NAT for the first time, with its user data; its uptime is not touched."""
        boot_first_time(self.machines[nat].namespace, user_data, self._disk(nat))

    def stop(self, host: str) -> None:
        """Switch a host off."""
        with self._lock:
            machine = self.machines[host]
            machine.powered = False
            self._set_carrier(machine, False)
            self.router.stopped.add(host)
            self.router.guard()
            for probe in machine.probes:
                probe.kill()
            machine.namespace.end_all()
            # As a file system in memory.
            shutil.rmtree(self._disk(f"{host}-run"))

    def start(self, host: str) -> None:
        """Switch a host on: a NAT's kernel has forgotten everything, and its disk has what boots it."""
        with self._lock:
            machine = self.machines[host]
            machine.powered = True
            self.boots[host] += 1
            machine.booted_at = time.time()
            self.vpc.forget_flows(host)
            self.router.stopped.discard(host)
            self.router.guard()
            self._set_carrier(machine, machine.linked)
        if machine.host in self.layout.nats:
            reboot(machine.namespace, self._disk(host))

    def reboot(self, host: str) -> None:
        """Switch a host off and on."""
        self.stop(host)
        self.start(host)

    def set_link(self, host: str, up: bool) -> None:
        """Plug a host in or out, at the other end of its cable, so that the host keeps its routes."""
        with self._lock:
            machine = self.machines[host]
            machine.linked = up
            self._set_carrier(machine, machine.linked and machine.powered)

    def _set_carrier(self, machine: Machine, up: bool) -> None:
        self.router.set_carrier(machine.host, up)
        if up:
            machine.namespace.await_signal("eth0")
