"""The end that every history has: what was begun comes to rest, people set all right, and the active NAT dies."""

from __future__ import annotations

from random import Random

from nat_failover.judging.first_online import mark, marks_of
from nat_failover.settings import Settings
from tests.lab.network.layout import EGRESS
from tests.lab.scenarios.steps import ADDRESSED_WITHIN
from tests.simulation.histories.history import History
from tests.simulation.histories.machines import die
from tests.simulation.histories.people import restore_default
from tests.simulation.histories.stage import PERIOD, Stage
from tests.simulation.rules.locklog import readable

# After the claim of a dead holder is over, the next tick finishes what it has left; then the swap takes its time.
TO_FINISH = 2 * PERIOD + 15.0
# What a watch that has lost its process is believed beyond its window, and a tick to ask anew.
TO_SEE_AGAIN = 45.0 + 2 * PERIOD
# Failures that were seen before all troubles ended are evidence for so long, and may be judged a little later.
TO_FORGET = 45.0
# What a round takes that a tick sends, until its watches have begun.
TO_BEGIN = 10.0
# The longest pause of an agent between two tries to connect, and the try.
TO_CONNECT = 2500.0
# Rule 4's bound, from the death of the active NAT on: a tick where no event arrives, evidence, the swap.
BOUND = PERIOD + 30.0
# How often people set all right at most, where the function fails over once more.
SET_RIGHT = 3


def rest(stage: Stage) -> None:
    """Let what was begun come to its end, by itself; then nothing may be left half done."""
    rules = stage.rules
    settings = stage.cloud.environment
    lease, window = float(settings["NAT_FAILOVER_CLAIM_LEASE"]), float(settings["NAT_FAILOVER_WINDOW"])
    until = stage.lab.world.now() + (lease + TO_FINISH if _unfinished(stage) else 5.0)
    stage.lab.wait_until(lambda: not _unfinished(stage), until - stage.lab.world.now())
    if _unfinished(stage):
        rules.broken(4, "a failover that was begun is not finished in time")
    stage.lab.wait(TO_FORGET)
    stage.lab.wait_until(lambda: not rules.claimed, lease)
    if rules.log.latest.state in ("failed-over", "armed") and not rules.touched and _split(stage):
        rules.broken(5, f"at rest the subnets are split, and the lock says {rules.log.latest.state}")
    if stage.blinded:
        stage.lab.wait(window + TO_SEE_AGAIN)


def _unfinished(stage: Stage) -> bool:
    return stage.rules.log.latest.state == "failing-over"


def _split(stage: Stage) -> bool:
    return len(set(stage.cloud.protected().values())) > 1


def finale(stage: Stage, history: History) -> bool:
    """Have people set all right, and the active NAT die: all subnets end on the passive table; tell whether in time."""
    rules = stage.rules
    for number in range(SET_RIGHT):
        _set_right(stage)
        stage.lab.wait(Random(f"{history.seed} {number}").uniform(2.0, PERIOD))
        if history.settings.get("ssmAccess") == "none":
            # Whom nobody watches when the NAT dies can't be asked any more. The next tick begins that; of hosts that
            # were silent it asks for a sign of life first, and the one after it begins.
            stage.lab.wait(PERIOD + TO_BEGIN)
            if stage.cloud.environment["NAT_FAILOVER_WINDOW"] != "0":
                stage.lab.wait_until(lambda: _all_watch(stage), PERIOD)
        if rules.log.latest.state == "armed":
            break
    # A pair is protected once one backend was seen online: the next tick asks, and the one after it remembers.
    stage.lab.wait_until(lambda: _has_worked(stage), 2 * PERIOD + TO_BEGIN)
    active, to = stage.active(), stage.tables[1 - stage.nats.index(stage.active())]
    stage.tell(f"- the active NAT {active} dies: {history.finale}")
    stage.truth.note()
    die(stage, active, history.finale)
    if history.finale == "stopping":
        # Of a trouble that began before all have ended no more comes; this one began after.
        die(stage, active, "stopped")
    # Where AWS is slow, a claim may stand that is waited for.
    bound = BOUND + 30.0 * (history.slower > 1)
    if history.slower > 2 and stage.cloud.environment["NAT_FAILOVER_WINDOW"] == "0":
        # Its quick check may reach some hosts when the listener's is over already: the next tick asks anew.
        bound += PERIOD

    def over() -> bool:
        return rules.log.latest.state == "failed-over" and set(stage.cloud.protected().values()) == {to}

    if not stage.lab.wait_until(over, bound):
        lock = readable(stage.cloud.lock_text())
        rules.broken(4, f"{bound:.0f} s after the death of {active} not all subnets use {to}; the lock says {lock}")
        return False
    # The new way is taken a moment after EC2 has accepted it; an Elastic IP carries nothing meanwhile.
    latencies = stage.lab.latencies
    moved = latencies.associate[1] + latencies.address[1] + latencies.lifted[1]
    stage.lab.wait(1.0 + (moved if "egressAddress" in history.settings else latencies.route[1]))
    _judge_end(stage, history, stage.nats[1 - stage.nats.index(active)])
    return True


def _all_watch(stage: Stage) -> bool:
    return all(map(stage.network.is_watching, _hosts(stage)))


def _hosts(stage: Stage) -> list[str]:
    """Give those that have to be asked: the passive NAT, and the backends."""
    return [stage.passive(), *(host.name for host in stage.network.layout.backends)]


def _has_worked(stage: Stage) -> bool:
    """Tell whether it is remembered that backends were online through the active NAT."""
    settings = Settings.from_environment(stage.cloud.environment)
    table = stage.tables[stage.nats.index(stage.active())]
    parameter = stage.cloud.parameter(settings.told_parameter)
    return marks_of(None if parameter is None else parameter["Value"]).get(settings.role_of(table)) == mark(
        table, settings
    )


def _judge_end(stage: Stage, history: History, now_active: str) -> None:
    offline = [h.name for h in stage.network.layout.backends if not stage.network.is_online(h.name)]
    if offline:
        stage.rules.broken(4, f"{offline} are offline still")
    elastic = stage.cloud.elastic()
    if elastic and elastic.get(now_active) != EGRESS and "egressAddress" in history.settings:
        stage.rules.broken(4, f"the egress address is not with {now_active}: {elastic}")


def _set_right(stage: Stage) -> None:
    primary, standby = stage.tables
    tables = stage.cloud.protected()
    whole = standby if set(tables.values()) == {standby} else primary
    for name in tables:
        stage.move(stage.cloud.subnets[name], whole)
    for table, nat in zip(stage.tables, stage.nats, strict=True):
        restore_default(stage, table, nat)
    # As the command does: who has given up the egress address can't take over until it has another.
    stage.lab.wait_until(lambda: None not in stage.cloud.public.of.values(), ADDRESSED_WITHIN)
    # And whoever is not connected with Systems Manager can be asked neither to watch nor to listen. That a subnet's way
    # has changed shows a moment after it was moved.
    stage.lab.wait(1.0 + stage.lab.latencies.route[1])
    stage.lab.wait_until(lambda: not any(map(stage.lab.run_command.is_deaf, _hosts(stage))), TO_CONNECT)
    if stage.rules.log.latest.state != "armed":
        # It asks the backends as well: what they said before the subnets were moved is evidence for a moment yet.
        stage.lab.wait(TO_FORGET)
        stage.write_lock("armed")
    elastic = stage.cloud.elastic()
    stage.tell(f"- people set all right: subnets on {whole}, armed, egress address with {list(elastic) or 'nobody'}")
