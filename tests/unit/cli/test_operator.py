"""What a person's failover and failback decide, without any account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nat_failover.cli.account.clock import AwsRuntime, ahead
from nat_failover.cli.commands.failover import refusal
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.operator.fitness import Check, Fit, Seen, bad, judge
from nat_failover.cli.operator.inspection import KernelInspection
from nat_failover.cli.operator.operator import Host
from nat_failover.cli.operator.plan import Plan, choose_first, missing
from nat_failover.cli.operator.preview import Ahead, other_than_active
from nat_failover.judging.fitness import why_unfit
from nat_failover.lock.record import read_lock
from nat_failover.lock.store import LockView
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Table, Tables
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from tests.examples import settings

S = settings()
PRIMARY, STANDBY = S.tables
NOW = 1767225600.0


def host(name: str, subnet: str) -> Host:
    return Host(f"i-{name}", name, subnet)


HOSTS = {
    "subnet-a": tuple(host(name, "subnet-a") for name in ("a1", "a2", "a3")),
    "subnet-b": tuple(host(name, "subnet-b") for name in ("b1", "b2")),
    "subnet-c": (host("c1", "subnet-c"),),
}
ALL = frozenset(h.instance for there in HOSTS.values() for h in there)
PLAN = Plan("failback", STANDBY, PRIMARY, tuple(HOSTS), ("subnet-b",), HOSTS, ALL, "why")


def test_the_subnet_that_goes_first_has_two_backends_to_tell_by_and_no_more_than_need_be() -> None:
    assert choose_first(HOSTS, ALL) == "subnet-b"


def test_backends_that_were_offline_before_can_tell_nothing() -> None:
    assert choose_first(HOSTS, ALL - {"i-b1", "i-b2"}) == "subnet-a"
    assert choose_first(HOSTS, {"i-c1"}) == "subnet-c"


def test_where_nobody_was_online_whoever_is_there_will_tell() -> None:
    assert choose_first(HOSTS, frozenset()) == "subnet-b"
    assert choose_first({"subnet-a": ()}, frozenset()) is None


def test_whoever_was_online_before_has_to_be_online_afterwards() -> None:
    assert missing(PLAN, ["subnet-b"], ALL) is None
    assert missing(PLAN, ["subnet-b"], ALL - {"i-a1"}) is None  # of another subnet
    sentence = missing(PLAN, ["subnet-b"], ALL - {"i-b1"})
    assert sentence == "1 of 2 backends are offline through the new path: i-b1"


def test_whoever_was_offline_before_need_not_be_online_afterwards() -> None:
    plan = replace(PLAN, online=ALL - {"i-b1"})
    assert missing(plan, ["subnet-b"], {"i-b2"}) is None


def test_where_nobody_was_online_somebody_has_to_be() -> None:
    plan = replace(PLAN, online=frozenset())
    assert missing(plan, ["subnet-b"], frozenset()) == "none of 2 backends is online through the new path"
    assert missing(plan, ["subnet-b"], {"i-b1"}) is None
    assert missing(replace(plan, hosts={}), ["subnet-b"], frozenset()) is None  # there is nobody to ask


def tables(primary: tuple[str, ...], standby: tuple[str, ...]) -> Tables:
    return Tables({t: Table(t, dict.fromkeys(s, "a"), None) for t, s in ((PRIMARY, primary), (STANDBY, standby))})


def test_a_failover_goes_to_the_passive_nat_and_asks_where_that_is_not_clear() -> None:
    assert other_than_active(tables(("s1",), ()), S) == STANDBY
    assert other_than_active(tables((), ("s1",)), S) == PRIMARY
    with pytest.raises(CommandError, match="say where to, --to primary or --to standby") as split:
        other_than_active(tables(("s1",), ("s2",)), S)
    assert split.value.exit is Exit.USAGE
    with pytest.raises(CommandError, match="no subnet is explicitly associated"):
        other_than_active(tables((), ()), S)


def answer(state: State, uptime: float = 9e4) -> Observation:
    return Observation("i-1", state, NOW, NOW, NOW, True, uptime=uptime, detail="Failed, exit 1")


WELL = Seen(
    Nat(S.primary_instance, "running", NOW - 1e5, checked=False),
    None,
    answer(State.REACHABLE),
    KernelInspection(True, True),
)


def test_a_nat_that_has_all_it_needs_is_fit() -> None:
    checks = judge(WELL, S, NOW)
    assert {check.fit for check in checks} == {Fit.GOOD}
    assert [check.name for check in checks] == [
        *("instance", "route", "source/destination check", "up for long enough"),
        *("Internet", "forwarding", "masquerading"),
    ]


@pytest.mark.parametrize(
    ("seen", "name", "detail"),
    [
        (replace(WELL, nat=replace(WELL.nat, state="stopped")), "instance", "is stopped"),
        (replace(WELL, nat=replace(WELL.nat, checked=True)), "source/destination check", "--no-source-dest-check"),
        (replace(WELL, route="rtb-1 has no default route"), "route", "rtb-1 has no default route"),
        (replace(WELL, answer=None), "Internet", "Systems Manager does not manage it"),
        (
            replace(WELL, answer=answer(State.UNREACHABLE)),
            "Internet",
            "does not reach its ping targets (Failed, exit 1)",
        ),
        (replace(WELL, answer=answer(State.SILENT)), "Internet", "does not answer (Failed, exit 1)"),
        (replace(WELL, inspection=KernelInspection(False, True)), "forwarding", "its kernel does not forward"),
        (replace(WELL, inspection=KernelInspection(True, False)), "masquerading", "its kernel does not translate"),
    ],
)
def test_each_thing_that_a_nat_lacks_stands_against_it_alone(seen: Seen, name: str, detail: str) -> None:
    (found,) = bad(judge(seen, S, NOW))
    assert found.name == name
    assert detail in found.detail


@pytest.mark.parametrize("changes", [{"state": "stopped"}, {"state": "gone"}, {"checked": True}])
def test_what_stands_against_a_nat_is_said_in_the_function_s_own_words(changes: dict[str, object]) -> None:
    nat = replace(WELL.nat, **changes)  # type: ignore[arg-type]
    (found,) = bad(judge(replace(WELL, nat=nat), S, NOW))
    assert f"the passive NAT {found.detail}".startswith(str(why_unfit(None, nat.instance_id, {nat.instance_id: nat})))


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (replace(WELL, nat=replace(WELL.nat, checked=None)), "source/destination check"),
        (replace(WELL, inspection=KernelInspection(why="no permission")), "forwarding"),
        (replace(WELL, nat=replace(WELL.nat, launched_at=NOW - 10)), "up for long enough"),
        (replace(WELL, answer=answer(State.REACHABLE, uptime=10)), "up for long enough"),
        (replace(WELL, nat=replace(WELL.nat, launched_at=None), answer=None), "up for long enough"),
        (replace(WELL, warnings=("the tables differ",)), "warning"),
    ],
)
def test_what_is_not_known_for_certain_is_told_and_does_not_stand_against_it(seen: Seen, name: str) -> None:
    fitness = {check.name: check.fit for check in judge(seen, S, NOW)}
    assert fitness[name] is Fit.UNKNOWN


def test_only_force_follows_a_plan_that_a_check_stands_against_and_nothing_follows_one_with_an_obstacle() -> None:
    locks = LockView(read_lock("armed", 1), None)
    unfit = Ahead(locks, tables((), ()), PLAN, (Check("forwarding", Fit.BAD, "does not"),))
    assert refusal(unfit, force=False) == "forwarding: does not"
    assert refusal(unfit, force=True) is None
    assert refusal(replace(unfit, checks=()), force=False) is None
    assert refusal(replace(unfit, obstacle="under way"), force=True) == "under way"


def answered(at: float) -> dict[str, object]:
    date = datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@pytest.mark.parametrize(("there", "difference"), [(NOW, 0.0), (NOW + 1, 0.0), (NOW + 300, 300.3), (NOW - 90, -89.7)])
def test_a_clock_that_is_wrong_is_put_right_by_aws_s(there: float, difference: float) -> None:
    found = ahead(answered(there), NOW, NOW + 0.4)
    assert found == pytest.approx(difference)
    if found:
        assert AwsRuntime(found).now() - AwsRuntime(0.0).now() == pytest.approx(found, abs=1)


@pytest.mark.parametrize("answer", [{}, {"ResponseMetadata": {"HTTPHeaders": {"date": "yesterday"}}}])
def test_an_answer_without_a_date_leaves_the_clock_as_it_is(answer: dict[str, object]) -> None:
    assert ahead(answer, NOW, NOW) == 0.0
