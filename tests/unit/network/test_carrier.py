"""Which network interface of a NAT the backends' traffic comes to, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from nat_failover.environment import SettingsError
from nat_failover.judging.first_online import mark
from nat_failover.judging.fitness import why_unfit
from nat_failover.network.instances import Attached, Nat, read_instance
from nat_failover.network.route_table_pair import NatReplacedError, Table, Tables
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, settings

FIRST, SECOND = "eni-0123456789abcdef0", "eni-0fedcba9876543210"
OTHER = "i-0fedcba9876543210"


def described(*, first_checked: bool = False, second_checked: bool = False) -> Nat:
    """Read a NAT with two interfaces, as fck-nat's have in high availability."""
    faces: list[dict[str, Any]] = [
        {
            "NetworkInterfaceId": interface,
            "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"PrivateIpAddress": address}],
            "SourceDestCheck": checked,
            "Attachment": {"DeviceIndex": index},
        }
        for index, (interface, address, checked) in enumerate(
            ((FIRST, "10.0.0.5", first_checked), (SECOND, "10.0.0.9", second_checked))
        )
    ]
    return read_instance(
        {
            "InstanceId": PRIMARY,
            "State": {"Name": "running"},
            "LaunchTime": datetime(2026, 1, 1, tzinfo=UTC),
            "PrivateIpAddress": "10.0.0.5",
            "NetworkInterfaces": faces[::-1],
        }
    )


def tables(interface: str | None, holder: str | None = PRIMARY, nat: str = PRIMARY) -> Tables:
    primary = Table(PRIMARY_TABLE, {"subnet-a": "rtbassoc-a"}, None, nat=nat, interface=interface, holder=holder)
    return Tables({PRIMARY_TABLE: primary, STANDBY_TABLE: Table(STANDBY_TABLE, {}, None, nat=STANDBY)})


def test_the_check_and_the_address_are_those_of_the_interface_that_the_route_leads_to() -> None:
    nat = tables(SECOND).seen_through({PRIMARY: described(second_checked=True)})[PRIMARY]
    assert (nat.address, nat.checked, nat.interface) == ("10.0.0.9", True, FIRST)
    assert "source/destination check" in str(why_unfit(None, PRIMARY, {PRIMARY: nat}))
    assert nat.check_off == (
        f"aws ec2 modify-network-interface-attribute --network-interface-id {SECOND} --no-source-dest-check"
    )


def test_a_check_of_an_interface_that_carries_nothing_is_no_obstacle() -> None:
    nat = tables(SECOND).seen_through({PRIMARY: described(first_checked=True)})[PRIMARY]
    assert why_unfit(None, PRIMARY, {PRIMARY: nat}) is None


@pytest.mark.parametrize("interface", [None, FIRST, "eni-0aaaaaaaaaaaaaaaa"])
def test_where_the_route_names_no_other_interface_of_the_nat_the_first_one_counts(interface: str | None) -> None:
    nat = tables(interface).seen_through({PRIMARY: described(first_checked=True)})[PRIMARY]
    assert (nat.address, nat.checked) == ("10.0.0.5", True)
    assert f"--network-interface-id {FIRST} " in nat.check_off


def test_a_nat_with_one_interface_is_mended_by_its_id() -> None:
    nat = Nat(PRIMARY, "running", None, interface=FIRST, attached=(Attached(FIRST, None, checked=True),), checked=True)
    assert nat.check_off == f"aws ec2 modify-instance-attribute --instance-id {PRIMARY} --no-source-dest-check"


def by_interface() -> Settings:
    """Read the settings of a pair whose primary NAT is whoever has an interface."""
    known = {name: value for name, value in ENVIRONMENT.items() if name != "NAT_FAILOVER_PRIMARY_INSTANCE"}
    return Settings.from_environment(known | {"NAT_FAILOVER_PRIMARY_INTERFACE": SECOND})


def test_until_it_is_known_who_has_the_interface_the_interface_stands_for_its_holder() -> None:
    assert by_interface().nats == (SECOND, STANDBY)
    assert by_interface().nats_by_id == (STANDBY,)


def test_whoever_has_the_interface_is_the_nat() -> None:
    with pytest.raises(NatReplacedError) as replaced:
        tables(SECOND, OTHER, nat=SECOND).check_holders(by_interface())
    now = replaced.value.settings
    assert now.nats == (OTHER, STANDBY)
    tables(SECOND, OTHER, nat=OTHER).check_holders(now)


def test_while_nobody_has_the_interface_the_last_one_stays_the_nat() -> None:
    settled = tables(SECOND, OTHER, nat=SECOND).settled(by_interface())
    assert tables(SECOND, None, nat=OTHER).settled(settled) == settled


def test_whoever_is_behind_another_interface_is_not_the_nat() -> None:
    before = by_interface()
    assert tables(FIRST, OTHER, nat=SECOND).settled(before) == before


@pytest.mark.parametrize("interface", [SECOND, None])
def test_a_nat_that_is_named_by_its_id_stays_the_nat_whoever_the_route_leads_to(interface: str | None) -> None:
    tables(interface, OTHER).check_holders(settings())


def test_that_backends_were_online_through_an_interface_is_true_of_its_next_holder() -> None:
    before = by_interface()
    after = tables(SECOND, OTHER, nat=SECOND).settled(before)
    assert mark(PRIMARY_TABLE, before) == mark(PRIMARY_TABLE, after)


def test_a_nat_takes_an_instance_or_an_interface() -> None:
    known = {name: value for name, value in ENVIRONMENT.items() if name != "NAT_FAILOVER_PRIMARY_INSTANCE"}
    with pytest.raises(SettingsError, match="NAT_FAILOVER_PRIMARY_INSTANCE is not set"):
        Settings.from_environment(known)
