"""Whom ticks ask, of a fleet in which not everybody can answer: nobody's trouble keeps others from being asked."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.account import PROBED, Account, deny, have_windows

AN_HOUR = 60


def tick_for_an_hour(account: Account) -> None:
    """Let ticks come once a minute."""
    for _ in range(AN_HOUR):
        account.tick()
        account.clock.sleep(60)


def sent_to(account: Account, host: str) -> Counter[str]:
    """Count what a host has been sent, by kind."""
    return Counter(c.kind for c in account.run_command.commands if host in c.arguments["InstanceIds"])


# Silent hosts


def test_a_passive_nat_that_is_silent_is_sent_one_watch_an_hour_and_quick_checks(account: Account) -> None:
    account.silent.add(account.standby)
    tick_for_an_hour(account)
    assert sent_to(account, account.standby) == {"watch": 1, "echo": 1, "check": AN_HOUR - 1}
    assert sent_to(account, account.backends[0])["watch"] < 10


def test_a_backend_that_is_silent_is_sent_one_watch_an_hour_and_quick_checks(account: Account) -> None:
    one, *others = account.backends
    account.silent.add(one)
    tick_for_an_hour(account)
    assert sent_to(account, one)["watch"] == 1
    assert sent_to(account, one)["check"] >= AN_HOUR - 1
    assert all(sent_to(account, other)["check"] < 10 for other in others)


@pytest.mark.parametrize("who", ["standby", "backend"])
def test_a_host_that_was_silent_is_watched_again_once_it_has_answered_a_quick_check(account: Account, who: str) -> None:
    host = account.standby if who == "standby" else account.backends[0]
    account.silent.add(host)
    for _ in range(12):
        account.tick()
        account.clock.sleep(60)
    assert sent_to(account, host)["watch"] == 1
    account.silent.discard(host)
    account.tick()
    assert sent_to(account, host)["watch"] == 2


def test_where_those_who_are_watched_are_too_few_to_judge_by_others_are_looked_for_at_every_tick(
    account: Account,
) -> None:
    late = account.backends[2:]
    account.run_command.online = [*account.backends[:2], account.primary, account.standby]
    account.clock.sleep(360.0 - account.clock.now() % 300)  # the tick after this one would not look for new ones
    account.tick()
    account.run_command.online += late
    account.clock.sleep(60)
    account.tick()
    assert [sent_to(account, host)["watch"] for host in account.backends] == [1, 1, 1, 1]


@pytest.mark.pair(backends=6)
def test_a_silent_backend_does_not_take_the_place_of_one_that_answers(account: Account) -> None:
    account.configure(sample_size=4)
    quiet = account.backends[:2]
    account.silent.update(quiet)
    for _ in range(3):
        account.tick()
        account.clock.sleep(60)
    assert all(sent_to(account, host)["watch"] for host in account.backends[2:])


def test_a_stopped_passive_nat_is_not_asked(account: Account) -> None:
    account.ec2.stop_instances(InstanceIds=[account.standby])
    tick_for_an_hour(account)
    assert sent_to(account, account.standby) == {}
    assert sent_to(account, account.backends[0])["watch"] > 5


# Hosts that can't probe


def test_a_backend_that_can_not_probe_is_asked_no_more_often_than_others(account: Account) -> None:
    one, *others = account.backends
    account.unable.add(one)
    tick_for_an_hour(account)
    assert all(4 < sent_to(account, host)["watch"] < 10 for host in (one, *others))
    assert sent_to(account, one)["check"] <= 1


def test_it_is_watched_when_it_is_asked_again_and_can_probe(account: Account) -> None:
    one = account.backends[0]
    account.unable.add(one)
    account.ticks(20)
    account.unable.discard(one)
    before = sent_to(account, one)
    account.ticks(10)
    assert sent_to(account, one) - before == {"watch": 1}


def test_where_the_others_are_too_few_to_judge_by_it_is_asked_at_every_tick(account: Account) -> None:
    account.unable.update(account.backends[:2])
    tick_for_an_hour(account)
    assert sent_to(account, account.backends[0])["watch"] >= AN_HOUR - 5


@pytest.mark.pair(backends=6)
def test_a_backend_that_can_not_probe_takes_no_place_in_the_sample(account: Account) -> None:
    account.configure(sample_size=4)
    account.unable.update(account.backends[:2])
    account.ticks(5)
    assert all(sent_to(account, host)["watch"] for host in account.backends[2:])


# Fleets in which hosts are not alike


@pytest.mark.parametrize("trouble", ["windows", "stopped", "terminated", "hybrid", "without its tag"])
def test_others_are_asked_though_there_is_one_host_that_aws_refuses_to_ask(account: Account, trouble: str) -> None:
    one, *others = account.backends
    ssm = account.run_command
    account.tick()
    account.clock.sleep(60)
    ssm.commands.clear()
    match trouble:
        case "windows":
            have_windows(account, one)
        case "stopped":
            account.ec2.stop_instances(InstanceIds=[one])
            ssm.online.remove(one)
        case "terminated":
            account.ec2.terminate_instances(InstanceIds=[one])
            ssm.online.remove(one)
        case "hybrid":
            one = "mi-0123456789abcdef0"
            others = list(account.backends)
            ssm.online.append(one)
        case "without its tag":
            # SSM's list does not have it any more, but there are those known from earlier rounds.
            account.ec2.delete_tags(Resources=[one], Tags=[PROBED])
            deny(account, one)
    account.tick()
    assert sent_to(account, one) == {}
    assert all(sent_to(account, host)["watch"] == 1 for host in (*others, account.standby))


def test_a_backend_without_its_tag_does_not_keep_others_from_being_asked_whether_they_are_still_offline(
    account: Account,
) -> None:
    account.tick()
    account.clock.sleep(60)
    account.cut_off(*account.backends[:3], ago=50)
    account.tick()
    account.ec2.delete_tags(Resources=[account.backends[0]], Tags=[PROBED])
    deny(account, account.backends[0])
    account.clock.sleep(35)
    account.tick()
    for host in account.backends[1:3]:
        assert sent_to(account, host)["check"] or sent_to(account, host)["watch"] > 1
