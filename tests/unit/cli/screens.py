"""What a person sees of a pair that does not exist: `status`, `status --watch` and `doctor`, on two terminals."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.checks import examine
from nat_failover.cli.checks.proof import evidence
from nat_failover.cli.commands.doctor import show
from nat_failover.cli.commands.history import show as tell_past
from nat_failover.cli.commands.status import print_all
from nat_failover.cli.console import SafeConsole
from nat_failover.cli.operator.inspection import KernelInspection
from nat_failover.cli.snapshot.snapshot import LockParameter, LoggedDecision, Raw, Snapshot
from nat_failover.cli.standing.assess import appraise
from nat_failover.cli.standing.render import watched
from nat_failover.judging.view import View
from nat_failover.lock.record import LockState, Record, read_lock
from nat_failover.lock.store import LockView
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Table, Tables
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Kind, Round
from tests.examples import (
    BACKENDS,
    NOW,
    PRIMARY,
    PRIMARY_TABLE,
    STANDBY,
    STANDBY_TABLE,
    failures,
    observation,
    settings,
    well,
)
from tests.unit.cli.past import ALICE, SUBNETS, past

APPROVED = Path(__file__).parent / "approved"
WIDTHS, HEIGHT = (80, 140), 24
HOSTS = BACKENDS[:4]
ADDRESS = {PRIMARY: "10.0.0.10", STANDBY: "10.0.1.10"} | {host: f"10.0.2.{n}" for n, host in enumerate(HOSTS, 10)}
NAMES = {PRIMARY: "nat-a", STANDBY: "nat-failover-main-standby"} | {host: f"web-{n}" for n, host in enumerate(HOSTS)}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:nat-failover-main"
Observations = dict[str, tuple[Observation, ...]]


def _zone(host: str) -> str:
    return "eu-west-1b" if host == STANDBY or host in HOSTS[2:] else "eu-west-1a"


def _subnet(host: str) -> str:
    return SUBNETS[host in HOSTS[2:]] if host in HOSTS else f"subnet-0ccccccccccccccc{1 + (host == STANDBY)}"


def _raw(host: str) -> Raw:
    public = {"PublicIpAddress": f"203.0.113.{10 + (host == STANDBY)}"} if host not in HOSTS else {}
    return {
        "InstanceId": host,
        "State": {"Name": "running"},
        "LaunchTime": datetime.fromtimestamp(NOW - 90_000, UTC),
        "PrivateIpAddress": ADDRESS[host],
        "SubnetId": _subnet(host),
        "VpcId": "vpc-0123456789abcdef0",
        "Placement": {"AvailabilityZone": _zone(host)},
        "Tags": [{"Key": "Name", "Value": NAMES[host]}],
        "SourceDestCheck": False,
        **public,
    }


def _nat(host: str) -> Nat:
    raw = _raw(host)
    addresses = (ADDRESS[host],)
    return Nat(host, "running", NOW - 90_000, ADDRESS[host], subnet=raw["SubnetId"], addresses=addresses, checked=False)


def _tables(active: str) -> Tables:
    associations = {subnet: f"rtbassoc-{n}" for n, subnet in enumerate(SUBNETS, 1)}
    return Tables(
        {
            table: Table(table, associations if table == active else {}, None, nat=nat)
            for table, nat in ((PRIMARY_TABLE, PRIMARY), (STANDBY_TABLE, STANDBY))
        }
    )


def _by_command(answers: list[Observation], active: str = PRIMARY, passive: str = STANDBY) -> Observations:
    return {"command-1": tuple(replace(o, about=(ADDRESS[active], ADDRESS[passive])) for o in answers)}


def snapshot(
    observations: Observations,
    lock: str = "armed",
    written: float = 3_600,
    active: str = PRIMARY_TABLE,
) -> Snapshot:
    """Give a pair that is well but for these observations, the lock, and where the subnets are."""
    read = read_lock(lock, 7)
    rounds = tuple(Round(command, Kind.CHECK, 0, NOW - 8, HOSTS) for command in observations)
    hosts = (PRIMARY, STANDBY, *HOSTS)
    view = View(
        settings(), LockView(read, None), _tables(active), rounds, observations, {host: _nat(host) for host in hosts}
    )
    fine = {"Status": "ok"}
    return Snapshot(
        pair=Deployed(settings(), "nat-failover-main", ARN, "role", 45.0, "/aws/lambda/nat-failover-main"),
        now=NOW,
        options=" --region eu-west-1",
        view=view,
        lock=LockParameter(read, NOW - written),
        instances={host: _raw(host) for host in hosts},
        health={nat: {"InstanceId": nat, "SystemStatus": fine, "InstanceStatus": fine} for nat in (PRIMARY, STANDBY)},
        managed={host: {"PingStatus": "Online"} for host in hosts},
        kernels=dict.fromkeys((PRIMARY, STANDBY), KernelInspection(forwarding=True, translating=True)),
        subnets={
            subnet: {"SubnetId": subnet, "CidrBlock": f"10.0.{2 + n}.0/24", "AvailabilityZone": f"eu-west-1{zone}"}
            for n, (subnet, zone) in enumerate(zip(SUBNETS, "ab", strict=True))
        },
        alarms=[{"AlarmName": f"nat-failover-main-{n}", "StateValue": "OK"} for n in range(18)],
        decisions=[_tick("HOLD", "all is well (4 reachable)")],
        subscriptions=[{"SubscriptionArn": "arn:aws:sns:one", "Endpoint": "oncall@example.com", "Protocol": "email"}],
    )


def _tick(decision: str, reason: str) -> LoggedDecision:
    return LoggedDecision(NOW - 12, "Tick", decision, "", reason)


def healthy() -> Snapshot:
    """A pair whose backends ended a watch eight minutes ago, as they do while nothing happens."""
    observations = well(*HOSTS, at=NOW - 480, since=NOW - 480, asked_at=NOW - 1_080, elapsed=600.0, by_passive=True)
    return snapshot(_by_command([*observations, observation(STANDBY, State.REACHABLE)]))


def offline_and_held() -> Snapshot:
    """Neither NAT gets the backends through."""
    observations = [
        *failures(3, by_passive=False),
        *well(HOSTS[3], by_passive=True),
        observation(STANDBY, State.REACHABLE),
    ]
    reason = (
        f"3 of 4 backends can't reach the Internet ({', '.join(HOSTS[:3])}), and 3 of them can't through the passive "
        f"NAT {STANDBY} either: the Internet or the standby is broken, and a failover would not help"
    )
    return replace(snapshot(_by_command(observations)), decisions=[_tick("HOLD", reason)])


def failed_over() -> Snapshot:
    """Three backends are online again, one has not been heard since; the old NAT fails EC2's checks."""
    record = Record(
        LockState.FAILED_OVER,
        "3f1c8a52-6f0e-4d2b-9b57-0c0c6d1f6f11",
        NOW - 240,
        PRIMARY_TABLE,
        STANDBY_TABLE,
        {subnet: f"rtbassoc-{n}" for n, subnet in enumerate(SUBNETS, 1)},
        tuple(f"{host} UNREACHABLE" for host in HOSTS[:3]),
        f"4 of 4 backends can't reach the Internet, while 4 of them can through the passive NAT {STANDBY}",
        f"2 subnets moved from {PRIMARY_TABLE} to {STANDBY_TABLE} in 0.6 s",
        0.6,
    )
    before = failures(4, at=NOW - 242, since=NOW - 244, asked_at=NOW - 250)
    after = well(*HOSTS[:3], at=NOW - 20, since=NOW - 20, asked_at=NOW - 26)
    observations = _by_command(before) | {"command-2": tuple(_by_command([*after], STANDBY, PRIMARY)["command-1"])}
    found = snapshot(observations, record.text(), 240, STANDBY_TABLE)
    sick = {"InstanceId": PRIMARY, "SystemStatus": {"Status": "ok"}, "InstanceStatus": {"Status": "impaired"}}
    decision = _tick("HOLD", f"{read_lock(record.text(), 7).reason} (3 reachable, 1 unreachable)")
    kernels = {**(found.kernels or {}), PRIMARY: KernelInspection(why="it has not answered")}
    return replace(found, health={**(found.health or {}), PRIMARY: sick}, kernels=kernels, decisions=[decision])


