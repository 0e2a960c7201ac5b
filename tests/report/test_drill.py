"""What a drill in the lab reports."""

from __future__ import annotations

import re

import pytest

from nat_failover.cli.report.page import page
from nat_failover.cli.report.report import Milestone, Play
from tests.lab.drill_report import play_of, report_of
from tests.lab.latencies import Latencies
from tests.lab.run import Run, play
from tests.lab.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def run() -> Run:
    return play(SCENARIOS["nat-rules-flushed"], "simulated", 5, Latencies())


@pytest.fixture(scope="module")
def held() -> Run:
    return play(SCENARIOS["internet-down"], "simulated", 5, Latencies())


@pytest.fixture
def reported(run: Run) -> Play:
    return play_of(run)


def test_its_five_moments_follow_each_other(reported: Play) -> None:
    assert [m.step for m in reported.moments] == [
        *(Milestone.FAILURE, Milestone.DETECTION, Milestone.DECISION, Milestone.SWAP, Milestone.RECOVERY)
    ]


def test_its_tracks_show_the_outage_that_was_measured(run: Run, reported: Play) -> None:
    assert len(reported.tracks) == run.backends == 6
    for track in reported.tracks:
        offline = [span for span in track.spans if not span.online]
        assert [round(span.ended - span.begun, 2) for span in offline] == [pytest.approx(run.outages[track.host])]
        assert 0 <= offline[0].begun < 0.3
        recovery = reported.moments[-1].at
        assert offline[0].ended <= recovery + 0.001


def test_it_has_evidence_mail_configuration_and_latencies(run: Run, reported: Play) -> None:
    assert len(reported.evidence) >= 3
    assert all(
        re.match(r"backend\d .*UNREACHABLE; measured as offline from \d", sentence) for sentence in reported.evidence
    )
    assert [mail.subject for mail in reported.mails] == [subject for subject, _ in run.notifications]
    assert reported.configuration["failureThreshold"] == "3"
    assert "pair" not in reported.configuration
    assert reported.latencies["delivery"] == (0.3, 1.5)


def test_where_nothing_was_to_happen_it_says_so_and_shows_the_backends_offline_to_the_end(held: Run) -> None:
    reported = play_of(held)
    assert reported.passed
    assert dict(reported.figures)["outage"] == "offline still"
    assert all(track.outage is None and not track.spans[-1].online for track in reported.tracks)
    assert Milestone.SWAP not in {moment.step for moment in reported.moments}
    assert Milestone.RECOVERY not in {moment.step for moment in reported.moments}


def test_runs_of_several_scenarios_make_one_page(run: Run, held: Run) -> None:
    text = page(report_of([run, held], 1767225600.0))
    assert "2 scenarios" in text
    assert "a model of the network, in virtual time" in text
    assert text.count("<section") == 2
