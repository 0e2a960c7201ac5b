"""Looks at lock, tables, rounds and instances: reads as much as possible at the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import is_passing
from nat_failover.clients import PairServices
from nat_failover.events import StatusChange, Trigger
from nat_failover.judging.view import View
from nat_failover.lock.store import UNREAD, LockView
from nat_failover.network.announced import Announcements
from nat_failover.network.instances import Nat
from nat_failover.probing.dating import Boots, boots_of
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Round, drills_of, look_back, worth_reading
from nat_failover.probing.run_command import Reading

log = logging.getLogger(__name__)

# A request takes 200 values of filters at most: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
MOST_ADDRESSES = 190
# For how many seconds the list of rounds, and the lock where something hangs on it, are tried again where AWS throttles
# them, and after which pauses.
LIST_FOR, LOCK_FOR, AGAIN = 10.0, 6.0, (0.5, 1.5)

T = TypeVar("T")


class Lookout:
    """Reads all that a decision is made from."""

    def __init__(self, services: PairServices) -> None:
        self._settings = services.settings
        self._runtime = services.runtime
        self._lock = services.lock
        self._routes = services.routes
        self._probe = services.probe
        self._instances = services.instances
        self._egress = services.egress
        clients = services.clients
        self._tag = (services.settings.probe_tag_key, services.settings.probe_tag_value)
        self._announcements = Announcements(clients.ec2, clients.autoscaling, services.settings, services.runtime)
        # Backends as they were looked up last: an instance never changes its subnet.
        self._met: dict[str, Nat] = {}
        self._boots: Boots = {}
        # Rounds of which nobody has anything more to say.
        self._complete: dict[str, Reading] = {}
        # Addresses that were heard, and are no backend's.
        self._nobodys: set[str] = set()

    def look(self, trigger: Trigger, locks: LockView | None = None) -> View:
        """Read everything, but the lock where it has just been read.

        An event names the round that it is about, and every tenth of a second counts: that round is read without
        waiting for the list of rounds, and of the backends only those are looked up that this process has never seen.

        Raises:
            botocore.exceptions.ClientError: AWS refuses.
            RouteTablesError: a route table of the pair is missing.
            NatReplacedError: another instance has the network interface of a NAT than the settings say.
        """
        now = self._runtime.now()
        calls: list[Callable[[], Any]] = [
            self._lock_now if locks is None or not locks.is_read else lambda: locks,
            self._routes.read,
            partial(self._rounds, now),
        ]
        if isinstance(trigger, StatusChange):
            command_id = trigger.command_id
            nats = self._settings.nats
            calls += [lambda: self._probe.reading_now(command_id), lambda: self._instances.describe(nats)]
            locks, tables, rounds, reading, instances = self._runtime.together(calls)
            tables.check_holders(self._settings)
            chosen = worth_reading(rounds, now, self._settings)
            hosts = {host for round_ in chosen for host in round_.hosts} - instances.keys()
            known = {} if reading is None else {command_id: reading}
            by_round, met = self._runtime.together(
                [lambda: self._observations(chosen, known), lambda: self._meet(hosts)]
            )
            return self._learnt(
                View.of(self._settings, locks, tables, chosen, by_round, {**met, **instances}), rounds, now
            )
        # At ticks only: no decision hangs on where the address is.
        if self._egress is not None:
            calls.append(self._egress.read)
        locks, tables, rounds, *egress = self._runtime.together(calls)
        tables.check_holders(self._settings)
        chosen = worth_reading(rounds, now, self._settings, watches=2)
        ids = [*self._settings.nats, *{host for round_ in chosen for host in round_.hosts}]
        by_round, instances = self._runtime.together(
            [lambda: self._observations(chosen, {}), lambda: self._instances.describe(ids)]
        )
        self._met = dict(instances)
        self._nobodys = set()
        self._boots = {key: boot for key, boot in self._boots.items() if key[0] in instances}
        view = View.of(self._settings, locks, tables, chosen, by_round, instances)
        announced = self._announcements.read(view.instances)
        view = replace(view, is_described=True, egress=egress[0] if egress else None, announced=announced)
        if view.is_nat_ending:
            view = self._with_backends(view, self._instances.tagged(self._tag), view.instances)
        return self._learnt(view, rounds, now)

    def _rounds(self, now: float) -> list[Round]:
        """List the rounds that may say anything yet; without them nothing can be judged, so it is tried again."""
        # What a watch said when the next one ended it holds as long as that.
        since = now - look_back(self._settings) - self._settings.window
        return self._insist(lambda: self._probe.rounds(since), now + LIST_FOR)

    def _insist(self, read: Callable[[], T], until: float) -> T:
        """Return what is read, which is tried again until then where AWS throttles it."""
        while True:
            try:
                return read()
            except (ClientError, BotoCoreError) as error:
                if not is_passing(error) or self._runtime.now() >= until:
                    raise
            self._runtime.sleep(self._runtime.random.uniform(*AGAIN))

    def _learnt(self, view: View, rounds: list[Round], began_at: float) -> View:
        """Learn whose signals were heard, and of the hosts' boots, for as long as this process lives."""
        view = self._meet_signalling(view)
        self._boots = boots_of((o for observations in view.by_round.values() for o in observations), self._boots)
        return replace(view, boots=self._boots, looking_since=began_at, drills=drills_of(rounds))

    def _lock_now(self) -> LockView:
        """Read lock and claim once: most invocations find that all is well, whatever they say."""
        try:
            return self._lock.read()
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise
            log.warning("the lock can't be read now", extra={"error": str(error)})
            return UNREAD

    def look_at_lock(self) -> LockView:
        """Read lock and claim; where AWS throttles, it is tried again for some seconds.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        return self._insist(self._lock.read, self._runtime.now() + LOCK_FOR)

    def describe_again(self, view: View) -> View:
        """Describe all instances anew that the view knows, and ask what is announced of them."""
        hosts = [*self._settings.nats, *sorted({o.host for o in view.observations})]
        # Whether an environment stops, those asked of late can't tell alone.
        tagged, described = self._runtime.together(
            [lambda: self._instances.tagged(self._tag), lambda: self._instances.describe(hosts)]
        )
        view = self._with_backends(view, tagged, described)
        return replace(view, announced=self._announcements.read(view.instances))

    @staticmethod
    def _with_backends(view: View, tagged: dict[str, Nat] | None, described: Mapping[str, Nat]) -> View:
        """Add all of the pair's backends, and what EC2 has said of those asked for by their ids; that counts first."""
        instances = view.tables.seen_through({**view.instances, **(tagged or {}), **described})
        return replace(view, instances=instances, are_all_known=tagged is not None)

    @property
    def refused(self) -> ClientError | BotoCoreError | None:
        """Why AWS did not tell what it has announced; None where it did. It stops no failover."""
        return self._announcements.refused

    def meet(self, view: View, hosts: Collection[str]) -> View:
        """Look hosts up that the view does not know yet."""
        strangers = set(hosts) - view.instances.keys()
        return replace(view, instances={**view.instances, **self._meet(strangers)}) if strangers else view

    def _meet_signalling(self, view: View) -> View:
        """Look up who has an address that a listener has heard and that nobody known has.

        Hosts that were sampled before go on signalling for some time. Of an address that is no backend's nothing is
        learnt, and it is not asked for again. Where EC2 can't say, as while a zone is disrupted, it is done without.
        """
        signalling = {s.address for of_round in view.by_round.values() for o in of_round for s in o.signals or ()}
        strangers = sorted(signalling - view.by_address.keys() - self._nobodys)[:MOST_ADDRESSES]
        if not strangers:
            return view
        try:
            found = self._instances.at(strangers, self._tag)
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise
            log.warning("EC2 can't say whose addresses were heard", extra={"error": str(error)})
            return view
        self._met |= found
        self._nobodys |= set(strangers) - {address for nat in found.values() for address in nat.addresses}
        return replace(view, instances={**found, **view.instances})

    def _meet(self, hosts: Collection[str]) -> dict[str, Nat]:
        strangers = sorted(set(hosts) - self._met.keys())
        if strangers:
            self._met |= self._instances.describe(strangers)
        return {host: self._met[host] for host in hosts}

    def _observations(
        self, rounds: list[Round], known: Mapping[str, Reading]
    ) -> dict[str, tuple[Observation, ...] | None]:
        """Return what the hosts of each round have said; None for a round that can't be read just now.

        Where all have answered it is not read again: that stands.
        """
        known = {**self._complete, **known}
        unread = [round_.command_id for round_ in rounds if round_.command_id not in known]
        calls = [partial(self._probe.reading_now, command_id) for command_id in unread]
        read = {**known, **dict(zip(unread, self._runtime.together(calls) if calls else [], strict=True))}
        found = {round_.command_id: read[round_.command_id] for round_ in rounds}
        self._complete = {
            round_.command_id: reading
            for round_ in rounds
            if (reading := found[round_.command_id]) is not None and reading.is_complete(round_.hosts)
        }
        return {
            round_.command_id: None
            if (reading := found[round_.command_id]) is None
            else tuple(self._probe.judge(round_, reading))
            for round_ in rounds
        }

    def look_again(self, view: View) -> View:
        """Read again the rounds in which somebody has yet to finish, and look up hosts not seen before."""
        unfinished = view.unfinished
        strangers = {o.host for o in view.observations} - view.instances.keys()
        calls: list[Callable[[], Any]] = [partial(self._probe.read_again, round_) for round_ in unfinished]
        if strangers:
            calls.append(lambda: self._meet(strangers))
        results = self._runtime.together(calls) if calls else []
        known = results.pop() if strangers else {}
        read = zip(unfinished, results, strict=True)
        fresh = {round_.command_id: tuple(observations) for round_, observations in read if observations is not None}
        return self._meet_signalling(
            replace(
                view,
                by_round={**view.by_round, **fresh},
                instances={**view.instances, **known},
                unread=view.unread - fresh.keys(),
            )
        )
