"""A claim that is taken over from a dead holder, renewed, and lost."""

from __future__ import annotations

import json

import pytest

from nat_failover.lock.claim import Claim
from nat_failover.lock.held import MARGIN, RECORDLESS_AFTER, ClaimLostError, HeldLock, LockChangedError
from nat_failover.lock.parameter import Parameters
from nat_failover.lock.store import LockStore
from tests.fakes import FakeRuntime, before
from tests.integration.account import Account
from tests.integration.lock.locking import claim, put_claim, record, taken

pytestmark = pytest.mark.pair(subnets=0, backends=1)

LEASE = 60.0


# Taking over


def test_the_claim_of_a_dead_holder_is_taken_over(account: Account, store: LockStore, other: LockStore) -> None:
    taken(store)
    account.clock.time += LEASE
    held = taken(other, "request-2")
    assert {"owner": "request-2", "until": account.clock.now() + LEASE}.items() <= claim(account).items()
    assert held.until == account.clock.now() + LEASE - MARGIN


def test_of_two_takers_that_have_read_the_same_dead_claim_exactly_one_has_it(
    account: Account, store: LockStore, other: LockStore
) -> None:
    put_claim(account, Claim("dead", account.clock.now() - 1, 0).text)
    second: list[HeldLock | None] = []
    # The first has read the dead claim and is about to overwrite it, when the second does all of its own.
    before(account.ssm, "PutParameter", lambda: second.append(other.take("request-2")), about='"Overwrite": true')
    first = store.take("request-1")
    assert [held is not None for held in (first, *second)] == [False, True]


def test_of_many_takers_of_a_dead_claim_exactly_one_has_it(account: Account, store: LockStore) -> None:
    put_claim(account, Claim("dead", account.clock.now() - 1, 0).text)
    many = FakeRuntime(account.clock.now(), threads=8)
    clients = [account.session.client("ssm") for _ in range(7)]
    others = (LockStore(Parameters(ssm, ssm, account.clock), account.settings, account.clock) for ssm in clients)
    stores = [store, *others]
    held = many.together([lambda n=n, s=s: s.take(f"request-{n}") for n, s in enumerate(stores)])  # type: ignore[misc]
    assert len([h for h in held if h is not None]) == 1


def test_a_claim_deleted_by_a_person_between_two_calls_is_nobodys_for_now(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    put_claim(account, Claim("dead", 0, 0).text)
    name = account.settings.claim_parameter
    before(account.ssm, "PutParameter", lambda: account.ssm.delete_parameter(Name=name) and None)
    assert store.take("request-1") is None
    account.clock.time += RECORDLESS_AFTER
    assert store.take("request-2") is not None


def test_a_claim_that_can_not_be_understood_is_live_for_a_lease_from_its_last_change(
    account: Account, store: LockStore
) -> None:
    put_claim(account, "scribble")
    assert store.take("request-1") is None
    account.clock.time += LEASE + 5
    assert store.take("request-2") is not None


def test_a_claim_that_ends_in_a_far_future_does_not_lock_the_pair_for_ever(account: Account, store: LockStore) -> None:
    put_claim(account, Claim("dead", account.clock.now() + 1e9, 0).text)
    # The parameter's time is the machine's, which may have been busy since the account was made.
    account.clock.time += 2 * LEASE + 60
    assert store.take("request-1") is not None


def test_a_holder_that_renews_its_lease_keeps_others_away_for_as_long_again(
    account: Account, store: LockStore, other: LockStore
) -> None:
    held = taken(store)
    held.write(record(account))
    account.clock.sleep(LEASE - MARGIN - 1)
    held.renew()
    account.clock.sleep(LEASE - MARGIN - 1)
    held.still_held()
    assert other.take("request-2") is None
    account.clock.sleep(MARGIN + 2)
    assert taken(other, "request-2") is not held


def test_a_lease_that_is_over_is_not_renewed(account: Account, store: LockStore, other: LockStore) -> None:
    held = taken(store)
    account.clock.sleep(LEASE - MARGIN)
    with pytest.raises(ClaimLostError, match="is over"):
        held.renew()
    account.clock.sleep(MARGIN)
    taken(other, "request-2")
    assert claim(account)["owner"] == "request-2"


def test_a_claim_upon_a_missing_lock_is_not_taken_over_early_since_its_record_may_have_been_deleted(
    account: Account, store: LockStore, other: LockStore
) -> None:
    held = taken(store)
    held.write(record(account))
    account.ssm.delete_parameter(Name=account.settings.lock_parameter)
    account.clock.sleep(RECORDLESS_AFTER + 1)
    assert other.take("request-2") is None
    account.clock.sleep(LEASE)
    taken(other, "request-2")


def test_a_claim_that_somebody_else_has_written_meanwhile_is_lost(account: Account, store: LockStore) -> None:
    held = taken(store)
    put_claim(account, json.dumps({"owner": "a person", "until": account.clock.now() + 5}))
    with pytest.raises(ClaimLostError, match="written by somebody else"):
        held.renew()


def test_a_lease_can_be_ended_sooner_and_others_wait_no_longer_than_that(
    account: Account, store: LockStore, other: LockStore
) -> None:
    held = taken(store)
    held.end_in(15.0)
    account.clock.sleep(14)
    assert other.take("request-2") is None
    account.clock.sleep(2)
    taken(other, "request-2")
    # The earlier holder does not end what is another's by now.
    account.clock.sleep(LEASE)
    held.end_in(0.0)
    assert claim(account)["owner"] == "request-2"


def test_a_person_s_word_is_written_only_over_the_lock_that_the_holder_has_seen(
    account: Account, store: LockStore
) -> None:
    held = taken(store)
    held.read()
    held.write_text("paused")
    assert account.parameter(account.settings.lock_parameter) == "paused"
    account.ssm.put_parameter(Name=account.settings.lock_parameter, Value="armed", Type="String", Overwrite=True)
    with pytest.raises(LockChangedError):
        held.write_text("paused")
    assert account.parameter(account.settings.lock_parameter) == "armed"
