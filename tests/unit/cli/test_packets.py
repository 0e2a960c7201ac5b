"""Security groups and network ACLs, against packets."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.cli.checks.packets import ECHO_REPLY, ECHO_REQUEST, Flow, Named, lets_in, lets_out, passes
from nat_failover.cli.snapshot.collect import referred

PEER = "10.0.10.5"
HTTPS, PING, PONG = Flow("tcp", PEER, 443), Flow("icmp", PEER, ECHO_REQUEST), Flow("icmp", PEER, ECHO_REPLY)

NAMED = Named(
    {"sg-1": {"10.0.10.4": "subnet-1", PEER: "subnet-1"}, "sg-empty": {}},
    {"pl-1": ["192.168.0.0/16", "10.0.10.0/24"], "pl-elsewhere": ["10.1.0.0/16"]},
)


def group(protocol: str, first: int | None = None, last: int | None = None, **source: Any) -> list[dict[str, Any]]:
    rule: dict[str, Any] = {"IpProtocol": protocol, "IpRanges": [{"CidrIp": "10.0.0.0/16"}], **source}
    if first is not None:
        rule |= {"FromPort": first, "ToPort": last}
    return [{"IpPermissions": [rule]}]


@pytest.mark.parametrize(
    ("rules", "flow", "allowed"),
    [
        (group("-1"), HTTPS, True),
        (group("-1", -1, -1), PING, True),
        (group("tcp", 443, 443), HTTPS, True),
        (group("6", 400, 500), HTTPS, True),
        (group("tcp", 80, 80), HTTPS, False),
        (group("tcp", 0, 65535), PING, False),
        (group("icmp", -1, -1), PING, True),
        (group("icmp", 8, -1), PING, True),
        (group("icmp", 8, -1), PONG, False),
        (group("-1", IpRanges=[{"CidrIp": "10.1.0.0/16"}]), HTTPS, False),
        (group("-1", IpRanges=[], UserIdGroupPairs=[{"GroupId": "sg-1"}]), HTTPS, True),
        (group("-1", IpRanges=[], UserIdGroupPairs=[{"GroupId": "sg-empty"}]), HTTPS, False),
        (group("-1", IpRanges=[], UserIdGroupPairs=[{"GroupId": "sg-unknown"}]), HTTPS, True),
        (group("tcp", 80, 80, IpRanges=[], UserIdGroupPairs=[{"GroupId": "sg-1"}]), HTTPS, False),
        (group("-1", IpRanges=[], PrefixListIds=[{"PrefixListId": "pl-1"}]), HTTPS, True),
        (group("-1", IpRanges=[], PrefixListIds=[{"PrefixListId": "pl-elsewhere"}]), HTTPS, False),
        (group("-1", IpRanges=[], PrefixListIds=[{"PrefixListId": "pl-unknown"}]), HTTPS, True),
        (group("-1", UserIdGroupPairs=[{"GroupId": "sg-empty"}]), HTTPS, True),
        ([], HTTPS, False),
        ([*group("tcp", 22, 22), *group("tcp", 443, 443)], HTTPS, True),
    ],
)
def test_a_security_group_lets_in_what_one_of_its_rules_names(
    rules: list[dict[str, Any]], flow: Flow, allowed: bool
) -> None:
    assert lets_in(rules, flow, NAMED) is allowed
    out = [{"IpPermissionsEgress": each["IpPermissions"]} for each in rules]
    assert lets_out(out, flow, NAMED) is allowed


def entry(number: int, action: str, protocol: str = "-1", cidr: str = "0.0.0.0/0", **more: Any) -> dict[str, Any]:
    return {
        "RuleNumber": number,
        "RuleAction": action,
        "Protocol": protocol,
        "CidrBlock": cidr,
        "Egress": False,
        **more,
    }


LAST = entry(32767, "deny")


@pytest.mark.parametrize(
    ("entries", "flow", "allowed"),
    [
        ([entry(100, "allow"), LAST], HTTPS, True),
        ([LAST], HTTPS, False),
        ([], HTTPS, False),
        ([entry(100, "allow"), entry(50, "deny", "6", PortRange={"From": 443, "To": 443}), LAST], HTTPS, False),
        ([entry(100, "allow"), entry(150, "deny", "6"), LAST], HTTPS, True),
        ([entry(100, "allow", "6", PortRange={"From": 1024, "To": 65535}), LAST], HTTPS, False),
        ([entry(100, "allow", "1", IcmpTypeCode={"Type": 8, "Code": -1}), LAST], PING, True),
        ([entry(100, "allow", "1", IcmpTypeCode={"Type": 8, "Code": -1}), LAST], PONG, False),
        ([entry(100, "allow", "1", IcmpTypeCode={"Type": -1, "Code": -1}), LAST], PONG, True),
        ([entry(100, "allow", cidr="10.1.0.0/16"), LAST], HTTPS, False),
        ([entry(100, "allow", Egress=True), LAST], HTTPS, False),
    ],
)
def test_of_a_network_acl_the_first_rule_that_matches_decides(
    entries: list[dict[str, Any]], flow: Flow, allowed: bool
) -> None:
    assert passes({"Entries": entries}, flow, egress=False) is allowed


@pytest.mark.parametrize(
    "rule", [{"UserIdGroupPairs": [{"GroupId": "sg-empty"}]}, {"PrefixListIds": [{"PrefixListId": "pl-elsewhere"}]}]
)
def test_whom_a_rule_names_has_the_benefit_of_the_doubt_where_it_could_not_be_read(rule: dict[str, Any]) -> None:
    assert not lets_in(group("-1", IpRanges=[], **rule), HTTPS, NAMED)
    assert lets_in(group("-1", IpRanges=[], **rule), HTTPS, Named())


def test_groups_of_another_account_are_not_asked_for() -> None:
    own, foreign = {"GroupId": "sg-2", "UserId": "111122223333"}, {"GroupId": "sg-9", "UserId": "999999999999"}
    rules = [{"UserIdGroupPairs": [own, foreign], "PrefixListIds": [{"PrefixListId": "pl-1"}]}]
    described = {"GroupId": "sg-1", "OwnerId": "111122223333", "IpPermissions": rules, "IpPermissionsEgress": rules}
    assert referred({"sg-1": described}) == (["sg-2"], ["pl-1"])
