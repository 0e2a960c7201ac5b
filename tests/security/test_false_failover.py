"""Who could make the function fail over falsely, and what stops them: a test for each claim of .github/SECURITY.md.

The moment is one at which a failover is due; what an attacker brings is less than that, and must not be enough.
"""

from __future__ import annotations

import json

import pytest

from tests.examples import BACKENDS, NOW, PRIMARY, STANDBY, STANDBY_TABLE, TICK
from tests.fakes import Command, CommandInvocation, report, signals_line
from tests.fuzz.function import ELSEWHERE, HOSTS, SUBNETS, TAGS, WATCH_SENT, Function
from tests.simulation.account.holdings import Instance

TICK_OR_EVENT = pytest.mark.parametrize("by", ["tick", "event"])
# More than there are of the pair's own.
FOREIGN = BACKENDS[4:9]


def held(function: Function, by: str = "tick") -> str:
    """Let the function look, and hold; gives why."""
    answer = function.invoke(TICK if by == "tick" else function.event())
    assert answer["decision"] == "HOLD", answer["reason"]
    assert function.writes == []
    assert function.on(STANDBY_TABLE) == set()
    return str(answer["cause"])


def rented(function: Function, subnet: str = ELSEWHERE) -> None:
    """Let somebody have instances of their own, with the probe's tag, in some subnet of the account."""
    for n, host in enumerate(FOREIGN):
        known = Instance("running", NOW - 90_000, f"10.9.0.{n}", TAGS, f"eni-{n:017x}", subnet)
        function.account.holdings.instances[host] = known
    function.run_command.online += FOREIGN


# A backend in the wrong hands


@TICK_OR_EVENT
def test_a_compromised_backend_is_one_voice_however_often_it_speaks(by: str) -> None:
    function = Function()
    function.healthy(*HOSTS[1:])
    for n in range(5):
        function.watched(HOSTS[0], sent_at=WATCH_SENT + 10 * n)
    assert held(function, by) == "FEW_FAILURES"


@TICK_OR_EVENT
def test_whoever_claims_loss_or_a_full_nat_moves_nothing(by: str) -> None:
    function = Function()
    for host in HOSTS:
        function.results[host] = report("online", NOW - 3, lately=[0, 100, 1, 100], goes_on=True)
    health = {"limit": 1, "memory": 1, "exceeded": "conntrack", "minutes": "1,0"}
    function.results[PRIMARY] = report("online", NOW - 3, tells=True, heard="", health=health)
    assert held(function, by) == "HEALTHY"


@TICK_OR_EVENT
def test_a_compromised_backend_can_not_speak_for_others(by: str) -> None:
    function = Function()
    function.healthy(*HOSTS[1:])
    fields = json.loads(report("offline", NOW - 3).output.splitlines()[0])
    lines = [fields | {"host": host, "InstanceId": host, "instance-id": host} for host in HOSTS]
    function.results[HOSTS[0]] = CommandInvocation("Failed", "Failed", 1, "\n".join(map(json.dumps, lines)), NOW - 3)
    assert held(function, by) == "FEW_FAILURES"


@pytest.mark.parametrize("offset", [-86_400 * 365, -3600, -60, 60, 3600, 86_400 * 365])
def test_a_compromised_backend_with_a_clock_of_its_own_makes_no_old_failure_fresh(offset: float) -> None:
    function = Function()
    liar, *_ = HOSTS
    # Two backends had a trouble of their own a minute ago, and are well since; the clock of a third says anything.
    trouble = report("offline", NOW - 60, elapsed=40, lost_for=2)
    lie = report("offline", NOW + offset, elapsed=10, lost_for=2)

    def answer(command: Command, host: str) -> CommandInvocation:
        if host == liar:
            return lie
        if command is function.watch and host in HOSTS[1:3]:
            return trouble
        return report("online", command.asked_at + 0.5) if command.kind == "check" else CommandInvocation("InProgress")

    function.run_command.answer = answer
    held(function)


@TICK_OR_EVENT
@pytest.mark.parametrize("passive", ["no", "unknown", "Yes", "", 1])
def test_without_a_way_through_the_passive_nat_no_number_of_backends_is_enough(by: str, passive: object) -> None:
    function = Function()
    function.results |= {host: report("offline", NOW - 3, elapsed=90, passive=passive) for host in HOSTS}
    assert held(function, by) == ("CONTROL_DOWN" if passive == "no" else "UNCONFIRMED")


@TICK_OR_EVENT
def test_a_backend_can_not_give_the_passive_nats_word(by: str) -> None:
    function = Function()
    function.healthy(*HOSTS)
    column = signals_line(*((f"10.0.{n}.5", "f", 0.5, True) for n in range(4)))
    for liar in (HOSTS[3], PRIMARY):
        function.results[liar] = report("online", NOW, elapsed=90, tells=True, heard=column)
    assert held(function, by) == "HEALTHY"


@TICK_OR_EVENT
def test_the_passive_nat_gives_its_own(by: str) -> None:
    """Without this the test above would prove nothing."""
    function = Function()
    function.results |= dict.fromkeys(HOSTS, CommandInvocation("InProgress", exit_code=-1))
    column = signals_line(*((f"10.0.{n}.5", "f", 0.5, True) for n in range(4)))
    function.results[STANDBY] = report("online", NOW, elapsed=90, tells=True, heard=column)
    assert function.invoke(TICK if by == "tick" else function.event())["outcome"] == "failed-over"


