"""The names that function and stack share: of what belongs to a pair, and of the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PRODUCT = "nat-failover"
# Of the events that the function puts on the bus: by it a rule finds them, and the role allows no other.
EVENT_SOURCE = PRODUCT
# Of the function's own metrics.
NAMESPACE = PRODUCT
# Custom resources by which a deployment asks, each with a check of its own.
STANDBY_CHECK, DOCUMENT_CHECK = "Custom::StandbyMayBeReplaced", "Custom::ProbeDocument"
# The one dimension; its value is the pair's name.
DIMENSION = "service"


@dataclass(frozen=True)
class Names:
    """Names that AWS knows a pair's things by; the same in every account and region.

    Args:
        pair: the pair's name.
    """

    pair: str

    @property
    def plain(self) -> str:
        """Name of the function, of the topic, and of the lifecycle hook in Auto Scaling groups."""
        return f"{PRODUCT}-{self.pair}"

    @property
    def guard(self) -> str:
        """Name of the function that deployments ask; an underscore, which no pair's name can have."""
        return f"{self.plain}_guard"

    @property
    def probe(self) -> str:
        """What the name of the probe's SSM document begins with; a digest of its content follows."""
        return f"{self.plain}-probe"

    @property
    def standby(self) -> str:
        """Name tag of what the standby consists of."""
        return f"{self.plain}-standby"

    @property
    def lock(self) -> str:
        """Name of the lock parameter."""
        return f"/{PRODUCT}/{self.pair}/lock"

    @property
    def claim(self) -> str:
        """Name of the claim parameter."""
        return f"/{PRODUCT}/{self.pair}/claim"

    @property
    def told(self) -> str:
        """Name of the parameter with what people have been told."""
        return f"/{PRODUCT}/{self.pair}/told"

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        return f"/aws/lambda/{self.plain}"


class Metric(StrEnum):
    """A metric of the function.

    The first five have a value at every look of the function, Tick at every tick, and the four after it for each minute
    of each NAT, in per cent: ten, as many as are free. The others have one only while there is something to tell, for a
    metric costs by the hour that has a value: no value means that all is well.
    """

    BACKENDS_REACHABLE = "BackendsReachable"
    BACKENDS_UNREACHABLE = "BackendsUnreachable"
    BACKENDS_SILENT = "BackendsSilent"
    LOCKED = "Locked"
    STANDBY_ACTIVE = "StandbyActive"
    TICK = "Tick"
    PRIMARY_CONNECTIONS = "PrimaryConnections"
    STANDBY_CONNECTIONS = "StandbyConnections"
    PRIMARY_MEMORY = "PrimaryMemory"
    STANDBY_MEMORY = "StandbyMemory"
    PRIMARY_ALLOWANCE_EXCEEDED = "PrimaryAllowanceExceeded"
    STANDBY_ALLOWANCE_EXCEEDED = "StandbyAllowanceExceeded"
    CONNECTIONS_NEARLY_FULL = "ConnectionsNearlyFull"
    PACKETS_LOST = "PacketsLost"
    BACKENDS_BROKEN = "BackendsBroken"
    NEVER_ONLINE = "NeverOnline"
    CANNOT_JUDGE = "CannotJudge"
    SPLIT = "Split"
    NO_SUBNETS = "NoSubnets"
    CONTROL_DOWN = "ControlDown"
    PASSIVE_NAT_UNHEALTHY = "PassiveNatUnhealthy"
    OFFLINE_WHILE_LOCKED = "OfflineWhileLocked"
    LOCK_UNREADABLE = "LockUnreadable"
    LOCK_FAILED = "LockFailed"
    ROUTES_DIFFER = "RoutesDiffer"
    EGRESS_ELSEWHERE = "EgressElsewhere"
    PASSIVE_NAT_WITHOUT_ADDRESS = "PassiveNatWithoutAddress"
    FAILED_OVER = "FailedOver"
    FAILOVER_FAILED = "FailoverFailed"
    SWAP_SECONDS = "SwapSeconds"
    DETECTION_SECONDS = "DetectionSeconds"
    BACKENDS_ONLINE_AFTER = "BackendsOnlineAfter"
    FAILOVER_BLOCKED = "FailoverBlocked"
    NOT_TOLD = "NotTold"
