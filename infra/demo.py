"""The demonstration: a network of its own and a pair in it, for an account that has neither (`-c demo=true`)."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from infra.config import PairConfig, SsmAccess
from infra.constructs.demo_network import CIDR, DemoNetwork
from infra.nat_failover import NatFailover
from infra.outputs import Outputs

PAIR = "demo"


class DemoNetworkStack(Stack):
    """The network alone, in a stack that stays while the pair's is changed.

    Attributes:
        network: its parts.
    """

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "nat-failover-demo-network", description="nat-failover demo: a network to try it in")
        self.network = DemoNetwork(self, "Network", pair=PAIR)


class DemoStack(Stack):
    """A pair for that network, with endpoints, since nothing else lets its backends reach Systems Manager.

    Args:
        network: made by the other stack.
    """

    def __init__(self, scope: Construct, *, network: DemoNetwork) -> None:
        super().__init__(scope, "nat-failover-demo", description="nat-failover demo: a pair")
        pair = NatFailover(
            self,
            PAIR,
            pair=PairConfig(
                name=PAIR,
                vpc_id=network.vpc_id,
                primary_route_table_id=network.primary_route_table_id,
                primary_instance_id=network.primary_instance_id,
                standby_subnet_id=network.standby_subnet_id,
                protected_cidrs=(CIDR,),
                ssm_access=SsmAccess.CREATE,
                endpoint_subnet_ids=network.endpoint_subnet_ids,
            ),
        )
        Outputs(self, f"{PAIR}-outputs", pair=pair)


def add_demo(scope: Construct) -> None:
    """Add both stacks to an app."""
    network = DemoNetworkStack(scope).network
    DemoStack(scope, network=network)
