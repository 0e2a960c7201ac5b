"""The SSM documents by which operators look at NATs and hold drills, so that nobody has to be root for it."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config import PairConfig
from nat_failover.cli.scripts.documents import documents


class OperatorDocuments(Construct):
    """The pair's documents for people, one for each script of the command.

    A changed one has another name, so that the command finds the one that it knows, or none.

    Args:
        pair: the pair's configuration.
        standby_instance: id.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig, standby_instance: str) -> None:
        super().__init__(scope, construct_id)
        nats = tuple(pair.named_instances(standby_instance).values())
        for task, document in documents(pair.name, pair.targets, nats).items():
            ssm.CfnDocument(
                self,
                task.capitalize(),
                name=document.name,
                document_type="Command",
                document_format="JSON",
                target_type="/AWS::EC2::Instance",
                content=document.content,
                # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html
                update_method="Replace",
            )
