"""What moto's account says of the pair and its VPC, and what a person and EC2 make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from tests.lab.cloud.cloud import REGION, Cloud
from tests.lab.cloud.moto_guards import MotoGuards
from tests.lab.network.guards import Guard, Rule
from tests.lab.network.layout import PEER_CIDR, VPN_CIDR


class MotoAccount(Cloud):
    """See ``Cloud``; its instances, routes, addresses, groups and parameters in moto."""

    ec2: Any
    ssm: Any
    _guards: MotoGuards
    _ids: dict[str, str]

    def tags(self, instance_id: str) -> dict[str, str]:
        """Return an instance's tags; hundreds of calls in every scenario, so not by a request."""
        backend: Any = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
        return dict(backend.tags.get(instance_id, {}))

    def state(self, instance_id: str) -> str:
        """Give an instance's state, as EC2 calls it."""
        return str(ec2_backends[DEFAULT_ACCOUNT_ID][REGION].get_instance(instance_id)._state.name)

    def untag(self, host: str) -> None:
        """Take an instance's probe tag away, as a person does."""
        tag = {"Key": self.environment["NAT_FAILOVER_PROBE_TAG_KEY"]}
        self.ec2.delete_tags(Resources=[self.instances[host]], Tags=[tag])

    def terminate_instance(self, host: str) -> None:
        """Terminate an instance, as a person does."""
        self.ec2.terminate_instances(InstanceIds=[self.instances[host]])

    def stop_instance(self, host: str, state: str = "stopped") -> None:
        """Stop an instance, as a person does; moto knows no ``stopping`` by itself."""
        self.ec2.stop_instances(InstanceIds=[self.instances[host]])
        ec2_backends[DEFAULT_ACCOUNT_ID][REGION].get_instance(self.instances[host])._state.name = state

    def elastic(self) -> dict[str, str]:
        """Give the Elastic IP of every host that has one, by its primary network interface."""
        addresses = self.ec2.describe_addresses()["Addresses"]
        by_interface = {a["NetworkInterfaceId"]: str(a["PublicIp"]) for a in addresses if a.get("NetworkInterfaceId")}
        mine = {host: self.interface(host) for host in self.instances}
        return {host: by_interface[interface] for host, interface in mine.items() if interface in by_interface}

    def tell_public(self, host: str, address: str | None) -> None:
        """Let EC2 say that a host has a public address; moto forgets to take one from the instance that had it."""
        self._primary_interface(host).public_ip = address

    def parameter(self, name: str) -> Mapping[str, Any] | None:
        """Give a parameter as GetParameter does; None where there is none."""
        found: list[dict[str, Any]] = self.ssm.get_parameters(Names=[name])["Parameters"]
        return found[0] if found else None

    def interface(self, host: str) -> str:
        """Give the id of a host's primary network interface."""
        return str(self._primary_interface(host).id)

    def _primary_interface(self, host: str) -> Any:
        return self._instance(host).nics[0]

    def _instance(self, host: str) -> Any:
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION].get_instance(self.instances[host])

    def tables(self) -> dict[str, dict[str, Any]]:
        """Describe all route tables, by id."""
        return {t["RouteTableId"]: t for t in self.ec2.describe_route_tables()["RouteTables"]}

    def add_private_routes(self) -> None:
        """Give the primary's table what a grown VPC has: a peering, and a gateway endpoint of S3."""
        vpc = self._ids["vpcId"]
        other = self.ec2.create_vpc(CidrBlock=PEER_CIDR)["Vpc"]["VpcId"]
        peering = self.ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
        self.ec2.create_route(
            RouteTableId=self.primary_table,
            DestinationCidrBlock=PEER_CIDR,
            VpcPeeringConnectionId=peering["VpcPeeringConnectionId"],
        )
        if "mirrorEndpoints" in self._ids:
            self.add_endpoint_routes(self._ids["mirrorEndpoints"], [self.primary_table])
        else:
            self.ec2.create_vpc_endpoint(
                VpcId=vpc,
                VpcEndpointType="Gateway",
                ServiceName=f"com.amazonaws.{REGION}.s3",
                RouteTableIds=[self.primary_table],
            )
        self.mirror()

    def add_vpn_routes(self, hosts: Mapping[str, str]) -> None:
        """Give tables, by id, a route to the VPN, each to a host's interface."""
        for table, host in hosts.items():
            self.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=VPN_CIDR, NetworkInterfaceId=self.interface(host)
            )
        self.mirror()

    def add_endpoint_routes(self, endpoint: str, tables: Sequence[str]) -> None:
        """Do what moto leaves out when a gateway endpoint gets further route tables."""
        backend: Any = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
        prefixes = backend.vpc_end_points[endpoint].destination_prefix_list_id
        for table in tables:
            backend.create_route(table, None, gateway_id=endpoint, destination_prefix_list_id=prefixes)

    def set_launched(self, host: str, at: float) -> None:
        """Let EC2 say that an instance was started then; moto offers no call for it."""
        backend: Any = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
        instance = backend.get_instance(self.instances[host])
        launched = datetime.fromtimestamp(at, UTC)
        instance.launch_time = launched.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def set_source_dest_check(self, host: str, *, on: bool) -> None:
        """Have EC2 drop what a host forwards, or not."""
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=self.interface(host), SourceDestCheck={"Value": on}
        )
        # moto tells it of the interface only.
        self._instance(host).source_dest_check = on
        self.mirror_groups()

    def groups(self) -> dict[str, Guard]:
        """Return what the security groups of each interface admit."""
        return self._guards.groups(self._interfaces())

    def acls(self) -> dict[str, Guard]:
        """Return the network ACL of each subnet, by its name."""
        return self._guards.acls(self.subnets)

    def checks(self) -> dict[str, bool]:
        """Return whether the source/destination check of each host is on."""
        return self._guards.checks(self._interfaces())

    def set_inbound(self, host: str, rules: Sequence[Rule]) -> None:
        """Let the security group of a host admit this and nothing else."""
        self._guards.set_inbound(self.interface(host), rules)
        self.mirror_groups()

    def set_acl(self, subnet: str, acl: Guard) -> None:
        """Give a subnet a network ACL of its own."""
        self._guards.set_acl(self.subnets[subnet], acl)
        self.mirror_groups()

    def _interfaces(self) -> dict[str, str]:
        return {host: self.interface(host) for host in self.instances}

    def lock_text(self) -> str | None:
        """Give the lock's value; None where there is no parameter."""
        try:
            return str(self.ssm.get_parameter(Name=self.lock_name)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return None

    def set_lock(self, text: str | None) -> None:
        """Write the lock as a person does, or delete it."""
        if text is None:
            self.ssm.delete_parameter(Name=self.lock_name)
        else:
            self.ssm.put_parameter(Name=self.lock_name, Value=text, Overwrite=True)

    def set_told_parameter(self, text: str | None) -> None:
        """Let another text stand in the parameter of what was sent, or none."""
        name = self.lock_name.removesuffix("lock") + "told"
        if text is None:
            self.ssm.delete_parameter(Name=name)
        else:
            self.ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
