"""The probe script where packets are really lost: what it says and when, what it sends, what it leaves behind."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import pytest

from infra.probe.document import SCRIPT
from tests.integration.probe.shells import SHELLS, TARGETS, Host, Outcome, Ping, arguments, in_every_shell, installed

pytestmark = pytest.mark.namespaces

T = TypeVar("T")
# Two sets of targets, so that two probes can run at the same time and be told apart.
FIRST, SECOND = TARGETS[:3], TARGETS[3:]
# To come to the last try at once.
HASTY: dict[str, Any] = {"interval": "0.2", "failures": 1}


class Stage:
    """A host for every shell; a case is played with all shells at the same time, once."""

    def __init__(self, stack: ExitStack) -> None:
        self._hosts = {shell: Host(stack, shell) for shell in SHELLS if installed(shell)}
        self._played: dict[Callable[[Host], object], dict[str, Future[Any]]] = {}

    def play(self, case: Callable[[Host], T], shell: str) -> T:
        """Give what a case has shown with a shell."""
        if case not in self._played:
            for host in self._hosts.values():
                host.mend()
            with ThreadPoolExecutor() as pool:
                self._played[case] = {name: pool.submit(case, host) for name, host in self._hosts.items()}
        return cast("T", self._played[case][shell].result())


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack)


class Shown(NamedTuple):
    """A run, what its host has sent meanwhile, and whether everything was gone soon after it."""

    outcome: Outcome
    pings: list[Ping]
    idle: bool


def sent(pings: list[Ping], targets: tuple[str, ...]) -> list[Ping]:
    return [ping for ping in pings if ping.target in targets]


# While all is well


def well(host: Host) -> tuple[Shown, Shown]:
    """Watch at the default settings and, beside it, as fast as it goes."""
    runs = (host.probe(*arguments(FIRST, 4)), host.probe(*arguments(SECOND, 4, interval="0.2")))
    usual, fast = (run.end() for run in runs)
    idle, pings = host.is_idle(), host.capture.pings()
    return Shown(usual, sent(pings, FIRST), idle), Shown(fast, sent(pings, SECOND), idle)


@in_every_shell
def test_at_the_end_of_its_window_it_says_that_the_internet_was_reachable(stage: Stage, shell: str) -> None:
    for targets, shown in zip((FIRST, SECOND), stage.play(well, shell), strict=True):
        outcome, said = shown.outcome, shown.outcome.said
        assert (outcome.exit_code, said["state"], said["targets"]) == (0, "reachable", " ".join(targets))
        assert said.keys() == {"probe", "state", "sent", "lost", "lost_for", "elapsed", "uptime", "boot", "targets"}
        assert 4 <= said["elapsed"] < 5.5
        assert outcome.took > said["elapsed"] - 0.1
        assert said["sent"] == len(shown.pings)
        assert said["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        assert abs(said["uptime"] - time.clock_gettime(time.CLOCK_BOOTTIME)) < 600


@in_every_shell
def test_while_all_is_well_it_sends_two_pings_a_second(stage: Stage, shell: str) -> None:
    usual, _ = stage.play(well, shell)
    assert 3 <= len(usual.pings) <= 2.2 * usual.outcome.said["elapsed"]


@in_every_shell
def test_it_pings_every_target_in_no_fixed_order_and_none_twice_on_end(stage: Stage, shell: str) -> None:
    _, fast = stage.play(well, shell)
    order = [ping.target for ping in fast.pings]
    assert set(order) == set(SECOND)
    assert all(one != following for one, following in pairwise(order))
    assert any(one != later for one, later in zip(order, order[3:], strict=False))


@in_every_shell
def test_every_ping_is_a_flow_of_its_own(stage: Stage, shell: str) -> None:
    for shown in stage.play(well, shell):
        # Identifiers are drawn at random, so that two may be the same.
        assert len(set(shown.pings)) >= len(shown.pings) - 1


@in_every_shell
def test_after_its_end_nothing_is_left(stage: Stage, shell: str) -> None:
    for shown in (*stage.play(well, shell), stage.play(lost, shell)[0]):
        assert shown.idle


# Loss


def lost(host: Host) -> tuple[Shown, Outcome, float]:
    """Lose everything in the midst of a watch; beside it, ask for a quick check where all was lost before."""
    host.cut(*SECOND)
    watch = host.probe(*arguments(FIRST, 600))
    time.sleep(1.2)
    quick = host.probe(*arguments(SECOND))
    host.cut(*FIRST)
    begun = time.monotonic()
    outcome = watch.end()
    took = time.monotonic() - begun
    checked = quick.end()
    idle = host.is_idle()
    return Shown(outcome, sent(host.capture.pings(), FIRST), idle), checked, took


@in_every_shell
def test_when_all_targets_are_lost_it_says_so_within_about_two_seconds(stage: Stage, shell: str) -> None:
    shown, _, took = stage.play(lost, shell)
    said = shown.outcome.said
    assert (shown.outcome.exit_code, said["state"], said["targets"]) == (1, "unreachable", " ".join(FIRST))
    assert took < 3.5
    # 0.5 s for the first lost ping, 0.25 s for each of the others, 0.64 s for the last try.
    assert 1.6 <= said["lost_for"] < 3.5
    assert 0.5 <= said["elapsed"] - said["lost_for"] < 3


@in_every_shell
def test_a_quick_check_of_a_host_that_is_offline_takes_no_longer(stage: Stage, shell: str) -> None:
    _, checked, _ = stage.play(lost, shell)
    assert (checked.exit_code, checked.said["state"]) == (1, "unreachable")
    assert checked.took < 3.5


@in_every_shell
def test_before_it_gives_up_it_pings_every_target_three_times(stage: Stage, shell: str) -> None:
    shown, *_ = stage.play(lost, shell)
    assert len(shown.pings) == shown.outcome.said["sent"]
    assert sorted(ping.target for ping in shown.pings[-9:]) == sorted(FIRST * 3)
    # Before those: two a second, then three that are lost.
    assert len(shown.pings) - 9 <= 2.2 * shown.outcome.said["elapsed"] + 3


@in_every_shell
def test_whoever_reads_its_words_need_not_wait_for_a_ping_that_is_still_out(stage: Stage, shell: str) -> None:
    shown, checked, _ = stage.play(lost, shell)
    assert not shown.outcome.held
    assert not checked.held
    assert not stage.play(quick, shell).held


def partly_lost(host: Host) -> tuple[Shown, Shown]:
    """Lose one target of three, and beside it two of three."""
    host.cut(FIRST[1], *SECOND[1:])
    runs = (host.probe(*arguments(FIRST, 3)), host.probe(*arguments(SECOND, 3)))
    one, two = (run.end() for run in runs)
    idle, pings = host.is_idle(), host.capture.pings()
    return Shown(one, sent(pings, FIRST), idle), Shown(two, sent(pings, SECOND), idle)


@in_every_shell
def test_as_long_as_one_target_answers_the_internet_is_reachable(stage: Stage, shell: str) -> None:
    for shown in stage.play(partly_lost, shell):
        assert (shown.outcome.exit_code, shown.outcome.said["state"]) == (0, "reachable")
        assert shown.outcome.said["lost_for"] == 0
        assert shown.outcome.said["elapsed"] >= 3


@in_every_shell
def test_where_much_is_lost_it_still_sends_few_pings(stage: Stage, shell: str) -> None:
    for shown in stage.play(partly_lost, shell):
        # Three lost pings take a second, and nine of a last try two thirds.
        assert len(shown.pings) <= 8 * shown.outcome.said["elapsed"]


def every_other_lost(host: Host) -> Outcome:
    """Lose every other answer, so that each slot is lost and each last try is not."""
    host.internet.nft("add rule ip loss out icmp type echo-reply numgen inc mod 2 == 0 drop")
    return host.probe(*arguments(FIRST[:1], 1, **HASTY)).end()


@in_every_shell
def test_a_window_ends_though_only_last_tries_be_answered(stage: Stage, shell: str) -> None:
    outcome = stage.play(every_other_lost, shell)
    assert (outcome.exit_code, outcome.said["state"]) == (0, "reachable")
    assert 1 <= outcome.said["elapsed"] < 3


def shortly_lost(host: Host) -> Outcome:
    """Lose everything for less time than the verdict takes."""
    watch = host.probe(*arguments(FIRST, 2))
    time.sleep(0.6)
    host.cut(*FIRST)
    time.sleep(0.9)
    host.internet.nft("flush set ip loss dead")
    return watch.end()


@in_every_shell
def test_a_loss_that_is_over_before_the_last_try_is_none(stage: Stage, shell: str) -> None:
    outcome = stage.play(shortly_lost, shell)
    assert (outcome.exit_code, outcome.said["state"]) == (0, "reachable")
    assert outcome.said["lost"] >= 1


def rules_flushed(host: Host) -> tuple[Outcome, bool]:
    """Flush the NAT's rules; a ping that began before goes on, as the NAT still tracks its flow."""
    known = ("ping", "-n", "-q", "-i", "0.2", "-W", "1")
    before = host.host.popen([*known, "-w", "20", TARGETS[5]])
    watch = host.probe(*arguments(FIRST, 600))
    time.sleep(1)
    host.nat.nft("flush chain ip nat out")
    outcome = watch.end()
    before.send_signal(signal.SIGINT)
    told, _ = before.communicate()
    return outcome, " 0% packet loss" in told


