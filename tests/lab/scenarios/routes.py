"""Scenarios of what the two route tables have beside the default route."""

from __future__ import annotations

from tests.lab.cloud.template import ENDPOINT_PLACE
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario

ROUTES: tuple[Scenario, ...] = (
    Scenario(
        "routes-missing",
        "the standby's table lacks a peering and S3's endpoint, which a metric names before they are lost",
        FAIL_OVER,
        steps.flush,
        before=lambda lab: lab.cloud.add_private_routes(),
        problems=demands.told_before,
    ),
    Scenario(
        "routes-mirrored",
        "the standby's table lacks the same, and the function copies them",
        FAIL_OVER,
        steps.flush,
        before=lambda lab: lab.cloud.add_private_routes(),
        settings={"mirrorRoutes": True, "mirrorEndpoints": [ENDPOINT_PLACE]},
        problems=demands.copied,
    ),
    Scenario(
        "vpn-on-each-nat",
        "each table routes a VPN to its own NAT, which is no difference and is never mirrored",
        FAIL_OVER,
        steps.flush,
        before=steps.vpn_on_each_nat,
        settings={"mirrorRoutes": True},
        problems=demands.vpn_of_each_nat,
    ),
    Scenario(
        "vpn-on-the-primary",
        "only the primary's table routes a VPN to its NAT, which is told and not mirrored",
        FAIL_OVER,
        steps.flush,
        before=steps.vpn_on_the_primary,
        settings={"mirrorRoutes": True},
        problems=demands.vpn_of_one_nat,
    ),
)
