"""Pure: instances as EC2 describes them, whether they run and since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

# State of an instance that EC2 can say nothing of, and of one that it does not know any more.
UNKNOWN, GONE = "unknown", "gone"
# One that is in one of these carries nothing any more, or will not in a moment:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
LEAVING = frozenset({"stopping", "stopped", "shutting-down", "terminated"})
# Of those, on the way there: its services may still run for some seconds.
GOING = frozenset({"stopping", "shutting-down"})
# Nobody can start what is in one of these states.
LOST = frozenset({"shutting-down", "terminated", GONE})
# For so long, in seconds, what has left counts as of an environment that stops.
STOPS_WITHIN = 600.0
# How EC2 says when somebody stopped or terminated an instance; of one that has shut itself down it may say nothing:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html (the filter "reason")
INITIATED = re.compile(r"initiated \((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Attached:
    """A network interface of an instance: its id, its private IPv4 address, and whether its check is on."""

    interface: str
    address: str | None
    checked: bool | None


@dataclass(frozen=True)
class Nat:
    """What EC2 says of an instance; ``launched_at`` in seconds since the epoch, None where unknown.

    Attributes:
        address: its private IPv4 address; None where it has none (any more).
        interface: id of its primary network interface; None where it has none (any more).
        public: its public IPv4 address, an Elastic IP or one that EC2 has given it; None where it has none.
        subnet: id of its subnet; None where it has none (any more).
        addresses: the private IPv4 addresses of all its network interfaces.
        checked: whether the source/destination check of its primary network interface is on, so that EC2 drops what
            it forwards; None where EC2 does not say.
        is_spot: whether EC2 may interrupt it as a Spot instance.
        attached: all its network interfaces.
        left_at: when somebody stopped or terminated it, seconds since the epoch; None where EC2 does not say.
        name: its tag ``Name``, as somebody has written it; None where it has none.
        carrier: id of the one that the backends' traffic comes to, where that is known to be another than the primary
            one; ``address`` and ``checked`` are that one's then.
    """

    instance_id: str
    state: str
    launched_at: float | None
    address: str | None = None
    interface: str | None = None
    public: str | None = None
    subnet: str | None = None
    addresses: tuple[str, ...] = ()
    checked: bool | None = None
    is_spot: bool = False
    attached: tuple[Attached, ...] = ()
    carrier: str | None = None
    left_at: float | None = None
    name: str | None = None

    def through(self, interface: str | None) -> Nat:
        """Return it as those see it whose traffic comes to one of its interfaces; itself where it has no such."""
        for each in self.attached:
            if each.interface == interface != self.interface:
                return replace(self, address=each.address, checked=each.checked, carrier=interface)
        return self

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The ids of all its network interfaces."""
        return tuple(sorted(each.interface for each in self.attached))

    @property
    def check_off(self) -> str:
        """The command that switches the source/destination check off where the backends' traffic comes in.

        EC2 takes that of an instance only where it has one network interface, as others have seen:
        https://github.com/hashicorp/terraform-provider-aws/issues/7107
        """
        if len(self.interfaces) < 2:
            return f"aws ec2 modify-instance-attribute --instance-id {self.instance_id} --no-source-dest-check"
        interface = self.carrier or self.interface
        return f"aws ec2 modify-network-interface-attribute --network-interface-id {interface} --no-source-dest-check"

    @property
    def is_lost(self) -> bool:
        """Whether it can never run again."""
        return self.state in LOST

    @property
    def is_leaving(self) -> bool:
        """Whether EC2 says that it is stopping, or worse; of one that is not listed EC2 says nothing."""
        return self.state in LEAVING

    @property
    def is_going(self) -> bool:
        """Whether EC2 says that it is on its way down, and not that it is there."""
        return self.state in GOING

    def has_run(self, now: float) -> bool:
        """Return whether it runs, or is known to have run some minutes ago: an environment stops within minutes."""
        lately = self.left_at is not None and now - self.left_at <= STOPS_WITHIN
        return lately or not (self.is_leaving or self.is_lost) or self.is_going

    @property
    def not_running(self) -> str | None:
        """Why it can't forward by its state, to be read after its name; None where it runs."""
        return None if self.state == "running" else f"is {self.state}"

    @property
    def dropped(self) -> str | None:
        """Why EC2 lets it forward nothing, to be read after its name; None where EC2 does, or says nothing of it."""
        return "has its source/destination check on, and EC2 drops what it forwards" if self.checked else None


def gone(instance_id: str) -> Nat:
    """Return what stands for an instance that EC2 does not know any more."""
    return Nat(instance_id, GONE, None)


def read_instance(instance: Mapping[str, Any]) -> Nat:
    """Return what an instance is, as EC2 describes it."""
    return Nat(
        instance["InstanceId"],
        instance["State"]["Name"],
        instance["LaunchTime"].timestamp(),
        instance.get("PrivateIpAddress"),
        _primary_interface(instance).get("NetworkInterfaceId"),
        instance.get("PublicIpAddress"),
        instance.get("SubnetId"),
        _addresses(instance),
        _source_dest_check(instance),
        instance.get("InstanceLifecycle") == "spot",
        tuple(
            Attached(each["NetworkInterfaceId"], each.get("PrivateIpAddress"), each.get("SourceDestCheck"))
            for each in instance.get("NetworkInterfaces", [])
        ),
        left_at=_left_at(str(instance.get("StateTransitionReason", ""))),
        name=tag(instance, "Name") or None,
    )


def tag(described: Mapping[str, Any], key: str) -> str | None:
    """Return the value of a tag of something that EC2 has described; None where it has none."""
    return next((str(each["Value"]) for each in described.get("Tags", []) if each["Key"] == key), None)


def _left_at(reason: str) -> float | None:
    found = INITIATED.search(reason)
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp() if found else None
    except ValueError:
        return None


def _addresses(instance: Mapping[str, Any]) -> tuple[str, ...]:
    interfaces = instance.get("NetworkInterfaces", [])
    found = {a["PrivateIpAddress"] for each in interfaces for a in each.get("PrivateIpAddresses", [])}
    return tuple(sorted(found | {instance["PrivateIpAddress"]} if "PrivateIpAddress" in instance else found))


def _primary_interface(instance: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the network interface with device index 0; empty where there is none (any more).

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
    """
    interfaces = instance.get("NetworkInterfaces", [])
    return next((i for i in interfaces if i.get("Attachment", {}).get("DeviceIndex") == 0), {})


def _source_dest_check(instance: Mapping[str, Any]) -> bool | None:
    """Return whether EC2 drops what an instance forwards; None where it does not say.

    The primary network interface, where most NATs' traffic goes through, has the last word; see ``Nat.through``:
    https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html#EIP_Disable_SrcDestCheck
    """
    checked = (_primary_interface(instance) or instance).get("SourceDestCheck")
    return None if checked is None else bool(checked)
