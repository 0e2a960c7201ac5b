"""Hosts that run the probe: backends that signal, and NATs that listen to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nat_failover.runtime import Runtime
from nat_failover.settings import Settings
from tests.fakes import Command, CommandInvocation, RunCommand, report, signals_line

# What the probe takes for a quick check, and for seeing and confirming a loss.
CHECK, LOSS = 0.5, 2.0
# How long a listener waits for connections that don't come about.
UNPROVEN = 1.0
# How old signals are when a listener tells of them, of those that are offline and of those that are online.
SIGNALLED = {"f": 0.3, "n": 2.0}
COLUMN = {True: "yes", False: "no"}


class Hosts:
    """The pair's hosts, which are online until told otherwise.

    Args:
        runtime: clock.

    Attributes:
        addresses: private addresses, by instance id.
        offline: hosts that can't reach the Internet, and since when. A backend is so by the active NAT only; nobody
            gets through a NAT that is so.
        sick: backends that get through the active NAT's proof port though they are offline.
        silent: hosts that do not answer, nor signal anything.
        unable: hosts that can't probe, for want of a program.
        deaf: hosts whose agent has lost Systems Manager, and since when; their probe goes on and signals.
    """

    run_command: RunCommand
    settings: Settings
    primary: str
    standby: str
    backends: tuple[str, ...]

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.addresses: dict[str, str] = {}
        self.offline: dict[str, float] = {}
        self.sick: set[str] = set()
        self.silent: set[str] = set()
        self.unable: set[str] = set()
        self.deaf: dict[str, float] = {}

    def cut_off(self, *hosts: str, ago: float = 3) -> None:
        """Let hosts have lost the Internet so many seconds ago."""
        self.offline |= dict.fromkeys(hosts, self.runtime.now() - ago)

    def deafen(self, *hosts: str) -> None:
        """Let agents lose Systems Manager now."""
        self.deaf |= dict.fromkeys(hosts, self.runtime.now())

    def answer(self, command: Command, host: str) -> CommandInvocation:
        """Let the host have run the probe: it has ended by now, or is under way; what it once has said stands."""
        if host in command.invocations or host in self.silent:
            return command.invocations.get(host, CommandInvocation("Pending"))
        if host in self.deaf:
            return CommandInvocation("InProgress" if command.asked_at < self.deaf[host] else "Pending", exit_code=-1)
        if host in self.unable:
            command.invocations[host] = report("cannot-probe", command.asked_at + CHECK)
            return command.invocations[host]
        at, state, more = self._ended(command, host)
        if self.runtime.now() < at:
            return CommandInvocation("InProgress", exit_code=-1)
        lost_for = at - max(self.offline[host], command.asked_at) if state == "offline" else 0.0
        command.invocations[host] = report(state, at, elapsed=at - command.asked_at, lost_for=lost_for, **more)
        return command.invocations[host]

    def _ended(self, command: Command, host: str) -> tuple[float, str, Mapping[str, Any]]:
        """Give when a host's probe ends, and what it says then."""
        active, passive = (command.arguments["Parameters"][name][0] for name in ("active", "passive"))
        ends = command.asked_at + (int(command.arguments["Parameters"]["window"][0]) or CHECK)
        lost = self._lost(command, host)
        if self.addresses.get(host) in (active, passive):
            return self._listened(command, host, min(lost, ends), complete=self.addresses[host] == passive)
        if lost >= ends + LOSS:
            return ends, "online", {}
        columns = {name: "unknown" for name, address in (("active", active), ("passive", passive)) if address == "-"}
        tried = {"active": COLUMN[host in self.sick], "passive": COLUMN[not self._is_down(passive)]}
        return lost, "offline", tried | columns

    def _listened(
        self, command: Command, host: str, ends: float, *, complete: bool
    ) -> tuple[float, str, Mapping[str, Any]]:
        """Give the same of a NAT, with whom it has heard; where evidence counts, it ends as soon as that is there."""
        at = min(ends, self._complete(command, host)) if complete else ends
        is_offline = self.offline.get(host, math.inf) + LOSS <= at
        signals = [self._signal(backend, at, through=host not in self.offline) for backend in self._signalling]
        return (
            at,
            "offline" if is_offline else "online",
            {"tells": at < ends or is_offline, "heard": signals_line(*signals)},
        )

    def _lost(self, command: Command, host: str) -> float:
        """Give when a host's probe has seen that it is offline; never where it is online."""
        return max(self.offline.get(host, math.inf), command.asked_at) + LOSS

    def _is_down(self, address: str) -> bool:
        return any(self.addresses[host] == address for host in self.offline)

    @property
    def _signalling(self) -> list[str]:
        """Backends whose probe runs: they have taken a command, and are not silent."""
        sent_to = {host for command in self.run_command.commands for host in command.arguments["InstanceIds"]}
        mute = self.silent | self.sick | self.unable
        return [host for host in self.backends if host in sent_to and host not in mute]

    def _signal(self, host: str, at: float, *, through: bool) -> tuple[str, str, float, bool]:
        kind = "f" if self.offline.get(host, math.inf) + LOSS <= at else "n"
        return self.addresses[host], kind, SIGNALLED[kind], through

    def _complete(self, command: Command, host: str) -> float:
        """Give when a listener has enough evidence to end."""
        s, signalling = self.settings, self._signalling
        for at in sorted(self._lost(command, backend) for backend in signalling):
            offline = [backend for backend in signalling if self.offline.get(backend, math.inf) + LOSS <= at]
            if len(offline) >= s.failure_threshold and len(offline) * 100 > len(signalling) * s.failure_share:
                return at + (UNPROVEN if host in self.offline else 0.0)
        return math.inf
