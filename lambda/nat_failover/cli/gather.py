"""Reads a snapshot of a pair, as much as possible at the same time; what can't be read is noted, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.cli.errors import UNKNOWN, action_of, code_of, is_forbidden
from nat_failover.cli.pairs import Deployed
from nat_failover.cli.role import Role
from nat_failover.cli.session import Account
from nat_failover.cli.snapshot import PERIODS_BACK, LockParameter, Raw, Said, Snapshot
from nat_failover.egress import Egress
from nat_failover.events import Tick
from nat_failover.fleet import Fleet
from nat_failover.instances import Instances
from nat_failover.lock import LockStore
from nat_failover.observation import Invocation
from nat_failover.probe import Probe
from nat_failover.record import read_lock
from nat_failover.routes import Routes, RouteTablesError, said_of
from nat_failover.view import Lookout, View

# What `status` shows; the doctor looks at everything.
FOR_STATUS = frozenset({"view", "lock", "instances", "managed", "health", "subnets", "alarms", "said"})
SSM_SERVICES = ("ssm", "ssmmessages", "ec2messages")
# Routes per route table: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
ROUTES_QUOTA = "L-93826ACB"
SERVICES = ("ec2", "ssm", "lambda", "events", "iam", "sns", "cloudwatch", "logs", "cloudformation", "service-quotas")


class Gatherer:
    """Reads what there is to be known of a pair.

    Args:
        account: where it is.
        pair: which it is.
    """

    def __init__(self, account: Account, pair: Deployed) -> None:
        self._account = account
        self._pair = pair
        self._settings = pair.settings
        # boto3 makes clients in one thread at a time only:
        # https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
        self._client = {service: account.client(service) for service in SERVICES}
        ec2, ssm, runtime = account.ec2, account.ssm, account.runtime
        fleet = Fleet(ssm, ec2, self._settings, runtime)
        self._probe = Probe(ssm, self._settings, runtime, fleet)
        self._egress = Egress.of(ec2, lambda: ec2, self._settings, runtime)
        self._lookout = Lookout(
            self._settings,
            runtime,
            LockStore(ssm, self._settings, runtime),
            Routes(ec2, self._settings, runtime),
            self._probe,
            Instances(ec2),
            self._egress,
        )

    def gather(self, wanted: Collection[str] | None = None) -> Snapshot:
        """Read it.

        Args:
            wanted: fields of the snapshot; None for all.

        Raises:
            botocore.exceptions.ClientError: the credentials are not accepted; anything else is noted as unread.
        """
        found: dict[str, Any] = {}
        unread: dict[str, str] = {}
        self._together(self._first(), wanted, found, unread)
        vpc = _vpc_of(found.get("instances") or {}, self._settings.nats)
        self._together(self._second(vpc, found), wanted, found, unread)
        self._together(self._third(found), wanted, found, unread)
        view = found.pop("view", None)
        trouble = view if isinstance(view, str) else None
        return Snapshot(
            pair=self._pair,
            now=self._account.runtime.now(),
            options=self._account.options,
            unread=unread,
            view=None if trouble else view,
            view_trouble=trouble,
            **found,
        )

    def _together(
        self,
        parts: Mapping[str, Callable[[], Any]],
        wanted: Collection[str] | None,
        found: dict[str, Any],
        unread: dict[str, str],
    ) -> None:
        chosen = {name: read for name, read in parts.items() if wanted is None or name in wanted}
        results = self._account.runtime.together([self._attempt(read) for read in chosen.values()]) if chosen else []
        for name, (value, why) in zip(chosen, results, strict=True):
            if why is None:
                found[name] = value
            else:
                unread[name] = why

    def _attempt(self, read: Callable[[], Any]) -> Callable[[], tuple[Any, str | None]]:
        def attempt() -> tuple[Any, str | None]:
            try:
                return read(), None
            except ClientError as error:
                if code_of(error) in UNKNOWN:
                    raise
                if is_forbidden(error):
                    return None, f"you have no permission for {action_of(error, self._account.service_of)}"
                return None, said_of(error)
            except BotoCoreError as error:
                return None, said_of(error)

        return attempt

    def _first(self) -> dict[str, Callable[[], Any]]:
        """Give what can be read with the pair's settings alone."""
        s, client, function = self._settings, self._client, self._pair.function
        parts: dict[str, Callable[[], Any]] = {
            "view": self._view,
            "lock": self._lock,
            "instances": self._instances,
            "managed": self._managed,
            "alarms": self._alarms,
            "said": self._said,
            "function": lambda: client["lambda"].get_function_configuration(FunctionName=function),
            "reserved": lambda: client["lambda"].get_function_concurrency(FunctionName=function),
            "limits": client["lambda"].get_account_settings,
            "rules": self._rules,
            "invokers": self._invokers,
            "document": self._document,
            "permissions": lambda: Role(self._account, self._pair).permissions(),
            "subscriptions": lambda: self._all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=s.topic),
            "routes_quota": lambda: client["service-quotas"].get_service_quota(
                ServiceCode="vpc", QuotaCode=ROUTES_QUOTA
            )["Quota"]["Value"],
            "clock": self._clock,
        }
        if self._egress is not None:
            parts["addresses"] = self._egress.all
        return parts

    def _second(self, vpc: str | None, found: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """Give what takes the VPC, which the NATs tell, or the rounds."""
        parts: dict[str, Callable[[], Any]] = {}
        if "instances" in found:
            parts["health"] = lambda: self._health(found["instances"])
        view = found.get("view")
        if isinstance(view, View):
            parts["invocations"] = lambda: self._invocations(view)
        if vpc is not None:
            here = [{"Name": "vpc-id", "Values": [vpc]}]
            parts["tables"] = lambda: {
                raw["RouteTableId"]: raw
                for raw in self._all("ec2", "describe_route_tables", "RouteTables", Filters=here)
            }
            parts["subnets"] = lambda: {
                raw["SubnetId"]: raw for raw in self._all("ec2", "describe_subnets", "Subnets", Filters=here)
            }
            parts["acls"] = lambda: self._all("ec2", "describe_network_acls", "NetworkAcls", Filters=here)
            parts["endpoints"] = lambda: self._all("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=here)
        return parts

    def _third(self, found: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """Give what takes the NATs and the endpoints."""
        instances, endpoints = found.get("instances"), found.get("endpoints")
        if instances is None or endpoints is None:
            return {}
        wanted = {g["GroupId"] for nat in self._settings.nats for g in instances.get(nat, {}).get("SecurityGroups", [])}
        wanted |= {g["GroupId"] for e in endpoints if service_of(e) in SSM_SERVICES for g in e.get("Groups", [])}
        filters = [{"Name": "group-id", "Values": sorted(wanted)}]
        return {
            "groups": lambda: {
                raw["GroupId"]: raw
                for raw in (
                    self._all("ec2", "describe_security_groups", "SecurityGroups", Filters=filters) if wanted else []
                )
            }
        }

    def _all(self, service: str, operation: str, key: str, **arguments: Any) -> list[Raw]:
        """Read all pages of a list."""
        pages = self._client[service].get_paginator(operation).paginate(**arguments)
        return [raw for page in pages for raw in page[key]]

    def _view(self) -> View | str:
        try:
            return self._lookout.look(Tick())
        except RouteTablesError as error:
            return str(error)

    def _lock(self) -> LockParameter:
        name = self._settings.lock_parameter
        found = self._account.ssm.get_parameters(Names=[name])["Parameters"]
        if not found:
            return LockParameter(read_lock(None, 0), None)
        return LockParameter(
            read_lock(found[0]["Value"], found[0]["Version"]), found[0]["LastModifiedDate"].timestamp()
        )

    def _instances(self) -> dict[str, Raw]:
        s = self._settings
        found: dict[str, Raw] = {}
        for one in (
            {"Name": f"tag:{s.probe_tag_key}", "Values": [s.probe_tag_value]},
            {"Name": "instance-id", "Values": list(s.nats)},
        ):
            for reservation in self._all("ec2", "describe_instances", "Reservations", Filters=[one]):
                found |= {i["InstanceId"]: i for i in reservation["Instances"] if i["State"]["Name"] != "terminated"}
        return found

    def _health(self, instances: Mapping[str, Raw]) -> dict[str, Raw]:
        nats = [nat for nat in self._settings.nats if nat in instances]
        if not nats:
            return {}
        told = self._all(
            "ec2", "describe_instance_status", "InstanceStatuses", InstanceIds=nats, IncludeAllInstances=True
        )
        return {raw["InstanceId"]: raw for raw in told}

    def _managed(self) -> dict[str, Raw]:
        s = self._settings
        found: dict[str, Raw] = {}
        for one in (
            {"Key": f"tag:{s.probe_tag_key}", "Values": [s.probe_tag_value]},
            {"Key": "InstanceIds", "Values": list(s.nats)},
        ):
            told = self._all("ssm", "describe_instance_information", "InstanceInformationList", Filters=[one])
            found |= {raw["InstanceId"]: raw for raw in told}
        return found

    def _invocations(self, view: View) -> dict[str, Mapping[str, Invocation]]:
        ids = [asked.command_id for asked in view.rounds]
        return {command: self._probe.invocations(command) for command in ids}

    def _alarms(self) -> list[Raw]:
        """Read the pair's alarms: the prefix may be that of another pair's names, too."""
        mine = {self._settings.pair, self._pair.function, *self._settings.nats}
        found = self._all("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"{self._pair.function}-")
        return [raw for raw in found if mine & {d["Value"] for d in raw.get("Dimensions", [])}]

    def _said(self) -> list[Said]:
        since = self._account.runtime.now() - PERIODS_BACK * self._settings.period
        lines = self._all(
            "logs",
            "filter_log_events",
            "events",
            logGroupName=self._pair.log_group,
            startTime=int(since * 1000),
            filterPattern='"decision"',
        )
        return sorted(decisions(lines), key=lambda said: said.at)

    def _rules(self) -> list[Raw]:
        events = self._account.events
        names = [
            name
            for page in events.get_paginator("list_rule_names_by_target").paginate(TargetArn=self._pair.arn)
            for name in page["RuleNames"]
        ]
        calls = [lambda name=name: events.describe_rule(Name=name) for name in names]
        return self._account.runtime.together(calls) if calls else []

    def _invokers(self) -> list[Raw]:
        client = self._account.functions
        try:
            return list(json.loads(client.get_policy(FunctionName=self._pair.function)["Policy"])["Statement"])
        except client.exceptions.ResourceNotFoundException:
            return []

    def _document(self) -> Raw:
        ssm = self._account.ssm
        try:
            return ssm.describe_document(Name=self._settings.probe_document)["Document"]
        except ssm.exceptions.InvalidDocument:
            return {}

    def _clock(self) -> tuple[float, float]:
        """Compare clocks by the time that is in the head of every answer."""
        before = self._account.runtime.now()
        answer: Any = self._account.ssm.get_parameters(Names=[self._settings.lock_parameter])
        here = (before + self._account.runtime.now()) / 2
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        there = parsedate_to_datetime(said) if said else datetime.fromtimestamp(here).astimezone()
        return there.timestamp(), here


def decisions(lines: Iterable[Raw]) -> list[Said]:
    """Pure: find decisions among lines of the function's log."""
    found = []
    for line in lines:
        try:
            said = json.loads(line["message"])
            texts = [said[key] for key in ("trigger", "decision", "cause", "reason")]
        except (ValueError, KeyError, TypeError):
            continue
        if all(isinstance(text, str) for text in texts):
            found.append(Said(line["timestamp"] / 1000, *texts))
    return found


def service_of(endpoint: Raw) -> str:
    """Pure: give the service that a VPC endpoint leads to, without what stands before it."""
    return str(endpoint.get("ServiceName", "")).rsplit(".", 1)[-1]


def _vpc_of(instances: Mapping[str, Raw], nats: Iterable[str]) -> str | None:
    return next((instances[nat]["VpcId"] for nat in nats if instances.get(nat, {}).get("VpcId")), None)
