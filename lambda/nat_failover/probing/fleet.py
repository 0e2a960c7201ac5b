"""Who can be asked: the pair's backends whose agent is online, without listing a large fleet to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import InstanceInformationStringFilterTypeDef, InstanceInformationTypeDef

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
PAGE = 50
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
TAGS_PAGE = 1000
# Any page may be short or empty and still have a token. So many are read of one list, so that no list holds up a tick:
# fewer of one that may be as long as the account has instances than of one whose instances are named.
MOST_PAGES, MOST_PAGES_OF_NAMED = 4, 10
# Of the 4096 endings that an instance id may have, so many are drawn: one instance in 32. A request takes 200 values
# of all its filters together: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html. Three are the
# tag's and the type's.
ENDINGS, DRAWN, MOST_IDS = 0x1000, 128, 197
# The one platform that the probe's document is for.
PLATFORM = "Linux"


class Reach(Enum):
    """What is listed of the fleet: by SSM, by EC2, or some of it by EC2."""

    ALL_MANAGED = auto()
    ALL_TAGGED = auto()
    SOME_TAGGED = auto()


class Fleet:
    """The backends of a pair.

    Up to 50 are listed by SSM in one call. Of more, EC2 lists the ids that carry the tag, and of more than a thousand
    those whose id has one of some random endings; SSM then tells of 50 of them, drawn at random, who is online. That
    makes two calls however many there are. How large the fleet is, is remembered while the process lives.

    SSM refuses a tag filter together with any other, so platform and ping status are judged in its answer.

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
        self._reach = Reach.ALL_MANAGED

    def online(self, first: Collection[str] = ()) -> list[str]:
        """Return backends on Linux whose agent is online: all of a small fleet, a random choice of a large one.

        Args:
            first: instance ids of those whom a choice must not miss.

        Raises:
            botocore.exceptions.ClientError: SSM or EC2 refuses.
        """
        if self._reach is Reach.ALL_MANAGED:
            tag, value = f"tag:{self._settings.probe_tag_key}", self._settings.probe_tag_value
            listed, whole = self._information({"Key": tag, "Values": [value]})
            if whole and len(listed) <= PAGE:
                return self._backends(_askable(listed))
            self._reach = Reach.ALL_TAGGED
        known = self._tagged(first)
        chosen = sorted(known.intersection(first))[:PAGE]
        others = sorted(known.difference(chosen))
        chosen += self._runtime.random.sample(others, min(len(others), max(0, PAGE - len(chosen))))
        online = self._online(chosen)
        return [host for host in chosen if host in online]

    def answerable(self, hosts: Collection[str]) -> list[str]:
        """Return those of some hosts, 50 at most, to which AWS lets the function send a command.

        They run, have the probe tag or are a NAT of the pair, and their agent, on Linux, is online.

        Raises:
            botocore.exceptions.ClientError: SSM or EC2 refuses.
        """
        running = self._running(hosts)
        online = self._online(running)
        return [host for host in hosts if host in online]

    def _online(self, hosts: Collection[str]) -> set[str]:
        """Return which of some hosts have an agent online; where SSM refuses to tell even of those that run, all."""
        if not hosts:
            return set()
        try:
            return self._online_by_id(hosts)
        except refusals(self._ssm):
            running = self._running(hosts)
            log.warning("SSM refuses to tell of a host", extra={"hosts": sorted(set(hosts) - set(running))})
        try:
            return self._online_by_id(running) if running else set()
        except refusals(self._ssm):
            return set(running)

    def _online_by_id(self, hosts: Collection[str]) -> set[str]:
        listed, _ = self._information({"Key": "InstanceIds", "Values": list(hosts)}, MOST_PAGES_OF_NAMED)
        return set(_askable(listed))

    def _information(
        self, one: InstanceInformationStringFilterTypeDef, most_pages: int = MOST_PAGES
    ) -> tuple[list[InstanceInformationTypeDef], bool]:
        """Return what SSM lists, and whether that is all; it stops where there is more than one page holds."""
        return _pages(
            lambda token: self._ssm.describe_instance_information(Filters=[one], MaxResults=PAGE, **token),
            "InstanceInformationList",
            PAGE,
            most_pages,
        )

    def _running(self, hosts: Collection[str]) -> list[str]:
        """Return those of some hosts that EC2 says run, on no Windows, and that are fixed NATs or have the tag now."""
        s = self._settings
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-id", "Values": list(hosts)}]
        )
        return [
            instance["InstanceId"]
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] == "running"
            and instance.get("Platform", "").lower() != "windows"
            and (
                instance["InstanceId"] in s.nats_by_id
                or {"Key": s.probe_tag_key, "Value": s.probe_tag_value} in instance.get("Tags", [])
            )
        ]

    def _tagged(self, first: Collection[str]) -> set[str]:
        """List instances that carry the tag: all, or some at random where they are more than a page holds."""
        found: list[str] = []
        if self._reach is Reach.ALL_TAGGED:
            found, whole = self._list_tagged()
            if len(found) <= PAGE and whole:
                self._reach = Reach.ALL_MANAGED
            if whole:
                return set(found)
            self._reach = Reach.SOME_TAGGED
        endings = self._runtime.random.sample(range(ENDINGS), DRAWN)
        some, whole = self._list_tagged([*sorted(first)[: MOST_IDS - DRAWN], *(f"i-*{each:03x}" for each in endings)])
        if whole and len(some) < self._settings.sample_size:
            self._reach = Reach.ALL_TAGGED
        return {*found, *some}

    def _list_tagged(self, ids: list[str] | None = None) -> tuple[list[str], bool]:
        """Return instances that carry the tag, and whether they are all; it stops where there are more than a page."""
        filters: list[Any] = [
            {"Name": "resource-type", "Values": ["instance"]},
            {"Name": "key", "Values": [self._settings.probe_tag_key]},
            {"Name": "value", "Values": [self._settings.probe_tag_value]},
        ]
        if ids:
            filters.append({"Name": "resource-id", "Values": ids})
        listed, whole = _pages(
            lambda token: self._ec2.describe_tags(Filters=filters, MaxResults=TAGS_PAGE, **token),
            "Tags",
            TAGS_PAGE,
            MOST_PAGES_OF_NAMED if ids else MOST_PAGES,
        )
        return self._backends(tag["ResourceId"] for tag in listed), whole

    def _backends(self, hosts: Iterable[str]) -> list[str]:
        return [host for host in hosts if host not in self._settings.nats]


def refusals(ssm: SSMClient) -> tuple[type[Exception], ...]:
    """Return what SSM may answer when asked for an instance that it no longer knows: a terminated one, say."""
    return ssm.exceptions.InvalidInstanceId, ssm.exceptions.InvalidInstanceInformationFilterValue


def _askable(listed: Iterable[InstanceInformationTypeDef]) -> list[str]:
    """Return the ids of those that can run the probe now.

    What SSM manages outside EC2 (mi-) is behind no NAT of ours, and the role may not ask it.
    """
    return [
        instance["InstanceId"]
        for instance in listed
        if instance["InstanceId"].startswith("i-")
        and instance.get("PingStatus") == "Online"
        and instance.get("PlatformType", PLATFORM) == PLATFORM
    ]


def _pages(
    call: Callable[[Any], Mapping[str, Any]], key: str, enough: int, most: int = MOST_PAGES
) -> tuple[list[Any], bool]:
    """Return what the first pages of a list hold, and whether that is all of it."""
    found: list[Any] = []
    token: dict[str, str] = {}
    for _ in range(most):
        page = call(token)
        found += page[key]
        if not page.get("NextToken"):
            return found, True
        if len(found) >= enough:
            break
        token = {"NextToken": page["NextToken"]}
    return found, False
