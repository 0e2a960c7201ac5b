"""Plays a scenario once and judges it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from nat_failover.environment import PREFIX
from tests.gate.harshness import Harshness
from tests.lab import moments
from tests.lab.cloud.functions import Invocation
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.lab import Lab, MakeCloud
from tests.lab.latencies import Latencies
from tests.lab.network.layout import standard_layout
from tests.lab.scenarios.scenario import FAIL_OVER, FAILED, HOLD, Scenario


@dataclass
class Run:
    """What a run came to; durations in seconds, counted from the fault. The fields are those of the JSON."""

    scenario: str
    network: str
    expected: str
    observed: str
    passed: bool
    outage_seconds: float | None
    detected_after_seconds: float | None
    swapped_after_seconds: float | None
    subnets: int
    subnets_on_passive: int
    backends: int
    backends_online_after: int
    reason: str
    lock: str
    api_calls: dict[str, int]
    latencies: dict[str, list[float]]
    mid_flow: str
    harshness: dict[str, float | list[float]]
    problems: list[str] = field(default_factory=list)
    seed: int = 0
    outages: dict[str, float | None] = field(default_factory=dict)
    routed: dict[str, float] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    timeline: list[tuple[float, str]] = field(default_factory=list)
    notifications: list[tuple[str, str]] = field(default_factory=list)
    connectivity: dict[str, list[tuple[float, float, bool]]] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    configuration: dict[str, str] = field(default_factory=dict)
    fails_until: str = ""
    broken_at: float = 0.0

    @property
    def as_expected(self) -> bool:
        """Whether it passed, or is known not to yet, and did not; what begins to pass must be taken off that list."""
        return self.passed is not bool(self.fails_until)

    def as_json(self) -> dict[str, object]:
        """Give it for JSON."""
        return asdict(self)


def play(
    scenario: Scenario,
    network: str,
    seed: int,
    latencies: Latencies,
    on_start: Callable[[Lab], None] | None = None,
    cloud: MakeCloud = MotoCloud,
    second_tick_within: float | None = None,
    *,
    harshness: Harshness = Harshness(),  # noqa: B008 - it is frozen
) -> Run:
    """Play a scenario once, in a lab of its own; for ``second_tick_within`` see ``Lab.begin``."""
    layout = scenario.layout or standard_layout(backends=scenario.backends)
    lab = Lab(
        network, seed, latencies, scenario.settings, layout, on_start, scenario.cloud or cloud, harshness=harshness
    )
    runs: list[Run] = []

    def main(of: Lab) -> None:
        scenario.before(of)
        lock_before = of.cloud.lock_text()
        scenario.play(of, second_tick_within)
        runs.append(_judge(scenario, of, seed, lock_before))

    lab.run(main)
    return runs[0]


def _judge(scenario: Scenario, lab: Lab, seed: int, lock_before: str | None) -> Run:
    primary, standby = lab.cloud.primary_table, lab.cloud.standby_table
    final = standby if scenario.ends_on == "standby" else primary
    tables = lab.cloud.protected()
    moved = [name for name, table in tables.items() if table == final]
    online = lab.online()
    observed = _observed(lab, tables, scenario)
    problems = list(scenario.problems(lab))
    if observed != scenario.expected:
        problems.append(f"expected {scenario.expected}, observed {observed}")
    if scenario.expected == FAIL_OVER and (offline := set(lab.standing()) - set(online)):
        problems.append(f"still offline: {sorted(offline)}")
    if scenario.expected == HOLD:
        if lab.gateway.calls["ec2:ReplaceRouteTableAssociation"]:
            problems.append("an association was to be replaced")
        if lab.cloud.lock_text() != lock_before:
            problems.append("the lock was written")
        if scenario.causes and not scenario.causes & lab.causes():
            problems.append(f"no decision was because of {sorted(scenario.causes)}, only {sorted(lab.causes())}")
    problems += _unexpected_errors(scenario, lab.functions.invocations)
    broken = lab.broken_at or 0.0
    outages = {host: lab.pinger.outage(host, broken) for host in lab.standing()}
    since = [t - broken for t in lab.gateway.replaced_at if t >= broken]
    seen = moments.noticed_at(lab, broken)
    return Run(
        scenario.name,
        lab.network.name,
        scenario.expected,
        observed,
        not problems,
        None
        if None in outages.values()
        else round(max((o for o in outages.values() if o is not None), default=0.0), 3),
        None if seen is None else round(seen - broken, 3),
        round(max(since), 3) if since else None,
        len(tables),
        len(moved),
        len(lab.backends),
        len(online),
        lab.last_reason(),
        lab.lock_state(),
        dict(sorted(lab.gateway.calls.items())),
        lab.latencies.as_json(),
        "carried on" if lab.picks_up else "dropped",
        lab.harshness.as_json(),
        problems,
        seed,
        {host: None if seconds is None else round(seconds, 3) for host, seconds in outages.items()},
        moments.routed(lab, broken),
        moments.steps(lab, broken),
        moments.timeline(lab, broken),
        [(subject, text) for _, subject, text in lab.gateway.published],
        {host: moments.connectivity(lab, host, broken) for host in lab.backends},
        moments.evidence(lab, broken),
        {name.removeprefix(PREFIX).lower(): value for name, value in sorted(lab.cloud.environment.items())},
        scenario.fails_until,
        broken,
    )


def _observed(lab: Lab, tables: dict[str, str], scenario: Scenario) -> str:
    if lab.lock_state() == "failed":
        return FAILED
    final = lab.cloud.standby_table if scenario.ends_on == "standby" else lab.cloud.primary_table
    if lab.gateway.replaced_at and all(table == final for table in tables.values()):
        return FAIL_OVER
    if all(table == lab.cloud.primary_table for table in tables.values()):
        return HOLD
    return "split"


def _unexpected_errors(scenario: Scenario, invocations: list[Invocation]) -> list[str]:
    allowed = {
        "swap-denied": "SwapFailedError",
        "lifecycle-terminate-denied": "SwapFailedError",
        "crash-mid-swap": "FunctionEndedError",
        "egress-crash-mid-swap": "FunctionEndedError",
        "holder-dies-without-record": "FunctionEndedError",
        "outcome-refused": "ThrottlingException",
        "egress-addresses-crash-between": "FunctionEndedError",
    }.get(scenario.name)
    return [
        f"an invocation failed: {type(i.error).__name__}: {i.error}"
        for i in invocations
        if i.error is not None and type(i.error).__name__ != allowed
    ]
