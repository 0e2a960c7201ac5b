"""Pure: what a round is in SSM's words: a command's parameters, a command, an invocation."""

from __future__ import annotations

import logging
import re
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from nat_failover.foreign_text import printable
from nat_failover.probing.invocation import Invocation
from nat_failover.probing.rounds import Kind, Round

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import CommandInvocationTypeDef, CommandTypeDef

log = logging.getLogger(__name__)

# What stands for no address.
NONE = "-"


def ipv4_parameter(address: str | None) -> str:
    """Return an IPv4 address as the document takes it, and what stands for none in place of anything else."""
    try:
        return str(IPv4Address(address or ""))
    except ValueError:
        return NONE


def round_of(command: CommandTypeDef) -> Round | None:
    """Return the round that a command is; None for one that a person has sent with our document, in their own words."""
    kind, parameters = command.get("Comment", "").partition(" ")[0], command.get("Parameters", {})
    window, active, passive = ("".join(parameters.get(name, ["-"])) for name in ("window", "active", "passive"))
    if kind not in {k.value for k in Kind} or not re.fullmatch(r"[0-9]{1,4}", window):
        log.warning("a command of the probe document that is none of ours", extra={"command_id": command["CommandId"]})
        return None
    return Round(
        command["CommandId"],
        Kind(kind),
        int(window),
        command["RequestedDateTime"].timestamp(),
        tuple(command.get("InstanceIds", [])),
        active.replace(NONE, ""),
        passive.replace(NONE, ""),
    )


def invocation_of(invocation: CommandInvocationTypeDef) -> Invocation:
    """Return one host's part of a command; its exit code and time only once it has ended."""
    plugins: list[Any] = list(invocation.get("CommandPlugins", []))
    plugin = plugins[0] if plugins else {}
    finished = plugin.get("ResponseFinishDateTime")
    ended = invocation["Status"] not in ("Pending", "InProgress", "Delayed", "Cancelling")
    return Invocation(
        invocation["InstanceId"],
        invocation["Status"],
        invocation.get("StatusDetails", invocation["Status"]),
        plugin.get("ResponseCode") if ended else None,
        finished.timestamp() if finished is not None and ended else None,
        printable(plugin.get("Output", ""), "\n\t"),
    )
