"""What befalls machines, networks, agents and clocks in a history."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tests.lab.network.guards import Rule
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import ProbeOutcome
from tests.simulation.histories.stage import Stage

DEATHS = ("rules flushed", "forwarding off", "link down", "uplink gone", "stopped", "stopping")
# Offline by the active NAT, and online by the passive one, as it says.
OFFLINE = (
    '{"probe":2,"state":"offline","lost_for":%g,"elapsed":%g,"uptime":%g,"route":"no","active":"no","passive":"yes"}\n'
)
LIES: Mapping[str, ProbeOutcome] = {
    "garbage": ProbeOutcome(1, "\x00\ufffd Traceback (most recent call last):\n{]\n"),
    "unreachable": ProbeOutcome(1, OFFLINE % (2.5, 3, 90000)),
    "reachable": ProbeOutcome(0, '{"probe":2,"state":"online","lost_for":0,"elapsed":3,"uptime":90000}\n'),
    "endless": ProbeOutcome(1, OFFLINE % (1e9, 1e9, 1e9)),
    "wrong exit": ProbeOutcome(3, OFFLINE % (2, 3, 90000)),
}
# Those that nobody can tell from a failure.
BELIEVED = ("unreachable", "endless")


def die(stage: Stage, nat: str, how: str) -> None:
    """Let a NAT fail."""
    match how:
        case "rules flushed":
            stage.network.flush_nat_rules(nat)
        case "forwarding off":
            stage.network.set_forwarding(nat, False)
        case "link down":
            stage.network.set_link(nat, False)
        case "uplink gone":
            stage.network.set_uplink(nat, False)
        case "stopped":
            stage.network.stop(nat)
            stage.lab.run_command.dead.add(nat)
            stage.cloud.stop_instance(nat)
            stage.lab.functions.tell_state(stage.cloud.instances[nat], "stopping")
            stage.blinded = True
        case "stopping":
            stage.cloud.stop_instance(nat, "stopping")
            stage.truth.note()
            stage.lab.functions.tell_state(stage.cloud.instances[nat], "stopping")
            if stage.wait(12.0):
                die(stage, nat, "stopped")
        case _:
            raise ValueError(how)


def mend(stage: Stage, nat: str) -> None:
    """Let a NAT be well again, whatever was the matter with it."""
    if stage.cloud.account.holdings.instances[stage.cloud.instances[nat]].state != "running":
        stage.cloud.start_instance(nat, stage.lab.world.now())
    stage.cloud.warned.discard(stage.cloud.instances[nat])
    stage.cloud.auto_scaling.forget(stage.cloud.instances[nat])
    stage.lab.run_command.dead.discard(nat)
    stage.network.set_link(nat, True)
    if not stage.network.is_up(nat):
        stage.network.start(nat)
    stage.network.set_uplink(nat, True)
    stage.network.boot(nat, stage.cloud.user_data)


def active_fails(stage: Stage, how: str) -> None:
    """The active NAT fails, and stays so."""
    die(stage, stage.active(), how)


def fails_for(stage: Stage, nat: str, how: str, seconds: float) -> None:
    """A NAT fails for a while."""
    die(stage, nat, how)
    if stage.wait(seconds):
        mend(stage, nat)


def reboots(stage: Stage, host: str, seconds: float) -> None:
    """A host is away for a while, and has lost its probe."""
    stage.blinded = True
    stage.network.stop(host)
    if stage.wait(seconds):
        stage.network.start(host)


def everything_stops(stage: Stage, staying: int, pause: float, seconds: float) -> None:
    """An environment stops for the night: all backends but a few, then the active NAT, and starts again later."""
    stage.blinded = True
    active, hosts = stage.active(), [host.name for host in stage.network.layout.backends][staying:]
    for host in (*hosts, active):
        if host == active:
            stage.lab.world.sleep(pause)
            for before in hosts:
                stage.cloud.stop_instance(before)
        stage.cloud.stop_instance(host, "stopping")
        stage.lab.functions.tell_state(stage.cloud.instances[host], "stopping")
        stage.network.stop(host)
        stage.lab.run_command.dead.add(host)
        stage.truth.note()
    if not stage.wait(seconds):
        return
    for host in hosts:
        wake(stage, host)
    mend(stage, active)


def wake(stage: Stage, host: str) -> None:
    """Let a backend run again that was stopped."""
    if stage.cloud.state_of(host) != "running":
        stage.cloud.start_instance(host, stage.lab.world.now())
    stage.lab.run_command.dead.discard(host)
    if not stage.network.is_up(host):
        stage.network.start(host)


def internet_gone(stage: Stage, seconds: float) -> None:
    """The Internet is gone for a while."""
    stage.network.set_internet(False)
    if stage.wait(seconds):
        stage.network.set_internet(True)


def target_dead(stage: Stage, number: int, seconds: float) -> None:
    """One of the ping targets is dead for a while."""
    stage.network.set_target(TARGETS[number], False)
    if stage.wait(seconds):
        stage.network.set_target(TARGETS[number], True)


def loss(stage: Stage, percent: int, seconds: float) -> None:
    """Packets are lost for a while: in the Internet, or where the number is odd by the active NAT alone."""
    network, nat = stage.network, stage.active()
    lose = partial(network.set_nat_loss, nat) if percent % 2 else network.set_loss
    lose(percent)
    if stage.wait(seconds):
        lose(0)


def sick(stage: Stage, number: int, seconds: float) -> None:
    """A backend has a trouble of its own for a while."""
    stage.network.set_sick(stage.backend(number), True)
    if stage.wait(seconds):
        stage.network.set_sick(stage.backend(number), False)


def several_sick(stage: Stage, number: int, how_many: int, seconds: float) -> None:
    """Several backends have troubles of their own for a while."""
    hosts = [stage.backend(number + each) for each in range(how_many)]
    for host in hosts:
        stage.network.set_sick(host, True)
    if stage.wait(seconds):
        for host in hosts:
            stage.network.set_sick(host, False)


def refused(stage: Stage, number: int, how_many: int, seconds: float) -> None:
    """The active NAT's security group lets several backends in no longer; the passive one's does."""
    hosts = {stage.backend(number + each) for each in range(how_many)}
    admitted = [Rule(f"{host.address}/32") for host in stage.network.layout.hosts if host.name not in hosts]
    stage.cloud.set_inbound(stage.active(), admitted)
    if stage.wait(seconds):
        stage.cloud.restore_guards()


def come_up_cut_off(stage: Stage, number: int, down: float, seconds: float) -> None:
    """Three backends boot, and the way out is not there yet; others have it."""
    stage.blinded = True
    hosts = [stage.backend(number + each) for each in range(3)]
    for host in hosts:
        stage.network.stop(host)
    if not stage.wait(down):
        return
    for host in hosts:
        stage.network.set_sick(host, True)
        stage.network.start(host)
    if stage.wait(seconds):
        for host in hosts:
            stage.network.set_sick(host, False)


def replaced(stage: Stage, number: int) -> None:
    """A backend is terminated, and a new instance takes its place."""
    host = stage.backend(number)
    stage.network.stop(host)
    stage.cloud.replace_instances([host], stage.lab.world.now())
    stage.network.start(host)


def silent(stage: Stage, number: int, seconds: float) -> None:
    """An agent takes no command for a while, and SSM does not know it."""
    host = stage.backend(number)
    stage.lab.run_command.dead.add(host)
    if stage.wait(seconds):
        stage.lab.run_command.dead.discard(host)


def offline(stage: Stage, number: int, seconds: float) -> None:
    """An agent takes no command for a while, and SSM knows it."""
    host = stage.backend(number)
    stage.lab.run_command.offline.add(host)
    silent(stage, number, seconds)
    stage.lab.run_command.offline.discard(host)


def agent_restarts(stage: Stage, number: int, how: str) -> None:
    """An agent restarts, and its probe is told of as ended, or not at all."""
    host = stage.backend(number)
    stage.network.restart_agent(host, ProbeOutcome(255, "") if how == "told" else None)
    stage.blinded |= how == "untold"
    # What the host was asked just now stays without an answer.
    stage.truth.mute.add(host)
    stage.truth.note()
    stage.wait(30)
    stage.truth.mute.discard(host)


def lies(stage: Stage, number: int, what: str, seconds: float) -> None:
    """Let a backend tell anything, and the passive NAT, which is trusted, rubbish."""
    host = stage.backend(number) if number < len(stage.network.layout.backends) else stage.passive()
    if host in stage.nats:
        what = "garbage"
    if what in BELIEVED:
        stage.truth.liars.add(host)
    elif host not in stage.truth.liars:
        stage.truth.mute.add(host)
    stage.truth.note()
    stage.lies[host] = LIES[what]
    stage.lab.run_command.tampered = stage.lies.get
    # It says at once what it is asked.
    stage.network.restart_agent(host, LIES[what])
    if stage.wait(seconds):
        stage.lies.pop(host, None)
    stage.wait(60)
    stage.truth.liars.discard(host)
    stage.truth.mute.discard(host)


def clock(stage: Stage, number: int, ahead: float) -> None:
    """A host's clock is wrong by so many seconds from now on."""
    host = stage.backend(number) if number < len(stage.network.layout.backends) else stage.nats[1]
    stage.lab.run_command.clocks[host] = ahead