@in_every_shell
def test_a_nat_that_has_lost_its_rules_is_found_out_though_known_flows_go_on(stage: Stage, shell: str) -> None:
    outcome, known_goes_on = stage.play(rules_flushed, shell)
    assert known_goes_on
    assert (outcome.exit_code, outcome.said["state"]) == (1, "unreachable")
    assert 1.6 <= outcome.said["lost_for"] < 3.5


# What else there is to say


def quick(host: Host) -> Outcome:
    """Ask for a quick check."""
    return host.probe(*arguments(FIRST)).end()


@in_every_shell
def test_a_quick_check_takes_one_ping(stage: Stage, shell: str) -> None:
    outcome = stage.play(quick, shell)
    assert (outcome.exit_code, outcome.said["state"], outcome.said["sent"]) == (0, "reachable", 1)
    assert outcome.took < 1.5


def booted(host: Host) -> tuple[Outcome, ...]:
    """Be offline soon after a boot, offline long after it, and online soon after it."""
    host.cut(*FIRST)
    runs = (
        host.probe(*arguments(FIRST, warm_up=300, **HASTY), uptime=20),
        host.probe(*arguments(FIRST, warm_up=300, **HASTY), uptime=400),
        host.probe(*arguments(SECOND, warm_up=300, **HASTY), uptime=20),
    )
    return tuple(run.end() for run in runs)


