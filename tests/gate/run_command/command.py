"""Commands, and what Systems Manager knows of each host's part in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.gate.run_command.agent.output import shown


@dataclass
class CommandInvocation:
    """What SSM tells of one host's invocation; ``finished_at`` is by the host's own clock."""

    status: str = "Success"
    details: str = ""
    exit_code: int = 0
    output: str = ""
    finished_at: float | None = None


@dataclass
class Command:
    """A command that was sent: the arguments of SendCommand, when, and what each host has come to.

    Attributes:
        listed_at: from when on lists have it.
    """

    command_id: str
    arguments: Mapping[str, Any]
    asked_at: float
    invocations: dict[str, CommandInvocation] = field(default_factory=dict)
    listed_at: float = 0.0

    @property
    def kind(self) -> str:
        """The first word of its comment."""
        return str(self.arguments.get("Comment", "")).partition(" ")[0]

    @property
    def timeout(self) -> float:
        """Its TimeoutSeconds."""
        return float(self.arguments.get("TimeoutSeconds", 3600))

    @property
    def document(self) -> str:
        """Name of the document."""
        return str(self.arguments["DocumentName"])


@dataclass(frozen=True)
class Managed:
    """A host that Systems Manager knows.

    Attributes:
        instance_id: ``mi-…`` for one outside EC2.
        tags: None for one that has whatever tag is asked for.
        state: as EC2 calls it.
        platform: ``Linux``, ``Windows`` or ``MacOS``.
        ping: ``Online`` or ``ConnectionLost``.
        commandable: whether SendCommand takes it.
    """

    instance_id: str
    tags: Mapping[str, str] | None = None
    state: str = "running"
    platform: str = "Linux"
    ping: str = "Online"
    commandable: bool = True

    @property
    def resource_type(self) -> str:
        """What DescribeInstanceInformation calls it."""
        return "ManagedInstance" if self.instance_id.startswith("mi-") else "EC2Instance"


def report(
    state: str,
    at: float,
    *,
    elapsed: float = 3.0,
    lost_for: float = 0.0,
    uptime: float = 90_000,
    tells: bool | None = None,
    **more: Any,
) -> CommandInvocation:
    """Let the probe have ended by itself.

    Args:
        state: ``online``, ``offline`` or ``cannot-probe``.
        tells: whether it ends as one that has something to tell; those that are offline do unless told otherwise.
        more: what its line says besides: ``active="yes"``, ``heard="…"``. A host that hears nobody is a backend; where
            it is offline it is so by the active NAT, and not by the passive one.
    """
    exit_code = 2 if state == "cannot-probe" else int(state == "offline" if tells is None else tells)
    fields = {"probe": 2, "state": state, "elapsed": elapsed, "lost_for": lost_for, "uptime": uptime}
    if not {"heard", "deaf"} & more.keys():
        offline = state == "offline"
        fields |= {"route": "no" if offline else "yes", "active": "no" if offline else "unknown", "passive": "yes"}
    status = "Success" if exit_code == 0 else "Failed"
    return CommandInvocation(status, status, exit_code, shown(json.dumps(fields | more) + "\n", exit_code), at)


def signals_line(*signals: tuple[str, str, float, bool]) -> str:
    """Write down whom a listener has heard: address, ``n`` (online) or ``f``, how long ago, and whether it got through.

    They stand in one line, as the probe tells them.
    """
    return " ".join(f"{address},{signal},{age:.2f},{through:d}" for address, signal, age, through in signals)
