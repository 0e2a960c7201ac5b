"""Run Command as a whole: what the service refuses, and what agents on the simulated network make of a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from infra.probe.document import ProbeValues, content, script
from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.run_command.agent.output import shown
from tests.gate.run_command.command import Managed
from tests.gate.run_command.habits import AgentHabits
from tests.gate.run_command.on_network import RunCommand
from tests.lab.latencies import Latencies
from tests.lab.network.layout import SSM_ENDPOINT, TARGETS, standard_layout
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.virtual import VirtualWorld

HOSTS = {host.name: f"i-{n:017x}" for n, host in enumerate(standard_layout().hosts)}
BACKEND, OTHER = "backend1", "backend2"
PARAMETERS = {"window": ["0"], "active": ["10.20.0.11"], "passive": ["10.20.0.12"]}
CERTAIN = AgentHabits(word_lost=0.0, twice=0.0)
# Of nested repeats whose product is 1008, which Go's regexp does not compile, and Python's does.
BEYOND_GO = "^([a-z]{1,252} ?){1,4}$"


@dataclass
class Account:
    """The hosts' account."""

    document: dict[str, Any]
    instances: dict[str, str] = field(default_factory=lambda: dict(HOSTS))
    states: dict[str, str] = field(default_factory=dict)
    untagged: set[str] = field(default_factory=set)

    def host_of(self, instance_id: str) -> str:
        """Give the name of a host."""
        return next(host for host, known in self.instances.items() if known == instance_id)

    def tags(self, instance_id: str) -> dict[str, str]:
        """Give a host's tags."""
        return {} if self.host_of(instance_id) in self.untagged else {"probe": "main"}

    def state(self, instance_id: str) -> str:
        """Give a host's state."""
        return self.states.get(self.host_of(instance_id), "running")


class Bench:
    """Run Command on a simulated network."""

    def __init__(self, seed: int = 1, habits: AgentHabits = CERTAIN) -> None:
        self.world = VirtualWorld(seed)
        self.network = SimulatedNetwork(standard_layout(), self.world, picks_up=False)
        self.account = Account(dict(content(script(ProbeValues("main", TARGETS)))))
        self.events: list[dict[str, Any]] = []
        self.run_command = RunCommand(
            self.account, self.network, self.world, Latencies(), SSM_ENDPOINT, self.events.append, habits
        )
        self.client: Any = boto3.Session("a", "b", region_name="eu-central-1").client("ssm")

    def play(self, scene: Callable[[], None]) -> None:
        """Play a scene."""

        def main() -> None:
            self.network.open()
            self.run_command.start()
            scene()

        self.world.run(main)

    def call(self, operation: str, *, may: Callable[[Managed], bool] | None = None, **arguments: Any) -> dict[str, Any]:
        """Call Systems Manager."""
        return self.run_command.answer(self.client, operation, arguments, may)

    def send(self, *hosts: str, may: Callable[[Managed], bool] | None = None, **changes: Any) -> str:
        """Send the probe's document to hosts, and give the command's id."""
        arguments: Mapping[str, Any] = {
            "DocumentName": "nat-failover-main-probe",
            "InstanceIds": [self.account.instances[host] for host in hosts],
            "Comment": "check",
            "TimeoutSeconds": 30,
            "Parameters": PARAMETERS,
            **changes,
        }
        return str(self.call("SendCommand", may=may, **arguments)["Command"]["CommandId"])

    def read(self, command_id: str) -> tuple[str, str, int, str]:
        """Give status, details, code and output of a command that was sent to one host."""
        (told,) = self.call("ListCommandInvocations", CommandId=command_id, Details=True)["CommandInvocations"]
        (plugin,) = told["CommandPlugins"]
        return told["Status"], told["StatusDetails"], plugin["ResponseCode"], plugin["Output"]

    def check(self, **changes: Any) -> tuple[str, str, int, str]:
        """Send a quick check to one host and read what has become of it."""
        command_id = self.send(BACKEND, **changes)
        self.world.sleep(10)
        return self.read(command_id)

    def managed(self, **arguments: Any) -> dict[str, dict[str, Any]]:
        """Give what DescribeInstanceInformation lists, by host."""
        told = self.call("DescribeInstanceInformation", MaxResults=50, **arguments)["InstanceInformationList"]
        return {self.account.host_of(each["InstanceId"]): each for each in told}


