"""The scenarios: what is broken, and what must come of it."""

from __future__ import annotations

from tests.lab.scenarios.agents import AGENTS, FLEETS
from tests.lab.scenarios.egress import EGRESS, ROUTES
from tests.lab.scenarios.evidence import EVIDENCE
from tests.lab.scenarios.failing_over import FAILING_OVER
from tests.lab.scenarios.handovers import HANDOVERS
from tests.lab.scenarios.health import HEALTH
from tests.lab.scenarios.holding import HOLDING
from tests.lab.scenarios.interfaces.groups import GROUPS
from tests.lab.scenarios.interfaces.scenarios import INTERFACES
from tests.lab.scenarios.refusals import REFUSALS
from tests.lab.scenarios.standby import STANDBY
from tests.lab.scenarios.two_pairs.scenarios import TWO_PAIRS

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        *(*FAILING_OVER, *HOLDING, *EVIDENCE, *STANDBY, *HEALTH),
        *(*ROUTES, *EGRESS, *FLEETS, *AGENTS, *REFUSALS, *HANDOVERS, *TWO_PAIRS, *INTERFACES, *GROUPS),
    )
}
