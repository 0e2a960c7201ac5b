"""The README's table of settings."""

from __future__ import annotations

from tests.tools.reference import README, table, with_table


def test_the_readme_has_every_setting_as_it_is_declared() -> None:
    readme = README.read_text(encoding="utf-8")
    assert with_table(readme) == readme, "run `make texts`"


def test_a_setting_is_told_with_its_default_and_what_it_is_for() -> None:
    assert "| `failureShare` | `50` | More than this share of the backends heard must be so as well. |" in table()
    assert "| `probeTag.key` | `nat-failover:probe` |" in table()
    assert "| `vpcId` | **required** |" in table()
