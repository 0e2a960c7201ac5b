"""The failures that can be caused from outside: what each does to the primary NAT, and what comes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tests.aws.deployment import Deployment, NotInTimeError, until
from tests.aws.ground import Can
from tests.aws.paths import Change, longest_outage, watching

# Longer than any failover may take, were the event lost: a period and what comes after it.
FAILED_OVER_WITHIN = 150
# Until every host watches, and the watchers of this program as well.
WATCHING_AFTER = 15
TICK_EVERY = 3.0


@dataclass(frozen=True)
class Failure:
    """One way to die.

    Attributes:
        strike: does it to the primary NAT, and gives what undoes it.
        needs: what a ground has to be able to do, unless it has a way of its own.
    """

    name: str
    in_words: str
    strike: Callable[[Deployment], Callable[[], object]]
    needs: Can


@dataclass(frozen=True)
class Came:
    """What came of a failure.

    Attributes:
        failed_over_after: seconds until the lock said so.
        outages: of each backend, in seconds, by pings of its own; None where it has not ended.
        moved: how many subnets are on the standby's table, of how many.
        problem: what is wrong; empty where all is right.
        why_not: why it was not tried; empty where it was.
    """

    failure: Failure
    failed_over_after: float | None = None
    outages: tuple[float | None, ...] = ()
    moved: tuple[int, int] = (0, 0)
    problem: str = ""
    why_not: str = ""


def _detach(of: Deployment) -> Callable[[], object]:
    nat = of.settings.primary_instance
    if not of.ground.lose_rules(nat):
        of.run(nat, "nft flush ruleset 2>/dev/null; iptables -t nat -F 2>/dev/null; true")
    return lambda: of.ec2.reboot_instances(InstanceIds=[nat])


def _shut(of: Deployment) -> Callable[[], object]:
    """Let the NAT's security group take nothing from the VPC any more."""
    (described,) = of.ec2.describe_instances(InstanceIds=[of.settings.primary_instance])["Reservations"]
    group = described["Instances"][0]["SecurityGroups"][0]["GroupId"]
    (before,) = of.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rules = before["IpPermissions"]
    of.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    return lambda: of.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)


def _stop(of: Deployment) -> Callable[[], object]:
    nat = of.settings.primary_instance
    of.ec2.stop_instances(InstanceIds=[nat])

    def start() -> None:
        # What is still stopping can't be started.
        of.ec2.get_waiter("instance_stopped").wait(InstanceIds=[nat])
        of.ec2.start_instances(InstanceIds=[nat])

    return start


# Stopping comes last: a NAT that has just been started is trusted only after its warm-up.
FAILURES = (
    Failure("rules detached", "the NAT's rules are flushed, over SSM", _detach, Can.COMMANDS),
    Failure("security group", "the NAT's security group takes nothing from the VPC", _shut, Can.MACHINES),
    Failure("stopped", "the NAT is stopped", _stop, Can.MACHINES),
)


def cause(of: Deployment) -> Iterator[Came]:
    """Cause one failure after the other; the pair is put right after each, and armed again before the next."""
    possible = [f for f in FAILURES if f.needs in of.ground.can or (f.strike is _detach and not of.ground.can)]
    for failure in FAILURES:
        if failure not in possible:
            yield Came(failure, why_not=f"{of.ground.name} can't {failure.needs.value}")
            continue
        yield _cause(of, failure)
        if failure is not possible[-1]:
            _arm_again(of)


def _cause(of: Deployment, failure: Failure) -> Came:
    primary, standby = of.settings.tables
    subnets = len(of.associations(primary))
    seen: dict[str, list[Change]] = {}
    problem, after = "", None
    with ExitStack() as stack:
        if Can.COMMANDS in of.ground.can:
            seen = stack.enter_context(watching(of, of.backends, FAILED_OVER_WITHIN + 30))
        _have_all_watch(of)
        struck_at = time.time()
        undo = failure.strike(of)
        try:
            after = until(lambda: _failed_over(of), FAILED_OVER_WITHIN, "a failover", TICK_EVERY)
        except NotInTimeError as error:
            problem = f"{error}; the lock says {of.lock()}"
    moved = len(of.associations(standby))
    outages = tuple(longest_outage(changes, struck_at) for changes in seen.values())
    if not problem and moved != subnets:
        problem = f"{moved} of {subnets} subnets are on the standby's table"
    if not problem and None in outages:
        problem = "backends are offline still"
    undo()
    of.put_back()
    return Came(failure, after, outages, (moved, subnets), problem)


def _have_all_watch(of: Deployment) -> None:
    if Can.FUNCTIONS in of.ground.can:
        time.sleep(of.settings.period + WATCHING_AFTER)
        return
    of.ground.tick()
    time.sleep(4)


def _failed_over(of: Deployment) -> bool:
    if Can.FUNCTIONS not in of.ground.can:
        of.ground.tick()
    text = of.lock()
    return text.startswith("{") and json.loads(text)["state"] == "failed-over"


def _arm_again(of: Deployment) -> None:
    """Wait until both NATs answer and the claim of the failover is over."""
    until(lambda: set(of.settings.nats) <= of.online(), 300, "both NATs are online", 5)
    time.sleep(of.settings.claim_lease)
    of.write_lock("armed")
