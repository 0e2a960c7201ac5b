"""Writes a report as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from nat_failover.cli.report.report import DrillReport, Play, each_once
from nat_failover.cli.report.timeline import timeline
from nat_failover.telling.formats import clock, duration, moment

HERE = Path(__file__).parent
TEMPLATE = "page.html"
# An id of AWS's, in text that is escaped already; browsers break a line after its hyphen.
ID = re.compile(r"\b[a-z]+-[0-9a-f]{8,17}\b")


@dataclass(frozen=True)
class Entry:
    """Something that happened, as it is shown; ``clock`` is the time of day, empty where there is none."""

    at: str
    clock: str
    sentence: str


def whole(text: str) -> Markup:
    """Return text as HTML, every id of AWS's in one piece."""
    pieces, at = [], 0
    for found in ID.finditer(text):
        pieces += [escape(text[at : found.start()]), Markup('<span class="id">{}</span>').format(found[0])]
        at = found.end()
    return Markup("").join([*pieces, escape(text[at:])])


def entries(play: Play) -> list[Entry]:
    """Return everything that happened, as it is shown."""
    begun = play.begun_at
    return [
        Entry(f"{round(at, 2) + 0.0:.2f} s", "" if begun is None else clock(begun + at), sentence)
        for at, sentence in each_once(play.log)
    ]


def page(report: DrillReport) -> str:
    """Return a report as HTML; whatever is in it is escaped."""
    # https://jinja.palletsprojects.com/en/stable/api/#autoescaping
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(duration=duration, moment=moment, whole=whole)
    return environment.get_template(TEMPLATE).render(
        report=report, drawn=[(play, timeline(play), entries(play)) for play in report.plays]
    )
