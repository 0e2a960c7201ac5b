"""What a failover or failback by hand would do: read, asked and planned; nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.operator.fitness import NOT_MANAGED, Check, examine
from nat_failover.cli.operator.operator import Hand, Host, Say
from nat_failover.cli.operator.plan import Plan, choose_first
from nat_failover.cli.operator.public_address import await_address
from nat_failover.cli.operator.transfer import MAY_MOVE
from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockView
from nat_failover.network.route_table_pair import Tables
from nat_failover.probing.invocation import State
from nat_failover.settings import Settings


@dataclass(frozen=True)
class Ahead:
    """What lies ahead.

    Attributes:
        plan: None where there is nothing to move.
        checks: of the NAT that is to take over.
        obstacle: why the plan can't be followed whatever the checks say; None where it can.
        can_be_asked: Systems Manager reaches the NAT, or a backend at least.
    """

    locks: LockView
    tables: Tables
    plan: Plan | None
    checks: tuple[Check, ...] = ()
    obstacle: str | None = None
    can_be_asked: bool = True


def other_than_active(tables: Tables, settings: Settings) -> str:
    """Return the table of the passive NAT.

    Raises:
        CommandError: the subnets are split, or there are none.
    """
    if tables.active is not None:
        return settings.other_table(tables.active)
    if not any(table.associations for table in tables.by_id.values()):
        raise CommandError(
            f"no subnet is explicitly associated with {' or '.join(settings.tables)}: there is nothing to move",
            section="no-subnets",
        )
    raise CommandError(
        "the subnets are split over both tables: say where to, --to primary or --to standby",
        Exit.USAGE,
        section="subnets-split",
    )


def look_ahead(hand: Hand, name: str, to_table: str | None, say: Say, *, staged: bool) -> Ahead:
    """Read, ask and plan.

    Args:
        hand: means of the person.
        name: ``failover`` or ``failback``.
        to_table: where to; the passive NAT's where not given.
        say: tells the person how it goes.
        staged: one subnet goes first.

    Raises:
        CommandError: it can't be planned.
        RouteTablesError: a route table of the pair is missing.
        botocore.exceptions.ClientError: AWS refuses.
    """
    settings = hand.settings
    locks, tables = hand.runtime.together([hand.lock.read, hand.routes.read])
    to_table = to_table or other_than_active(tables, settings)
    from_table = settings.other_table(to_table)
    subnets = tuple(sorted(tables.by_id[from_table].associations))
    if not subnets:
        return Ahead(locks, tables, None)
    await_address(hand, settings.nat_of(to_table), say)
    say(f"asking {settings.nat_of(to_table)}, the backends, and EC2")
    checks, (hosts, online) = hand.runtime.together(
        [lambda: examine(hand, tables, to_table), lambda: _baseline(hand, subnets)]
    )
    first = choose_first(hosts, online) if staged and len(subnets) > 1 else None
    reason = f"{name} by hand: {hand.owner}"
    plan = Plan(name, from_table, to_table, subnets, (first,) if first else (), hosts, online, reason)
    can_be_asked = bool(hosts) or not any(check.detail == NOT_MANAGED for check in checks)
    return Ahead(locks, tables, plan, tuple(checks), _obstacle(locks, hosts, staged=staged), can_be_asked)


def _obstacle(locks: LockView, hosts: Mapping[str, Sequence[Host]], *, staged: bool) -> str | None:
    lock = locks.lock
    if lock.state is LockState.FAILING_OVER:
        return f"{lock.reason}: the function finishes it within two minutes, even if its invocation has died"
    if lock.state not in MAY_MOVE:
        return f"{lock.reason}: write `armed` or `paused` into it first (nat-failover rearm, nat-failover pause)"
    if staged and not any(hosts.values()):
        return "no backend is online in Systems Manager: nobody could tell whether the first subnet is online"
    return None


def _baseline(hand: Hand, subnets: Sequence[str]) -> tuple[dict[str, tuple[Host, ...]], frozenset[str]]:
    """Return the backends by subnet, and the ids of those that are online now."""
    found: dict[str, list[Host]] = defaultdict(list)
    for host in hand.backends():
        if host.subnet in subnets:
            found[host.subnet].append(host)
    observations = hand.ask([host.instance for there in found.values() for host in there])
    online = frozenset(host for host, observation in observations.items() if observation.state is State.REACHABLE)
    # Whoever can't probe, or says nothing, can't tell afterwards either.
    tells = {
        host for host, observation in observations.items() if observation.state in (State.REACHABLE, State.UNREACHABLE)
    }
    hosts = {subnet: tuple(host for host in there if host.instance in tells) for subnet, there in found.items()}
    return {subnet: there for subnet, there in hosts.items() if there}, online
