"""The doctor on a deployed pair with a planted fault: it finds that one and no other, and names the remedy."""

from __future__ import annotations

import pytest

from nat_failover.cli.checks import examine
from nat_failover.cli.finding import Finding
from nat_failover.cli.gather import Gatherer
from nat_failover.cli.pairs import one
from tests.cli.commands import complaints
from tests.cli.deployed import Deployment
from tests.cli.faults import FAULTS, Fault


def examined(deployment: Deployment) -> list[Finding]:
    account = deployment.account
    return examine(Gatherer(account, one(account, "main")).gather())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found_with_its_remedy_and_gone_when_it_is_mended(
    deployment: Deployment, fault: Fault
) -> None:
    deployment.keep_looking()
    undo = fault.plant(deployment)
    try:
        found = examined(deployment)
    finally:
        undo()
    assert tuple(finding.check for finding in found) == fault.finds
    assert fault.remedy in found[0].remedy
    assert [complaint for finding in found for complaint in complaints(finding.remedy)] == []
    assert [finding.what for finding in examined(deployment)] == []
