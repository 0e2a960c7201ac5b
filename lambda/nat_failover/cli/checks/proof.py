"""Pure: what proves that the NATs carry traffic: who has got through them, and what their kernels do."""

from __future__ import annotations

from dataclasses import dataclass

from nat_failover.cli.checks.backends import is_over, latest
from nat_failover.cli.checks.finding import Finding, Findings, Gravity, error, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.judging import passive_nat
from nat_failover.lock.record import LockState
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import DELIVERY_TIMEOUT
from nat_failover.telling.formats import ago, minute


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
    def in_words(self) -> str:
        """What is missing, a sentence for people."""
        since = "" if self.since is None else f" since {minute(self.since)}"
        return f"armed, but not proven{since}: the next round will tell, by {minute(self.by + 59)}"


def proof(s: Snapshot) -> Proof | None:
    """Return what is proven; None where the pair is not armed, or nothing can be proven."""
    if s.view is None or s.passive is None or s.lock is None or s.lock.lock.state is not LockState.ARMED:
        return None
    since = s.lock.modified
    tried = passive_nat.tries(s.view.backends, s.settings)
    through = tuple(o.host for o in tried if o.by_passive and (since is None or o.at >= since))
    return Proof(since, through, s.settings.failure_threshold, _next_answer(s))


def _next_answer(s: Snapshot) -> float:
    """Return when the passive NAT's next word is due: at the end of the watch that it has under way, or of the next."""
    observations = s.view.observations if s.view else []
    ends = [o.running_until for o in observations if o.host == s.passive and o.running_until is not None]
    later = s.now + s.settings.period + s.settings.window
    return DELIVERY_TIMEOUT + min(later, max([s.now, *ends])) if ends else DELIVERY_TIMEOUT + later


def not_proven(s: Snapshot) -> Findings:
    """An armed pair whose backends have not got through the passive NAT since; of an unfit one ``control`` tells."""
    found = proof(s)
    if found is None or found.is_given or s.view is None or s.passive is None:
        return
    if s.view.passive_trouble is not None:
        return
    yield warning(
        "not-proven",
        found.in_words,
        f"{len(found.through)} of the {found.needed} backends needed have got through {s.nat_name(s.passive)} since",
        f"wait until then and look again; to look at the NAT now:\nnat-failover failover {s.pair.name} --dry-run"
        f"{s.options}",
    )


def kernels(s: Snapshot) -> Findings:
    """A NAT whose kernel does not forward, or does not translate, as it has just said itself."""
    for nat, found in (s.kernels or {}).items():
        why = "its subnets are offline" if nat == s.active else "after a failover the subnets would be offline"
        session = f"aws ssm start-session --target {nat}{s.options}\n"
        if found.forwarding is False:
            what = f"{s.nat_name(nat)} does not forward: net.ipv4.ip_forward is 0"
            yield error("nat-not-forwarding", what, why, f"{session}sudo sysctl -w net.ipv4.ip_forward=1")
        if found.translating is False:
            what = f"{s.nat_name(nat)} does not translate: none of its rules masquerades"
            remedy = "bring back its rules (runbook, by hand); to see which it has:\n"
            yield error("nat-not-translating", what, why, f"{remedy}{session}sudo nft list ruleset")


def kernels_unread(s: Snapshot) -> Findings:
    """A NAT that was asked, and of which it is not known whether it forwards and translates."""
    inspected = {nat: found for nat, found in (s.kernels or {}).items() if found.has_document}
    unread = {nat: found for nat, found in inspected.items() if not (found.is_read or found.is_unfit)}
    forbidden = [nat for nat, found in unread.items() if found.forbidden]
    if forbidden:
        names = " and ".join(s.nat_name(nat) for nat in forbidden)
        yield Finding(
            "nat-not-asked",
            Gravity.UNKNOWN,
            f"{names} could not be asked",
            "you have no permission to send them the document that looks at a NAT",
            f"ask for an operator's policy (nat-failover policy operator {s.pair.name}{s.options}), or leave the NATs "
            f"alone:\nnat-failover doctor {s.pair.name} --no-hosts{s.options}",
        )
    for nat in sorted(unread.keys() - set(forbidden)):
        yield Finding(
            "nat-not-asked",
            Gravity.UNKNOWN,
            f"not known whether {s.nat_name(nat)} forwards and translates",
            unread[nat].why or "its kernel does not show it",
            f"see whether its agent is connected:\naws ssm get-connection-status --target {nat}{s.options}",
        )


CHECKS = (not_proven, kernels, kernels_unread)


# What a kernel says of itself, for people; None where that is not known.
FORWARDS = {True: "forwards", False: "does not forward", None: "not known whether it forwards"}
TRANSLATES = {True: "translates", False: "does not translate", None: "not known whether it translates"}


def evidence(s: Snapshot) -> list[str]:
    """Return for people what is known of each NAT: what its kernel does, and how many backends get through it."""
    if s.view is None or s.active is None or s.passive is None:
        return []
    observations = [observation for observation in latest(s).values() if not is_over(s, observation)]
    online = [observation.state is State.REACHABLE for observation in observations]
    newest = max((observation.at for observation in observations), default=s.now)
    age = f", heard {ago(newest, s.now)} ago" if s.now - newest > s.settings.period else ""
    tried = [bool(o.by_passive) for o in passive_nat.tries(s.view.backends, s.settings)]
    get = "gets" if sum(tried) == 1 else "get"
    through = f"{sum(tried)} of {len(tried)} backends {get} through it" if tried else "no backend has tried it lately"
    return [
        f"{s.nat_name(s.active)}: {_kernel(s, s.active)}; {sum(online)} of {len(online)} backends online through it"
        + age,
        f"{s.nat_name(s.passive)}: {_kernel(s, s.passive)}; {through}",
    ]


def _kernel(s: Snapshot, nat: str) -> str:
    if s.kernels is None:
        return "not asked"
    found = s.kernels.get(nat)
    if found is None:
        return "can't be asked"
    if (found.forwarding, found.translating) == (None, None):
        return "not known whether it forwards and translates"
    return f"{FORWARDS[found.forwarding]}, {TRANSLATES[found.translating]}"
