"""Reads one part after the other of what is known of a pair; each raises what boto3 raises."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nat_failover.cli.account.clock import answered_at
from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account
from nat_failover.cli.snapshot.snapshot import PERIODS_BACK, LockParameter, LoggedDecision, Raw
from nat_failover.clients import PairServices
from nat_failover.events import Tick
from nat_failover.foreign_text import read_json
from nat_failover.judging.view import View
from nat_failover.lock.record import read_lock
from nat_failover.lookout import Lookout
from nat_failover.network.describing import MOST_IDS
from nat_failover.network.route_table_pair import NatReplacedError
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.probing.fleet import PAGE as SSM_PAGE
from nat_failover.probing.fleet import refusals
from nat_failover.probing.invocation import Invocation

SERVICES = (
    *("ec2", "ssm", "lambda", "events", "iam", "sns", "cloudwatch", "logs", "cloudformation", "service-quotas"),
    "autoscaling",
)


class Reader:
    """Reads the parts of a snapshot.

    Args:
        account: where the pair is.
        pair: which it is.

    Attributes:
        client: of boto3, by service.
        egress: the egress address; None where the pair has none.
    """

    def __init__(self, account: Account, pair: Deployed) -> None:
        self._account = account
        self._pair = pair
        self._settings = pair.settings
        # boto3 makes clients in one thread at a time only:
        # https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        self.client = {service: account.client(service) for service in SERVICES}
        services = PairServices.of(self._settings, account.reading, account.runtime)
        self._probe = services.probe
        self.egress = services.egress
        self._lookout = Lookout(services)

    def all(self, service: str, operation: str, key: str, **arguments: Any) -> list[Raw]:
        """Read all pages of a list."""
        pages = self.client[service].get_paginator(operation).paginate(**arguments)
        return [raw for page in pages for raw in page[key]]

    def view(self) -> View | str:
        """Read what the function would see; a sentence where a route table is missing, or a NAT was just replaced."""
        try:
            return self._lookout.look(Tick())
        except RouteTablesError as error:
            return str(error)
        except NatReplacedError as replaced:
            return f"{replaced}, since a moment ago: run the command again"

    def lock(self) -> LockParameter:
        """Read the lock parameter."""
        name = self._settings.lock_parameter
        found = self._account.ssm.get_parameters(Names=[name])["Parameters"]
        if not found:
            return LockParameter(read_lock(None, 0), None)
        return LockParameter(
            read_lock(found[0]["Value"], found[0]["Version"]), found[0]["LastModifiedDate"].timestamp()
        )

    def instances(self) -> dict[str, Raw]:
        """Describe both NATs and all backends, by id."""
        s = self._settings
        found: dict[str, Raw] = {}
        for one in (
            {"Name": f"tag:{s.probe_tag_key}", "Values": [s.probe_tag_value]},
            {"Name": "instance-id", "Values": list(s.nats)},
        ):
            for reservation in self.all("ec2", "describe_instances", "Reservations", Filters=[one]):
                found |= {i["InstanceId"]: i for i in reservation["Instances"] if i["State"]["Name"] != "terminated"}
        return found

    def health(self, instances: Mapping[str, Raw]) -> dict[str, Raw]:
        """Read EC2's status checks of the NATs, by id."""
        nats = [nat for nat in self._settings.nats if nat in instances]
        if not nats:
            return {}
        statuses = self.all(
            "ec2", "describe_instance_status", "InstanceStatuses", InstanceIds=nats, IncludeAllInstances=True
        )
        return {raw["InstanceId"]: raw for raw in statuses}

    def managed(self) -> dict[str, Raw]:
        """Read what Systems Manager says of NATs and backends, by id."""
        s = self._settings
        found = self._managed({"Key": f"tag:{s.probe_tag_key}", "Values": [s.probe_tag_value]})
        for nat in s.nats:
            # One by one: SSM may refuse to tell of both where one was terminated.
            with contextlib.suppress(*refusals(self._account.ssm)):
                found |= self._managed({"Key": "InstanceIds", "Values": [nat]})
        return found

    def _managed(self, one: Raw) -> dict[str, Raw]:
        """List by one filter: SSM takes no other beside a tag."""
        information = self.all(
            "ssm",
            "describe_instance_information",
            "InstanceInformationList",
            Filters=[one],
            PaginationConfig={"PageSize": SSM_PAGE},
        )
        return {raw["InstanceId"]: raw for raw in information}

    def invocations(self, view: View) -> dict[str, Mapping[str, Invocation]]:
        """Read what the hosts of the rounds in view have said, by command."""
        ids = [round_.command_id for round_ in view.rounds]
        return {command: self._probe.invocations(command) for command in ids}

    def groups(self, ids: Sequence[str]) -> dict[str, Raw]:
        """Describe security groups, by id; none where none is asked for, which EC2 would take for all."""
        if not ids:
            return {}
        found: dict[str, Raw] = {}
        for some in _in_filters(ids):
            security_groups = self.all("ec2", "describe_security_groups", "SecurityGroups", Filters=[some])
            found |= {raw["GroupId"]: raw for raw in security_groups}
        return found

    def members(self, groups: Sequence[str]) -> dict[str, dict[str, str]]:
        """List who is in security groups: by group, the subnet of each address of its network interfaces."""
        found: dict[str, dict[str, str]] = {group: {} for group in groups}
        raws = [
            raw
            for some in _in_filters(groups)
            for raw in self.all("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=[some])
        ]
        for raw in raws:
            addresses = [str(each["PrivateIpAddress"]) for each in raw.get("PrivateIpAddresses", [])]
            for group in (str(each["GroupId"]) for each in raw.get("Groups", [])):
                if group in found:
                    found[group] |= dict.fromkeys(addresses, str(raw.get("SubnetId", "")))
        return found

    def prefixes(self, lists: Sequence[str]) -> dict[str, list[str]]:
        """List the networks of prefix lists.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
        """
        return {
            each: [
                str(entry["Cidr"])
                for entry in self.all("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=each)
            ]
            for each in lists
        }

    def subscriptions(self) -> list[Raw]:
        """List who is subscribed to the pair's topic."""
        return self.all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=self._settings.topic)

    def alarms(self) -> list[Raw]:
        """Read the pair's alarms: the prefix may be that of another pair's names, too."""
        mine = {self._settings.pair, self._pair.function, *self._settings.nats}
        found = self.all("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"{self._pair.function}-")
        return [raw for raw in found if mine & {d["Value"] for d in raw.get("Dimensions", [])}]

    def decisions(self) -> list[LoggedDecision]:
        """Read the function's decisions of late out of its log."""
        since = self._account.runtime.now() - PERIODS_BACK * self._settings.period
        lines = self.all(
            "logs",
            "filter_log_events",
            "events",
            logGroupName=self._pair.log_group,
            startTime=int(since * 1000),
            filterPattern='"decision"',
        )
        return sorted(decisions(lines), key=lambda decision: decision.at)

    def rules(self) -> list[Raw]:
        """Describe the rules that have the function as a target."""
        events = self._account.events
        names = [
            name
            for page in events.get_paginator("list_rule_names_by_target").paginate(TargetArn=self._pair.arn)
            for name in page["RuleNames"]
        ]
        calls = [lambda name=name: events.describe_rule(Name=name) for name in names]
        return self._account.runtime.together(calls) if calls else []

    def hooks(self) -> dict[str, Raw]:
        """Describe the pair's lifecycle hook in each group that a NAT is in, by group, where it is there."""
        s, client = self._settings, self.client["autoscaling"]
        named = {"LifecycleHookNames": [s.lifecycle_hook]}
        responses = {g: client.describe_lifecycle_hooks(AutoScalingGroupName=g, **named) for g in s.auto_scaling_groups}
        return {group: hooks["LifecycleHooks"][0] for group, hooks in responses.items() if hooks["LifecycleHooks"]}

    def invokers(self) -> list[Raw]:
        """Read the function's resource policy; no statements where it has none."""
        client = self._account.functions
        try:
            return list(json.loads(client.get_policy(FunctionName=self._pair.function)["Policy"])["Statement"])
        except client.exceptions.ResourceNotFoundException:
            return []

    def clock(self) -> tuple[float, float]:
        """Return AWS's time and this machine's, in seconds since the epoch, by what is in the head of every answer."""
        before = self._account.runtime.now()
        answer: Any = self._account.ssm.get_parameters(Names=[self._settings.lock_parameter])
        here = (before + self._account.runtime.now()) / 2
        there = answered_at(answer)
        return (here if there is None else there), here


def _in_filters(groups: Sequence[str]) -> list[dict[str, Any]]:
    """Return filters that name security groups, as many as it takes."""
    parts = [list(groups[start : start + MOST_IDS]) for start in range(0, len(groups), MOST_IDS)]
    return [{"Name": "group-id", "Values": part} for part in parts]


def decisions(lines: Iterable[Raw]) -> list[LoggedDecision]:
    """Return the decisions among lines of the function's log."""
    found = []
    for line in lines:
        try:
            fields = read_json(line["message"])
            texts = [fields[key] for key in ("trigger", "decision", "cause", "reason")]
        except (ValueError, KeyError, TypeError):
            continue
        if all(isinstance(text, str) for text in texts):
            found.append(LoggedDecision(line["timestamp"] / 1000, *texts))
    return found
