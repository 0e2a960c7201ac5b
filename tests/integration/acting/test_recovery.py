"""A failover that was interrupted anywhere is finished by a later invocation, and nothing is ever moved twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nat_failover.acting.execution import Result
from nat_failover.lock.held import LockChangedError
from nat_failover.lock.record import LockState
from nat_failover.network.route_tables import RouteTablesError, SwapFailedError
from nat_failover.settings import Mode
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.invocation import Acting
from tests.unit import test_old_parameters as old

REPLACE = "ReplaceRouteTableAssociation"


class CrashError(Exception):
    """The invocation dies."""


def on_every_call(account: Account, event: str, act: Callable[[str], None]) -> None:
    """Do something before or after every call, given the operation, or its name with an error's code."""

    def handler(model: Any, parsed: Any = None, **_: object) -> None:
        act(f"{model.name} {parsed['Error']['Code']}" if parsed and "Error" in parsed else model.name)

    # The client of SNS is yet to be made, and takes over what its session has.
    for events in (account.ec2.meta.events, account.ssm.meta.events, account.session.events):
        events.register_first(event, handler)


# What an invocation does with two subnets and four backends that are online again.
CALLS = [
    "GetParameters",
    "PutParameter",
    "GetParameters",
    "PutParameter",
    REPLACE,
    REPLACE,
    "DescribeRouteTables",
    "GetParameters",
    "PutParameter",
    "SendCommand",
    "ListCommandInvocations",
    "Publish",
    "PutEvents",
    "GetParameters",
    "PutParameter",
]


def test_these_are_the_calls_of_a_failover(account: Account, acting: Acting) -> None:
    routes = acting.routes.read()
    calls: list[str] = []
    on_every_call(account, "before-parameter-build", calls.append)
    acting.carry_out(known=routes)
    assert calls == CALLS


@pytest.mark.parametrize("nth", range(len(CALLS)), ids=[f"{n} {call}" for n, call in enumerate(CALLS)])
@pytest.mark.parametrize("event", ["before-parameter-build", "after-call"])
def test_after_a_crash_at_any_call_all_subnets_end_on_the_passive_table_and_each_was_moved_once(
    account: Account, acting: Acting, event: str, nth: int
) -> None:
    routes = acting.routes.read()
    moved: list[str] = []
    on_every_call(account, "after-call", lambda call: moved.append(call) if call == REPLACE else None)
    left = list(CALLS[: nth + 1])

    def crash(call: str) -> None:
        if left and left.pop(0) == call and not left:
            raise CrashError(call)

    on_every_call(account, event, crash)
    with pytest.raises(CrashError):
        acting.carry_out(known=routes)
    account.clock.sleep(60)
    lock = acting.lock.read().lock.state
    if lock is LockState.FAILING_OVER:
        Acting(account).finish()
    elif lock is LockState.ARMED:
        Acting(account).carry_out("request-2")
    assert account.on_standby == account.subnets
    assert acting.lock.read().lock.state is LockState.FAILED_OVER
    assert len(moved) == len(account.subnets)


def test_a_dead_invocations_failover_is_finished_and_recorded_under_the_new_owner(
    account: Account, acting: Acting
) -> None:
    acting.leave_behind()
    account.move(account.subnets[0], account.standby_table)
    result = acting.finish("request-2")
    assert result.outcome == "failed-over"
    assert account.on_standby == account.subnets
    assert (acting.record["state"], acting.record["owner"]) == ("failed-over", "request-2")


def test_a_swap_that_was_complete_is_only_recorded_as_such(account: Account, acting: Acting) -> None:
    for subnet in account.subnets:
        account.move(subnet, account.standby_table)
    acting.leave_behind()
    moved: list[str] = []
    before(account.ec2, REPLACE, lambda: moved.append("moved"), times=9)
    assert acting.finish().outcome == "failed-over"
    assert moved == []


