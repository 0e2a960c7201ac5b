"""The names and ARNs of what belongs to a pair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Names that AWS knows a pair's things by; the same in every account and region.

    Args:
        pair: the pair's name.
    """

    pair: str

    @property
    def plain(self) -> str:
        """Name of the function and of the topic."""
        return f"nat-failover-{self.pair}"

    @property
    def document(self) -> str:
        """Name of the probe's SSM document."""
        return f"{self.plain}-probe"

    @property
    def standby(self) -> str:
        """Name tag of what the standby consists of."""
        return f"{self.plain}-standby"

    @property
    def lock(self) -> str:
        """Name of the lock parameter."""
        return f"/nat-failover/{self.pair}/lock"

    @property
    def claim(self) -> str:
        """Name of the claim parameter."""
        return f"/nat-failover/{self.pair}/claim"

    @property
    def told(self) -> str:
        """Name of the parameter with what people have been told."""
        return f"/nat-failover/{self.pair}/told"

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        return f"/aws/lambda/{self.plain}"

    @property
    def rearm(self) -> str:
        """The command that re-arms the pair."""
        return f"aws ssm put-parameter --name {self.lock} --value armed --overwrite"


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
