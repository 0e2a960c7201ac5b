"""The rules of this kind; see ``Rule``."""

from __future__ import annotations

from tests.gate.rule import Rule

RULES: tuple[Rule, ...] = ()
