"""What lasts, as it is when it begins, of a pair that does not exist."""

from __future__ import annotations

from dataclasses import replace

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.lock.record import LockState, Record
from nat_failover.network.egress_address import Move
from nat_failover.network.route_differences import PREFIX_LIST, Destination, Difference, RouteTarget
from nat_failover.network.swap import Swapped
from nat_failover.probing.verification import Verified
from tests.examples import BACKENDS, NOW, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, failures, well

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
        f"{SEEN}, but the active NAT {PRIMARY} was started 40 s ago, less than 300 s: machines that start together "
        "come up in any order",
        EVIDENCE,
    ),
    Trouble.OFFLINE_WHILE_LOCKED: Condition(
        Trouble.OFFLINE_WHILE_LOCKED,
        f"locked: failed over to {STANDBY_TABLE} at 2027-01-15 07:00:00 UTC; re-arm to allow another failover "
        "(1 reachable, 3 unreachable)",
        EVIDENCE,
    ),
    Trouble.NEVER_ONLINE: Condition(
        Trouble.NEVER_ONLINE,
        f"3 of 4 backends can't reach the Internet ({', '.join(BACKENDS[:3])}), and no backend has ever reached the "
        f"targets (1.1.1.1, 8.8.8.8, 9.9.9.9) through the active NAT {PRIMARY}: that is no sign of a dead NAT",
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
        f"AWS has announced maintenance (instance-stop), from 2027-01-15 09:00 UTC on, of {PRIMARY}, the active NAT",
    ),
    Trouble.PASSIVE_UNHEALTHY: Condition(Trouble.PASSIVE_UNHEALTHY, f"the passive NAT {STANDBY} is stopped"),
    Trouble.PASSIVE_WITHOUT_ADDRESS: Condition(
        Trouble.PASSIVE_WITHOUT_ADDRESS,
        f"the passive NAT {STANDBY} has no public address and can't take over until it has one: after it gave up the "
        "egress address, EC2 gives it another within about five minutes",
    ),
    Trouble.ROUTES_DIFFER: Condition(
        Trouble.ROUTES_DIFFER,
        "3 routes differ besides the default route",
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
        f"{REASON}; but a claim is in the way, and no record of a failover appears",
        tuple(failures()),
        upon=7,
        lasts=60.0,
    ),
    Trouble.LOCK_UNREADABLE: Condition(Trouble.LOCK_UNREADABLE, "locked: the lock's value 'amred' can't be understood"),
    Trouble.PAUSED: Condition(Trouble.PAUSED, "paused by a person: nothing is probed until it is resumed"),
}
