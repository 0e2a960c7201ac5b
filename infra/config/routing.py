"""Settings of a pair: what the standby's route table has beside its default route, as the primary's has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.config.choices import about
from infra.config.kinds import FLAG


@dataclass(frozen=True, kw_only=True)
class Routing:
    """How the two tables are kept alike, so that a swap takes nothing from the subnets but the NAT."""

    mirror_routes: bool = field(
        default=False,
        metadata=about(
            FLAG,
            "Whether the function copies routes that only the active table has (peering, VPN, gateway endpoints and so "
            "on) into the other one, whichever that is; it never deletes any. It then has the permission to write "
            "routes into both tables and to add them to endpoints. Not with mode observe, which only tells.",
        ),
    )
