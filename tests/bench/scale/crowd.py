"""A model of an account with any number of pairs and backends, in which every host that is asked watches happily."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address
from random import Random
from typing import Any

from nat_failover.runtime import LambdaRuntime
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT
from tests.gate.run_command.command import Command, CommandInvocation, Managed, report
from tests.gate.run_command.service import Service
from tests.simulation.account.account import ModelAccount
from tests.simulation.account.holdings import Holdings, Instance

A_DAY = 86400.0
SUBNETS = 3


class Clock(LambdaRuntime):
    """The function's real runtime, whose clock can be put forward."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def now(self) -> float:
        """Give the time in seconds since the epoch, as put forward."""
        return super().now() + self.ahead


class Crowd:
    """An account.

    Args:
        backends: how many carry the tag of each pair.
        pairs: how many there are.
        clock: of AWS and the function.
        seed: of the ids.

    Attributes:
        settings: the first pair's.
        invocations: what hosts have come to, by host; whoever is not in it watches, or answers a quick check at once.
    """

    def __init__(self, backends: int, pairs: int, clock: Clock, seed: int = 1) -> None:
        self._clock = clock
        self._chance = Random(seed)
        self._service = Service(self, clock.now, lambda: f"00000000-0000-0000-0000-{len(self._service.commands):012}")
        self.invocations: dict[str, CommandInvocation] = {}
        holdings = Holdings({}, {}, {})
        environments = [self._pair(number, backends, holdings) for number in range(pairs)]
        self.settings = Settings.from_environment(environments[0])
        self.account = ModelAccount(holdings, clock.now)
        for environment in environments[1:]:
            self._ask_for_another(Settings.from_environment(environment))

    def _id(self, prefix: str) -> str:
        return f"{prefix}-{self._chance.getrandbits(68):017x}"

    def _pair(self, number: int, backends: int, holdings: Holdings) -> dict[str, str]:
        name, launched = f"pair{number}", self._clock.now() - A_DAY
        tables, nats = [self._id("rtb") for _ in range(2)], [self._id("i") for _ in range(2)]
        for table, nat in zip(tables, nats, strict=True):
            holdings.instances[nat] = Instance("running", launched, _address(holdings), {}, checked=False)
            holdings.routes[table] = [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": nat, "State": "active"},
            ]
        subnets = [self._id("subnet") for _ in range(SUBNETS)]
        for subnet in subnets:
            holdings.associations[self._id("rtbassoc")] = (subnet, tables[0])
        tags = {"nat-failover:probe": name}
        for n in range(backends):
            known = Instance("running", launched, _address(holdings), tags, subnet=subnets[n % SUBNETS])
            holdings.instances[self._id("i")] = known
        return ENVIRONMENT | {
            "NAT_FAILOVER_PAIR": name,
            "NAT_FAILOVER_PROBE_DOCUMENT": f"nat-failover-{name}-probe",
            "NAT_FAILOVER_PROBE_TAG_VALUE": name,
            "NAT_FAILOVER_LOCK_PARAMETER": f"/nat-failover/{name}/lock",
            "NAT_FAILOVER_CLAIM_PARAMETER": f"/nat-failover/{name}/claim",
            "NAT_FAILOVER_TOLD_PARAMETER": f"/nat-failover/{name}/told",
            "NAT_FAILOVER_PRIMARY_ROUTE_TABLE": tables[0],
            "NAT_FAILOVER_STANDBY_ROUTE_TABLE": tables[1],
            "NAT_FAILOVER_PRIMARY_INSTANCE": nats[0],
            "NAT_FAILOVER_STANDBY_INSTANCE": nats[1],
        }

    def _ask_for_another(self, settings: Settings) -> None:
        """Let another pair have a round under way, as it has at any time."""
        hosts = [i for i, known in self.account.holdings.instances.items() if settings.pair in known.tags.values()]
        window = {"window": [str(settings.window)]}
        self._service.send(
            {
                "DocumentName": settings.probe_document,
                "InstanceIds": [*hosts[: settings.sample_size], settings.standby_instance],
                "Comment": "watch",
                "Parameters": window,
            }
        )

    def answer(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a call.

        Raises:
            tests.simulation.account.account.Refused: AWS would answer with an error.
            tests.gate.run_command.service.Refusal: so would Run Command.
        """
        if operation in self._service.operations:
            return self._service.answer(operation, arguments)
        return self.account.answer(operation, arguments)

    def sample(self) -> list[str]:
        """Give the backends that the first pair asked last."""
        return [host for host in self._latest.arguments["InstanceIds"] if host not in self.settings.nats]

    @property
    def latest(self) -> str:
        """The first pair's latest command."""
        return self._latest.command_id

    @property
    def _latest(self) -> Command:
        return next(c for c in reversed(self._service.commands) if c.document == self.settings.probe_document)

    def known(self, ids: Collection[str] | None) -> Iterable[Managed]:
        """Give the managed hosts: all."""
        instances = self.account.holdings.instances
        for instance_id in instances if ids is None else ids:
            if instance_id in instances:
                yield Managed(instance_id, instances[instance_id].tags)

    def document(self, name: str) -> None:
        """Everybody takes everything."""

    def take(self, command: Command) -> None:
        """Do nothing: what a host has come to is looked up when somebody reads it."""

    def stop(self, command: Command, hosts: Collection[str]) -> None:
        """Nobody stops anything."""

    def invocation(self, command: Command, host: str) -> CommandInvocation:
        """Let a host watch happily, unless ``invocations`` has something else."""
        now, window = self._clock.now(), int(command.arguments["Parameters"]["window"][0])
        if window and now > command.asked_at + window + 1:
            return self._online(host, command.asked_at + window + 1, window)
        return (
            self.invocations.get(host, CommandInvocation("InProgress", exit_code=-1))
            if window
            else self._online(host, now, 3)
        )

    def _online(self, host: str, at: float, elapsed: float) -> CommandInvocation:
        """Let a host be online; one without tags is a NAT, and hears nobody."""
        if self.account.holdings.instances[host].tags:
            return report("online", at, elapsed=elapsed)
        minutes = " ".join(["1200,210,0"] * (int(elapsed // 60) + 1))
        health = {"limit": 16384, "memory": 420, "exceeded": "", "minutes": minutes}
        return report("online", at, elapsed=elapsed, heard="", health=health)


def _address(holdings: Holdings) -> str:
    """Give an address that no instance has."""
    return str(IPv4Address("10.0.0.4") + len(holdings.instances))
