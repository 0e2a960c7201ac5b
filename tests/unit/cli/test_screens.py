"""What `status`, `status --watch` and `doctor` show, line by line as it was approved, and what all have in common."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.text import Text

from nat_failover.cli.checks import examine
from nat_failover.cli.checks.finding import is_command
from nat_failover.cli.commands.doctor import show
from nat_failover.cli.commands.history import show as tell_past
from nat_failover.cli.commands.status import print_all
from nat_failover.cli.standing.assess import appraise
from nat_failover.cli.standing.render import watched
from nat_failover.cli.standing.standing import Internet, Standing
from nat_failover.probing.invocation import State
from nat_failover.probing.probe_report import Signal
from tests.examples import NOW, PRIMARY, STANDBY, observation
from tests.unit.cli.approve import PAGE, PICTURED, PICTURES, picture, with_screens
from tests.unit.cli.past import past
from tests.unit.cli.screens import (
    ADDRESS,
    APPROVED,
    CASES,
    HEIGHT,
    HOSTS,
    WIDTHS,
    approved_text,
    healthy,
    screen,
    sections,
    snapshot,
    text_of,
)

ID = re.compile(r"\b(?:i|rtb|subnet|rtbassoc|eipalloc)-[0-9a-f]+")
WHOLE = re.compile(r"[a-z]+-[0-9a-f]{17}")
EVERY = pytest.mark.parametrize(("name", "width"), [(name, width) for name in CASES for width in WIDTHS])


@EVERY
def test_a_screen_is_line_by_line_as_it_was_approved(name: str, width: int) -> None:
    approved = (APPROVED / f"{name}-{width}.txt").read_text(encoding="utf-8")
    assert approved_text(name, width) == approved, "where it is meant so: make texts"


def test_the_screens_on_the_page_are_what_the_command_prints() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- screen: ") >= 4
    assert with_screens(page) == page, "make texts"
    for name in PICTURED:
        assert f"(screens/{name}.svg)" in page
        assert (PICTURES / f"{name}.svg").read_text(encoding="utf-8") == picture(name), "make texts"


@EVERY
def test_no_line_is_wider_than_the_terminal_and_no_id_is_broken(name: str, width: int) -> None:
    for text in sections(name, width).values():
        for line in text.splitlines():
            assert len(line) <= width or is_command(line.strip()), line
        assert [found for found in ID.findall(text) if not WHOLE.fullmatch(found)] == []


@EVERY
def test_the_watch_fits_the_terminal(name: str, width: int) -> None:
    assert len(sections(name, width)["status --watch"].splitlines()) <= HEIGHT


def many() -> Standing:
    """Give a pair of sixty backends of which nobody is heard."""
    seen = appraise(healthy())
    lost = replace(seen.backends[0], word="SILENT", agent="ConnectionLost", name="a name of some length " * 3)
    return replace(seen, backends=tuple(replace(lost, id=f"i-0123456789abcd{n:03}") for n in range(60)))


@pytest.mark.parametrize("width", WIDTHS)
def test_of_many_pairs_and_backends_the_watch_shows_the_answers_first_and_fits(width: int) -> None:
    pairs = [replace(many(), pair=f"pair-{n}") for n in range(5)]
    console = screen(width)
    console.print(watched(pairs, console, [Text("every 5 s")]))
    lines = text_of(console).splitlines()
    assert len(lines) == HEIGHT
    assert max(map(len, lines)) <= width
    assert [line.split(":")[0] for line in lines[:9:2]] == [pair.pair for pair in pairs]
    assert lines[-2].startswith("... ")


def test_a_fleet_is_summarised_and_only_some_exceptions_are_named() -> None:
    console = screen(80)
    print_all([many()], console)
    shown = text_of(console)
    assert shown.count("ConnectionLost") == 8
    assert "backends   0 of 60 online\n" in shown
    assert "and 52 more: nat-failover status main --json\n" in shown


@pytest.mark.parametrize("name", CASES)
def test_whatever_reads_a_pipe_gets_plain_lines_a_thing_each(name: str) -> None:
    console = screen(80, terminal=False)
    print_all([appraise(CASES[name]())], console)
    shown = text_of(console)
    assert shown.isascii()
    assert not [line for line in shown.splitlines() if line.startswith("           ") and "web-" not in line]
    assert shown.splitlines()[0].startswith("main: ")


def test_through_a_pipe_each_thing_that_happened_is_one_line() -> None:
    seen = CASES["failed-over"]()
    console = screen(80, terminal=False)
    tell_past(console, "main", past(seen), seen.now)
    title, *lines = text_of(console).splitlines()
    assert title == "pair main"
    assert [re.split(r"\s{2,}", line)[1] for line in lines] == ["failover", "re-armed", "drill", "drill", "created"]
    assert all(re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC  ", line) for line in lines)


def test_a_pair_without_a_parameter_has_no_past_and_says_so() -> None:
    console = screen(80)
    tell_past(console, "main", [], NOW)
    assert text_of(console) == "pair main: no lock parameter, which means armed, and no history\n"


@pytest.mark.parametrize("name", CASES)
def test_of_what_was_not_read_nothing_is_called_fine(name: str) -> None:
    seen = CASES[name]()
    for part in ("view", "lock", "instances", "managed", "health", "decisions"):
        blind = replace(seen, unread={**seen.unread, part: "no permission"}, **{part: None})  # type: ignore[arg-type]
        standing = appraise(blind)
        assert not standing.protected
        console = screen(80)
        print_all([standing], console)
        first, second, *_ = text_of(console).splitlines()
        assert "; PROTECTED" not in first
        assert second.startswith(("Next: ", "  "))


def test_a_backend_that_was_offline_before_the_subnets_were_moved_is_not_offline_now() -> None:
    standing = appraise(CASES["failed-over"]())
    assert standing.internet.state is Internet.ONLINE
    assert [host.word for host in standing.backends] == ["REACHABLE"] * 3 + ["not heard"]
    assert not [sentence for sentence in standing.trouble if "can't reach" in sentence]


def test_a_backend_that_only_the_passive_nat_has_heard_is_offline() -> None:
    signals = tuple(Signal(ADDRESS[host], online=False, age=2.0, through=True) for host in HOSTS[:3])
    addresses = (ADDRESS[PRIMARY], ADDRESS[STANDBY])
    standing = appraise(snapshot({"1": (observation(STANDBY, State.REACHABLE, signals=signals, about=addresses),)}))
    assert (standing.internet.state, standing.internet.offline) == (Internet.OFFLINE, 3)


def test_a_command_of_the_doctor_is_alone_on_its_line_and_whole_at_any_width() -> None:
    seen = CASES["cannot-judge"]()
    for width in (40, 80, 200):
        console = screen(width)
        show(console, "main", examine(seen))
        lines = [line.strip() for line in text_of(console).splitlines()]
        assert {command for finding in examine(seen) for command in finding.commands} <= set(lines)
