"""Scenarios of what the two route tables have beside the default route."""

from __future__ import annotations

from tests.lab import demands, steps
from tests.lab.scenario import FAIL_OVER, Scenario

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
        settings={"mirrorRoutes": True},
        problems=demands.copied,
    ),
)
