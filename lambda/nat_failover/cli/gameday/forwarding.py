"""Lets a NAT forward no more, for a drill, and forward again; it puts itself right should this machine die."""

from __future__ import annotations

from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.scripts.documents import Task
from nat_failover.probing.rounds import DRILL_LASTS, Kind

# How long it is given to do as it is told, in seconds.
DONE_WITHIN = 20.0


def forward(hand: Hand, nat: str, *, on: bool) -> float:
    """Let a NAT forward, or not; gives when it was done, in seconds since the epoch.

    Raises:
        CommandError: it has not done it.
        botocore.exceptions.ClientError: SSM refuses.
    """
    if not on:
        # The function marks as a drill what it does about this NAT now.
        hand.probe.send(Kind.DRILL, [nat])
    comment = f"drill, forwarding {'on' if on else 'off'}"
    command = hand.start([nat], Task.FORWARD, comment, seconds=0 if on else DRILL_LASTS)
    done = hand.results(command, [nat], DONE_WITHIN).get(nat)
    if done is None or done.exit_code != 0:
        outcome = "has not answered" if done is None else f"has not done it (exit {done.exit_code})"
        raise CommandError(
            f"{nat} {outcome}. To have it forward: sysctl -w net.ipv4.ip_forward=1"
            + ("" if on else f"; it does so by itself within {DRILL_LASTS:.0f} s"),
            section="by-hand",
        )
    return done.finished_at if done.finished_at is not None else hand.runtime.now()
