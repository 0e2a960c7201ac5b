"""Who could be asked: small fleets are listed, large ones sampled, in the same number of calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from nat_failover.probing.fleet import MOST_PAGES, MOST_PAGES_OF_NAMED, Fleet
from tests.fakes import Managed, before
from tests.gate.gate import Gate
from tests.integration.account import Account, pair_in_moto

# Calls are made at one moment: nothing is refused for its rate.
GATE = Gate()


@pytest.fixture(scope="module")
def shared() -> Iterator[Account]:
    with pair_in_moto() as account:
        yield account


class Tagged:
    """EC2's DescribeTags over a fleet that is too large for moto; requests are built as ever, only nothing is sent."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.known: list[str] = []
        self.calls: list[dict[str, list[str]]] = []
        self.empty_pages = 0
        account.ec2.meta.events.register("before-call.ec2.DescribeTags", self._answer)

    def close(self) -> None:
        """Let moto answer again."""
        self.account.ec2.meta.events.unregister("before-call.ec2.DescribeTags", self._answer)

    def _answer(self, params: Any, **_: object) -> tuple[Any, dict[str, Any]]:
        body = params["body"]
        filters = {
            body[f"Filter.{n}.Name"]: [v for k, v in body.items() if k.startswith(f"Filter.{n}.Value.")]
            for n in range(1, 10)
            if f"Filter.{n}.Name" in body
        }
        self.calls.append(filters)
        named = [{"Name": name, "Values": values} for name, values in filters.items()]
        GATE.admit("ec2", "DescribeTags", {"Filters": named, "MaxResults": int(body["MaxResults"])})
        patterns = filters.get("resource-id", [])
        assert all(re.fullmatch(r"i-(\*[0-9a-f]{3}|[0-9a-f]{17})", pattern) for pattern in patterns)
        endings = tuple(pattern.removeprefix("i-").removeprefix("*") for pattern in patterns)
        found = [i for i in self.known if not endings or i.endswith(endings)]
        page = int(body["MaxResults"])
        if int(body.get("NextToken", 0)) < self.empty_pages:
            return SimpleNamespace(status_code=200), {"Tags": [], "NextToken": str(int(body.get("NextToken", 0)) + 1)}
        page_of_tags: dict[str, Any] = {"Tags": [{"ResourceId": i} for i in found[:page]]}
        return SimpleNamespace(status_code=200), page_of_tags | ({"NextToken": "999"} if len(found) > page else {})


@pytest.fixture
def tagged(shared: Account) -> Iterator[Tagged]:
    run_command = shared.run_command
    run_command.online, run_command.managed, run_command.page = (
        [*shared.backends, shared.primary, shared.standby],
        {},
        50,
    )
    run_command.calls.clear()
    answering = Tagged(shared)
    yield answering
    answering.close()


def grown(tagged: Tagged, size: int) -> list[str]:
    """Let there be so many backends, all of them online."""
    chance = tagged.account.clock.random
    tagged.known = [f"i-{chance.getrandbits(68):017x}" for _ in range(size)]
    tagged.account.run_command.online = list(tagged.known)
    return tagged.known


def calls(tagged: Tagged) -> tuple[int, int]:
    """Count the calls of SSM and EC2 since the last time."""
    counted = len(tagged.account.run_command.calls), len(tagged.calls)
    tagged.account.run_command.calls.clear()
    tagged.calls.clear()
    return counted


def test_a_small_fleet_is_listed_by_the_pairs_tag_and_nothing_beside_it_which_aws_would_refuse(tagged: Tagged) -> None:
    tagged.account.fleet.online()
    ((operation, arguments),) = tagged.account.run_command.calls
    assert operation == "DescribeInstanceInformation"
    assert arguments["Filters"] == [{"Key": "tag:nat-failover:probe", "Values": ["main"]}]


@pytest.mark.parametrize("size", [8, 200])
def test_none_is_given_that_runs_windows_or_was_not_heard_of_for_long_or_is_outside_ec2(
    tagged: Tagged, size: int
) -> None:
    known, run_command = grown(tagged, size), tagged.account.run_command
    run_command.managed = {host: Managed(host, platform="Windows") for host in known[:2]}
    run_command.managed |= {host: Managed(host, ping="ConnectionLost") for host in known[2:4]}
    run_command.online = [*known, "mi-0123456789abcdef0"]
    for _ in range(20):
        given = tagged.account.fleet.online(known[:6])
        assert set(known[4:6]) <= set(given) <= set(known[4:])


@pytest.mark.parametrize("page", [3, 20])
def test_pages_that_are_short_are_read_on(tagged: Tagged, page: int) -> None:
    known, run_command = grown(tagged, 10), tagged.account.run_command
    run_command.page = page
    assert sorted(tagged.account.fleet.online()) == sorted(known)


def test_an_empty_page_with_a_token_is_not_the_end_of_the_list(tagged: Tagged) -> None:
    known, client = grown(tagged, 10), tagged.account.clients.ssm

    def empty_at_first(params: Any, **_: object) -> tuple[Any, dict[str, Any]] | None:
        first = "NextToken" not in str(params["body"])
        return (SimpleNamespace(status_code=200), {"InstanceInformationList": [], "NextToken": "0"}) if first else None

    name = "before-call.ssm.DescribeInstanceInformation"
    client.meta.events.register_first(name, empty_at_first)  # type: ignore[arg-type]
    try:
        assert sorted(tagged.account.fleet.online()) == sorted(known)
    finally:
        client.meta.events.unregister(name, empty_at_first)  # type: ignore[arg-type]


