"""How the API describes hosts, commands and invocations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.gate.run_command.command import Command, CommandInvocation, Managed


def information(host: Managed, now: float) -> dict[str, Any]:
    """Return a managed host as the API tells it."""
    return {
        "InstanceId": host.instance_id,
        "PingStatus": host.ping,
        "LastPingDateTime": _time(now),
        "AgentVersion": "3.3.987.0",
        "IsLatestVersion": False,
        "PlatformType": host.platform,
        "ResourceType": host.resource_type,
    }


def described(command: Command) -> dict[str, Any]:
    """Return a command as the API tells it."""
    arguments = command.arguments
    return {
        "CommandId": command.command_id,
        "DocumentName": arguments["DocumentName"],
        "Comment": arguments.get("Comment", ""),
        "Parameters": dict(arguments.get("Parameters", {})),
        "InstanceIds": list(arguments["InstanceIds"]),
        "RequestedDateTime": _time(command.asked_at),
        "Status": "InProgress",
    }


def invocation(command: Command, host: str, known: CommandInvocation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a host's part as the API tells it; what the script has printed only where details are asked for."""
    listed = {
        "CommandId": command.command_id,
        "InstanceId": host,
        "Comment": command.arguments.get("Comment", ""),
        "DocumentName": command.document,
        "RequestedDateTime": _time(command.asked_at),
        "Status": known.status,
        "StatusDetails": known.details or known.status,
        "CommandPlugins": [],
    }
    if arguments.get("Details"):
        plugin = {"Name": "probe", "Status": known.status, "ResponseCode": known.exit_code, "Output": known.output}
        if known.finished_at is not None:
            plugin["ResponseFinishDateTime"] = _time(known.finished_at)
        listed["CommandPlugins"] = [plugin]
    return listed


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
