"""Runs to be reported in tests."""

from __future__ import annotations

from nat_failover.cli.report.report import DrillReport, Mail, Milestone, Moment, Play, Span, Track

MADE_AT = 1767225600.0
MOMENTS = (
    Moment(0.0, Milestone.FAILURE, "the NAT loses its rules"),
    Moment(1.7, Milestone.DETECTION, "a probe gives up"),
    Moment(3.4, Milestone.DECISION, "written into the lock"),
    Moment(3.7, Milestone.SWAP, "the last association is replaced"),
    Moment(4.4, Milestone.RECOVERY, "the last backend is back"),
)


def play(name: str = "nat-rules-flushed", *, passed: bool = True, hosts: int = 6) -> Play:
    tracks = tuple(
        Track(f"backend{n}", (Span(-12, 0.2, True), Span(0.2, 4.4, False), Span(4.4, 30, True)), 4.2)
        for n in range(1, hosts)
    )
    untouched = Track(f"backend{hosts}", (Span(-12, 30, True),), 0.0)
    return Play(
        name,
        "the NAT loses its rules",
        passed,
        "fail-over: 6 of 6 backends can't reach the Internet, while the passive NAT can",
        (("outage", "4.2 s"), ("subnets moved", "3 of 3")),
        (*tracks, untouched),
        MOMENTS,
        ((0.0, "failure"), (4.4, "backend1 is back online")),
        ("backend1 UNREACHABLE",),
        () if passed else ("still offline: backend1",),
        (Mail("[nat-failover main] failed over", "The primary NAT no longer carried traffic.\nNext: re-arm.\n"),),
        {"pair": "main", "targets": "1.1.1.1,8.8.8.8"},
        {"delivery": (0.3, 1.5)},
    )


def report(*plays: Play) -> DrillReport:
    return DrillReport("nat-failover drill", "Played in the lab.", MADE_AT, plays or (play(),))
