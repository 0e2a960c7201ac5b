"""Pairs and stacks that get in each other's way, and whatever else may stand in a configuration."""

from __future__ import annotations

import pytest

from infra.config import read_configuration
from tests.infra.config.refusals import problems
from tests.infra.documents import two_zones as example
from tests.tools.checked import pair


@pytest.mark.parametrize(
    ("second", "path"),
    [
        (pair("main", "1"), "name"),
        (pair("ma-in", "1"), "name"),
        ({**pair("other", "1"), "primaryRouteTableId": "rtb-0123456789abcdef0"}, "primaryRouteTableId"),
        (pair("other", "1", probeTag={"value": "main"}), "probeTag"),
        (pair("other", "1", ssmAccess="none"), "ssmAccess"),
        (pair("other", "1", standbyElasticIp="eipalloc-0123456789abcdef0"), "standbyElasticIp"),
    ],
)
def test_two_pairs_that_get_in_each_others_way_are_told(second: dict[str, object], path: str) -> None:
    (sentence,) = problems({"pairs": [pair(ssmAccess="create", standbyElasticIp="eipalloc-0123456789abcdef0"), second]})
    assert sentence.startswith(f"nat-failover.pairs[1].{path} is ")
    assert "nat-failover.pairs[0]" in sentence


def standing(name: str, digit: str, table: str) -> dict[str, object]:
    there = {"standbyInstanceId": "i-0fedcba9876543210", "standbyRouteTableId": table}
    return pair(name, digit, standbySubnetId=None, **there)


def test_no_table_is_in_two_pairs_in_whichever_role() -> None:
    theirs, mine = "rtb-0fedcba9876543210", "rtb-0fedcba9876543211"
    same = problems({"pairs": [standing("main", "0", theirs), standing("other", "1", theirs)]})
    crossed = problems({"pairs": [pair(), standing("other", "1", "rtb-0123456789abcdef0")]})
    for (sentence,), first in ((same, "standbyRouteTableId"), (crossed, "primaryRouteTableId")):
        assert sentence.startswith("nat-failover.pairs[1].standbyRouteTableId is ")
        assert f": so is nat-failover.pairs[0].{first}, and a table can be in one pair only: make a table" in sentence
    assert read_configuration({"pairs": [standing("main", "0", theirs), standing("other", "1", mine)]})


def test_whoever_names_one_table_in_two_pairs_is_told_what_to_do() -> None:
    (sentence,) = problems({"pairs": [pair(), pair("other", "1") | {"primaryRouteTableId": "rtb-0123456789abcdef0"}]})
    assert sentence.endswith(
        "make one pair for all subnets of a table, or give the subnets of this pair a table of their own"
    )


def backing_each_other_up(**changes: dict[str, str]) -> dict[str, object]:
    """Give two zones whose NATs stand by for each other, each with further settings, by the pair's name."""
    block = example()
    return block | {"pairs": [settings | changes.get(settings["name"], {}) for settings in block["pairs"]]}


EGRESS, OTHER_EGRESS = "eipalloc-0123456789abcdef0", "eipalloc-0fedcba9876543210"


def test_two_nats_may_stand_by_for_each_other_and_one_pair_may_have_an_egress_address() -> None:
    assert read_configuration(backing_each_other_up())
    assert read_configuration(backing_each_other_up(**{"zone-a": {"egressAddress": EGRESS}}))


@pytest.mark.parametrize("shared", ["each stands by for the other", "one stands by for both"])
def test_egress_addresses_that_would_displace_each_other_are_refused(shared: str) -> None:
    mine, theirs = {"egressAddress": EGRESS}, {"egressAddress": OTHER_EGRESS}
    if shared == "one stands by for both":
        pairs = [standing("main", "0", "rtb-0fedcba9876543210"), standing("other", "1", "rtb-0fedcba9876543211")]
        (sentence,) = problems({"pairs": [pairs[0] | mine, pairs[1] | theirs]})
        assert " i-0fedcba9876543210 is a NAT of both" in sentence
    else:
        (sentence,) = problems(backing_each_other_up(**{"zone-a": mine, "zone-b": theirs}))
        assert " i-0bbbbbbbbbbbbbbbb is a NAT of both" in sentence
    assert sentence.startswith(
        f'nat-failover.pairs[1].egressAddress is "{OTHER_EGRESS}": nat-failover.pairs[0] has one'
    )


def test_two_zones_may_be_whoever_has_the_two_interfaces() -> None:
    first, second = (dict(each) for each in example()["pairs"])
    faces = ("eni-0123456789abcdef0", "eni-0fedcba9876543210")
    for each, (mine, theirs) in ((first, faces), (second, faces[::-1])):
        del each["primaryInstanceId"], each["standbyInstanceId"]
        each |= {"primaryNetworkInterfaceId": mine, "standbyNetworkInterfaceId": theirs}
    assert read_configuration({"pairs": [first, second]})


