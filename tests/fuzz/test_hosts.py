"""What hosts say, and what SSM and EC2 tell of them: evidence is what the probe has reported, and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from nat_failover.network.instances import LEAVING
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import EXIT_TO_TELL, observe
from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.ssm_commands import invocation_of
from tests.examples import NOW, PRIMARY, STANDBY, TICK
from tests.fakes import CommandInvocation, report
from tests.fuzz.function import HOSTS, SUBNETS, Function
from tests.fuzz.instances import NATS, TIMES, instances
from tests.fuzz.values import NUMBER, SHALLOW, TEXT

STATUSES = st.sampled_from(
    [
        *("Pending", "InProgress", "Delayed", "Success", "Cancelled", "TimedOut", "Failed", "Cancelling"),
        *("Undeliverable", "Terminated", "DeliveryTimedOut", "ExecutionTimedOut", "InvalidPlatform", "AccessDenied"),
    ]
)
PROBE = json.loads(report("offline", NOW).output.splitlines()[0])


@st.composite
def outputs(draw: st.DrawFn) -> str:
    """Give an output: anything, or the probe's line with something wrong about it."""
    if draw(st.booleans()):
        return draw(TEXT)
    fields = dict(PROBE)
    for name in draw(st.lists(st.sampled_from([*PROBE, "why", "targets"]), max_size=2)):
        fields[name] = draw(SHALLOW)
    line = json.dumps(fields)
    return draw(st.sampled_from(["{}\n", "{}", "noise\n{}\nnoise", "\ufeff{}", "{}{}", "[{}]", "x{}"])).replace(
        "{}", line
    )


RESULTS = st.builds(
    CommandInvocation,
    STATUSES | TEXT,
    STATUSES | TEXT,
    st.integers(-1, 4) | st.integers(-(2**31), 2**31),
    outputs(),
    st.none() | TIMES,
)


def reported(result: CommandInvocation) -> bool:
    """Tell whether it is the probe's own report of a loss, in the form that it writes."""
    for line in result.output.splitlines():
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict) and fields.get("probe") == 2 and fields.get("state") == "offline":
            return result.status == "Failed" and result.exit_code == EXIT_TO_TELL
    return False


@given(st.lists(RESULTS, min_size=4, max_size=4))
def test_whatever_hosts_say_nothing_is_swapped_without_three_reports_of_the_probe(
    results: list[CommandInvocation],
) -> None:
    function = Function()
    function.results |= dict(zip(HOSTS, results, strict=True))
    answer = function.invoke(TICK)
    for line in function.log.splitlines():
        json.loads(line)
    if sum(map(reported, results)) < 3:
        assert (answer["decision"], function.writes) == ("HOLD", [])


@given(RESULTS)
def test_whatever_the_passive_nat_says_backends_that_say_it_carries_nothing_hold(result: CommandInvocation) -> None:
    function = Function()
    function.results[STANDBY] = result
    function.results |= {host: report("offline", NOW - 3, elapsed=90, passive="no") for host in HOSTS}
    assert function.invoke(function.event())["decision"] == "HOLD"
    assert function.writes == []


ADDRESSES = st.sampled_from([*(f"10.0.{n}.5" for n in range(8)), "192.0.2.1", "10.0.0.4", ""])
SIGNALS = st.tuples(ADDRESSES, st.sampled_from("nfx"), st.floats() | st.floats(0, 12), st.sampled_from("012"))


@given(st.lists(SIGNALS.map(lambda parts: ",".join(map(str, parts))), max_size=8).map(" ".join) | TEXT)
def test_whatever_the_passive_nat_has_heard_backends_that_say_they_are_online_hold(column: str) -> None:
    function = Function()
    function.results[STANDBY] = report("online", NOW - 1, elapsed=90, tells=True, heard=column)
    function.results |= {host: report("online", NOW - 1, elapsed=90) for host in HOSTS}
    assert function.invoke(TICK)["decision"] == "HOLD"
    assert function.writes == []


@given(RESULTS, st.sampled_from(list(Kind)), st.floats(0, 4000))
@example(CommandInvocation("Failed", "Failed", 1, report("offline", NOW).output, 250_000_000_000.0), Kind.WATCH, 10.0)
def test_every_observation_has_times_that_can_be(result: CommandInvocation, kind: Kind, ago: float) -> None:
    round_ = Round("c", kind, 600 if kind is Kind.WATCH else 0, NOW - ago, HOSTS)
    plugin: dict[str, Any] = {"ResponseCode": result.exit_code, "Output": result.output}
    if result.finished_at is not None:
        plugin["ResponseFinishDateTime"] = datetime.fromtimestamp(result.finished_at, UTC)
    listed: Any = {"InstanceId": HOSTS[0], "Status": result.status, "CommandPlugins": [plugin]}
    seen = observe(invocation_of(listed), round_, NOW, NOW)
    assert all(map(math.isfinite, (seen.at, seen.since, seen.elapsed)))
    if seen.state is State.UNREACHABLE:
        assert round_.asked_at <= seen.since <= seen.at <= NOW + 60
        assert 0 <= seen.elapsed <= max(ago, 0) + 60


