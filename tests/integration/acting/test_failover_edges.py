"""What a failover says of itself: its result, the lock's record, the mail and the event, to the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.acting.execution import Known, Result
from nat_failover.judging.decision import Action, Cause, Decision
from nat_failover.network.describing import Instances
from nat_failover.network.route_tables import RouteTablesError, SwapFailedError
from nat_failover.settings import Mode
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.invocation import REASON, Acting
from tests.integration.network.egress_address import PUBLIC, Moving, allocate

REPLACE = "ReplaceRouteTableAssociation"


@pytest.fixture
def moving(account: Account) -> Moving:
    """Be an invocation of a pair that has an egress address."""
    allocate(account)
    return Moving(account)


def moved(account: Account, seconds: float = 0.0) -> str:
    """Say that both subnets have moved."""
    return f"2 subnets moved from {account.primary_table} to {account.standby_table} in {seconds:.1f} s"


def incident_now(account: Account) -> str:
    """Name the incident of a failover that begins now: by the record, so that all messages about it have it."""
    return f"main-failover-{datetime.fromtimestamp(account.clock.now(), UTC):%Y%m%dT%H%M%SZ}"


def refuse_all(account: Account) -> None:
    """Let EC2 refuse every replacement."""
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", times=99)


# Results


def test_who_finds_the_claim_taken_says_so(acting: Acting) -> None:
    acting.lock.take("request-0")
    assert acting.carry_out() == Result("lost", "another invocation has the claim and is failing over")
    assert acting.finish() == Result("lost", "another invocation has the claim and is finishing the failover")


def test_who_finds_the_lock_written_says_what_stands_there(account: Account, acting: Acting) -> None:
    account.lock = "paused"
    paused = "paused by a person: nothing is probed until it is resumed"
    assert acting.carry_out() == Result("locked", f"no longer armed when it came to act: {paused}")


def test_who_finds_nothing_to_finish_says_so_and_leaves_the_claim_to_the_next(account: Account, acting: Acting) -> None:
    account.lock = "armed"
    assert acting.finish() == Result("locked", "nothing is left to finish: armed")
    assert acting.lock.take("request-3") is not None


def test_observe_mode_says_that_it_finishes_nothing(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    sentence = "a failover that was begun before is not finished: observe mode changes nothing"
    assert Acting(account).finish() == Result("observed", sentence)


def test_a_decision_that_does_not_say_where_to_is_an_error(account: Account, acting: Acting) -> None:
    decision, tables = Decision(Action.FAIL_OVER, Cause.ENOUGH_FAILURES, REASON), acting.routes.read()
    with pytest.raises(ValueError, match=r"^a decision to fail over has to say where to$"):
        acting.failover.carry_out(decision, Known(tables, ()), acting.invoker("request-1"))
    assert (account.on_standby, account.lock) == ((), None)


def test_the_result_says_what_was_moved_and_whether_it_helped(account: Account, acting: Acting) -> None:
    assert acting.carry_out() == Result("failed-over", f"{moved(account)}; 4 of 4 backends online")


def test_the_result_says_what_became_of_the_egress_address(account: Account, moving: Moving) -> None:
    address = f"egress address {PUBLIC} moved to {account.standby}"
    assert moving.carry_out().in_words == f"{moved(account)}; {address}; 4 of 4 backends online"
    assert moving.record["outcome"] == f"{moved(account)}; {address}"


def test_the_result_says_that_a_person_has_written_the_lock(account: Account, acting: Acting) -> None:
    before(account.ec2, REPLACE, lambda: setattr(account, "lock", "armed"))
    person = "/nat-failover/main/lock was written by somebody else during the failover: what it says now is left alone"
    assert acting.carry_out().in_words == f"{moved(account)}; {person}; 4 of 4 backends online"


def test_a_failover_between_tables_that_are_not_the_pairs_says_what_to_do(account: Account, acting: Acting) -> None:
    foreign = "rtb-0123456789abcdef9"
    acting.leave_behind(to_table=foreign)
    with pytest.raises(RouteTablesError) as failed:
        acting.finish()
    assert str(failed.value) == acting.record["outcome"]
    assert acting.record["outcome"] == (
        f"the failover from {account.primary_table} to {foreign} can't be finished: the pair's route tables are "
        f"{account.primary_table} and {account.standby_table} now. Associate every protected subnet with one of these "
        "and re-arm"
    )


# The egress address


def test_the_interface_that_is_known_is_not_looked_up_during_a_failover(account: Account, moving: Moving) -> None:
    tables, instances = moving.routes.read(), Instances(account.clients.ec2, account.clock).describe([account.standby])
    decision = Decision(Action.FAIL_OVER, Cause.ENOUGH_FAILURES, REASON, to_table=account.standby_table)
    looked_up: list[str] = []
    before(account.ec2, "DescribeInstances", lambda: looked_up.append(account.standby), times=9)
    invoker = moving.invoker("request-1")
    known = Known(tables, (), (), instances)
    moving.failover.carry_out(decision, known, invoker)
    assert looked_up == []
    assert moving.record["egress"]["moved"]


def test_of_a_swap_that_failed_the_record_says_what_became_of_the_egress_address(
    account: Account, moving: Moving
) -> None:
    refuse_all(account)
    with pytest.raises(SwapFailedError) as failed:
        moving.carry_out()
    assert moving.record["outcome"] == f"{failed.value}; egress address {PUBLIC} moved to {account.standby}"


# Messages


def test_the_event_says_what_was_moved_how_long_it_took_and_whether_it_helped(
    account: Account, acting: Acting, events: list[dict[str, Any]]
) -> None:
    before(account.ec2, REPLACE, lambda: account.clock.sleep(0.5))
    incident = incident_now(account)
    acting.carry_out()
    (event,) = (entry["Detail"] for entry in events)
    assert event["incident"] == incident
    assert (event["kind"], event["severity"]) == ("failed-over", "warning")
    assert [host["instance"] for host in event["hosts"]] == list(account.backends[:3])
    assert event["failover"] == {
        "from": account.primary_table,
        "to": account.standby_table,
        "subnets": list(account.subnets),
        "seconds": 0.5,
        "outage_seconds": 4.5,
        "backends": {"asked": 4, "online": 4, "offline": [], "silent": []},
    }


def test_backends_that_are_still_offline_make_it_critical(
    account: Account, acting: Acting, events: list[dict[str, Any]]
) -> None:
    account.cut_off(account.backends[0], ago=10)
    acting.carry_out()
    (event,) = (entry["Detail"] for entry in events)
    assert (event["severity"], event["failover"]["backends"]["offline"]) == ("critical", [account.backends[0]])


def test_the_mail_says_how_long_it_was_offline(account: Account, acting: Acting) -> None:
    before(account.ec2, REPLACE, lambda: account.clock.sleep(3))
    acting.carry_out()
    ((_, text),) = account.mails
    assert "Outage: about 7.0 s, from " in text
    assert all(f"{host}: offline since " in text for host in account.backends[:3])


def test_where_nobody_could_be_asked_the_mail_says_so_and_nobody_counts_as_online(
    account: Account, acting: Acting, events: list[dict[str, Any]]
) -> None:
    before(account.ssm, "SendCommand", lambda: "ThrottlingException", times=99)
    with pytest.raises(ClientError, match="ThrottlingException"):
        acting.carry_out()
    ((_, text),) = account.mails
    assert "Helped: not known: they could not be asked." in text
    assert acting.measured["BackendsOnlineAfter"] == [0.0]
    assert [entry["Detail"]["severity"] for entry in events] == ["critical"]


def test_the_event_of_a_swap_that_failed_says_what_was_moved_and_on_which_hosts_it_was_seen(
    account: Account, acting: Acting, events: list[dict[str, Any]]
) -> None:
    refused, accepted = account.subnets
    association = account.associations(account.primary_table)[refused]
    before(account.ec2, REPLACE, lambda: "InternalError", about=association, times=99)
    begun, incident = account.clock.now(), incident_now(account)
    with pytest.raises(SwapFailedError):
        acting.carry_out()
    (event,) = (entry["Detail"] for entry in events)
    assert event["incident"] == incident
    assert (event["kind"], event["severity"]) == ("failover-failed", "critical")
    assert [host["instance"] for host in event["hosts"]] == list(account.backends[:3])
    seconds = round(account.clock.now() - begun, 3)
    assert event["failover"] == {
        "from": account.primary_table,
        "to": account.standby_table,
        "subnets": [accepted],
        "seconds": pytest.approx(seconds),
    }


def test_the_mail_of_a_swap_that_failed_moves_by_hand_what_is_left_of_what_is_known(
    account: Account, acting: Acting
) -> None:
    associations = account.associations(account.primary_table)
    refuse_all(account)
    with pytest.raises(SwapFailedError) as failed:
        acting.carry_out()
    ((_, text),) = account.mails
    commands = [line.split() for line in text.splitlines() if "replace-route-table-association" in line]
    assert [arguments[arguments.index("--association-id") + 1] for arguments in commands] == [
        associations[subnet] for subnet in account.subnets
    ]
    assert f"Done: FAILED: {failed.value}." in text
    assert all(f"{host}: offline since " in text for host in account.backends[:3])


def test_a_subnet_that_has_joined_since_is_left_without_a_command_of_its_own(account: Account, acting: Acting) -> None:
    known = acting.routes.read()
    primary = known.by_id[account.primary_table]
    first = account.subnets[0]
    only = replace(primary, associations={first: primary.associations[first]})
    refuse_all(account)
    with pytest.raises(SwapFailedError) as failed:
        acting.carry_out(known=replace(known, by_id={**known.by_id, account.primary_table: only}))
    assert set(failed.value.left) == set(account.subnets)
    ((_, text),) = account.mails
    assert [only.associations[first] in line for line in text.splitlines() if "--association-id" in line] == [True]


def test_the_mail_of_a_swap_that_failed_says_how_to_move_the_egress_address(account: Account, moving: Moving) -> None:
    refuse_all(account)
    before(account.ec2, "AssociateAddress", lambda: "UnauthorizedOperation", times=99)
    with pytest.raises(SwapFailedError):
        moving.carry_out()
    ((_, text),) = account.mails
    assert f"Egress address: {PUBLIC} ({account.settings.egress_allocation}) could NOT be moved" in text
    assert f"aws ec2 associate-address --allocation-id {account.settings.egress_allocation}" in text
