"""Pure: the doctor's checks, one module a concern; each takes a snapshot and yields what it finds.

Where what a check looks at could not be read, it finds nothing: that it could not be read is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from nat_failover.cli.checks import (
    backends,
    clocks,
    endpoints,
    function,
    health,
    lock,
    nats,
    network,
    people,
    proof,
    role,
    tables,
)
from nat_failover.cli.checks.finding import Finding, Findings, Gravity
from nat_failover.cli.snapshot.snapshot import CALLED, Snapshot

CHECKS: tuple[Callable[[Snapshot], Findings], ...] = (
    *lock.CHECKS,
    *nats.CHECKS,
    *tables.CHECKS,
    *backends.CHECKS,
    *health.CHECKS,
    *proof.CHECKS,
    *endpoints.CHECKS,
    *network.CHECKS,
    *function.CHECKS,
    *role.CHECKS,
    *people.CHECKS,
    *clocks.CHECKS,
)
ORDER = list(Gravity)


def examine(snapshot: Snapshot) -> list[Finding]:
    """Do all checks; the worst findings come first, and that the pair is locked last of them: to re-arm comes last."""
    found = [finding for check in CHECKS for finding in check(snapshot)]
    found += [
        Finding(
            "unread",
            Gravity.UNKNOWN,
            f"{CALLED.get(what, what)} could not be read",
            why,
            f"choose another --profile, or ask for the permission; a policy with all that it takes:\n"
            f"nat-failover policy reader {snapshot.pair.name}{snapshot.options}",
        )
        for what, why in sorted(snapshot.unread.items())
    ]
    return sorted(found, key=lambda finding: (ORDER.index(finding.severity), finding.check == "locked"))
