"""What the report of a drill on the real deployment has on it."""

from __future__ import annotations

import html
import re

from nat_failover.cli.gameday.host_watches import Watched
from nat_failover.cli.gameday.notification_log import Mailed, Sent
from nat_failover.cli.gameday.place import Place
from nat_failover.cli.gameday.result import Day, Part
from nat_failover.cli.gameday.summary import report_of
from nat_failover.cli.operator.operator import Host
from nat_failover.cli.report.page import page
from nat_failover.cli.report.report import Span
from nat_failover.lock.record import LockState, Record
from tests.unit.telling.messages import PAIR

AT = 1800000000.0  # 2027-01-15 08:00:00 UTC
HOST, SILENT = "i-0bacbacbacbac0000", "i-0bacbacbacbac0001"
SUBJECT = "[nat-failover main] DRILL: ONLINE, NOT PROTECTED, failed over to the standby NAT"
PLACE = Place(
    "eu-west-1",
    "arn:aws:sts::123456789012:assumed-role/ops/alice",
    "vpc-0123456789abcdef0",
    {PAIR.primary_instance: "nat-a", PAIR.standby_instance: "nat-b"},
)


def drilled() -> str:
    """Return the page of a drill with one backend that has watched, and one that has not."""
    record = Record(
        *(LockState.FAILED_OVER, "request-1", AT + 3, *PAIR.tables, {}),
        *((f"{HOST} UNREACHABLE", f"{SILENT} UNREACHABLE"), "offline", "2 subnets moved", 0.6),
    )
    seen = (Span(AT - 9, AT + 1, True), Span(AT + 1, AT + 5, False), Span(AT + 5, AT + 9, True))
    watched = [Watched(Host(HOST, "web-0", "subnet-1"), seen), Watched(Host(SILENT, "", "subnet-1"), (), "no answer")]
    part = Part("failover", "the primary NAT stops forwarding", AT, True, watched, record, AT + 2, AT + 4, 2, True)
    mailed = Mailed((Sent(AT + 6, SUBJECT, ("mail",)),))
    part.log = [(AT + 1.5, "the NAT no longer forwards")]
    return page(report_of(Day(AT - 10, [part], True), PAIR, PLACE, AT + 60, mailed))


def text_of(written: str) -> str:
    """Return what a person reads on a page."""
    written = re.sub(r'<span class="id">([^<]*)</span>', r"\1", written)
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", written, flags=re.DOTALL)).split())


def test_it_says_when_where_by_whom_and_of_what() -> None:
    text = text_of(drilled())
    for part in (
        *("2027-01-15 07:59:50 UTC", "2027-01-15 08:01:00 UTC", "123456789012", "eu-west-1", PLACE.vpc, PLACE.by),
        *(f"{PAIR.primary_instance} (nat-a)", f"{PAIR.standby_instance} (nat-b)", "nat-failover 0.1.0"),
    ):
        assert part in text, part


def test_it_begins_by_saying_that_it_is_a_drill() -> None:
    assert text_of(drilled()).split("nat-failover ", 1)[1].startswith("drill: pair main")


def test_what_happened_has_the_time_of_day_beside_the_seconds() -> None:
    assert "1.50 s 08:00:01 the NAT no longer forwards" in text_of(drilled())
    assert "seconds from the failure, at 2027-01-15 08:00:00 UTC" in text_of(drilled())


def test_evidence_has_the_times_that_the_backend_itself_has_measured() -> None:
    text = text_of(drilled())
    assert f"web-0 ({HOST}): UNREACHABLE; by its own watch offline from 08:00:01 to 08:00:05 UTC" in text
    assert f"{SILENT}: UNREACHABLE" in text


def test_what_was_told_is_on_it_once_and_what_the_function_alone_needs_to_know_is_not() -> None:
    text = text_of(drilled())
    assert text.count(SUBJECT) == 1
    assert "failureThreshold 3" in text
    for internal in ("claim_lease", "lock_parameter", "gather_for", "told_parameter", "failure_threshold"):
        assert internal not in text


def test_an_id_is_kept_in_one_piece() -> None:
    written = drilled()
    bare = re.sub(r'<span class="id">[^<]*</span>|(title|aria-label)="[^"]*"', "", written)
    assert HOST in written
    assert not re.search(r"\b(i|rtb|vpc|subnet)-[0-9a-f]{17}", bare)


def test_what_could_not_be_read_is_said() -> None:
    place = Place("eu-west-1", PLACE.by)
    day = Day(AT, [Part("failover", "the subnets are moved by hand", AT)], True)
    text = text_of(page(report_of(day, PAIR, place, AT, Mailed())))
    assert "VPC not read" in text
    assert f"Primary NAT {PAIR.primary_instance}" in text
