"""Faults of NATs and backends."""

from __future__ import annotations

import time

from nat_failover.cli.operator.inspection import inspect
from nat_failover.cli.operator.operator import Hand
from nat_failover.settings import Settings
from tests.cli.deployed import Deployment
from tests.cli.planted.reading import Undo, associations, backends, ec2, nat
from tests.e2e.emulator import IMAGE
from tests.lab.cloud.sessions import listed


def source_dest_check(d: Deployment) -> Undo:
    """Somebody has put the standby's check on."""
    interface = nat(d, "STANDBY")["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def put(on: bool) -> None:
        ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": on})

    put(True)
    return lambda: put(False)


def stopped_standby(d: Deployment) -> Undo:
    """Somebody saves money at the wrong end."""
    ids = [d.setting("STANDBY_INSTANCE")]
    ec2(d).stop_instances(InstanceIds=ids)
    return lambda: ec2(d).start_instances(InstanceIds=ids)


def untranslating_standby(d: Deployment) -> Undo:
    """The standby's rules were flushed."""

    def tell(fault: str, *, translates: bool) -> None:
        d.aws.tell({fault: "nat02"})
        hand, nat = (
            Hand(Settings.from_environment(d.environment), d.account.reading, d.account.runtime, ""),
            d.setting("STANDBY_INSTANCE"),
        )
        until = time.monotonic() + 20
        while inspect(hand, [nat])[nat].translating is not translates:
            assert time.monotonic() < until

    tell("break", translates=False)
    return lambda: tell("mend", translates=True)


def no_public_address(d: Deployment) -> Undo:
    """The standby's Elastic IP went elsewhere."""
    nat = d.setting("STANDBY_INSTANCE")
    (address,) = ec2(d).describe_addresses(Filters=[{"Name": "instance-id", "Values": [nat]}])["Addresses"]
    ec2(d).disassociate_address(AssociationId=address["AssociationId"])
    return lambda: ec2(d).associate_address(AllocationId=address["AllocationId"], InstanceId=nat)


def unmanaged_nat(d: Deployment) -> Undo:
    """The standby's agent is not heard of."""
    return _offline(d, "nat02")


def unmanaged_backend(d: Deployment) -> Undo:
    """A backend whose agent is not heard of."""
    return _offline(d, "backend2")


def _offline(d: Deployment, host: str) -> Undo:
    def put(hosts: list[str]) -> None:
        d.aws.tell({"offline": hosts})
        # The emulator reads words beside answering requests.
        until, lost = time.monotonic() + 20, -1
        while lost != len(hosts):
            assert time.monotonic() < until, f"{lost} hosts have lost their connection, not {len(hosts)}"
            found = listed(d.aws.client("ssm"), "describe_instance_information", "InstanceInformationList")
            lost = sum(each["PingStatus"] == "ConnectionLost" for each in found)
            time.sleep(0.05)

    put([host])
    return lambda: put([])


def too_few(d: Deployment) -> Undo:
    """A backend lost its tag."""
    tagged = {"Resources": backends(d)[:1], "Tags": [{"Key": "nat-failover:probe", "Value": "main"}]}
    ec2(d).delete_tags(**tagged)
    return lambda: ec2(d).create_tags(**tagged)


def stopped_backend(d: Deployment) -> Undo:
    """One more backend, which somebody has stopped."""
    tag = {"ResourceType": "instance", "Tags": [{"Key": "nat-failover:probe", "Value": "main"}]}
    (subnet, *_) = associations(d)
    made = ec2(d).run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=[tag])
    ids = [instance["InstanceId"] for instance in made["Instances"]]
    ec2(d).stop_instances(InstanceIds=ids)
    return lambda: ec2(d).terminate_instances(InstanceIds=ids)


def sick_standby(d: Deployment) -> Undo:
    """The standby lost its way to the Internet, and said so at the last look."""

    def put(up: bool) -> None:
        d.aws.tell({"uplink": ["nat02", up]})
        d.tick()

    put(False)
    return lambda: put(True)
