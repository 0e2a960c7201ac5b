"""Puts the function together, once a process, and turns one event into one invocation of the monitor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol, TextIO

import boto3

from nat_failover.acting.execution import Execution, Invoker
from nat_failover.acting.failover import Failover
from nat_failover.acting.lifecycle import TO_COMPLETE, LifecycleActions
from nat_failover.acting.selftest import SelfTest
from nat_failover.clients import Clients, PairServices
from nat_failover.events import AskedToTest, NatEnding, Trigger, parse
from nat_failover.inspection import Inspector
from nat_failover.lookout import Lookout
from nat_failover.monitor import InvocationOutcome, Monitor
from nat_failover.network.route_mirror import Mirror
from nat_failover.network.route_table_pair import NatReplacedError
from nat_failover.observability import Metrics, start_logging
from nat_failover.probing.verification import Verification
from nat_failover.runtime import LambdaRuntime, Runtime
from nat_failover.settings import Settings
from nat_failover.telling.channels import Notifications
from nat_failover.telling.notifier import Teller

log = logging.getLogger(__name__)


class Context(Protocol):
    """What is used of Lambda's context object."""

    @property
    def aws_request_id(self) -> str:
        """Request id of the invocation."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds that are left until Lambda ends the invocation."""
        ...


class Application:
    """The function of one pair: made once, handles one event after the other."""

    def __init__(self, settings: Settings, clients: Clients, runtime: Runtime, stream: TextIO | None = None) -> None:
        self._settings = settings
        self._runtime = runtime
        self._stream = stream
        self._clients = clients
        self._monitor = self._made(settings)

    def _made(self, settings: Settings) -> Monitor:
        clients, runtime = self._clients, self._runtime
        services = PairServices.of(settings, clients, runtime)
        notifications = Notifications(clients.sns, clients.events, settings)
        teller = Teller(services.parameters, notifications, settings, runtime)
        execution = Execution(services, Verification(services.probe, settings, runtime), teller)
        inspector = Inspector(settings, Mirror(clients.ec2, settings.mirror_endpoints))
        return Monitor(services, Lookout(services), Failover(services, execution), inspector, teller)

    @staticmethod
    def of(environ: Mapping[str, str]) -> Application:
        """Return it as the environment says, for Lambda.

        Raises:
            SettingsError: the environment is not usable.
        """
        settings = Settings.from_environment(environ)
        start_logging(settings)
        return Application(settings, Clients.of(boto3.Session()), LambdaRuntime())

    def handle(self, event: object, context: Context) -> dict[str, object]:
        """Handle one event.

        Returns:
            What was decided and why, and what came of it, as JSON.

        Raises:
            UnknownEventError: the event is none of the function's.
            Exception: whatever stops it from judging or acting; Lambda counts it as an error, and the alarm fires.
        """
        s = self._settings
        trigger = parse(event, s.probe_document, s.nats, s.lifecycle_hook, s.auto_scaling_groups)
        ends_at = self._runtime.now() + context.get_remaining_time_in_millis() / 1000
        if isinstance(trigger, AskedToTest):
            return SelfTest(PairServices.of(self._settings, self._clients, self._runtime).settled()).run(ends_at)
        if isinstance(trigger, NatEnding) and trigger.action is not None:
            ends_at -= TO_COMPLETE
        metrics = Metrics(self._settings, self._stream)
        with LifecycleActions(self._clients.autoscaling).completed(trigger):
            try:
                outcome = self._run(trigger, Invoker(context.aws_request_id, ends_at, metrics))
            finally:
                metrics.flush()
            return _as_json(trigger, outcome)

    def _run(self, trigger: Trigger, invoker: Invoker) -> InvocationOutcome:
        """Have the monitor handle an event; where another instance has become a NAT, a monitor that knows it.

        It is told by the route tables that are read anyway, before anything is asked, judged or changed.
        """
        try:
            return self._monitor.run(trigger, invoker)
        except NatReplacedError as replaced:
            log.warning("another instance has become a NAT", extra={"nats": replaced.settings.nats})
            self._settings = replaced.settings
            self._monitor = self._made(replaced.settings)
            return self._monitor.run(trigger, invoker)


def _as_json(trigger: object, outcome: InvocationOutcome) -> dict[str, object]:
    decision, result = outcome.decision, outcome.result
    fields: dict[str, object] = {
        "trigger": type(trigger).__name__,
        "decision": decision.action.value,
        "cause": decision.cause.value,
        "reason": decision.reason,
    }
    if result is not None:
        fields |= {"outcome": result.outcome, "result": result.in_words}
    log.log(logging.WARNING if decision.alarming or result else logging.INFO, decision.reason, extra=fields)
    return fields
