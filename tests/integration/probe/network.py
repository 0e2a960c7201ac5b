"""A backend behind two NATs, and an Internet that answers at the targets: real packets, a network for every shell."""

from __future__ import annotations

import json
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from tests.integration.probe.shells import SHELLS, Run, installed, probe_script
from tests.lab.network.real.flows import Answering
from tests.lab.network.real.netns import Namespace, eventually

T = TypeVar("T")
TARGETS = ("192.0.2.101", "198.51.100.101", "203.0.113.101")
# The NATs' addresses inside, and the backend's in the same networks.
ACTIVE, PASSIVE = "10.8.1.1", "10.8.2.1"
BACKEND = "10.8.2.2"
MASQUERADE = """
table ip nat {
    chain out { type nat hook postrouting priority srcnat; oifname "outside" masquerade; }
}
table ip firewall {
    chain forward { type filter hook forward priority 0; ct state established,related accept; }
}
"""
# Signals that come to the passive NAT, whoever takes them.
COUNTERS = """
table ip signals {
    counter online { }
    counter offline { }
    chain in {
        type filter hook prerouting priority -190
        ip daddr 10.8.2.1 tcp dport 443 tcp flags & (syn | ack) == syn counter name online
        ip daddr 10.8.2.1 tcp dport 80 tcp flags & (syn | ack) == syn counter name offline
    }
}
"""

SERVER = "import socket, sys; s = socket.create_server(('', int(sys.argv[1])))\nwhile True: s.accept()[0].close()"


