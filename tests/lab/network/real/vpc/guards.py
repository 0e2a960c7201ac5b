"""Groups, ACLs and the source/destination check of the VPC as nftables rules in the router's namespace.

The router's own connection tracking has no part in it: it would know the way to a NAT and the way on from it by one
table, and let out what no NAT has translated. What an interface has tracked is in sets of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from tests.lab.network.guards import ALL, OPEN_ACL, Guard, Rule
from tests.lab.network.layout import ENDPOINT, SSM_ENDPOINT
from tests.lab.network.real.netns import Namespace
from tests.lab.network.vpc import Vpc

COUNTED = ("N1", "N2", "N3", "N4", "N7")
COUNTERS = "\n".join(f"counter {rule} {{ }}" for rule in COUNTED)

# For how many seconds an interface knows a flow after its last packet.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
TRACKED = {"flows": 350, "echoes": 30}

# The first packet of a flow makes the entry: interface, from, to, and what tells it from others.
FLOW = "{face} . ip saddr . ip daddr . ip protocol . th sport . th dport"
FLOW_BACK = "{face} . ip daddr . ip saddr . ip protocol . th dport . th sport"
ECHO = "{face} . ip saddr . ip daddr . icmp id"
ECHO_BACK = "{face} . ip daddr . ip saddr . icmp id"
# Which interface a packet is from, or to.
FACES = {"from": "iifname", "to": "oifname"}
PORTED, PINGS = "ip protocol { tcp, udp }", "icmp type { echo-request, echo-reply }"


def build(namespace: Namespace, vpc: Vpc, stopped: Iterable[str]) -> None:
    """Put everything in force, in one transaction."""
    namespace.nft(f"{_sets()}\n{_interfaces(vpc)}\n{_subnets(vpc, stopped)}")


def counted(namespace: Namespace) -> Mapping[str, int]:
    """Return how many packets each rule has stopped since it was asked last."""
    entries = json.loads(namespace.run("nft", "-j", "reset", "counters").stdout)["nftables"]
    found = dict.fromkeys(COUNTED, 0)
    for entry in entries:
        if "counter" in entry:
            found[entry["counter"]["name"]] += int(entry["counter"]["packets"])
    return found


def _sets() -> str:
    """Return what outlives a change of the rules: tracked flows go on."""
    return f"""
