"""A pair in moto: VPC, route tables, instances, lock and topic, with hosts that run the probe."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint
from moto import mock_aws
from moto.sns.models import sns_backends

from infra.probe.document import ProbeValues, content, script
from nat_failover.application import Application
from nat_failover.clients import Clients
from nat_failover.lock.parameter import Parameters
from nat_failover.probing.fleet import Fleet
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT, TICK, status_change
from tests.fakes import Context, FakeRuntime, Managed, RunCommand, before
from tests.gate import moto_hook
from tests.gate.gate import Gate
from tests.gate.harshness import Harshness
from tests.gate.timing.rates import Rates
from tests.integration.hosts import Hosts
from tests.lab.cloud.sessions import session

REGION, ACCOUNT_ID = "eu-west-1", "123456789012"
PROBED = {"Key": ENVIRONMENT["NAT_FAILOVER_PROBE_TAG_KEY"], "Value": ENVIRONMENT["NAT_FAILOVER_PROBE_TAG_VALUE"]}


def deny(account: Account, host: str) -> None:
    """Let IAM deny a command to a host, and so to all that are asked with it."""
    before(account.ssm, "SendCommand", lambda: "AccessDeniedException", about=host, times=10_000)


def have_windows(account: Account, host: str) -> None:
    """Let a host run Windows, for which the probe's document is not."""
    account.run_command.managed[host] = Managed(host, platform="Windows")
    account.run_command.content = content(script(ProbeValues("main", ("192.0.2.1",))))


@dataclass(frozen=True)
class Invoked:
    """What came of an invocation: its answer, and the metrics that it wrote."""

    answer: dict[str, object]
    metrics: dict[str, float]

    @property
    def cause(self) -> object:
        """Why it decided as it did."""
        return self.answer["cause"]

    @property
    def outcome(self) -> object:
        """What came of its decision; None where it held."""
        return self.answer.get("outcome")


@contextmanager
def pair_in_moto(runtime: Runtime | None = None, subnets: int = 2, backends: int = 4) -> Iterator[Account]:
    """Have an account with a pair, for a while; moto's thousand images, which take it long to load, are left out."""
    with patch.dict(os.environ, MOTO_EC2_LOAD_DEFAULT_AMIS="false"), mock_aws():
        with moto_hook.standing(Gate()):  # it was made long ago
            account = Account(runtime, subnets, backends)
        # Whom AWS throttles waits, by the account's clock.
        waiting = patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=account.runtime.sleep))
        with moto_hook.standing(account.gate), waiting:
            yield account


