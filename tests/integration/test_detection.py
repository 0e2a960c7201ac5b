"""From a NAT that dies to a failover, once an arming."""

from __future__ import annotations

import io
import json

import pytest

from nat_failover.probing.rounds import Kind
from nat_failover.settings import Mode
from tests.examples import TICK
from tests.fakes import Context, before
from tests.integration.account import Account
from tests.integration.invocation import Acting

pytestmark = pytest.mark.usefixtures("watched")


class CrashError(Exception):
    """The function ends here."""


def crash(**_: object) -> None:
    """End here."""
    raise CrashError


# Failing over


def test_the_event_of_one_backends_failure_leads_to_a_failover_when_others_fail_too(account: Account) -> None:
    account.cut_off(*account.backends)
    told = account.failed(account.backends[0])
    assert (told.cause, told.outcome) == ("ENOUGH_FAILURES", "failed-over")
    assert account.on_standby == account.subnets


def test_a_tick_leads_to_the_failover_where_every_event_was_lost(account: Account) -> None:
    account.cut_off(*account.backends)
    assert account.tick().outcome == "failed-over"
    assert account.on_standby == account.subnets


def test_while_the_active_nats_zone_is_disrupted_the_hosts_of_other_zones_lead_to_a_failover(account: Account) -> None:
    """EC2 then fails requests without ids, and those for instances of that zone.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    for named in ("Filter.1.Name", account.primary, account.backends[0]):
        before(account.ec2, "DescribeInstances", lambda: "InternalError", times=99, about=named)
    account.cut_off(*account.backends)
    assert account.tick().outcome == "failed-over"
    assert account.on_standby == account.subnets


@pytest.mark.parametrize("listed", ["ListCommands", "ListCommandInvocations"])
@pytest.mark.parametrize("by", ["tick", "event"])
def test_lists_that_aws_has_no_time_for_are_read_as_soon_as_it_has(account: Account, listed: str, by: str) -> None:
    before(account.ssm, listed, lambda: "ThrottlingException", times=4)
    account.cut_off(*account.backends)
    told = account.tick() if by == "tick" else account.failed(account.backends[0])
    assert told.outcome == "failed-over"
    assert account.on_standby == account.subnets


def test_an_earlier_failure_is_no_evidence_while_the_hosts_later_answer_is_unread(account: Account) -> None:
    account.cut_off(*account.backends)
    probe = Acting(account).probe
    probe.send(Kind.CHECK, (account.standby,))
    account.clock.sleep(3)
    account.offline.clear()
    (check,) = probe.send(Kind.CHECK, account.backends)
    account.clock.sleep(1)
    before(account.ssm, "ListCommandInvocations", lambda: "ThrottlingException", times=4, about=check.command_id)
    assert account.tick().cause == "HEALTHY"


def test_the_passive_nat_is_asked_before_anything_is_moved(account: Account) -> None:
    account.cut_off(*account.backends)
    asked: list[list[tuple[str, ...]]] = []
    before(account.ec2, "ReplaceRouteTableAssociation", lambda: asked.append(account.run_command.sent("check")))
    account.failed(account.backends[0])
    assert asked == [[(account.standby,)]]


def test_the_event_of_a_quick_check_asks_nobody_or_answers_would_lead_to_questions_for_ever(account: Account) -> None:
    account.cut_off(*account.backends, account.standby)
    account.tick()
    account.clock.sleep(35)
    for host in account.backends:
        Acting(account).probe.send(Kind.CHECK, (host,))
    account.clock.sleep(6)
    asked = len(account.run_command.commands)
    causes = {account.failed(host).cause for host in account.backends}
    assert (causes, len(account.run_command.commands)) == ({"UNCONFIRMED"}, asked)


def test_a_passive_nat_whose_source_destination_check_is_on_is_not_swapped_to(account: Account) -> None:
    account.check(account.standby, on=True)
    account.cut_off(*account.backends)
    told = account.failed(account.backends[0])
    assert (told.cause, account.on_standby) == ("CONTROL_DOWN", ())
    assert "source/destination check on" in str(told.answer["reason"])


def test_failures_within_the_next_seconds_are_waited_for(account: Account) -> None:
    account.cut_off(account.backends[0])
    account.cut_off(*account.backends[1:3], ago=0)
    assert account.failed(account.backends[0]).outcome == "failed-over"


def test_failures_that_trickle_in_meet_within_the_freshness(account: Account) -> None:
    outcomes = []
    for host in account.backends[:3]:
        account.cut_off(host)
        outcomes.append(account.failed(host).outcome)
        account.clock.sleep(8)
    assert outcomes == [None, None, "failed-over"]


def test_a_failure_grown_stale_is_confirmed_before_it_counts(account: Account) -> None:
    account.cut_off(account.backends[0], account.backends[1])
    account.failed(account.backends[0])
    account.clock.sleep(35)
    account.cut_off(account.backends[2])
    told = account.failed(account.backends[2])
    assert told.outcome == "failed-over"
    assert set(account.backends[:2]) in [set(hosts) for hosts in account.run_command.sent("check")]


def test_a_failure_grown_stale_that_is_over_counts_no_more(account: Account) -> None:
    account.cut_off(account.backends[0], account.backends[1])
    account.failed(account.backends[0])
    account.clock.sleep(35)
    account.offline.clear()
    account.cut_off(account.backends[2])
    assert account.failed(account.backends[2]).outcome is None
    assert account.on_standby == ()


def test_with_a_window_of_0_one_tick_finds_the_failure_and_fails_over(account: Account) -> None:
    account.configure(window=0)
    account.clock.sleep(700)
    account.tick()
    account.clock.sleep(60)
    account.cut_off(*account.backends)
    assert account.tick().outcome == "failed-over"


def test_in_observe_mode_people_are_told_and_nothing_is_moved(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    account.cut_off(*account.backends)
    told = account.failed(account.backends[0])
    assert (told.answer["decision"], told.outcome) == ("FAIL_OVER", "observed")
    assert (account.on_standby, account.lock) == ((), None)
    assert "observe mode" in account.mails[0][0]


def test_a_deleted_lock_parameter_is_armed(account: Account) -> None:
    account.lock = "paused"
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"


# An error on the way


def test_metrics_are_written_though_the_invocation_ends_in_an_error(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    account.cut_off(*account.backends)
    account.session.events.register("before-parameter-build.sns.Publish", crash)
    told = io.StringIO()
    with pytest.raises(CrashError):
        account.application(told).handle(TICK, Context())
    assert json.loads(told.getvalue())["Tick"] == [1.0]
