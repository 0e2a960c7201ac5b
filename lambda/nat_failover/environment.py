"""Pure: reads the environment's variables, each by its own rule, and tells of all that are not usable at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

PREFIX = "NAT_FAILOVER_"
# The step's own time limit in the document is an hour; a watch has to end well before it.
LONGEST_WINDOW = 3000
# SendCommand takes 50 InstanceIds at most and two are the NATs':
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
LARGEST_SAMPLE = 48
# What the configuration of a pair allows as well: the least and the most, times in seconds.
INTERVAL = (0.2, 60.0)
FAILURES = (1, 99)
WARM_UP = (0, 86_400)
FRESHNESS = (5, 3600)
SAMPLE = (1, LARGEST_SAMPLE)
SHARE = (0, 99)
MINUTES = (1, 60)

T = TypeVar("T")


class SettingsError(ValueError):
    """The environment is not usable; ``problems`` has one sentence for each variable at fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Variable(NamedTuple):
    """How one variable is read.

    Attributes:
        parse: gives the value of a text; raises ValueError where it is not allowed.
        allowed: what is, in words that follow "it must be".
    """

    parse: Callable[[str], object]
    allowed: str


def read(
    environ: Mapping[str, str], variables: Mapping[str, Variable], mandatory: Collection[str]
) -> dict[str, object]:
    """Read the variables that are set.

    Args:
        environ: the environment.
        variables: by the setting's name; the variable's is the same in capital letters, behind ``PREFIX``.
        mandatory: names of settings without a default.

    Returns:
        The values of the settings that are set, by name.

    Raises:
        SettingsError: with a sentence for each variable that is missing or not allowed.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, variable in variables.items():
        text = environ.get(PREFIX + name.upper())
        if text is None:
            if name in mandatory:
                problems.append(f"{PREFIX}{name.upper()} is not set: it must be {variable.allowed}")
            continue
        try:
            values[name] = variable.parse(text)
        except ValueError:
            problems.append(refusal(name, text, variable.allowed))
    if problems:
        raise SettingsError(problems)
    return values


def refusal(name: str, value: object, allowed: str) -> str:
    """Return the sentence that a setting's variable is not usable."""
    return f"{PREFIX}{name.upper()} is {str(value)!r}: it must be {allowed}"


def matching(pattern: str) -> Callable[[str], str]:
    """Take a text that a pattern matches as a whole."""
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def between(kind: Callable[[str], T], low: float, high: float) -> Callable[[str], T]:
    """Take a number of a kind that is neither below the one nor above the other."""

    def parse(text: str) -> T:
        value = kind(text)
        if not (math.isfinite(value) and low <= value <= high):  # type: ignore[arg-type,operator]
            raise ValueError(text)
        return value

    return parse


