"""What every account of the lab is asked, and what can be made of it, whoever emulates it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.lab.network.guards import Guard, Rule


class Emulated(ABC):
    """An account with the stack deployed to it."""

    function_arn: str
    timeout: float
    user_data: str
    document: dict[str, Any]
    documents: dict[str, dict[str, Any]]
    lock_name: str
    primary_table: str
    standby_table: str

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
    def state(self, instance_id: str) -> str:
        """Give an instance's state, as EC2 calls it."""

    @abstractmethod
    def untag(self, host: str) -> None:
        """Take an instance's probe tag away, as a person does."""

    @abstractmethod
    def terminate_instance(self, host: str) -> None:
        """Terminate an instance, as a person does."""

    @abstractmethod
    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""

    @abstractmethod
    def elastic(self) -> dict[str, str]:
        """Give the Elastic IP of every host that has one."""

    @abstractmethod
    def groups(self) -> dict[str, Guard]:
        """Return what the security groups of each interface admit: of hosts, by name, and of the endpoint."""

    @abstractmethod
    def acls(self) -> dict[str, Guard]:
        """Return the network ACL of each subnet, by its name."""

    @abstractmethod
    def checks(self) -> dict[str, bool]:
        """Return whether the source/destination check of each host is on."""

    @abstractmethod
    def set_source_dest_check(self, host: str, *, on: bool) -> None:
        """Have EC2 drop what a host forwards, or not."""

    @abstractmethod
    def set_inbound(self, host: str, rules: Sequence[Rule]) -> None:
        """Let the security group of a host admit this and nothing else, as a person does."""

    @abstractmethod
    def set_acl(self, subnet: str, acl: Guard) -> None:
        """Give a subnet a network ACL of its own, as a person does."""

    @abstractmethod
    def tell_public(self, host: str, address: str | None) -> None:
        """Let EC2 say that a host has a public address, or none."""

    @abstractmethod
    def parameter(self, name: str) -> Mapping[str, Any] | None:
        """Give a parameter as GetParameter does; None where there is none."""

    @abstractmethod
    def stop_instance(self, host: str, state: str = "stopped") -> None:
        """Stop an instance, as a person does; at first EC2 says ``stopping``."""

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
    def set_told_parameter(self, text: str | None) -> None:
        """Let another text stand in the parameter of what was sent, or none."""

    @abstractmethod
    def add_private_routes(self) -> None:
        """Give the primary's table what a grown VPC has: a peering, and a gateway endpoint of S3."""

    @abstractmethod
    def add_vpn_routes(self, hosts: Mapping[str, str]) -> None:
        """Give tables, by id, a route to the VPN, each to a host."""

    @abstractmethod
    def add_endpoint_routes(self, endpoint: str, tables: Sequence[str]) -> None:
        """Give tables the routes of a gateway endpoint that has been attached to them."""
