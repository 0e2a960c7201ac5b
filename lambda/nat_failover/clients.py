"""The clients of AWS, each with how long it waits and how often it tries again, and the services that use them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.lock.parameter import Parameters
from nat_failover.lock.store import LockStore
from nat_failover.network.describing import Instances
from nat_failover.network.elastic_ip import Egress
from nat_failover.network.route_tables import Routes, RouteTablesError
from nat_failover.network.swap import Mover
from nat_failover.probing.fleet import Fleet
from nat_failover.probing.run_command import Probe
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

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
# What a group terminates is asked again at the next tick; whoever completes its action has little time left.
GROUPS = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1, read_timeout=2, max_pool_connections=2
)
# What is told is told again at the next tick where it was not taken.
TELLING = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=3, max_pool_connections=2
)


@dataclass(frozen=True)
class Clients:
    """The boto3 clients.

    Those of SNS and EventBridge are made only when there is something to tell, the egress address's when it is moved,
    and Auto Scaling's where a NAT is in a group.

    Attributes:
        once: of Systems Manager, for writing parameters; makes each call once.
    """

    ec2: EC2Client
    ssm: SSMClient
    sns: Callable[[], SNSClient]
    events: Callable[[], EventBridgeClient]
    egress: Callable[[], EC2Client]
    once: SSMClient
    autoscaling: Callable[[], Any]

    @staticmethod
    def of(session: boto3.Session) -> Clients:
        """Return the clients of a session, with short timeouts and botocore's standard retries."""
        return Clients(
            session.client("ec2", config=CONFIG),
            session.client("ssm", config=CONFIG),
            lambda: session.client("sns", config=TELLING),
            lambda: session.client("events", config=TELLING),
            lambda: session.client("ec2", config=IMPATIENT),
            session.client("ssm", config=ONCE),
            cache(lambda: _autoscaling(session)),
        )


def _autoscaling(session: Any) -> Any:
    return session.client("autoscaling", config=GROUPS)


@dataclass(frozen=True)
class PairServices:
    """The services of one pair.

    Attributes:
        egress: the egress address; None where the pair has none.
    """

    settings: Settings
    runtime: Runtime
    clients: Clients
    parameters: Parameters
    lock: LockStore
    routes: Routes
    instances: Instances
    fleet: Fleet
    probe: Probe
    egress: Egress | None

    @staticmethod
    def of(settings: Settings, clients: Clients, runtime: Runtime) -> PairServices:
        """Return the services of a pair."""
        parameters = Parameters(clients.ssm, clients.once, runtime)
        fleet = Fleet(clients.ssm, clients.ec2, settings, runtime)
        return PairServices(
            settings,
            runtime,
            clients,
            parameters,
            LockStore(parameters, settings, runtime),
            Routes(clients.ec2, settings, runtime),
            Instances(clients.ec2, runtime),
            fleet,
            Probe(clients.ssm, settings, runtime, fleet),
            Egress.of(clients.ec2, clients.egress, settings, runtime),
        )

    def settled(self) -> PairServices:
        """Return the services of the pair with the instances that are its NATs now, as far as EC2 tells.

        They are the same unless a NAT is whoever has a network interface.
        """
        settings = now_of(self.routes, self.settings)
        return self if settings == self.settings else PairServices.of(settings, self.clients, self.runtime)

    @property
    def mover(self) -> Mover:
        """What moves subnets and egress address."""
        return Mover(self.routes, self.egress, self.runtime)


def now_of(routes: Routes, settings: Settings) -> Settings:
    """Return settings with the instances that are the NATs now; the same where EC2 does not tell, or all are fixed."""
    if settings.nats_by_id == settings.nats:
        return settings
    try:
        return routes.read().settled(settings)
    except (BotoCoreError, ClientError, RouteTablesError):
        log.warning("who has the NATs' network interfaces can't be read", exc_info=True)
        return settings
