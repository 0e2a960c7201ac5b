"""What somebody could forge, who may write parameters, send events or invoke the function: a test for each claim."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from nat_failover.lock.record import LockState, Record
from nat_failover.network.route_tables import RouteTablesError
from tests.examples import NOW, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, TICK
from tests.fakes import report
from tests.fuzz.function import CLAIM, HOSTS, LOCK, MEMORY, SUBNETS, Function

# Somebody who may write parameters


def forged(**changes: Any) -> str:
    """Give a record of a failover that nobody has begun."""
    record = Record(LockState.FAILING_OVER, "x", NOW - 600, PRIMARY_TABLE, STANDBY_TABLE, {}, (), "because I say so")
    return replace(record, **changes).text()


@pytest.mark.parametrize(
    "tables",
    [
        {"to_table": "rtb-0badbadbadbadbad0"},
        {"from_table": "rtb-0badbadbadbadbad0"},
        {"from_table": "rtb-0badbadbadbadbad0", "to_table": "rtb-0badbadbadbadbad1"},
        {"to_table": PRIMARY_TABLE},
        {"from_table": STANDBY_TABLE},
    ],
)
def test_a_forged_record_moves_no_subnet_to_a_table_that_is_not_the_pairs(tables: dict[str, str]) -> None:
    function = Function()
    function.put(LOCK, forged(**tables))
    function.account.holdings.routes |= {"rtb-0badbadbadbadbad0": [], "rtb-0badbadbadbadbad1": []}
    with pytest.raises(RouteTablesError, match="can't be finished"):
        function.invoke(TICK)
    assert function.on(PRIMARY_TABLE) == set(SUBNETS)
    assert {call.operation for call in function.writes} == {"PutParameter"}
    assert json.loads(function.lock or "")["state"] == "failed"


def test_a_forged_record_can_not_name_associations() -> None:
    function = Function()
    foreign = "rtbassoc-0badbadbadbadbad0"
    function.account.holdings.routes["rtb-0badbadbadbadbad0"] = []
    function.account.holdings.associations[foreign] = ("subnet-0badbadbadbadbad0", "rtb-0badbadbadbadbad0")
    function.put(LOCK, forged(subnets={"subnet-0badbadbadbadbad0": foreign}))
    function.invoke(TICK)
    assert foreign in function.account.holdings.associations
    moved = [c.arguments for c in function.writes if c.operation == "ReplaceRouteTableAssociation"]
    assert {call["RouteTableId"] for call in moved} == {STANDBY_TABLE}


def test_a_forged_claim_holds_no_longer_than_an_honest_one() -> None:
    function = Function()
    function.put(CLAIM, json.dumps({"owner": "x", "until": NOW + 1e9}), at=NOW - 2 * function.settings.claim_lease - 1)
    assert function.invoke(function.event())["outcome"] == "failed-over"


# Somebody who may send events, or invoke the function


@pytest.mark.parametrize("status", ["Failed", "Success", "TimedOut", "Cancelled"])
def test_a_forged_event_is_only_a_reason_to_look(status: str) -> None:
    function = Function()
    function.healthy(*HOSTS)
    for host in HOSTS:
        function.invoke(function.event(status=status, **{"instance-id": host}))
    assert function.writes == []


def test_an_event_of_a_command_that_is_not_the_probes_brings_no_evidence() -> None:
    function = Function()
    function.healthy(*HOSTS)
    theirs = function.watched(*HOSTS, sent_at=NOW - 10)
    theirs.arguments = {**theirs.arguments, "DocumentName": "AWS-RunShellScript"}
    failed = {host: report("offline", NOW - 3, elapsed=7) for host in HOSTS}
    answer = function.run_command.answer
    function.run_command.answer = lambda command, host: failed[host] if command is theirs else answer(command, host)
    invoked = function.invoke(function.event(**{"command-id": theirs.command_id}))
    assert (invoked["cause"], function.writes) == ("HEALTHY", [])


@pytest.mark.parametrize("extra", [{"to": STANDBY_TABLE}, {"action": "FAIL_OVER"}, {"observations": []}])
def test_nothing_else_in_an_event_is_heard(extra: dict[str, object]) -> None:
    function = Function()
    function.healthy(*HOSTS)
    invoked = function.invoke({**TICK, **extra, "detail": extra})
    assert (invoked["cause"], function.writes) == ("HEALTHY", [])


# Somebody who writes claims again and again


def forging(function: Function, text: str | None = None) -> None:
    """Write a claim, as somebody does who never fails over."""
    now = function.clock.now()
    owner = {"owner": "x", "until": now + 110}
    function.put(CLAIM, text or json.dumps(owner), at=now)


def outages(function: Function, minutes: int, *forms: str) -> list[object]:
    """Let a tick come every minute while somebody writes a claim before each, and the backends stay offline."""
    outcomes: list[object] = []
    for minute in range(minutes):
        function.clock.time = NOW + 60 * minute
        function.results = {host: report("offline", function.clock.now() - 1, elapsed=90) for host in HOSTS}
        forging(function, *(form.replace("SINCE", str(function.clock.now())) for form in forms))
        outcomes.append(function.invoke(TICK).get("outcome"))
    return outcomes


FORMS = [
    (),
    ('{"owner": "x", "until": 9e9, "since": SINCE, "lock": 1}',),
    ("nonsense",),
]


@pytest.mark.parametrize("form", FORMS)
def test_claims_that_are_written_again_and_again_count_no_more_after_two_leases(form: tuple[str, ...]) -> None:
    function = Function()
    outcomes = outages(function, 5, *form)
    assert outcomes[:2] == ["lost", "lost"]
    assert "failed-over" in outcomes[2:4]
    assert function.on(STANDBY_TABLE) == set(SUBNETS)


def test_of_a_failover_that_claims_keep_from_being_made_people_are_told_after_a_lease() -> None:
    function = Function()
    assert outages(function, 2) == ["lost", "lost"]
    (mail, event) = function.messages
    assert "a claim is in the way" in mail
    for association in function.account.holdings.associations:
        assert f"--association-id {association} " in mail
    assert "failover-blocked" in event


def test_a_claim_that_is_waited_for_after_a_failover_and_a_rearming_wakes_nobody() -> None:
    function = Function()
    function.put(CLAIM, json.dumps({"owner": "x", "until": NOW + 50, "since": NOW - 10.5, "lock": 3}), at=NOW - 10)
    assert function.invoke(TICK)["outcome"] == "lost"
    assert function.messages == []


def test_while_the_pair_is_armed_no_claim_keeps_people_from_being_told_of_other_troubles() -> None:
    function = Function()
    function.account.holdings.instances[STANDBY] = replace(
        function.account.holdings.instances[STANDBY], state="stopped"
    )
    for minute in range(5):
        function.clock.time = NOW + 60 * minute
        forging(function)
        function.healthy(*HOSTS)
        function.invoke(TICK)
    assert any("passive-nat-unhealthy" in message for message in function.messages)


# Somebody who writes what people have been told


def muted(function: Function, at: float, kind: str = "control-down") -> str:
    """Give a memory by which people know of a trouble already."""
    sent = {"topic": round(at), "event": round(at)}
    entry = {"kind": kind, "incident": "x", "since": round(at), "noticed": round(at), "due": True, "told": sent}
    return json.dumps({**json.loads(function.account.holdings.parameters[MEMORY][-1].text), "troubles": [entry]})


def offline_by_both(function: Function) -> None:
    """Let the Internet be gone for everybody, which people are told of at once."""
    lost = report("offline", function.clock.now() - 1, elapsed=90, passive="no")
    function.results = dict.fromkeys(HOSTS, lost)


@pytest.mark.parametrize(("ahead", "is_sent"), [(-60.0, False), (-86_500.0, True), (3600.0, True), (1e9, True)])
def test_a_forged_memory_mutes_a_trouble_for_a_day_at_most_and_what_is_to_come_is_no_memory(
    ahead: float, is_sent: bool
) -> None:
    function = Function()
    function.put(MEMORY, muted(function, NOW + ahead))
    offline_by_both(function)
    assert function.invoke(TICK)["cause"] == "CONTROL_DOWN"
    assert any("control-down" in message for message in function.messages) is is_sent


def test_the_metrics_that_alarms_look_at_depend_on_no_memory() -> None:
    function = Function()
    function.put(MEMORY, muted(function, NOW - 60))
    offline_by_both(function)
    function.invoke(TICK)
    assert '"ControlDown":[1.0]' in function.measured.getvalue().replace(" ", "")