def hundredths(text: str) -> float:
    """Take seconds as the probe's document does: below 100, with two decimals at most."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})?", text):
        raise ValueError(text)
    return float(text)


def host_names(text: str) -> tuple[str, ...]:
    """Take 1 to 5 different IPv4 addresses or host names, separated by commas."""
    found = tuple(text.split(","))
    host = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
    if not 1 <= len(found) <= 5 or len(set(found)) != len(found):
        raise ValueError(text)
    for target in found:
        octets = target.split(".")
        if not host.fullmatch(target) or len(target) > 253:
            raise ValueError(text)
        if octets[-1].isdigit() and (len(octets) != 4 or not all(o.isdigit() and int(o) < 256 for o in octets)):
            raise ValueError(text)
    return found


def vpc_endpoints(text: str) -> tuple[str, ...]:
    """Take ids of VPC endpoints, separated by commas."""
    found = tuple(text.split(","))
    if not all(re.fullmatch(r"vpce-[0-9a-f]{8,17}", endpoint) for endpoint in found):
        raise ValueError(text)
    return found


def auto_scaling_groups(text: str) -> tuple[str, ...]:
    """Take names of one or two Auto Scaling groups, separated by a comma."""
    found = tuple(text.split(","))
    if not 1 <= len(found) <= 2 or not all(re.fullmatch(GROUP, name) for name in found):
        raise ValueError(text)
    return found


def flag(text: str) -> bool:
    """Take ``true`` or ``false``."""
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


class Mode(StrEnum):
    """Whether a decision to fail over is carried out."""

    AUTOMATIC = "automatic"
    OBSERVE = "observe"


class Handover(StrEnum):
    """Whether a NAT whose end is known is left before it."""

    AUTOMATIC = "automatic"
    TELL = "tell"


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]:.10g} to {limits[1]:.10g}"


_PERIOD = (60 * MINUTES[0], 60 * MINUTES[1])
_PARAMETER = Variable(matching(r"(/[A-Za-z0-9_.-]+)+"), "an absolute parameter name such as /nat-failover/main/lock")
_TABLE = Variable(matching(r"rtb-[0-9a-f]{8,17}"), "a route table id, rtb- and 8 to 17 hexadecimal digits")
_ALLOCATION = Variable(
    matching(r"eipalloc-[0-9a-f]{8,17}"), "an allocation id, eipalloc- and 8 to 17 hexadecimal digits"
)
_INTERFACE = Variable(matching(r"eni-[0-9a-f]{8,17}"), "a network interface id, eni- and 8 to 17 hexadecimal digits")
_INSTANCE = Variable(matching(r"i-[0-9a-f]{8,17}"), "an instance id, i- and 8 to 17 hexadecimal digits")

# No wildcard of an ARN, and no comma, by which names are separated.
GROUP = r"[A-Za-z0-9 ._/@+=#-]{1,255}"
# Of ASCII, as a mail's link may have it: https://www.rfc-editor.org/rfc/rfc3986#section-2
RUNBOOK = r"https://[A-Za-z0-9._~:/?@!$&'()*+,;=%-]{1,192}"
VARIABLES = {
    "pair": Variable(matching(r"[a-z][a-z0-9-]{0,30}"), "the pair's name: a to z, 0 to 9 and -, 31 characters at most"),
    "lock_parameter": _PARAMETER,
    "claim_parameter": _PARAMETER,
    "told_parameter": _PARAMETER,
    "probe_document": Variable(matching(r"[A-Za-z0-9_.-]{3,128}"), "the name of an SSM document of this account"),
    # AWS does not say how it writes a hash: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
    "probe_document_hash": Variable(matching(r"[!-~]{1,256}"), "the hash that Systems Manager gives of the document"),
    "probe_document_hash_type": Variable(matching(r"Sha256|Sha1"), "Sha256 or Sha1"),
    "probe_tag_key": Variable(matching(r"[\w\s.:/=+@-]{1,128}"), "a tag key of 1 to 128 characters"),
    "probe_tag_value": Variable(matching(r"[\w\s.:/=+@-]{1,256}"), "a tag value of 1 to 256 characters"),
    "primary_route_table": _TABLE,
    "standby_route_table": _TABLE,
    "primary_instance": _INSTANCE,
    "standby_instance": _INSTANCE,
    "primary_interface": _INTERFACE,
    "standby_interface": _INTERFACE,
    "topic": Variable(
        matching(r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"), "the ARN of an SNS topic"
    ),
    "claim_lease": Variable(between(float, 10, 1800), "10 to 1800 seconds, longer than the function's timeout"),
    "mode": Variable(Mode, "automatic or observe"),
    "handover": Variable(Handover, "automatic or tell"),
    "targets": Variable(host_names, "1 to 5 different IPv4 addresses or host names, separated by commas"),
    "interval": Variable(between(hundredths, *INTERVAL), f"{_span(INTERVAL)} seconds, with two decimals at most"),
    "failures": Variable(between(int, *FAILURES), f"{_span(FAILURES)} pings"),
    "window": Variable(between(int, 0, LONGEST_WINDOW), f"0 (a quick check a tick) to {LONGEST_WINDOW} seconds"),
    "period": Variable(between(int, *_PERIOD), f"{_span(_PERIOD)} seconds, as the schedule has it"),
    "warm_up": Variable(between(int, *WARM_UP), f"{_span(WARM_UP)} seconds"),
    "freshness": Variable(between(float, *FRESHNESS), f"{_span(FRESHNESS)} seconds"),
    "failure_threshold": Variable(between(int, *SAMPLE), f"{_span(SAMPLE)} backends"),
    "sample_size": Variable(between(int, *SAMPLE), f"{_span(SAMPLE)} backends"),
    "failure_share": Variable(between(int, *SHARE), f"{_span(SHARE)} per cent"),
    "prove_active": Variable(flag, "true or false"),
    "mirror_routes": Variable(flag, "true or false"),
    "mirror_endpoints": Variable(vpc_endpoints, "ids of VPC endpoints, separated by commas"),
    "auto_scaling_groups": Variable(
        auto_scaling_groups, "names of one or two Auto Scaling groups, with a comma between"
    ),
    "egress_allocation": _ALLOCATION,
    "standby_egress_allocation": _ALLOCATION,
    "runbook": Variable(matching(RUNBOOK), "an https address of at most 200 characters, without a #"),
}
