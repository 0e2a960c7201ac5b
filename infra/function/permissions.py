"""Pure: what the function may do, each statement scoped to its own pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.arns import Arns
from infra.config import PairConfig
from infra.probe.document import name as document_name
from nat_failover.names import EVENT_SOURCE, Names
from nat_failover.settings import Mode

Statement = Mapping[str, Any]
SWAP = "ec2:ReplaceRouteTableAssociation"


def statements(
    pair: PairConfig, arns: Arns, *, standby_instance: str, standby_route_table: str, topic_arn: str, log_group_arn: str
) -> list[Statement]:
    """Return the statements of the function's role.

    Which resources and condition keys an action knows is in the service authorization reference:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html and
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html

    Args:
        pair: the pair's configuration.
        arns: of the stack's account and region.
        standby_instance: id.
        standby_route_table: id.
        topic_arn: where people are told.
        log_group_arn: of the function's log group, as CloudFormation gives it: with ``:*`` for its streams.
    """
    names = Names(pair.name)
    nats = [arns.ec2("instance", instance) for instance in pair.named_instances(standby_instance).values()]
    allowed = [
        _allow(
            "LockAndClaim",
            ["ssm:GetParameters", "ssm:PutParameter"],
            [arns.parameter(names.lock), arns.parameter(names.claim)],
        ),
        _allow("Told", ["ssm:GetParameters", "ssm:PutParameter"], [arns.parameter(names.told)]),
        _allow("ProbeDocument", ["ssm:SendCommand"], [arns.document(document_name(pair))]),
        # The document and the instances are authorized apart, each must be allowed. A host without the tag can't be
        # asked, whoever finds a way to make the function try:
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
        _allow(
            "ProbeBackends",
            ["ssm:SendCommand"],
            [arns.ec2("instance", "*")],
            {"StringEquals": {f"ssm:resourceTag/{pair.probe_tag.key}": pair.probe_tag_value}},
        ),
        # Whoever has a NAT's network interface is asked as the backends are, by its tag.
        *([_allow("ProbeNats", ["ssm:SendCommand"], nats)] if nats else []),
        # AWS has no resource-level permission for these; they only read (both pages above, column "Resource types").
        _allow(
            "Look",
            [
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSpotInstanceRequests",
                "ec2:DescribeTags",
                "ssm:DescribeInstanceInformation",
                "ssm:ListCommandInvocations",
                "ssm:ListCommands",
            ],
            ["*"],
        ),
        _allow("TellPeople", ["sns:Publish"], [topic_arn]),
        # Nobody else's events can be made up:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
        _allow(
            "TellMachines", ["events:PutEvents"], [arns.default_bus], {"StringEquals": {"events:source": EVENT_SOURCE}}
        ),
        # The stack makes the group; streams are the function's own.
        _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group_arn]),
    ]
    if pair.kms_key_arn is not None:
        # To publish to a topic that it encrypts:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        allowed.append(_allow("TellEncrypted", ["kms:Decrypt", "kms:GenerateDataKey"], [pair.kms_key_arn]))
    if pair.egress_address is not None:
        allowed.append(_allow("LookForEgress", ["ec2:DescribeAddresses"], ["*"]))
    if pair.auto_scaling_groups:
        groups = [arns.auto_scaling_group(name) for name in pair.auto_scaling_groups]
        allowed.append(_allow("LookForTerminations", ["autoscaling:DescribeAutoScalingInstances"], ["*"]))
        allowed.append(_allow("LetTerminate", ["autoscaling:CompleteLifecycleAction"], groups))
    if pair.mode is Mode.OBSERVE:
        return allowed
    if pair.egress_address is not None:
        addresses = [each for each in (pair.egress_address, pair.standby_egress_address) if each is not None]
        allowed += _moving_egress(pair, addresses, arns, standby_instance)
    tables = [arns.ec2("route-table", table) for table in (pair.primary_route_table_id, standby_route_table)]
    if pair.mirror_routes:
        allowed += _mirroring(pair, arns, tables)
    # Both tables, since it goes either way; which subnets they serve changes, but they are all in the pair's VPC.
    return [
        *allowed,
        _allow("SwapTables", [SWAP], tables),
        _allow(
            "SwapSubnets",
            [SWAP],
            [arns.ec2("subnet", "*")],
            {"ArnEquals": {"ec2:Vpc": arns.ec2("vpc", pair.vpc_id)}},
        ),
    ]


def _mirroring(pair: PairConfig, arns: Arns, tables: Sequence[str]) -> list[Statement]:
    """Return what copying routes takes; either table may be the passive one.

    A gateway endpoint adds its route to a table itself, by ModifyVpcEndpoint, which can also change the policy, the
    groups and the names of any endpoint. Neither its VPC nor its service (``ec2:VpceServiceName``) is a condition that
    this action knows, so the endpoints are named:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-actions-as-permissions
    A virtual private gateway's routes can only get into the pair's own tables.
    """
    endpoints = [arns.ec2("vpc-endpoint", endpoint) for endpoint in pair.mirror_endpoints]
    return [
        _allow("MirrorRoutes", ["ec2:CreateRoute", "ec2:ReplaceRoute"], tables),
        *([_allow("MirrorEndpoints", ["ec2:ModifyVpcEndpoint"], [*tables, *endpoints])] if endpoints else []),
        _allow("MirrorPropagation", ["ec2:EnableVgwRoutePropagation"], [*tables, arns.ec2("vpn-gateway", "*")]),
    ]


def _moving_egress(pair: PairConfig, allocations: Sequence[str], arns: Arns, standby_instance: str) -> list[Statement]:
    """Return what moving the pair's addresses takes: the addresses, the instances, and their network interfaces.

    The template can't know the ids of interfaces, but that they are in the pair's VPC.
    """
    instances = [arns.ec2("instance", instance) for instance in pair.named_instances(standby_instance).values()]
    addresses = [arns.ec2("elastic-ip", allocation) for allocation in allocations]
    return [
        _allow("MoveEgress", ["ec2:AssociateAddress"], [*addresses, *instances]),
        _allow(
            "MoveEgressToInterface",
            ["ec2:AssociateAddress"],
            [arns.ec2("network-interface", "*")],
            {"ArnEquals": {"ec2:Vpc": arns.ec2("vpc", pair.vpc_id)}},
        ),
    ]


def _allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, object] | None = None
) -> Statement:
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement if condition is None else statement | {"Condition": condition}
