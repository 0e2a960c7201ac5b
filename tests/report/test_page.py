"""The page: everything is on it, escaped, and it needs nothing from elsewhere."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser

from nat_failover.cli.report.page import page
from nat_failover.cli.report.report import DrillReport, Mail, Milestone, Moment, Play, Span, Track
from tests.report.plays import MADE_AT, play, report

HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror=\"alert(2)\" style='x'>{{ 7 * 7 }}&"
# Those that HTML has no end tag for: https://html.spec.whatwg.org/multipage/syntax.html#void-elements
VOID = {"meta", "link"}


class Reader(HTMLParser):
    """Collects the elements and the text of a page, and insists that each is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text += data


def test_everything_that_a_run_has_is_on_the_page() -> None:
    text = Reader(page(report())).text
    for part in (
        *("nat-rules-flushed", "passed", "2026-01-01 00:00:00 UTC", "outage", "4.2 s", "3 of 3", "backend6"),
        *("failure", "detection", "decision", "swap", "recovery", "1.70 s", "written into the lock"),
        *("backend1 UNREACHABLE", "backend1 is back online", "[nat-failover main] failed over", "Next: re-arm."),
        *("targets", "1.1.1.1,8.8.8.8", "delivery", "0.3 to 1.5 s"),
    ):
        assert part in text, part


def test_every_run_has_a_section_and_a_row_of_the_overview_that_leads_to_it() -> None:
    read = Reader(page(report(play("one"), play("two", passed=False))))
    sections = [about["id"] for tag, about in read.elements if tag == "section"]
    assert sections == ["run-1", "run-2"]
    assert [about["href"] for tag, about in read.elements if tag == "a"] == ["#run-1", "#run-2"]
    assert "1 of 2 runs passed" in read.text
    assert "still offline: backend1" in read.text


def test_whatever_stands_in_a_report_none_of_it_becomes_markup() -> None:
    hostile = Play(
        HOSTILE,
        HOSTILE,
        False,
        HOSTILE,
        ((HOSTILE, HOSTILE),),
        (Track(HOSTILE, (Span(0, 1, True), Span(1, 2, False)), None),),
        (Moment(0.0, Milestone.FAILURE, HOSTILE),),
        ((0.0, HOSTILE),),
        (HOSTILE,),
        (HOSTILE,),
        (Mail(HOSTILE, HOSTILE),),
        {HOSTILE: HOSTILE},
        {HOSTILE: (0.1, 0.2)},
        HOSTILE,
        HOSTILE,
        MADE_AT,
    )
    # Were a field added, it would have to be hostile here, too.
    assert len(fields(Play)) == 16
    got = Reader(page(DrillReport(HOSTILE, HOSTILE, MADE_AT, (hostile, hostile), ((HOSTILE, HOSTILE),))))
    plain = Reader(page(report(play(hosts=1), play(hosts=1))))
    assert {tag for tag, _ in got.elements} <= {tag for tag, _ in plain.elements}
    assert not {"script", "img", "iframe", "object", "form"} & {tag for tag, _ in got.elements}
    assert not [name for _, about in got.elements for name in about if name.startswith("on")]
    # Each time it was to be shown it is there, word for word.
    assert got.text.count(HOSTILE) >= 2 * 14


def test_the_page_needs_nothing_from_elsewhere_and_forbids_itself_to_ask() -> None:
    text = page(report())
    read = Reader(text)
    policy = next(about["content"] for _, about in read.elements if about.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)
    for _, about in read.elements:
        assert "src" not in about
        assert str(about.get("href", "#")).startswith(("#", "data:,"))


def test_what_happens_several_times_in_a_row_is_on_it_once() -> None:
    log = ((1.0, "invoked"), (2.0, "held"), (2.5, "held"), (4.0, "held"), (5.0, "invoked"))
    text = Reader(page(report(replace(play(), log=log)))).text
    assert re.findall(r"\d\.\d\d s(?:invoked|held.*)", text) == [
        *("1.00 sinvoked", "2.00 sheld (3 times, until 4.00 s)", "5.00 sinvoked")
    ]


def test_a_report_says_how_many_runs_passed() -> None:
    assert report(play(), play(passed=False)).passed == 1
    assert replace(report(), plays=()).passed == 0
