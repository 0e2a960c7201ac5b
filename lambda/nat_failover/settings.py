"""What the function is told, parsed once from its environment into one frozen, validated object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum

from nat_failover.environment import (
    PREFIX,
    SettingsError,
    Variable,
    between,
    flag,
    host_names,
    hundredths,
    matching,
    read,
    refusal,
    vpc_endpoints,
)
from nat_failover.names import Names

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


class Mode(StrEnum):
    """Whether a decision to fail over is carried out."""

    AUTOMATIC = "automatic"
    OBSERVE = "observe"


class Handover(StrEnum):
    """Whether a NAT whose end is known is left before it."""

    AUTOMATIC = "automatic"
    TELL = "tell"


@dataclass(frozen=True)
class Settings:
    """What the function is told; durations in seconds.

    Attributes:
        failure_share: more than so many per cent of the backends heard have to be offline, beside the threshold.
        prove_active: whether backends try the active NAT's proof port; not where nothing can listen there.
        freshness: an observation older than this is no evidence.
        confirm_for: how long an invocation waits for the evidence that it is missing.
        gather_for: how long the first failure after a time of health is given to be joined by others.
        claim_lease: how long a claim protects its holder; longer than the function may run.
        mirror_endpoints: gateway endpoints that the function may have add their route to a table.
        egress_allocation: the Elastic IP that follows the active NAT; None where none does.
        standby_egress_allocation: the one that the passive NAT has meanwhile; None where the pair has no second.
        runbook: address of the runbook, for mails; empty where the configuration does not say.
    """

    pair: str
    lock_parameter: str
    claim_parameter: str
    told_parameter: str
    probe_document: str
    probe_tag_key: str
    probe_tag_value: str
    primary_route_table: str
    standby_route_table: str
    primary_instance: str
    standby_instance: str
    topic: str
    claim_lease: float
    mode: Mode = Mode.AUTOMATIC
    handover: Handover = Handover.AUTOMATIC
    targets: tuple[str, ...] = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
    interval: float = 0.5
    failures: int = 3
    window: int = 600
    period: int = 60
    warm_up: int = 300
    freshness: float = 30.0
    failure_threshold: int = 3
    sample_size: int = 10
    failure_share: int = 50
    prove_active: bool = True
    mirror_routes: bool = False
    mirror_endpoints: tuple[str, ...] = ()
    egress_allocation: str | None = None
    standby_egress_allocation: str | None = None
    runbook: str = ""
    confirm_for: float = 12.0
    gather_for: float = 3.0

    @property
    def watches(self) -> bool:
        """Whether rounds watch for a window; else each is one quick check a tick."""
        return self.window > 0

    def is_share(self, failed: int, heard: int) -> bool:
        """Return whether so many backends of those heard are a large enough share: a few sick ones are no dead NAT."""
        return failed * 100 > heard * self.failure_share

    def is_enough(self, failed: int, heard: int) -> bool:
        """Return whether so many backends of those heard are as many as a failover takes, and a large enough share."""
        return failed >= self.failure_threshold and self.is_share(failed, heard)

    @property
    def region(self) -> str:
        """The region that the pair is in: its topic's."""
        return self.topic.split(":")[3]

    @property
    def account(self) -> str:
        """The account that the pair is in."""
        return self.topic.split(":")[4]

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        return Names(self.pair).log_group

    @property
    def nats(self) -> tuple[str, str]:
        """The instance ids of both NATs, the primary's first."""
        return (self.primary_instance, self.standby_instance)

    @property
    def tables(self) -> tuple[str, str]:
        """The ids of both route tables, the primary's first."""
        return (self.primary_route_table, self.standby_route_table)

    def other_table(self, table: str) -> str:
        """Return the pair's other route table."""
        return self.standby_route_table if table == self.primary_route_table else self.primary_route_table

    def nat_of(self, table: str) -> str:
        """Return the instance id of the NAT that a route table of the pair leads to."""
        return self.primary_instance if table == self.primary_route_table else self.standby_instance

    def role_of(self, table: str) -> str:
        """Return the configured role, ``primary`` or ``standby``, of a route table of the pair."""
        return "primary" if table == self.primary_route_table else "standby"

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> Settings:
        """Return the settings of the environment, every variable checked.

        Raises:
            SettingsError: with a sentence for each variable that is missing or not allowed.
        """
        settings = Settings(**read(environ, _VARIABLES, _MANDATORY))  # type: ignore[arg-type]
        problems = list(_at_odds(settings))
        if problems:
            raise SettingsError(problems)
        return settings


