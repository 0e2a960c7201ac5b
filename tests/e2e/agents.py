"""Run Command for the emulated account: the lab's agents on the lab's simulated network, in real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import boto3
from moto.ec2.models import ec2_backends

from tests.gate.run_command.documents import deployed
from tests.gate.run_command.on_network import RunCommand
from tests.lab.latencies import Latencies
from tests.lab.network.layout import SSM_ENDPOINT, VPC_CIDR, standard_layout
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.real import RealWorld

REGION, ACCOUNT = "eu-central-1", "123456789012"
# How soon the network does what the account's route tables say, in seconds.
MIRRORED_EVERY = 0.1


class Agents:
    """The hosts of one pair, once somebody has told of them; until then no host is online.

    Instructions come as JSON objects, a line each: ``{"hosts": {...}, "subnets": {...}, "url": "..."}`` begins,
    ``{"break": "nat01"}`` takes a NAT's translation rules away, ``{"mend": "nat01"}`` gives them back,
    ``{"uplink": ["nat02", false]}`` cuts it off from the Internet, ``{"offline": ["backend1"]}`` says whom Systems
    Manager does not know.
    """

    def __init__(self) -> None:
        self._run_command: RunCommand | None = None
        self._network: SimulatedNetwork | None = None
        self._ssm: Any = None

    def tell(self, instruction: Mapping[str, Any]) -> None:
        """Do what a line on standard input says."""
        if "break" in instruction and self._network is not None:
            self._network.flush_nat_rules(instruction["break"])
        if "mend" in instruction and self._network is not None:
            self._network.boot(instruction["mend"], "#!/bin/sh\n")
        if "uplink" in instruction and self._network is not None:
            self._network.set_uplink(*instruction["uplink"])
        if "offline" in instruction and self._run_command is not None:
            self._run_command.offline = set(instruction["offline"])
        if "hosts" in instruction:
            self._begin(instruction)

    def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer a call; None before there are any hosts."""
        if self._run_command is None:
            return None
        return self._run_command.answer(self._ssm, operation, arguments)

    def _begin(self, instruction: Mapping[str, Any]) -> None:
        # What the hosts are like nobody asks the account for: that is no call.
        known: Any = ec2_backends[ACCOUNT][REGION]
        session: Any = boto3.Session("e2e", "e2e", region_name=REGION)
        self._ssm = session.client("ssm", endpoint_url=instruction["url"])
        world = RealWorld(1)
        layout = standard_layout(subnets=len(instruction["subnets"]), backends=len(instruction["hosts"]) - 2)
        network = SimulatedNetwork(layout, world)
        network.open()
        for nat in layout.nats:
            network.boot(nat.name, "#!/bin/sh\n")
        network.set_guards(checks={nat.name: False for nat in layout.nats})
        network.set_routes("public", {VPC_CIDR: "local", "0.0.0.0/0": "igw"})
        network.associate(layout.public_subnet.name, "public")
        hosts: dict[str, str] = instruction["hosts"]
        names = {instance: host for host, instance in hosts.items()}
        documents = deployed(self._ssm)

        def tags(instance_id: str) -> dict[str, str]:
            return {tag["key"]: tag["value"] for tag in known.get_instance(instance_id).get_tags()}

        def state(instance_id: str) -> str:
            return str(known.get_instance(instance_id)._state.name)

        account: Any = SimpleNamespace(
            instances=hosts, host_of=names.__getitem__, documents=documents, tags=tags, state=state
        )
        for host in layout.hosts:
            # moto gives addresses by chance; the network's hosts have their own.
            face = known.get_instance(hosts[host.name]).nics[0]
            face.private_ip_address = host.address
            face.private_ip_addresses[0]["PrivateIpAddress"] = host.address
        for nat in layout.nats:
            # Made a moment ago, and so a machine that may still be booting.
            instance = known.get_instance(hosts[nat.name])
            instance.launch_time = "2026-01-01T00:00:00.000Z"
            # moto's CloudFormation does not turn it off, as the template says.
            for interface in instance.nics.values():
                interface.source_dest_check = False
        subnets = {subnet: name for name, subnet in instruction["subnets"].items()}
        threading.Thread(target=_mirror, args=(network, names, subnets), daemon=True).start()
        self._network = network
        self._run_command = RunCommand(account, network, world, Latencies(), SSM_ENDPOINT, lambda event: None)  # noqa: ARG005
        self._run_command.start()


def _mirror(network: SimulatedNetwork, names: Mapping[str, str], subnets: Mapping[str, str]) -> None:
    """Do on the network what moto keeps, which is in this process: asking it over HTTP takes a tenth of a processor."""
    account: Any = ec2_backends[ACCOUNT][REGION]
    while True:
        for table in list(account.route_tables.values()):
            routes = {
                route.destination_cidr_block: names.get(route.instance.id if route.instance else "", "local")
                for route in table.routes
                if route.destination_cidr_block
            }
            network.set_routes(table.id, routes)
            for associated in list(table._associations.values()):  # a copy: requests change it meanwhile
                if associated in subnets:
                    network.associate(subnets[associated], table.id)
        time.sleep(MIRRORED_EVERY)
