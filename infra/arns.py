"""The ARNs of what belongs to a pair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arns:
    """Writes ARNs of one account and region.

    Args:
        partition: ``aws``, or the CDK's token for it; likewise the others.
    """

    partition: str
    region: str
    account: str

    def ec2(self, kind: str, name: str) -> str:
        """Return the ARN of something of EC2, ``instance`` or ``route-table``, say."""
        return f"arn:{self.partition}:ec2:{self.region}:{self.account}:{kind}/{name}"

    def auto_scaling_group(self, name: str) -> str:
        """Return the ARN of an Auto Scaling group; nobody who has only its name knows the id in the middle."""
        group = f"autoScalingGroup:*:autoScalingGroupName/{name}"
        return f"arn:{self.partition}:autoscaling:{self.region}:{self.account}:{group}"

    def parameter(self, name: str) -> str:
        """Return the ARN of an SSM parameter, whose name begins with a slash."""
        return f"arn:{self.partition}:ssm:{self.region}:{self.account}:parameter{name}"

    @property
    def default_bus(self) -> str:
        """The ARN of the account's default event bus."""
        return f"arn:{self.partition}:events:{self.region}:{self.account}:event-bus/default"

    def document(self, name: str) -> str:
        """Return the ARN of an SSM document of the account."""
        return f"arn:{self.partition}:ssm:{self.region}:{self.account}:document/{name}"
