"""All rules, in the order of their ids."""

from __future__ import annotations

from tests.gate.rules import agent as agent_rules
from tests.gate.rules import network as network_rules
from tests.gate.rules import requests as request_rules
from tests.gate.rules import timing as time_rules

RULES = (*request_rules.RULES, *time_rules.RULES, *agent_rules.RULES, *network_rules.RULES)
