"""Rules 7, 8 and 10: what an invocation must have told, or let go, by its end, whatever came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.lock.held import ClaimLostError, LockChangedError
from nat_failover.network.route_tables import RouteTablesError, SwapFailedError
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.cloud.functions import Invocation
from tests.lab.lab import Lab
from tests.simulation.account.account import ModelAccount
from tests.simulation.rules.evidence import Tolerance
from tests.simulation.rules.locklog import LockLog

DECLARED = (
    *(ClientError, BotoCoreError, RouteTablesError, SwapFailedError),
    *(ClaimLostError, LockChangedError, FunctionEndedError),
)
# The metric by which an alarm fires, for each cause that a person has to look at.
METRICS = {
    "SPLIT": "Split",
    "NO_SUBNETS": "NoSubnets",
    "NEVER_ONLINE": "NeverOnline",
    "CANNOT_JUDGE": "CannotJudge",
    "UNCONFIRMED": "ControlDown",
    "CONTROL_DOWN": "ControlDown",
}


class Reports:
    """Judges every invocation by what it has told.

    Args:
        broken: called with the rule that is broken, and how.
    """

    def __init__(
        self, lab: Lab, account: ModelAccount, log: LockLog, tolerance: Tolerance, broken: Callable[[int, str], None]
    ) -> None:
        self._lab = lab
        self._account = account
        self._log = log
        self._tolerance = tolerance
        self._broken = broken
        self._changed_at = 0.0
        self._published: set[int] = set()
        self._refused: dict[int, str] = {}
        self._unread: set[int] = set()

    def changed(self) -> None:
        """Note that routes, associations or the function have changed."""
        self._changed_at = self._lab.world.now()

    def called(self, operation: str, serial: int) -> None:
        """Note a call of an invocation that took effect."""
        if operation == "Publish":
            self._published.add(serial)

    def struck(self, operation: str, serial: int, fate: str) -> None:
        """Note a call of an invocation that has come to nothing, as far as the invocation knows."""
        if operation in ("SendCommand", "CompleteLifecycleAction"):
            self._refused[serial] = f"{operation} ({fate})"
        elif operation == "GetParameters":
            self._unread.add(serial)

    def ended(self, invocation: Invocation, record: Mapping[str, Any] | None) -> None:
        """Judge an invocation by its result or error, and the metrics that it has written.

        Args:
            invocation: that has ended.
            record: that it has last written into the lock; None where it has written none.
        """
        if invocation.error is not None and not isinstance(invocation.error, DECLARED):
            self._broken(7, f"{type(invocation.error).__name__} is no declared error: {invocation.error}")
        if record is not None and record.get("state") == "failed" and invocation.error is None:
            self._broken(7, "the failover has failed, and the invocation has not")
        self._group_waits_no_more(invocation)
        if invocation.result is None:
            return
        refused = self._refused.get(invocation.serial)
        if refused is not None:
            self._broken(7, f"{refused} was refused, and the invocation ended as if nothing were the matter")
        result = invocation.result
        if not result["reason"]:
            self._broken(7, "a decision without a reason")
        if result["cause"] == "HEALTHY" and not self._lab.run_command.has_reached_a_host():
            self._broken(9, "all is said to be well, and no host has said anything yet")
        metric = METRICS.get(str(result["cause"]))
        if metric is not None and not _has(invocation, metric):
            self._broken(7, f"{result['cause']} without the metric {metric}")
        notified = invocation.serial in self._published or _has(invocation, "NotTold")
        if result.get("outcome") == "failed-over" and not notified:
            self._broken(7, "failed over, and people were not told")
        since = invocation.at - self._tolerance.stale
        self._judge_states(invocation, since)
        self._judge_routes(invocation, since)

    def _group_waits_no_more(self, invocation: Invocation) -> None:
        waits = invocation.event.get("detail", {}).get("LifecycleActionToken") in self._lab.cloud.auto_scaling.waiting
        kept = isinstance(invocation.error, FunctionEndedError) or invocation.serial in self._refused
        if waits and not kept:
            self._broken(10, "an invocation has ended, and the group that has told it of a termination waits still")

    def _judge_states(self, invocation: Invocation, since: float) -> None:
        state, says = self._log.steady(since), str(invocation.result and invocation.result["reason"])
        if invocation.serial in self._unread and says.endswith("the lock can't be read now"):
            return
        for of, metric in {"unreadable": "LockUnreadable", "failed": "LockFailed"}.items():
            if state == of and not _has(invocation, metric):
                self._broken(7, f"the lock says {of}, and no metric says so")
        if state == "armed" and self._changed_at < since and self._split(invocation) and not _has(invocation, "Split"):
            self._broken(7, "the subnets are split, and no metric says so")

    def _split(self, invocation: Invocation) -> bool:
        assert invocation.settings is not None
        return self._used().issuperset(invocation.settings.tables)

    def _used(self) -> set[str]:
        return {table for _, table in self._account.holdings.associations.values()}

    def _judge_routes(self, invocation: Invocation, since: float) -> None:
        settings, result = invocation.settings, invocation.result
        assert settings is not None
        assert result is not None
        routes = self._account.holdings.routes
        if (
            invocation.trigger != "tick"
            or result["decision"] != "HOLD"
            or self._changed_at >= since
            or len(set(settings.tables) & self._used()) != 1
            or self._log.steady(since) in (None, "failing-over")
            or not set(settings.tables) <= set(routes)
        ):
            return
        of_either = [_beside_the_nat(routes[table]) for table in settings.tables]
        if of_either[0] != of_either[1] and not _has(invocation, "RoutesDiffer"):
            self._broken(8, "the route tables differ, and no metric says so")


def _has(invocation: Invocation, metric: str) -> bool:
    return f'"{metric}":' in invocation.metrics


def _beside_the_nat(routes: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    keys = ("DestinationCidrBlock", "VpcPeeringConnectionId", "GatewayId", "InstanceId")
    found = {tuple(str(route.get(key)) for key in keys) for route in routes}
    return {route for route in found if route[0] != "0.0.0.0/0"}
