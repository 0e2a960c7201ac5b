"""The account in which the primary NAT is whoever has a network interface, as in fck-nat's high availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.template import INTERFACE_PLACE
from tests.lab.network.layout import Host

NAT = "nat01"
# Primary addresses of the instances that have the interface, one after the other.
OWN = ("10.20.0.201", "10.20.0.202")
SETTINGS: Mapping[str, object] = {"primaryInstanceId": None, "primaryNetworkInterfaceId": INTERFACE_PLACE}


class InterfaceCloud(MotoCloud):
    """See ``Cloud``; the network's host ``nat01`` is whoever has the interface, which is its second one.

    The check of the first one is on: nothing that backends send comes to it.
    """

    _interface = ""

    def _run(self, host: Host, tags: Mapping[str, str], user_data: str = "") -> str:
        if host.name != NAT:
            return super()._run(host, tags, user_data)
        own = OWN[1] if self._interface else OWN[0]
        made = super()._run(replace(host, address=own), {**tags, "nat-failover:probe": self._pair}, user_data)
        self.instances[NAT] = made
        if not self._interface:
            face = self.ec2.create_network_interface(
                SubnetId=self.subnets[host.subnet], PrivateIpAddress=host.address, Groups=[self._groups[NAT]]
            )
            self._interface = face["NetworkInterface"]["NetworkInterfaceId"]
        self.ec2.attach_network_interface(NetworkInterfaceId=self._interface, InstanceId=made, DeviceIndex=1)
        return made

    def _make_vpc(self) -> None:
        super()._make_vpc()
        del self._ids["primaryInstanceId"]
        self._ids["primaryNetworkInterfaceId"] = self._interface
        self.ec2.replace_route(
            RouteTableId=self.primary_table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=self._interface
        )

    def _primary_interface(self, host: str) -> Any:
        """Return what stands for a host in the network: of this NAT it is the interface that moves."""
        if host != NAT:
            return super()._primary_interface(host)
        return ec2_backends[DEFAULT_ACCOUNT_ID][REGION].get_network_interface(self._interface)

    def set_source_dest_check(self, host: str, *, on: bool) -> None:
        """Have EC2 drop what a host forwards, or not."""
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=self.interface(host), SourceDestCheck={"Value": on}
        )
        self.mirror_groups()

    def move_interface(self, now: float) -> str:
        """Have the interface move to an instance that has just been launched, and the old one be terminated.

        Returns:
            The new instance's id.
        """
        old = self.instances[NAT]
        (face,) = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self._interface])["NetworkInterfaces"]
        self.ec2.detach_network_interface(AttachmentId=face["Attachment"]["AttachmentId"])
        made = self._run(self.network.layout.host(NAT), {"Name": NAT})
        self.ec2.terminate_instances(InstanceIds=[old])
        self.set_launched(NAT, now)
        self.mirror()
        self.mirror_groups()
        return made