def _connect(bench: Bench) -> None:
    """Let everybody reach the Internet."""
    network = bench.network
    network.set_guards(checks={nat.name: False for nat in network.layout.nats})
    for nat in network.layout.nats:
        network.boot(nat.name, "#!/bin/sh\n")
    network.set_routes("public", {"0.0.0.0/0": "igw"})
    network.associate(network.layout.public_subnet.name, "public")
    network.set_routes("private", {"0.0.0.0/0": "nat01"})
    for subnet in network.layout.private_subnets:
        network.associate(subnet.name, "private")


def _use(bench: Bench, parameter: str, pattern: str) -> None:
    document = json.loads(json.dumps(bench.account.document))
    document["parameters"][parameter]["allowedPattern"] = pattern
    bench.account.document = document


@breaks("R1")
@pytest.mark.parametrize(
    ("pattern", "value"), [(BEYOND_GO, "a b"), (r"^(?!x).*$", "a b"), ("^[a-z ]+$", "a b\n")], ids=repr
)
def test_a_pattern_that_go_does_not_match_fails_every_host_at_delivery_without_a_word(pattern: str, value: str) -> None:
    bench = Bench()
    _use(bench, "active", pattern)
    bench.play(lambda: seen.append(bench.check(Parameters={**PARAMETERS, "active": [value]})))
    assert seen == [("Failed", "Failed", -1, "")]


seen: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


@keeps("R1", "R6d", "A7a", "A7c", "A2b", "R4a", "R4b", "R5")
def test_the_probe_s_own_document_runs_on_every_host() -> None:
    bench = Bench()

    def scene() -> None:
        _connect(bench)
        command_id = bench.send("nat01", may=lambda host: (host.tags or {}).get("probe") == "main")
        bench.world.sleep(10)
        seen.append(bench.read(command_id))

    bench.play(scene)
    ((status, _, code, output),) = seen
    assert (status, code) == ("Success", 0)
    assert json.loads(output)["state"] == "online"


@breaks("R6d")
def test_where_a_script_fails_its_exit_status_stands_behind_what_it_has_printed() -> None:
    bench = Bench()
    bench.play(lambda: seen.append(bench.check()))
    ((status, _, code, output),) = seen
    assert (status, code) == ("Failed", 1)
    said, title, word = output.rpartition("\n----------ERROR-------\n")
    assert title
    assert word == "failed to run commands: exit status 1"
    assert json.loads(said)["state"] == "offline"


@breaks("R6d")
def test_output_has_2500_characters() -> None:
    cut = shown("x" * 3000, 1)
    assert len(cut) == 2500
    assert cut.endswith("\n---Output truncated---\n----------ERROR-------\nfailed to run commands: exit status 1")
    both = shown("x" * 3000, 1, "y" * 3000)
    assert len(both) == 2500
    assert both.endswith("\n---Error truncated----")


@breaks("R4a")
@pytest.mark.parametrize("what", ["unknown", "terminated", "not heard of", "stopped"])
def test_one_instance_that_can_t_be_asked_is_enough_to_refuse_the_command(what: str) -> None:
    for seed in range(1, 20):
        bench = Bench(seed)
        if what != "stopped" or not bench.run_command.service.takes_stopped:
            break
    else:
        pytest.fail("stopped instances are always taken")

    def scene() -> None:
        match what:
            case "unknown":
                bench.account.instances["nobody"] = "i-ffffffffffffffff0"
                with refused("InvalidInstanceId"):
                    ids = [bench.account.instances[BACKEND], "i-fffffffffffffffff"]
                    bench.send(BACKEND, InstanceIds=ids)
            case "not heard of":
                bench.run_command.offline.add(OTHER)
            case _:
                bench.account.states[OTHER] = what
        if what != "unknown":
            with refused("InvalidInstanceId"):
                bench.send(BACKEND, OTHER)

    bench.play(scene)
    assert bench.run_command.service.commands == []


@keeps("R4a")
def test_of_stopped_instances_the_sources_disagree_and_either_is_drawn() -> None:
    drawn = {Bench(seed).run_command.service.takes_stopped for seed in range(20)}
    assert drawn == {True, False}
    bench = next(b for seed in range(20) if (b := Bench(seed)).run_command.service.takes_stopped)
    bench.account.states[OTHER] = "stopped"
    bench.play(lambda: seen.append(bench.send(BACKEND, OTHER)))
    assert len(seen) == 1


