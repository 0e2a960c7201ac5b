"""A machine that runs the standby's user data, between a private host and the Internet."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from infra.constructs.user_data import filled_in
from tests.lab.network.real.netns import Namespace
from tests.lab.network.real.user_data import SYSTEM_PATH

FILE = Path(__file__).parents[3] / "infra" / "user_data" / "standby.sh"
NETWORKS = ("10.9.0.0/16", "192.168.0.0/16")
# As the stack fills it in, but for who is told.
BLANK = FILE.read_text(encoding="utf-8")
USER_DATA = filled_in(BLANK, "", (), NETWORKS)

PRIVATE, ROUTER_PRIVATE = "10.9.1.10", "10.9.1.1"
NAT, NAT_SECOND, ROUTER_PUBLIC = "10.9.2.10", "10.9.2.11", "10.9.2.1"
INTERNET, ROUTER_OUTSIDE = "198.51.100.10", "198.51.100.1"
# All that the user data needs of a system, beside what makes the rules.
PROGRAMS = (
    *("cat", "chmod", "curl", "env", "grep", "head", "id", "ip", "ln", "mkdir", "mv", "ping", "rm", "sed", "sh"),
    *("sleep", "tail", "timeout", "touch", "tr"),
)


class Network:
    """A private host behind a router that hands its packets to a NAT with one interface, as a VPC does."""

    def __init__(self, stack: ExitStack) -> None:
        self.private, self.router, self.nat, self.internet = (
            stack.enter_context(closing(Namespace(f"ud-{host}"))) for host in ("private", "router", "nat", "internet")
        )
        for host in (self.private, self.router, self.nat, self.internet):
            host.sysctl({"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0"})
        self.router.sysctl({"net.ipv4.ip_forward": "1"})
        self.router.ip(
            "link set lo up",
            *_cable("private0", ROUTER_PRIVATE, self.private, "eth0"),
            *_cable("public0", ROUTER_PUBLIC, self.nat, "ens5"),
            *_cable("outside0", ROUTER_OUTSIDE, self.internet, "eth0"),
            f"route add default via {NAT} dev public0 table 100",
            "rule add iif private0 lookup 100",
        )
        _plug(self.private, "eth0", PRIVATE, ROUTER_PRIVATE)
        _plug(self.nat, "ens5", NAT, ROUTER_PUBLIC)
        _plug(self.internet, "eth0", INTERNET, ROUTER_OUTSIDE)
        self.nat.ip(f"addr add {NAT_SECOND}/24 dev ens5")
        self.internet.run(
            *("nft", "add table ip watch; add set ip watch seen { type ipv4_addr; flags dynamic; };"),
            "add chain ip watch in { type filter hook prerouting priority 0; };"
            "add rule ip watch in icmp type echo-request add @seen { ip saddr }",
        )
        self.router.run(
            *("nft", "add table ip watch; add counter ip watch redirects;"),
            "add chain ip watch in { type filter hook prerouting priority 0; };"
            'add rule ip watch in iifname "public0" icmp type redirect counter name redirects;'
            # As an Internet gateway: only the addresses of a NAT get out.
            "add chain ip watch out { type filter hook forward priority 0; };"
            f'add rule ip watch out oifname "outside0" ip saddr != {{ {NAT}, {NAT_SECOND} }} drop',
        )

    def reaches_the_internet(self, source: Namespace | None = None, *options: str) -> bool:
        """Ping the Internet, in a new flow, from the private host unless told otherwise."""
        ping = (source or self.private).run("ping", "-n", "-q", "-c1", "-W1", *options, INTERNET, check=False)
        return ping.returncode == 0

    def seen_by_the_internet(self) -> set[str]:
        """List the addresses that pings have come from."""
        elements = re.search(r"elements = \{([^}]*)\}", self.internet.run("nft", "list set ip watch seen").stdout)
        return set(elements[1].replace(",", " ").split()) if elements else set()

    def redirects(self) -> int:
        """Count the ICMP redirects that the NAT has sent."""
        counter = re.search(r"packets (\d+)", self.router.run("nft", "list counter ip watch redirects").stdout)
        assert counter
        return int(counter[1])


def _cable(name: str, address: str, to: Namespace, far_end: str) -> list[str]:
    return [
        f"link add {name} type veth peer name {far_end} netns {to.name}",
        f"addr add {address}/24 dev {name}",
        f"link set {name} up",
    ]


def _plug(host: Namespace, interface: str, address: str, router: str) -> None:
    host.ip(
        "link set lo up",
        f"addr add {address}/24 dev {interface}",
        f"link set {interface} up",
        f"route add default via {router} dev {interface}",
    )


def tools(folder: Path, **further: str) -> str:
    """Make a machine's PATH of what the user data needs, with further programs by name and where they really are.

    Where this machine has no curl, its Python does what curl would.
    """
    folder.mkdir()
    if shutil.which("curl", path=SYSTEM_PATH) is None:
        further.setdefault("python3", shutil.which("python3", path=SYSTEM_PATH) or sys.executable)
    for name in PROGRAMS:
        (folder / name).symlink_to(shutil.which(name, path=SYSTEM_PATH) or f"/missing/{name}")
    for name, real in further.items():
        (folder / name).symlink_to(real)
    return f"/usr/local/sbin:{folder}"


def program(folder: Path, name: str, text: str) -> None:
    """Write a program of the test's own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)
