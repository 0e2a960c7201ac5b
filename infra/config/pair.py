"""What can be set for a pair: each setting with its type, its default, what is allowed, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.config.addresses import NETWORK, PRIVATE_NETWORKS, TARGET
from infra.config.choices import ProbeTag, SsmAccess, about
from infra.config.deployment import DeploymentSettings
from infra.config.kinds import ListOf, decimal, group_name, matching, one_of, resource_id, whole, yes_no
from infra.config.standby import StandbySettings
from nat_failover.settings import (
    FAILURES,
    FRESHNESS,
    INTERVAL,
    LONGEST_WINDOW,
    MINUTES,
    SAMPLE,
    SHARE,
    WARM_UP,
    Handover,
    Mode,
)

_SUBNET = resource_id("subnet", "a subnet")
_INTERFACE = resource_id("eni", "a network interface")


@dataclass(frozen=True, kw_only=True)
class PairConfig(DeploymentSettings, StandbySettings):
    """A primary NAT that exists, the standby that takes over from it, and how that is decided; times in seconds.

    In the configuration the names are written in camel case: ``vpc_id`` is ``vpcId``. From Python, ids may be CDK
    tokens.
    """

    name: str = field(
        metadata=about(
            matching(r"[a-z][a-z0-9-]{0,30}", "1 to 31 of a-z, 0-9 and -, a letter first", "main", tokens=False),
            "Name of the pair; must be unique. Function, lock, topic and document are named after it.",
        )
    )
    vpc_id: str = field(metadata=about(resource_id("vpc", "a VPC"), "VPC of both NATs and of the private subnets."))
    primary_route_table_id: str = field(
        metadata=about(
            resource_id("rtb", "a route table"),
            "Route table that the private subnets use today, by explicit association. A subnet that follows the "
            "main route table is not protected; aws ec2 associate-route-table makes the association explicit.",
        )
    )
    primary_instance_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("i", "an instance"),
            "NAT instance that the default route of that table leads to. Required unless there is a "
            "primaryNetworkInterfaceId.",
        ),
    )
    primary_network_interface_id: str | None = field(
        default=None,
        metadata=about(
            _INTERFACE,
            "Instead of primaryInstanceId: the network interface that the default route of that table leads to. "
            "Whichever instance has it is the NAT, so a replaced instance needs no deployment. These instances need "
            "the probe tag, since the function may ask them only by it. Not with egressAddress.",
        ),
    )
    primary_auto_scaling_group: str | None = field(
        default=None,
        metadata=about(
            group_name(),
            "Name of the Auto Scaling group that the primary NAT is in. The stack makes a lifecycle hook in it, so "
            "that the group waits until the subnets have left a NAT that it terminates.",
        ),
    )
    mode: Mode = field(
        default=Mode.AUTOMATIC,
        metadata=about(
            one_of(Mode, Mode.AUTOMATIC),
            "automatic fails over by itself. observe decides and reports, and has no permission to move anything.",
        ),
    )
    handover: Handover = field(
        default=Handover.AUTOMATIC,
        metadata=about(
            one_of(Handover, Handover.AUTOMATIC),
            "What happens when AWS announces the end of an active NAT that still works: a stop, a termination (also "
            "by its Auto Scaling group), a Spot interruption, scheduled maintenance. automatic moves the subnets to "
            "the other NAT before that; tell only tells people.",
        ),
    )
    egress_address: str | None = field(
        default=None,
        metadata=about(
            resource_id("eipalloc", "an Elastic IP's allocation"),
            "Allocation id of an Elastic IP that follows the active NAT, so that partners see the same address after "
            "a failover. Associate it with the NAT that is active today. Both NATs must have been launched with a "
            "public address, which each uses while the other holds this one. The NAT that gives it up is without a "
            "public address for up to five minutes and can't take over meanwhile, unless there is a "
            "standbyEgressAddress. Not with standbyElasticIp.",
        ),
    )
    standby_egress_address: str | None = field(
        default=None,
        metadata=about(
            resource_id("eipalloc", "an Elastic IP's allocation"),
            "Allocation id of a second Elastic IP, for the passive NAT. At a failover it changes places with "
            "egressAddress, so that neither NAT is without an address for long. Associate it with the passive NAT.",
        ),
    )
    targets: tuple[str, ...] = field(
        default=("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        metadata=about(
            ListOf(TARGET, 1, 5, ["1.1.1.1", "8.8.8.8"]),
            "What hosts ping, and connect to on TCP 443, at random: public addresses or names. Use several that "
            "belong to different operators, and addresses rather than names: each host resolves a name itself, and "
            "can't reach that target if no resolver answers.",
        ),
    )
    interval: float = field(
        default=0.5, metadata=about(decimal(*INTERVAL, "seconds", 0.5), "Pause between two pings of a host.")
    )
    failures: int = field(
        default=3,
        metadata=about(
            whole(*FAILURES, "pings", 3),
            "Lost pings in a row before a host reports; with the last of them it tries all targets.",
        ),
    )
    window: int = field(
        default=600,
        metadata=about(
            whole(0, LONGEST_WINDOW, "seconds", 600),
            "How long a host watches before it is asked again. 0: one quick check per period, no process left running.",
        ),
    )
    period_minutes: int = field(
        default=1,
        metadata=about(
            whole(*MINUTES, "minutes", 1),
            "How often the function looks even if nothing happens. EventBridge schedules whole minutes only.",
        ),
    )
    warm_up: int = field(
        default=300,
        metadata=about(
            whole(*WARM_UP, "seconds", 300),
            "How long the active NAT has, from its start, to come online for the first time.",
        ),
    )
    freshness: int = field(
        default=30,
        metadata=about(
            whole(*FRESHNESS, "seconds", 30), "How old a failure may be and still count together with others."
        ),
    )
    failure_threshold: int = field(
        default=3,
        metadata=about(
            whole(*SAMPLE, "backends", 3),
            "How many backends must be offline through the active NAT and online through the passive one.",
        ),
    )
    failure_share: int = field(
        default=50,
        metadata=about(
            whole(*SHARE, "per cent", 50), "More than this percentage of the backends heard must be offline as well."
        ),
    )
    sample_size: int = field(
        default=10,
        metadata=about(
            whole(*SAMPLE, "backends", 10),
            "How many backends, drawn at random, are asked; at most 40 times interval (20 pings a second in all).",
        ),
    )
    ssm_access: SsmAccess = field(
        default=SsmAccess.EXISTING,
        metadata=about(
            one_of(SsmAccess, SsmAccess.EXISTING),
            "VPC endpoints for Systems Manager: existing (use them if there are any), create, or none. Backends "
            "need none; without endpoints the standby reports for them.",
        ),
    )
    prove_active: bool = field(
        default=True,
        metadata=about(
            yes_no(False),
            "Whether backends try the active NAT's proof port. Set it to false if Systems Manager does not manage "
            "the primary, or if the primary listens on port 443 itself.",
        ),
    )
    endpoint_subnet_ids: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(_SUBNET, 1, 16, ["subnet-0123456789abcdef0"]),
            "With ssmAccess create: subnets for the endpoints, at most one per availability zone. Default: the "
            "standby's subnet.",
        ),
    )
    vpc_cidrs: tuple[str, ...] = field(
        default=PRIVATE_NETWORKS,
        metadata=about(
            ListOf(NETWORK, 1, 50, ["10.0.0.0/16"]),
            "With ssmAccess create: all networks of the VPC. The endpoints take over Systems Manager's DNS names for "
            "the whole VPC: hosts outside these networks and protectedCidrs lose it.",
        ),
    )
    ec2_messages: bool = field(
        default=False,
        metadata=about(
            yes_no(True),
            "With ssmAccess create: whether to make the endpoint ec2messages too. Only SSM agents older than "
            "3.3.40 need it, and Regions launched in 2024 or later don't have it.",
        ),
    )
    probe_tag: ProbeTag = field(
        default_factory=ProbeTag, metadata={"section": ProbeTag, "doc": "The tag that backends carry."}
    )

    @property
    def probe_tag_value(self) -> str:
        """The probe tag's value: as set, or the pair's name."""
        return self.name if self.probe_tag.value is None else self.probe_tag.value

    @property
    def endpoint_cidrs(self) -> tuple[str, ...]:
        """The networks that reach the endpoints which are made, each once."""
        return tuple(dict.fromkeys((*self.vpc_cidrs, *self.protected_cidrs)))

    @property
    def period(self) -> int:
        """The schedule's period in seconds."""
        return self.period_minutes * 60

    @property
    def auto_scaling_groups(self) -> tuple[str, ...]:
        """The groups that the NATs are in, each once."""
        both = (self.primary_auto_scaling_group, self.standby_auto_scaling_group)
        return tuple(dict.fromkeys(filter(None, both)))

    @property
    def primary_nat(self) -> str | None:
        """The id of the primary NAT: an instance, or the network interface whose holder it is."""
        return self.primary_instance_id or self.primary_network_interface_id

    def named_instances(self, standby: str) -> dict[str, str]:
        """Return which of the NATs' instances are known when the stack is deployed, by role; the standby's is given."""
        found = {} if self.primary_instance_id is None else {"primary": self.primary_instance_id}
        return found | ({"standby": standby} if self.standby_network_interface_id is None else {})
