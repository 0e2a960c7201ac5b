"""Asks backends, right after a swap, whether they are online through the new path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import MOST_HOSTS, Addresses, Probe
from nat_failover.probing.signals import relayed
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

# How long backends are given to be online through the new path, and how often those that are not are asked again.
VERIFY_FOR = 15.0
VERIFY_ROUNDS = 3
# Until a round is read for the first time, since no answer comes sooner, and from then on, in seconds; each pause is a
# fifth longer than the one before.
FIRST_LOOK, PAUSE, LONGER = 2.5, 0.3, 1.2
# For how long, in seconds, hosts are waited for that the listener has not heard.
AFTER_LISTENER = 1.5
NOBODY = "there was nobody to ask"
NO_TIME = "no time was left to ask"
NOT_ASKED = "they could not be asked"


@dataclass(frozen=True)
class Verified:
    """Who was asked after the swap, and what they said.

    Attributes:
        hosts: that were asked.
        online: those of them that are online.
        silent: those of them that have not answered in time.
        why: why nobody was asked; empty where somebody was.
    """

    hosts: tuple[str, ...] = ()
    online: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    why: str = ""

    @property
    def offline(self) -> tuple[str, ...]:
        """Hosts that have said that they are not online."""
        return tuple(sorted(set(self.hosts) - set(self.online) - set(self.silent)))

    @property
    def all_online(self) -> bool:
        """Whether everybody was asked and is online."""
        return bool(self.hosts) and set(self.online) == set(self.hosts)

    @property
    def in_words(self) -> str:
        """Say it."""
        if not self.hosts:
            return "nobody could be asked whether it helped"
        return f"{len(self.online)} of {len(self.hosts)} backends online"


@dataclass(frozen=True)
class Listener:
    """The NAT that has taken over, which hears from backends whose agents are still deaf.

    Attributes:
        instance_id: of the NAT.
        address: its private IPv4 address.
        hosts: instance ids of backends, by private address.
    """

    instance_id: str
    address: str
    hosts: Mapping[str, str]


class Verification:
    """The short round after a swap.

    Args:
        probe: sends and reads rounds.
        settings: how often a round is read.
        runtime: clock, and doing things at the same time.
    """

    def __init__(self, probe: Probe, settings: Settings, runtime: Runtime) -> None:
        self._probe = probe
        self._settings = settings
        self._runtime = runtime

    def ask(self, backends: Sequence[str], until: float, listener: Listener | None = None) -> Verified:
        """Ask backends whether they are online; those that are not, once or twice more.

        Args:
            backends: hosts.
            until: when to end at the latest, seconds since the epoch.
            listener: the NAT that has taken over; None where it is not known.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        if not backends:
            return Verified(why=NOBODY)
        deadline = min(self._runtime.now() + VERIFY_FOR, until)
        states: dict[str, State] = {}
        begun = False
        for number in range(VERIFY_ROUNDS):
            left = [host for host in backends if states.get(host) is not State.REACHABLE]
            if not left or self._runtime.now() >= deadline:
                break
            begun = True
            for host, state in self._states(left, listener, deadline, again=number > 0).items():
                if host in backends and (state is not State.SILENT or host not in states):
                    states[host] = state
        if not begun:
            return Verified(why=NO_TIME)
        online = sorted(host for host, state in states.items() if state is State.REACHABLE)
        silent = sorted(host for host in backends if states.get(host, State.SILENT) is State.SILENT)
        return Verified(tuple(sorted(backends)), tuple(online), tuple(silent))

    def _states(self, hosts: list[str], listener: Listener | None, deadline: float, *, again: bool) -> dict[str, State]:
        """Return what is known of hosts once all have said something, or no time is left."""
        nat = [] if listener is None else [listener.instance_id]
        size = MOST_HOSTS - len(nat)
        groups = [[*nat, *hosts[start : start + size]] for start in range(0, len(hosts), size)]
        # Named as both, it listens until all are online, and hosts signal to it, but don't try it.
        # Who is missing then may have been online all the time, and signals every five seconds: it listens for six.
        address = Addresses() if listener is None else Addresses(None if again else listener.address, listener.address)
        sent = self._runtime.together([partial(self._probe.send, Kind.VERIFY, group, address) for group in groups])
        rounds = [round_ for group in sent for round_ in group]
        by_round: dict[str, list[Observation]] = {}
        wait, pause = FIRST_LOOK, PAUSE
        answered_at = inf
        while rounds and self._runtime.now() < deadline:
            left = deadline - self._runtime.now()
            self._runtime.sleep(min(left, wait * self._runtime.random.uniform(0.8, 1.2)))
            wait, pause = pause, pause * LONGER
            read = self._runtime.together([partial(self._probe.read_again, round_) for round_ in rounds])
            by_round |= {r.command_id: found for r, found in zip(rounds, read, strict=True) if found is not None}
            if len(by_round) == len(rounds) and _known(by_round.values(), listener).keys() >= set(hosts):
                break
            # Whom the listener has not heard, and who does not answer, is asked anew.
            if listener is not None and _has_answered(listener.instance_id, by_round.values()):
                answered_at = min(answered_at, self._runtime.now())
            if self._runtime.now() >= answered_at + AFTER_LISTENER:
                break
        return _known(by_round.values(), listener)


def _has_answered(host: str, observed: Iterable[list[Observation]]) -> bool:
    return any(o.host == host and o.state is not State.PENDING for of_round in observed for o in of_round)


def _signals(observations: Iterable[Observation], listener: Listener | None) -> list[Observation]:
    if listener is None:
        return []
    return [signal for o in observations if o.host == listener.instance_id for signal in relayed(o, listener.hosts)]


def _known(observed: Iterable[list[Observation]], listener: Listener | None) -> dict[str, State]:
    """Return what is known of hosts: by their own words, else by a signal, else that they don't answer."""
    every = [o for of_round in observed for o in of_round if o.state is not State.PENDING]
    known: dict[str, State] = {o.host: o.state for o in every if o.state is State.SILENT}
    known |= {o.host: o.state for o in _signals(every, listener)}
    return known | {o.host: o.state for o in every if o.state is not State.SILENT}
