"""The table of settings in CONFIGURATION.md."""

from __future__ import annotations

from tests.tools.reference import PAGE, table, with_table


def test_the_reference_has_every_setting_as_it_is_declared() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page) == page, "run `make texts`"


def test_a_setting_is_told_with_its_default_and_what_it_is_for() -> None:
    share = "| `failureShare` | `50` | More than this percentage of the backends heard must be offline as well. |"
    assert share in table()
    assert "| `probeTag.key` | `nat-failover:probe` |" in table()
    assert "| `vpcId` | **required** |" in table()
