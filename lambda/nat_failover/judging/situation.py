"""What is known when a decision is to be made: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockView
from nat_failover.network.egress_address import Addresses
from nat_failover.network.instances import Nat, gone
from nat_failover.network.route_table_pair import Tables
from nat_failover.probing.dating import Boots, dated
from nat_failover.probing.observation import Observation, State
from nat_failover.probing.rounds import Round
from nat_failover.probing.survey import latest_word
from nat_failover.settings import Settings


@dataclass(frozen=True)
class Situation:
    """All that a decision is made from.

    Attributes:
        active: route table that the protected subnets use; None where they are split or there are none.
        subnets: protected subnets by route table.
        passive_route: why the passive table's default route would not carry traffic; None where it would.
        backends: every observation of a backend, of all rounds that were read.
        control: every observation of the passive NAT.
    """

    now: float
    lock: LockState
    lock_reason: str
    active: str | None
    subnets: Mapping[str, Sequence[str]]
    passive_route: str | None
    backends: Sequence[Observation]
    control: Sequence[Observation]
    nats: Mapping[str, Nat] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """What was read at one time; observations by round, so that a round read again replaces what it said before.

    Attributes:
        egress: the Elastic IPs of the pair; None where it has none, or they were not read.
        boots: of hosts, as learnt from earlier answers.
        unread: ids of the rounds that Systems Manager had no time to tell of yet.
    """

    locks: LockView
    tables: Tables
    rounds: tuple[Round, ...]
    told: Mapping[str, tuple[Observation, ...]]
    instances: Mapping[str, Nat]
    egress: Addresses | None = None
    boots: Boots = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    @cached_property
    def observations(self) -> list[Observation]:
        """All observations of all rounds, each answer dated by all that its host has said."""
        return dated((o for told in self.told.values() for o in told), self.boots)

    def is_there(self, host: str) -> bool:
        """Return whether a backend runs in one of the pair's subnets.

        One that is stopped or gone is silent for a reason that is not the NAT's. Whatever the word of a host in another
        subnet is worth, it says nothing of this NAT; and whoever may tag instances must not so choose who is heard.
        """
        instance = self.instances.get(host)
        if instance is None or instance.state != "running":
            return False
        return instance.subnet in self._protected

    def may_run(self, host: str) -> bool:
        """Return whether an instance runs, as far as EC2 was asked about it."""
        instance = self.instances.get(host)
        return instance is None or instance.state == "running"

    def failed_answer(self, nat: str) -> Observation | None:
        """Return the latest answer of a passive NAT where nothing would be moved to it for that; else None."""
        answers = [o for o in self.observations if o.host == nat]
        latest = latest_word(answers) if answers else None
        return None if latest is None or latest.state in (State.REACHABLE, State.PENDING) else latest

    @cached_property
    def _protected(self) -> frozenset[str]:
        return frozenset(subnet for subnets in self.tables.subnets.values() for subnet in subnets)

    @property
    def unfinished(self) -> list[Round]:
        """Rounds in which somebody has yet to finish."""
        return [asked for asked in self.rounds if any(o.running_until is not None for o in self.told[asked.command_id])]

    def situation(self, settings: Settings, now: float) -> Situation:
        """Return what a decision is made from."""
        active = self.tables.active
        passive = None if active is None else self.tables.by_id[settings.other_table(active)]
        control = None if passive is None else settings.nat_of(passive.table_id)
        return Situation(
            now=now,
            lock=self.locks.lock.state,
            lock_reason=self.locks.lock.reason,
            active=active,
            subnets=self.tables.subnets,
            passive_route=None if passive is None else passive.trouble,
            backends=[o for o in self.observations if o.host not in settings.nats and self.is_there(o.host)],
            control=[o for o in self.observations if o.host == control],
            nats=self.instances,
        )

    def with_round(self, asked: Round) -> View:
        """Add a round that has just been sent: its hosts have been asked, and have said nothing yet."""
        return replace(self, rounds=(asked, *self.rounds), told={**self.told, asked.command_id: unanswered(asked)})


def why_unfit(route: str | None, instance_id: str, nats: Mapping[str, Nat]) -> str | None:
    """Return why a passive NAT can't take over, by what EC2 says; None where EC2 has nothing against it.

    Args:
        route: what is wrong with its table's default route; None where nothing is.
        instance_id: of the NAT.
        nats: instances as EC2 describes them. One that is missing is gone.
    """
    obstacles = obstacles_to(route, nats.get(instance_id, gone(instance_id)))
    if not obstacles:
        return None
    part, reason = next(iter(obstacles.items()))
    return reason if part is Requirement.ROUTE else f"the passive NAT {instance_id} {reason}"


class Requirement(StrEnum):
    """What a NAT needs to carry traffic, as far as EC2 knows it."""

    ROUTE = "route"
    INSTANCE = "instance"
    CHECK = "source/destination check"


def obstacles_to(route: str | None, nat: Nat) -> dict[Requirement, str]:
    """Return all that stands against a NAT, by what EC2 says; but for the route, to be read after the NAT's name.

    Args:
        route: what is wrong with its table's default route; None where nothing is.
        nat: as EC2 describes it.
    """
    found = {Requirement.ROUTE: route, Requirement.INSTANCE: nat.not_running, Requirement.CHECK: nat.dropped}
    return {part: reason for part, reason in found.items() if reason is not None}


def unanswered(asked: Round) -> tuple[Observation, ...]:
    """Return what is known of the hosts of a round of which nothing has been read: that they have been asked."""
    at = asked.asked_at
    return tuple(
        Observation(host, State.PENDING, at, at, at, False, running_until=asked.ends_at) for host in asked.hosts
    )
