"""Systems Manager throttles the reads of parameters, as when somebody spends the account's: the function judges all the
same, and acts on nothing but a lock that it has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.examples import BUS, PRIMARY_TABLE, STANDBY_TABLE, TICK
from tests.fuzz.function import HOSTS, LOCK, SUBNETS, Function
from tests.simulation.account.holdings import Refused


def throttled(function: Function, seconds: float) -> None:
    """Refuse the reads of parameters for a while from now on."""
    until, read = function.clock.now() + seconds, function.account.answer

    def answer(arguments: Mapping[str, Any]) -> dict[str, Any]:
        if function.clock.now() < until:
            raise Refused("ThrottlingException", "Rate exceeded")
        return dict(read("GetParameters", arguments))

    function.answers["GetParameters"] = answer


@pytest.mark.parametrize("by_event", [False, True])
def test_where_the_lock_cannot_be_read_for_some_seconds_the_failover_is_made_all_the_same(by_event: bool) -> None:
    function = Function()
    throttled(function, 4.0)
    assert function.invoke(function.event() if by_event else TICK)["outcome"] == "failed-over"
    assert function.on(STANDBY_TABLE) == set(SUBNETS)


def test_where_all_is_well_a_lock_that_cannot_be_read_is_no_error() -> None:
    function = Function()
    function.healthy(*HOSTS)
    throttled(function, 1e9)
    result = function.invoke(TICK)
    assert (result["cause"], (function.writes, function.messages)) == ("HEALTHY", ([], []))
    assert str(result["reason"]).endswith("; the lock can't be read now")
    assert "the lock can't be read now" in function.log
    assert not [call for call in function.calls if call.operation == "SendCommand"]


@pytest.mark.parametrize("by_event", [False, True])
def test_nothing_is_done_or_told_upon_a_lock_that_was_not_read(by_event: bool) -> None:
    function = Function()
    function.put(LOCK, "paused")
    throttled(function, 1e9)
    with pytest.raises(ClientError, match="Rate exceeded"):
        function.invoke(function.event() if by_event else TICK)
    assert (function.writes, function.messages) == ([], [])
    assert not [call for call in function.calls if call.operation == "SendCommand"]


def test_a_pair_that_is_paused_stays_so_when_its_lock_is_read_late() -> None:
    function = Function()
    function.put(LOCK, "paused")
    throttled(function, 4.0)
    assert function.invoke(TICK)["cause"] == "LOCKED"
    assert function.writes == []


@pytest.mark.parametrize("by_event", [False, True])
def test_the_lock_is_read_again_though_all_is_well(by_event: bool) -> None:
    function = Function()
    function.healthy(*HOSTS)
    function.put(LOCK, "unreadable by anybody")
    throttled(function, 4.0)
    ending = BUS.instance_state(function.clock.now(), function.settings.nats[0], "stopping")
    assert function.invoke(ending if by_event else TICK)["cause"] == "LOCKED"
    assert "LockUnreadable" in function.measured.getvalue()


def test_a_tick_looks_at_the_routes_and_changes_none_where_the_lock_stays_unread() -> None:
    function = Function(MIRROR_ROUTES="true")
    function.healthy(*HOSTS)
    route = {"DestinationCidrBlock": "10.99.0.0/16", "VpcPeeringConnectionId": "pcx-0123456789abcdef0"}
    function.account.holdings.routes[PRIMARY_TABLE].append({**route, "State": "active", "Origin": "CreateRoute"})
    throttled(function, 1e9)
    assert function.invoke(TICK)["cause"] == "HEALTHY"
    assert "RoutesDiffer" in function.measured.getvalue()
    assert (function.writes, function.messages) == ([], [])
