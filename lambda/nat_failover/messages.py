"""Pure: what people are told, written for someone who has just been woken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nat_failover.address import Move
from nat_failover.decision import Decision
from nat_failover.observation import Observation
from nat_failover.settings import Settings

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, less than 100 characters
LONGEST_SUBJECT = 99


@dataclass(frozen=True)
class Message:
    """A mail: subject in ASCII under 100 characters, and a text."""

    subject: str
    text: str


@dataclass(frozen=True)
class Verified:
    """What the round after the swap has found: hosts that were asked, and those of them that are online."""

    asked: tuple[str, ...]
    online: tuple[str, ...]

    @property
    def said(self) -> str:
        """Say it."""
        if not self.asked:
            return "nobody could be asked whether it helped"
        return f"{len(self.online)} of {len(self.asked)} backends online"


def failed_over(
    decision: Decision,
    from_table: str,
    moved: Sequence[str],
    seconds: float,
    verified: Verified,
    s: Settings,
    egress: Move | None = None,
) -> Message:
    """Tell that the subnets have been moved."""
    to_table = s.other_table(from_table)
    offline = sorted(set(verified.asked) - set(verified.online))
    return Message(
        _subject(s, f"failed over to the {s.role_of(to_table)} NAT, {verified.said}"),
        _text(
            f"The {s.role_of(from_table)} NAT {s.nat_of(from_table)} no longer carried traffic, and the private "
            f"subnets were moved to the {s.role_of(to_table)} NAT {s.nat_of(to_table)}.",
            "Seen: " + decision.reason + ".",
            *_evidence(decision.evidence, s),
            f"Done: {len(moved)} subnets moved from {from_table} to {to_table} in {seconds:.1f} s "
            f"({', '.join(moved)}).",
            *_egress(egress),
            f"Helped: {verified.said} through the new path."
            + (f" Still offline: {', '.join(offline)}." if offline else ""),
            f"Next: 1. Find out what happened to {s.nat_of(from_table)} and mend it.",
            f"2. Until you re-arm, nothing fails over again: {rearm(s)}",
            f"3. After that {s.nat_of(to_table)} is the active NAT and {s.nat_of(from_table)} stands by; "
            "the pair is symmetric, so there is no need to go back.",
        ),
    )


def swap_failed(decision_reason: str, from_table: str, error: str, s: Settings, egress: Move | None = None) -> Message:
    """Tell that the subnets could not be moved."""
    to_table = s.other_table(from_table)
    return Message(
        _subject(s, "FAILOVER FAILED, subnets may be offline: act now"),
        _text(
            f"The {s.role_of(from_table)} NAT {s.nat_of(from_table)} does not carry traffic, and the private subnets "
            f"could not be moved to the {s.role_of(to_table)} NAT {s.nat_of(to_table)}.",
            "Seen: " + decision_reason + ".",
            "Failed: " + error + ".",
            *_egress(egress),
            f"Next: 1. Associate the subnets that are left on {from_table} with {to_table} by hand:",
            "   aws ec2 describe-route-tables --route-table-ids " + from_table,
            "   aws ec2 replace-route-table-association --association-id rtbassoc-... --route-table-id " + to_table,
            f"2. Mend what EC2 complains of. Nothing is tried again until you re-arm: {rearm(s)}",
        ),
    )


def would_fail_over(decision: Decision, from_table: str, s: Settings) -> Message:
    """Tell, in observe mode, what would have been done."""
    to_table = s.other_table(from_table)
    return Message(
        _subject(s, f"would have failed over to the {s.role_of(to_table)} NAT (observe mode)"),
        _text(
            f"The {s.role_of(from_table)} NAT {s.nat_of(from_table)} does not carry traffic. The mode is observe: "
            "nothing was changed, and the private subnets are offline.",
            "Seen: " + decision.reason + ".",
            *_evidence(decision.evidence, s),
            f"Not done: {from_table} would have been replaced by {to_table} for every protected subnet.",
            "Next: mend the NAT, or swap by hand; set the mode to automatic to have it done for you.",
        ),
    )


def rearm(s: Settings) -> str:
    """Give the command that re-arms."""
    return f"aws ssm put-parameter --name {s.lock_parameter} --value armed --overwrite"


def _egress(move: Move | None) -> list[str]:
    """Tell what became of the egress address; nothing where the pair has none."""
    if move is None:
        return []
    name = f"{move.public} ({move.allocation})" if move.public else move.allocation
    if move.moved:
        return [f"Egress address: {name} has moved to {move.nat}, so that partners see the same address as before."]
    return [
        f"Egress address: {name} could NOT be moved to {move.nat} ({move.why}). Until you move it, the subnets use "
        "that NAT's own address, which partners may refuse:",
        "   " + move.by_hand,
    ]


def _evidence(evidence: Sequence[Observation], s: Settings) -> list[str]:
    targets = ", ".join(s.targets)
    return [f"  {o.host}: {o.state.value} at {_clock(o.at)} UTC, none of {targets} answered" for o in evidence]


def _clock(at: float) -> str:
    hours, rest = divmod(int(at) % 86400, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def _subject(s: Settings, said: str) -> str:
    subject = f"[nat-failover {s.pair}] {said}"
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 3] + "..."


def _text(*paragraphs: str) -> str:
    return "\n".join(paragraphs) + "\n"
