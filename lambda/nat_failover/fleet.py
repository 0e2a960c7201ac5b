"""Who could be asked: the pair's backends whose agent is online, without listing a large fleet to its end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ssm import SSMClient

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
PAGE = 50
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
TAGS_PAGE = 1000
# Of the 4096 endings that an instance id may have, so many are drawn: one instance in 32. A request takes 200 values
# of filters at most: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
ENDINGS, DRAWN = 0x1000, 128


class Reach(Enum):
    """What one page of a list can hold of the fleet."""

    ALL_ONLINE = auto()
    ALL_TAGGED = auto()
    SOME_TAGGED = auto()


class Fleet:
    """The backends of a pair.

    Up to 50 are listed by SSM in one call. Of more, EC2 lists the ids that carry the tag, and of more than a thousand
    those whose id has one of some random endings; SSM then tells of 50 of them, drawn at random, who is online. That
    makes two calls however many there are. How large the fleet is, is remembered while the process lives.

    Args:
        ssm: boto3 client.
        ec2: boto3 client.
        settings: names the probe tag.
        runtime: randomness.
    """

    def __init__(self, ssm: SSMClient, ec2: EC2Client, settings: Settings, runtime: Runtime) -> None:
        self._ssm = ssm
        self._ec2 = ec2
        self._settings = settings
        self._runtime = runtime
        self._reach = Reach.ALL_ONLINE

    def online(self, first: Collection[str] = ()) -> list[str]:
        """List backends whose agent is online: all of a small fleet, a random choice of a large one.

        Args:
            first: instance ids of those whom a choice must not miss.

        Raises:
            botocore.exceptions.ClientError: SSM or EC2 refuses.
        """
        if self._reach is Reach.ALL_ONLINE:
            listed = self._ssm.describe_instance_information(
                Filters=[
                    {"Key": f"tag:{self._settings.probe_tag_key}", "Values": [self._settings.probe_tag_value]},
                    {"Key": "PingStatus", "Values": ["Online"]},
                ],
                MaxResults=PAGE,
            )
            if not listed.get("NextToken"):
                return self._backends(info["InstanceId"] for info in listed["InstanceInformationList"])
            self._reach = Reach.ALL_TAGGED
        tagged = self._tagged()
        chosen = sorted(tagged.intersection(first))
        others = sorted(tagged.difference(first))
        chosen += self._runtime.random.sample(others, min(len(others), max(0, PAGE - len(chosen))))
        online = self.online_of(chosen)
        return [host for host in chosen if host in online]

    def online_of(self, hosts: Collection[str]) -> set[str]:
        """Tell which hosts, of 50 at most, have an agent that is online.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        if not hosts:
            return set()
        pages = self._ssm.get_paginator("describe_instance_information").paginate(
            Filters=[{"Key": "InstanceIds", "Values": list(hosts)}, {"Key": "PingStatus", "Values": ["Online"]}],
            PaginationConfig={"PageSize": PAGE},
        )
        return {info["InstanceId"] for page in pages for info in page["InstanceInformationList"]}

    def _tagged(self) -> set[str]:
        """List instances that carry the tag: all, or some at random where they are more than a page holds."""
        found: list[str] = []
        if self._reach is Reach.ALL_TAGGED:
            found, whole = self._list_tagged()
            if len(found) <= PAGE and whole:
                self._reach = Reach.ALL_ONLINE
            if whole:
                return set(found)
            self._reach = Reach.SOME_TAGGED
        endings = self._runtime.random.sample(range(ENDINGS), DRAWN)
        some, _ = self._list_tagged([f"i-*{ending:03x}" for ending in endings])
        if len(some) < self._settings.sample_size:
            self._reach = Reach.ALL_TAGGED
        return {*found, *some}

    def _list_tagged(self, ids: list[str] | None = None) -> tuple[list[str], bool]:
        """Give one page of the list, and whether there is no other."""
        filters: list[Any] = [
            {"Name": "resource-type", "Values": ["instance"]},
            {"Name": "key", "Values": [self._settings.probe_tag_key]},
            {"Name": "value", "Values": [self._settings.probe_tag_value]},
        ]
        if ids:
            filters.append({"Name": "resource-id", "Values": ids})
        listed = self._ec2.describe_tags(Filters=filters, MaxResults=TAGS_PAGE)
        return self._backends(tag["ResourceId"] for tag in listed["Tags"]), not listed.get("NextToken")

    def _backends(self, hosts: Iterable[str]) -> list[str]:
        # What SSM manages outside EC2 (mi-) is behind no NAT of ours, and the role may not ask it.
        return [host for host in hosts if host.startswith("i-") and host not in self._settings.nats]
