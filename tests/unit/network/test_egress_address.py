"""The egress address: what is said of where it is, and of what keeps it from doing its work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nat_failover.lock.record import EgressMove
from nat_failover.network.egress_address import Address, Addresses, Move, astray, elsewhere, problems, unaddressed
from nat_failover.network.instances import Attached, Nat
from nat_failover.settings import Settings
from tests.examples import NOW, PRIMARY, STANDBY, settings

ALLOCATION = "eipalloc-0123456789abcdef0"
ACTIVE = Nat(PRIMARY, "running", NOW - 90_000, "10.0.0.11", "eni-0123456789abcdef0", "203.0.113.99")
PASSIVE = Nat(STANDBY, "running", NOW - 90_000, "10.0.0.12", "eni-0123456789abcdef1", "198.51.100.7")
WITH_ACTIVE = Address(ALLOCATION, "203.0.113.99", PRIMARY, ACTIVE.interface)
SECOND = "eipalloc-0123456789abcdef1"
WITH_PASSIVE = Address(SECOND, "203.0.113.98", STANDBY, PASSIVE.interface)
WELL = Addresses(WITH_ACTIVE)
PAIR = settings(egress_allocation=ALLOCATION)
CHANGING = settings(egress_allocation=ALLOCATION, standby_egress_allocation=SECOND)


def test_an_address_with_the_active_nat_is_not_elsewhere() -> None:
    assert elsewhere(WITH_ACTIVE, ACTIVE) is None


@pytest.mark.parametrize(
    "address",
    [
        Address(ALLOCATION, "203.0.113.99", PRIMARY, "eni-0fedcba9876543210"),
        Address(ALLOCATION, "203.0.113.99", None, ACTIVE.interface),
    ],
)
def test_an_address_is_known_by_the_instance_or_by_its_interface(address: Address) -> None:
    assert elsewhere(address, ACTIVE) is None


def test_an_instance_without_an_interface_has_no_address_that_nobody_has() -> None:
    assert elsewhere(Address(ALLOCATION, "203.0.113.99"), replace(ACTIVE, interface=None)) is not None


@pytest.mark.parametrize(
    ("holder", "holder_in_words"),
    [
        ({"instance": STANDBY, "interface": PASSIVE.interface}, STANDBY),
        ({"instance": None, "interface": PASSIVE.interface}, str(PASSIVE.interface)),
        ({"instance": None, "interface": None}, "nobody"),
    ],
)
def test_an_address_that_is_elsewhere_is_told_with_its_holder(
    holder: dict[str, str | None], holder_in_words: str
) -> None:
    address = replace(WITH_ACTIVE, instance=holder["instance"], interface=holder["interface"])
    assert elsewhere(address, ACTIVE) == (
        f"egress address 203.0.113.99 is with {holder_in_words}, not with the active NAT {PRIMARY}"
    )


def test_an_address_of_which_nothing_is_known_is_told_by_its_allocation() -> None:
    address = Address(ALLOCATION, trouble="there is no such Elastic IP in this account and region")
    assert elsewhere(address, ACTIVE) == (
        f"egress address {ALLOCATION}: there is no such Elastic IP in this account and region"
    )


def test_a_pair_that_is_well_has_no_problem() -> None:
    assert problems(WELL, ACTIVE, PASSIVE, PAIR) == ()
    assert problems(WELL, ACTIVE, PASSIVE, PAIR, [WITH_ACTIVE]) == ()


def test_a_passive_nat_without_a_public_address_is_a_problem_of_its_own() -> None:
    (problem,) = problems(WELL, ACTIVE, replace(PASSIVE, public=None), PAIR)
    assert problem == (
        f"the passive NAT {STANDBY} has no public address and can't take over until it has one: after it gave up the "
        "egress address, EC2 gives it another within about five minutes"
    )


def test_a_passive_nat_with_a_second_interface_is_said_to_get_no_address_ever() -> None:
    attached = (Attached(f"eni-0123456789abcdef{n}", None, checked=None) for n in (1, 2))
    without = replace(PASSIVE, public=None, attached=tuple(attached))
    assert str(unaddressed(without, PAIR)).endswith(": EC2 gives it none, for it has 2 network interfaces")


def test_a_passive_nat_that_has_lost_the_standbys_address_is_to_be_given_that() -> None:
    assert str(unaddressed(replace(PASSIVE, public=None), CHANGING)).endswith(f": associate {SECOND} with it")


@pytest.mark.parametrize(
    ("passive", "of"),
    [
        (PASSIVE, PAIR),
        (replace(PASSIVE, state="stopped", public=None), PAIR),
        (replace(PASSIVE, public=None), settings()),
    ],
)
def test_who_has_an_address_does_not_run_or_needs_none_is_not_without_one(passive: Nat, of: Settings) -> None:
    assert unaddressed(passive, of) is None


def test_an_elastic_ip_of_the_passive_nats_own_would_be_lost() -> None:
    own = Address("eipalloc-0fedcba9876543210", "198.51.100.7", STANDBY, PASSIVE.interface)
    (problem,) = problems(WELL, ACTIVE, PASSIVE, PAIR, [WITH_ACTIVE, own])
    assert problem == (
        f"the passive NAT {STANDBY} has an Elastic IP of its own, 198.51.100.7, which EC2 takes from it when the "
        "egress address comes"
    )


def test_the_standbys_address_is_no_other_elastic_ip_and_is_well_with_the_passive_nat() -> None:
    both = Addresses(WITH_ACTIVE, WITH_PASSIVE)
    assert problems(both, ACTIVE, PASSIVE, CHANGING, [WITH_ACTIVE, WITH_PASSIVE]) == ()


@pytest.mark.parametrize("holder", [PRIMARY, None])
def test_a_standbys_address_that_the_passive_nat_has_not_is_told_with_its_holder(holder: str | None) -> None:
    both = Addresses(WITH_ACTIVE, replace(WITH_PASSIVE, instance=holder, interface=None))
    wanted = f"standby address 203.0.113.98 is with {holder or 'nobody'}, not with the passive NAT {STANDBY}"
    assert astray(both, ACTIVE, PASSIVE) == (wanted,)


def test_all_problems_are_told() -> None:
    lost = Addresses(replace(WITH_ACTIVE, instance=None, interface=None))
    assert len(problems(lost, ACTIVE, replace(PASSIVE, public=None), PAIR)) == 2


def test_what_became_of_both_addresses_is_said_and_recorded() -> None:
    second = Move(SECOND, PRIMARY, "203.0.113.98", ACTIVE.interface, "UnauthorizedOperation: no")
    move = Move(ALLOCATION, STANDBY, "203.0.113.99", PASSIVE.interface, standby=second)
    assert move.in_words == (
        f"egress address 203.0.113.99 moved to {STANDBY}; standby address 203.0.113.98 not moved to {PRIMARY}: "
        "UnauthorizedOperation: no"
    )
    assert (move.left, move.record) == ((second,), EgressMove(ALLOCATION, True, EgressMove(SECOND, False)))


def test_a_move_that_was_made_says_so_by_the_address() -> None:
    move = Move(ALLOCATION, STANDBY, "203.0.113.99", PASSIVE.interface)
    assert (move.in_words, move.record) == (
        f"egress address 203.0.113.99 moved to {STANDBY}",
        EgressMove(ALLOCATION, True),
    )


def test_a_move_that_was_refused_says_why_and_how_it_is_made_by_hand() -> None:
    move = Move(ALLOCATION, STANDBY, None, None, "UnauthorizedOperation: no")
    assert move.in_words == f"egress address {ALLOCATION} not moved to {STANDBY}: UnauthorizedOperation: no"
    assert move.record == EgressMove(ALLOCATION, False)
    assert move.by_hand == (
        f"aws ec2 associate-address --allocation-id {ALLOCATION} --instance-id {STANDBY} --allow-reassociation"
    )
