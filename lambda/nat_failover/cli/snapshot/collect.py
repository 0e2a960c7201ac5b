"""Reads a snapshot of a pair, as much as possible at the same time; what can't be read is noted, and no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account
from nat_failover.cli.errors import UNKNOWN, action_of, code_of, is_forbidden
from nat_failover.cli.operator.inspection import KernelInspection, inspect
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.snapshot.capacity import credits_of, types_of
from nat_failover.cli.snapshot.documents import described
from nat_failover.cli.snapshot.role import RolePermissions
from nat_failover.cli.snapshot.snapshot import ROUTES_QUOTA, SSM_SERVICES, Raw, Snapshot, service_of
from nat_failover.cli.snapshot.sources import Reader
from nat_failover.judging.view import View

# What `status` shows; the doctor looks at everything.
FOR_STATUS = frozenset(
    {"view", "lock", "instances", "managed", "health", "subnets", "alarms", "decisions", "subscriptions"}
)


class Gatherer:
    """Reads what there is to be known of a pair.

    Args:
        account: where it is.
        pair: which it is.
        asks_nats: run a script on both NATs, which tells what their kernels do, and changes nothing.
    """

    def __init__(self, account: Account, pair: Deployed, *, asks_nats: bool = False) -> None:
        self._account = account
        self._pair = pair
        self._settings = pair.settings
        self._reader = Reader(account, pair)
        self._hand = Hand(pair.settings, account.reading, account.runtime, "") if asks_nats else None

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
        self._together(self._fourth(found), wanted, found, unread)
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
                return None, error_in_words(error)
            except BotoCoreError as error:
                return None, error_in_words(error)

        return attempt

    def _first(self) -> dict[str, Callable[[], Any]]:
        """Return what can be read with the pair's settings alone."""
        client, function = self._reader.client, self._pair.function
        parts: dict[str, Callable[[], Any]] = {
            "view": self._reader.view,
            "lock": self._reader.lock,
            "instances": self._reader.instances,
            "managed": self._reader.managed,
            "alarms": self._reader.alarms,
            "decisions": self._reader.decisions,
            "function": lambda: client["lambda"].get_function_configuration(FunctionName=function),
            "reserved": lambda: client["lambda"].get_function_concurrency(FunctionName=function),
            "limits": client["lambda"].get_account_settings,
            "rules": self._reader.rules,
            "invokers": self._reader.invokers,
            "documents": lambda: described(self._account, self._settings),
            "permissions": lambda: RolePermissions(self._account, self._pair).permissions(),
            "subscriptions": self._reader.subscriptions,
            "routes_quota": lambda: routes_quota(client["service-quotas"]),
            "clock": self._reader.clock,
        }
        if self._reader.egress is not None:
            parts["addresses"] = self._reader.egress.all
        if self._settings.auto_scaling_groups:
            parts["hooks"] = self._reader.hooks
        return parts

    def _second(self, vpc: str | None, found: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """Return what takes the VPC, which the NATs tell, or the rounds."""
        parts: dict[str, Callable[[], Any]] = {}
        if "instances" in found:
            parts["health"] = lambda: self._reader.health(found["instances"])
            ec2, nats = self._reader.client["ec2"], self._settings.nats
            parts["types"] = lambda: types_of(ec2, nats, found["instances"])
            parts["credits"] = lambda: credits_of(ec2, nats, found["instances"])
            if self._hand is not None and "managed" in found:
                parts["kernels"] = partial(self._kernels, self._hand, found["instances"], found["managed"])
        view = found.get("view")
        if isinstance(view, View):
            parts["invocations"] = lambda: self._reader.invocations(view)
        if vpc is not None:
            here = [{"Name": "vpc-id", "Values": [vpc]}]
            parts["tables"] = lambda: {
                raw["RouteTableId"]: raw
                for raw in self._reader.all("ec2", "describe_route_tables", "RouteTables", Filters=here)
            }
            parts["subnets"] = lambda: {
                raw["SubnetId"]: raw for raw in self._reader.all("ec2", "describe_subnets", "Subnets", Filters=here)
            }
            parts["acls"] = lambda: self._reader.all("ec2", "describe_network_acls", "NetworkAcls", Filters=here)
            parts["endpoints"] = lambda: self._reader.all("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=here)
        return parts

    def _kernels(
        self, hand: Hand, instances: Mapping[str, Raw], managed: Mapping[str, Raw]
    ) -> dict[str, KernelInspection]:
        """Ask the NATs that can be asked, both at once."""
        able = [
            nat
            for nat in self._settings.nats
            if instances.get(nat, {}).get("State", {}).get("Name") == "running"
            and managed.get(nat, {}).get("PingStatus") == "Online"
        ]
        return inspect(hand, able) if able else {}

    def _third(self, found: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """Return what takes the NATs and the endpoints."""
        instances, endpoints = found.get("instances"), found.get("endpoints")
        if instances is None or endpoints is None:
            return {}
        wanted = {g["GroupId"] for nat in self._settings.nats for g in instances.get(nat, {}).get("SecurityGroups", [])}
        wanted |= {g["GroupId"] for e in endpoints if service_of(e) in SSM_SERVICES for g in e.get("Groups", [])}
        return {"groups": lambda: self._reader.groups(sorted(wanted))}

    def _fourth(self, found: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
        """Return what takes the security groups: whom their rules name."""
        groups, lists = referred(found.get("groups") or {})
        parts: dict[str, Callable[[], Any]] = {}
        if groups:
            parts["members"] = lambda: self._reader.members(groups)
        if lists:
            parts["prefixes"] = lambda: self._reader.prefixes(lists)
        return parts


def routes_quota(client: Any) -> float:
    """Return how many routes a table may have; the default where the account has no value of its own.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html

    Raises:
        botocore.exceptions.ClientError: Service Quotas refuses.
    """
    quota = {"ServiceCode": "vpc", "QuotaCode": ROUTES_QUOTA}
    try:
        return float(client.get_service_quota(**quota)["Quota"]["Value"])
    except client.exceptions.NoSuchResourceException:
        return float(client.get_aws_default_service_quota(**quota)["Quota"]["Value"])


def referred(groups: Mapping[str, Raw]) -> tuple[list[str], list[str]]:
    """Return the ids of the groups, and of the prefix lists, that the rules of security groups name.

    A group of a peered VPC of another account is left out: who is in it can't be seen from here.
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
    """
    rules = [r for g in groups.values() for r in (*g.get("IpPermissions", []), *g.get("IpPermissionsEgress", []))]
    owners = {str(group.get("OwnerId")) for group in groups.values()}
    pairs = [p for rule in rules for p in rule.get("UserIdGroupPairs", []) if str(p.get("UserId", "")) in {*owners, ""}]
    lists = {str(named["PrefixListId"]) for rule in rules for named in rule.get("PrefixListIds", [])}
    return sorted({str(p["GroupId"]) for p in pairs if p.get("GroupId")}), sorted(lists)


def _vpc_of(instances: Mapping[str, Raw], nats: Iterable[str]) -> str | None:
    return next((instances[nat]["VpcId"] for nat in nats if instances.get(nat, {}).get("VpcId")), None)
