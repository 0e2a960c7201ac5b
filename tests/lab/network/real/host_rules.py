"""Rules that the lab puts into a host's own kernel, or takes away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection

from tests.lab.network.layout import VPC_CIDR
from tests.lab.network.real.netns import Namespace

# Where a NAT answers what it intercepts.
PROXY_PORT = 8443
# The kernel stops tracking connections, known ones included, when no rule asks for it any more. Most hosts have such a
# rule in a firewall of their own; with it a known flow is translated on while new ones are not: the harder failure.
FIREWALL = """
table ip firewall
delete table ip firewall
table ip firewall {
    chain forward {
        type filter hook forward priority 0
        ct state established,related accept
    }
}
"""


def flush_translation(namespace: Namespace) -> None:
    """Take a NAT's translation rules away, and leave the connections that it translates already."""
    found = json.loads(namespace.run("nft", "-j", "list", "chains").stdout)["nftables"]
    # The probe's own table has an owner, and nobody else can change it.
    tables = {(c["family"], c["table"]) for each in found if (c := each.get("chain", {})).get("type") == "nat"}
    tables = {(family, table) for family, table in tables if not table.startswith("nat-failover-")}
    # The chains stay, as after `iptables -t nat -F`: without any the kernel would stop translating at all.
    rules = "".join(f"flush table {family} {table}\n" for family, table in sorted(tables))
    namespace.nft(FIREWALL + rules)
    if shutil.which("iptables-legacy"):
        namespace.run("iptables-legacy", "-t", "nat", "-F", check=False)


def intercept(namespace: Namespace, on: bool) -> None:
    """Let a NAT answer itself whoever connects through it to port 443, or not."""
    redirects = f'iifname "eth0" ip daddr != {VPC_CIDR} tcp dport 443 redirect to :{PROXY_PORT}'
    namespace.nft(_table("interception", "type nat hook prerouting priority -100", redirects if on else ""))
    if on:
        # Where the NAT keeps others out, whoever has it intercept lets them in there.
        admitted = f"tcp dport {PROXY_PORT} accept"
        namespace.run("nft", f"insert rule ip nat_failover_guard input {admitted}", check=False)


def drop_own(namespace: Namespace, on: bool) -> None:
    """Let a host drop its own packets to the outside, or not."""
    drops = f'oifname "eth0" ip daddr != {VPC_CIDR} drop'
    namespace.nft(_table("sick", "type filter hook output priority 0", drops if on else ""))


def drop_forwarded(namespace: Namespace, protocols: Collection[str]) -> None:
    """Let a NAT drop what it would forward of some protocols, or of flows that are ``new``; of none, drop nothing."""
    rules = {"icmp": "meta l4proto icmp drop", "tcp": "meta l4proto tcp drop", "new": "ct state new drop"}
    drops = "\n        ".join(rules[protocol] for protocol in sorted(protocols))
    namespace.nft(_table("dropping", "type filter hook forward priority -10", drops))


def lose_forwarded(namespace: Namespace, percent: float) -> None:
    """Let a NAT lose a share of what it would forward to the outside."""
    loses = f"ip daddr != {VPC_CIDR} numgen random mod 10000 < {round(percent * 100)} drop" if percent else ""
    namespace.nft(_table("losing", "type filter hook forward priority -9", loses))


def _table(name: str, hook: str, rule: str) -> str:
    """Write a table in place of the one that there may be."""
    return f"""
table ip {name}
delete table ip {name}
table ip {name} {{
    chain rules {{
        {hook}
        {rule}
    }}
}}
"""
