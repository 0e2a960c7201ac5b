"""What the standby's role may, and what an SSM agent needs it for: no call of the product's is made with it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.iam.roles import Permission
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair

# https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html and
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmessagedeliveryservice.html
DOCUMENTED: Mapping[str, str] = {
    "ssm:UpdateInstanceInformation": "registering, and saying every five minutes that it is there",
    "ssmmessages:CreateControlChannel": "the connection by which commands and sessions reach it",
    "ssmmessages:OpenControlChannel": "the same",
    "ssmmessages:CreateDataChannel": "what goes through a session",
    "ssmmessages:OpenDataChannel": "the same",
    "ec2messages:GetEndpoint": "finding where commands come from, with an agent before 3.3.40",
    "ec2messages:GetMessages": "taking a command, with such an agent",
    "ec2messages:AcknowledgeMessage": "the same",
    "ec2messages:SendReply": "answering it",
    "ec2messages:FailMessage": "giving back what it can't take",
    "ec2messages:DeleteMessage": "being done with it",
}


def granted() -> set[Permission]:
    """Return each statement of the role with each of its actions."""
    statements = synthesize({"pairs": [pair()]}).statements("Standby NAT")
    return {(statement["Sid"], action) for statement in statements for action in statement["Action"]}
