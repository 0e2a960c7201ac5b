"""What a drill has brought about is marked as such, in lock and mail, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nat_failover.probing.rounds import DRILL_LASTS, Kind
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.invocation import Acting

pytestmark = pytest.mark.usefixtures("watched")
MAILED = "DRILL: ONLINE, NOT PROTECTED, failed over to the standby NAT"


def mark(account: Account, *nats: str) -> None:
    """Send the mark of a drill, a moment before the NAT forwards no more."""
    Acting(account).probe.send(Kind.DRILL, nats)
    account.clock.sleep(2)


def by_hand(account: Account) -> object:
    """Give who has brought the failover about, by the lock."""
    return json.loads(account.lock or "").get("byHand")


@pytest.mark.parametrize("by", ["tick", "event"])
def test_a_failover_in_a_drill_says_so_in_lock_mail_and_event(
    account: Account, events: list[dict[str, Any]], by: str
) -> None:
    mark(account, account.primary)
    account.cut_off(*account.backends)
    before(account.ec2, "ReplaceRouteTableAssociation", account.offline.clear)
    invoked = account.tick() if by == "tick" else account.failed(account.backends[0])
    assert invoked.outcome == "failed-over"
    assert by_hand(account) == "drill"
    assert account.subjects == [MAILED]
    account.lock = "armed"
    account.ticks(5)
    assert account.subjects[1:] == ["RECOVERED: re-armed after the drill"]
    assert [entry["Detail"].get("drill") for entry in events] == [True, True]


def test_a_mark_sends_nothing_reads_nothing_more_and_is_no_evidence(account: Account) -> None:
    account.tick()
    before = len(account.run_command.commands)
    mark(account, account.primary)
    invoked = account.tick()
    assert (invoked.cause, invoked.outcome) == ("HEALTHY", None)
    assert len(account.run_command.commands) == before + 1
    assert account.lock in (None, "armed")


def test_the_mark_of_another_nat_marks_nothing(account: Account) -> None:
    mark(account, account.standby)
    mark(account, account.primary, account.standby)
    account.cut_off(*account.backends)
    before(account.ec2, "ReplaceRouteTableAssociation", account.offline.clear)
    assert account.tick().outcome == "failed-over"
    assert by_hand(account) is None
    assert account.subjects == ["ONLINE, NOT PROTECTED: 4 of 4 backends online, failed over to the standby NAT"]


def test_an_old_mark_marks_nothing(account: Account) -> None:
    mark(account, account.primary)
    account.clock.sleep(DRILL_LASTS)
    account.cut_off(*account.backends)
    account.tick()
    assert by_hand(account) is None


def test_a_nat_that_ec2_says_is_gone_is_no_drill(account: Account) -> None:
    mark(account, account.primary)
    account.ec2.stop_instances(InstanceIds=[account.primary])
    assert account.tick().cause == "NAT_GONE"
    assert by_hand(account) is None


def test_where_it_has_not_helped_the_mail_says_first_that_they_are_offline(account: Account) -> None:
    mark(account, account.primary)
    account.cut_off(*account.backends)
    assert account.tick().outcome == "failed-over"
    assert account.subjects == ["STILL OFFLINE in a drill: 0 of 4 backends online"]
