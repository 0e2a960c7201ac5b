"""A message of every kind and phase, of a pair that does not exist; those that ``make texts`` writes as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nat_failover.judging.conditions import Condition, Severity, Trouble
from nat_failover.judging.nat_gone import EC2_SAYS
from nat_failover.lock.record import LockState, Record
from nat_failover.network.egress_address import Move
from nat_failover.network.route_differences import PREFIX_LIST, Destination, Difference, RouteTarget
from nat_failover.network.swap import Swapped
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import NO_TIME, Verified
from nat_failover.settings import Mode
from nat_failover.telling.compose import FailoverReport, compose, compose_failover
from nat_failover.telling.memory import Channel, Due, Phase, begun
from nat_failover.telling.message import Message
from nat_failover.telling.texts.failovers import facts, failed_over, swap_failed
from tests.examples import BACKENDS, NOW, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, failures, settings, well

APPROVED = Path(__file__).parent / "approved"
SEEN = f"3 of 4 backends can't reach the Internet ({', '.join(BACKENDS[:3])})"
REASON = f"{SEEN}, while 3 of them can through the passive NAT {STANDBY}"
SUBNETS = {"subnet-0aaaaaaaaaaaaaaa1": "rtbassoc-1", "subnet-0aaaaaaaaaaaaaaa2": "rtbassoc-2"}
RECORD = Record(
    LockState.FAILED_OVER,
    "request-1",
    NOW - 1,
    PRIMARY_TABLE,
    STANDBY_TABLE,
    SUBNETS,
    tuple(f"{host} UNREACHABLE" for host in BACKENDS[:3]),
    REASON,
    f"2 subnets moved from {PRIMARY_TABLE} to {STANDBY_TABLE} in 0.6 s",
    0.6,
)
ERROR = "1 of 2 subnets could not be moved: subnet-0aaaaaaaaaaaaaaa2: UnauthorizedOperation: You are not authorized"
FAILED = replace(RECORD, state=LockState.FAILED, outcome=ERROR, seconds=None)
SWAPPED = Swapped(tuple(SUBNETS), 0.6, NOW - 0.4)
NOBODY = Verified(BACKENDS[:4], (), (BACKENDS[3],))
ALL_BUT_ONE = Verified(BACKENDS[:4], BACKENDS[:2], (BACKENDS[3],))
MOVE = Move("eipalloc-0123456789abcdef0", STANDBY, "203.0.113.9", "eni-0123456789abcdef1")
SECOND = Move("eipalloc-0123456789abcdef1", PRIMARY, "203.0.113.10", "eni-0123456789abcdef0")
REFUSED = "UnauthorizedOperation: You are not authorized"
EVIDENCE = tuple(failures())
# As it is without endpoints: the passive NAT tells what it has heard.
SIGNALS = tuple(failures(relayed_by=STANDBY, since=NOW - 2, elapsed=0.0))
ELSEWHERE = tuple(failures(by_active=True))

# What lasts, as it is when it begins.
CONDITIONS: dict[Trouble, Condition] = {
    Trouble.FAILED_OVER: Condition(Trouble.FAILED_OVER, "locked", record=RECORD),
    Trouble.FAILOVER_FAILED: Condition(Trouble.FAILOVER_FAILED, "locked", record=FAILED),
    Trouble.WOULD_FAIL_OVER: Condition(Trouble.WOULD_FAIL_OVER, REASON, EVIDENCE),
    Trouble.CONTROL_DOWN: Condition(
        Trouble.CONTROL_DOWN,
        f"{SEEN}, and 3 of them can't through the passive NAT {STANDBY} either: the Internet or the standby is "
        "broken, and a failover would not help",
        tuple(failures(by_passive=False)),
    ),
    Trouble.NOT_THE_NAT: Condition(
        Trouble.NOT_THE_NAT,
        f"{SEEN}, but {', '.join(BACKENDS[:3])} can through the active NAT's proof port: the NAT works, and a "
        "failover would not help",
        ELSEWHERE,
    ),
    Trouble.BOOTING: Condition(
        Trouble.BOOTING,
        f"{SEEN}, but the active NAT {PRIMARY} was started 40 s ago, less than 300 s: machines that boot may come in "
        "any order",
        EVIDENCE,
    ),
    Trouble.OFFLINE_WHILE_LOCKED: Condition(
        Trouble.OFFLINE_WHILE_LOCKED,
        f"locked: failed over to {STANDBY_TABLE} at 2027-01-15T07:00:00+00:00; re-arm to allow another failover "
        "(1 reachable, 3 unreachable)",
        EVIDENCE,
    ),
    Trouble.NEVER_ONLINE: Condition(
        Trouble.NEVER_ONLINE,
        f"3 of 4 backends can't reach the Internet ({', '.join(BACKENDS[:3])}), and no backend has ever reached the "
        f"targets (1.1.1.1, 8.8.8.8, 9.9.9.9) through the active NAT {PRIMARY}: that is no sign of a NAT that has died",
        tuple(failures()),
    ),
    Trouble.CANNOT_JUDGE: Condition(
        Trouble.CANNOT_JUDGE,
        "can't judge: 2 of 4 backends asked can be judged, 3 are needed (2 reachable, 2 silent)",
    ),
    Trouble.NO_SUBNETS: Condition(
        Trouble.NO_SUBNETS,
        f"no subnet is explicitly associated with {PRIMARY_TABLE} or {STANDBY_TABLE}: associate the private subnets "
        "with the primary route table",
    ),
    Trouble.SPLIT: Condition(
        Trouble.SPLIT,
        f"the protected subnets are split over both route tables ({PRIMARY_TABLE}: subnet-a; {STANDBY_TABLE}: "
        "subnet-b), and no failover is under way: associate all of them with one",
    ),
    Trouble.NAT_ENDING: Condition(
        Trouble.NAT_ENDING,
        f"AWS has announced maintenance (instance-stop) from 2027-01-15 09:00 UTC on of {PRIMARY}, the active NAT",
    ),
    Trouble.PASSIVE_UNHEALTHY: Condition(Trouble.PASSIVE_UNHEALTHY, f"the passive NAT {STANDBY} is stopped"),
    Trouble.PASSIVE_WITHOUT_ADDRESS: Condition(
        Trouble.PASSIVE_WITHOUT_ADDRESS,
        f"the passive NAT {STANDBY} has no public address and can't take over until it has one: after it gave up the "
        "egress address, EC2 gives it another within about five minutes",
    ),
    Trouble.ROUTES_DIFFER: Condition(
        Trouble.ROUTES_DIFFER,
        "3 routes differ beside the default route",
        routes=(
            Difference(
                Destination("DestinationCidrBlock", "10.9.0.0/16"),
                RouteTarget("VpcPeeringConnectionId", "pcx-0123456789abcdef0"),
                None,
            ),
            Difference(
                Destination(PREFIX_LIST, "pl-0123456789abcdef0"),
                RouteTarget("GatewayId", "vpce-0123456789abcdef0"),
                None,
            ),
            Difference(
                Destination("DestinationCidrBlock", "10.8.0.0/16"),
                None,
                RouteTarget("TransitGatewayId", "tgw-0123456789abcdef0"),
            ),
        ),
    ),
    Trouble.EGRESS_ELSEWHERE: Condition(
        Trouble.EGRESS_ELSEWHERE,
        f"egress address 203.0.113.9 is with {STANDBY}, not with the active NAT i-0123456789abcdef0",
    ),
    Trouble.PINGS_LOST: Condition(
        Trouble.PINGS_LOST,
        "3 backends are online, and most of their pings are lost",
        tuple(replace(o, pings=(4, 60)) for o in well(*BACKENDS[:3])),
    ),
    Trouble.BLOCKED: Condition(
        Trouble.BLOCKED,
        "4 of 4 backends are offline by the active NAT; but a claim is in the way, and no record of a failover appears",
        tuple(failures()),
        upon=7,
        lasts=60.0,
    ),
    Trouble.LOCK_UNREADABLE: Condition(Trouble.LOCK_UNREADABLE, "locked: the lock's value 'amred' can't be understood"),
    Trouble.PAUSED: Condition(Trouble.PAUSED, "paused by a person: nothing is probed until it is re-armed"),
}
PAIR = settings(egress_allocation=MOVE.allocation)
OBSERVING = replace(PAIR, mode=Mode.OBSERVE)
CHANNELS = tuple(Channel)


def lasting(kind: Trouble, phase: Phase) -> Message:
    """Write of a trouble that was noticed four minutes ago, a day ago, or is over after an hour."""
    ago = {Phase.BEGIN: 240.0, Phase.REMINDER: 86_640.0, Phase.END: 3_600.0}[phase]
    condition = replace(CONDITIONS[kind], active=PRIMARY_TABLE, associations=tuple(SUBNETS.values()))
    condition = _earlier(condition, ago)
    entry = begun(condition, PAIR.pair, NOW - ago)
    s = OBSERVING if kind is Trouble.WOULD_FAIL_OVER else PAIR
    if phase is Phase.END:
        return compose(Due(replace(entry, over=NOW - 180), phase, CHANNELS, None), "all is well (4 reachable)", s, NOW)
    return compose(Due(entry, phase, CHANNELS, condition), "", s, NOW)


def _earlier(condition: Condition, ago: float) -> Condition:
    """Let a failover lie back; who is offline is so still, and has been for so long."""
    record = condition.record
    return replace(
        condition,
        evidence=tuple(replace(o, since=o.since - ago) for o in condition.evidence),
        record=None if record is None else replace(record, since=record.since - ago),
    )


def done(verified: Verified, egress: Move | None = None, evidence: tuple[Observation, ...] = EVIDENCE) -> Message:
    """Write of a failover that has just been done."""
    condition = Condition(Trouble.FAILED_OVER, REASON, evidence, active=STANDBY_TABLE, record=RECORD)
    words = failed_over(RECORD, evidence, replace(SWAPPED, egress=egress), verified, PAIR)
    told = facts(RECORD, SWAPPED, verified, evidence)
    level = Severity.WARNING if verified.all_online else Severity.CRITICAL
    return compose_failover(begun(condition, PAIR.pair, NOW), FailoverReport(condition, words, told, level), PAIR, NOW)


def by_ec2s_word(verified: Verified, state: str = "stopped") -> Message:
    """Write of a failover that EC2's own word has brought about, before any backend said that it is offline."""
    reason = (
        f"{EC2_SAYS} {PRIMARY} is {state}, while 4 of 4 backends run, and nothing is known against the passive NAT "
        f"{STANDBY}"
    )
    record = replace(RECORD, reason=reason, evidence=(), handover=state == "stopping")
    condition = Condition(Trouble.FAILED_OVER, reason, active=STANDBY_TABLE, record=record)
    words = failed_over(record, (), SWAPPED, verified, PAIR)
    report = FailoverReport(condition, words, facts(record, SWAPPED, verified, ()), Severity.WARNING)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def by_hand(command: str) -> Message:
    """Return what is told of a move that a person has made, and the command did not tell of."""
    ways = (STANDBY_TABLE, PRIMARY_TABLE) if command == "failback" else (PRIMARY_TABLE, STANDBY_TABLE)
    record = replace(
        RECORD,
        from_table=ways[0],
        to_table=ways[1],
        owner="alice@laptop",
        by_hand=command,
        reason=f"{command} by hand: alice@laptop",
        evidence=(),
    )
    condition = Condition(Trouble.FAILED_OVER, "locked", active=STANDBY_TABLE, record=record)
    return compose(Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, CHANNELS, condition), "", PAIR, NOW)


