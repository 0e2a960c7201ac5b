"""EC2 instances: whether they run, and since when."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from nat_failover.network.describing import MOST_APART, Instances
from nat_failover.network.instances import Attached, Nat
from tests.fakes import before
from tests.integration.account import PROBED, Account
from tests.integration.network.paging import in_short_pages

pytestmark = pytest.mark.pair(subnets=0, backends=4)

UNKNOWN = "i-0123456789abcdef9"


@pytest.fixture
def instances(account: Account) -> Instances:
    """Look at instances."""
    return Instances(account.clients.ec2, account.clock)


def test_an_instance_that_runs_is_told_with_the_time_of_its_last_start_and_its_address(
    account: Account, instances: Instances
) -> None:
    (raw,) = account.ec2.describe_instances(InstanceIds=[account.standby])["Reservations"][0]["Instances"]
    assert instances.describe([account.standby]) == {
        account.standby: Nat(
            account.standby,
            "running",
            account.launched_at,
            raw["PrivateIpAddress"],
            raw["NetworkInterfaces"][0]["NetworkInterfaceId"],
            raw.get("PublicIpAddress"),
            raw["SubnetId"],
            (raw["PrivateIpAddress"],),
            checked=False,
            attached=(
                Attached(raw["NetworkInterfaces"][0]["NetworkInterfaceId"], raw["PrivateIpAddress"], checked=False),
            ),
        )
    }


def test_each_instance_asked_for_is_told_and_no_other(account: Account, instances: Instances) -> None:
    ids = [account.primary, *account.backends[:2]]
    assert list(instances.describe(ids)) == ids


@pytest.mark.parametrize("state", ["stopped", "terminated"])
def test_an_instance_that_does_not_run_is_told_as_what_it_is(
    account: Account, instances: Instances, state: str
) -> None:
    end = account.ec2.stop_instances if state == "stopped" else account.ec2.terminate_instances
    end(InstanceIds=[account.primary])
    assert instances.describe([account.primary])[account.primary].state == state


def test_an_instance_that_ec2_no_longer_knows_is_gone_and_does_not_hide_the_others(
    account: Account, instances: Instances
) -> None:
    found = instances.describe([UNKNOWN, account.standby])
    assert found[UNKNOWN] == Nat(UNKNOWN, "gone", None)
    assert found[account.standby].state == "running"


def test_an_instance_asked_for_twice_is_told_once(account: Account, instances: Instances) -> None:
    assert len(instances.describe([account.primary, account.primary])) == 1


def test_a_page_that_is_empty_is_not_the_end_of_the_list(account: Account, instances: Instances) -> None:
    in_short_pages(account.ec2, "DescribeInstances", "Reservations")
    found = instances.describe([account.primary, account.standby])
    assert {nat.state for nat in found.values()} == {"running"}


def test_of_more_instances_than_a_request_takes_values_of_filters_none_is_left_out(
    account: Account, instances: Instances
) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
    sizes: list[int] = []
    account.ec2.meta.events.register(
        "provide-client-params.ec2.DescribeInstances",
        lambda params, **_: sizes.append(len(params["Filters"][0]["Values"])),
    )
    ids = [*(f"i-{n:017x}" for n in range(396)), *account.backends]
    found = instances.describe(ids)
    assert list(found) == ids
    assert [found[host].state for host in account.backends] == ["running"] * 4
    assert (max(sizes), sum(sizes)) == (200, 400)


# An availability zone is disrupted


def disrupted(account: Account, *hosts: str) -> None:
    """Have EC2 fail requests that name no instance, or one of these.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    for named in ("Filter.1.Name", *hosts):
        before(account.ec2, "DescribeInstances", lambda: "InternalError", times=99, about=named)


def test_while_a_zone_is_disrupted_those_of_other_zones_are_told_and_the_others_unknown(
    account: Account, instances: Instances
) -> None:
    disrupted(account, account.primary, account.backends[0])
    found = instances.describe([account.primary, account.standby, *account.backends, UNKNOWN])
    states = [found[i].state for i in (account.primary, account.standby, *account.backends[:2], UNKNOWN)]
    assert states == ["unknown", "running", "unknown", "running", "gone"]


@pytest.mark.pair(subnets=2, backends=8)
def test_while_a_zone_is_disrupted_a_large_sample_takes_a_call_for_each_subnet_that_is_known(
    account: Account, instances: Instances
) -> None:
    strangers = [f"i-{n:017x}" for n in range(48)]
    everybody = [account.primary, account.standby, *account.backends]
    instances.describe(everybody)
    calls: list[list[str]] = []
    account.ec2.meta.events.register(
        "provide-client-params.ec2.DescribeInstances", lambda params, **_: calls.append(params.get("InstanceIds", []))
    )
    disrupted(account, account.backends[0])
    found = instances.describe([*everybody, *strangers])
    assert {found[nat].state for nat in (account.primary, account.standby)} == {"running"}
    assert {found[host].state for host in account.backends} == {"unknown"}
    assert {found[stranger].state for stranger in strangers} == {"gone", "unknown"}
    assert len(calls) <= 1 + MOST_APART
    assert sorted({len(ids) for ids in calls if len(ids) > 1}, reverse=True) == [8, 2]


def test_where_ec2_says_nothing_of_anybody_that_is_an_error(account: Account, instances: Instances) -> None:
    disrupted(account, account.primary, account.standby)
    with pytest.raises(ClientError, match="InternalError"):
        instances.describe([account.primary, account.standby])


def test_what_ec2_refuses_is_an_error(account: Account, instances: Instances) -> None:
    before(account.ec2, "DescribeInstances", lambda: "RequestLimitExceeded")
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        instances.describe([account.primary])


def test_whoever_has_an_address_is_found_if_it_runs_and_has_the_tag(account: Account, instances: Instances) -> None:
    tag = (PROBED["Key"], PROBED["Value"])
    account.ec2.stop_instances(InstanceIds=[account.backends[1]])
    account.ec2.delete_tags(Resources=[account.backends[2]], Tags=[PROBED])
    addresses = [account.addresses[host] for host in (*account.backends[:3], account.primary)]
    assert instances.at([*addresses, "192.0.2.1"], tag).keys() == {account.backends[0]}
