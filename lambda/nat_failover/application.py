"""Puts the function together, once a process, and turns one event into one invocation of the monitor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

import boto3
from botocore.config import Config

from nat_failover.egress import Egress
from nat_failover.events import AskedToTest, parse
from nat_failover.execution import Execution, Invoker
from nat_failover.failover import Failover
from nat_failover.fleet import Fleet
from nat_failover.inspection import Inspector
from nat_failover.instances import Instances
from nat_failover.lock import LockStore
from nat_failover.mirror import Mirror
from nat_failover.monitor import Monitor, Outcome
from nat_failover.notifications import Notifications
from nat_failover.observability import Metrics, start_logging
from nat_failover.parameter import Parameters
from nat_failover.probe import Probe
from nat_failover.routes import Routes
from nat_failover.runtime import LambdaRuntime, Runtime
from nat_failover.selftest import SelfTest
from nat_failover.settings import Settings
from nat_failover.teller import Teller
from nat_failover.verification import Verification
from nat_failover.view import Lookout

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

log = logging.getLogger(__name__)

# A call that hangs must not eat the time of a failover: an answer of SSM or EC2 takes a fraction of a second.
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=2,
    read_timeout=6,
    max_pool_connections=32,
)
# What is written into a parameter is tried again by whoever writes it: botocore does not know of TooManyUpdates, waits
# for seconds, and can't tell its own second write from somebody else's.
ONCE = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=3, max_pool_connections=4
)
# The egress address is moved while people wait to be told: no call for it is waited for long, and who moves it tries
# again by itself.
IMPATIENT = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=4, max_pool_connections=2
)
# What is told is told again at the next tick where it was not taken.
TELLING = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=3, max_pool_connections=2
)


class Context(Protocol):
    """What is used of Lambda's context object."""

    @property
    def aws_request_id(self) -> str:
        """Request id of the invocation."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds that are left until Lambda ends the invocation."""
        ...


@dataclass(frozen=True)
class Clients:
    """The boto3 clients.

    Those of SNS and EventBridge are made only when there is something to tell, the egress address's when it is moved.

    Attributes:
        once: of Systems Manager, for writing parameters; makes each call once.
    """

    ec2: EC2Client
    ssm: SSMClient
    sns: Callable[[], SNSClient]
    events: Callable[[], EventBridgeClient]
    egress: Callable[[], EC2Client]
    once: SSMClient

    @staticmethod
    def of(session: boto3.Session) -> Clients:
        """Make them of a session, with short timeouts and botocore's standard retries."""
        return Clients(
            session.client("ec2", config=CONFIG),
            session.client("ssm", config=CONFIG),
            lambda: session.client("sns", config=TELLING),
            lambda: session.client("events", config=TELLING),
            lambda: session.client("ec2", config=IMPATIENT),
            session.client("ssm", config=ONCE),
        )


class Application:
    """The function of one pair: made once, handles one event after the other."""

    def __init__(self, settings: Settings, clients: Clients, runtime: Runtime, stream: TextIO | None = None) -> None:
        self._settings = settings
        self._runtime = runtime
        self._stream = stream
        self._clients = clients
        parameters = Parameters(clients.ssm, clients.once, runtime)
        lock = LockStore(parameters, settings, runtime)
        routes = Routes(clients.ec2, settings, runtime)
        fleet = Fleet(clients.ssm, clients.ec2, settings, runtime)
        probe = Probe(clients.ssm, settings, runtime, fleet)
        teller = Teller(parameters, Notifications(clients.sns, clients.events, settings), settings, runtime)
        verification = Verification(probe, settings, runtime)
        egress = Egress.of(clients.ec2, clients.egress, settings, runtime)
        execution = Execution(settings, runtime, routes, verification, teller, egress)
        failover = Failover(settings, runtime, lock, routes, execution)
        lookout = Lookout(settings, runtime, lock, routes, probe, Instances(clients.ec2, runtime), egress)
        inspector = Inspector(settings, Mirror(clients.ec2))
        self._monitor = Monitor(settings, runtime, lookout, fleet, probe, failover, inspector, teller)

    @staticmethod
    def of(environ: Mapping[str, str]) -> Application:
        """Build it from the environment, for Lambda.

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
        trigger = parse(event, self._settings.probe_document)
        ends_at = self._runtime.now() + context.get_remaining_time_in_millis() / 1000
        if isinstance(trigger, AskedToTest):
            return SelfTest(self._clients, self._settings, self._runtime).run(ends_at)
        metrics = Metrics(self._settings, self._stream)
        try:
            outcome = self._monitor.run(trigger, Invoker(context.aws_request_id, ends_at), metrics)
        finally:
            metrics.flush()
        return _told(trigger, outcome)


def _told(trigger: object, outcome: Outcome) -> dict[str, object]:
    decision, result = outcome.decision, outcome.result
    told: dict[str, object] = {
        "trigger": type(trigger).__name__,
        "decision": decision.action.value,
        "cause": decision.cause.value,
        "reason": decision.reason,
    }
    if result is not None:
        told |= {"outcome": result.outcome, "result": result.said}
    log.log(logging.WARNING if decision.alarming or result else logging.INFO, decision.reason, extra=told)
    return told
