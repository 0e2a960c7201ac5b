"""What the lab assumes of AWS's times, measured, beside the ranges that the lab draws from."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from nat_failover.probing.fleet import Fleet
from nat_failover.probing.observation import EXIT_NOTHING
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import Probe
from nat_failover.runtime import LambdaRuntime
from tests.aws.deployment import Deployment, NotInTimeError, until
from tests.aws.events import Listener
from tests.aws.ground import FUNCTION, Can
from tests.aws.paths import online_from, watching
from tests.lab.latencies import Latencies, Range

TIMES = 5
ROUND_WITHIN = 60.0
# https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
INIT = re.compile(r"Init Duration: ([\d.]+) ms")
LAB = Latencies()


@dataclass(frozen=True)
class Measure:
    """One kind of time.

    Attributes:
        lab: the range that the lab draws from, in seconds.
        how: gives some of them; None where the demonstration has not got what it takes.
        needs: what a ground has to be able to do.
        why_not: why there are none, where there is no ``how``.
    """

    what: str
    in_words: str
    lab: Range
    how: Callable[[Deployment], Iterable[float]] | None
    needs: Can | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Measured:
    """What a measure came to; without any seconds, why."""

    measure: Measure
    seconds: tuple[float, ...]
    why_not: str = ""

    @property
    def verdict(self) -> str:
        """Say how it compares with the lab's."""
        if not self.seconds:
            return f"not measured: {self.why_not}"
        low, high = self.measure.lab
        middle = median(self.seconds)
        if middle > high:
            return "slower than the lab"
        return "faster than the lab" if middle < low else "as in the lab"


def measure(of: Deployment, measures: Iterable[Measure] | None = None) -> Iterator[Measured]:
    """Measure one after the other."""
    for each in MEASURES if measures is None else measures:
        if each.how is None:
            yield Measured(each, (), each.why_not)
        elif each.needs is not None and each.needs not in of.ground.can:
            yield Measured(each, (), f"{of.ground.name} can't {each.needs.value}")
        else:
            try:
                yield Measured(each, tuple(each.how(of)), "nothing was seen")
            except NotInTimeError as error:
                yield Measured(each, (), str(error))


def _probe(of: Deployment) -> Probe:
    runtime = LambdaRuntime()
    return Probe(of.ssm, of.settings, runtime, Fleet(of.ssm, of.ec2, of.settings, runtime))


def _rounds(of: Deployment) -> Iterator[float]:
    """Ask the backends by the very probe; its own time is taken off."""
    probe = _probe(of)
    for _ in range(TIMES):
        sent_at = time.time()
        for round_ in probe.send(Kind.CHECK, of.backends):
            for spoken in of.results(round_.command_id, round_.hosts, ROUND_WITHIN).values():
                if spoken.exit_code == EXIT_NOTHING:
                    took = float(json.loads(spoken.output.splitlines()[-1])["elapsed"])
                    yield spoken.seen_at - sent_at - took


def _deliveries(of: Deployment) -> Iterator[float]:
    """By the host's clock, which Amazon's time service keeps, against that of this machine."""
    for _ in range(TIMES):
        sent_at = time.time()
        yield float(of.run(of.backends[0], "date +%s.%N").output) - sent_at


def _events(of: Deployment) -> Iterator[float]:
    """From when the result is listed until its event is in a queue."""
    probe = _probe(of)
    with Listener(of.ground, of.settings.probe_document) as listener:
        for _ in range(TIMES):
            for round_ in probe.send(Kind.CHECK, of.backends[:1]):
                seen = of.results(round_.command_id, round_.hosts, ROUND_WITHIN)[of.backends[0]].seen_at
                yield max(0.0, listener.came_at(round_.command_id, ROUND_WITHIN) - seen)


def _colds(of: Deployment) -> Iterator[float]:
    """Read what the function's log says of its cold starts."""
    logs = of.ground.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{FUNCTION}", filterPattern='"Init Duration"'
    )
    for event in (event for page in pages for event in page["events"]):
        found = INIT.search(event["message"])
        if found:
            yield float(found[1]) / 1000