class Network:
    """The network; one shell runs on its hosts."""

    def __init__(self, stack: ExitStack, shell: str) -> None:
        self.shell = SHELLS[shell]
        self.host, self.active, self.passive, self.internet = (
            stack.enter_context(closing(Namespace(f"probe-{shell}-{name}")))
            for name in ("host", "nat1", "nat2", "internet")
        )
        self._files = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._scripts = 0
        self.internet.ip("link set lo up", *(f"addr add {target}/32 dev lo" for target in TARGETS))
        self.host.ip("link set lo up")
        for number, nat in enumerate((self.active, self.passive), 1):
            nat.sysctl({"net.ipv4.ip_forward": "1"})
            nat.ip(
                "link set lo up",
                f"link add inside type veth peer name eth{number} netns {self.host.name}",
                f"link add outside type veth peer name eth{number} netns {self.internet.name}",
                *(f"addr add 10.8.{number}.1/24 dev inside", "link set inside up"),
                *(f"addr add 10.9.{number}.2/24 dev outside", "link set outside up"),
            )
            for end, address in ((self.host, f"10.8.{number}.2"), (self.internet, f"10.9.{number}.1")):
                end.ip(f"addr add {address}/24 dev eth{number}", f"link set eth{number} up")
            nat.ip(f"route add default via 10.9.{number}.1")
        self.host.ip(f"route add default via {ACTIVE}")
        self.mend()
        stack.enter_context(closing(Answering(self.internet, TARGETS)))

    def mend(self) -> None:
        """Have everything as it was at first."""
        for namespace in (self.host, self.active, self.passive, self.internet):
            namespace.end_all()
            namespace.nft("flush ruleset")
            for left in self.disk(namespace).glob("nat-failover-*"):
                left.unlink()
        self.host.ip("link set lo up")
        self.active.nft(MASQUERADE)
        self.passive.nft(MASQUERADE + COUNTERS)

    def probe(
        self,
        window: int,
        active: str = ACTIVE,
        passive: str = PASSIVE,
        *,
        on: Namespace | None = None,
        path: str | None = None,
        longest: int | None = None,
        **fixed: Any,
    ) -> Run:
        """Start the probe, on the backend unless told another host."""
        on = on or self.host
        disk = self.disk(on)
        self._scripts += 1
        file = self._files / f"script-{self._scripts}"
        fixed = {"targets": TARGETS, **fixed}
        file.write_text(probe_script(window, active, passive, longest=longest, **fixed), encoding="utf-8")
        mount = ("unshare", "--mount", "/bin/sh", "-c", 'mount --bind "$0" /run && PATH=$1 && shift && exec "$@"')
        paths = (str(disk), path or "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        return Run(on.command(*mount, *paths, *self.shell, str(file)))

    def disk(self, on: Namespace) -> Path:
        """Return where a host's /run is."""
        disk = self._files / on.host
        disk.mkdir(exist_ok=True)
        return disk

    def kill_nat(self, nat: Namespace) -> None:
        """Let a NAT lose its rules."""
        nat.nft("flush chain ip nat out")

    def drop(self, namespace: Namespace, rule: str, hook: str) -> None:
        """Let a host drop what a rule says, until it is mended."""
        namespace.nft(f"table ip fault {{\nchain {hook} {{\ntype filter hook {hook} priority 1\n{rule} drop\n}}\n}}")

    def undo(self, namespace: Namespace) -> None:
        """Let a host drop nothing any more."""
        namespace.nft("delete table ip fault")

    def signals(self) -> tuple[int, int]:
        """Count the signals that have come to the passive NAT: online and offline."""
        found = json.loads(self.passive.run("nft", "-j", "list", "counters").stdout)["nftables"]
        packets = {each["counter"]["name"]: each["counter"]["packets"] for each in found if "counter" in each}
        return packets["online"], packets["offline"]

    def signal_from(self, addresses: Sequence[str], port: int, *, to: str = PASSIVE) -> list[bool]:
        """Connect from many addresses of the backend's network at once; tells of each whether it came through."""
        self.host.ip(*(f"addr replace {address}/24 dev eth2" for address in addresses if address != BACKEND))
        with self.host.inside(), ExitStack() as stack:
            made = [stack.enter_context(closing(socket.socket())) for _ in addresses]
            for each, address in zip(made, addresses, strict=True):
                each.setblocking(False)
                each.bind((address, 0))
                each.connect_ex((to, port))
            time.sleep(0.3)
            return [each.connect_ex((to, port)) == 0 or _is_connected(each) for each in made]

    def tables(self, nat: Namespace) -> str:
        """List what probes have put into a NAT's firewall."""
        listed = nat.run("nft", "list", "tables").stdout.splitlines()
        return "\n".join(line for line in listed if "nat-failover" in line)

    @contextmanager
    def server(self, nat: Namespace, port: int) -> Iterator[None]:
        """Have a program on a NAT take connections at a port, and look no name up."""
        process = nat.popen(["python3", "-c", SERVER, str(port)])
        try:
            assert eventually(lambda: f":{port} " in nat.run("ss", "-ltn").stdout, 20)
            yield
        finally:
            process.kill()
            process.communicate()

    def is_idle(self, on: Namespace, within: float = 2.0) -> bool:
        """Tell whether all processes are gone from a host in time: a second, and some more on a busy machine."""
        return eventually(lambda: not on.pids(), within)


def _is_connected(made: socket.socket) -> bool:
    try:
        made.getpeername()
    except OSError:
        return False
    return True


class Stage:
    """A network for every shell; a case is played with all shells at the same time, once."""

    def __init__(self, stack: ExitStack) -> None:
        self.networks = {shell: Network(stack, shell) for shell in SHELLS if installed(shell)}
        self._played: dict[Callable[[Network], object], dict[str, Future[Any]]] = {}

    def play(self, case: Callable[[Network], T], shell: str) -> T:
        """Give what a case has shown with a shell."""
        if case not in self._played:
            for network in self.networks.values():
                network.mend()
            with ThreadPoolExecutor() as pool:
                self._played[case] = {name: pool.submit(case, each) for name, each in self.networks.items()}
        return cast("T", self._played[case][shell].result())


def stages() -> Iterator[Stage]:
    """Make the networks, and remove them."""
    with ExitStack() as stack:
        yield Stage(stack)
