"""All rules, in the order of their ids."""

from __future__ import annotations

from tests.gate import agent_rules, network_rules, request_rules, time_rules

RULES = (*request_rules.RULES, *time_rules.RULES, *agent_rules.RULES, *network_rules.RULES)
