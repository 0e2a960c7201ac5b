"""A command's life: how long it waits, when it starts, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.bench import BACKEND, PARAMETERS, Bench
from tests.gate.run_command.habits import AgentHabits

# One of the command's own watches, which lasts 100 s.
LONG = "targets='192.0.2.101'\ninterval='1'\nprintf '{\\\"watch\\\":1}'\nexit\n100 1"
SHORT = "printf '{\"inspect\":1}'"


def _patient(patient: bool) -> Bench:
    return next(b for seed in range(50) if (b := Bench(seed)).run_command.patient is patient)


def _read_after(bench: Bench, *seconds: float) -> None:
    command_id = bench.send(BACKEND, Parameters={**PARAMETERS, "window": ["600"]})
    begun = bench.world.now()
    for at in seconds:
        bench.world.sleep(begun + at - bench.world.now())
        bench.seen.append(bench.read(command_id)[:2])


def _die_after(bench: Bench, seconds: float) -> None:
    bench.world.sleep(seconds)
    bench.network.stop(BACKEND)


@breaks("A2b")
@pytest.mark.parametrize(("patient", "after_a_minute"), [(True, "Pending"), (False, "DeliveryTimedOut")])
def test_a_command_that_nobody_takes_is_given_up_and_the_sources_disagree_when(
    patient: bool, after_a_minute: str
) -> None:
    bench = _patient(patient)
    bench.run_command.dead.add(BACKEND)
    bench.play(lambda: _read_after(bench, 29, 60, 30 + 3600 + 1))
    assert [details for _, details in bench.seen] == ["Pending", after_a_minute, "DeliveryTimedOut"]


@breaks("A2b")
def test_a_host_that_dies_while_it_watches_is_in_progress_for_an_hour() -> None:
    bench = Bench()

    def scene() -> None:
        bench.connect()
        bench.world.spawn(lambda: _die_after(bench, 20), "death")
        _read_after(bench, 10, 700, 3600, 30 + 3600 + 1)

    bench.play(scene)
    assert [status for status, _ in bench.seen] == ["InProgress"] * 3 + ["TimedOut"]
    assert bench.seen[-1][1] == "ExecutionTimedOut"


@breaks("A2a")
def test_a_command_that_waits_in_the_queue_starts_long_after_its_timeout() -> None:
    bench = Bench(habits=AgentHabits(workers=1, in_progress_lost=0.0))

    def scene() -> None:
        first = bench.send(BACKEND, DocumentName="AWS-RunShellScript", Parameters={"commands": [LONG]})
        bench.world.sleep(3)
        second = bench.send(BACKEND, Parameters=PARAMETERS)
        bench.world.sleep(60)
        bench.seen.append(bench.read(second)[0])
        bench.world.sleep(60)
        bench.seen.extend([bench.read(first)[0], bench.read(second)[0]])

    bench.play(scene)
    assert bench.seen == ["InProgress", "Success", "Failed"]


@keeps("A2a", "A6a")
def test_a_command_that_is_taken_at_once_starts_within_its_timeout() -> None:
    bench = Bench()
    bench.play(lambda: bench.seen.append(bench.check()))
    assert bench.seen[0][0] == "Failed"


@breaks("A6a")
def test_the_final_word_may_overtake_in_progress_and_stands() -> None:
    statuses = set()
    for seed in range(20):
        bench = Bench(seed)

        def scene(bench: Bench = bench) -> None:
            command_id = bench.send(BACKEND, DocumentName="AWS-RunShellScript", Parameters={"commands": [SHORT]})
            bench.world.sleep(0.3)  # until it is listed
            for _ in range(100):
                bench.world.sleep(0.05)
                statuses.add(bench.read(command_id)[0])
            assert bench.read(command_id)[0] == "Success"

        bench.play(scene)
    assert statuses == {"Pending", "InProgress", "Success"}


@breaks("A7a")
@pytest.mark.parametrize("what", ["cancelled", "timed out"])
def test_a_script_that_is_stopped_is_killed_and_says_nothing(what: str) -> None:
    bench = Bench()
    if what == "timed out":
        document = json.loads(json.dumps(bench.account.document))
        document["mainSteps"][0]["inputs"]["timeoutSeconds"] = "20"
        bench.account.document = document

    def scene() -> None:
        bench.connect()
        command_id = bench.send("nat01", Parameters={**PARAMETERS, "window": ["600"]})
        bench.world.sleep(10)
        bench.seen.append(bench.read(command_id)[0])
        if what == "cancelled":
            bench.call("CancelCommand", CommandId=command_id)
        bench.world.sleep(20)
        bench.seen.append(bench.read(command_id))

    bench.play(scene)
    status, details = ("Cancelled", "Cancelled") if what == "cancelled" else ("TimedOut", "ExecutionTimedOut")
    assert bench.seen == ["InProgress", (status, details, 137, "")]
    assert [event["detail"]["status"] for event in bench.events] == [status]


def test_a_command_that_was_cancelled_on_its_way_never_runs() -> None:
    bench = Bench()

    def scene() -> None:
        command_id = bench.send(BACKEND)
        bench.call("CancelCommand", CommandId=command_id)
        bench.world.sleep(20)
        bench.seen.append(bench.read(command_id))

    bench.play(scene)
    assert bench.seen == [("Cancelled", "Cancelled", -1, "")]
