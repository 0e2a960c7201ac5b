"""The lock parameter, which people read and reset."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from nat_failover.lock.record import ARMED
from nat_failover.names import Names
from nat_failover.telling.commands import rearm_anywhere


class LockParameter(Construct):
    """The lock, made ``armed``; from then on its value is the function's and people's.

    CloudFormation compares templates, not what is there: a value that was changed since stays as long as no property of
    this resource changes in the template. But any change of one, be it the description or a tag, writes the value again
    and would re-arm the pair. So the description depends on nothing but the pair's name, and the resource never takes
    part in tagging. (``cdk deploy --tags`` tags it none the less: re-arming is then the deployment's doing.)
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html

    Args:
        names: of the pair.
    """

    def __init__(self, scope: Construct, construct_id: str, *, names: Names) -> None:
        super().__init__(scope, construct_id)
        parameter = ssm.CfnParameter(
            self,
            "Parameter",
            name=names.lock,
            type="String",
            value=ARMED,
            description="Lock of nat-failover: armed, paused, or what happened. Re-arm with: "
            + rearm_anywhere(names.lock),
        )
        parameter.add_property_deletion_override("Tags")
