"""Lock and claim in Parameter Store: one invocation acts, and what a person writes stands."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from nat_failover.lock import MARGIN, ClaimLostError, LockChangedError, LockStore
from nat_failover.record import Claim, LockState
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.locking import claim, put_claim, record, taken

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
    with pytest.raises(LockChangedError, match="written by a person"):
        held.write(record(account, LockState.FAILED_OVER))
    assert account.lock == value


def test_a_lock_deleted_while_a_failover_is_under_way_stays_deleted(account: Account, store: LockStore) -> None:
    held = taken(store)
    held.write(record(account))
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)
    with pytest.raises(LockChangedError):
        held.write(record(account, LockState.FAILED_OVER))
    assert account.lock is None


def test_an_adopted_record_is_overwritten_only_while_it_stands(
    account: Account, store: LockStore, other: LockStore
) -> None:
    taken(store).write(record(account))
    account.clock.time += LEASE
    held = taken(other, "request-2")
    held.adopt(held.read())
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


# What SSM refuses


@pytest.mark.parametrize("code", ["TooManyUpdates", "ThrottlingException", "InternalServerError"])
def test_a_claim_that_ssm_refuses_to_create_is_an_error_and_leaves_nothing(
    account: Account, store: LockStore, code: str
) -> None:
    before(account.ssm, "PutParameter", lambda: code)
    with pytest.raises(ClientError, match=code):
        store.take("request-1")
    assert claim(account) is None


def test_a_take_over_that_ssm_refuses_is_an_error_and_leaves_the_dead_claim(account: Account, store: LockStore) -> None:
    put_claim(account, Claim("dead", 0, 0).text)
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", about='"Overwrite": true')
    with pytest.raises(ClientError, match="TooManyUpdates"):
        store.take("request-1")
    assert claim(account)["owner"] == "dead"


def test_a_record_that_ssm_refuses_can_be_written_again(account: Account, store: LockStore) -> None:
    held = taken(store)
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates")
    with pytest.raises(ClientError, match="TooManyUpdates"):
        held.write(record(account))
    held.write(record(account))
    assert json.loads(account.lock or "")["state"] == "failing-over"


def test_a_taker_whose_answer_got_lost_still_has_the_claim_that_it_has_created(
    account: Account, store: LockStore
) -> None:
    until = account.clock.now() + LEASE
    # What botocore's second try meets where the first one's answer did not arrive.
    before(account.ssm, "PutParameter", lambda: (put_claim(account, Claim("request-1", until, 0).text), None)[1])
    assert store.take("request-1") is not None
