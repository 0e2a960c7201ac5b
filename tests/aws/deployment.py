"""The deployed demonstration, as a person has it in hand: what there is, the lock, the subnets, commands on hosts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.demo import PAIR
from nat_failover.aws_errors import REFUSED_FOR_NOW
from nat_failover.settings import Settings
from tests.aws.ground import FUNCTION, Ground

SHELL = "AWS-RunShellScript"
# How often something is looked at that may have changed: the lists of Systems Manager take about five calls a second of
# the account, and the function needs some of them.
POLL = 0.4
# How long a write of a parameter is tried again that comes too close after others, and how often, in seconds.
WRITTEN_WITHIN, WRITE_EVERY = 30.0, 0.5
# https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
UNDER_WAY = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})


class NotInTimeError(Exception):
    """Something has not become so in time; the message says what."""


@dataclass(frozen=True)
class Spoken:
    """The result of a command on a host.

    Attributes:
        seen_at: when the result was listed, by the clock of this machine, in seconds since the epoch.
    """

    instance: str
    status: str
    details: str
    exit_code: int
    output: str
    seen_at: float


class Deployment:
    """The demonstration's pair.

    Args:
        ground: where it is deployed.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.ec2: Any = ground.client("ec2")
        self.ssm: Any = ground.client("ssm")
        described = ground.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        self.settings = Settings.from_environment(described["Environment"]["Variables"])
        self.role = str(described["Role"])
        wanted = [{"Name": "tag:nat-failover:probe", "Values": [PAIR]}]
        pages = self.ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        reservations = [r for page in pages for r in page["Reservations"]]
        running = [i for r in reservations for i in r["Instances"] if i["State"]["Name"] != "terminated"]
        self.backends = sorted(str(instance["InstanceId"]) for instance in running)

    def online(self) -> set[str]:
        """Give the instances whose agent is online."""
        pages = self.ssm.get_paginator("describe_instance_information").paginate()
        listed = [i for page in pages for i in page["InstanceInformationList"]]
        return {str(i["InstanceId"]) for i in listed if i.get("PingStatus") == "Online"}

    def lock(self) -> str:
        """Give the lock's value."""
        return str(self.ssm.get_parameter(Name=self.settings.lock_parameter)["Parameter"]["Value"])

    def state(self) -> str:
        """Give the lock's state: ``armed``, ``paused`` or that of its record."""
        text = self.lock()
        return str(json.loads(text)["state"]) if text.startswith("{") else text

    def write_lock(self, text: str) -> None:
        """Write the lock as a person does."""
        self.put(self.settings.lock_parameter, text, overwrite=True)

    def put(self, name: str, text: str, *, overwrite: bool) -> int:
        """Write a parameter, for longer than boto3 tries where AWS takes no more writes just now; gives its version.

        Three a second are taken, as AWS Support has told others, and of one parameter fewer:
        https://github.com/github-aws-runners/terraform-aws-github-runner/issues/2944

        Raises:
            NotInTimeError: Systems Manager has taken none for too long.
            botocore.exceptions.ClientError: it refuses for another reason.
        """
        versions: list[int] = []

        def written() -> bool:
            try:
                made = self.ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=overwrite)
            except ClientError as error:
                if error.response["Error"]["Code"] not in REFUSED_FOR_NOW:
                    raise
                return False
            versions.append(int(made["Version"]))
            return True

        until(written, WRITTEN_WITHIN, f"{name} is written", WRITE_EVERY)
        return versions[-1]

    def associations(self, table: str) -> dict[str, str]:
        """Give the association of each subnet that uses a table."""
        (described,) = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {a["SubnetId"]: a["RouteTableAssociationId"] for a in described["Associations"] if a.get("SubnetId")}

    def has_address(self, nat: str, allocation: str) -> bool:
        """Tell whether an Elastic IP is with a NAT."""
        (described,) = self.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
        return bool(described.get("InstanceId") == nat)

    def put_back(self) -> None:
        """Leave it so that it can be removed: nothing acts any more, and no subnet needs what is removed first."""
        self.write_lock("paused")
        self.move_all(self.settings.primary_route_table)

    def move_all(self, to: str) -> None:
        """Move all subnets to a table, as a person does."""
        for association in self.associations(self.settings.other_table(to)).values():
            self.ec2.replace_route_table_association(AssociationId=association, RouteTableId=to)

    def send(self, hosts: Sequence[str], script: str, **options: Any) -> str:
        """Have hosts run a script; gives the command's id."""
        parameters = {"commands": script.splitlines(), "executionTimeout": ["3600"]}
        sent = self.ssm.send_command(
            InstanceIds=list(hosts), DocumentName=SHELL, Parameters=parameters, TimeoutSeconds=60, **options
        )
        return str(sent["Command"]["CommandId"])

    def results(self, command: str, hosts: Sequence[str], within: float) -> dict[str, Spoken]:
        """Wait until all hosts have ended.

        Raises:
            NotInTimeError: one has not.
        """
        ended: dict[str, Spoken] = {}

        def all_have() -> bool:
            pages = self.ssm.get_paginator("list_command_invocations").paginate(CommandId=command, Details=True)
            try:
                listed = [each for page in pages for each in page["CommandInvocations"]]
            except self.ssm.exceptions.InvalidCommandId:
                return False  # it was sent a moment ago
            for each in listed:
                host = str(each["InstanceId"])
                if host not in ended and each["Status"] not in UNDER_WAY:
                    ended[host] = _spoken(each)
            return set(hosts) <= set(ended)

        until(all_have, within, f"the command {command} on {', '.join(hosts)}")
        return ended

    def run(self, host: str, script: str, within: float = 120.0) -> Spoken:
        """Have one host run a script to its end."""
        return self.results(self.send([host], script), [host], within)[host]


def forget_what_the_function_made(ground: Ground) -> None:
    """Delete the parameters that no stack knows of; none need be there."""
    names = [f"/nat-failover/{PAIR}/{name}" for name in ("claim", "told")]
    ground.client("ssm").delete_parameters(Names=names)


def until(so: Callable[[], bool], within: float, what: str, every: float = POLL) -> float:
    """Wait until something is so; gives the seconds that it took.

    Raises:
        NotInTimeError: it has not become so.
    """
    begun = time.monotonic()
    while not so():
        if time.monotonic() - begun > within:
            raise NotInTimeError(f"not within {within:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - begun


def _spoken(invocation: Mapping[str, Any]) -> Spoken:
    plugin = (invocation.get("CommandPlugins") or [{}])[-1]
    return Spoken(
        str(invocation["InstanceId"]),
        str(invocation["Status"]),
        str(invocation.get("StatusDetails", "")),
        int(plugin.get("ResponseCode", -1)),
        str(plugin.get("Output", "")),
        time.time(),
    )
