"""EC2: describes instances by id, or by address and tag."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from nat_failover.aws_errors import has_failed
from nat_failover.network.instances import UNKNOWN, Nat, gone, read_instance
from nat_failover.runtime import Runtime

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import DescribeInstancesResultTypeDef, PaginatorConfigTypeDef

log = logging.getLogger(__name__)

# A request takes 200 values of filters at most: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
MOST_IDS = 200
# While a zone is disrupted, so many groups are asked for at most; of the others nothing is known then.
MOST_APART = 20
# Of instances with a tag, so many are as good as all: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
MOST_TAGGED = 1000
INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


class Instances:
    """EC2 instances by id.

    Args:
        ec2: boto3 client.
        runtime: doing things at the same time.
    """

    def __init__(self, ec2: EC2Client, runtime: Runtime) -> None:
        self._ec2 = ec2
        self._runtime = runtime
        # Where instances were when EC2 last described them, by id; they never move.
        self._subnets: dict[str, str] = {}

    def describe(self, ids: Sequence[str]) -> dict[str, Nat]:
        """Describe instances; one that EC2 no longer knows is in state ``gone``.

        While an availability zone is disrupted, EC2 fails every request that names no instance, or one of that zone.
        Those of each subnet are then asked for by themselves, and one whose subnet is not known alone, the first named
        first; those that EC2 says nothing of are in state ``unknown``: it is in such an hour that a failover is wanted.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html

        ``LaunchTime`` is that of the last start, not of a reboot:
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html

        Raises:
            botocore.exceptions.ClientError: EC2 refuses, or fails for every instance.
        """
        try:
            # What stands for whoever has a network interface, while nobody has it, is no instance.
            known = self._listed(sorted({i for i in ids if not i.startswith("eni-")}))
        except ClientError as error:
            # More calls would only make throttling worse.
            if not has_failed(error):
                raise
            known = self._apart(list(dict.fromkeys(ids)), error)
        self._subnets |= {i: nat.subnet for i, nat in known.items() if nat.subnet is not None}
        return {i: known.get(i, gone(i)) for i in ids}

    def at(self, addresses: Sequence[str], tag: tuple[str, str]) -> dict[str, Nat]:
        """Describe the running instances with a tag that have one of some private addresses.

        Args:
            addresses: of which a request takes 190.
            tag: key and value.

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        key, value = tag
        address = "network-interface.addresses.private-ip-address"
        return self._matching({address: addresses, f"tag:{key}": [value], "instance-state-name": ["running"]})

    def tagged(self, tag: tuple[str, str]) -> dict[str, Nat] | None:
        """Describe instances with a tag, whether they run or not: all, or a thousand or so of more than that.

        None where EC2 can't say, as while a zone is disrupted. Terminated ones are listed for about an hour.
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html

        Args:
            tag: key and value.

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        key, value = tag
        try:
            return self._matching({f"tag:{key}": [value]}, {"PageSize": MOST_TAGGED, "MaxItems": MOST_TAGGED})
        except ClientError as error:
            if not has_failed(error):
                raise
            log.warning("EC2 can't say which backends run", extra={"error": str(error)})
            return None

    def _listed(self, wanted: Sequence[str]) -> dict[str, Nat]:
        # A filter, unlike InstanceIds, is no error where an instance has been gone for some time.
        parts = [wanted[start : start + MOST_IDS] for start in range(0, len(wanted), MOST_IDS)]
        return {i: nat for part in parts for i, nat in self._matching({"instance-id": part}).items()}

    def _matching(
        self, filters: Mapping[str, Sequence[str]], paging: PaginatorConfigTypeDef | None = None
    ) -> dict[str, Nat]:
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": name, "Values": list(values)} for name, values in filters.items()],
            PaginationConfig=paging or {},
        )
        return _nats(pages)

    def _apart(self, wanted: Sequence[str], failure: ClientError) -> dict[str, Nat]:
        log.error("EC2 can't list instances; each subnet is asked for by itself", extra={"error": str(failure)})
        groups: dict[str, list[str]] = {}
        for instance in wanted:
            groups.setdefault(self._subnets.get(instance, instance), []).append(instance)
        chosen = list(groups.values())[:MOST_APART]
        described = self._runtime.together([partial(self._group, group) for group in chosen])
        known = {i: nat for found in described for i, nat in found.items()}
        if all(nat.state == UNKNOWN for nat in known.values()):
            raise failure
        named = {instance for group in chosen for instance in group}
        return {i: Nat(i, UNKNOWN, None) for i in wanted if i not in named} | known

    def _group(self, ids: Sequence[str]) -> dict[str, Nat]:
        """Describe instances by their ids; one that EC2 does not know fails the call for all, and is left out then."""
        left = list(ids)
        while left:
            try:
                return _nats([self._ec2.describe_instances(InstanceIds=left)])
            except ClientError as error:
                missing = set(INSTANCE.findall(str(error))) & set(left)
                if error.response["Error"]["Code"] == "InvalidInstanceID.NotFound" and missing:
                    left = [instance for instance in left if instance not in missing]
                    continue
                if not has_failed(error):
                    raise
                return {instance: Nat(instance, UNKNOWN, None) for instance in left}
        return {}


def _nats(pages: Iterable[DescribeInstancesResultTypeDef]) -> dict[str, Nat]:
    """Return instances, by id.

    The order of whatever is in an answer says nothing, and terminated instances are listed for up to an hour.
    """
    return {
        instance["InstanceId"]: read_instance(instance)
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }
