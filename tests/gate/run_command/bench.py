"""Run Command as a whole on a bench: the service, and agents on the simulated network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from infra.probe.document import ProbeValues, content, script
from tests.gate.run_command.agent.bench import CERTAIN
from tests.gate.run_command.command import Managed
from tests.gate.run_command.habits import AgentHabits
from tests.gate.run_command.on_network import RunCommand
from tests.lab.latencies import Latencies
from tests.lab.network.layout import SSM_ENDPOINT, TARGETS, standard_layout
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.virtual import VirtualWorld

HOSTS = {host.name: f"i-{n:017x}" for n, host in enumerate(standard_layout().hosts)}
BACKEND, OTHER = "backend1", "backend2"
PARAMETERS = {"window": ["0"], "active": ["10.20.0.11"], "passive": ["10.20.0.12"]}


@dataclass
class Account:
    """The hosts' account."""

    document: dict[str, Any]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=lambda: dict(HOSTS))
    states: dict[str, str] = field(default_factory=dict)
    untagged: set[str] = field(default_factory=set)

    def host_of(self, instance_id: str) -> str:
        """Return the name of a host."""
        return next(host for host, known in self.instances.items() if known == instance_id)

    def tags(self, instance_id: str) -> dict[str, str]:
        """Return a host's tags."""
        return {} if self.host_of(instance_id) in self.untagged else {"probe": "main"}

    def state(self, instance_id: str) -> str:
        """Return a host's state."""
        return self.states.get(self.host_of(instance_id), "running")


class Bench:
    """Run Command on a simulated network.

    Attributes:
        seen: what a scene has read, for the test to judge.
    """

    def __init__(self, seed: int = 1, habits: AgentHabits = CERTAIN) -> None:
        self.world = VirtualWorld(seed)
        self.network = SimulatedNetwork(standard_layout(), self.world, picks_up=False)
        self.account = Account(dict(content(script(ProbeValues("main", TARGETS)))))
        self.events: list[dict[str, Any]] = []
        self.seen: list[Any] = []
        self.run_command = RunCommand(
            self.account, self.network, self.world, Latencies(), SSM_ENDPOINT, self.events.append, habits
        )
        self.client: Any = boto3.Session("a", "b", region_name="eu-central-1").client("ssm")

    def play(self, scene: Callable[[], None]) -> None:
        """Play a scene."""

        def main() -> None:
            self.network.open()
            self.run_command.start()
            scene()

        self.world.run(main)

    def connect(self) -> None:
        """Let everybody reach the Internet."""
        network = self.network
        network.set_guards(checks={nat.name: False for nat in network.layout.nats})
        for nat in network.layout.nats:
            network.boot(nat.name, "#!/bin/sh\n")
        network.set_routes("public", {"0.0.0.0/0": "igw"})
        network.associate(network.layout.public_subnet.name, "public")
        network.set_routes("private", {"0.0.0.0/0": "nat01"})
        for subnet in network.layout.private_subnets:
            network.associate(subnet.name, "private")

    def call(self, operation: str, *, may: Callable[[Managed], bool] | None = None, **arguments: Any) -> dict[str, Any]:
        """Call Systems Manager."""
        return self.run_command.answer(self.client, operation, arguments, may)

    def send(self, *hosts: str, may: Callable[[Managed], bool] | None = None, **changes: Any) -> str:
        """Send the probe's document to hosts, and return the command's id."""
        arguments: Mapping[str, Any] = {
            "DocumentName": "nat-failover-main-probe",
            "InstanceIds": [self.account.instances[host] for host in hosts],
            "Comment": "check",
            "TimeoutSeconds": 30,
            "Parameters": PARAMETERS,
            **changes,
        }
        return str(self.call("SendCommand", may=may, **arguments)["Command"]["CommandId"])

    def read(self, command_id: str) -> tuple[str, str, int, str]:
        """Return status, details, code and output of a command that was sent to one host."""
        (invocation,) = self.call("ListCommandInvocations", CommandId=command_id, Details=True)["CommandInvocations"]
        (plugin,) = invocation["CommandPlugins"]
        return invocation["Status"], invocation["StatusDetails"], plugin["ResponseCode"], plugin["Output"]

    def check(self, **changes: Any) -> tuple[str, str, int, str]:
        """Send a quick check to one host, and return what has become of it."""
        command_id = self.send(BACKEND, **changes)
        self.world.sleep(10)
        return self.read(command_id)

    def managed(self, **arguments: Any) -> dict[str, dict[str, Any]]:
        """Return what DescribeInstanceInformation lists, by host."""
        described = self.call("DescribeInstanceInformation", MaxResults=50, **arguments)["InstanceInformationList"]
        return {self.account.host_of(each["InstanceId"]): each for each in described}
