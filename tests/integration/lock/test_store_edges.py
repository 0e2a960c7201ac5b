"""What two invocations with the same request id may take for their own, and how a lease is ended early."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from nat_failover.lock.claim import Claim
from nat_failover.lock.held import MARGIN, ClaimLostError, LockChangedError
from nat_failover.lock.store import LockStore
from tests.integration.account import Account
from tests.integration.lock.locking import claim, taken

pytestmark = pytest.mark.pair(subnets=0, backends=1)


def test_lock_and_what_has_been_told_are_read_with_their_versions(account: Account, store: LockStore) -> None:
    lock, memory = account.settings.lock_parameter, account.settings.told_parameter
    for name, text in ((lock, "armed"), (lock, "paused"), (memory, "1"), (memory, "2"), (memory, "3")):
        account.ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
    view = store.read()
    assert (view.lock.text, view.lock.version) == ("paused", 2)
    assert (view.memory.text, view.memory.version) == ("3", 3)


def test_the_pair_is_claimed_as_long_as_the_lease_of_the_claim_lasts(account: Account, store: LockStore) -> None:
    now = account.clock.now()
    assert not store.read().is_claimed(now)
    taken(store).write_text("paused")
    view, until = store.read(), now + account.settings.claim_lease
    assert [view.is_claimed(at) for at in (now, until - 0.001, until)] == [True, True, False]


def test_a_retry_of_the_same_event_does_not_take_the_claim_of_the_first_try_for_its_own(
    account: Account, store: LockStore
) -> None:
    """Lambda retries with the same request id, while the first try may still be at work."""
    now = account.clock.now()
    first = Claim("request-1", now + 30, 1)
    account.ssm.put_parameter(Name=account.settings.claim_parameter, Value=first.text, Type="String")
    assert store.take("request-1") is None


@pytest.mark.parametrize("seconds", [0.0, 7.5])
def test_a_lease_is_ended_in_so_many_seconds(account: Account, store: LockStore, seconds: float) -> None:
    taken(store).end_in(seconds)
    assert claim(account)["until"] == account.clock.now() + seconds


def test_a_lease_that_may_be_somebody_elses_by_now_is_left_as_it_is(account: Account, store: LockStore) -> None:
    held = taken(store)
    before = claim(account)
    account.clock.time = held.until
    held.end_in(1.0)
    assert account.clock.now() == held.until
    assert held.until == before["until"] - MARGIN  # type: ignore[operator]
    assert claim(account) == before


def test_a_lease_is_renewed_as_often_as_it_takes(account: Account, store: LockStore) -> None:
    held = taken(store)
    for _ in range(3):
        account.clock.time += account.settings.claim_lease - MARGIN - 1
        held.renew()
        until = account.clock.now() + account.settings.claim_lease
        assert (claim(account)["until"], held.until) == (until, until - MARGIN)


def test_a_lease_that_is_over_is_not_renewed(account: Account, store: LockStore) -> None:
    held = taken(store)
    account.clock.time = held.until
    with pytest.raises(ClaimLostError, match="the claim of request-1 is over"):
        held.renew()


def test_a_claim_that_somebody_has_written_meanwhile_is_lost(account: Account, store: LockStore) -> None:
    held = taken(store)
    account.ssm.put_parameter(Name=account.settings.claim_parameter, Value="x", Type="String", Overwrite=True)
    with pytest.raises(ClaimLostError, match="the claim of request-1 was written by somebody else: nothing is changed"):
        held.renew()


def test_of_a_lock_that_a_person_has_written_its_name_is_told(account: Account, store: LockStore) -> None:
    held = taken(store)
    held.write_text("paused")
    account.lock = "armed"
    with pytest.raises(LockChangedError) as changed:
        held.write_text("paused")
    assert str(changed.value) == "/nat-failover/main/lock was written by somebody else during the failover"


def test_of_a_lease_that_is_over_its_owner_is_told(account: Account, store: LockStore) -> None:
    held = taken(store)
    account.clock.time = held.until
    with pytest.raises(ClaimLostError) as lost:
        held.still_held()
    assert str(lost.value) == "the claim of request-1 is over: nothing is changed any more"


def test_every_write_says_its_type_since_the_parameter_may_be_missing(account: Account, store: LockStore) -> None:
    """SSM creates no parameter without one, though moto does; no lock is armed, and a person may delete the claim.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    types: list[tuple[str, str | None]] = []

    def note(params: Mapping[str, Any], **_: object) -> None:
        fields = json.loads(params["body"])
        types.append((fields["Name"], fields.get("Type")))

    account.ssm.meta.events.register("before-call.ssm.PutParameter", note)
    held = taken(store)
    held.write_text("paused")
    held.renew()
    held.give_up()
    lock, claimed = account.settings.lock_parameter, account.settings.claim_parameter
    assert types == [(name, "String") for name in (claimed, lock, claimed, claimed)]
