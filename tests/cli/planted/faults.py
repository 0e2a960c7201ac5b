"""The faults that are planted in the deployed pair, each with what the doctor must find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.cli.deployed import Deployment
from tests.cli.planted import function, hosts, network, tables
from tests.cli.planted.reading import Undo


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        plant: makes it, and gives what unmakes it.
        finds: names of the checks that must find it, and no other.
        remedy: part of the remedy of the first.
    """

    plant: Callable[[Deployment], Undo]
    finds: tuple[str, ...]
    remedy: str


FAULTS = {
    "source/destination check on": Fault(hosts.source_dest_check, ("source-dest-check",), "--no-source-dest-check"),
    "standby stopped": Fault(hosts.stopped_standby, ("nat-not-running",), "aws ec2 start-instances"),
    "standby without masquerading": Fault(
        hosts.untranslating_standby, ("nat-not-translating",), "sudo nft list ruleset"
    ),
    "standby without public address": Fault(
        hosts.no_public_address, ("nat-no-public-address",), "aws ec2 associate-address"
    ),
    "no route to the gateway": Fault(tables.no_gateway, ("nat-no-gateway", "nat-no-gateway"), "aws ec2 create-route"),
    "standby not in SSM": Fault(hosts.unmanaged_nat, ("nat-unmanaged",), "aws ec2 describe-iam-instance-profile"),
    "backend not in SSM": Fault(
        hosts.unmanaged_backend, ("too-few-online", "backend-unmanaged"), "aws ssm describe-instance"
    ),
    "no default route": Fault(tables.no_default_route, ("default-route",), "aws ec2 create-route"),
    "default route elsewhere": Fault(tables.wrong_default_route, ("default-route",), "aws ec2 replace-route"),
    "subnets split": Fault(tables.split, ("split",), "aws ec2 replace-route-table-association"),
    "subnet without association": Fault(
        tables.implicit, ("implicit-association", "not-proven"), "aws ec2 associate-route-table"
    ),
    "tables differ": Fault(tables.differing_tables, ("tables-differ",), "mirrorRoutes"),
    "too few backends": Fault(hosts.too_few, ("too-few-backends", "backend-untagged"), "aws ec2 create-tags"),
    "a backend stopped": Fault(hosts.stopped_backend, ("backend-stopped",), "aws ec2 start-instances"),
    "group lets nothing in": Fault(
        network.closed_group, ("nat-group-ingress",) * 2, "authorize-security-group-ingress"
    ),
    "group lets no ping in": Fault(network.no_pings, ("nat-group-ingress",) * 2, "authorize-security-group-ingress"),
    "group lets no signal in": Fault(
        network.no_signals, ("nat-group-ingress",) * 2, "authorize-security-group-ingress"
    ),
    "group lets nothing out": Fault(network.no_way_out, ("nat-group-egress",), "authorize-security-group-egress"),
    "group lets in a group of nobody": Fault(
        network.group_of_nobody, ("nat-group-ingress",) * 2, "--protocol all --cidr"
    ),
    "a backend outside the group": Fault(network.group_without_one, ("nat-group-ingress",), "--protocol all --cidr"),
    "prefix list of others": Fault(network.list_of_others, ("nat-group-ingress",) * 2, "--protocol all --cidr"),
    "group lets out to servers only": Fault(network.out_to_servers_only, ("nat-group-egress",), "--cidr 0.0.0.0/0"),
    "ACL stops answers": Fault(network.network_acl, ("network-acl",) * 4, "aws ec2 create-network-acl-entry"),
    "armed a moment ago": Fault(function.lock("armed"), ("not-proven",), "nat-failover failover main --dry-run"),
    "paused": Fault(function.lock("paused"), ("paused",), "nat-failover resume main"),
    "lock garbled": Fault(function.lock("amred"), ("locked",), "nat-failover rearm main"),
    "function disabled": Fault(function.reserved(0), ("function-disabled",), "aws lambda delete-function-concurrency"),
    "function limited": Fault(
        function.reserved(1), ("function-concurrency",), "aws lambda delete-function-concurrency"
    ),
    "schedule disabled": Fault(function.disabled("ScheduleExpression"), ("rule-disabled",), "aws events enable-rule"),
    "event rule disabled": Fault(function.disabled("EventPattern"), ("rule-disabled",), "aws events enable-rule"),
    "schedule without target": Fault(function.no_schedule, ("no-schedule",), "cdk deploy --revert-drift"),
    "schedule may not invoke": Fault(function.forbidden_rule, ("rule-forbidden",), "aws lambda add-permission"),
    "no tick": Fault(function.no_tick, ("no-tick",), "aws logs tail"),
    "observe mode": Fault(function.observing, ("observe-mode",), "set mode to automatic"),
    "document missing": Fault(function.no_document, ("document-missing",), "cdk deploy"),
    "document replaced": Fault(function.another_document, ("document-replaced",), "aws ssm delete-document"),
    "document changed": Fault(function.another_version, ("document-changed",), "aws ssm list-document-versions"),
    "permission missing": Fault(
        function.role(lambda statements: [s for s in statements if s["Sid"] != "SwapSubnets"]),
        ("permission",),
        "cdk deploy --revert-drift",
    ),
    "permission denied": Fault(
        function.role(lambda s: [*s, {"Sid": "No", "Effect": "Deny", "Action": "sns:*", "Resource": "*"}]),
        ("permission",),
        "change that policy",
    ),
    "mail not confirmed": Fault(function.unconfirmed, ("unconfirmed",), "aws sns subscribe"),
    "nobody has confirmed": Fault(function.nobody_confirmed, ("unconfirmed", "nobody-told"), "aws sns subscribe"),
    "nobody is told": Fault(function.unsubscribed, ("nobody-told",), "aws sns subscribe"),
    "alarm fires": Fault(function.alarm, ("alarm",), "aws cloudwatch describe-alarms"),
    "standby can't reach the Internet": Fault(hosts.sick_standby, ("control-down",), "aws ssm start-session"),
}
