"""What a drill's runs look like as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nat_failover.cli.report.configured import configured
from nat_failover.cli.report.report import DrillReport, Mail, Milestone, Moment, Play, Span, Track
from nat_failover.telling.formats import duration
from tests.lab.run import Run
from tests.lab.scenarios import SCENARIOS
from tests.lab.scenarios.scenario import HOLD

NETWORKS = {
    "namespaces": "real packets between Linux network namespaces on one machine",
    "simulated": "a model of the network, in virtual time",
}
# What the steps that a run has measured mean to people.
STEPS = {
    "seen": (Milestone.DETECTION, "a backend's probe has given up; its result is on its way"),
    "decided": (Milestone.DECISION, "the function has written what it is about to do into the lock"),
    "swapped": (Milestone.SWAP, "EC2 has replaced the last association"),
    "routed": (Milestone.RECOVERY, "the last backend is back online"),
}


def report_of(runs: Sequence[Run], made_at: float) -> DrillReport:
    """Make a report of runs."""
    names = sorted({run.scenario for run in runs})
    return DrillReport(
        f"nat-failover drill: {names[0]}" if len(names) == 1 else f"nat-failover drill: {len(names)} scenarios",
        f"Played in the lab: the deployed template and the real handler, AWS emulated, {NETWORKS[runs[0].network]}.",
        made_at,
        tuple(play_of(run) for run in runs),
    )


def play_of(run: Run) -> Play:
    """Give one run as the report has it."""
    return Play(
        run.scenario,
        f"{SCENARIOS[run.scenario].description}. Network {run.network}, seed {run.seed}.",
        run.passed,
        f"{run.observed} (expected: {run.expected}). {run.reason}",
        _figures(run),
        tuple(
            Track(host, tuple(Span(*span) for span in spans), run.outages.get(host))
            for host, spans in run.connectivity.items()
        ),
        _moments(run),
        tuple(run.timeline),
        tuple(_evidence(run)),
        tuple(run.problems),
        tuple(Mail(subject, text) for subject, text in run.notifications),
        configured(run.configuration),
        {name: (low, high) for name, (low, high) in run.latencies.items()},
        begun_at=run.broken_at or None,
    )


def _evidence(run: Run) -> Iterator[str]:
    """Give what the hosts had said, each with when the lab's own pinger could not reach the Internet from it."""
    for line in run.evidence:
        spans = run.connectivity.get(line.partition(" ")[0], [])
        outages = [(begun, ended) for begun, ended, online in spans if not online and ended > 0]
        longest = max(outages, key=lambda span: span[1] - span[0], default=None)
        yield line + (f"; measured as offline from {longest[0]:.1f} to {longest[1]:.1f} s" if longest else "")


def _moments(run: Run) -> tuple[Moment, ...]:
    found = [Moment(0.0, Milestone.FAILURE, SCENARIOS[run.scenario].description)]
    for name, (step, sentence) in STEPS.items():
        # Where nothing may happen, what is seen leads nowhere: no step, but the log has it.
        if name in run.steps and not (name == "routed" and run.outage_seconds is None):
            found.append(Moment(run.steps[name], step, sentence))
    return tuple(sorted(found, key=lambda moment: moment.at))


def _figures(run: Run) -> tuple[tuple[str, str], ...]:
    def of(value: float | None, otherwise: str = "-") -> str:
        return otherwise if value is None else duration(value)

    figures = [("outage", of(run.outage_seconds, "offline still"))]
    if run.expected != HOLD:
        figures += [("seen after", of(run.detected_after_seconds)), ("swapped after", of(run.swapped_after_seconds))]
    return (
        *figures,
        ("subnets on the other NAT", f"{run.subnets_on_passive} of {run.subnets}"),
        ("backends online", f"{run.backends_online_after} of {run.backends}"),
        ("lock", run.lock),
    )
