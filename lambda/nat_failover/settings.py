"""What the function is told, parsed once from its environment into one frozen, validated object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Literal

from nat_failover.environment import (
    FAILURES,
    FRESHNESS,
    INTERVAL,
    LARGEST_SAMPLE,
    LONGEST_WINDOW,
    MINUTES,
    PREFIX,
    RUNBOOK,
    SAMPLE,
    SHARE,
    VARIABLES,
    WARM_UP,
    Handover,
    Mode,
    SettingsError,
    read,
    refusal,
)
from nat_failover.names import Names

__all__ = [
    "FAILURES",
    "FRESHNESS",
    "INTERVAL",
    "LARGEST_SAMPLE",
    "LONGEST_WINDOW",
    "MINUTES",
    "RUNBOOK",
    "SAMPLE",
    "SHARE",
    "WARM_UP",
    "Handover",
    "Mode",
    "Settings",
    "Side",
]


@dataclass(frozen=True)
class Side:
    """One side of the pair: its role as configured, its route table, and the instance id of its NAT."""

    role: str
    table: str
    nat: str


@dataclass(frozen=True)
class Settings:
    """What the function is told; durations in seconds.

    Attributes:
        probe_document_hash: with which the document is sent; empty where the deployment was made before there was one.
        failure_share: more than so many per cent of the backends heard have to be offline, beside the threshold.
        prove_active: whether backends try the active NAT's proof port; not where nothing can listen there.
        freshness: an observation older than this is no evidence.
        confirm_for: how long an invocation waits for the evidence that it is missing.
        gather_for: how long the first failure after a time of health is given to be joined by others.
        claim_lease: how long a claim protects its holder; longer than the function may run.
        mirror_endpoints: gateway endpoints that the function may have add their route to a table.
        primary_interface: whoever has this network interface is the primary NAT; None where an instance is.
        standby_interface: the same of the standby.
        auto_scaling_groups: names of those that a NAT is in, and that wait for the pair before they terminate it.
        egress_allocation: the Elastic IP that follows the active NAT; None where none does.
        standby_egress_allocation: the one that the passive NAT has meanwhile; None where the pair has no second.
        runbook: address of the runbook, for mails; empty where the configuration does not say.
    """

    pair: str
    lock_parameter: str
    claim_parameter: str
    told_parameter: str
    probe_document: str
    probe_tag_key: str
    probe_tag_value: str
    primary_route_table: str
    standby_route_table: str
    primary_instance: str
    standby_instance: str
    topic: str
    claim_lease: float
    probe_document_hash: str = ""
    probe_document_hash_type: Literal["Sha1", "Sha256"] = "Sha256"
    mode: Mode = Mode.AUTOMATIC
    handover: Handover = Handover.AUTOMATIC
    targets: tuple[str, ...] = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
    interval: float = 0.5
    failures: int = 3
    window: int = 600
    period: int = 60
    warm_up: int = 300
    freshness: float = 30.0
    failure_threshold: int = 3
    sample_size: int = 10
    failure_share: int = 50
    prove_active: bool = True
    mirror_routes: bool = False
    mirror_endpoints: tuple[str, ...] = ()
    primary_interface: str | None = None
    standby_interface: str | None = None
    auto_scaling_groups: tuple[str, ...] = ()
    egress_allocation: str | None = None
    standby_egress_allocation: str | None = None
    runbook: str = ""
    confirm_for: float = 12.0
    gather_for: float = 3.0

    @property
    def watches(self) -> bool:
        """Whether rounds watch for a window; else each is one quick check a tick."""
        return self.window > 0

    def is_share(self, failed: int, counted: int) -> bool:
        """Return whether so many backends of those heard are a large enough share: a few sick ones are no dead NAT."""
        return failed * 100 > counted * self.failure_share

    def is_enough(self, failed: int, counted: int) -> bool:
        """Return whether so many backends of those heard are as many as a failover takes, and a large enough share."""
        return failed >= self.failure_threshold and self.is_share(failed, counted)

    @property
    def region(self) -> str:
        """The region that the pair is in: its topic's."""
        return self.topic.split(":")[3]

    @property
    def account(self) -> str:
        """The account that the pair is in."""
        return self.topic.split(":")[4]

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        return Names(self.pair).log_group

    @property
    def lifecycle_hook(self) -> str:
        """Name of the pair's hook in each of its Auto Scaling groups."""
        return Names(self.pair).plain

    @property
    def nats(self) -> tuple[str, str]:
        """The instance ids of both NATs, the primary's first."""
        return (self.primary_instance, self.standby_instance)

    @property
    def nats_by_id(self) -> tuple[str, ...]:
        """Those that the deployment names; whoever has a network interface may be asked by its tag only."""
        fixed = zip(self.nats, (self.primary_interface, self.standby_interface), strict=True)
        return tuple(nat for nat, interface in fixed if interface is None)

    @property
    def tables(self) -> tuple[str, str]:
        """The ids of both route tables, the primary's first."""
        return (self.primary_route_table, self.standby_route_table)

    def other_table(self, table: str) -> str:
        """Return the pair's other route table."""
        return self.standby_route_table if table == self.primary_route_table else self.primary_route_table

    def sides(self, active: str) -> tuple[Side, Side]:
        """Return the active and the passive side, while the subnets use a route table."""
        active_side, passive = (
            Side(self.role_of(table), table, self.nat_of(table)) for table in (active, self.other_table(active))
        )
        return active_side, passive

    def nat_of(self, table: str) -> str:
        """Return the instance id of the NAT that a route table of the pair leads to."""
        return self.primary_instance if table == self.primary_route_table else self.standby_instance

    def interface_of(self, table: str) -> str | None:
        """Return the network interface whose holder is the NAT that a route table leads to; None where it is fixed."""
        return self.primary_interface if table == self.primary_route_table else self.standby_interface

    def role_of(self, table: str) -> str:
        """Return the configured role, ``primary`` or ``standby``, of a route table of the pair."""
        return "primary" if table == self.primary_route_table else "standby"

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> Settings:
        """Return the settings of the environment, every variable checked.

        Raises:
            SettingsError: with a sentence for each variable that is missing or not allowed.
        """
        # Who has an interface is known once the route tables have been read; until then it stands for its holder.
        by_interface = {r for r in ("primary", "standby") if f"{PREFIX}{r}_INTERFACE".upper() in environ}
        values = read(environ, VARIABLES, _MANDATORY - {f"{role}_instance" for role in by_interface})
        values |= {f"{role}_instance": values[f"{role}_interface"] for role in by_interface}
        settings = Settings(**values)  # type: ignore[arg-type]
        problems = list(_at_odds(settings))
        if problems:
            raise SettingsError(problems)
        return settings