def _at_odds(s: Settings) -> Iterator[str]:
    """Return which settings don't go together, each of them being allowed."""
    if s.standby_route_table == s.primary_route_table:
        yield refusal("standby_route_table", s.standby_route_table, "another route table than the primary's")
    if s.standby_instance == s.primary_instance:
        yield refusal("standby_instance", s.standby_instance, "another instance than the primary")
    if s.claim_parameter == s.lock_parameter:
        yield refusal("claim_parameter", s.claim_parameter, "another parameter than the lock")
    if s.told_parameter in (s.lock_parameter, s.claim_parameter):
        yield refusal("told_parameter", s.told_parameter, "another parameter than the lock and the claim")
    if s.standby_egress_allocation is not None and s.standby_egress_allocation == s.egress_allocation:
        allowed = "another Elastic IP than the egress address"
        yield refusal("standby_egress_allocation", s.standby_egress_allocation, allowed)
    if s.standby_egress_allocation is not None and s.egress_allocation is None:
        allowed = f"left out without {PREFIX}EGRESS_ALLOCATION, with which it changes places"
        yield refusal("standby_egress_allocation", s.standby_egress_allocation, allowed)
    if s.sample_size < s.failure_threshold:
        least = f"at least {PREFIX}FAILURE_THRESHOLD ({s.failure_threshold})"
        yield refusal("sample_size", s.sample_size, f"{least}, or no failure could ever be seen")
    if 0 < s.window < 2 * s.period:
        allowed = f"0 or at least twice {PREFIX}PERIOD ({s.period}), or hosts go unwatched from one round to the next"
        yield refusal("window", s.window, allowed)


def _span(limits: tuple[float, float]) -> str:
    return f"{limits[0]:.10g} to {limits[1]:.10g}"


_PERIOD = (60 * MINUTES[0], 60 * MINUTES[1])
_PARAMETER = Variable(matching(r"(/[A-Za-z0-9_.-]+)+"), "an absolute parameter name such as /nat-failover/main/lock")
_TABLE = Variable(matching(r"rtb-[0-9a-f]{8,17}"), "a route table id, rtb- and 8 to 17 hexadecimal digits")
_ALLOCATION = Variable(
    matching(r"eipalloc-[0-9a-f]{8,17}"), "an allocation id, eipalloc- and 8 to 17 hexadecimal digits"
)
_INSTANCE = Variable(matching(r"i-[0-9a-f]{8,17}"), "an instance id, i- and 8 to 17 hexadecimal digits")

# Of ASCII, as a mail's link may have it: https://www.rfc-editor.org/rfc/rfc3986#section-2
RUNBOOK = r"https://[A-Za-z0-9._~:/?@!$&'()*+,;=%-]{1,192}"
_VARIABLES = {
    "pair": Variable(matching(r"[a-z][a-z0-9-]{0,30}"), "the pair's name: a to z, 0 to 9 and -, 31 characters at most"),
    "lock_parameter": _PARAMETER,
    "claim_parameter": _PARAMETER,
    "told_parameter": _PARAMETER,
    "probe_document": Variable(matching(r"[A-Za-z0-9_.-]{3,128}"), "the name of an SSM document of this account"),
    "probe_tag_key": Variable(matching(r"[\w\s.:/=+@-]{1,128}"), "a tag key of 1 to 128 characters"),
    "probe_tag_value": Variable(matching(r"[\w\s.:/=+@-]{1,256}"), "a tag value of 1 to 256 characters"),
    "primary_route_table": _TABLE,
    "standby_route_table": _TABLE,
    "primary_instance": _INSTANCE,
    "standby_instance": _INSTANCE,
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
    "egress_allocation": _ALLOCATION,
    "standby_egress_allocation": _ALLOCATION,
    "runbook": Variable(matching(RUNBOOK), "an https address of at most 200 characters, without a #"),
}
_MANDATORY = frozenset(each.name for each in fields(Settings) if each.default is MISSING)
