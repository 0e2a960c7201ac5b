"""What a deployment asks: whether it may replace the standby, and whether the probe's document is the stack's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from aws_cdk import Aws, CfnResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.arns import Arns
from infra.config import PairConfig
from infra.probe.document import document as probe_document
from infra.probe.document import name as document_name
from nat_failover.names import DOCUMENT_CHECK, STANDBY_CHECK, Names
from nat_failover.probing.document import digest

HANDLER = "nat_failover.deployment.guard.handler"
# Of the function, in seconds, and of CloudFormation: long enough for the two retries of an invocation that has failed,
# one and two minutes later. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
TIMEOUT, WAITS = 75, 480


class DeploymentGuard(Construct):
    """Custom resources that can't be made while something speaks against it, and the function that says so.

    The logical id of each is drawn from what it is about, so that whatever changes is asked about anew, before it takes
    effect. Where that fails, the update rolls back, and nothing else was touched.

    It has a function of its own, of the same asset: the pair's needs the id of the instance, and the hash of the
    document. CloudFormation invokes it with the permissions of whoever deploys.

    Args:
        pair: the pair's configuration.
        code: folder with the function's asset.

    Attributes:
        role: of the function.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig, code: Path) -> None:
        super().__init__(scope, construct_id)
        self._pair, names = pair, Names(pair.name)
        group = logs.CfnLogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{names.guard}",
            retention_in_days=pair.log_retention_days,
            kms_key_id=pair.kms_key_arn,
        )
        arns = Arns(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)
        allowed = [
            iam.PolicyStatement(
                sid="ReadDocument",
                actions=["ssm:DescribeDocument", "ssm:GetDocument"],
                resources=[arns.document(document_name(pair))],
            ),
            iam.PolicyStatement(
                sid="Log", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.attr_arn]
            ),
        ]
        if pair.standby_instance_id is None and pair.standby_network_interface_id is None:
            # It knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            allowed.append(iam.PolicyStatement(sid="Look", actions=["ec2:DescribeRouteTables"], resources=["*"]))
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Guard of the deployments of pair {pair.name}",
            inline_policies={"guard": iam.PolicyDocument(statements=allowed)},
        )
        acknowledge(self.role, {"IAM5[Resource::*]": "a reading action that knows no resource"})
        self._function = lambda_.Function(
            self,
            "Function",
            function_name=names.guard,
            description=f"Checks what deployments of pair {pair.name} would change",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(code)),
            handler=HANDLER,
            timeout=Duration.seconds(TIMEOUT),
            memory_size=pair.function_memory,
            log_group=logs.LogGroup.from_log_group_name(self, "LogByName", group.ref),
            role=self.role,
        )

    def standby(self, *, route_table_id: str, content: Mapping[str, Any]) -> CfnResource:
        """Return what can't be made while subnets use the standby's route table, for the instance to depend on.

        CloudFormation makes it first:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
        It is new in the deployment that brings it to a stack, and so that has to be one while the primary is active.

        Args:
            route_table_id: of the table that leads to the standby.
            content: what takes a new instance, or stops it, once it is changed.
        """
        # As the template will have it: a token's own text differs from one synthesis to the next.
        text = json.dumps(Stack.of(self).resolve(content), sort_keys=True)
        drawn = sha256(text.encode()).hexdigest()[:8]
        return self._check(f"Check{drawn}", STANDBY_CHECK, Pair=self._pair.name, RouteTableId=route_table_id)

    def document(self, made: CfnResource) -> CfnResource:
        """Return what can't be made unless the probe's document is the stack's own, with its ``Hash`` and ``HashType``.

        Args:
            made: the document.
        """
        expected = digest(probe_document(self._pair))
        check = self._check(
            f"Document{expected[:8]}", DOCUMENT_CHECK, Document=document_name(self._pair), Digest=expected
        )
        check.add_resource_dependency(made)
        return check

    def _check(self, construct_id: str, kind: str, **properties: str) -> CfnResource:
        all_properties = {"ServiceToken": self._function.function_arn, "ServiceTimeout": str(WAITS), **properties}
        return CfnResource(self, construct_id, type=kind, properties=all_properties)
