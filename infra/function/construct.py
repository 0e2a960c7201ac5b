"""The function that judges and swaps, with its role and its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.arns import Arns
from infra.config import PairConfig
from infra.function.permissions import Statement
from nat_failover.names import Names

HANDLER = "nat_failover.handler.handler"


class FailoverFunction(Construct):
    """The Lambda function of a pair.

    It stands outside the VPC, so that no NAT is between it and the AWS API. Its concurrency is not limited, or to ten
    at least: the event of a dying NAT must never wait for a tick, and the claim, not Lambda, lets one invocation act.
    Lambda's two retries of an asynchronous error stay on for the same reason.

    Args:
        pair: the pair's configuration.
        environment: the function's settings.
        code: folder with the function's asset.
        statements: gives the role's statements for the ARN of the log group, which ends in ``:*``, its streams.

    Attributes:
        function: for rules and alarms.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pair: PairConfig,
        environment: Mapping[str, str],
        code: Path,
        statements: Callable[[str], Sequence[Statement]],
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(pair.name)
        # Made here, not by Lambda at the first line, so that it has a retention and goes with the stack.
        group = logs.CfnLogGroup(
            self,
            "Log",
            log_group_name=names.log_group,
            retention_in_days=pair.log_retention_days,
            kms_key_id=pair.kms_key_arn,
        )
        document = {"Version": "2012-10-17", "Statement": list(statements(group.attr_arn))}
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"nat-failover, pair {pair.name}",
            inline_policies={"pair": iam.PolicyDocument.from_json(document)},
        )
        any_of = "IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:{}/*]".format
        arns = Arns("<AWS::Partition>", "<AWS::Region>", "<AWS::AccountId>")
        acknowledge(
            role,
            {
                **{
                    f"IAM5[Resource::{arns.auto_scaling_group(name)}]": "the group of this name"
                    for name in pair.auto_scaling_groups
                },
                "IAM5[Resource::*]": "reading actions that know no resource",
                any_of("instance"): "only instances with the probe tag: a condition says so",
                any_of("subnet"): "only subnets of the pair's VPC: a condition says so",
                any_of("network-interface"): "only interfaces of the pair's VPC: a condition says so",
                any_of("vpc-endpoint"): "needs the pair's table, too; EC2 knows no condition on the endpoint's VPC",
                any_of("vpn-gateway"): "needs the pair's table, too; EC2 knows no condition on the gateway's VPC",
            },
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=names.plain,
            description=f"Fails the private subnets of pair {pair.name} over to its other NAT",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(code)),
            handler=HANDLER,
            environment=dict(environment),
            timeout=Duration.seconds(pair.function_timeout),
            memory_size=pair.function_memory,
            reserved_concurrent_executions=pair.reserved_concurrency,
            log_group=logs.LogGroup.from_log_group_name(self, "LogByName", group.ref),
            role=role,
        )