@breaks("R4b")
def test_one_windows_server_is_enough_to_refuse_the_command() -> None:
    bench = Bench()
    bench.run_command.platforms[OTHER] = "Windows"

    def scene() -> None:
        with refused("UnsupportedPlatformType"):
            bench.send(BACKEND, OTHER)

    bench.play(scene)


@breaks("A7c")
@keeps("R4b")
def test_a_mac_takes_the_command_and_skips_its_step() -> None:
    bench = Bench()
    bench.run_command.platforms[BACKEND] = "MacOS"
    bench.play(lambda: seen.append(bench.check()))
    assert seen == [("Success", "Success", 0, "")]


@breaks("R5")
@pytest.mark.parametrize("who", ["one without its tag", "a hybrid host"])
def test_one_host_that_the_role_may_not_ask_is_enough_to_refuse_the_command(who: str) -> None:
    bench = Bench()
    hybrid = Managed("mi-0123456789abcdef0", {"probe": "main"})
    bench.run_command.hybrids.append(hybrid)

    def may(host: Managed) -> bool:
        return host.instance_id.startswith("i-") and (host.tags or {}).get("probe") == "main"

    def scene() -> None:
        seen.append(bench.send(BACKEND, OTHER, may=may))
        bench.account.untagged.add(OTHER)  # its tag of this moment counts
        with refused("AccessDeniedException", "ssm:SendCommand"):
            if who == "a hybrid host":
                bench.send(BACKEND, InstanceIds=[HOSTS[BACKEND], hybrid.instance_id], may=may)
            else:
                bench.send(BACKEND, OTHER, may=may)

    bench.play(scene)
    assert len(bench.run_command.service.commands) == 1


@breaks("R2g")
def test_stopped_and_terminated_instances_are_not_listed() -> None:
    bench = Bench()
    bench.account.states |= {BACKEND: "stopped", OTHER: "terminated"}
    bench.play(lambda: seen.append(bench.managed()))
    assert set(seen[0]) == set(HOSTS) - {BACKEND, OTHER}


@keeps("R2g")
def test_those_that_run_are_listed_with_what_they_are() -> None:
    bench = Bench()
    bench.run_command.platforms[OTHER] = "Windows"
    bench.run_command.offline.add(BACKEND)
    tag = [{"Key": "tag:probe", "Values": ["main"]}]
    bench.account.untagged.add("nat01")
    bench.play(lambda: seen.append(bench.managed(Filters=tag)))
    assert set(seen[0]) == set(HOSTS) - {"nat01"}
    told = [(seen[0][host]["PlatformType"], seen[0][host]["PingStatus"]) for host in (BACKEND, OTHER, "nat02")]
    assert told == [("Linux", "ConnectionLost"), ("Windows", "Online"), ("Linux", "Online")]


def _read_after(bench: Bench, *seconds: float) -> None:
    command_id = bench.send(BACKEND, Parameters={**PARAMETERS, "window": ["600"]})
    begun = bench.world.now()
    for at in seconds:
        bench.world.sleep(begun + at - bench.world.now())
        seen.append(bench.read(command_id)[:2])


def _patient(patient: bool) -> Bench:
    return next(b for seed in range(50) if (b := Bench(seed)).run_command.patient is patient)


@breaks("A2b")
@pytest.mark.parametrize(("patient", "after_a_minute"), [(True, "Pending"), (False, "DeliveryTimedOut")])
def test_a_command_that_nobody_takes_is_given_up_and_the_sources_disagree_when(
    patient: bool, after_a_minute: str
) -> None:
    bench = _patient(patient)
    bench.run_command.dead.add(BACKEND)
    bench.play(lambda: _read_after(bench, 29, 60, 30 + 3600 + 1))
    assert [details for _, details in seen] == ["Pending", after_a_minute, "DeliveryTimedOut"]


@breaks("A2b")
def test_a_host_that_dies_while_it_watches_is_in_progress_for_an_hour() -> None:
    bench = Bench()

    def scene() -> None:
        _connect(bench)
        bench.world.spawn(lambda: _die_after(bench, 20), "death")
        _read_after(bench, 10, 700, 3600, 30 + 3600 + 1)

    bench.play(scene)
    assert [status for status, _ in seen] == ["InProgress"] * 3 + ["TimedOut"]
    assert seen[-1][1] == "ExecutionTimedOut"


