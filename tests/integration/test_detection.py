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


def state(account: Account) -> str:
    """Give the state of the lock's record."""
    return str(json.loads(account.lock or "{}").get("state"))


# Failing over


def test_the_event_of_one_backends_failure_leads_to_a_failover_when_others_fail_too(account: Account) -> None:
    account.cut_off(*account.backends)
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, invoked.outcome) == ("ENOUGH_FAILURES", "failed-over")
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
    invoked = account.tick() if by == "tick" else account.failed(account.backends[0])
    assert invoked.outcome == "failed-over"
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


def test_what_hosts_have_said_of_both_nats_is_enough_and_nobody_is_asked_again(account: Account) -> None:
    sent_before = len(account.run_command.commands)
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    assert {command.kind for command in account.run_command.commands[sent_before:]} == {"verify"}


def test_the_event_of_a_quick_check_asks_nobody_or_answers_would_lead_to_questions_for_ever(account: Account) -> None:
    account.cut_off(*account.backends, account.standby)
    account.tick()
    account.clock.sleep(35)
    for host in account.backends:
        Acting(account).probe.send(Kind.CHECK, (host,))
    account.clock.sleep(6)
    sent_before = len(account.run_command.commands)
    causes = {account.failed(host).cause for host in account.backends}
    assert (causes, len(account.run_command.commands)) == ({"UNCONFIRMED"}, sent_before)


def test_a_passive_nat_whose_source_destination_check_is_on_is_not_swapped_to(account: Account) -> None:
    account.check(account.standby, on=True)
    account.cut_off(*account.backends)
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, account.on_standby) == ("CONTROL_DOWN", ())
    assert "source/destination check on" in str(invoked.answer["reason"])


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
    invoked = account.failed(account.backends[0])
    assert (invoked.answer["decision"], invoked.outcome) == ("FAIL_OVER", "observed")
    assert (account.on_standby, account.lock) == ((), None)
    assert "observe mode" in account.mails[0][0]


def test_a_deleted_lock_parameter_is_armed(account: Account) -> None:
    account.lock = "paused"
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"


# Once an arming


def test_the_same_event_delivered_again_moves_nothing(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    standing = account.associations(account.standby_table)
    account.clock.sleep(70)
    assert account.failed(account.backends[1]).cause == "LOCKED"
    assert account.associations(account.standby_table) == standing
    assert len(account.mails) == 1


def test_backends_that_stay_offline_after_the_failover_do_not_lead_to_another(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    for _ in range(3):
        account.clock.sleep(60)
        assert account.tick().cause == "LOCKED"
    assert account.on_standby == account.subnets
    assert [subject.partition("] ")[2] for subject, _ in account.mails] == [
        "STILL OFFLINE: 0 of 4 backends online, failed over to the standby NAT",
        "OFFLINE, and locked: nothing fails over",
    ]


def test_after_a_failover_and_a_re_arm_the_pair_fails_back_when_the_standby_dies(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    account.offline.clear()
    account.lock = "armed"
    for _ in range(3):
        account.clock.sleep(60)
        invoked = account.tick()
    assert (invoked.cause, invoked.metrics["StandbyActive"]) == ("HEALTHY", 1)
    account.clock.sleep(30)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"
    assert account.on_standby == ()


def test_a_re_arm_after_the_standby_has_helped_nobody_does_not_swap_back_while_the_primary_is_dead(
    account: Account,
) -> None:
    account.cut_off(*account.backends, account.primary)
    account.failed(account.backends[0])
    account.clock.sleep(70)
    account.lock = "armed"
    assert account.tick().cause == "CONTROL_DOWN"
    assert account.on_standby == account.subnets


def test_backends_that_stay_offline_while_locked_are_told_though_every_event_is_lost(account: Account) -> None:
    account.cut_off(*account.backends)
    account.tick()
    values = []
    for _ in range(3):
        account.clock.sleep(60)
        values.append(account.tick().metrics.get("OfflineWhileLocked"))
    assert values == [1, 1, 1]


# A failover that was interrupted


@pytest.mark.parametrize("event", [False, True])
def test_a_failover_left_by_a_dead_invocation_is_finished_by_the_next(account: Account, event: bool) -> None:
    Acting(account).leave_behind()
    invoked = account.failed(account.backends[0]) if event else account.tick()
    assert invoked.outcome == "failed-over"
    assert (account.on_standby, state(account)) == (account.subnets, "failed-over")


def test_a_failover_under_way_elsewhere_is_left_to_who_does_it(account: Account) -> None:
    acting = Acting(account)
    acting.leave_behind()
    acting.lock.take("alive")
    assert account.tick().outcome is None
    assert (account.on_standby, state(account)) == ((), "failing-over")


# An error on the way


def test_metrics_are_written_though_the_invocation_ends_in_an_error(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    account.cut_off(*account.backends)
    account.session.events.register("before-parameter-build.sns.Publish", crash)
    stream = io.StringIO()
    with pytest.raises(CrashError):
        account.application(stream).handle(TICK, Context())
    assert json.loads(stream.getvalue())["Tick"] == [1.0]