@TICK_OR_EVENT
def test_signals_of_addresses_that_are_no_backends_are_no_evidence(by: str) -> None:
    function = Function()
    rented(function)
    function.results |= dict.fromkeys(HOSTS, CommandInvocation("InProgress", exit_code=-1))
    strangers = [f"10.9.0.{n}" for n in range(5)] + ["10.0.4.5", "10.0.5.5", "192.0.2.1"]
    function.results[STANDBY] = report(
        "online", NOW, elapsed=90, tells=True, heard=signals_line(*((address, "f", 0.5, True) for address in strangers))
    )
    held(function, by)


def test_once_an_arming_is_all_that_even_every_backend_gets() -> None:
    function = Function()
    assert function.invoke(function.event())["outcome"] == "failed-over"
    function.calls.clear()
    for _ in range(3):
        function.clock.sleep(120)
        function.watched(*HOSTS, sent_at=function.clock.now() - 10)
        function.results |= {h: report("offline", function.clock.now() - 2, elapsed=8) for h in HOSTS}
        assert function.invoke(TICK)["cause"] == "LOCKED"
    assert function.writes == []
    assert function.on(STANDBY_TABLE) == set(SUBNETS)


# Somebody who may tag instances


@TICK_OR_EVENT
def test_hosts_outside_the_pairs_subnets_are_no_evidence_whoever_has_tagged_them(by: str) -> None:
    function = Function()
    rented(function)
    function.healthy(*HOSTS)
    function.watched(*FOREIGN)
    assert held(function, by) == "HEALTHY"


@TICK_OR_EVENT
def test_nor_are_they_in_a_process_that_has_met_them_before(by: str) -> None:
    function = Function()
    rented(function)
    function.healthy(*HOSTS)
    function.watched(*FOREIGN)
    function.results |= dict.fromkeys(FOREIGN, CommandInvocation("InProgress", exit_code=-1))
    held(function)
    function.results |= {host: report("offline", NOW - 1, elapsed=80) for host in FOREIGN}
    assert held(function, by) == "HEALTHY"


def test_no_command_is_sent_to_hosts_outside_the_pairs_subnets() -> None:
    function = Function()
    rented(function)
    function.healthy(*HOSTS)
    for n in range(10):
        function.clock.time = NOW + 60 * n
        function.invoke(TICK)
    sent = [call.arguments["InstanceIds"] for call in function.calls if call.operation == "SendCommand"]
    assert any(set(hosts) & set(HOSTS) for hosts in sent)
    assert not any(set(hosts) & set(FOREIGN) for hosts in sent)


@TICK_OR_EVENT
def test_hosts_that_are_not_in_ec2_are_no_evidence(by: str) -> None:
    function = Function()
    function.healthy(*HOSTS)
    strangers = [f"mi-0123456789abcdef{n}" for n in range(4)]
    function.run_command.online += strangers
    function.watched(*strangers)
    assert held(function, by) == "HEALTHY"
    assert not any("mi-" in str(c.arguments) for c in function.calls if c.operation == "SendCommand")


@TICK_OR_EVENT
def test_hosts_in_the_pairs_subnets_are(by: str) -> None:
    """Without this the tests above would prove nothing."""
    function = Function()
    rented(function, SUBNETS[0])
    function.healthy(*HOSTS)
    function.watched(*FOREIGN)
    assert function.invoke(TICK if by == "tick" else function.event())["outcome"] == "failed-over"


# Somebody who may send the probe's document, but not run what they like


@TICK_OR_EVENT
@pytest.mark.parametrize(
    "parameters",
    [
        {"active": "10.9.9.9"},
        {"passive": "10.9.9.9"},
        {"active": "-", "passive": "-"},
    ],
)
def test_what_hosts_say_of_other_nats_than_the_pairs_is_no_evidence(by: str, parameters: dict[str, str]) -> None:
    function = Function()
    function.run_command.commands.clear()
    ours = function.watched(*HOSTS)
    function.healthy(*HOSTS)
    function.invoke(TICK)
    theirs = function.watched(*HOSTS, sent_at=NOW - 10, **parameters)
    failed = {host: report("offline", NOW - 3, elapsed=7) for host in HOSTS}
    function.run_command.answer = lambda command, host: (
        failed.get(host) if command is theirs else CommandInvocation("InProgress", exit_code=-1)
    )
    function.watch = theirs if by == "event" else ours
    assert held(function, by) == "UNCONFIRMED"


def test_where_the_primary_is_named_as_a_backend_it_is_not_heard() -> None:
    """Whoever tags the NATs makes no backends of them."""
    function = Function()
    for nat in (PRIMARY, STANDBY):
        function.account.holdings.instances[nat].tags = TAGS
    function.healthy(*HOSTS[2:])
    function.results |= {nat: report("offline", NOW - 1, elapsed=80) for nat in (PRIMARY, STANDBY)}
    function.watched(PRIMARY, STANDBY)
    assert held(function) == "FEW_FAILURES"
