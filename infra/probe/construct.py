"""The SSM document that asks a host whether it reaches the Internet."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config import PairConfig
from infra.probe.document import document, name


class ProbeDocument(Construct):
    """The pair's document, which carries the probe.

    A changed one has another name, so that a deployment makes it beside the old one, which is then removed: what a
    function of the old deployment has sent is none of the new one's rounds.

    Args:
        pair: the pair's configuration.

    Attributes:
        resource: for what reads it to depend on.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig) -> None:
        super().__init__(scope, construct_id)
        self.resource = ssm.CfnDocument(
            self,
            "Document",
            name=name(pair),
            document_type="Command",
            document_format="JSON",
            target_type="/AWS::EC2::Instance",
            content=document(pair),
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html
            update_method="Replace",
        )
