"""Lock and claim in Parameter Store: one invocation acts, and what a person writes stands."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from nat_failover.lock.held import MARGIN, ClaimLostError, LockChangedError
from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockStore
from tests.fakes import before, read_old
from tests.integration.account import Account
from tests.integration.lock.locking import record, taken, taken_as_well

pytestmark = pytest.mark.pair(subnets=0, backends=1)

LEASE = 60.0


# Reading


def test_no_lock_parameter_is_armed(store: LockStore) -> None:
    view = store.read()
    assert (view.lock.state, view.lock.version, view.claim) == (LockState.ARMED, 0, None)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("armed", LockState.ARMED),
        (" armed\n", LockState.ARMED),
        ("paused", LockState.PAUSED),
        ("Armed", LockState.UNREADABLE),
        ("please leave it", LockState.UNREADABLE),
        ('{"state":"failing-over"}', LockState.UNREADABLE),
        ('{"state":"armed"}', LockState.UNREADABLE),
        ("{", LockState.UNREADABLE),
    ],
)
def test_what_a_person_writes_into_the_lock_is_armed_paused_or_unreadable(
    account: Account, store: LockStore, value: str, state: LockState
) -> None:
    account.lock = value
    assert store.read().lock.state is state


@pytest.mark.parametrize("state", [LockState.FAILING_OVER, LockState.FAILED_OVER, LockState.FAILED])
def test_a_record_is_read_as_it_was_written(account: Account, store: LockStore, state: LockState) -> None:
    written = replace(record(account, state), outcome="what came of it", seconds=1.25)
    taken(store).write(written)
    lock = store.read().lock
    assert (lock.state, lock.record) == (state, written)


def test_lock_and_claim_are_read_in_one_call(account: Account, store: LockStore) -> None:
    taken(store).write(record(account))
    calls: list[str] = []
    before(account.ssm, "GetParameters", lambda: calls.append("GetParameters"), times=9)
    before(account.ssm, "GetParameter", lambda: calls.append("GetParameter"), times=9)
    view = store.read()
    assert view.claim is not None
    assert view.lock.record is not None
    assert calls == ["GetParameters"]


def test_a_read_that_ssm_refuses_is_no_armed_lock(account: Account, store: LockStore) -> None:
    before(account.ssm, "GetParameters", lambda: "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        store.read()


# Writing


def test_a_holder_writes_its_records_one_after_the_other(account: Account, store: LockStore) -> None:
    held = taken(store)
    held.write(record(account))
    held.write(record(account, LockState.FAILED_OVER))
    assert json.loads(account.lock or "")["state"] == "failed-over"


@pytest.mark.parametrize("value", ["armed", "paused", "hands off, I am working on it"])
def test_what_a_person_writes_while_a_failover_is_under_way_is_not_overwritten(
    account: Account, store: LockStore, value: str
) -> None:
    held = taken(store)
    held.write(record(account))
    account.lock = value
    with pytest.raises(LockChangedError, match="written by somebody else"):
        held.write(record(account, LockState.FAILED_OVER))
    assert account.lock == value


def test_a_lock_deleted_while_a_failover_is_under_way_stays_deleted(account: Account, store: LockStore) -> None:
    held = taken(store)
    held.write(record(account))
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)
    with pytest.raises(LockChangedError):
        held.write(record(account, LockState.FAILED_OVER))
    assert account.lock is None


def test_a_lock_that_is_deleted_and_paused_while_a_failover_is_under_way_stays_paused(
    account: Account, store: LockStore
) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    held.write(record(account))
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)

    def pause() -> None:
        account.lock = "paused"

    before(account.ssm, "GetParameters", pause, about="lock", after=1)
    with pytest.raises(LockChangedError):
        held.write(record(account, LockState.FAILED_OVER))
    assert account.lock == "paused"
    assert account.ssm.get_parameter(Name=account.settings.lock_parameter)["Parameter"]["Version"] == 1


def test_an_adopted_record_is_overwritten_only_while_it_stands(
    account: Account, store: LockStore, other: LockStore
) -> None:
    taken(store).write(record(account))
    account.clock.time += LEASE
    held = taken(other, "request-2")
    held.read()
    account.lock = "armed"
    with pytest.raises(LockChangedError):
        held.write(record(account, owner="request-2"))


def test_nothing_is_written_when_the_lease_has_no_time_left(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    account.clock.time += LEASE - MARGIN
    with pytest.raises(ClaimLostError, match="request-1"):
        held.write(record(account))
    assert account.lock == "armed"


def test_a_slow_loser_can_not_overwrite_the_winners_record(
    account: Account, store: LockStore, other: LockStore
) -> None:
    slow = taken(store)
    account.clock.time += LEASE
    taken(other, "request-2").write(record(account, LockState.FAILED_OVER, "request-2"))
    with pytest.raises(ClaimLostError):
        slow.write(record(account))
    assert json.loads(account.lock or "")["owner"] == "request-2"


# What a record stands upon


def test_a_record_upon_another_s_is_taken_back(account: Account, store: LockStore, other: LockStore) -> None:
    """However it comes about that two hold the claim, one of them acts."""
    account.lock = "armed"
    slow, quick = taken(store), taken_as_well(other)
    slow.read()
    quick.read()
    quick.write(record(account, owner="request-2"))
    with pytest.raises(LockChangedError):
        slow.write(record(account))
    assert json.loads(account.lock or "")["owner"] == "request-2"


def test_a_pause_that_comes_between_reading_and_writing_is_put_back(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    account.lock = "paused"
    with pytest.raises(LockChangedError):
        held.write(record(account))
    assert account.lock == "paused"


def test_a_pause_is_put_back_though_the_lock_is_read_as_it_was_before_both(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    account.lock = "paused"
    read_old(account.ssm, account.settings.lock_parameter, version=1)
    with pytest.raises(LockChangedError):
        held.write(record(account))
    assert account.lock == "paused"


def test_a_word_that_arms_once_more_between_reading_and_writing_is_as_good(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    account.lock = " armed\n"
    held.write(record(account))
    assert json.loads(account.lock or "")["state"] == "failing-over"


def test_an_old_reading_of_the_lock_is_no_proof_that_somebody_else_has_written_it(
    account: Account, store: LockStore
) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    held.write(record(account))
    read_old(account.ssm, account.settings.lock_parameter, version=1)
    held.write(record(account, LockState.FAILED_OVER))
    assert json.loads(account.lock or "")["state"] == "failed-over"
