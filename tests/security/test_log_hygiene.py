"""What the function logs, measures, answers, writes and mails: ids, the NATs' names, and nobody else's business."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from nat_failover.network.route_tables import SwapFailedError
from tests.examples import ENVIRONMENT, NOW, PRIMARY, STANDBY, TICK
from tests.fakes import CommandInvocation
from tests.fuzz.function import HOSTS, LOCK, Function
from tests.lab.scenarios import SCENARIOS
from tests.security.hygiene import ACCOUNT, leaks, without_place
from tests.security.recording import Recording, recorded

CANARY = "hunter2"
# As IAM and EC2 refuse.
REFUSAL = (
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/nat-failover-main/nat-failover-main is not authorized to perform: "
    f"ec2:ReplaceRouteTableAssociation on resource: arn:aws:ec2:eu-west-1:{ACCOUNT}:route-table/rtb-0123456789abcdef1 "
    "because no identity-based policy allows the action"
)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_no_line_and_no_message_of_any_scenario_tells_more_than_instance_ids(
    name: str, once: Callable[..., Recording]
) -> None:
    recording = once(recorded, name)
    assert recording.lines
    assert recording.too_much == {}


def everything(function: Function) -> str:
    """Return all that an invocation has logged, sent and left in the lock."""
    return "\n".join([function.log, *function.messages, function.lock or ""])


def refused(_: object) -> dict[str, Any]:
    """Refuse as IAM does."""
    return {"Error": {"Code": "UnauthorizedOperation", "Message": REFUSAL}}


def without_topic(text: str) -> str:
    """Leave out where a message goes to, which its reader does not see."""
    return without_place(text.replace(ENVIRONMENT["NAT_FAILOVER_TOPIC"], ""))


def test_a_refusal_goes_into_log_lock_and_mail_without_the_accounts_id() -> None:
    function = Function()
    function.answers["ReplaceRouteTableAssociation"] = refused
    with pytest.raises(SwapFailedError) as failed:
        function.invoke(TICK)
    output = without_topic(everything(function)) + str(failed.value)
    assert "is not authorized to perform: ec2:ReplaceRouteTableAssociation" in output
    assert "an account's id" not in leaks(output)
    assert "arn:aws:sts::ACCOUNT:assumed-role" in output


@pytest.mark.parametrize("operation", ["CreateRoute", "DescribeAddresses", "AssociateAddress"])
def test_nor_does_a_refusal_on_the_side_tell_it(operation: str) -> None:
    allocation = "eipalloc-0123456789abcdef0"
    function = Function(MIRROR_ROUTES="true", EGRESS_ALLOCATION=allocation)
    function.account.holdings.addresses[allocation] = ("203.0.113.9", PRIMARY)
    function.account.holdings.instances[function.settings.standby_instance].public = "203.0.113.10"
    primary = function.settings.primary_route_table
    function.account.holdings.routes[primary].append(
        {"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-0123456789abcdef0", "State": "active"}
    )
    if operation != "AssociateAddress":  # which is for a failover, the others for rest
        function.results |= dict.fromkeys(HOSTS, CommandInvocation("InProgress", exit_code=-1))
    function.answers[operation] = refused
    function.invoke(TICK)
    output = without_topic(everything(function))
    assert "arn:aws:sts::ACCOUNT:assumed-role" in output
    assert "an account's id" not in leaks(output)


def test_of_what_aws_tells_beside_and_what_hosts_print_nothing_is_passed_on() -> None:
    """Names, addresses and tags of hosts, their standard error, whatever is in the environment of the function.

    Of the NATs, messages tell the names.
    """
    function = Function()
    host = f"db-{CANARY}.example.com"

    def more(operation: str, key: str, extra: Mapping[str, Any]) -> None:
        def answer(arguments: Any) -> dict[str, Any]:
            response = function.account.answer(operation, arguments)
            for each in _leaves(response, key):
                is_nat = each.get("InstanceId") in (PRIMARY, STANDBY)
                each.update({**extra, "Tags": [{"Key": "Name", "Value": "nat01"}]} if is_nat else extra)
            return response

        function.answers[operation] = answer

    names = {"PrivateDnsName": host, "PublicDnsName": host, "KeyName": CANARY, "Tags": [{"Key": "Name", "Value": host}]}
    more("DescribeInstances", "Instances", names)
    more("DescribeRouteTables", "RouteTables", {"OwnerId": ACCOUNT, "Tags": [{"Key": "Name", "Value": host}]})
    function.results[HOSTS[3]] = CommandInvocation("Failed", "Failed", 1, f"root@{host}: password={CANARY}\n", NOW - 1)
    function.answers["DescribeInstanceInformation"] = lambda _: {
        "InstanceInformationList": [
            {"InstanceId": h, "PingStatus": "Online", "LastPingDateTime": TIME}
            | {"ComputerName": host, "IPAddress": "10.0.0.9", "Name": CANARY}
            for h in (*HOSTS, STANDBY)
        ]
    }
    assert function.invoke(function.event(region=CANARY))["outcome"] == "failed-over"
    assert leaks(without_topic(everything(function))) == {}
    assert HOSTS[0] in everything(function)
    assert "nat01" in str(function.messages)
    assert "nat01" not in f"{function.log}{function.measured.getvalue()}{function.lock}"


TIME = datetime.fromtimestamp(NOW, UTC)


def _leaves(response: Any, key: str) -> list[dict[str, Any]]:
    """Give the members of every list under a key, however deep."""
    if isinstance(response, list):
        return [leaf for each in response for leaf in _leaves(each, key)]
    if not isinstance(response, dict):
        return []
    own = response.get(key, [])
    return [*own, *(leaf for name, each in response.items() if name != key for leaf in _leaves(each, key))]


def test_a_secret_in_the_lock_is_not_passed_on() -> None:
    function = Function()
    function.put(LOCK, json.dumps({"password": CANARY, "account": ACCOUNT}))
    assert function.invoke(TICK)["cause"] == "LOCKED"
    assert leaks(function.log) == {}


@pytest.mark.parametrize(
    "text",
    [
        *(REFUSAL, f"account {ACCOUNT}", f"password={CANARY}", "AKIAIOSFODNN7EXAMPLE"),
        *("ip-10-0-0-5 is down", "backend1", "nat02 is dead"),
    ],
)
def test_what_should_not_be_told_would_be_found(text: str) -> None:
    """Without this the tests above would prove nothing."""
    assert leaks(text)


def test_what_may_be_told_is_not_found() -> None:
    fine = f"{HOSTS[0]} on subnet-0123456789abcdef0, command 00000000-0000-0000-0000-000000000000, at 1800000000.0"
    assert leaks(fine) == {}
