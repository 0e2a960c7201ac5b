"""Plays a history: everything that happens in it, then calm, then the end that every history has."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.gate.harshness import Harshness
from tests.gate.rules.rule import LISTENERS
from tests.gate.rules.table import RULES
from tests.gate.timing.deliveries import Deliveries
from tests.lab.cloud.execution import Call, Execution
from tests.lab.cloud.functions import Invocation
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.layout import standard_layout
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.simulation.account.cloud import ModelCloud
from tests.simulation.account.weather import Weather
from tests.simulation.histories.ending import finale, rest
from tests.simulation.histories.history import History, Step
from tests.simulation.histories.stage import PERIOD, Stage
from tests.simulation.histories.steps import STEPS, called, calm
from tests.simulation.rules.actor import Violation
from tests.simulation.rules.evidence import Tolerance
from tests.simulation.rules.locklog import readable
from tests.simulation.rules.rules import Rules
from tests.simulation.rules.truth import Truth

TEXTS = {rule.id: rule.text for rule in RULES}
# How late an event may be that is late, in seconds.
LATE_BY = (0.0, 60.0)


@dataclass
class Played:
    """What came of a history.

    Attributes:
        begun_at: when it began, virtual seconds since the epoch.
        violations: of the rules, in the order of time.
        timeline: seconds since the beginning, and what happened; only where it was asked for.
        strikes: what befell calls and events, by name.
        seen: how often each kind of trouble happened.
        befallen: how often each fate has befallen each operation.
        calls: how often each operation was called.
        seconds: virtual time that it took.
    """

    history: History
    begun_at: float = 0.0
    violations: list[Violation] = field(default_factory=list)
    timeline: list[tuple[float, str]] = field(default_factory=list)
    strikes: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    befallen: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Player:
    """Plays one history.

    Args:
        history: to be played.
        telling: whether the timeline is kept.
    """

    def __init__(self, history: History, *, telling: bool = False) -> None:
        self.history = history
        self.played = Played(history)
        self._telling = telling
        self._waiting: dict[tuple[str, int], list[Step]] = {}
        self._counts: Counter[str] = Counter()
        self._stage: Stage
        self._begun = 0.0

    def play(self) -> Played:
        """Play it, and tell what came of it."""
        history = self.history
        lab = Lab(
            "simulated",
            history.seed,
            Latencies().scaled(history.slower),
            history.settings,
            layout=standard_layout(history.subnets, history.backends),
            cloud=ModelCloud,
            measured=False,
            harshness=Harshness().scaled(history.harsh),
        )
        listener = self._gate_changed
        LISTENERS.append(listener)
        # The function logs a lot, which nobody reads.
        logging.disable(logging.CRITICAL)
        try:
            lab.run(self._main)
        finally:
            logging.disable(logging.NOTSET)
            LISTENERS.remove(listener)
        self.played.violations.sort(key=lambda violation: violation.at)
        return self.played

    def _main(self, lab: Lab) -> None:
        self._prepare(lab)
        stage, history = self._stage, self.history
        lab.functions.start(scheduled=False)
        lab.world.spawn(stage.truth.watch, "truth")
        lab.world.spawn(self._schedule, "schedule")
        for step in history.steps:
            if step.upon is None:
                lab.world.spawn(partial(self._happen, step, step.at), step.kind)
            else:
                self._waiting.setdefault(step.upon, []).append(step)
        lab.wait(history.lasts)
        self._calm()
        rest(stage)
        self.played.seen["finales"] += finale(stage, history)
        self.played.violations += stage.rules.violations
        self.played.seen += stage.rules.seen
        self.played.befallen = self._weather.seen
        self.played.calls = lab.gateway.calls
        self.played.seconds = lab.world.now() - self._begun

    def _prepare(self, lab: Lab) -> None:
        history = self.history
        network, cloud = lab.network, lab.cloud
        assert isinstance(network, SimulatedNetwork)
        assert isinstance(cloud, ModelCloud)
        cloud.environment = {**cloud.environment, **history.environment}
        self._begun = self.played.begun_at = lab.world.now()
        truth = Truth(cloud, network, lab.run_command, lab.world)
        rules = Rules(lab, cloud.account, truth, Tolerance.of(history))
        self._stage = Stage(lab, network, cloud, truth, rules, self._tell)
        self._weather = Weather(
            history.seed,
            lab.world,
            (cloud.account.as_of, lab.run_command.as_of),
            history.share,
            history.fates,
            history.spared,
            {operation: (share, fates) for operation, share, fates in history.storms},
            self._struck,
        )
        lab.gateway.interpose = self._weather.interpose
        lab.gateway.after.append(self._called)
        self._deliveries = Deliveries(history.seed, history.events, LATE_BY, history.spared, self._event_befallen)
        lab.functions.late = self._deliveries.copies
        lab.functions.on_begin = self._began
        lab.functions.on_end = self._ended

    def _schedule(self) -> None:
        stage = self._stage
        due = stage.lab.world.now()
        while True:
            if not stage.ticks_lost:
                late = stage.tick_late.pop() if stage.tick_late else 0.0
                stage.lab.world.spawn(partial(self._tick, late), "tick")
            due += PERIOD
            stage.lab.world.sleep(due - stage.lab.world.now())

    def _tick(self, late: float) -> None:
        self._stage.lab.world.sleep(late)
        self._stage.lab.functions.tick()

    def _happen(self, step: Step, after: float) -> None:
        stage = self._stage
        stage.lab.world.sleep(after)
        if stage.quiet:
            return
        self.played.seen[step.kind] += 1
        self._tell(f"* {step.kind} {' '.join(map(str, step.arguments))}")
        stage.truth.note()
        STEPS[step.kind](stage, *step.arguments)
        stage.truth.note()

    def _called(self, operation: str, arguments: Any, execution: Execution) -> None:
        self._stage.rules.called(operation, arguments, execution)
        name = called(operation, arguments)
        self._counts[name] += 1
        for step in self._waiting.get((name, self._counts[name]), []):
            self._stage.lab.world.spawn(partial(self._happen, step, step.at), step.kind)
        if self._telling:
            self._tell_call(name, arguments, execution)

    def _tell_call(self, name: str, arguments: Any, execution: Execution) -> None:
        who = f"invocation {execution.serial}"
        match name:
            case "PutParameter lock":
                self._tell(f"{who} writes into the lock: {readable(arguments['Value'])}")
            case "PutParameter claim":
                self._tell(f"{who} writes the claim: {arguments['Value']}")
            case "ReplaceRouteTableAssociation":
                self._tell(f"{who} moves a subnet to {arguments['RouteTableId']}")
            case "SendCommand":
                self._tell(f"{who} asks {len(arguments['InstanceIds'])} hosts: {arguments['Comment'].split()[0]}")
            case "Publish":
                self._tell(f"{who} tells people: {arguments['Subject']}")
            case "AssociateAddress" | "CreateRoute" | "ReplaceRoute":
                self._tell(f"{who} calls {name}")

    def _struck(self, call: Call, fate: str, strike: str) -> None:
        self.played.strikes.append(strike)
        if fate not in ("slow", "stale", "made twice", "killed before", "killed after"):
            self._stage.rules.reports.struck(call.operation, call.execution.serial, fate)
        self._tell(f"! {strike} of invocation {call.execution.serial}: {fate}")

    def _event_befallen(self, event: str, troubles: list[str]) -> None:
        self.played.strikes.append(event)
        self.played.seen.update(troubles)
        self._tell(f"! {event}: {', '.join(troubles)}")

    def _gate_changed(self, rule: str) -> None:
        self.played.seen[f"rule {rule}"] += 1
        if self._telling:
            self._tell(f"! {rule}: {TEXTS.get(rule, '')}")

    def _began(self, invocation: Invocation) -> None:
        self.played.seen[f"invocations by {invocation.trigger}"] += 1
        self._tell(f"invocation {invocation.serial} begins, by {invocation.trigger}, {invocation.request_id}")

    def _ended(self, invocation: Invocation) -> None:
        self._stage.rules.ended(invocation)
        if invocation.error is not None:
            kind = type(invocation.error).__name__
            self.played.seen[f"invocations that end by {kind}"] += 1
            self._tell(f"invocation {invocation.serial} ends: {kind}: {str(invocation.error)[:100]}")
        elif self._telling and invocation.result is not None:
            result = invocation.result
            sentence = result.get("result") or result["reason"]
            self._tell(f"invocation {invocation.serial} ends: {result['decision']} {result['cause']}: {sentence}")

    def _tell(self, event: str) -> None:
        if self._telling:
            self.played.timeline.append((self._stage.lab.world.now() - self._begun, event))

    def _calm(self) -> None:
        self._tell("- all troubles end")
        self._weather.share, self._weather.storms = 0.0, {}
        self._deliveries.shares = (0.0, 0.0, 0.0)
        calm(self._stage)


def play(history: History, *, telling: bool = False) -> Played:
    """Play a history; see ``Player``."""
    return Player(history, telling=telling).play()
