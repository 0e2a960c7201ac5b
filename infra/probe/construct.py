"""The SSM document that asks a host whether it reaches the Internet."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.probe.document import content
from nat_failover.names import Names


class ProbeDocument(Construct):
    """The pair's document, which carries the probe script word for word.

    Args:
        names: of the pair.
        script: the probe.
    """

    def __init__(self, scope: Construct, construct_id: str, *, names: Names, script: str) -> None:
        super().__init__(scope, construct_id)
        ssm.CfnDocument(
            self,
            "Document",
            name=names.document,
            document_type="Command",
            document_format="JSON",
            target_type="/AWS::EC2::Instance",
            content=content(script),
            # A changed script becomes the document's new default version; replacing a document that has a name of its
            # own would fail: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html
            update_method="NewVersion",
        )
