"""Pure: what was read of AWS at one time, and the situation that it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf

from nat_failover.judging import passive_nat
from nat_failover.judging.first_online import before_failures, mark, marks_of, worked
from nat_failover.judging.fitness import Requirement, obstacles_to
from nat_failover.judging.situation import Situation
from nat_failover.judging.while_locked import moved_at
from nat_failover.lock.store import LockView
from nat_failover.network.announced import Announced
from nat_failover.network.egress_address import Addresses
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Tables
from nat_failover.probing.dating import Boots, dated
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Round
from nat_failover.probing.signals import relayed
from nat_failover.probing.survey import all_pending, has_listened
from nat_failover.settings import Settings


@dataclass(frozen=True)
class View:
    """What was read at one time; observations by round, so that a round read again replaces what it said before.

    Attributes:
        settings: of the pair.
        egress: the Elastic IPs of the pair; None where it has none, or they were not read.
        boots: of hosts, as learnt from earlier answers.
        announced: ends of NATs that AWS has announced, by instance id.
        is_described: whether EC2 has described all instances just now, those of the backends, too.
        are_all_known: whether EC2 has told of all backends, and not only of those that were asked.
        unread: ids of the rounds that Systems Manager had no time to tell of yet.
        looking_since: when the invocation began to look.
        drills: the marks of drills.
    """

    settings: Settings
    locks: LockView
    tables: Tables
    rounds: tuple[Round, ...]
    by_round: Mapping[str, tuple[Observation, ...]]
    instances: Mapping[str, Nat]
    egress: Addresses | None = None
    boots: Boots = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    looking_since: float = inf
    is_described: bool = False
    are_all_known: bool = False
    announced: Mapping[str, Announced] = field(default_factory=dict)
    drills: tuple[Round, ...] = ()

    @classmethod
    def of(
        cls,
        settings: Settings,
        locks: LockView,
        tables: Tables,
        rounds: Sequence[Round],
        by_round: Mapping[str, tuple[Observation, ...] | None],
        instances: Mapping[str, Nat],
    ) -> View:
        """Return what was read; None stands for a round that Systems Manager had no time to tell of."""
        known = {r.command_id: all_pending(r) if (read := by_round[r.command_id]) is None else read for r in rounds}
        unread = frozenset(command_id for command_id, read in by_round.items() if read is None)
        return cls(settings, locks, tables, tuple(rounds), known, tables.seen_through(instances), unread=unread)

    @cached_property
    def observations(self) -> list[Observation]:
        """All observations of all rounds, each answer dated by all that its host has said; without signals."""
        return dated((o for observations in self.by_round.values() for o in observations), self.boots)

    @cached_property
    def by_address(self) -> dict[str, str]:
        """Ids of the backends that run in the pair's subnets, by private address; other networks may have the same."""
        there = [instance for host, instance in self.instances.items() if self.is_there(host)]
        return {address: instance.instance_id for instance in there for address in instance.addresses}

    @property
    def nats(self) -> tuple[str, str]:
        """The ids of the active and the passive NAT; empty where no table is the active one."""
        if self.tables.active is None:
            return "", ""
        active, passive = self.settings.sides(self.tables.active)
        return active.nat, passive.nat

    @cached_property
    def addresses(self) -> tuple[str, str]:
        """The private addresses of the active and the passive NAT; empty where they are not known."""
        nats = [self.instances.get(nat) for nat in self.nats]
        found = ["" if nat is None or nat.address is None else nat.address for nat in nats]
        return found[0], found[1]

    @cached_property
    def with_signals(self) -> Sequence[Observation]:
        """All observations, with what signals say.

        What was said of other NATs, before the last swap, is no evidence of these: only that its host was online.
        """
        now = self.addresses
        found: list[Observation] = []
        for o in self.observations:
            # A NAT that is terminated has no address any more.
            same = o.about[1] == now[1] and (o.about[0] in (now[0], "") or not now[0])
            found.append(o if same else replace(o, by_active=None, by_passive=None, signals=None))
            if same and o.signals and self._has_address(o.host, now[1]):
                found += relayed(o, self.by_address)
        if not self.settings.prove_active:
            return [replace(o, by_active=None) for o in found]
        if has_listened(self.nats[0], found):
            return found
        return [replace(o, by_active=o.by_active or None) for o in found]

    def worked(self, until: float = inf) -> dict[str, str]:
        """Return the marks of the NATs that backends have been online through, by what this view holds alone.

        Args:
            until: who says later that it is online, does not count.
        """
        if self.tables.active is None:
            return {}
        of_backends = [o for o in self.observations if self._is_backend(o.host)]
        for o in self.observations:
            if o.signals and self._has_address(o.host, o.about[1]):
                of_backends += relayed(o, self.by_address)
        return worked(of_backends, self.tables.active, self.addresses, self.settings, until)

    def has_worked(self, until: float = inf) -> bool:
        """Return whether a backend was ever online through the active NAT: by this view, or by what is remembered."""
        active = self.tables.active
        if active is None:
            return False
        role, known = self.settings.role_of(active), marks_of(self.locks.memory.text)
        return mark(active, self.settings) in (known.get(role), self.worked(until).get(role))

    def _has_address(self, host: str, address: str) -> bool:
        instance = self.instances.get(host)
        return instance is not None and address in instance.addresses

    def is_there(self, host: str) -> bool:
        """Return whether a backend runs in one of the pair's subnets.

        One that is stopped or gone is silent for a reason that is not the NAT's. Whatever the word of a host in another
        subnet is worth, it says nothing of this NAT; and whoever may tag instances must not so choose who is heard.
        """
        instance = self.instances.get(host)
        return instance is not None and instance.state == "running" and instance.subnet in self._protected

    def may_run(self, host: str) -> bool:
        """Return whether an instance runs, as far as EC2 was asked about it."""
        instance = self.instances.get(host)
        return instance is None or instance.state == "running"

    @cached_property
    def _protected(self) -> frozenset[str]:
        return frozenset(subnet for subnets in self.tables.subnets.values() for subnet in subnets)

    @property
    def unfinished(self) -> list[Round]:
        """Rounds in which somebody has yet to finish."""
        return [r for r in self.rounds if any(o.running_until is not None for o in self.by_round[r.command_id])]

    @cached_property
    def backends(self) -> Sequence[Observation]:
        """Every observation of a backend that is there, direct or relayed."""
        return [o for o in self.with_signals if self._is_backend(o.host)]

    def _is_backend(self, host: str) -> bool:
        return host not in self.settings.nats and self.is_there(host)

    @property
    def listeners(self) -> Sequence[Observation]:
        """What the passive NAT has said."""
        _, passive = self.nats
        return [o for o in self.with_signals if o.host == passive]

    @cached_property
    def passive_trouble(self) -> str | None:
        """What the passive NAT, or what backends have tried through it, says against it; None for nothing."""
        _, passive = self.nats
        return passive_nat.trouble(passive, self.listeners, self.backends, self.settings)

    def situation(self, now: float) -> Situation:
        """Return what a decision is made from."""
        active = self.tables.active
        passive = None if active is None else self.tables.by_id[self.settings.other_table(active)]
        return Situation(
            now=now,
            lock=self.locks.lock.state,
            lock_reason=self.locks.lock.reason,
            active=active,
            subnets=self.tables.subnets,
            passive_route=None if passive is None else passive.trouble,
            backends=self.backends,
            listeners=self.listeners,
            nats=self.instances,
            active_unfit=self._is_active_unfit,
            looking_since=self.looking_since,
            has_worked=self.has_worked(before_failures(self.backends)),
            passive_trouble=self.passive_trouble,
            fleet=self._fleet(now) if self.is_described else (),
            announced=self.announced,
            moved_at=moved_at(self.locks.lock),
        )

    def _fleet(self, now: float) -> tuple[Nat, ...]:
        """Return the backends' instances that ran of late; of what is terminated EC2 does not say in which subnet.

        Of a few that were asked before an environment began to stop nobody can tell whether most of it stays.
        """
        there, sampled = {*self._protected, None}, {o.host for o in self.observations}
        found = tuple(
            i
            for i in self.instances.values()
            if i.instance_id not in self.settings.nats
            and i.subnet in there
            and (i.instance_id in sampled or i.has_run(now))
        )
        return found if self.are_all_known or len(found) >= self.settings.failure_threshold else ()

    @property
    def _is_active_unfit(self) -> bool:
        """Whether EC2 says that it drops what backends send through the active NAT, not what they send to it."""
        if self.tables.active is None:
            return False
        nat = self.instances.get(self.nats[0])
        found = {} if nat is None else obstacles_to(self.tables.by_id[self.tables.active].trouble, nat)
        return Requirement.ROUTE in found or Requirement.CHECK in found

    @property
    def is_nat_ending(self) -> bool:
        """Whether the active NAT goes, or is to go, by AWS's word."""
        active, _ = self.nats
        nat = self.instances.get(active)
        return active in self.announced or (nat is not None and nat.is_leaving)

    def with_round(self, round_: Round) -> View:
        """Add a round that has just been sent: its hosts have been asked, and have said nothing yet."""
        return replace(
            self, rounds=(round_, *self.rounds), by_round={**self.by_round, round_.command_id: all_pending(round_)}
        )
