"""Lambda and EventBridge: the schedule, the rules, execution environments, retries."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from moto.events.models import EventPattern

from nat_failover.application import Application
from nat_failover.settings import Settings
from tests.gate.chance import Lots
from tests.gate.events import Bus, Waiting, faults_of
from tests.gate.harshness import Harshness
from tests.gate.rules.rule import changed
from tests.gate.timing.deliveries import Deliveries
from tests.lab.cloud.cloud import ACCOUNT_ID, REGION, Cloud
from tests.lab.cloud.execution import Context, Execution, FunctionEndedError, LabRuntime
from tests.lab.cloud.gateway import Gateway
from tests.lab.latencies import Latencies
from tests.lab.world.world import World

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRIES = (60.0, 120.0)


@dataclass
class Invocation:
    """What an invocation was for and what came of it; times in seconds since the epoch.

    Attributes:
        serial: counts the invocations; the first is 1.
        settings: of the function at that time.
        request_id: a retry has that of the first try.
        metrics: the lines that it has written.
    """

    at: float
    event: dict[str, Any]
    ended_at: float = 0.0
    result: dict[str, Any] | None = None
    error: BaseException | None = None
    serial: int = 0
    settings: Settings | None = None
    request_id: str = ""
    metrics: str = ""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of metrics that it has written."""
        return [json.loads(line) for line in self.metrics.splitlines()]

    @property
    def trigger(self) -> str:
        """``tick`` or ``event``."""
        return "tick" if self.event["source"] == "aws.events" else "event"


class _Environment(Execution):
    def __init__(self, functions: Functions) -> None:
        super().__init__(functions.world.now)
        self.busy = self.retired = False
        self.lines = io.StringIO()
        self.settings = Settings.from_environment(functions.cloud.environment)
        clients = functions.gateway.clients(self)
        self.application = Application(self.settings, clients, LabRuntime(functions.world, self), self.lines)


