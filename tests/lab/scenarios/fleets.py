"""Scenarios of backends that are not all alike: other platforms, states and tags, agents in trouble."""

from __future__ import annotations

from tests.lab.scenario import Scenario

FLEETS: tuple[Scenario, ...] = ()
