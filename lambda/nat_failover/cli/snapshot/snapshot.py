"""What is known of a pair at one time: AWS's answers as they are, and None for what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.operator.inspection import KernelInspection
from nat_failover.judging.view import View
from nat_failover.lock.record import Lock
from nat_failover.network.egress_address import Address
from nat_failover.network.instances import tag
from nat_failover.probing.invocation import Invocation
from nat_failover.settings import Settings

# What the SSM agent talks to: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
SSM_SERVICES = ("ssm", "ssmmessages", "ec2messages")
# Routes per route table: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
ROUTES_QUOTA = "L-93826ACB"
# How far back in the log a decision is looked for, in periods of the schedule.
PERIODS_BACK = 10
# What people call the parts of a snapshot; what is missing here is called as it is.
CALLED = {
    "view": "what the function would see (route tables, lock, what the hosts have said)",
    "lock": "the lock",
    "invocations": "the hosts' answers",
    "instances": "the instances",
    "health": "EC2's status checks of the NATs",
    "types": "the NATs' instance types",
    "credits": "the NATs' CPU credits",
    "managed": "which hosts Systems Manager manages",
    "kernels": "what the NATs say of themselves",
    "tables": "the VPC's route tables",
    "subnets": "the VPC's subnets",
    "acls": "the network ACLs",
    "endpoints": "the VPC endpoints",
    "groups": "the security groups",
    "members": "who is in the security groups",
    "prefixes": "the prefix lists",
    "addresses": "the Elastic IPs",
    "function": "the function's configuration",
    "reserved": "the function's reserved concurrency",
    "limits": "Lambda's limits of the account",
    "rules": "the EventBridge rules",
    "hooks": "the lifecycle hooks of the NATs' Auto Scaling groups",
    "invokers": "who may invoke the function",
    "documents": "the pair's documents",
    "decisions": "the function's log",
    "permissions": "what the function's role may do",
    "subscriptions": "who is subscribed to the topic",
    "alarms": "the alarms",
    "routes_quota": "the quota of routes",
    "clock": "AWS's clock",
}
# An answer of AWS, with the keys of its API.
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Permission:
    """What the function has to be allowed: an action on a resource, and whether it is.

    Attributes:
        why: who says that it is not, or what is missing; empty where it is allowed.
    """

    action: str
    resource: str
    allowed: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that the commands which read look at; a field is None where it was not, or could not be, read.

    Attributes:
        now: by this machine's clock, seconds since the epoch.
        options: that a command of the AWS command line needs to reach the same place, with a space before.
        unread: what could not be read, with the reason, by field.
        view: what the function itself would see.
        view_trouble: why there is no view: a route table of the pair is missing.
        lock: as it stands, when it was last written, and how the parameter is kept; None in it for no parameter.
        invocations: of the rounds in the view, by command and host.
        instances: both NATs and every backend, by id; an instance that is gone is missing.
        health: EC2's status checks of the NATs, by id.
        types: of instances that the NATs are, described, by name.
        credits: ``standard`` or ``unlimited``, of the NATs that are burstable, by id.
        managed: what Systems Manager says of the NATs and the backends, by id.
        kernels: of the NATs that could be asked, what they forward and translate, by id; None where nobody asked them.
        tables: all route tables of the VPC, by id.
        subnets: of the VPC, by id.
        acls: network ACLs of the VPC.
        endpoints: VPC endpoints of the VPC.
        groups: security groups of the NATs and of the endpoints of Systems Manager, by id.
        members: of the groups that those groups' rules name: subnet ids by address of each network interface, by group;
            read where they name any.
        prefixes: networks of the prefix lists that their rules name, by list; read where they name any.
        addresses: every Elastic IP; read where the pair has an egress address.
        function: its configuration.
        reserved: the function's reserved concurrency, under ``ReservedConcurrentExecutions`` where it has any.
        limits: Lambda's limits of the account.
        rules: of EventBridge that have the function as a target.
        hooks: the pair's lifecycle hook in each Auto Scaling group that a NAT is in, by group; read where one is.
        invokers: statements of the function's resource policy.
        documents: the pair's, described, by name, the probe's first; nothing of one that is not there.
        decisions: the function's of late, newest last.
        permissions: what the function's role has to be allowed.
        subscriptions: of the topic.
        alarms: of the pair.
        routes_quota: how many routes a table may have.
        clock: of AWS when it answered, and this machine's at that time.
    """

    pair: Deployed
    now: float
    options: str
    unread: Mapping[str, str] = field(default_factory=dict)
    view: View | None = None
    view_trouble: str | None = None
    lock: LockParameter | None = None
    invocations: Mapping[str, Mapping[str, Invocation]] | None = None
    instances: Mapping[str, Raw] | None = None
    health: Mapping[str, Raw] | None = None
    types: Mapping[str, Raw] | None = None
    credits: Mapping[str, str] | None = None
    managed: Mapping[str, Raw] | None = None
    kernels: Mapping[str, KernelInspection] | None = None
    tables: Mapping[str, Raw] | None = None
    subnets: Mapping[str, Raw] | None = None
    acls: Sequence[Raw] | None = None
    endpoints: Sequence[Raw] | None = None
    groups: Mapping[str, Raw] | None = None
    members: Mapping[str, Mapping[str, str]] | None = None
    prefixes: Mapping[str, Sequence[str]] | None = None
    addresses: Sequence[Address] | None = None
    function: Raw | None = None
    reserved: Raw | None = None
    limits: Raw | None = None
    rules: Sequence[Raw] | None = None
    hooks: Mapping[str, Raw] | None = None
    invokers: Sequence[Raw] | None = None
    documents: Mapping[str, Raw] | None = None
    decisions: Sequence[LoggedDecision] | None = None
    permissions: Sequence[Permission] | None = None
    subscriptions: Sequence[Raw] | None = None
    alarms: Sequence[Raw] | None = None
    routes_quota: float | None = None
    clock: tuple[float, float] | None = None

    @property
    def settings(self) -> Settings:
        """What the pair's function is told."""
        return self.pair.settings

    @property
    def active(self) -> str | None:
        """Id of the NAT that all protected subnets use; None where there is no such."""
        table = self.view.tables.active if self.view else None
        return None if table is None else self.settings.nat_of(table)

    @property
    def passive(self) -> str | None:
        """Id of the other NAT."""
        if self.active is None:
            return None
        return next(nat for nat in self.settings.nats if nat != self.active)

    @property
    def backends(self) -> dict[str, Raw]:
        """Instances that carry the probe tag and are no NAT, by id."""
        return {i: raw for i, raw in (self.instances or {}).items() if i not in self.settings.nats}

    def name(self, instance: str) -> str:
        """Return an instance's id, and its name where it has one."""
        name = tag((self.instances or {}).get(instance, {}), "Name")
        return f"{instance} ({name})" if name else instance

    def nat_name(self, instance: str) -> str:
        """Return which NAT it is: its role now where it has one, else as configured; its id and name."""
        if self.active is not None:
            role = "active" if instance == self.active else "passive"
        else:
            role = "primary" if instance == self.settings.primary_instance else "standby"
        return f"the {role} NAT {self.name(instance)}"

    def protected(self) -> list[str]:
        """Return the ids of the subnets that are associated with one of the pair's tables."""
        return sorted(s for of in self.view.tables.subnets.values() for s in of) if self.view else []


@dataclass(frozen=True)
class LockParameter:
    """The lock parameter; ``modified`` in seconds since the epoch, None where there is no parameter."""

    lock: Lock
    modified: float | None


@dataclass(frozen=True)
class LoggedDecision:
    """One decision of the function, from its log; ``at`` in seconds since the epoch."""

    at: float
    trigger: str
    decision: str
    cause: str
    reason: str


def service_of(endpoint: Raw) -> str:
    """Return the service that a VPC endpoint leads to, ``ssm``, say, without what stands before it."""
    return str(endpoint.get("ServiceName", "")).rsplit(".", 1)[-1]