class Functions:
    """Invokes the function as the deployed rules say.

    Attributes:
        invocations: all of them, in the order of their beginning.
        events_lost: no status-change event arrives.
        late: gives, for a status change, how late each copy of its event is, in seconds beside the usual.
        together: so many status-change events are held back and then delivered at once; 0 for none.
        metrics: every line of metrics written.
    """

    def __init__(
        self, cloud: Cloud, gateway: Gateway, world: World, latencies: Latencies, harshness: Harshness, seed: int
    ) -> None:
        self.cloud = cloud
        self.gateway = gateway
        self.world = world
        self._latencies = latencies
        self._environments: list[_Environment] = []
        self.invocations: list[Invocation] = []
        self._delivered = 0
        # Its ids come of no chance that anything else hangs on.
        self._bus = Bus(ACCOUNT_ID, REGION, Random(0))
        self._schedule = ""
        self._patterns: list[EventPattern] = []
        self.events_lost = False
        shares = (harshness.event_lost, harshness.event_twice, harshness.event_late)
        self.late: Callable[[], Sequence[float]] = Deliveries(seed, shares, harshness.late_by).copies
        self._invoked_twice = harshness.invoked_twice
        self._lots = Lots(seed)
        self.period = 0.0
        self.together = 0
        self._held: list[dict[str, Any]] = []
        self.on_begin: Callable[[Invocation], None] = lambda invocation: None  # noqa: ARG005
        self.on_end: Callable[[Invocation], None] = lambda invocation: None  # noqa: ARG005

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Give every line of metrics, oldest first of each environment."""
        return [json.loads(line) for env in self._environments for line in env.lines.getvalue().splitlines()]

    @property
    def environments(self) -> int:
        """How many execution environments have been made."""
        return len(self._environments)

    def start(self, second_tick_after: float | None = None, *, scheduled: bool = True) -> None:
        """Read the deployed rules and begin the schedule: the first tick comes at once.

        Args:
            second_tick_after: seconds; after a period where not given.
            scheduled: whether ticks come by themselves; if not, ``tick`` brings them.
        """
        for rule in self.cloud.rules():
            if "ScheduleExpression" in rule:
                self.period = _period(rule["ScheduleExpression"])
                self._schedule = rule["Name"]
                if scheduled:
                    self.world.spawn(partial(self._ticks, self.period, second_tick_after), "schedule")
            if "EventPattern" in rule:
                self._patterns.append(EventPattern.load(rule["EventPattern"]))

    def _ticks(self, period: float, second_after: float | None) -> None:
        self.tick()
        self.world.sleep(period if second_after is None else second_after)
        while True:
            self.tick()
            self.world.sleep(period)

    def tick(self) -> None:
        """Deliver an event of the schedule."""
        self.deliver(self._bus.tick(self.world.now(), self._schedule))

    def emit(self, event: dict[str, Any]) -> None:
        """Put an event on the bus; a rule that matches invokes the function.

        Raises:
            ValueError: EventBridge delivers no such event.
        """
        if faults := faults_of(event):
            raise ValueError(f"no event looks like {event}: {'; '.join(faults)}")
        if self.events_lost or not any(pattern.matches_event(event) for pattern in self._patterns):  # type: ignore[arg-type]
            return
        if self.together:
            self._held.append(event)
            if len(self._held) < self.together:
                return
            held, self._held, self.together = self._held, [], 0
            for each in held:
                self.deliver(each)
            return
        for late in self.late():
            self.world.spawn(partial(self._deliver_after, late, event), "event")

    def _deliver_after(self, late: float, event: dict[str, Any]) -> None:
        self.world.sleep(late + self._latencies.draw("event", self.world.random))
        self.deliver(event)

    def tell_state(self, instance_id: str, state: str) -> None:
        """Have EC2 put on the bus in which state an instance is."""
        self.emit(self._bus.instance_state(self.world.now(), instance_id, state))

    def tell_warning(self, instance_id: str) -> None:
        """Have EC2 put on the bus that it interrupts a Spot instance in two minutes."""
        self.emit(self._bus.spot_warning(self.world.now(), instance_id))

    def tell_terminating(self, waiting: Waiting) -> None:
        """Have Auto Scaling put on the bus that a group waits with an instance."""
        self.emit(self._bus.terminating(self.world.now(), waiting))

    def deploy(self) -> None:
        """Let what is invoked from now on start anew, as after a deployment of the function."""
        for environment in self._environments:
            environment.retired = True

    def kill(self) -> None:
        """End whatever runs now, as when its machine dies."""
        for environment in self._environments:
            environment.killed |= environment.busy

    def warm(self, environments: int) -> None:
        """Have so many environments ready."""
        while len(self._environments) < environments:
            self._environments.append(_Environment(self))

    def deliver(self, event: dict[str, Any]) -> None:
        """Invoke the function beside, as Lambda does asynchronously: again after an error, and at times twice."""
        self._delivered += 1
        request_id = f"request-{self._delivered}"

        def invoke() -> None:
            for pause in (*RETRIES, None):
                if self._invoke(event, request_id) or pause is None:
                    return
                changed("T9a")
                self.world.sleep(pause)

        self.world.spawn(invoke, "function")
        if self._lots.draw("invoked twice", self._invoked_twice):
            changed("T8d")
            self.world.spawn(invoke, "function")

    def _invoke(self, event: dict[str, Any], request_id: str) -> bool:
        usable = (e for e in self._environments if not (e.busy or e.killed or e.retired))
        environment = next(usable, None)
        latency = "cold" if environment is None else "warm"
        if environment is None:
            environment = _Environment(self)
            self._environments.append(environment)
        environment.busy = True
        self.world.sleep(self._latencies.draw(latency, self.world.random))
        environment.serial = len(self.invocations) + 1
        invocation = Invocation(
            self.world.now(), event, serial=environment.serial, settings=environment.settings, request_id=request_id
        )
        self.invocations.append(invocation)
        written = environment.lines.tell()
        environment.request_id, environment.ends_at = request_id, self.world.now() + self.cloud.timeout
        context = Context(request_id, self.world, environment.ends_at)
        self.on_begin(invocation)
        try:
            invocation.result = environment.application.handle(event, context)
        except (Exception, FunctionEndedError) as error:  # noqa: BLE001 - recorded, judged by the scenario
            invocation.error = error
        invocation.ended_at = self.world.now()
        invocation.metrics = environment.lines.getvalue()[written:]
        environment.busy, environment.ends_at = False, float("inf")
        self.on_end(invocation)
        return invocation.error is None


def _period(expression: str) -> float:
    found = re.fullmatch(r"rate\((\d+) minutes?\)", expression)
    if found is None:
        raise ValueError(f"the lab knows no schedule {expression!r}")
    return int(found.group(1)) * 60.0
