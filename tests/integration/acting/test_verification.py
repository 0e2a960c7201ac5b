"""What comes after a swap: verification through the new path, and what people are told."""

from __future__ import annotations

from itertools import pairwise

import pytest
from botocore.exceptions import ClientError

from nat_failover.network.route_tables import SwapFailedError
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.invocation import REASON, Acting

REPLACE = "ReplaceRouteTableAssociation"


# Verification


def test_after_the_swap_every_backend_is_asked_whether_it_is_online(account: Account, acting: Acting) -> None:
    acting.carry_out()
    assert account.run_command.sent("verify") == [(account.standby, *account.backends)]


def test_backends_are_asked_only_after_the_outcome_is_recorded(account: Account, acting: Acting) -> None:
    states: list[object] = []

    def note(**_: object) -> None:
        states.append(acting.record["state"])

    account.ssm.meta.events.register("before-parameter-build.ssm.SendCommand", note)
    acting.carry_out()
    assert states == ["failed-over"]


def test_only_backends_that_are_not_online_are_asked_again_and_no_more_than_twice(
    account: Account, acting: Acting
) -> None:
    offline = account.backends[1]
    account.cut_off(offline, ago=10)
    result = acting.carry_out()
    assert account.run_command.sent("verify") == [
        (account.standby, *backends) for backends in (account.backends, (offline,), (offline,))
    ]
    assert result.in_words.endswith("3 of 4 backends online")


def test_the_nat_that_has_taken_over_tells_of_backends_whose_agents_are_still_deaf(
    account: Account, acting: Acting
) -> None:
    account.tick()
    account.cut_off(account.backends[3], ago=10)
    account.deafen(*account.backends)
    begun = account.clock.now()
    assert acting.carry_out().in_words.endswith("3 of 4 backends online")
    assert account.clock.now() - begun < 10


def test_a_backend_that_was_heard_is_not_silent_for_not_answering_as_well(account: Account, acting: Acting) -> None:
    account.tick()
    account.deafen(*account.backends)
    account.silent.add(account.backends[3])
    assert acting.carry_out().in_words.endswith("3 of 4 backends online")


def test_whom_the_listener_has_not_heard_is_asked_anew_within_seconds(account: Account, acting: Acting) -> None:
    account.tick()
    account.deafen(*account.backends)
    account.silent.add(account.backends[3])
    sent_at: list[float] = []
    account.ssm.meta.events.register(
        "before-parameter-build.ssm.SendCommand", lambda **_: sent_at.append(account.clock.now())
    )
    acting.carry_out()
    assert len(sent_at) == 3
    assert max(later - sooner for sooner, later in pairwise(sent_at)) < 6


def test_for_whom_it_has_not_heard_the_listener_listens_longer_as_that_of_a_passive_nat(
    account: Account, acting: Acting
) -> None:
    account.tick()
    account.deafen(*account.backends)
    account.silent.add(account.backends[3])
    acting.carry_out()
    commands = [c for c in account.run_command.commands if c.arguments["Comment"].startswith("verify")]
    named = [tuple(v[0] for v in c.arguments["Parameters"].values())[-2:] for c in commands]
    address = account.addresses[account.standby]
    assert named == [(address, address), ("-", address), ("-", address)]


def test_a_backend_that_comes_back_while_it_is_asked_again_counts_as_online(account: Account, acting: Acting) -> None:
    slow = account.backends[1]
    account.cut_off(slow, ago=10)
    account.ssm.meta.events.register(
        "before-parameter-build.ssm.SendCommand",
        lambda **_: account.offline.clear() if len(account.run_command.commands) == 1 else None,
    )
    assert acting.carry_out().in_words.endswith("4 of 4 backends online")


def test_backends_that_say_nothing_are_not_waited_for_without_end(account: Account, acting: Acting) -> None:
    account.silent.update(account.backends)
    begun = account.clock.now()
    result = acting.carry_out()
    assert account.clock.now() - begun < 16
    assert result.in_words.endswith("0 of 4 backends online")


