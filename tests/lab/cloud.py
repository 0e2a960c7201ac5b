"""The AWS account of the lab, from the outside; what it says of routes is told to the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.lab.layout import FIRST_GIVEN, GIVEN, S3_CIDR
from tests.lab.network import Network

REGION = "eu-central-1"
A_DAY = 86400.0


class Cloud(ABC):
    """An account with the stack deployed to it: used by the lab, never by the product.

    Args:
        network: gets the routes that the account tells of.

    Attributes:
        instances: instance ids by the names of hosts.
        subnets: subnet ids by their names.
        environment: the deployed function's.
        timeout: the deployed function's, in seconds.
        document: content of the deployed probe document.
        user_data: the deployed standby's.
    """

    function_arn: str
    timeout: float
    user_data: str
    document: dict[str, Any]
    lock_name: str
    primary_table: str
    standby_table: str

    def __init__(self, network: Network) -> None:
        self.network = network
        self.instances: dict[str, str] = {}
        self.subnets: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        # What EC2 has given to NATs that have no Elastic IP, and how often it has.
        self._given = {nat.name: nat.public for nat in network.layout.nats}
        self._times_given = 0

    @abstractmethod
    def open(self, now: float) -> None:
        """Make the VPC as a user has it, deploy the stack, start the NATs with its user data."""

    @abstractmethod
    def close(self) -> None:
        """Forget the account."""

    @abstractmethod
    def answer(
        self, client: Any, operation: str, arguments: Mapping[str, Any], send: Callable[[str, Mapping[str, Any]], Any]
    ) -> Any:
        """Answer a call that the product makes by a client; ``send`` would send it on.

        Raises:
            botocore.exceptions.ClientError: as AWS would.
        """

    @abstractmethod
    def rules(self) -> list[Mapping[str, Any]]:
        """Describe EventBridge's rules that invoke the function."""

    @abstractmethod
    def tags(self, instance_id: str) -> dict[str, str]:
        """Give an instance's tags."""

    @abstractmethod
    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""

    @abstractmethod
    def elastic(self) -> dict[str, str]:
        """Give the Elastic IP of every host that has one."""

    @abstractmethod
    def stop_instance(self, host: str) -> None:
        """Stop an instance, as a person does."""

    @abstractmethod
    def set_launched(self, host: str, at: float) -> None:
        """Let EC2 say that an instance was started then."""

    @abstractmethod
    def lock_text(self) -> str | None:
        """Give the lock's value; None where there is no parameter."""

    @abstractmethod
    def set_lock(self, text: str | None) -> None:
        """Write the lock as a person does, or delete it."""

    @abstractmethod
    def add_private_routes(self) -> None:
        """Give the primary's table what a grown VPC has: a peering, and a gateway endpoint of S3."""

    @abstractmethod
    def add_endpoint_routes(self, endpoint: str, tables: Sequence[str]) -> None:
        """Give tables the routes of a gateway endpoint that has been attached to them."""

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
        self.mirror_addresses()

    def mirror(self) -> None:
        """Give the network every route table and association as moto has them now."""
        names = {v: k for k, v in self.subnets.items()}
        for table_id, table in self.tables().items():
            self.network.set_routes(table_id, self._routes(table))
            for association in table["Associations"]:
                if association.get("SubnetId") in names:
                    self.network.associate(names[association["SubnetId"]], table_id)

    def mirror_addresses(self) -> None:
        """Give the network the public address of each NAT: its Elastic IP, or one that EC2 gives it, another each time.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html#concepts-public-addresses
        """
        elastic = self.elastic()
        for nat in (host.name for host in self.network.layout.nats):
            if nat in elastic:
                self._given.pop(nat, None)
            elif nat not in self._given:
                self._given[nat] = GIVEN.format(FIRST_GIVEN + self._times_given)
                self._times_given += 1
            self.network.set_public(nat, elastic.get(nat) or self._given[nat])

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
