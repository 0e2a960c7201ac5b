"""What the service refuses, and which hosts it lists."""

from __future__ import annotations

import pytest

from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.run_command.bench import BACKEND, HOSTS, OTHER, Bench
from tests.gate.run_command.command import Managed
from tests.gate.run_command.documents import Document


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
    bench.play(lambda: bench.seen.append(bench.send(BACKEND, OTHER)))
    assert len(bench.seen) == 1


@breaks("R4b")
def test_one_windows_server_is_enough_to_refuse_the_command() -> None:
    bench = Bench()
    bench.run_command.platforms[OTHER] = "Windows"

    def scene() -> None:
        with refused("UnsupportedPlatformType"):
            bench.send(BACKEND, OTHER)

    bench.play(scene)


@breaks("R15i")
def test_a_document_with_another_content_than_the_hash_is_refused() -> None:
    bench = Bench()

    def scene() -> None:
        with refused("InvalidDocument", "does not match Sha256"):
            bench.send(BACKEND, DocumentHash="0" * 64, DocumentHashType="Sha256")

    bench.play(scene)
    assert bench.run_command.service.commands == []


@keeps("R15i")
def test_one_with_its_own_hash_is_sent() -> None:
    bench = Bench()
    mine = Document(bench.account.document).hash
    bench.play(lambda: bench.seen.append(bench.send(BACKEND, DocumentHash=mine, DocumentHashType="Sha256")))
    assert len(bench.seen) == 1


@breaks("R15j")
@pytest.mark.parametrize("parameters", [{"lasts": ["1"]}, {"window": ["1.5"]}], ids=["unknown", "does not match"])
def test_a_parameter_that_is_not_the_documents_or_does_not_match_its_pattern_is_refused(
    parameters: dict[str, list[str]],
) -> None:
    bench = Bench()

    def scene() -> None:
        with refused("InvalidParameters"):
            bench.send(BACKEND, Parameters=parameters)

    bench.play(scene)
    assert bench.run_command.service.commands == []


@keeps("R15j")
def test_one_that_matches_is_sent() -> None:
    bench = Bench()
    parameters = {"window": ["1"], "active": ["-"], "passive": ["10.0.0.5"]}
    bench.play(lambda: bench.seen.append(bench.send(BACKEND, Parameters=parameters)))
    assert len(bench.seen) == 1


@breaks("R5")
@pytest.mark.parametrize("who", ["one without its tag", "a hybrid host"])
def test_one_host_that_the_role_may_not_ask_is_enough_to_refuse_the_command(who: str) -> None:
    bench = Bench()
    hybrid = Managed("mi-0123456789abcdef0", {"probe": "main"})
    bench.run_command.hybrids.append(hybrid)

    def may(host: Managed) -> bool:
        return host.instance_id.startswith("i-") and (host.tags or {}).get("probe") == "main"

    def scene() -> None:
        bench.seen.append(bench.send(BACKEND, OTHER, may=may))
        bench.account.untagged.add(OTHER)  # its tag of this moment counts
        with refused("AccessDeniedException", "ssm:SendCommand"):
            if who == "a hybrid host":
                bench.send(BACKEND, InstanceIds=[HOSTS[BACKEND], hybrid.instance_id], may=may)
            else:
                bench.send(BACKEND, OTHER, may=may)

    bench.play(scene)
    assert len(bench.run_command.service.commands) == 1


def test_a_command_that_nobody_knows_is_an_error_and_lists_show_details_only_where_they_are_asked_for() -> None:
    bench = Bench()

    def scene() -> None:
        with refused("InvalidCommandId"):
            bench.call("ListCommandInvocations", CommandId="00000000-0000-0000-0000-000000000000")
        command_id = bench.send(BACKEND)
        bench.world.sleep(10)
        (invocation,) = bench.call("ListCommandInvocations", CommandId=command_id)["CommandInvocations"]
        assert invocation["CommandPlugins"] == []

    bench.play(scene)


@breaks("R2g")
def test_stopped_and_terminated_instances_are_not_listed() -> None:
    bench = Bench()
    bench.account.states |= {BACKEND: "stopped", OTHER: "terminated"}
    bench.play(lambda: bench.seen.append(bench.managed()))
    assert set(bench.seen[0]) == set(HOSTS) - {BACKEND, OTHER}


@keeps("R2g")
def test_those_that_run_are_listed_with_what_they_are() -> None:
    bench = Bench()
    bench.run_command.platforms[OTHER] = "Windows"
    bench.run_command.offline.add(BACKEND)
    tag = [{"Key": "tag:probe", "Values": ["main"]}]
    bench.account.untagged.add("nat01")
    bench.play(lambda: bench.seen.append(bench.managed(Filters=tag)))
    (listed,) = bench.seen
    assert set(listed) == set(HOSTS) - {"nat01"}
    described = [(listed[host]["PlatformType"], listed[host]["PingStatus"]) for host in (BACKEND, OTHER, "nat02")]
    assert described == [("Linux", "ConnectionLost"), ("Windows", "Online"), ("Linux", "Online")]