def _at_odds(s: Settings) -> Iterator[str]:
    """Return which settings don't go together, each of them being allowed."""
    if s.standby_route_table == s.primary_route_table:
        yield refusal("standby_route_table", s.standby_route_table, "another route table than the primary's")
    if s.standby_instance == s.primary_instance:
        yield refusal("standby_instance", s.standby_instance, "another instance than the primary")
    if s.claim_parameter == s.lock_parameter:
        yield refusal("claim_parameter", s.claim_parameter, "another parameter than the lock")
    if s.told_parameter in (s.lock_parameter, s.claim_parameter):
        yield refusal("told_parameter", s.told_parameter, "another parameter than the lock and the claim")
    if s.standby_egress_allocation is not None and s.standby_egress_allocation == s.egress_allocation:
        allowed = "another Elastic IP than the egress address"
        yield refusal("standby_egress_allocation", s.standby_egress_allocation, allowed)
    if s.standby_egress_allocation is not None and s.egress_allocation is None:
        allowed = f"left out without {PREFIX}EGRESS_ALLOCATION, with which it changes places"
        yield refusal("standby_egress_allocation", s.standby_egress_allocation, allowed)
    if s.sample_size < s.failure_threshold:
        least = f"at least {PREFIX}FAILURE_THRESHOLD ({s.failure_threshold})"
        yield refusal("sample_size", s.sample_size, f"{least}, or no failure could ever be seen")
    if 0 < s.window < 2 * s.period:
        allowed = f"0 or at least twice {PREFIX}PERIOD ({s.period}), or hosts go unwatched from one round to the next"
        yield refusal("window", s.window, allowed)


_MANDATORY = frozenset(each.name for each in fields(Settings) if each.default is MISSING)
