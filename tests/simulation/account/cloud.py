"""The lab's account as a model: deployed to moto once a process, and copied for every history."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.lab.cloud.cloud import Cloud
from tests.lab.cloud.template import ENDPOINT_PLACE
from tests.lab.network.guards import Guard, Rule
from tests.lab.network.layout import PEER_CIDR, VPN_CIDR
from tests.lab.network.network import Network
from tests.simulation.account.account import ModelAccount
from tests.simulation.account.deployed import deployed
from tests.simulation.account.holdings import Refused


class ModelCloud(Cloud):
    """See ``Cloud``; takes no time to open, and none to answer."""

    def __init__(self, network: Network, settings: Mapping[str, object], seed: int) -> None:
        super().__init__(network)
        del seed  # the ids are those of the deployment
        self._deployed = deployed(json.dumps(settings, sort_keys=True), network.layout)
        self.account: ModelAccount
        self._replaced = 0
        self._groups: dict[str, Guard] = {}
        self._acls: dict[str, Guard] = {}

    def open(self, now: float) -> None:
        """Copy what was deployed, and boot the NATs."""
        world = self.network.world  # type: ignore[attr-defined]
        for name, value in self._deployed.facts.items():
            setattr(self, name, value)
        self.instances, self.subnets = dict(self._deployed.instances), dict(self._deployed.subnets)
        self._hosts = {instance: host for host, instance in self.instances.items()}
        self.account = ModelAccount(self._deployed.holdings.copy(), world.now)
        self.start(now)

    def close(self) -> None:
        """Nothing is left of it."""

    def host_of(self, instance_id: str) -> str:
        """Give the name of the host that is an instance."""
        return self._hosts[instance_id]

    def answer(
        self, client: Any, operation: str, arguments: Mapping[str, Any], send: Callable[[str, Mapping[str, Any]], Any]
    ) -> Any:
        """Answer from the model."""
        del send
        if (of_ends := self.of_ends(operation, arguments)) is not None:
            return of_ends
        try:
            return self.unwarned(operation, self.account.answer(operation, arguments))
        except Refused as refused:
            error = {"Error": {"Code": refused.code, "Message": refused.message}}
            raise client.exceptions.from_code(refused.code)(error, operation) from None

    def rules(self) -> list[Mapping[str, Any]]:
        """Give the rules that were deployed."""
        return list(self._deployed.rules)

    def tags(self, instance_id: str) -> dict[str, str]:
        """Give an instance's tags."""
        return dict(self.account.holdings.instances[instance_id].tags)

    def state(self, instance_id: str) -> str:
        """Give an instance's state."""
        return self.account.holdings.instances[instance_id].state

    def untag(self, host: str) -> None:
        """Take an instance's tags away."""
        self.account.change().instances[self.instances[host]].tags = {}

    def terminate_instance(self, host: str) -> None:
        """Let EC2 say that an instance is terminated."""
        self.account.change().instances[self.instances[host]].state = "terminated"

    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""
        return self.account.tables()

    def table_of(self, subnet_id: str) -> str:
        """Give the route table that a subnet is associated with."""
        return next(table for subnet, table in self.account.holdings.associations.values() if subnet == subnet_id)

    def elastic(self) -> dict[str, str]:
        """Give the Elastic IP of every host that has one."""
        return {self._hosts[i]: public for public, i in self.account.holdings.addresses.values() if i is not None}

    def groups(self) -> dict[str, Guard]:
        """Return what the security groups of each interface admit."""
        return {**self._deployed.groups, **self._groups}

    def acls(self) -> dict[str, Guard]:
        """Return the network ACL of each subnet."""
        return {**self._deployed.acls, **self._acls}

    def set_inbound(self, host: str, rules: Sequence[Rule]) -> None:
        """Let the security group of a host admit this and nothing else."""
        self._groups[host] = Guard(tuple(rules), self.groups()[host].outbound)
        self.mirror_groups()

    def restore_guards(self) -> None:
        """Let security groups and ACLs be as they were deployed."""
        self._groups.clear()
        self._acls.clear()
        self.mirror_groups()

    def set_acl(self, subnet: str, acl: Guard) -> None:
        """Give a subnet a network ACL of its own."""
        self._acls[subnet] = acl
        self.mirror_groups()

    def checks(self) -> dict[str, bool]:
        """Return whether the source/destination check of each host is on."""
        instances = self.account.holdings.instances
        return {host: instances[instance].checked for host, instance in self.instances.items()}

    def set_source_dest_check(self, host: str, *, on: bool) -> None:
        """Have EC2 drop what a host forwards, or not."""
        self.account.change().instances[self.instances[host]].checked = on
        self.mirror_groups()

    def tell_public(self, host: str, address: str | None) -> None:
        """Let EC2 say that a host has a public address, or none."""
        self.account.holdings.instances[self.instances[host]].public = address

    def parameter(self, name: str) -> Mapping[str, Any] | None:
        """Give a parameter as GetParameter does."""
        return self.account.parameter(name)

    def stop_instance(self, host: str, state: str = "stopped") -> None:
        """Let EC2 say that an instance is stopped, or on its way there."""
        self.account.stop(self.instances[host], state)

    def state_of(self, host: str) -> str:
        """Give the state in which EC2 calls an instance."""
        return self.account.holdings.instances[self.instances[host]].state

    def start_instance(self, host: str, now: float) -> None:
        """Let EC2 say that an instance was started just now."""
        instance = self.account.change().instances[self.instances[host]]
        instance.state, instance.launched_at, instance.left_at = "running", now, None

    def replace_instances(self, hosts: Sequence[str], now: float) -> None:
        """Terminate instances and start others, with other ids, in their place."""
        for host in hosts:
            gone = self.account.holdings.instances[self.instances[host]]
            self._replaced += 1
            made = f"i-{self._replaced:017x}"
            self.account.holdings.instances[made] = replace(
                gone, launched_at=now, interface=f"eni-{self._replaced:017x}"
            )
            gone.state = "terminated"
            self.instances[host] = made
            self._hosts[made] = host

    def set_launched(self, host: str, at: float) -> None:
        """Let EC2 say that an instance was started then."""
        self.account.holdings.instances[self.instances[host]].launched_at = at

    def lock_text(self) -> str | None:
        """Give the lock's value."""
        version = self.account.latest(self.lock_name)
        return None if version is None else version.text

    def set_lock(self, text: str | None) -> None:
        """Write the lock as a person does, or delete it."""
        if text is None:
            self.account.delete(self.lock_name)
        else:
            self.account.put({"Name": self.lock_name, "Value": text, "Overwrite": True}, "person")

    def set_told_parameter(self, text: str | None) -> None:
        """Let another text stand in the parameter of what was sent, or none."""
        name = self.environment["NAT_FAILOVER_TOLD_PARAMETER"]
        if text is None:
            self.account.delete(name)
        else:
            self.account.put({"Name": name, "Value": text, "Type": "String", "Overwrite": True}, "person")

    def add_private_routes(self) -> None:
        """Give the primary's table a peering, and a gateway endpoint of S3."""
        self.account.holdings.routes[self.primary_table] += [
            {"DestinationCidrBlock": PEER_CIDR, "VpcPeeringConnectionId": "pcx-0123456789abcdef0", "State": "active"},
            {
                "DestinationPrefixListId": "pl-0123456789abcdef0",
                "GatewayId": self.environment.get("NAT_FAILOVER_MIRROR_ENDPOINTS", ENDPOINT_PLACE),
                "State": "active",
            },
        ]
        self.mirror()

    def add_vpn_routes(self, hosts: Mapping[str, str]) -> None:
        """Give tables, by id, a route to the VPN, each to a host."""
        for table, host in hosts.items():
            route = {"DestinationCidrBlock": VPN_CIDR, "InstanceId": self.instances[host], "State": "active"}
            self.account.holdings.routes[table].append(route)
        self.mirror()

    def add_endpoint_routes(self, endpoint: str, tables: Sequence[str]) -> None:
        """Give tables the routes of a gateway endpoint."""
        for table in tables:
            self.account.holdings.routes[table].append(
                {"DestinationPrefixListId": "pl-0123456789abcdef0", "GatewayId": endpoint, "State": "active"}
            )
