"""What keeps a deployment from replacing the standby while it is the active NAT."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from aws_cdk import CfnResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.config import PairConfig
from nat_failover.names import Names

HANDLER = "nat_failover.deployment.guard.handler"
TYPE = "Custom::StandbyMayBeReplaced"
# Of the function, in seconds, and of CloudFormation: long enough for the two retries of an invocation that has failed,
# one and two minutes later. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
TIMEOUT, WAITS = 75, 480


class ReplacementGuard(Construct):
    """A custom resource that can't be made while subnets use the standby's route table.

    Its logical id is drawn from whatever of the instance takes a new one, or stops it. The instance depends on it, and
    so CloudFormation makes it first:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
    Where that fails, the update rolls back, and of the standby nothing was touched. It is new in the deployment that
    brings it to a stack, which therefore has to be one while the primary is active.

    It has a function of its own, of the same asset: the pair's needs the id of the instance. CloudFormation invokes it
    with the permissions of whoever deploys.

    Args:
        pair: the pair's configuration.
        code: folder with the function's asset.
        route_table_id: of the table that leads to the standby.
        content: what takes a new instance, or stops it, once it is changed.

    Attributes:
        role: of the function.
        resource: for the instance to depend on.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pair: PairConfig,
        code: Path,
        route_table_id: str,
        content: Mapping[str, Any],
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(pair.name)
        group = logs.CfnLogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{names.guard}",
            retention_in_days=pair.log_retention_days,
            kms_key_id=pair.kms_key_arn,
        )
        allowed = [
            # It knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            iam.PolicyStatement(sid="Look", actions=["ec2:DescribeRouteTables"], resources=["*"]),
            iam.PolicyStatement(
                sid="Log", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.attr_arn]
            ),
        ]
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Guard of the standby NAT of pair {pair.name}",
            inline_policies={"guard": iam.PolicyDocument(statements=allowed)},
        )
        acknowledge(self.role, {"IAM5[Resource::*]": "a reading action that knows no resource"})
        function = lambda_.Function(
            self,
            "Function",
            function_name=names.guard,
            description=f"Keeps deployments from replacing the standby NAT of pair {pair.name} while it is active",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(code)),
            handler=HANDLER,
            timeout=Duration.seconds(TIMEOUT),
            memory_size=pair.function_memory,
            log_group=logs.LogGroup.from_log_group_name(self, "LogByName", group.ref),
            role=self.role,
        )
        self.resource = CfnResource(
            self,
            f"Check{self._digest(content)}",
            type=TYPE,
            properties={
                "ServiceToken": function.function_arn,
                "ServiceTimeout": str(WAITS),
                "Pair": pair.name,
                "RouteTableId": route_table_id,
            },
        )

    def _digest(self, content: Mapping[str, Any]) -> str:
        # As the template will have it: a token's own text differs from one synthesis to the next.
        return sha256(json.dumps(Stack.of(self).resolve(content), sort_keys=True).encode()).hexdigest()[:8]
