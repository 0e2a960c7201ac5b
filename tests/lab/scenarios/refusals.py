"""Scenarios in which AWS refuses, delays or forgets what the function asks of it."""

from __future__ import annotations

from tests.lab.scenario import Scenario

REFUSALS: tuple[Scenario, ...] = ()
