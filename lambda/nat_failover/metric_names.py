"""The metrics that the function writes, and the stack's alarms and dashboard read."""

from __future__ import annotations

from enum import StrEnum

from nat_failover.names import PRODUCT

NAMESPACE = PRODUCT
# The one dimension; its value is the pair's name.
DIMENSION = "service"


class Metric(StrEnum):
    """A metric of the function.

    The first five have a value at every look of the function, Tick at every tick. The others have one only while there
    is something to tell, for a metric costs by the hour that has a value: no value means that all is well.
    """

    BACKENDS_REACHABLE = "BackendsReachable"
    BACKENDS_UNREACHABLE = "BackendsUnreachable"
    BACKENDS_SILENT = "BackendsSilent"
    LOCKED = "Locked"
    STANDBY_ACTIVE = "StandbyActive"
    TICK = "Tick"
    BACKENDS_BROKEN = "BackendsBroken"
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
    NOT_TOLD = "NotTold"
