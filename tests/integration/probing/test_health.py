"""What NATs tell of themselves and what backends lose, as metrics; and nobody is asked anew for it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.examples import TICK
from tests.fakes import Context, report
from tests.integration.account import Account

MINUTES = ("PrimaryConnections", "PrimaryMemory", "StandbyConnections", "StandbyMemory")


def tell(account: Account, host: str, *, elapsed: float = 50.0, **more: Any) -> None:
    """Let a host's latest watch have ended now."""
    sent = [c for c in reversed(account.run_command.commands) if c.kind != "echo"]
    command = next(c for c in sent if host in c.arguments["InstanceIds"])
    command.invocations[host] = report("online", account.clock.now(), elapsed=elapsed, **more)


def health(minutes: str, **more: Any) -> dict[str, Any]:
    """Return what a NAT tells."""
    return {"heard": "", "health": {"limit": 1000, "memory": 500, "exceeded": "", "minutes": minutes} | more}


def lines(account: Account, application: Any = None) -> list[dict[str, Any]]:
    """Let a tick go by; give its lines of metrics."""
    stream = io.StringIO()
    (application or account.application(stream)).handle(TICK, Context("request-1", 45))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def watched(account: Account) -> Account:
    """A pair whose hosts watch for some minutes."""
    account.tick()
    account.clock.sleep(150)
    return account


def test_each_minute_of_each_nat_has_values_of_its_own_time(watched: Account) -> None:
    tell(watched, watched.primary, elapsed=130, **health("100,250,0 200,240,3 900,50,0", exceeded="pps"))
    tell(watched, watched.standby, elapsed=130, **health("10,400"))
    now = watched.clock.now()
    by_minute = [line for line in lines(watched) if not {"Tick"} & line.keys()]
    values = [
        (round(line["_aws"]["Timestamp"] / 1000 - now), *(line[name][0] for name in MINUTES if name in line))
        for line in by_minute
    ]
    assert sorted(values) == [(-70, 10.0, 50.0), (-10, 20.0, 48.0), (0, 1.0, 80.0), (0, 90.0, 10.0)]
    (dropped,) = [line for line in by_minute if "PrimaryAllowanceExceeded" in line]
    assert (dropped["PrimaryAllowanceExceeded"], dropped["exceeded"]) == ([3.0], ["pps"])
    assert all(line["service"] == "main" for line in by_minute)


def test_a_minute_is_written_once_by_each_process(watched: Account) -> None:
    tell(watched, watched.primary, **health("100,250"))
    stream = io.StringIO()
    application = watched.application(stream)
    for _ in range(3):
        application.handle(TICK, Context("request-1", 45))
        watched.clock.sleep(60)
    assert stream.getvalue().count('"PrimaryConnections":') == 1


@pytest.mark.parametrize(("used", "value"), [(800, 80.0), (500, 50.0), (499, None)])
def test_a_nat_that_is_nearly_full_has_a_metric_until_it_tells_otherwise(
    watched: Account, used: int, value: float | None
) -> None:
    tell(watched, watched.primary, tells=True, **health(f"1,250 {used},250"))
    tell(watched, watched.standby, **health("1,250"))
    assert watched.failed(watched.primary).metrics.get("ConnectionsNearlyFull") == value
    assert watched.ticks(2)[1].metrics.get("ConnectionsNearlyFull") == value
    tell(watched, watched.primary, **health("1,250"))
    assert "ConnectionsNearlyFull" not in watched.ticks(1)[0].metrics


def test_one_in_which_ec2_tracks_no_more_is_full(watched: Account) -> None:
    tell(watched, watched.standby, **health("1,250,5", exceeded="conntrack"))
    assert watched.tick().metrics["ConnectionsNearlyFull"] == 100


def test_the_nat_that_has_told_early_is_asked_anew_at_the_next_tick_and_nobody_else(watched: Account) -> None:
    tell(watched, watched.primary, tells=True, **health("800,250"))
    watched.failed(watched.primary)
    before = len(watched.run_command.commands)
    watched.tick()
    (again,) = watched.run_command.commands[before:]
    assert again.arguments["InstanceIds"] == [watched.primary]


def lose(account: Account, percent: int, *hosts: str) -> None:
    """Let backends have told that they lose some."""
    came = 120 * (100 - percent) // 100
    for host in hosts:
        tell(account, host, elapsed=130, lately=[came, 120, came, 120], goes_on=True)


def test_what_backends_lose_has_a_metric_and_they_are_not_asked_anew_while_they_watch_on(watched: Account) -> None:
    lose(watched, 15, *watched.backends)
    before = len(watched.run_command.commands)
    invocations = watched.ticks(4)
    assert [round(each.metrics["PacketsLost"]) for each in invocations] == [15] * 4
    assert len(watched.run_command.commands) == before
    assert [each.cause for each in invocations] == ["HEALTHY"] * 4
    # Their windows are over soon.
    watched.ticks(3)
    assert [command.kind for command in watched.run_command.commands[before:]] == ["watch", "echo"]


def test_little_that_is_lost_has_none(watched: Account) -> None:
    lose(watched, 0, *watched.backends)
    assert "PacketsLost" not in watched.tick().metrics


@pytest.mark.pair(backends=10)
def test_those_that_have_told_of_loss_count_still_where_three_are_offline(watched: Account) -> None:
    lose(watched, 15, *watched.backends[3:])
    watched.deafen(watched.standby)
    watched.clock.sleep(30)
    watched.cut_off(*watched.backends[:3])
    assert watched.failed(watched.backends[0]).outcome is None
    assert watched.on_standby == ()
