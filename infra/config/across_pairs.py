"""What pairs and stacks must be true of together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.config.choices import ProbeTag, SsmAccess
from infra.config.problems import refused, shown
from infra.config.stacks import StackSettings

Values = Mapping[str, Any]
# Which tables a pair has, and what to do where another pair has one already.
_TABLES = (
    (
        "primary_route_table_id",
        "primaryRouteTableId",
        "make one pair for all subnets of a table, or give the subnets of this pair a table of their own",
    ),
    (
        "standby_route_table_id",
        "standbyRouteTableId",
        "make a table for this pair, whose default route leads to the same NAT and with which no subnet is associated "
        "(infra/MIGRATION.md, Two zones)",
    ),
)
_NATS = ("primary_instance_id", "primary_network_interface_id", "standby_instance_id", "standby_network_interface_id")
Place = tuple[str | None, str | None]


def check_together(
    pairs: Sequence[Values], stacks: Sequence[StackSettings], places: Mapping[str, Place], problems: list[str]
) -> None:
    """Check pairs against each other and against the stacks.

    Args:
        pairs: values by field name of PairConfig, in the order of the configuration.
        stacks: as far as they could be read.
        places: account and region by stack.
        problems: a sentence for each problem is added.
    """
    _check_stacks(pairs, stacks, problems)
    stack_of = {
        i: stack.name for i, pair in enumerate(pairs) for stack in reversed(stacks) if pair.get("name") in stack.pairs
    }
    _check_pairs(pairs, {i: places[stack] for i, stack in stack_of.items()}, problems)
    _check_shared_nats(pairs, problems)
    _check_endpoints(pairs, stack_of, problems)


def _check_stacks(pairs: Sequence[Values], stacks: Sequence[StackSettings], problems: list[str]) -> None:
    names = [pair["name"] for pair in pairs if isinstance(pair.get("name"), str)]
    # A pair whose name was refused may be the one that is meant.
    all_named = len(names) == len(pairs)
    holders: dict[str, int] = {}
    seen: dict[str, int] = {}
    for i, stack in enumerate(stacks):
        path = f"nat-failover.stacks[{i}]"
        if seen.setdefault(stack.name, i) != i:
            problems.append(f"{path}.name is {shown(stack.name)}: nat-failover.stacks[{seen[stack.name]}] has it too")
        for j, name in enumerate(stack.pairs):
            if name not in names and all_named:
                problems.append(
                    refused(f"{path}.pairs[{j}]", name, "the name of a pair", names[0] if names else "main")
                )
            elif name in names and holders.setdefault(name, i) != i:
                problems.append(
                    f"{path}.pairs[{j}] is {shown(name)}: nat-failover.stacks[{holders[name]}] holds it already"
                )
    if stacks:
        problems += [
            f"nat-failover.stacks holds {shown(sorted(holders))}: pair {name} is in none of them"
            for name in dict.fromkeys(names)
            if name not in holders
        ]


def _check_pairs(pairs: Sequence[Values], place_of: Mapping[int, Place], problems: list[str]) -> None:
    seen: dict[object, tuple[int, str]] = {}

    def once(what: object, position: int, setting: str, value: object, why: str) -> bool:
        first, theirs = seen.setdefault(what, (position, setting))
        if first != position:
            problems.append(
                f"nat-failover.pairs[{position}].{setting} is {shown(value)}: so is "
                f"nat-failover.pairs[{first}].{theirs}, {why}"
            )
        return first == position

    for i, pair in enumerate(pairs):
        name, tag = pair.get("name"), pair.get("probe_tag")
        for field, setting, remedy in _TABLES:
            table = pair.get(field)
            if isinstance(table, str):
                once(("table", table), i, setting, table, f"and a table can be in one pair only: {remedy}")
        # EC2 would take it from the one and give it to the other, without a word:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
        for field, setting in (
            ("standby_elastic_ip", "standbyElasticIp"),
            ("egress_address", "egressAddress"),
            ("standby_egress_address", "standbyEgressAddress"),
        ):
            address = pair.get(field)
            if isinstance(address, str) and address not in ("none", "allocate"):
                once(("address", address), i, setting, address, "and an address can be in one pair only")
        if not isinstance(name, str):
            continue
        if not once(("name", name), i, "name", name, "and each must have a name of its own, for example main-b"):
            continue
        # Output names in CloudFormation have no hyphens:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
        short = name.replace("-", "")
        once(("short", short), i, "name", name, "but for hyphens; CloudFormation's names have none: take another name")
        if isinstance(tag, ProbeTag):
            value = name if tag.value is None else tag.value
            full_tag = {"key": tag.key, "value": value}
            why = "and a backend must belong to one pair: leave out the value, which then is the pair's name"
            once(("tag", place_of.get(i), tag.key, value), i, "probeTag", full_tag, why)


def _check_shared_nats(pairs: Sequence[Values], problems: list[str]) -> None:
    """Refuse egress addresses of two pairs that would come to the same NAT, which has room for one.

    EC2 takes the one that an instance has when another is associated with its private address:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
    """
    holders: dict[str, int] = {}
    for i, pair in enumerate(pairs):
        address = pair.get("egress_address")
        nats = [nat for nat in (pair.get(field) for field in _NATS) if isinstance(nat, str)]
        if not isinstance(address, str):
            continue
        shared = [nat for nat in nats if holders.setdefault(nat, i) != i]
        if shared:
            first = f"nat-failover.pairs[{holders[shared[0]]}]"
            problems.append(
                f"nat-failover.pairs[{i}].egressAddress is {shown(address)}: {first} has one as well, and {shared[0]} "
                "is a NAT of both. After a failover EC2 would take the one address away for the other: leave out "
                "egressAddress in one of the two pairs, or give it a standby of its own"
            )


def _check_endpoints(pairs: Sequence[Values], stack_of: Mapping[int, str], problems: list[str]) -> None:
    """Refuse a second set of endpoints in a VPC, whose private names would collide, and silence that proves nothing.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    makers: dict[object, int] = {}
    for i, pair in enumerate(pairs):
        if pair.get("ssm_access") is SsmAccess.CREATE:
            makers.setdefault(pair.get("vpc_id"), i)
    for i, pair in enumerate(pairs):
        first, access = makers.get(pair.get("vpc_id")), pair.get("ssm_access")
        if first is None or first == i:
            continue
        again = access is SsmAccess.CREATE and stack_of.get(i) != stack_of.get(first)
        if again or access is SsmAccess.NONE:
            allowed = f"existing, since nat-failover.pairs[{first}] has endpoints made in the same VPC"
            problems.append(refused(f"nat-failover.pairs[{i}].ssmAccess", access, allowed, "existing"))
