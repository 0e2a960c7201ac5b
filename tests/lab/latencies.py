"""What AWS would add: nobody can measure it here, so it is drawn uniformly from these ranges."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from random import Random

Range = tuple[float, float]


@dataclass(frozen=True)
class Latencies:
    """Ranges in seconds.

    Attributes:
        delivery: from SendCommand to the script's start on the host.
        result: from the script's end to SSM.
        listing: until a new command is listed.
        event: from the result at SSM to the function's invocation.
        warm: start of a warm invocation.
        cold: start of a cold one.
        ssm_call: a call of SSM or SNS.
        ec2_read: a Describe of EC2.
        replace: ReplaceRouteTableAssociation.
        route: from its answer until packets take the new way.
        associate: AssociateAddress.
        address: from its answer until packets no longer have the address that they had.
        lifted: for how long an Elastic IP that moves then carries nothing (N5).
    """

    delivery: Range = (0.3, 1.5)
    result: Range = (0.2, 0.8)
    listing: Range = (0.0, 0.3)
    event: Range = (0.3, 1.0)
    warm: Range = (0.01, 0.05)
    cold: Range = (0.6, 1.0)
    ssm_call: Range = (0.03, 0.12)
    ec2_read: Range = (0.08, 0.25)
    replace: Range = (0.15, 0.5)
    route: Range = (0.2, 1.0)
    associate: Range = (0.3, 1.0)
    address: Range = (0.2, 1.0)
    lifted: Range = (1.0, 6.0)

    def draw(self, name: str, chance: Random) -> float:
        """Draw one."""
        low, high = getattr(self, name)
        return chance.uniform(low, high)

    def scaled(self, factor: float) -> Latencies:
        """Give the same with every latency multiplied."""
        return Latencies(**{f.name: tuple(v * factor for v in getattr(self, f.name)) for f in fields(self)})

    def as_json(self) -> dict[str, list[float]]:
        """Give them for JSON."""
        return {name: list(pair) for name, pair in asdict(self).items()}