def paused() -> Snapshot:
    """A person is at work, and nobody has been asked for forty minutes."""
    text = f'{{"state":"paused","by":"{ALICE}","since":"?","reason":"kernel update of the standby"}}'
    observations = well(*HOSTS, at=NOW - 2_400, since=NOW - 2_400, asked_at=NOW - 2_406)
    found = snapshot(_by_command(observations), text, 2_390)
    return replace(found, decisions=[_tick("HOLD", f"{read_lock(text, 7).reason} (no backend has been asked)")])


def cannot_judge() -> Snapshot:
    """Two of four backends say nothing."""
    silent = [observation(h, State.SILENT, explicit=False, detail="no agent has taken the command") for h in HOSTS[2:]]
    observations = [*well(*HOSTS[:2], by_passive=True), *silent, observation(STANDBY, State.REACHABLE)]
    found = snapshot(_by_command(observations))
    lost = {host: {"PingStatus": "ConnectionLost"} for host in HOSTS[2:]}
    reason = "can't judge: 2 of 4 backends asked can be judged, 3 are needed (2 reachable, 2 silent)"
    return replace(found, managed={**(found.managed or {}), **lost}, decisions=[_tick("HOLD", reason)])


def unread() -> Snapshot:
    """Whoever looks may neither ask Systems Manager nor read the log."""
    denied = {
        "view": "ssm:ListCommands",
        "managed": "ssm:DescribeInstanceInformation",
        "decisions": "logs:FilterLogEvents",
    }
    found = {part: f"you have no permission for {action}" for part, action in denied.items()}
    return replace(healthy(), view=None, managed=None, kernels=None, decisions=None, unread=found)


CASES: dict[str, Callable[[], Snapshot]] = {
    case.__name__.replace("_", "-"): case
    for case in (healthy, offline_and_held, failed_over, paused, cannot_judge, unread)
}


def screen(width: int, height: int = HEIGHT, *, terminal: bool = True) -> SafeConsole:
    """Give a terminal of a size, or what reads a pipe."""
    return SafeConsole(
        file=io.StringIO(), width=width, height=height, force_terminal=terminal, color_system=None, highlight=False
    )


def text_of(console: SafeConsole) -> str:
    """Give what was printed, without the blanks at the ends of lines."""
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def sections(name: str, width: int) -> dict[str, str]:
    """Give what each command shows of a pair, by the command."""
    seen = CASES[name]()
    consoles = {command: screen(width) for command in ("status", "status --watch", "doctor", "history")}
    print_all([appraise(seen)], consoles["status"])
    hint = Text("every 5 s; Ctrl-C ends", style="dim")
    consoles["status --watch"].print(watched([appraise(seen)], consoles["status --watch"], [hint]))
    show(consoles["doctor"], seen.pair.name, examine(seen), evidence(seen))
    tell_past(consoles["history"], seen.pair.name, past(seen), NOW)
    return {command: text_of(console) for command, console in consoles.items()}


def approved_text(name: str, width: int) -> str:
    """Give all of them as they are approved, in one text."""
    return "\n".join(f"$ nat-failover {command}\n{text}" for command, text in sections(name, width).items())
