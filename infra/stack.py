"""The stack: pairs, the endpoints that they share, and outputs."""

from __future__ import annotations

from itertools import groupby

from aws_cdk import Environment, Stack
from constructs import Construct

from infra.config import PairConfig, SsmAccess, StackConfig
from infra.constructs.ssm_endpoints import SsmEndpoints
from infra.nat_failover import NatFailover
from infra.outputs import Outputs


class NatFailoverStack(Stack):
    """A stack with any number of pairs, each with everything of its own but the endpoints of a VPC.

    Args:
        config: the stack's name, place and pairs.
    """

    def __init__(self, scope: Construct, *, config: StackConfig) -> None:
        super().__init__(
            scope,
            config.name,
            env=Environment(account=config.account, region=config.region),
            description="nat-failover: keeps private subnets online when their NAT instance dies",
        )
        endpoints = {vpc: SsmEndpoints(self, f"Endpoints-{vpc}", pairs=pairs) for vpc, pairs in makers(config.pairs)}
        for pair in config.pairs:
            made = NatFailover(self, pair.name, pair=pair, endpoints=endpoints.get(pair.vpc_id))
            Outputs(self, f"{pair.name}-outputs", pair=made)


def makers(pairs: tuple[PairConfig, ...]) -> list[tuple[str, list[PairConfig]]]:
    """Return the pairs that want endpoints made, by VPC."""
    wanting = sorted((p for p in pairs if p.ssm_access is SsmAccess.CREATE), key=lambda p: p.vpc_id)
    return [(vpc, list(group)) for vpc, group in groupby(wanting, key=lambda p: p.vpc_id)]