@in_every_shell
def test_a_host_that_is_offline_soon_after_its_boot_is_warming_up(stage: Stage, shell: str) -> None:
    warming, settled, online = stage.play(booted, shell)
    assert (warming.exit_code, warming.said["state"]) == (3, "warming-up")
    assert 18 <= warming.said["uptime"] <= 30
    assert warming.said["lost_for"] >= 0.8
    assert (settled.exit_code, settled.said["state"]) == (1, "unreachable")
    assert (online.exit_code, online.said["state"]) == (0, "reachable")


def without_loopback(host: Host) -> Outcome:
    """Lose everything, the host's own address too."""
    host.cut(*FIRST)
    host.host.ip("link set lo down")
    return host.probe(*arguments(FIRST, **HASTY)).end()


@in_every_shell
def test_where_a_ping_does_not_even_reach_its_own_host_it_cannot_tell(stage: Stage, shell: str) -> None:
    outcome = stage.play(without_loopback, shell)
    assert outcome.exit_code == 2
    assert outcome.said == {"probe": 1, "state": "cannot-probe", "why": "ping does not work on this host"}


def names_unanswered(host: Host) -> tuple[Outcome, bool]:
    """Ask for a host name where no name server answers."""
    with tempfile.TemporaryDirectory() as folder:
        resolver = Path(folder) / "resolv.conf"
        resolver.write_text("nameserver 198.51.100.53\n", encoding="ascii")
        host.nat.nft("add rule ip firewall forward udp dport 53 drop")
        probe = (*host.shell, str(SCRIPT), *arguments(("a.example",), **HASTY))
        mount = f'mount --bind {resolver} /etc/resolv.conf && exec "$@"'
        run = host.run("unshare", "--mount", "sh", "-c", mount, "sh", *probe)
        return run.end(), host.is_idle()


@in_every_shell
def test_where_no_name_server_answers_the_pings_end_soon_as_well(stage: Stage, shell: str) -> None:
    outcome, idle = stage.play(names_unanswered, shell)
    assert (outcome.exit_code, outcome.said["state"]) == (1, "unreachable")
    assert idle


def killed(host: Host) -> tuple[dict[tuple[bool, signal.Signals], Outcome], float, bool]:
    """Kill probes in every way, while all is well, in a long pause, and while all is lost."""
    host.cut(*SECOND)
    ways = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
    runs = {
        (well, number): host.probe(*(arguments(FIRST, 600, interval="9") if well else arguments(SECOND, 600)))
        for well in (True, False)
        for number in ways
    }
    time.sleep(1)
    begun = time.monotonic()
    for (_, number), run in runs.items():
        run.process.send_signal(number)
    idle = host.is_idle()
    took = time.monotonic() - begun
    return {of: run.end() for of, run in runs.items()}, took, idle


@in_every_shell
def test_when_it_is_killed_nothing_is_left_after_a_second_nor_said(stage: Stage, shell: str) -> None:
    outcomes, took, idle = stage.play(killed, shell)
    assert idle, f"{took:.1f} s"
    expected = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
    assert {of: outcome.exit_code for of, outcome in outcomes.items()} == {of: expected[of[1]] for of in outcomes}
    assert {(outcome.stdout, outcome.stderr, outcome.held) for outcome in outcomes.values()} == {("", "", False)}
