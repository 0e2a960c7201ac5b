"""The claim in Parameter Store: exactly one invocation acts, and a dead one is taken over from."""

from __future__ import annotations

import pytest

from nat_failover.lock.held import MARGIN, RECORD_WITHIN, RECORDLESS_AFTER, ClaimLostError
from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockStore
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.lock.locking import claim, record, taken

pytestmark = pytest.mark.pair(subnets=0, backends=1)

LEASE = 60.0


# Claiming


def test_the_first_taker_has_the_claim_for_a_lease(account: Account, store: LockStore) -> None:
    held = taken(store)
    now = account.clock.now()
    assert {"owner": "request-1", "until": now + LEASE, "since": now, "lock": 0}.items() <= claim(account).items()
    assert held.until == account.clock.now() + LEASE - MARGIN


def test_a_second_taker_loses_while_the_claim_is_live(store: LockStore, other: LockStore) -> None:
    taken(store)
    assert other.take("request-2") is None


def test_a_loser_leaves_claim_and_lock_as_they_are(account: Account, store: LockStore, other: LockStore) -> None:
    taken(store).write(record(account))
    lock, standing = account.lock, claim(account)
    other.take("request-2")
    assert (account.lock, claim(account)) == (lock, standing)


def test_a_claim_is_live_until_the_last_instant_of_its_lease(
    account: Account, store: LockStore, other: LockStore
) -> None:
    taken(store).write(record(account))
    account.clock.time += LEASE - 0.001
    assert other.take("request-2") is None
    account.clock.time += 0.001
    assert other.take("request-3") is not None


def test_the_lock_is_read_anew_once_the_claim_is_held(account: Account, store: LockStore) -> None:
    assert store.read().lock.state is LockState.ARMED
    held = taken(store)
    account.lock = "paused"
    assert held.read().state is LockState.PAUSED


def test_a_claim_given_up_can_be_taken_at_once(store: LockStore, other: LockStore) -> None:
    taken(store).give_up()
    assert other.take("request-2") is not None


def test_a_claim_is_given_up_without_being_deleted_so_that_its_versions_go_on(
    account: Account, store: LockStore
) -> None:
    taken(store).give_up()
    found = account.ssm.get_parameter(Name=account.settings.claim_parameter)["Parameter"]
    assert found["Version"] == 2


def test_a_claim_whose_lease_is_over_is_not_given_up_for_it_may_be_anothers(
    account: Account, store: LockStore, other: LockStore
) -> None:
    held = taken(store)
    account.clock.time += LEASE
    taken(other, "request-2")
    held.give_up()
    assert claim(account)["owner"] == "request-2"


# Without a record


def test_a_claim_without_a_record_holds_others_up_for_seconds_only(
    account: Account, store: LockStore, other: LockStore
) -> None:
    account.lock = "armed"
    taken(store)
    account.clock.time += RECORDLESS_AFTER - 0.001
    assert other.take("request-2") is None
    account.clock.time += 0.001
    assert other.take("request-3") is not None


def test_a_claim_whose_record_has_been_re_armed_since_lasts_for_its_lease(
    account: Account, store: LockStore, other: LockStore
) -> None:
    account.lock = "armed"
    taken(store).write(record(account, LockState.FAILED_OVER))
    account.lock = "armed"
    account.clock.time += LEASE - 5
    assert other.take("request-2") is None


def test_a_holder_that_has_been_too_slow_for_its_record_writes_none(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    account.clock.time += RECORD_WITHIN
    with pytest.raises(ClaimLostError, match="has not written its record in time"):
        held.write(record(account))
    assert account.lock == "armed"


def test_a_holder_whose_record_is_overdue_leaves_the_claim_to_whoever_may_have_taken_it_over(
    account: Account, store: LockStore, other: LockStore
) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    account.clock.time += RECORDLESS_AFTER
    taken(other, "request-2")
    held.give_up()
    assert claim(account)["owner"] == "request-2"


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_giving_up_raises_no_error(account: Account, store: LockStore, code: str) -> None:
    held, standing = taken(store), claim(account)
    before(account.ssm, "PutParameter", lambda: code, times=99)
    held.give_up()
    assert claim(account) == standing


def test_giving_up_is_tried_again(account: Account, store: LockStore, other: LockStore) -> None:
    held = taken(store)
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", times=2)
    held.give_up()
    assert other.take("request-2") is not None
