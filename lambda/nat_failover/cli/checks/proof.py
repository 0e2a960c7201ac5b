"""Pure: whether a failover is known to help: who has got through the passive NAT since the pair was armed."""

from __future__ import annotations

from dataclasses import dataclass

from nat_failover.cli.checks.finding import Findings, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.judging import passive_nat
from nat_failover.lock.record import LockState
from nat_failover.probing.observation import DELIVERY_TIMEOUT
from nat_failover.telling.formats import minute


@dataclass(frozen=True)
class Proof:
    """What backends have shown since the pair was armed.

    Attributes:
        since: when it was armed, seconds since the epoch; None where there is no parameter.
        through: ids of the backends that have got through the passive NAT since.
        needed: how many it takes.
        by: when the next round has told at the latest, seconds since the epoch.
    """

    since: float | None
    through: tuple[str, ...]
    needed: int
    by: float

    @property
    def is_given(self) -> bool:
        """Whether they are enough."""
        return len(self.through) >= self.needed

    @property
    def said(self) -> str:
        """Say what is missing."""
        since = "" if self.since is None else f" since {minute(self.since)}"
        return f"armed, but not proven{since}: the next round will tell by {minute(self.by + 59)}"


def proof(s: Snapshot) -> Proof | None:
    """Return what is proven; None where the pair is not armed, or nothing can be proven."""
    if s.view is None or s.passive is None or s.lock is None or s.lock.lock.state is not LockState.ARMED:
        return None
    since = s.lock.modified
    tried = passive_nat.tries(s.view.backends(s.settings), s.settings)
    through = tuple(o.host for o in tried if o.by_passive and (since is None or o.at >= since))
    return Proof(since, through, s.settings.failure_threshold, _next_answer(s))


def _next_answer(s: Snapshot) -> float:
    """Return when the passive NAT's next word is due: at the end of the watch that it has under way, or of the next."""
    words = s.view.observations if s.view else []
    ends = [o.running_until for o in words if o.host == s.passive and o.running_until is not None]
    later = s.now + s.settings.period + s.settings.window
    return DELIVERY_TIMEOUT + min(later, max([s.now, *ends])) if ends else DELIVERY_TIMEOUT + later


def not_proven(s: Snapshot) -> Findings:
    """An armed pair whose backends have not got through the passive NAT since; of an unfit one ``control`` tells."""
    found = proof(s)
    if found is None or found.is_given or s.view is None or s.passive is None:
        return
    if s.view.passive_trouble(s.passive, s.settings) is not None:
        return
    yield warning(
        "not-proven",
        found.said,
        f"{len(found.through)} backends have got through {s.nat_name(s.passive)} since, {found.needed} are needed",
        f"wait until then and look again; to look at the NAT now:\nnat-failover failover {s.pair.name} --dry-run"
        f"{s.options}",
    )


CHECKS = (not_proven,)
