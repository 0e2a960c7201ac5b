"""The account that a command works in: profile, region and endpoint as the AWS command line takes them."""

from __future__ import annotations

import os
import shlex
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from nat_failover.clients import CONFIG as ACTING
from nat_failover.clients import IMPATIENT, ONCE, Clients
from nat_failover.foreign_text import all_printable
from nat_failover.runtime import LambdaRuntime, Runtime

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient

# A person waits: https://docs.aws.amazon.com/botocore/latest/reference/config.html
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
    max_pool_connections=32,
    user_agent_extra="nat-failover",
)


# Members of answers that have lines: what hosts have printed, documents and templates.
MULTILINE = frozenset({"StandardOutputContent", "Output", "Content", "TemplateBody"})


def _clean(parsed: dict[str, Any], **_: object) -> None:
    """Let an answer of AWS have no text that a terminal would obey: names, tags, texts and errors of others."""
    parsed.update(all_printable(parsed, multiline=MULTILINE))


class Account:
    """An account and region of AWS, with the credentials of whoever runs the command.

    Args:
        profile: name in the AWS configuration files; None for the environment's.
        region: None for the profile's or the environment's.
        endpoint_url: of all services; None for AWS's own, or AWS_ENDPOINT_URL's.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
        botocore.exceptions.NoRegionError: no region is set anywhere.
    """

    def __init__(self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> None:
        # boto3 knows AWS_DEFAULT_REGION only, the AWS command line this as well, and before it and the profile:
        # https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
        region = region or os.environ.get("AWS_REGION")
        self._session = boto3.Session(profile_name=profile, region_name=region)
        self._session.events.register("after-call", _clean)
        if self._session.region_name is None:
            raise NoRegionError
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str], Any] = {}
        self.region: str = self._session.region_name
        self.profile = profile
        self.runtime: Runtime = LambdaRuntime()

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client of boto3, made once.

        Args:
            service: as boto3 names it.
            region: another than the account's.
        """
        key = (service, region or self.region)
        if key not in self._clients:
            session: Any = self._session
            self._clients[key] = session.client(
                service, region_name=key[1], endpoint_url=self._endpoint_url, config=CONFIG
            )
        return self._clients[key]

    @property
    def ec2(self) -> EC2Client:
        """The client of EC2."""
        client: EC2Client = self.client("ec2")
        return client

    @property
    def ssm(self) -> SSMClient:
        """The client of Systems Manager."""
        client: SSMClient = self.client("ssm")
        return client

    @property
    def sns(self) -> SNSClient:
        """The client of SNS."""
        client: SNSClient = self.client("sns")
        return client

    @property
    def functions(self) -> LambdaClient:
        """The client of Lambda."""
        client: LambdaClient = self.client("lambda")
        return client

    @property
    def events(self) -> EventBridgeClient:
        """The client of EventBridge."""
        client: EventBridgeClient = self.client("events")
        return client

    @property
    def reading(self) -> Clients:
        """The clients of whoever only looks."""
        topic, bus, groups = (lambda: self.sns), (lambda: self.events), (lambda: self.client("autoscaling"))
        return Clients(self.ec2, self.ssm, topic, bus, lambda: self.ec2, self.ssm, groups)

    def acting(self) -> Clients:
        """Make clients as the function has them, which wait briefly: who has the claim has to end within its lease."""

        def made(service: str, config: Config) -> Any:
            session: Any = self._session
            return session.client(service, endpoint_url=self._endpoint_url, config=config)

        return Clients(
            made("ec2", ACTING),
            made("ssm", ACTING),
            lambda: made("sns", ACTING),
            lambda: made("events", ACTING),
            lambda: made("ec2", IMPATIENT),
            made("ssm", ONCE),
            lambda: self.client("autoscaling"),
        )

    @cached_property
    def identity(self) -> str:
        """ARN of whoever runs the command.

        Raises:
            botocore.exceptions.ClientError: the credentials are not accepted.
        """
        return str(self.client("sts").get_caller_identity()["Arn"])

    def service_of(self, operation: str) -> str | None:
        """Return the prefix in policies of the service, among those used so far, that has an operation."""
        for (service, _), client in self._clients.items():
            if operation in client.meta.service_model.operation_names:
                return {"cloudwatch": "cloudwatch", "service-quotas": "servicequotas"}.get(service, service)
        return None

    @property
    def options(self) -> str:
        """The options that a command of the AWS command line needs to reach the same place, with a space before."""
        return (f" --profile {shlex.quote(self.profile)}" if self.profile else "") + f" --region {self.region}"
