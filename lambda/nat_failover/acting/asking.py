"""Whom to ask next: rounds that are due, and what a decision lacks."""

from __future__ import annotations

from collections.abc import Mapping, Set

from nat_failover.acting.broken_off import is_broken_off, is_doubted
from nat_failover.acting.turns import Turns
from nat_failover.clients import PairServices
from nat_failover.events import StatusChange, Tick, Trigger
from nat_failover.judging.view import View
from nat_failover.lookout import Lookout
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import OVERLAP, Kind, Running, choose, watched_beyond
from nat_failover.probing.run_command import MOST_HOSTS, Addresses
from nat_failover.probing.survey import latest_of, survey, unanswered

# Where all backends that are known are watched, but fewer than the sample, new ones are looked for at every fifth tick.
LOOK_EVERY = 5


class Asking:
    """Sends rounds, and adds them to what is known.

    Args:
        services: the pair's fleet and probe.
        lookout: looks up who is new.
        turns: tells whether this process goes ahead of others.
    """

    def __init__(self, services: PairServices, lookout: Lookout, turns: Turns) -> None:
        self._settings = services.settings
        self._runtime = services.runtime
        self._fleet = services.fleet
        self._probe = services.probe
        self._lookout = lookout
        self._turns = turns
        # NATs that AWS let nobody ask, for instance since Systems Manager does not manage them, and when.
        self._left_out: dict[str, float] = {}

    def ask_who_is_due(self, view: View, trigger: Trigger) -> View:
        """Send the next round to those whose watch is over or about to be, and to new ones in place of those gone.

        Ticks do, and events that tell of a watch that was broken off: until the next tick the NAT may die, and where
        there are no endpoints nobody can be asked after that.

        A watch says only at its end that its host is online. As long as it is not known that any ever was through the
        active NAT, those who watch are asked for it by a quick check, once a watch: else the pair would not be
        protected till then. So are they where the NAT is another instance than before, which has only just started.
        """
        now = self._runtime.now()
        if isinstance(trigger, StatusChange) and self._turns.is_ahead and is_broken_off(view, trigger, now):
            return self._ask_due(view)
        if not isinstance(trigger, Tick):
            return view
        view = self._ask_due(view)
        since = self._unproven_since(view)
        if not self._settings.watches or since is None:
            return view
        nats = set(self._settings.nats)
        watching = {watch.host for watch in self._running(view)}
        checked = {o.host for o in view.observations if o.answers_soon and o.asked_at > since}
        return self.ask(view, Kind.CHECK, tuple(sorted(watching - nats - checked)))

    def _unproven_since(self, view: View) -> float | None:
        """Return since when a backend has to have been asked, as none is known to be online through the active NAT.

        None where one is. One that was restarted is waited for (``warm_up``), as everything may have been; an instance
        that has taken over a network interface was started by itself.
        """
        now = self._runtime.now()
        if not view.has_worked():
            return now - self._settings.window
        active, _ = view.nats
        nat = view.instances.get(active)
        if active in self._settings.nats_by_id or nat is None or nat.launched_at is None:
            return None
        started = nat.launched_at
        seen = any(o.state is State.REACHABLE and o.at > started for o in view.backends)
        return None if seen or now - started >= self._settings.warm_up else started

    def _ask_due(self, view: View) -> View:
        now = self._runtime.now()
        nats = set(self._settings.nats)
        watched = watched_beyond(self._running(view), now, self._settings)
        latest = survey(view.with_signals, now, self._settings).latest
        listeners = [nat for nat in self._listeners(view) if nat not in watched and not self._is_left_out(nat)]
        known = {host for host in latest if host not in nats and view.is_there(host)}
        unable = self._unable(latest, known, now)
        known -= unable
        # Too few to judge by may be all that the list had, or EC2 could describe, when it was looked at last.
        judged = len(known) >= self._settings.failure_threshold and known <= watched
        enough = len(watched - nats) >= self._settings.sample_size or judged
        if enough and not listeners and not self._looks_for_new_ones(now):
            return view
        if len(watched - nats) >= self._settings.sample_size:
            return self._ask_next(view, tuple(listeners))
        again = frozenset(h for h, o in latest.items() if o.state is State.UNREACHABLE)
        online = self._fleet.online(watched | again)
        view = self._lookout.meet(view, online)
        backends = choose(
            [host for host in online if view.is_there(host) and host not in unable],
            watched - nats,
            again,
            frozenset(h for h, o in latest.items() if o.state in (State.BROKEN, State.SILENT)),
            self._settings,
            self._runtime.random,
        )
        return self._ask_next(view, (*listeners, *backends))

    def _unable(self, latest: Mapping[str, Observation], known: Set[str], now: float) -> Set[str]:
        """Return the backends that have said they can't probe, until others' watches of that time are over.

        Each command leaves its document and its output on the host's disk, for two weeks as the agent comes. Where the
        others are too few to judge by, they are asked at every tick.
        https://github.com/aws/amazon-ssm-agent (RunCommandLogsRetentionDurationHours)
        """
        beyond = now + self._settings.period + OVERLAP
        unable = {h for h in known if latest[h].unable and latest[h].asked_at + self._settings.window >= beyond}
        return unable if len(known - unable) >= self._settings.failure_threshold else frozenset()

    def _running(self, view: View) -> list[Running]:
        """Return the watches that are under way; one from before a swap signals to the other NAT, and is none.

        Nor is one that a newer watch has ended, though its host may have yet to tell: what was sent while no table was
        the active one names no NAT, and signals nobody.
        """
        addresses = self._addresses(view)
        newest: dict[str, float] = {}
        for round_ in view.rounds:
            if round_.kind is Kind.WATCH:
                newest |= {host: max(round_.asked_at, newest.get(host, 0.0)) for host in round_.hosts}
        return [
            Running(o.host, o.running_until)
            for o in view.observations
            if o.running_until is not None
            and not o.answers_soon
            and (o.host in self._settings.nats or view.is_there(o.host))
            and o.about == (addresses.active or "", addresses.passive or "")
            and o.asked_at >= newest.get(o.host, 0.0)
            and not is_doubted(o, view)
        ]

    def _ask_next(self, view: View, hosts: tuple[str, ...]) -> View:
        """Send the next watch, and a quick check to those who did not answer when they were asked last.

        An agent that comes back runs everything that it was sent, however late: watch after watch for hours.
        """
        if not self._settings.watches:
            return self.ask(view, Kind.CHECK, hosts)
        silent = unanswered(view.observations)
        view = self.ask(view, Kind.WATCH, tuple(h for h in hosts if h not in silent))
        view = self.ask(view, Kind.CHECK, tuple(h for h in hosts if h in silent))
        _, passive = view.nats
        if passive in hosts and passive not in silent:
            self._send_echo(view, passive)
        return view

    def _send_echo(self, view: View, passive: str) -> None:
        """Send the passive NAT a second command beside its watch; it is named as both NATs, as no watch has them."""
        address = self._addresses(view).passive
        if address is not None and view.may_run(passive) and not self._is_left_out(passive):
            self._probe.send(Kind.ECHO, (passive,), Addresses(address, address))

    def _looks_for_new_ones(self, now: float) -> bool:
        """Return whether this tick is one of those that look for backends never seen; the list takes calls."""
        return int(now // self._settings.period) % LOOK_EVERY == 0

    def _listeners(self, view: View) -> list[str]:
        """Return the NATs that have to listen, the passive one first."""
        active, passive = view.nats
        if not active:
            return []
        return [passive, *([active] if self._settings.prove_active else [])]

    def _addresses(self, view: View) -> Addresses:
        active, passive = view.addresses
        nat, _ = view.nats
        proves = self._settings.prove_active and nat not in self._left_out and not self._is_deaf(view)
        return Addresses((active or None) if proves else None, passive or None)

    def _is_deaf(self, view: View) -> bool:
        """Return whether the active NAT can't listen: something else then answers at its ports, or nothing does."""
        active, _ = view.nats
        of_active = [o for o in view.observations if o.host == active]
        return bool(of_active) and bool(latest_of(of_active).deaf)

    def _is_left_out(self, nat: str) -> bool:
        """Return whether a NAT could not be asked, a few ticks ago at most: each try takes calls."""
        asked_at = self._left_out.get(nat)
        return asked_at is not None and self._runtime.now() - asked_at < (LOOK_EVERY - 0.5) * self._settings.period

    def ask(self, view: View, kind: Kind, hosts: tuple[str, ...]) -> View:
        """Send a round; whom a quick check asks has to find both NATs listening."""
        if kind is Kind.CHECK and hosts:
            watching = {o.host for o in view.observations if o.running_until is not None}
            idle = [nat for nat in self._listeners(view) if nat not in {*hosts, *watching}]
            hosts = (*(nat for nat in idle if not self._is_left_out(nat)), *hosts)
        # What EC2 calls stopped would do as it was told once it starts again; SSM may refuse all for its sake.
        hosts = tuple(host for host in hosts if view.may_run(host))
        if not hosts:
            return view
        # Those of two samples may be more than a command may have; whoever listens is asked first.
        groups = [hosts[start : start + MOST_HOSTS] for start in range(0, len(hosts), MOST_HOSTS)]
        sent = [round_ for group in groups for round_ in self._probe.send(kind, group, self._addresses(view))]
        for nat in set(hosts) & set(self._settings.nats):
            if any(nat in round_.hosts for round_ in sent):
                self._left_out.pop(nat, None)
            else:
                self._left_out[nat] = self._runtime.now()
        for round_ in sent:
            view = view.with_round(round_)
        return view
