"""A pair is protected once a backend was seen online, which is kept at the price of one write."""

from __future__ import annotations

import json

import pytest

from nat_failover.judging.first_online import mark, marks_of
from tests.fakes import before
from tests.integration.account import Account

MEMORY = "/nat-failover/main/told"
WITHOUT = '{"version":1,"troubles":[]}'


def marks(account: Account) -> dict[str, str]:
    """Read which NATs have worked, as far as it is kept."""
    return marks_of(account.parameter(MEMORY))


def version(account: Account) -> int:
    """Tell how often the parameter was written."""
    return int(account.ssm.get_parameters(Names=[MEMORY])["Parameters"][0]["Version"])


def both(account: Account) -> dict[str, str]:
    """Give the marks of both NATs."""
    s = account.settings
    return {"primary": mark(account.primary_table, s), "standby": mark(account.standby_table, s)}


# Whether it protects


def test_a_pair_whose_backends_were_never_online_holds_and_says_so(account: Account) -> None:
    account.cut_off(*account.backends)
    invocations = account.ticks(6)
    assert {(t.cause, t.metrics.get("NeverOnline")) for t in invocations[1:]} == {("NEVER_ONLINE", 1)}
    assert account.on_standby == ()
    assert account.subjects == ["OFFLINE, not failed over: no backend was ever online"]
    assert "primary" not in marks(account)


def test_it_is_protected_as_soon_as_its_backends_are_online_for_the_first_time(account: Account) -> None:
    account.cut_off(*account.backends)
    account.ticks(6)
    account.offline.clear()
    account.ticks(5)
    assert account.subjects[1:] == ["RECOVERED: backends are online for the first time"]
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"


@pytest.mark.parametrize("memory", [None, WITHOUT], ids=["new", "updated"])
def test_a_failure_right_after_the_first_tick_is_one_whatever_is_remembered(
    account: Account, memory: str | None
) -> None:
    if memory is not None:
        account.ssm.put_parameter(Name=MEMORY, Value=memory, Type="String")
    account.tick()
    account.clock.sleep(10)
    account.cut_off(*account.backends)
    assert account.parameter(MEMORY) == memory
    assert account.failed(account.backends[0]).outcome == "failed-over"


def test_other_targets_begin_anew(account: Account) -> None:
    account.ticks(3)
    account.configure(targets=("192.0.2.99",), probe_document="nat-failover-main-probe-2")
    account.cut_off(*account.backends)
    assert account.ticks(2)[-1].cause == "NEVER_ONLINE"


@pytest.mark.parametrize("state", ["stopped", "terminated"])
def test_a_nat_that_ec2_calls_gone_need_not_have_worked(account: Account, state: str) -> None:
    account.cut_off(*account.backends)
    account.tick()
    change = account.ec2.stop_instances if state == "stopped" else account.ec2.terminate_instances
    change(InstanceIds=[account.primary])
    assert account.failed(account.backends[0]).outcome == "failed-over"


# How it is kept


def test_both_nats_are_remembered_by_one_write(account: Account) -> None:
    account.ticks(1)
    account.ticks(4)
    assert (marks(account), version(account)) == (both(account), 1)


def test_a_nat_that_has_taken_over_has_worked_as_the_backends_have_proven(account: Account) -> None:
    account.tick()
    account.clock.sleep(10)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"
    assert marks(account) == {"standby": both(account)["standby"]}


def test_what_was_deleted_is_back_at_the_next_tick(account: Account) -> None:
    account.ticks(3)
    account.ssm.delete_parameter(Name=MEMORY)
    account.ticks(1)
    assert marks(account)["primary"] == both(account)["primary"]


def test_a_memory_that_can_not_be_read_is_written_anew(account: Account) -> None:
    account.ticks(3)
    account.ssm.put_parameter(Name=MEMORY, Value="scribble", Overwrite=True)
    account.ticks(1)
    assert marks(account)["primary"] == both(account)["primary"]


def test_a_write_that_is_refused_is_made_at_a_later_tick_by_the_same_process_too(account: Account) -> None:
    refused = {"about": MEMORY, "times": 10}
    before(account.ssm, "PutParameter", lambda: "AccessDeniedException", **refused)  # type: ignore[arg-type]
    function = account.application()
    account.application = lambda stream=None: function  # type: ignore[method-assign]  # noqa: ARG005
    for _ in range(3):
        account.ticks(1)
    assert account.parameter(MEMORY) is None
    for _ in range(10):
        account.ticks(1)
    assert marks(account) == both(account)


def test_two_ticks_at_once_lose_nothing_of_it(account: Account) -> None:
    account.tick()
    account.clock.sleep(60)
    account.ssm.put_parameter(Name=MEMORY, Value=WITHOUT, Type="String")
    overtaken = [0]

    def other_writes() -> None:
        if not overtaken[0]:
            overtaken[0] = 1
            account.tick()

    before(account.ssm, "PutParameter", other_writes, about=MEMORY)
    account.tick()
    assert overtaken == [1]
    assert marks(account) == both(account)


def test_what_is_told_besides_is_told_once(account: Account) -> None:
    account.tick()
    account.ec2.stop_instances(InstanceIds=[account.standby])
    account.ticks(6)
    assert account.subjects == ["NOT PROTECTED: the standby NAT can't take over"]
    assert json.loads(account.parameter(MEMORY) or "")["online"]["primary"] == both(account)["primary"]
