"""What can be set for a pair: each setting with its type, its default, what is allowed, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.config.addresses import NETWORK, PRIVATE_NETWORKS, TARGET
from infra.config.choices import ProbeTag, SsmAccess, about
from infra.config.deployment import DeploymentSettings
from infra.config.kinds import ListOf, decimal, matching, one_of, resource_id, whole, yes_no
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
    Mode,
)

_SUBNET = resource_id("subnet", "a subnet")


@dataclass(frozen=True, kw_only=True)
class PairConfig(DeploymentSettings, StandbySettings):
    """A primary NAT that exists, the standby that takes over from it, and how that is decided; times in seconds.

    In the configuration the names are written in camel case: ``vpc_id`` is ``vpcId``. From Python, ids may be CDK
    tokens.
    """

    name: str = field(
        metadata=about(
            matching(r"[a-z][a-z0-9-]{0,30}", "1 to 31 of a-z, 0-9 and -, a letter first", "main", tokens=False),
            "The pair's name, unlike any other's; function, lock, topic and document are named after it.",
        )
    )
    vpc_id: str = field(metadata=about(resource_id("vpc", "a VPC"), "The VPC of both NATs and of the private subnets."))
    primary_route_table_id: str = field(
        metadata=about(
            resource_id("rtb", "a route table"),
            "The route table that the private subnets are associated with today, explicitly: a subnet that follows the "
            "main route table is not protected (aws ec2 associate-route-table makes it so).",
        )
    )
    primary_instance_id: str = field(
        metadata=about(resource_id("i", "an instance"), "The NAT instance that its default route leads to.")
    )
    mode: Mode = field(
        default=Mode.AUTOMATIC,
        metadata=about(
            one_of(Mode, Mode.AUTOMATIC),
            "automatic swaps the subnets; observe decides and tells people, but has not even the permission to swap.",
        ),
    )
    egress_address: str | None = field(
        default=None,
        metadata=about(
            resource_id("eipalloc", "an Elastic IP's allocation"),
            "Allocation id of an Elastic IP that follows the active NAT, so that partners see the same address after a "
            "failover. Associate it with the NAT that is active today; both NATs have to have been launched with a "
            "public address, which is theirs while the other has this one. Whoever gives it up is without an address "
            "for up to five minutes, and can't take over meanwhile, unless there is a standbyEgressAddress. Not with "
            "standbyElasticIp.",
        ),
    )
    standby_egress_address: str | None = field(
        default=None,
        metadata=about(
            resource_id("eipalloc", "an Elastic IP's allocation"),
            "Allocation id of a second Elastic IP, which the passive NAT has. At a failover it and egressAddress "
            "change places, so that neither NAT is without one for long. Associate it with the NAT that stands by.",
        ),
    )
    targets: tuple[str, ...] = field(
        default=("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        metadata=about(
            ListOf(TARGET, 1, 5, ["1.1.1.1", "8.8.8.8"]),
            "What the hosts ping, and connect to by TCP 443, at random, in the Internet. Take several that belong to "
            "different operators, and addresses rather than names: each host looks a name up by itself, and is offline "
            "for it where no resolver answers.",
        ),
    )
    interval: float = field(
        default=0.5, metadata=about(decimal(*INTERVAL, "seconds", 0.5), "Pause between two pings of a host.")
    )
    failures: int = field(
        default=3,
        metadata=about(
            whole(*FAILURES, "pings", 3),
            "Lost pings in a row after which a host tries all targets a last time and reports.",
        ),
    )
    window: int = field(
        default=600,
        metadata=about(
            whole(0, LONGEST_WINDOW, "seconds", 600),
            "How long a host watches before it is asked again; 0 for one quick check a period, with no process left "
            "running on the hosts.",
        ),
    )
    period_minutes: int = field(
        default=1,
        metadata=about(
            whole(*MINUTES, "minutes", 1),
            "How often the function looks whatever happens. EventBridge knows whole minutes only.",
        ),
    )
    warm_up: int = field(
        default=300,
        metadata=about(
            whole(*WARM_UP, "seconds", 300),
            "How long after its start the active NAT is given to come online for the first time.",
        ),
    )
    freshness: int = field(
        default=30,
        metadata=about(whole(*FRESHNESS, "seconds", 30), "How old a failure may be to be judged together with others."),
    )
    failure_threshold: int = field(
        default=3,
        metadata=about(
            whole(*SAMPLE, "backends", 3),
            "How many backends must be offline by the active NAT, and online by the passive one.",
        ),
    )
    failure_share: int = field(
        default=50,
        metadata=about(whole(*SHARE, "per cent", 50), "More than this share of the backends heard must be so as well."),
    )
    sample_size: int = field(
        default=10, metadata=about(whole(*SAMPLE, "backends", 10), "How many backends, drawn at random, are asked.")
    )
    ssm_access: SsmAccess = field(
        default=SsmAccess.EXISTING,
        metadata=about(
            one_of(SsmAccess, SsmAccess.EXISTING),
            "Whether backends reach Systems Manager through VPC endpoints: existing ones, where there are any, ones to "
            "create, or none. They need none: without, the standby reports for them.",
        ),
    )
    prove_active: bool = field(
        default=True,
        metadata=about(
            yes_no(False),
            "Whether backends try the active NAT's proof port. No where Systems Manager does not manage the primary, "
            "or where it listens on port 443 itself.",
        ),
    )
    endpoint_subnet_ids: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(_SUBNET, 1, 16, ["subnet-0123456789abcdef0"]),
            "For ssmAccess create: subnets for the endpoints, one an availability zone at most; the standby's subnet "
            "where not given.",
        ),
    )
    vpc_cidrs: tuple[str, ...] = field(
        default=PRIVATE_NETWORKS,
        metadata=about(
            ListOf(NETWORK, 1, 50, ["10.0.0.0/16"]),
            "For ssmAccess create: the networks of the VPC, all of them. The endpoints take over the names of Systems "
            "Manager for the whole VPC: who is in none of these networks, nor in protectedCidrs, loses it.",
        ),
    )
    ec2_messages: bool = field(
        default=False,
        metadata=about(
            yes_no(True),
            "For ssmAccess create: whether to make the endpoint ec2messages, too, which only SSM agents older than "
            "3.3.40 need. There is none in Regions launched in 2024 or later.",
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
