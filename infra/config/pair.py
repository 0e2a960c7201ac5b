"""What can be set for a pair: each setting with its type, its default, what is allowed, and what it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.config.addresses import MAIL, NETWORK, TARGET
from infra.config.choices import LogLevel, Mode, ProbeTag, SsmAccess, about
from infra.config.kinds import (
    ListOf,
    Tags,
    decimal,
    matching,
    one_of,
    one_of_numbers,
    resource_id,
    whole,
    yes_no,
)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


_AMI = matching(
    r"al2023|ami-([0-9a-f]{8}|[0-9a-f]{17})|/[A-Za-z0-9_.\-/]{1,1000}",
    "al2023 (the latest Amazon Linux 2023), an AMI id (ami- and 8 or 17 hexadecimal digits), or the name of an SSM "
    "parameter that holds one",
    "al2023",
)
_SUBNET = resource_id("subnet", "a subnet")


@dataclass(frozen=True, kw_only=True)
class PairConfig:
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
            resource_id("rtb", "a route table"), "The route table that the private subnets are associated with today."
        )
    )
    primary_instance_id: str = field(
        metadata=about(resource_id("i", "an instance"), "The NAT instance that its default route leads to.")
    )
    standby_subnet_id: str | None = field(
        default=None,
        metadata=about(
            _SUBNET,
            "Public subnet for the standby NAT, best in another availability zone than the primary's. Required unless "
            "the standby exists already.",
        ),
    )
    standby_instance_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("i", "an instance"),
            "A standby NAT that exists already, with standbyRouteTableId; none is made.",
        ),
    )
    standby_route_table_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("rtb", "a route table"),
            "The existing standby's route table: its default route leads to the standby, no subnet is associated.",
        ),
    )
    mode: Mode = field(
        default=Mode.AUTOMATIC,
        metadata=about(
            one_of(Mode, Mode.AUTOMATIC),
            "automatic swaps the subnets; observe decides and tells people, but has not even the permission to swap.",
        ),
    )
    targets: tuple[str, ...] = field(
        default=("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        metadata=about(
            ListOf(TARGET, 1, 5, ["1.1.1.1", "8.8.8.8"]),
            "What the hosts ping, at random. Take several that belong to different operators.",
        ),
    )
    interval: float = field(
        default=0.5, metadata=about(decimal(0.2, 60, "seconds", 0.5), "Pause between two pings of a host.")
    )
    failures: int = field(
        default=3,
        metadata=about(
            whole(1, 99, "pings", 3),
            "Lost pings in a row after which a host tries all targets a last time and reports.",
        ),
    )
    window: int = field(
        default=600,
        metadata=about(
            whole(0, 3000, "seconds", 600),
            "How long a host watches before it is asked again; 0 for one quick check a period, with no process left "
            "running on the hosts.",
        ),
    )
    period_minutes: int = field(
        default=1,
        metadata=about(
            whole(1, 60, "minutes", 1),
            "How often the function looks whatever happens. EventBridge knows whole minutes only.",
        ),
    )
    warm_up: int = field(
        default=300,
        metadata=about(
            whole(0, 86400, "seconds", 300),
            "How long after its boot a machine is no evidence, and a NAT no destination.",
        ),
    )
    freshness: int = field(
        default=30,
        metadata=about(whole(5, 3600, "seconds", 30), "How old a failure may be to be judged together with others."),
    )
    failure_threshold: int = field(
        default=3,
        metadata=about(whole(1, 49, "backends", 3), "How many backends must have lost the Internet at the same time."),
    )
    sample_size: int = field(
        default=10, metadata=about(whole(1, 49, "backends", 10), "How many backends, drawn at random, are asked.")
    )
    ssm_access: SsmAccess = field(
        default=SsmAccess.EXISTING,
        metadata=about(
            one_of(SsmAccess, SsmAccess.EXISTING),
            "How the backends reach Systems Manager: existing VPC endpoints, create them, or none: only through the "
            "NAT. With none, silence of several backends counts as failure.",
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
    silence_after: int = field(
        default=10,
        metadata=about(
            whole(3, 300, "seconds", 10), "With ssmAccess none: after how long without an answer a backend is silent."
        ),
    )
    mirror_routes: bool = field(
        default=False,
        metadata=about(
            yes_no(True),
            "Whether the function copies routes that the passive table lacks (peering, transit, gateway endpoints). It "
            "tells of them in any case.",
        ),
    )
    standby_instance_type: str = field(
        default="t4g.nano",
        metadata=about(
            matching(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an EC2 instance type", "t4g.nano", tokens=False),
            "Instance type of the standby; give it the network bandwidth of the primary. A change stops and starts it.",
        ),
    )
    standby_ami: str = field(
        default="al2023",
        metadata=about(
            _AMI,
            "Image of the standby: al2023, or one of your own such as a copy of the primary's or a fck-nat image. It "
            "is looked up when the standby is launched; a new al2023 never replaces a running standby, a changed "
            "setting does.",
        ),
    )
    standby_root_device: str = field(
        default="/dev/xvda",
        metadata=about(
            matching(r"/dev/(xvda|sda1)", "/dev/xvda or /dev/sda1", "/dev/xvda", tokens=False),
            "Name of the image's root device, so that its volume is encrypted: /dev/xvda for Amazon Linux and Debian, "
            "/dev/sda1 for Ubuntu.",
        ),
    )
    protected_cidrs: tuple[str, ...] = field(
        default=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        metadata=about(
            ListOf(NETWORK, 1, 50, ["10.0.0.0/16"]),
            "Networks that may send traffic through the standby, and no others.",
        ),
    )
    probe_tag: ProbeTag = field(
        default_factory=ProbeTag, metadata={"section": ProbeTag, "doc": "The tag that backends carry."}
    )
    mail_addresses: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(MAIL, 0, 50, ["oncall@example.com"]), "Who is told by mail. Each has to confirm a first mail of AWS."
        ),
    )
    log_retention_days: int = field(
        default=90, metadata=about(one_of_numbers(RETENTION, "days", 90), "How long the function's log is kept.")
    )
    log_level: LogLevel = field(
        default=LogLevel.INFO,
        metadata=about(one_of(LogLevel, LogLevel.INFO), "How much the function logs."),
    )
    function_memory: int = field(
        default=256,
        metadata=about(whole(128, 10240, "megabytes", 256), "Memory of the function, and with it its processor."),
    )
    function_timeout: int = field(
        default=45, metadata=about(whole(30, 300, "seconds", 45), "When Lambda ends an invocation.")
    )
    tags: Mapping[str, str] = field(
        default_factory=dict, metadata=about(Tags(), "Tags for everything that is made for the pair.")
    )

    @property
    def probe_tag_value(self) -> str:
        """The probe tag's value: as set, or the pair's name."""
        return self.name if self.probe_tag.value is None else self.probe_tag.value

    @property
    def period(self) -> int:
        """The schedule's period in seconds."""
        return self.period_minutes * 60

    @property
    def standby_architecture(self) -> str:
        """The processor of the standby's instance type: ``arm64`` for Graviton, else ``x86_64``.

        https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
        """
        return "arm64" if re.match(r"(a1|[a-z]+\d+g[a-z]*)\.", self.standby_instance_type) else "x86_64"
