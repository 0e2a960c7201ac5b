"""Pure: IAM policies for people: what the commands that only read ask of AWS, and what those that act ask beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.scripts.documents import documents

Policy = Mapping[str, object]
Statement = Mapping[str, object]
# AWS knows no resource for most of these; with the others the commands find what they don't know yet.
READS = (
    *(f"cloudformation:{a}" for a in ("DescribeStackResources", "DescribeStacks", "GetTemplate", "ListStackResources")),
    "cloudwatch:DescribeAlarms",
    *(f"ec2:Describe{a}" for a in ("InstanceStatus", "Instances", "NetworkAcls", "RouteTables", "SecurityGroups")),
    *(f"ec2:Describe{a}" for a in ("InstanceCreditSpecifications", "InstanceTypes", "Subnets", "VpcEndpoints")),
    *("events:DescribeRule", "events:ListRuleNamesByTarget", "iam:SimulatePrincipalPolicy"),
    *(f"lambda:Get{a}" for a in ("AccountSettings", "FunctionConcurrency", "FunctionConfiguration", "Policy")),
    *("lambda:ListFunctions", "logs:FilterLogEvents", "servicequotas:GetServiceQuota", "sns:ListSubscriptionsByTopic"),
    *("ssm:DescribeDocument", "ssm:DescribeInstanceInformation", "ssm:ListCommandInvocations", "ssm:ListCommands"),
)
# Where a NAT is in an Auto Scaling group or a Spot instance, the pair has an Elastic IP, a security group names others,
# or no pair is found here.
SOMETIMES = (
    *("autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks"),
    "ec2:DescribeSpotInstanceRequests",
    *("ec2:DescribeAddresses", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRegions"),
    "ec2:GetManagedPrefixListEntries",
)


def reader(pair: Deployed) -> Policy:
    """Return the policy for status, doctor and history."""
    return {"Version": "2012-10-17", "Statement": _reading(pair)}


def operator(pair: Deployed) -> Policy:
    """Return the policy for failover, failback, rearm, pause, resume and drill, and for all that a reader may.

    IAM judges document and host apart, so whoever may send some documents to some hosts may send each to all of them.
    All are the pair's own, then: whatever is sent to whom, nobody has a shell. That only a NAT of the pair lets itself
    be broken is the document's own doing.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
    """
    return {"Version": "2012-10-17", "Statement": [*_reading(pair), *_acting(pair)]}


def _reading(pair: Deployed) -> list[Statement]:
    s, arn = pair.settings, _Arns(pair)
    parameters = [arn.ssm(f"parameter{name}") for name in (s.lock_parameter, s.claim_parameter, s.told_parameter)]
    return [
        _allow("Look", [*READS, *SOMETIMES], ["*"]),
        _allow("ReadParameters", ["ssm:GetParameters"], parameters),
        _allow("ReadHistory", ["ssm:GetParameterHistory"], parameters[:1]),
    ]


def _acting(pair: Deployed) -> list[Statement]:
    s, arn = pair.settings, _Arns(pair)
    nats = [arn.ec2(f"instance/{nat}") for nat in s.nats_by_id]
    names = [s.probe_document, *(each.name for each in documents(s.pair, s.targets, s.nats_by_id).values())]
    tag = {"StringEquals": {f"ssm:resourceTag/{s.probe_tag_key}": s.probe_tag_value}}
    addresses = [
        arn.ec2(f"elastic-ip/{a}") for a in (s.egress_allocation, s.standby_egress_allocation) if a is not None
    ]
    moving = [_allow("MoveAddresses", ["ec2:AssociateAddress"], [*addresses, *nats, arn.ec2("network-interface/*")])]
    return [
        _allow(
            "WriteLock", ["ssm:PutParameter"], [arn.ssm(f"parameter{n}") for n in (s.lock_parameter, s.claim_parameter)]
        ),
        _allow("ReadDocuments", ["ssm:GetDocument"], [arn.ssm(f"document/{name}") for name in names[1:]]),
        _allow("SendDocuments", ["ssm:SendCommand"], [arn.ssm(f"document/{name}") for name in names]),
        _allow("AskBackends", ["ssm:SendCommand"], [arn.ec2("instance/*")], tag),
        # Whoever has a NAT's network interface is asked as the backends are, by its tag.
        *([_allow("AskNats", ["ssm:SendCommand"], nats)] if nats else []),
        _allow(
            "SwapTables",
            ["ec2:ReplaceRouteTableAssociation"],
            [*(arn.ec2(f"route-table/{table}") for table in s.tables), arn.ec2("subnet/*")],
        ),
        *(moving if addresses else []),
    ]


class _Arns:
    """ARNs of the pair's partition, Region and account."""

    def __init__(self, pair: Deployed) -> None:
        self._partition, self._region, self._account = (pair.arn.split(":")[n] for n in (1, 3, 4))

    def ssm(self, resource: str) -> str:
        """Return the ARN of something of Systems Manager's."""
        return f"arn:{self._partition}:ssm:{self._region}:{self._account}:{resource}"

    def ec2(self, resource: str) -> str:
        """Return the ARN of something of EC2's."""
        return f"arn:{self._partition}:ec2:{self._region}:{self._account}:{resource}"


def _allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, object] | None = None
) -> Statement:
    statement: dict[str, object] = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement if condition is None else statement | {"Condition": condition}
