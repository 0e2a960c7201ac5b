"""Settings of a pair: what the standby is, where one is made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from infra.config.addresses import NETWORK
from infra.config.choices import about
from infra.config.kinds import ListOf, matching

_AMI = matching(
    r"al2023|ami-([0-9a-f]{8}|[0-9a-f]{17})|/[A-Za-z0-9_.\-/]{1,1000}",
    "al2023 (the latest Amazon Linux 2023), an AMI id (ami- and 8 or 17 hexadecimal digits), or the name of an SSM "
    "parameter that holds one",
    "al2023",
)


@dataclass(frozen=True, kw_only=True)
class Standby:
    """The machine that takes over."""

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

    @property
    def standby_architecture(self) -> str:
        """The processor of the standby's instance type: ``arm64`` for Graviton, else ``x86_64``.

        https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
        """
        return "arm64" if re.match(r"(a1|[a-z]+\d+g[a-z]*)\.", self.standby_instance_type) else "x86_64"
