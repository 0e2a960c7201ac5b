"""The doctor on a deployed pair with a planted fault: it finds that one and no other, and names the remedy."""

from __future__ import annotations

import pytest

from nat_failover.cli.account.pairs import one
from nat_failover.cli.checks import examine
from nat_failover.cli.checks.finding import Finding
from nat_failover.cli.errors import Exit
from nat_failover.cli.snapshot.collect import Gatherer
from tests.cli.checks.remedies import complaints
from tests.cli.deployed import Deployment
from tests.cli.planted.faults import FAULTS, Fault
from tests.cli.planted.network import dismiss, lets_in, list_of_others, of_group, of_list, prefix_list, servers
from tests.cli.planted.reading import backends


def examined(deployment: Deployment) -> list[Finding]:
    account = deployment.account
    return examine(Gatherer(account, one(account, "main"), asks_nats=True).gather())


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
    assert [complaint for finding in found for complaint in complaints(finding)] == []
    assert [finding.what for finding in examined(deployment)] == []


def test_a_group_or_a_prefix_list_that_has_the_servers_is_as_good_as_their_networks(deployment: Deployment) -> None:
    deployment.keep_looking()
    for rule in (
        of_group(servers(deployment, backends(deployment))),
        of_list(prefix_list(deployment, "10.77.0.0/16", "10.20.0.0/22")),
    ):
        undo = lets_in(rule)(deployment)
        try:
            assert [finding.what for finding in examined(deployment)] == []
        finally:
            undo()
    dismiss(deployment)


def test_a_subnet_without_backends_is_judged_by_whoever_else_is_in_it(deployment: Deployment) -> None:
    """Its other servers may be in the group that the NAT lets in: an address that nobody has proves nothing."""
    deployment.keep_looking()
    every = backends(deployment)
    ec2 = deployment.aws.client("ec2")
    subnet = {i["InstanceId"]: i["SubnetId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}
    alone = next(each for each in every if [subnet[other] for other in every].count(subnet[each]) == 1)
    tag = {"Resources": [alone], "Tags": [{"Key": "nat-failover:probe", "Value": "main"}]}
    undo = lets_in(of_group(servers(deployment, every)))(deployment)
    ec2.delete_tags(**tag)
    try:
        assert "nat-group-ingress" not in {finding.check for finding in examined(deployment)}
    finally:
        ec2.create_tags(**tag)
        undo()
        dismiss(deployment)


def test_where_a_prefix_list_may_not_be_read_it_is_said_and_nothing_is_held_against_it(deployment: Deployment) -> None:
    undo = list_of_others(deployment)
    try:
        environ = deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-GetManagedPrefixListEntries"}
        done = deployment.command.run("doctor", environ=environ)
    finally:
        undo()
    assert "The prefix lists could not be read." in done.stdout
    assert "You have no permission for ec2:GetManagedPrefixListEntries." in done.stdout
    assert "security groups of" not in done.stdout
    assert done.returncode == Exit.WARNINGS
