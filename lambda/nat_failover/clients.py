"""The function's clients of AWS, each with how long it waits and how often it tries again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient


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
