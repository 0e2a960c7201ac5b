"""The AWS account of the lab, from the outside; what it says of routes is told to the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.gate.auto_scaling import AutoScaling
from tests.gate.events import Waiting
from tests.gate.rules.rule import changed
from tests.lab.cloud.emulated import Emulated
from tests.lab.cloud.public_addresses import PublicAddresses
from tests.lab.network.layout import S3_CIDR
from tests.lab.network.network import Network

REGION = "eu-central-1"
# moto's.
ACCOUNT_ID = "123456789012"
A_DAY = 86400.0


class Cloud(Emulated):
    """An account with the stack deployed to it: used by the lab, never by the product.

    Args:
        network: gets the routes that the account tells of.

    Attributes:
        instances: instance ids by the names of hosts.
        subnets: subnet ids by their names.
        environment: the deployed function's.
        timeout: the deployed function's, in seconds.
        document: content of the deployed probe document.
        documents: content of all documents by their names.
        user_data: the deployed standby's.
        warned: ids of instances that EC2 is about to take away.
        spot: ids of those that are Spot instances.
        maintenance: when maintenance begins, in seconds since the epoch, by instance id.
        auto_scaling: groups that wait with an instance that they terminate.
        multihomed: hosts with a second network interface.
        public: who has which public address.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.instances: dict[str, str] = {}
        self.subnets: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self._holders: dict[str, str] = {}
        self.warned: set[str] = set()
        self.spot: set[str] = set()
        self.maintenance: dict[str, float] = {}
        self.auto_scaling = AutoScaling()
        self.multihomed: set[str] = set()
        self.public = PublicAddresses({nat.name: nat.public for nat in network.layout.nats})

    def host_of(self, instance_id: str) -> str:
        """Give the name of the host that is an instance."""
        return next(host for host, known in self.instances.items() if known == instance_id)

    def start(self, now: float) -> None:
        """Let all hosts have been up for a day, and the NATs and routes be what the account says."""
        for host in self.instances:
            self.set_launched(host, now - A_DAY)
        for nat in self.network.layout.nats:
            self.network.boot(nat.name, self.user_data)
        self.mirror()
        self.readdress(now, lambda host: 0.0)  # noqa: ARG005 - nobody has lost one yet
        self.mirror_addresses()
        self.mirror_groups()

    def mirror_groups(self) -> None:
        """Give the network the groups of every interface, the ACL of every subnet and the check of every host."""
        self.network.set_guards(self.groups(), self.acls(), self.checks())

    def warn(self, host: str) -> None:
        """Let EC2 be about to take a host away: a spot warning, or a group that waits to terminate it.

        DescribeInstances goes on saying ``running``; only what tells of warnings tells of it.
        """
        self.warned.add(self.instances[host])

    def begin_termination(self, host: str) -> Waiting:
        """Have the first of the pair's groups begin to terminate a host, and wait because of the stack's hook."""
        self.warn(host)
        group = self.environment["NAT_FAILOVER_AUTO_SCALING_GROUPS"].partition(",")[0]
        hook = f"nat-failover-{self.environment['NAT_FAILOVER_PAIR']}"
        return self.auto_scaling.begin(self.instances[host], group, hook)

    def unwarned(self, operation: str, answer: Any) -> Any:
        """Count the answers that say ``running`` of an instance that is about to be taken away."""
        if (self.warned or self.spot) and operation == "DescribeInstances":
            for instance in (i for r in answer["Reservations"] for i in r["Instances"]):
                if instance["InstanceId"] in self.spot:
                    instance["InstanceLifecycle"] = "spot"
            for instance in (i for r in answer["Reservations"] for i in r["Instances"]):
                if instance["InstanceId"] in self.warned and instance["State"]["Name"] == "running":
                    changed("N8")
        return answer

    def of_ends(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer what tells of warnings, maintenance and groups; None for any other call."""
        if (of_groups := self.auto_scaling.answer(operation, arguments)) is not None:
            return of_groups
        if operation == "DescribeSpotInstanceRequests":
            (wanted,) = [each["Values"] for each in arguments["Filters"] if each["Name"] == "instance-id"]
            code = {True: "marked-for-termination", False: "fulfilled"}
            return {
                "SpotInstanceRequests": [
                    {"InstanceId": i, "State": "active", "Status": {"Code": code[i in self.warned]}}
                    for i in wanted
                    if i in self.spot
                ]
            }
        if operation == "DescribeInstanceStatus":
            named = arguments.get("InstanceIds", self.instances.values())
            listed = [i for i in named if self.state(i) == "running"]
            return {"InstanceStatuses": [{"InstanceId": i, "Events": self._events(i)} for i in listed]}
        return None

    def _events(self, instance: str) -> list[dict[str, Any]]:
        if instance not in self.maintenance:
            return []
        begins = datetime.fromtimestamp(self.maintenance[instance], UTC)
        event = {"Code": "instance-stop", "Description": "The instance is running on degraded hardware"}
        return [{**event, "InstanceEventId": "instance-event-0123456789abcdef0", "NotBefore": begins}]

    def mirror(self) -> None:
        """Give the network every route table and association as moto has them now."""
        names = {v: k for k, v in self.subnets.items()}
        for table_id, table in self.tables().items():
            self.network.set_routes(table_id, self._routes(table))
            for association in table["Associations"]:
                if association.get("SubnetId") in names:
                    self.network.associate(names[association["SubnetId"]], table_id)

    def readdress(self, now: float, wait: Callable[[str], float]) -> list[float]:
        """Have EC2 say who has which public address, now that an Elastic IP may have moved.

        Args:
            now: seconds since the epoch.
            wait: draws how many seconds a host is without an address that has lost its Elastic IP.

        Returns:
            In how many seconds to ask again, for each host that has just lost its own.
        """
        waits = self.public.update(self.elastic(), self.multihomed, now, wait)
        for host, address in self.public.of.items():
            self.tell_public(host, address)
        return waits

    def mirror_addresses(self) -> None:
        """Give the network the public address of each NAT as EC2 tells it."""
        for nat, address in self.public.of.items():
            self.network.set_public(nat, address)
        self._holders = {address: host for host, address in self.elastic().items()}

    def lift_addresses(self) -> None:
        """Have the network carry nothing by an Elastic IP that moves, neither for who had it nor for who gets it."""
        elastic = self.elastic()
        for host, address in elastic.items():
            before = self._holders.get(address, host)
            if before != host:
                changed("N5")
                self.network.set_public(before, None)
                self.network.set_public(host, None)

    def mirror_subnet(self, subnet_id: str) -> None:
        """Give the network the association that a subnet has now."""
        name = next(name for name, known in self.subnets.items() if known == subnet_id)
        self.network.associate(name, self.table_of(subnet_id))

    def table_of(self, subnet_id: str) -> str:
        """Give the route table that a subnet is associated with."""
        for table_id, table in self.tables().items():
            if any(a.get("SubnetId") == subnet_id for a in table["Associations"]):
                return table_id
        raise LookupError(f"{subnet_id} has no association")

    def _routes(self, table: Mapping[str, Any]) -> dict[str, str]:
        routes = {}
        for route in table["Routes"]:
            # The one prefix list that the lab knows is S3's.
            destination = route.get("DestinationCidrBlock") or S3_CIDR
            if route.get("InstanceId"):
                routes[destination] = self.host_of(route["InstanceId"])
            elif route.get("VpcPeeringConnectionId"):
                routes[destination] = "peer"
            elif str(route.get("GatewayId", "")).startswith("vpce-"):
                routes[destination] = "s3"
            elif str(route.get("GatewayId", "")).startswith("igw-"):
                routes[destination] = "igw"
            elif route.get("GatewayId") == "local":
                routes[destination] = "local"
        return routes

    def protected(self) -> dict[str, str]:
        """Give the route table of each private subnet, by the subnet's name."""
        names = [subnet.name for subnet in self.network.layout.private_subnets]
        return {name: self.table_of(self.subnets[name]) for name in names}