def failed() -> Message:
    """Write of a failover that has just failed."""
    condition = Condition(Trouble.FAILOVER_FAILED, REASON, EVIDENCE, record=FAILED)
    words = swap_failed(FAILED, EVIDENCE, ERROR, ["rtbassoc-2"], PAIR)
    told = facts(FAILED, Swapped(tuple(SUBNETS)[:1], 1.7, NOW), None, ())
    report = FailoverReport(condition, words, told, Severity.CRITICAL)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def examples() -> Mapping[str, Message]:
    """Give all messages that are approved, by the name of their file."""
    everybody = Verified(BACKENDS[:4], BACKENDS[:4])
    refused = replace(MOVE, why=REFUSED)
    found = {
        "failed-over": done(everybody),
        "failed-over-some-offline": done(ALL_BUT_ONE),
        "failed-over-nobody-online": done(NOBODY),
        "failed-over-not-verified": done(Verified(why=NO_TIME)),
        "failed-over-with-egress-address": done(everybody, MOVE),
        "failed-over-egress-address-refused": done(everybody, refused),
        "failed-over-by-signals": done(everybody, evidence=SIGNALS),
        "failed-over-addresses-change-places": done(everybody, replace(MOVE, standby=SECOND)),
        "failed-over-standby-address-refused": done(everybody, replace(MOVE, standby=replace(SECOND, why=REFUSED))),
        "failed-over-by-ec2s-word": by_ec2s_word(everybody),
        "handed-over": by_ec2s_word(everybody, "stopping"),
        "failover-failed": failed(),
        "failed-over-says-the-lock": lasting(Trouble.FAILED_OVER, Phase.BEGIN),
        "failed-back-by-hand": by_hand("failback"),
        "drill-by-hand": by_hand("drill"),
        "failover-failed-says-the-lock": lasting(Trouble.FAILOVER_FAILED, Phase.BEGIN),
    }
    found |= {k.value: lasting(k, Phase.BEGIN) for k in CONDITIONS if CONDITIONS[k].record is None}
    found |= {f"{k.value}-reminder": lasting(k, Phase.REMINDER) for k in (Trouble.FAILED_OVER, Trouble.CANNOT_JUDGE)}
    return found | {f"{k.value}-recovered": lasting(k, Phase.END) for k in CONDITIONS}


def text_of(message: Message) -> str:
    """Give a mail as it is approved: its subject, an empty line, its text."""
    return f"Subject: {message.subject}\n\n{message.text}"
