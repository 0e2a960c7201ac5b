"""The VPC's Internet gateway and what is wrong behind it, as nftables rules in the router's namespace."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.network.real.netns import Namespace
from tests.lab.network.vpc import Vpc

# The link between the gateway and the Internet: shared address space (RFC 6598), seen by nobody else.
GATEWAY, BEYOND = "100.64.0.1", "100.64.0.2"
# AWS drops without a word where the kernel would tell the sender.
SILENT = "destination-unreachable, redirect, time-exceeded"


@dataclass
class Weather:
    """What is wrong between the VPC and the Internet."""

    internet: bool = True
    loss: float = 0.0
    pings_limited: bool = False
    dark: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)


def build(namespace: Namespace, vpc: Vpc, weather: Weather) -> None:
    """Put the gateway's translation and the weather in force, in one transaction.

    Translation is one to one and keeps no state, as on AWS: conntrack here would remember what a NAT has forgotten.
    """
    # A set must not be empty: an address that nobody has stands for nobody.
    has = {host.address: vpc.public[host.name] for host in vpc.layout.hosts}
    public = {inside: outside for inside, outside in has.items() if outside} or {BEYOND: BEYOND}
    outwards = ", ".join(f"{inside} : {outside}" for inside, outside in public.items())
    inwards = ", ".join(f"{outside} : {inside}" for inside, outside in public.items())
    faults = []
    if not weather.internet:
        faults.append("drop")
    faults += [f"ip saddr {address} drop" for address in sorted(weather.dark)]
    faults += [f"ip daddr {address} drop" for address in sorted(weather.silent)]
    if weather.pings_limited:
        each = "ip saddr . ip daddr limit rate over 1/second burst 1 packets"
        faults.append(f"icmp type echo-request update @pings {{ {each} }} drop")
    if weather.loss >= 100:
        faults.append("drop")
    elif weather.loss:
        faults.append(f"numgen random mod 10000 < {round(weather.loss * 100)} drop")
    going = "\n".join(f'oifname "igw" {fault}' for fault in faults)
    coming = "\n".join(f'iifname "igw" ip daddr {address} drop' for address in sorted(weather.dark))
    namespace.nft(f"""
table ip gateway
delete table ip gateway
table ip gateway {{
    set pings {{
        type ipv4_addr . ipv4_addr
        size 256
        flags dynamic, timeout
        timeout 1m
    }}
    chain arriving {{
        type filter hook prerouting priority -300
        iifname "igw" ip daddr set ip daddr map {{ {inwards} }}
        {coming}
    }}
    chain leaving {{
        type filter hook postrouting priority 300
        oifname "igw" ip saddr != {{ {", ".join(public)} }} drop
        {going}
        oifname "igw" ip saddr set ip saddr map {{ {outwards} }}
    }}
    chain own {{
        type filter hook output priority 0
        icmp type {{ {SILENT} }} drop
    }}
}}
""")
