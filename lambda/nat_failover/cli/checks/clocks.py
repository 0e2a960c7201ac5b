"""Pure checks of clocks: this machine's, and the hosts'."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.telling.formats import duration

# In most cases AWS refuses what is signed with a clock that is five minutes wrong:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
TOLERATED = 5.0


def here(s: Snapshot) -> Findings:
    """This machine's clock against that of AWS, whose answers tell the time to the second."""
    if s.clock is None:
        return
    there, mine = s.clock
    if abs(there - mine) > TOLERATED:
        yield warning(
            "clock-here",
            f"this machine's clock is {duration(abs(there - mine))} {'behind' if mine < there else 'ahead'}",
            "ages shown here are wrong by as much",
            "sudo chronyc makestep",
        )


def hosts(s: Snapshot) -> Findings:
    """Hosts that say they ended a probe before it was sent, or in the future."""
    if s.view is None or s.invocations is None:
        return
    wrong: dict[str, float] = {}
    for round_ in s.view.rounds:
        for host, invocation in s.invocations.get(round_.command_id, {}).items():
            at = invocation.finished_at
            if at is None:
                continue
            off = min(0.0, at - round_.asked_at) or max(0.0, at - s.now)
            if abs(off) > max(TOLERATED, abs(wrong.get(host, 0.0))):
                wrong[host] = off
    for host, off in sorted(wrong.items()):
        yield warning(
            "clock-host",
            f"the clock of {s.name(host)} is {duration(abs(off))} or more {'behind' if off < 0 else 'ahead'}",
            "AWS refuses its agent at five minutes; it is then silent",
            f"aws ssm send-command --document-name AWS-RunShellScript --instance-ids {host} "
            f"--parameters commands='chronyc makestep'{s.options}",
        )


CHECKS = (here, hosts)