# What SSM lists


@given(
    more=st.lists(
        st.dictionaries(st.sampled_from(["CommandId", "Comment", "Parameters"]), SHALLOW, max_size=2), max_size=3
    )
)
def test_commands_that_are_none_of_ours_are_passed_over(more: list[dict[str, Any]]) -> None:
    function = Function()
    ours = {
        "CommandId": function.watch.command_id,
        "Comment": function.watch.arguments["Comment"],
        "Parameters": function.watch.arguments["Parameters"],
        "InstanceIds": list(HOSTS),
        "RequestedDateTime": datetime.fromtimestamp(function.watch.asked_at, UTC),
    }
    strange = [{**ours, "Comment": "x", **_typed(each), "InstanceIds": ["i-0ddddddddddddddd0"]} for each in more]
    function.answers["ListCommands"] = lambda _: {"Commands": [*strange, ours]}
    assert function.invoke(TICK)["decision"] == "FAIL_OVER"


def _typed(of: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the types that botocore's parser gives, whatever AWS sends."""
    parameters = of.get("Parameters")
    return {
        **{key: str(value)[:200] for key, value in of.items() if key != "Parameters"},
        **({"Parameters": {"window": [str(parameters)[:50]]}} if "Parameters" in of else {}),
    }


@given(
    st.lists(st.sampled_from([*HOSTS, PRIMARY, STANDBY, "mi-0123456789abcdef0", "i-0ddddddddddddddd0"]), max_size=12),
    st.booleans(),
)
def test_of_a_list_of_instances_only_the_pairs_backends_are_asked_and_each_once(listed: list[str], large: bool) -> None:
    function = Function()
    function.run_command.commands.clear()

    def information(arguments: Mapping[str, Any]) -> dict[str, Any]:
        page: dict[str, Any] = {
            "InstanceInformationList": [{"InstanceId": host, "PingStatus": "Online"} for host in listed]
        }
        return page | (
            {"NextToken": "more"} if large and "Filters" in arguments and "NextToken" not in arguments else {}
        )

    function.answers["DescribeInstanceInformation"] = information
    function.answers["DescribeTags"] = lambda _: {"Tags": [{"ResourceId": host} for host in listed]}
    function.invoke(TICK)
    for call in function.calls:
        if call.operation == "SendCommand":
            hosts = call.arguments["InstanceIds"]
            assert len(hosts) == len(set(hosts))
            assert set(hosts) <= {*HOSTS, *NATS}
    assert function.writes == []


# What EC2 tells of instances


@given(instances(), st.booleans())
def test_whatever_ec2_tells_of_instances_only_running_ones_in_the_pairs_subnets_are_evidence(
    found: list[dict[str, Any]], apart: bool
) -> None:
    function = Function()
    together: list[dict[str, Any]] = [{"Instances": found}, {"Instances": []}]
    reservations = [{"Instances": [described]} for described in found] if apart else together

    def described(arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = set(arguments["Filters"][0]["Values"])
        kept = [{"Instances": [i for i in r["Instances"] if i["InstanceId"] in wanted]} for r in reservations]
        return {"Reservations": kept}

    function.answers["DescribeInstances"] = described
    answer = function.invoke(TICK)
    latest: dict[str, Any] = {described["InstanceId"]: described for described in found}
    running = {host for host, described in latest.items() if described["State"]["Name"] == "running"}
    there = {host for host in running.intersection(HOSTS) if latest[host].get("SubnetId") in SUBNETS}
    # EC2's own word that the primary is gone needs no three, as long as not most of the backends have ended as well.
    ended = {h for h in (*HOSTS, PRIMARY) if h not in latest or latest[h]["State"]["Name"] in LEAVING}
    ours = {host for host in HOSTS if latest.get(host, {}).get("SubnetId") in (*SUBNETS, None)}
    by_ec2 = PRIMARY in latest and PRIMARY in ended and there and 2 * len(ended & ours) <= len(ours)
    if (len(there) < 3 and not by_ec2) or STANDBY not in running:
        assert (answer["decision"], function.writes) == ("HOLD", [])
    for call in function.calls:
        if call.operation == "SendCommand":
            assert set(call.arguments["InstanceIds"]) <= {*there, *NATS}


@given(st.one_of(NUMBER.map(str), TEXT))
@example("10.0.0.5\n")
def test_an_address_of_the_passive_nat_that_is_none_reaches_no_host(address: str) -> None:
    function = Function()
    assume(address)
    function.run_command.commands.clear()
    function.account.holdings.instances[STANDBY].address = address
    function.invoke(TICK)
    sent = [call.arguments["Parameters"]["passive"][0] for call in function.calls if call.operation == "SendCommand"]
    assert sent
    assert all(passive == "-" or passive.replace(".", "").isdigit() for passive in sent)