def test_verification_leaves_time_to_tell_people(account: Account, acting: Acting) -> None:
    account.silent.update(account.backends)
    # Of the invocation's 45 seconds, 38 go by before the swap is done.
    before(account.ec2, REPLACE, lambda: account.clock.sleep(38))
    begun = account.clock.now()
    acting.carry_out()
    assert account.clock.now() - begun < 41
    assert len(account.mails) == 1


def test_where_no_time_is_left_to_ask_nobody_is_counted_as_offline(account: Account, acting: Acting) -> None:
    # Of the invocation's 45 seconds, 41 go by before the swap is done, and 5 are kept for telling people.
    before(account.ec2, REPLACE, lambda: account.clock.sleep(41))
    assert acting.carry_out().in_words.endswith("nobody could be asked whether it helped")
    assert account.run_command.sent("verify") == []
    ((_, text),) = account.mails
    assert "Helped: not known: no time was left to ask." in text


def test_where_no_backend_can_be_asked_people_are_told_so(account: Account, acting: Acting) -> None:
    acting.carry_out(backends=())
    ((subject, _),) = account.mails
    assert subject.endswith("POSSIBLY OFFLINE: no backend asked yet, failed over to the standby NAT")


def test_more_than_fifty_backends_are_verified_and_people_are_told(account: Account, acting: Acting) -> None:
    many = tuple(f"i-{n:017x}" for n in range(60))
    account.run_command.online = [*many, account.standby]
    assert acting.carry_out(backends=many).in_words.endswith("60 of 60 backends online")


@pytest.mark.parametrize("operation", ["SendCommand", "ListCommandInvocations"])
def test_people_are_told_of_the_failover_though_it_could_not_be_verified(
    account: Account, acting: Acting, operation: str
) -> None:
    before(account.ssm, operation, lambda: "AccessDeniedException", times=99)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        acting.carry_out()
    assert len(account.mails) == 1


def test_people_are_told_of_a_swap_that_failed_though_the_lock_could_not_be_written(
    account: Account, acting: Acting
) -> None:
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", about='"/nat-failover/main/lock"', after=1, times=99)
    before(account.ec2, REPLACE, lambda: "InternalError", times=99)
    with pytest.raises((ClientError, SwapFailedError)):
        acting.carry_out()
    assert len(account.mails) == 1


# What people are told


def test_people_are_told_once(account: Account, acting: Acting) -> None:
    acting.carry_out()
    assert len(account.mails) == 1


def test_the_subject_says_where_to_and_how_many_are_online(account: Account, acting: Acting) -> None:
    account.cut_off(account.backends[0], ago=10)
    acting.carry_out()
    ((subject, _),) = account.mails
    assert subject == "[nat-failover main] POSSIBLY OFFLINE: 3 of 4 backends online, failed over to the standby NAT"


def test_the_subject_of_a_pair_with_a_long_name_is_one_that_sns_takes(account: Account) -> None:
    account.configure(pair="a" * 31)
    Acting(account).carry_out()
    ((subject, _),) = account.mails
    assert len(subject) < 100
    assert subject.isascii()


def test_the_text_says_what_was_seen_what_was_done_whether_it_helped_and_what_is_next(
    account: Account, acting: Acting
) -> None:
    account.cut_off(account.backends[0], ago=10)
    acting.carry_out()
    ((_, text),) = account.mails
    assert f"Seen: {REASON}." in text
    assert all(f"{host}: offline since " in text for host in account.backends[:3])
    assert f"Done: 2 subnets moved from {account.primary_table} to {account.standby_table}" in text
    assert all(subnet in text for subnet in account.subnets)
    assert f"Helped: 3 of 4 backends online through the new path. Still offline: {account.backends[0]}." in text
    assert "aws ssm put-parameter --name /nat-failover/main/lock --value armed --overwrite" in text