def test_a_list_in_the_shortest_of_pages_does_not_hold_up_a_tick(tagged: Tagged) -> None:
    known, run_command = grown(tagged, 40), tagged.account.run_command
    run_command.page = 1
    given = tagged.account.fleet.online()
    assert set(given) <= set(known)
    assert len(run_command.calls) <= MOST_PAGES + MOST_PAGES_OF_NAMED


def test_a_terminated_instance_that_still_has_its_tag_does_not_hide_the_others(tagged: Tagged) -> None:
    known, account = grown(tagged, 60), tagged.account
    tagged.known = [*known, *account.backends]
    account.run_command.online += account.backends[1:]
    account.ec2.terminate_instances(InstanceIds=account.backends[:1])
    before(account.ssm, "DescribeInstanceInformation", lambda: "InvalidInstanceId", about=account.backends[0], times=9)
    given = account.fleet.online(account.backends)
    assert set(account.backends[1:]) <= set(given)
    assert account.backends[0] not in given


def test_the_nats_are_no_backends_though_they_be_tagged(tagged: Tagged) -> None:
    account = tagged.account
    assert account.primary in account.run_command.online
    assert sorted(account.fleet.online()) == list(account.backends)
    grown(tagged, 60)
    tagged.known += [account.primary, account.standby]
    account.run_command.online = tagged.known
    for _ in range(20):
        assert not {account.primary, account.standby}.intersection(account.fleet.online())


@pytest.mark.parametrize("size", [51, 1_000, 1_001, 3_000, 50_000])
def test_of_a_large_fleet_a_choice_is_looked_at_in_two_calls(tagged: Tagged, size: int) -> None:
    known, fleet = set(grown(tagged, size)), tagged.account.fleet
    fleet.online()  # and now it knows how large the fleet is
    calls(tagged)
    online = fleet.online()
    assert tagged.account.settings.sample_size <= len(online) <= 50
    assert known.issuperset(online)
    assert calls(tagged) == (1, 1)


def test_every_backend_of_a_large_fleet_may_be_chosen(tagged: Tagged) -> None:
    known, fleet = grown(tagged, 1_500), tagged.account.fleet
    seen = {host for _ in range(400) for host in fleet.online()}
    assert len(seen) > 0.99 * len(known)


@pytest.mark.parametrize("size", [300, 3_000])
def test_a_choice_misses_none_of_those_that_it_must_not_miss(tagged: Tagged, size: int) -> None:
    known, fleet = grown(tagged, size), tagged.account.fleet
    first = set(known[-7:])
    for _ in range(20):
        assert first.issubset(fleet.online(first))


def test_a_choice_that_must_not_miss_many_names_no_more_values_than_a_request_takes(tagged: Tagged) -> None:
    known, fleet = grown(tagged, 3_000), tagged.account.fleet
    fleet.online()
    calls(tagged)
    fleet.online(known[-96:])
    assert [sum(map(len, filters.values())) for filters in tagged.calls] == [200]


def test_of_a_large_fleet_only_those_are_given_whose_agent_is_online(tagged: Tagged) -> None:
    known, fleet = grown(tagged, 200), tagged.account.fleet
    online = set(known[:120])
    tagged.account.run_command.online = sorted(online)
    for _ in range(20):
        assert online.issuperset(fleet.online(known[150:155]))


def test_a_fleet_that_shrinks_is_listed_again(tagged: Tagged) -> None:
    grown(tagged, 3_000)
    fleet: Fleet = tagged.account.fleet
    fleet.online()
    few = grown(tagged, 12)
    for _ in range(3):
        fleet.online()
    calls(tagged)
    assert sorted(fleet.online()) == sorted(few)
    assert calls(tagged) == (1, 0)


def test_a_large_fleet_whose_list_begins_with_empty_pages_is_looked_at_as_ever(tagged: Tagged) -> None:
    known, fleet = set(grown(tagged, 3_000)), tagged.account.fleet
    fleet.online()
    tagged.empty_pages = MOST_PAGES
    online = fleet.online()
    assert tagged.account.settings.sample_size <= len(online) <= 50
    assert known.issuperset(online)


def test_a_large_fleet_of_which_only_empty_pages_are_seen_is_not_taken_for_a_small_one(tagged: Tagged) -> None:
    known, fleet = set(grown(tagged, 3_000)), tagged.account.fleet
    fleet.online()
    tagged.empty_pages = 99
    calls(tagged)
    assert known.issuperset(fleet.online())
    assert calls(tagged)[1] == MOST_PAGES_OF_NAMED
    tagged.empty_pages = 0
    assert len(fleet.online()) >= tagged.account.settings.sample_size
    assert calls(tagged) == (1, 1)


def test_where_few_have_one_of_the_endings_that_were_drawn_all_are_looked_for_next_time(tagged: Tagged) -> None:
    grown(tagged, 1_200)
    fleet = tagged.account.fleet
    fleet.online()
    known = grown(tagged, 100)
    fleet.online()
    assert len(fleet.online()) == 50
    assert set(known).issuperset(fleet.online())
