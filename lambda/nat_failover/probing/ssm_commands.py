"""Pure: what a round is in SSM's words: a command's parameters, a command, an invocation."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from nat_failover.probing.observation import Invocation
from nat_failover.probing.rounds import Kind, Round
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import CommandInvocationTypeDef, CommandTypeDef

log = logging.getLogger(__name__)


def fixed_parameters(s: Settings) -> dict[str, list[str]]:
    """Return the parameters that are the same for every round."""
    return {
        "targets": [" ".join(s.targets)],
        "interval": [f"{s.interval:g}"],
        "failures": [str(s.failures)],
        "warmUp": [str(s.warm_up)],
    }


def ipv4_parameter(address: str | None) -> str:
    """Return an IPv4 address as the document takes it, and what stands for none in place of anything else."""
    try:
        return str(IPv4Address(address or ""))
    except ValueError:
        return "-"


def round_of(command: CommandTypeDef, fixed: Mapping[str, list[str]]) -> Round | None:
    """Return the round that a command is; None for one that a person has sent with our document, in their own words.

    What a host says of other targets, or by another measure, is no evidence: it may have been asked for what can't be
    reached. This holds for the rounds from before a change of the settings as well, which a tick sends anew.
    """
    kind, parameters = command.get("Comment", "").partition(" ")[0], command.get("Parameters", {})
    window = "".join(parameters.get("window", ["0"]))
    ours = all(parameters.get(name) == value for name, value in fixed.items())
    if kind not in {k.value for k in Kind} or not re.fullmatch(r"[0-9]{1,4}", window) or not ours:
        log.warning("a command of the probe document that is none of ours", extra={"command_id": command["CommandId"]})
        return None
    return Round(
        command["CommandId"],
        Kind(kind),
        int(window),
        command["RequestedDateTime"].timestamp(),
        tuple(command.get("InstanceIds", [])),
    )


def invocation_of(told: CommandInvocationTypeDef) -> Invocation:
    """Return one host's part of a command; its exit code and time only once it has ended."""
    plugins: list[Any] = list(told.get("CommandPlugins", []))
    plugin = plugins[0] if plugins else {}
    finished = plugin.get("ResponseFinishDateTime")
    ended = told["Status"] not in ("Pending", "InProgress", "Delayed", "Cancelling")
    return Invocation(
        told["InstanceId"],
        told["Status"],
        told.get("StatusDetails", told["Status"]),
        plugin.get("ResponseCode") if ended else None,
        finished.timestamp() if finished is not None and ended else None,
        plugin.get("Output", ""),
    )