def test_egress_addresses_of_pairs_with_nats_of_their_own_are_fine() -> None:
    assert read_configuration({"pairs": [pair(egressAddress=EGRESS), pair("other", "1", egressAddress=OTHER_EGRESS)]})


@pytest.mark.parametrize("theirs", ["egressAddress", "standbyElasticIp"])
def test_an_egress_address_follows_one_pair_only_and_is_nobodys_fixed_one(theirs: str) -> None:
    address = "eipalloc-0123456789abcdef0"
    (sentence,) = problems({"pairs": [pair(**{theirs: address}), pair("other", "1", egressAddress=address)]})
    assert sentence.startswith("nat-failover.pairs[1].egressAddress is ")
    assert sentence.endswith(f": so is nat-failover.pairs[0].{theirs}, and an address can be in one pair only")


@pytest.mark.parametrize("theirs", ["egressAddress", "standbyEgressAddress"])
def test_a_second_address_is_no_other_pairs(theirs: str) -> None:
    first, address = "eipalloc-0123456789abcdef1", "eipalloc-0123456789abcdef0"
    one = {"egressAddress": first} | {theirs: address}
    other = {"egressAddress": "eipalloc-0123456789abcdef2", "standbyEgressAddress": address}
    (sentence,) = problems({"pairs": [pair(**one), pair("other", "1", **other)]})
    assert sentence.startswith("nat-failover.pairs[1].standbyEgressAddress is ")
    assert sentence.endswith(f": so is nat-failover.pairs[0].{theirs}, and an address can be in one pair only")


def test_every_pair_may_have_an_address_allocated() -> None:
    assert read_configuration({"defaults": {"standbyElasticIp": "allocate"}, "pairs": [pair(), pair("other", "1")]})


def test_two_stacks_can_not_both_make_endpoints_in_a_vpc() -> None:
    stacks = [{"name": "one", "pairs": ["main"]}, {"name": "two", "pairs": ["other"]}]
    pairs = [pair(ssmAccess="create"), pair("other", "1", ssmAccess="create")]
    (sentence,) = problems({"pairs": pairs, "stacks": stacks})
    assert sentence.startswith('nat-failover.pairs[1].ssmAccess is "create": it must be existing, since ')
    assert read_configuration({"pairs": pairs})


def test_the_same_tag_in_two_regions_is_fine() -> None:
    tag = {"key": "role", "value": "web"}
    pairs = [pair(probeTag=tag), pair("other", "1", probeTag=tag)]
    stacks = [
        {"name": "one", "pairs": ["main"], "region": "eu-central-1"},
        {"name": "two", "pairs": ["other"], "region": "eu-west-1"},
    ]
    assert len(read_configuration({"pairs": pairs, "stacks": stacks}).stacks) == 2
    assert len(problems({"pairs": pairs})) == 1


@pytest.mark.parametrize(
    ("stacks", "sentence"),
    [
        ([{"name": "s", "pairs": ["main", "mian"]}], 'stacks[0].pairs[1] is "mian": it must be the name of a pair'),
        (
            [{"name": "s", "pairs": ["main"]}, {"name": "t", "pairs": ["main"]}],
            'stacks[1].pairs[0] is "main": nat-failover.stacks[0] holds it already',
        ),
        (
            [{"name": "s", "pairs": ["main"]}, {"name": "s", "pairs": ["other"]}],
            'stacks[1].name is "s": nat-failover.stacks[0] has it too',
        ),
        ([{"name": "1s", "pairs": ["main"]}], 'stacks[0].name is "1s": it must be 1 to 128 letters'),
        (
            [{"name": "s", "pairs": ["main"], "region": "Frankfurt"}],
            'stacks[0].region is "Frankfurt": it must be an AWS',
        ),
        ([{"name": "s", "pairs": ["main"], "account": 42}], "stacks[0].account is 42: it must be an AWS account id"),
        ([{"name": "s"}], "stacks[0].pairs is missing"),
        ([], "stacks is []: it must be a list of stacks"),
        ({}, "stacks is {}: it must be a list of stacks"),
    ],
)
def test_a_mistake_in_the_stacks_is_told(stacks: object, sentence: str) -> None:
    pairs = [pair(), pair("other", "1")] if "other" in str(stacks) else [pair()]
    assert any(p.startswith(f"nat-failover.{sentence}") for p in problems({"pairs": pairs, "stacks": stacks}))


def test_a_pair_in_no_stack_is_told() -> None:
    block = {"pairs": [pair(), pair("other", "1")], "stacks": [{"name": "s", "pairs": ["main"]}]}
    assert problems(block) == ['nat-failover.stacks holds ["main"]: pair other is in none of them']
