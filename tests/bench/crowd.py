"""A model of an account with any number of pairs and backends, in which every host that is asked watches happily."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from nat_failover.runtime import LambdaRuntime
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT
from tests.fakes import Told, report
from tests.simulation.account import Holdings, Instance, ModelAccount

A_DAY = 86400.0
SUBNETS = 3
PAGE = 50


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
        told: what hosts say, by host; whoever is not in it watches, or answers a quick check at once.
    """

    def __init__(self, backends: int, pairs: int, clock: Clock, seed: int = 1) -> None:
        self._clock = clock
        self._chance = Random(seed)
        self._commands: list[dict[str, Any]] = []
        self.told: dict[str, Told] = {}
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
            holdings.instances[nat] = Instance("running", launched, "10.0.0.4", {})
            holdings.routes[table] = [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": nat, "State": "active"},
            ]
        subnets = [self._id("subnet") for _ in range(SUBNETS)]
        for subnet in subnets:
            holdings.associations[self._id("rtbassoc")] = (subnet, tables[0])
        tags = {"nat-failover:probe": name}
        for n in range(backends):
            known = Instance("running", launched, "10.0.1.5", tags, subnet=subnets[n % SUBNETS])
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
        self._send(
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
            Refused: AWS would answer with an error.
        """
        match operation:
            case "SendCommand":
                return self._send(arguments)
            case "ListCommands":
                return self._list(arguments)
            case "ListCommandInvocations":
                return self._invocations(arguments)
            case "DescribeInstanceInformation":
                return self._information(arguments)
            case _:
                return self.account.answer(operation, arguments)

    def sample(self) -> list[str]:
        """Give the backends that the first pair asked last."""
        latest = next(c for c in reversed(self._commands) if c["DocumentName"] == self.settings.probe_document)
        return [host for host in latest["InstanceIds"] if host not in self.settings.nats]

    @property
    def latest(self) -> str:
        """The first pair's latest command."""
        return next(
            str(c["CommandId"]) for c in reversed(self._commands) if c["DocumentName"] == self.settings.probe_document
        )

    def _send(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = {
            "CommandId": f"00000000-0000-0000-0000-{len(self._commands):012}",
            "DocumentName": arguments["DocumentName"],
            "Comment": arguments["Comment"],
            "Parameters": dict(arguments["Parameters"]),
            "InstanceIds": list(arguments["InstanceIds"]),
            "RequestedDateTime": datetime.fromtimestamp(self._clock.now(), UTC),
            "Status": "InProgress",
        }
        self._commands.append(command)
        return {"Command": command}

    def _list(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {f["key"]: f["value"] for f in arguments["Filters"]}
        after = datetime.fromisoformat(wanted["InvokedAfter"])
        found = [
            command
            for command in reversed(self._commands)
            if command["DocumentName"] == wanted["DocumentName"] and command["RequestedDateTime"] > after
        ]
        return _page("Commands", found, arguments)

    def _invocations(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = next(c for c in self._commands if c["CommandId"] == arguments["CommandId"])
        found = [self._invocation(command, host) for host in command["InstanceIds"]]
        return _page("CommandInvocations", found, arguments)

    def _invocation(self, command: Mapping[str, Any], host: str) -> dict[str, Any]:
        asked, now = command["RequestedDateTime"].timestamp(), self._clock.now()
        window = int(command["Parameters"]["window"][0])
        told = self.told.get(host, Told("InProgress", exit_code=-1)) if window else report("reachable", now)
        if window and now > asked + window + 1:
            told = report("reachable", asked + window + 1, elapsed=window)
        plugin = {"Name": "probe", "Status": told.status, "ResponseCode": told.exit_code, "Output": told.output}
        if told.finished_at is not None:
            plugin["ResponseFinishDateTime"] = datetime.fromtimestamp(told.finished_at, UTC)
        return {
            "CommandId": command["CommandId"],
            "InstanceId": host,
            "DocumentName": command["DocumentName"],
            "RequestedDateTime": command["RequestedDateTime"],
            "Status": told.status,
            "StatusDetails": told.status,
            "CommandPlugins": [plugin],
        }

    def _information(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {f["Key"]: f["Values"] for f in arguments["Filters"]}
        tag = wanted.get(f"tag:{self.settings.probe_tag_key}")
        found = [
            {"InstanceId": i, "PingStatus": "Online"}
            for i, known in self.account.holdings.instances.items()
            if (tag is None or known.tags.get(self.settings.probe_tag_key) in tag)
            and ("InstanceIds" not in wanted or i in wanted["InstanceIds"])
        ]
        return _page("InstanceInformationList", found, arguments)


def _page(key: str, found: list[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    start = int(arguments.get("NextToken", "0"))
    end = start + min(PAGE, arguments.get("MaxResults", PAGE))
    return {key: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})