def _times(call: Callable[[], object]) -> Iterator[float]:
    call()  # the connection is there from now on
    for _ in range(2 * TIMES):
        begun = time.monotonic()
        call()
        yield time.monotonic() - begun


def _replaces(of: Deployment) -> Iterator[float]:
    """Move one subnet to and fro while the pair is paused."""
    primary, standby = of.settings.tables
    with paused(of):
        association = next(iter(of.associations(primary).values()))
        for number in range(2 * TIMES):
            to = (standby, primary)[number % 2]
            begun = time.monotonic()
            answer = of.ec2.replace_route_table_association(AssociationId=association, RouteTableId=to)
            yield time.monotonic() - begun
            association = answer["NewAssociationId"]


def _routes(of: Deployment) -> Iterator[float]:
    """Let the primary forward nothing, move a backend's subnet, and see when its first ping is answered."""
    primary, standby = of.settings.tables
    host = of.backends[0]
    (described,) = of.ec2.describe_instances(InstanceIds=[host])["Reservations"]
    subnet = described["Instances"][0]["SubnetId"]
    with paused(of):
        of.run(of.settings.primary_instance, "sysctl -w net.ipv4.ip_forward=0")
        try:
            for _ in range(TIMES):
                with watching(of, [host], 20) as changes:
                    time.sleep(8)
                    association = of.associations(primary)[subnet]
                    of.ec2.replace_route_table_association(AssociationId=association, RouteTableId=standby)
                    answered_at = time.time()
                yield online_from(changes[host], answered_at) - answered_at
                of.move_all(primary)
                until(lambda: subnet in of.associations(primary), 10, f"{subnet} is on {primary} again")
        finally:
            of.move_all(primary)
            of.run(of.settings.primary_instance, "sysctl -w net.ipv4.ip_forward=1")


@contextmanager
def paused(of: Deployment) -> Iterator[None]:
    """Keep the function from acting, and what it asks of hosts from coming between."""
    before = of.lock()
    of.write_lock("paused")
    try:
        yield
    finally:
        of.write_lock(before)


MEASURES = (
    Measure(
        "delivery + result",
        "from SendCommand until the result is listed, less what the probe takes",
        (LAB.delivery[0] + LAB.result[0], LAB.delivery[1] + LAB.result[1]),
        _rounds,
    ),
    Measure("delivery", "from SendCommand to the script's start", LAB.delivery, _deliveries, Can.COMMANDS),
    Measure("event", "from the result to the status change's event", LAB.event, _events, Can.EVENTS),
    Measure("cold", "start of a cold invocation", LAB.cold, _colds, Can.FUNCTIONS),
    Measure("ssm_call", "a call of SSM", LAB.ssm_call, lambda of: _times(of.lock)),
    Measure(
        "ec2_read",
        "a Describe of EC2",
        LAB.ec2_read,
        lambda of: _times(lambda: of.associations(of.settings.primary_route_table)),
    ),
    Measure("replace", "ReplaceRouteTableAssociation", LAB.replace, _replaces),
    Measure("route", "from its answer to the first packet", LAB.route, _routes, Can.COMMANDS),
    Measure("listing", "until a new command is listed", LAB.listing, None, why_not="contained in delivery + result"),
    Measure("warm", "start of a warm invocation", LAB.warm, None, why_not="Lambda does not tell it"),
    *(
        Measure(what, in_words, lab, None, why_not="the demonstration has no egress address")
        for what, in_words, lab in (
            ("associate", "AssociateAddress", LAB.associate),
            ("address", "from its answer until packets have the address", LAB.address),
            ("lifted", "for how long an Elastic IP that moves carries nothing", LAB.lifted),
        )
    ),
    Measure("result", "from the script's end to SSM", LAB.result, None, why_not="contained in delivery + result"),
)
