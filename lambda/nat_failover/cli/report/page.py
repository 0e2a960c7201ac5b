"""Writes a report as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nat_failover.cli.report.report import DrillReport
from nat_failover.cli.report.timeline import timeline
from nat_failover.telling.formats import duration, moment

HERE = Path(__file__).parent
TEMPLATE = "page.html"


def page(report: DrillReport) -> str:
    """Write a report as HTML; whatever is in it is escaped."""
    # https://jinja.palletsprojects.com/en/stable/api/#autoescaping
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["duration"] = duration
    made = moment(report.made_at)
    return environment.get_template(TEMPLATE).render(
        report=report, made=made, drawn=[(play, timeline(play)) for play in report.plays]
    )