class Account(Hosts):
    """A pair in moto, with hosts that are online until told otherwise.

    Args:
        runtime: clock; moto's own is the machine's, so that it has to be about right.

    """

    def __init__(self, runtime: Runtime | None = None, subnets: int = 2, backends: int = 4) -> None:
        self.clock = FakeRuntime(float(int(time.time())))
        super().__init__(runtime or self.clock)
        self.session = session(REGION)
        self.gate = Gate(Rates(Harshness(), self.runtime.now))
        self.run_command = RunCommand(self.session.events, self.runtime, self.gate)
        self.run_command.answer = self.answer
        self.session.events.register("after-call.ec2.DescribeInstances", self._launched)
        clients = Clients.of(self.session)
        # What a test does to writes, it does to one client.
        self.clients = replace(clients, once=clients.ssm)
        self.parameters = Parameters(clients.ssm, clients.ssm, self.clock)
        self.ec2: Any = self.clients.ec2
        self.ssm: Any = self.clients.ssm
        self.launched_at = self.runtime.now() - 86400
        self.vpc = vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = [self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"] for n in range(subnets + 1)]
        self.subnets = tuple(sorted(subnet["SubnetId"] for subnet in made)[:-1])
        self.interfaces: dict[str, str] = {}  # of instances, by their ids
        self.primary, self.standby = self._run(2)
        for nat in (self.primary, self.standby):
            self.check(nat, on=False)
        self.backends = tuple(sorted(self._run(backends, self.subnets[:1])))
        if backends:
            self.ec2.create_tags(Resources=self.backends, Tags=[PROBED])  # type: ignore[list-item]
        self.run_command.online = [*self.backends, self.primary, self.standby]
        self.primary_table, self.standby_table = (self._table(nat) for nat in (self.primary, self.standby))
        for subnet in self.subnets:
            self.ec2.associate_route_table(RouteTableId=self.primary_table, SubnetId=subnet)
        self.environment = ENVIRONMENT | {
            "NAT_FAILOVER_PRIMARY_ROUTE_TABLE": self.primary_table,
            "NAT_FAILOVER_STANDBY_ROUTE_TABLE": self.standby_table,
            "NAT_FAILOVER_PRIMARY_INSTANCE": self.primary,
            "NAT_FAILOVER_STANDBY_INSTANCE": self.standby,
            "NAT_FAILOVER_TOPIC": self.clients.sns().create_topic(Name="nat-failover-main")["TopicArn"],
        }
        self.settings = Settings.from_environment(self.environment)

    def _run(self, number: int, subnets: Sequence[str] = ()) -> list[str]:
        where = {"SubnetId": subnets[0]} if subnets else {}
        made = self.ec2.run_instances(ImageId="ami-12c6146b", MinCount=number, MaxCount=number, **where)["Instances"]
        self.interfaces |= {i["InstanceId"]: i["NetworkInterfaces"][0]["NetworkInterfaceId"] for i in made}
        self.addresses |= {i["InstanceId"]: i["PrivateIpAddress"] for i in made}
        return [instance["InstanceId"] for instance in made]

    def check(self, nat: str, *, on: bool) -> None:
        """Have the source/destination check of an instance's network interface on or off."""
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=self.interfaces[nat], SourceDestCheck={"Value": on}
        )

    def configure(self, **changes: Any) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **changes)

    @property
    def fleet(self) -> Fleet:
        """A view of the backends that remembers nothing yet."""
        return Fleet(self.clients.ssm, self.clients.ec2, self.settings, self.clock)

    def application(self, stream: Any = None) -> Application:
        """Put the function together as Lambda would, with this clock."""
        return Application(self.settings, self.clients, self.runtime, stream)

    def invoke(self, event: object, seconds: float = 45) -> Invoked:
        """Invoke the function."""
        stream = io.StringIO()
        answer = self.application(stream).handle(event, Context("request-1", seconds))
        metrics = {k: v for line in stream.getvalue().splitlines() for k, v in json.loads(line).items()}
        return Invoked(answer, {name: value[0] for name, value in metrics.items() if isinstance(value, list)})

    def tick(self) -> Invoked:
        """Invoke the function as its schedule does."""
        return self.invoke(TICK)

    def ticks(self, count: int, later: float = 60) -> list[Invoked]:
        """Let so many ticks go by, each so much later than what was before it."""
        made = []
        for _ in range(count):
            self.clock.sleep(later)
            made.append(self.tick())
        return made

    def failed(self, host: str) -> Invoked:
        """Invoke the function as SSM's event does, for the host's latest command, if it may be of its failure."""
        sent = [c for c in reversed(self.run_command.commands) if c.kind != "echo"]
        commands = [c for c in sent if host in c.arguments["InstanceIds"]]
        command = next(
            (c for c in commands if host not in c.invocations or c.invocations[host].status == "Failed"), commands[0]
        )
        return self.invoke(status_change(command.command_id, host))

    def parameter(self, name: str) -> str | None:
        """Read a parameter; None where there is none."""
        found = self.ssm.get_parameters(Names=[name])["Parameters"]
        return str(found[0]["Value"]) if found else None

    @property
    def lock(self) -> str | None:
        """The lock's value; a person may set it."""
        return self.parameter(self.settings.lock_parameter)

    @lock.setter
    def lock(self, value: str) -> None:
        self.ssm.put_parameter(Name=self.settings.lock_parameter, Value=value, Type="String", Overwrite=True)

    def associations(self, table: str) -> dict[str, str]:
        """Association ids of a route table, by subnet."""
        (described,) = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {a["SubnetId"]: a["RouteTableAssociationId"] for a in described["Associations"] if "SubnetId" in a}

    @property
    def on_standby(self) -> tuple[str, ...]:
        """The subnets on the standby's table."""
        return tuple(sorted(self.associations(self.standby_table)))

    def move(self, subnet: str, to_table: str) -> None:
        """Move a subnet, as a person would."""
        association = (self.associations(self.primary_table) | self.associations(self.standby_table))[subnet]
        self.ec2.replace_route_table_association(AssociationId=association, RouteTableId=to_table)

    @property
    def mails(self) -> list[tuple[str, str]]:
        """Subject and text of all mails."""
        topic = sns_backends[ACCOUNT_ID][REGION].topics[self.settings.topic]
        return [(str(sent[2]), str(json.loads(sent[1])["default"])) for sent in topic.sent_notifications]

    @property
    def subjects(self) -> list[str]:
        """Subjects of all mails, without the pair."""
        return [subject.partition("] ")[2] for subject, _ in self.mails]

    def _table(self, nat: str) -> str:
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=nat)
        return str(table)

    def _launched(self, parsed: dict[str, Any], **_: object) -> None:
        for reservation in parsed.get("Reservations", []):
            for instance in reservation["Instances"]:
                instance["LaunchTime"] = datetime.fromtimestamp(self.launched_at, UTC)
