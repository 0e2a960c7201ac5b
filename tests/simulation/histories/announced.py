"""Ends of NATs that AWS announces before they come."""

from __future__ import annotations

from tests.simulation.histories.machines import die
from tests.simulation.histories.stage import Stage


def interrupted(stage: Stage, which: str, seconds: float) -> None:
    """EC2 announces that it interrupts a NAT, or both, and does so some time later; it says ``running`` until then."""
    nats = {"active": (stage.active(),), "passive": (stage.passive(),), "both": stage.nats}[which]
    for nat in nats:
        stage.cloud.spot.add(stage.cloud.instances[nat])
        stage.cloud.warn(nat)
    stage.truth.note()
    for nat in nats:
        stage.lab.functions.tell_warning(stage.cloud.instances[nat])
    if stage.wait(seconds):
        for nat in nats:
            die(stage, nat, "stopped")


def terminated(stage: Stage, which: str, timeout: float) -> None:
    """An Auto Scaling group terminates a NAT: it waits for the function, or until the hook's timeout has passed."""
    nat = {"active": stage.active, "passive": stage.passive}[which]()
    scaling = stage.cloud.auto_scaling
    waiting = stage.cloud.begin_termination(nat)
    stage.truth.note()
    stage.lab.functions.tell_terminating(waiting)
    stage.lab.wait_until(lambda: stage.quiet or not scaling.is_waiting(waiting), timeout)
    scaling.time_out(waiting)
    if not stage.quiet:
        die(stage, nat, "stopped")