def _die_after(bench: Bench, seconds: float) -> None:
    bench.world.sleep(seconds)
    bench.network.stop(BACKEND)


@breaks("A2a")
def test_a_command_that_waits_in_the_queue_starts_long_after_its_timeout() -> None:
    bench = Bench(habits=AgentHabits(workers=1, word_lost=0.0))

    def scene() -> None:
        first = bench.send(BACKEND, DocumentName="AWS-RunShellScript", Parameters={"commands": [LONG]})
        bench.world.sleep(3)
        second = bench.send(BACKEND, Parameters=PARAMETERS)
        bench.world.sleep(60)
        seen.append(bench.read(second)[0])
        bench.world.sleep(60)
        seen.extend([bench.read(first)[0], bench.read(second)[0]])

    bench.play(scene)
    assert seen == ["InProgress", "Success", "Failed"]


@keeps("A2a", "A6a")
def test_a_command_that_is_taken_at_once_starts_within_its_timeout() -> None:
    bench = Bench()
    bench.play(lambda: seen.append(bench.check()))
    assert seen[0][0] == "Failed"


# One of the command's own watches, which lasts 100 s.
LONG = "lasts='100'\ntargets='192.0.2.101'\ninterval='1'\nstop='/none'\nprintf '{\\\"watch\\\":1}'"


@breaks("A6a")
def test_the_final_word_may_overtake_in_progress_and_stands() -> None:
    told = set()
    for seed in range(20):
        bench = Bench(seed)

        def scene(bench: Bench = bench) -> None:
            command_id = bench.send(BACKEND, DocumentName="AWS-RunShellScript", Parameters={"commands": [SHORT]})
            bench.world.sleep(0.3)  # until it is listed
            for _ in range(100):
                bench.world.sleep(0.05)
                told.add(bench.read(command_id)[0])
            assert bench.read(command_id)[0] == "Success"

        bench.play(scene)
    assert told == {"Pending", "InProgress", "Success"}


SHORT = "printf '{\"inspect\":1}'"


@breaks("A7a")
@pytest.mark.parametrize("what", ["cancelled", "timed out"])
def test_a_script_that_is_stopped_is_killed_and_says_nothing(what: str) -> None:
    bench = Bench()
    if what == "timed out":
        document = json.loads(json.dumps(bench.account.document))
        document["mainSteps"][0]["inputs"]["timeoutSeconds"] = "20"
        bench.account.document = document

    def scene() -> None:
        _connect(bench)
        command_id = bench.send("nat01", Parameters={**PARAMETERS, "window": ["600"]})
        bench.world.sleep(10)
        seen.append(bench.read(command_id)[0])
        if what == "cancelled":
            bench.call("CancelCommand", CommandId=command_id)
        bench.world.sleep(20)
        seen.append(bench.read(command_id))

    bench.play(scene)
    status, details = ("Cancelled", "Cancelled") if what == "cancelled" else ("TimedOut", "ExecutionTimedOut")
    assert seen == ["InProgress", (status, details, 137, "")]
    assert [event["detail"]["status"] for event in bench.events] == [status]


def test_a_command_that_was_cancelled_on_its_way_never_runs() -> None:
    bench = Bench()

    def scene() -> None:
        command_id = bench.send(BACKEND)
        bench.call("CancelCommand", CommandId=command_id)
        bench.world.sleep(20)
        seen.append(bench.read(command_id))

    bench.play(scene)
    assert seen == [("Cancelled", "Cancelled", -1, "")]


def test_a_command_that_nobody_knows_is_an_error_and_lists_show_details_only_where_they_are_asked_for() -> None:
    bench = Bench()

    def scene() -> None:
        with refused("InvalidCommandId"):
            bench.call("ListCommandInvocations", CommandId="00000000-0000-0000-0000-000000000000")
        command_id = bench.send(BACKEND)
        bench.world.sleep(10)
        (told,) = bench.call("ListCommandInvocations", CommandId=command_id)["CommandInvocations"]
        assert told["CommandPlugins"] == []

    bench.play(scene)
