"""Is a NAT fit to take the subnets over: looked at, asked, and inspected before anything is moved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nat_failover.cli.operator.inspection import KernelInspection, inspect
from nat_failover.cli.operator.operator import Hand
from nat_failover.judging.fitness import Requirement, obstacles_to
from nat_failover.network.egress_address import problems
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Tables
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings

# What a NAT's own word comes to, for people.
SAID = {
    State.UNREACHABLE: "does not reach its ping targets",
    State.SILENT: "does not answer",
    State.BROKEN: "can't run the probe",
    State.PENDING: "has not answered yet",
}
NOT_MANAGED = "Systems Manager does not manage it: it can't be asked"


class Fit(StrEnum):
    """What a check came to: only BAD stands against a NAT."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; ``detail`` is for people."""

    name: str
    fit: Fit
    detail: str


@dataclass(frozen=True)
class Seen:
    """All that was found out of a NAT.

    Attributes:
        route: why the table's default route would not lead to it; None where it does.
        answer: its own answer to a probe; None where SSM does not manage it.
        warnings: what does not stand against it, a sentence each.
    """

    nat: Nat
    route: str | None
    answer: Observation | None
    inspection: KernelInspection
    warnings: tuple[str, ...] = ()


def examine(hand: Hand, tables: Tables, to_table: str) -> list[Check]:
    """Find out whether the NAT behind a route table is fit; nothing is changed.

    Raises:
        botocore.exceptions.ClientError: AWS refuses what can't be done without.
    """
    return judge(_see(hand, tables, to_table), hand.settings, hand.runtime.now())


def judge(seen: Seen, settings: Settings, now: float) -> list[Check]:
    """Return of each thing that a NAT needs whether it has it."""
    nat = seen.nat
    answer = seen.answer
    checks = [
        *_by_ec2(seen, settings.region),
        _warm(nat, answer, settings, now),
        _check(
            "Internet",
            answer is not None and answer.state is State.REACHABLE,
            NOT_MANAGED
            if answer is None
            else "reaches its ping targets"
            if answer.state is State.REACHABLE
            else f"{SAID[answer.state]} ({answer.detail})",
        ),
        _check("forwarding", seen.inspection.forwarding, _kernel(seen.inspection.forwarding, "forwards", seen)),
        _check("masquerading", seen.inspection.translating, _kernel(seen.inspection.translating, "translates", seen)),
    ]
    return checks + [Check("warning", Fit.UNKNOWN, warning) for warning in seen.warnings]


def _by_ec2(seen: Seen, region: str) -> list[Check]:
    """Return of each thing that EC2 knows whether it stands against the NAT."""
    nat, checked = seen.nat.instance_id, seen.nat.checked
    found = obstacles_to(seen.route, seen.nat)
    details = {part: reason if part is Requirement.ROUTE else f"{nat} {reason}" for part, reason in found.items()}
    if Requirement.CHECK in found:
        details[Requirement.CHECK] += f": {seen.nat.check_off} --region {region}"
    fine = {
        Requirement.INSTANCE: f"{nat} is running",
        Requirement.ROUTE: "the default route leads to it",
        Requirement.CHECK: "EC2 does not say" if checked is None else "is off, as it must be",
    }
    return [
        _check(
            part,
            None if part is Requirement.CHECK and checked is None else part not in found,
            details.get(part, otherwise),
        )
        for part, otherwise in fine.items()
    ]


def bad(checks: list[Check]) -> list[Check]:
    """Return what stands against the NAT."""
    return [check for check in checks if check.fit is Fit.BAD]


def _check(name: str, good: bool | None, detail: str) -> Check:
    return Check(name, Fit.UNKNOWN if good is None else Fit.GOOD if good else Fit.BAD, detail)


def _kernel(found: bool | None, does: str, seen: Seen) -> str:
    match found:
        case None:
            return seen.inspection.why or f"it can't be seen whether it {does}"
        case True:
            return f"its kernel {does}"
        case _:
            return f"its kernel does not {does.removesuffix('s')}"


def _warm(nat: Nat, answer: Observation | None, settings: Settings, now: float) -> Check:
    """A machine that has only just booted may still be setting itself up: told, for a person can judge that."""
    uptime = answer.uptime if answer is not None else None
    ages = [age for age in (None if nat.launched_at is None else now - nat.launched_at, uptime) if age is not None]
    if not ages:
        return Check("up for long enough", Fit.UNKNOWN, "nobody knows how long it has been running")
    young = min(ages)
    if young < settings.warm_up:
        detail = f"has only been up for {young:.0f} s: the function would wait until {settings.warm_up} s"
        return Check("up for long enough", Fit.UNKNOWN, detail)
    return Check("up for long enough", Fit.GOOD, f"has been up for more than {settings.warm_up} s")


def _see(hand: Hand, tables: Tables, to_table: str) -> Seen:
    nat_id = hand.settings.nat_of(to_table)
    described, observations, inspection, address = hand.runtime.together(
        [
            lambda: tables.seen_through(hand.instances.describe(hand.settings.nats)),
            lambda: hand.ask([nat_id]),
            lambda: inspect(hand, [nat_id])[nat_id],
            lambda: None if hand.egress is None else hand.egress.read(),
        ]
    )
    other = hand.settings.nat_of(hand.settings.other_table(to_table))
    found = tables.differences(described) if tables.active != to_table else ()
    warnings = [difference.in_words for difference in found]
    if address is not None and tables.active is not None and tables.active != to_table:
        warnings += problems(address, described[other], described[nat_id], hand.settings)
    return Seen(
        described[nat_id], tables.by_id[to_table].trouble, observations.get(nat_id), inspection, tuple(warnings)
    )
