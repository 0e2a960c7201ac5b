"""The probe's line, whoever has printed it: what makes no sense is left out, and nothing of it is without bounds."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.probing.probe_report import MOST_SIGNALS, Report, Signal, read_report
from tests.unit.probing.observing import probe_line


@pytest.mark.parametrize(
    "output",
    [
        "",
        "ping: command not found",
        "{}",
        "[]",
        "null",
        '{"probe":2}',
        '{"probe":1,"state":"offline"}',
        '{"probe":2,"state":5}',
        probe_line(elapsed=-1),
        probe_line(elapsed="100"),
        probe_line(elapsed=float("nan")),
        probe_line(elapsed=float("inf")),
        probe_line(elapsed=10**400),
        probe_line(lost_for=True),
        probe_line(uptime=None),
        probe_line(pings=[1]),
        probe_line(pings=[1, "2"]),
        probe_line(pings=3),
        probe_line()[:40],
        "[" * 100_000,
        "\x00\udcff" + probe_line(),
    ],
)
def test_output_without_a_line_that_makes_sense_is_no_report(output: str) -> None:
    assert read_report(output) is None


@pytest.mark.parametrize(
    "output",
    [
        "warning: locale\n" + probe_line(),
        probe_line() + "trailing\n",
        "{}\n[1]\n" + probe_line(),
        "\n\n" + probe_line(),
    ],
)
def test_the_probes_line_is_found_among_others(output: str) -> None:
    assert read_report(output) == read_report(probe_line())


def test_a_backends_line_says_by_which_way_it_is_offline() -> None:
    assert read_report(probe_line(boot="b", intercepted=True)) == Report(
        "offline", 100.0, 2.0, 90_000.0, "b", active=False, passive=True, answered=37, sent=40, intercepted=True
    )


@pytest.mark.parametrize(
    ("printed", "read"), [(62, 62), (100, 100), (101, None), (-1, None), ("62", None), (True, None)]
)
def test_how_much_is_lost_is_a_share(printed: object, read: int | None) -> None:
    report = read_report(probe_line(loss=printed))
    assert report is not None
    assert report.loss == read


def test_where_all_is_lost_nothing_is_said_of_a_share() -> None:
    report = read_report(probe_line())
    assert report is not None
    assert report.loss is None


def signals_of(column: str) -> tuple[Signal, ...] | None:
    """Read the signals of a listener's line."""
    report = read_report(probe_line("online", heard=column))
    assert report is not None
    return report.signals


def test_a_listeners_line_says_whom_it_has_heard() -> None:
    assert signals_of("10.0.1.5,f,0.31,1 10.0.1.6,n,2.5,0") == (
        Signal("10.0.1.5", online=False, age=0.31, through=True),
        Signal("10.0.1.6", online=True, age=2.5, through=False),
    )
    assert signals_of("") == ()


@pytest.mark.parametrize(
    "signal",
    [
        "10.0.1.5",
        "10.0.1.5,f,0.3",
        "10.0.1.5,f,0.3,1,1",
        "10.0.1.5,x,0.3,1",
        "10.0.1.5,f,-0.1,1",
        "10.0.1.5,f,60,1",
        "10.0.1.5,f,nan,1",
        "10.0.1.5,f,inf,1",
        "10.0.1.5,f,0.3,2",
        "10.0.1.500,f,0.3,1",
        "example.com,f,0.3,1",
        "::1,f,0.3,1",
        "i-0bacbacbacbac0001,f,0.3,1",
    ],
)
def test_a_word_about_somebody_that_makes_no_sense_is_left_out(signal: str) -> None:
    assert signals_of(f"{signal} 10.0.1.6,n,1,1") == (Signal("10.0.1.6", online=True, age=1.0, through=True),)


def test_no_more_are_heard_than_a_line_has_room_for() -> None:
    signals = signals_of(" ".join(f"10.0.{n // 250}.{n % 250},f,0.1,1" for n in range(5000)))
    assert signals is not None
    assert len(signals) == MOST_SIGNALS


ANY: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("9" * 5000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
SIGNALS = st.tuples(
    st.sampled_from(["10.0.1.5", "10.0.1.6", "", "x"]), st.sampled_from("nfx"), st.floats(), st.sampled_from("012")
).map(lambda parts: ",".join(map(str, parts)))
FIELDS = dict.fromkeys(("pings", "elapsed", "lost_for", "uptime", "boot", "active", "passive", "deaf"), ANY)
LINES = st.fixed_dictionaries(
    {"probe": st.just(2) | ANY, "state": st.text(max_size=5) | ANY},
    optional=FIELDS | {"heard": st.lists(SIGNALS).map(" ".join) | ANY, "intercepted": ANY},
).map(json.dumps)


@given(st.lists(LINES | st.text(), max_size=3).map("\n".join))
def test_whatever_a_host_prints_is_a_report_within_bounds_or_none(output: str) -> None:
    report = read_report(output)
    if report is None:
        return
    numbers = (report.elapsed, report.lost_for, report.uptime, report.answered, report.sent)
    assert all(math.isfinite(n) and 0 <= n < 1e10 for n in numbers)
    assert {report.active, report.passive} <= {True, False, None}
    assert len(report.deaf) <= 100
    assert len(report.signals or ()) <= MOST_SIGNALS
    assert all(0 <= signal.age < 60 for signal in report.signals or ())
