"""A passive NAT that has given up the egress address: no public address for minutes, neither broken nor fit."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.cli.operator.arming import arm, readiness
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.operator.public_address import ADDRESS_WITHIN, AGENT_WITHIN, await_address, waits_for_address
from tests.fakes import CommandInvocation
from tests.integration.account import Account

pytestmark = pytest.mark.pair(egress=1)

ALICE = "arn:aws:iam::123456789012:user/alice"


class Bare:
    """Has EC2 say that a NAT has no public address until a time, and its agent be cut off until another."""

    def __init__(self, account: Account, nat: str, addressed_at: float, online_at: float | None = None) -> None:
        self.account, self.nat = account, nat
        self.addressed_at = addressed_at
        self.online_at = addressed_at if online_at is None else online_at
        self.interfaces = 1
        account.ec2.meta.events.register("after-call.ec2.DescribeInstances", self._described)
        account.run_command.answer = self._answer
        self._others = account.answer

    def _described(self, parsed: dict[str, Any], **_: object) -> None:
        for reservation in parsed.get("Reservations", []):
            for described in reservation["Instances"]:
                if described["InstanceId"] == self.nat and self.account.clock.now() < self.addressed_at:
                    described.pop("PublicIpAddress", None)
                    (first,) = described["NetworkInterfaces"]
                    described["NetworkInterfaces"] = [
                        {**first, "NetworkInterfaceId": f"eni-{n}", "Attachment": {"DeviceIndex": n}}
                        for n in range(self.interfaces)
                    ]

    def _answer(self, command: Any, host: str) -> Any:
        if host == self.nat and self.account.clock.now() < self.online_at:
            self.account.silent.add(host)
        else:
            self.account.silent.discard(host)
        if "-inspect-" in command.document:
            return CommandInvocation(output='{"inspect":1,"forwarding":true,"translating":true}')
        return self._others(command, host)


def test_it_is_told_by_a_metric_of_its_own_and_not_taken_for_broken(account: Account) -> None:
    Bare(account, account.standby, account.clock.now() + 400)
    for invoked in account.ticks(3):
        assert invoked.metrics["PassiveNatWithoutAddress"] == 1
        assert "PassiveNatUnhealthy" not in invoked.metrics


def test_people_are_told_only_where_it_lasts_longer_than_is_normal_after_a_failover(account: Account) -> None:
    Bare(account, account.standby, account.clock.now() + 660)
    account.ticks(7)
    assert [subject for subject, _ in account.mails] == []
    account.ticks(2)
    ((subject, text),) = account.mails
    assert "NOT PROTECTED: the standby NAT has no public address" in subject
    assert "can't take over until it has one" in text
    account.ticks(6)
    assert "RECOVERED: the passive NAT has a public address again" in account.mails[-1][0]


def test_nothing_fails_over_to_it_and_the_reason_says_why(account: Account) -> None:
    Bare(account, account.standby, account.clock.now() + 400)
    account.tick()
    account.clock.sleep(60)
    account.cut_off(*account.backends, account.standby)
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, account.on_standby) == ("CONTROL_DOWN", ())
    assert f"the passive NAT {account.standby} has no public address and can't take over" in str(
        invoked.answer["reason"]
    )


def test_a_pair_without_an_egress_address_is_not_judged_by_public_addresses(account: Account) -> None:
    account.configure(egress_allocation=None)
    Bare(account, account.standby, account.clock.now() + 400, online_at=0.0)
    assert "PassiveNatWithoutAddress" not in account.tick().metrics


# By hand


def hand(account: Account) -> Hand:
    return Hand(account.settings, account.clients, account.clock, ALICE)


def test_who_rearms_waits_for_the_address_and_for_the_agent_and_is_told_so(account: Account) -> None:
    account.lock = "paused"
    account.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=account.interfaces[account.standby], SourceDestCheck={"Value": False}
    )
    now = account.clock.now()
    Bare(account, account.standby, now + 200, now + 290)
    lines: list[str] = []
    found = readiness(hand(account), lines.append)
    assert found.refusals == ()
    assert 290 <= account.clock.now() - now < 290 + 60
    assert f"{account.standby} has no public address" in lines[0]
    assert f"Waiting, {ADDRESS_WITHIN:.0f} s at most" in lines[0]
    assert f"waiting for its agent, {AGENT_WITHIN:.0f} s at most" in lines[1]
    arm(hand(account), lines.append, found.locks)
    assert account.lock == "armed"


def test_the_wait_is_bounded_and_what_is_missing_then_stands_against_the_nat(account: Account) -> None:
    account.lock = "paused"
    now = account.clock.now()
    Bare(account, account.standby, now + 10_000)
    lines: list[str] = []
    found = readiness(hand(account), lines.append)
    assert any("Internet" in refusal for refusal in found.refusals)
    assert lines[1] == f"{account.standby} has no public address after {ADDRESS_WITHIN:.0f} s"
    assert account.clock.now() - now < ADDRESS_WITHIN + 60


def test_one_that_ec2_gives_no_address_is_not_waited_for(account: Account) -> None:
    Bare(account, account.standby, account.clock.now() + 10_000).interfaces = 2
    lines: list[str] = []
    await_address(hand(account), account.standby, lines.append)
    assert lines == []


@pytest.mark.parametrize("egress", [True, False])
def test_one_that_has_an_address_or_needs_none_is_not_waited_for(account: Account, egress: bool) -> None:
    if not egress:
        account.configure(egress_allocation=None)
        Bare(account, account.standby, account.clock.now() + 400)
    assert not waits_for_address(hand(account), account.standby)
