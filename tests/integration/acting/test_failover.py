"""A decision carried out: the claim, the record, the swap, the outcome."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.acting.execution import Result
from nat_failover.acting.failover import NotBegunError
from nat_failover.lock.held import RECORDLESS_AFTER
from tests.fakes import Befall, before, lose_answers, twice
from tests.integration.account import Account
from tests.integration.invocation import REASON, Acting

REPLACE = "ReplaceRouteTableAssociation"


# What is done


def test_all_subnets_move_to_the_passive_table(account: Account, acting: Acting) -> None:
    result = acting.carry_out()
    assert result.outcome == "failed-over"
    assert account.on_standby == account.subnets


def test_the_lock_says_failing_over_before_anything_is_moved(account: Account, acting: Acting) -> None:
    seen: list[dict[str, Any]] = []
    begun = account.clock.now()
    associations = account.associations(account.primary_table)
    before(account.ec2, REPLACE, lambda: seen.append(acting.record))
    acting.carry_out()
    assert seen == [
        {
            "state": "failing-over",
            "owner": "request-1",
            "since": seen[0]["since"],
            "from": account.primary_table,
            "to": account.standby_table,
            "subnets": associations,
            "evidence": [f"{host} UNREACHABLE" for host in account.backends[:3]],
            "reason": REASON,
        }
    ]
    lock = acting.lock.read().lock
    assert lock.record is not None
    assert lock.record.since == begun


def test_the_claim_is_held_before_the_lock_is_written(account: Account, acting: Acting) -> None:
    claims: list[str | None] = []
    name = account.settings.lock_parameter
    before(
        account.ssm,
        "PutParameter",
        lambda: claims.append(account.parameter(account.settings.claim_parameter)),
        about=f'"{name}"',
    )
    acting.carry_out()
    assert '"owner": "request-1"' in str(claims[0])


def test_the_outcome_is_recorded_with_what_was_moved_and_how_long_it_took(account: Account, acting: Acting) -> None:
    before(account.ec2, REPLACE, lambda: account.clock.sleep(0.75))
    acting.carry_out()
    outcome = f"2 subnets moved from {account.primary_table} to {account.standby_table} in 0.8 s"
    assert (acting.record["state"], acting.record["outcome"]) == ("failed-over", outcome)
    assert acting.record["seconds"] == pytest.approx(0.75, abs=0.001)


def test_the_claim_is_left_to_expire_after_a_failover(account: Account, acting: Acting) -> None:
    acting.carry_out()
    account.lock = "armed"
    assert acting.lock.take("request-2") is None


def test_a_failover_back_moves_all_subnets_to_the_primarys_table(account: Account, acting: Acting) -> None:
    acting.carry_out()
    account.lock = "armed"
    account.clock.sleep(60)
    acting.carry_out("request-2", account.primary_table)
    assert account.on_standby == ()


def test_metrics_tell_of_the_failover_how_long_it_took_and_how_many_are_online_after(
    account: Account, acting: Acting
) -> None:
    account.cut_off(account.backends[0], ago=10)
    before(account.ec2, REPLACE, lambda: account.clock.sleep(0.5))
    acting.carry_out()
    assert acting.measured == {
        "FailedOver": [1.0],
        "SwapSeconds": [pytest.approx(0.5)],
        "DetectionSeconds": [pytest.approx(4)],
        "BackendsOnlineAfter": [3.0],
    }


# Who acts


def test_where_another_has_the_claim_nothing_is_done(account: Account, acting: Acting) -> None:
    acting.lock.take("request-0")
    assert acting.carry_out().outcome == "lost"
    assert (account.on_standby, account.lock, account.mails) == ((), None, [])


@pytest.mark.parametrize("value", ["paused", "scribble"])
def test_a_lock_that_a_person_has_written_before_the_claim_was_held_stops_it(
    account: Account, acting: Acting, value: str
) -> None:
    before(account.ssm, "PutParameter", lambda: setattr(account, "lock", value))
    assert acting.carry_out().outcome == "locked"
    assert (account.on_standby, account.lock, account.mails) == ((), value, [])


def test_one_that_gave_up_before_changing_anything_leaves_the_claim_to_the_next(
    account: Account, acting: Acting
) -> None:
    account.lock = "paused"
    acting.carry_out()
    account.lock = "armed"
    assert acting.carry_out("request-2").outcome == "failed-over"


@pytest.mark.parametrize(
    ("operation", "about", "code", "error"),
    [
        ("GetParameters", "", "InternalServerError", NotBegunError),
        ("PutParameter", "failing-over", "ThrottlingException", NotBegunError),
        ("PutParameter", "failing-over", "AccessDeniedException", ClientError),
        ("PutParameter", "claim", "TooManyUpdates", NotBegunError),
    ],
)
def test_one_that_is_kept_from_changing_anything_leaves_the_claim_to_the_next(
    account: Account, acting: Acting, operation: str, about: str, code: str, error: type[Exception]
) -> None:
    refusing = True
    before(account.ssm, operation, lambda: code if refusing else None, about=about, times=99)
    with pytest.raises(error, match=code):
        acting.carry_out()
    refusing = False
    # Where SSM refuses the giving up as well, nobody waits for longer than for a record.
    account.clock.sleep(RECORDLESS_AFTER if about == "claim" else 0)
    assert acting.carry_out("request-2").outcome == "failed-over"


def test_a_record_that_is_refused_once_delays_a_failover_by_less_than_a_second(
    account: Account, acting: Acting
) -> None:
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", about="failing-over")
    begun: list[float] = []
    now = account.clock.now()
    before(account.ec2, REPLACE, lambda: begun.append(account.clock.now() - now))
    assert acting.carry_out().outcome == "failed-over"
    assert begun[0] < 1


def test_an_outcome_that_is_refused_keeps_nobody_from_being_asked_and_told(account: Account, acting: Acting) -> None:
    before(account.ssm, "PutParameter", lambda: "ThrottlingException", about="failed-over", times=99)
    with pytest.raises(ClientError, match="ThrottlingException"):
        acting.carry_out()
    assert account.on_standby == account.subnets
    ((subject, text),) = account.mails
    assert (
        subject == "[nat-failover main] ONLINE, NOT PROTECTED: 4 of 4 backends online, failed over to the standby NAT"
    )
    assert "The lock could not be written (ThrottlingException: by the test)" in text
    assert acting.record["state"] == "failing-over"


def test_an_outcome_that_was_refused_is_recorded_by_a_later_invocation(account: Account, acting: Acting) -> None:
    refusing = True
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates" if refusing else None, about="failed-over", times=99)
    with pytest.raises(ClientError, match="TooManyUpdates"):
        acting.carry_out()
    refusing = False
    account.clock.sleep(61)
    assert Acting(account).finish().outcome == "failed-over"
    assert acting.record["state"] == "failed-over"


@pytest.mark.parametrize("befall", [lose_answers, twice])
def test_answers_that_get_lost_change_nothing(account: Account, acting: Acting, befall: Befall) -> None:
    befall(account.ssm, "PutParameter", times=99)
    assert acting.carry_out().outcome == "failed-over"
    assert (acting.record["state"], len(account.mails)) == ("failed-over", 1)


def test_a_failover_left_by_a_dead_invocation_is_finished_rather_than_a_new_one_begun(
    account: Account, acting: Acting
) -> None:
    acting.leave_behind(from_table=account.standby_table, to_table=account.primary_table)
    acting.carry_out()
    assert account.on_standby == ()
    assert (acting.record["state"], acting.record["to"]) == ("failed-over", account.primary_table)


def test_of_two_invocations_that_decide_the_same_one_acts(account: Account, acting: Acting) -> None:
    results: list[Result] = []
    before(account.ec2, REPLACE, lambda: results.append(Acting(account).carry_out("request-2")))
    results.append(acting.carry_out())
    assert [result.outcome for result in results] == ["lost", "failed-over"]
    assert len(account.mails) == 1