def test_people_are_told_of_a_failover_that_another_has_finished(account: Account, acting: Acting) -> None:
    acting.leave_behind()
    acting.finish()
    ((subject, text),) = account.mails
    assert (
        subject == "[nat-failover main] ONLINE, NOT PROTECTED: 4 of 4 backends online, failed over to the standby NAT"
    )
    assert "Seen: 3 of 4 backends can't reach the Internet." in text


def test_a_failover_is_not_finished_while_its_holder_may_still_be_alive(account: Account, acting: Acting) -> None:
    acting.leave_behind()
    assert acting.lock.take("alive") is not None
    assert acting.finish().outcome == "lost"
    assert account.on_standby == ()


def test_a_failover_that_is_finished_is_not_finished_again(account: Account, acting: Acting) -> None:
    acting.leave_behind()
    acting.finish()
    account.clock.sleep(61)
    assert Acting(account).finish("request-3").outcome == "locked"
    assert len(account.mails) == 1


def test_where_a_person_has_re_armed_meanwhile_nothing_is_left_to_finish(account: Account, acting: Acting) -> None:
    account.lock = "armed"
    assert acting.finish().outcome == "locked"
    assert (account.on_standby, account.lock) == ((), "armed")


def test_a_person_who_writes_the_lock_just_before_it_is_adopted_stops_the_finishing(
    account: Account, acting: Acting
) -> None:
    acting.leave_behind()
    before(account.ssm, "PutParameter", lambda: setattr(account, "lock", "paused"), about="failing-over")
    assert acting.finish() == Result("locked", "nothing is left to finish: somebody else has written the lock")
    assert (account.on_standby, account.lock) == ((), "paused")


def test_a_failover_whose_route_table_a_deployment_has_replaced_is_recorded_as_failed(
    account: Account, acting: Acting
) -> None:
    acting.leave_behind(to_table="rtb-0123456789abcdef9")
    with pytest.raises(RouteTablesError, match="to rtb-0123456789abcdef9 can't be finished"):
        acting.finish()
    assert account.on_standby == ()
    assert (acting.record["state"], acting.record["owner"]) == ("failed", "request-2")
    assert account.standby_table in acting.record["outcome"]
    assert "re-arm" in acting.record["outcome"]
    assert acting.measured["FailoverFailed"] == [1]


def test_a_person_who_writes_the_lock_before_such_a_failover_is_recorded_has_the_last_word(
    account: Account, acting: Acting
) -> None:
    acting.leave_behind(to_table="rtb-0123456789abcdef9")
    before(account.ssm, "PutParameter", lambda: setattr(account, "lock", "paused"), about="failed")
    with pytest.raises(LockChangedError):
        acting.finish()
    assert account.lock == "paused"


def test_in_observe_mode_a_failover_that_was_begun_before_is_not_finished_but_told_of(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    acting = Acting(account)
    acting.leave_behind()
    left = account.lock
    result = acting.finish()
    assert (result.outcome, account.on_standby, account.lock) == ("observed", (), left)
    assert acting.measured["FailoverFailed"] == [1]


def test_a_finishing_that_fails_leaves_the_lock_failed(account: Account, acting: Acting) -> None:
    acting.leave_behind()
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", times=99)
    with pytest.raises(SwapFailedError):
        acting.finish()
    assert acting.record["state"] == "failed"


def test_of_several_that_would_finish_one_does(account: Account, acting: Acting) -> None:
    acting.leave_behind()
    outcomes: list[str] = []
    before(account.ec2, REPLACE, lambda: outcomes.append(Acting(account).finish("request-3").outcome))
    outcomes.append(acting.finish("request-2").outcome)
    assert outcomes == ["lost", "failed-over"]
    assert len(account.mails) == 1


def test_a_failover_that_the_first_version_has_begun_is_finished(account: Account, acting: Acting) -> None:
    claim = f'{{"owner": "{old.OWNER}", "until": {old.SINCE + 60}}}'
    account.ssm.put_parameter(Name=account.settings.claim_parameter, Value=claim, Type="String")
    account.lock = old.BEGUN.replace(old.PRIMARY, account.primary_table).replace(old.STANDBY, account.standby_table)
    assert acting.finish().outcome == "failed-over"
    assert account.on_standby == account.subnets