table bridge guards {{
    {COUNTERS}
    set flows {{
        typeof {FLOW.format(face="iifname")}
        size 262144
        flags dynamic,timeout
        timeout {TRACKED["flows"]}s
    }}
    set echoes {{
        typeof {ECHO.format(face="iifname")}
        size 262144
        flags dynamic,timeout
        timeout {TRACKED["echoes"]}s
    }}
    chain from {{ type filter hook prerouting priority 0; }}
    chain to {{ type filter hook postrouting priority 0; }}
}}
table ip guards {{
    {COUNTERS}
    chain out {{ type filter hook prerouting priority -310; }}
    chain in {{ type filter hook postrouting priority -310; }}
    chain endpoint {{ type filter hook input priority 0; }}
    chain endpoint-out {{ type filter hook output priority -310; }}
}}
"""


def _interfaces(vpc: Vpc) -> str:
    hosts = [(host.name, host.address) for host in vpc.layout.hosts]
    chains = dict[str, list[str]]()
    for way, face in FACES.items():
        chains[f"remember-{way}"] = [
            f"{PORTED} update @flows {{ {FLOW.format(face=face)} }} accept",
            f"{PINGS} update @echoes {{ {ECHO.format(face=face)} }} accept",
            "accept",
        ]
        chains |= {f"{way}-{name}": _interface(way, name, vpc) for name, _ in hosts}
        # Afterwards, for they jump to those before.
        whose = ", ".join(f"{name} : jump {way}-{name}" for name, _ in hosts)
        chains[way] = ["ether type != ip accept", *_checks(way, hosts, vpc), *_known(face)]
        chains[way].append(f"{face} vmap {{ {whose} }}")
    return _table("bridge", chains)


def _checks(way: str, hosts: Sequence[tuple[str, str]], vpc: Vpc) -> list[str]:
    face = FACES[way]
    checked = [(name, address) for name, address in hosts if vpc.checks(name)]
    return [
        f"{face} {name} ip saddr != {address} ip daddr != {address} counter name N3 drop" for name, address in checked
    ]


def _known(face: str) -> list[str]:
    """Let through what is part of a tracked flow, in either direction."""
    lines = []
    for entries, packets, keys in (("flows", PORTED, (FLOW, FLOW_BACK)), ("echoes", PINGS, (ECHO, ECHO_BACK))):
        for key in keys:
            entry = key.format(face=face)
            lines.append(f"{packets} {entry} @{entries} update @{entries} {{ {entry} }} accept")
    return lines


def _interface(way: str, name: str, vpc: Vpc) -> list[str]:
    """Write what the groups of one interface say of packets of one direction that no tracked flow has."""
    group = vpc.group(name)
    rules, other = (group.outbound, "daddr") if way == "from" else (group.inbound, "saddr")
    # A packet in the middle of a flow that was not tracked.
    middle = "tcp flags & (syn | ack) != syn counter name N4"
    return [
        middle if vpc.picks_up else f"{middle} drop",
        *(f"ip {other} {rule.cidr} {_meant(rule)} goto remember-{way}" for rule in rules),
        "counter name N1 drop",
    ]


def _table(family: str, chains: Mapping[str, Sequence[str]]) -> str:
    """Write chains in place of those that there are."""
    return "\n".join(
        [
            f"table {family} guards {{",
            *(f"    chain {name} {{ }}" for name in chains),
            "}",
            *(f"flush chain {family} guards {name}" for name in chains),
            f"table {family} guards {{",
            *(_chain(name, lines) for name, lines in chains.items()),
            "}\n",
        ]
    )


def _chain(name: str, lines: Sequence[str]) -> str:
    return f"    chain {name} {{\n        " + "\n        ".join(lines) + "\n    }"


def _meant(rule: Rule) -> str:
    """Write which protocol and ports a rule is about."""
    if rule.protocol == ALL:
        return ""
    if rule.protocol == "icmp" or rule.first < 0:
        return f"ip protocol {rule.protocol}"
    return f"{rule.protocol} dport {rule.first}-{rule.last}"


def _subnets(vpc: Vpc, stopped: Iterable[str]) -> str:
    """Write the ACLs, what the endpoint's group admits, and that stopped hosts are a blackhole."""
    out = list[str]()
    in_ = [f"rt nexthop {vpc.layout.host(name).address} counter name N7 drop" for name in stopped]
    for number, subnet in enumerate(vpc.layout.subnets):
        acl, bridge = vpc.acl(subnet.name), f"subnet{number}"
        if acl != OPEN_ACL:
            # What stays within a subnet is not its ACL's.
            out += _acl(f"iifname {bridge} ip daddr != {subnet.cidr}", "daddr", acl.outbound)
            in_ += _acl(f"oifname {bridge} ip saddr != {subnet.cidr}", "saddr", acl.inbound)
    public, endpoint_in, endpoint_out = vpc.layout.public_subnet, list[str](), list[str]()
    acl = vpc.acl(public.name)
    if acl != OPEN_ACL:
        endpoint_in = _acl(f"ip saddr != {public.cidr}", "saddr", acl.inbound)
        endpoint_out = _acl(f"ip saddr {SSM_ENDPOINT} ip daddr != {public.cidr}", "daddr", acl.outbound)
    chains = {
        "out": out,
        "in": in_,
        "endpoint-in": endpoint_in,
        "endpoint": [f"ip daddr {SSM_ENDPOINT} jump endpoint-in", *_endpoint(vpc.group(ENDPOINT))],
        "endpoint-out": endpoint_out,
    }
    return _table("ip", chains)


def _acl(which: str, other: str, rules: Sequence[Rule]) -> list[str]:
    """Write an ACL of one direction: the first rule that fits decides, at last all is denied."""
    lines = []
    for rule in rules:
        verdict = "return" if rule.allows else "counter name N2 drop"
        lines.append(f"{which} ip {other} {rule.cidr} {_meant(rule)} {verdict}")
    return [*lines, f"{which} counter name N2 drop"]


def _endpoint(group: Guard) -> list[str]:
    admitted = [f"ip daddr {SSM_ENDPOINT} ip saddr {rule.cidr} {_meant(rule)} accept" for rule in group.inbound]
    return [*admitted, f"ip daddr {SSM_ENDPOINT} counter name N1 drop"]
