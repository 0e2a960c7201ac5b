"""Lock and claim where Parameter Store refuses, and where its answers get lost."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from nat_failover.lock.claim import Claim
from nat_failover.lock.held import RECORD_WITHIN, HeldLock, LockChangedError
from nat_failover.lock.record import LockState
from nat_failover.lock.store import LockStore
from tests.fakes import Befall, before, lose_answers, twice
from tests.integration.account import Account
from tests.integration.lock.locking import claim, put_claim, record, taken

pytestmark = pytest.mark.pair(subnets=0, backends=1)


# What SSM refuses


@pytest.mark.parametrize("code", ["TooManyUpdates", "ThrottlingException", "InternalServerError"])
def test_a_claim_that_ssm_refuses_once_is_taken_all_the_same(account: Account, store: LockStore, code: str) -> None:
    before(account.ssm, "PutParameter", lambda: code)
    assert store.take("request-1") is not None
    assert sum(account.clock.slept) < 1


@pytest.mark.parametrize("code", ["TooManyUpdates", "ThrottlingException", "InternalServerError"])
def test_a_claim_that_ssm_goes_on_refusing_is_an_error_and_leaves_nothing(
    account: Account, store: LockStore, code: str
) -> None:
    before(account.ssm, "PutParameter", lambda: code, times=99)
    with pytest.raises(ClientError, match=code):
        store.take("request-1")
    assert claim(account) is None


def test_a_take_over_that_ssm_refuses_is_an_error_and_leaves_the_dead_claim(account: Account, store: LockStore) -> None:
    put_claim(account, Claim("dead", 0, 0).text)
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", about='"Overwrite": true', times=99)
    with pytest.raises(ClientError, match="TooManyUpdates"):
        store.take("request-1")
    assert claim(account)["owner"] == "dead"


def test_a_record_that_ssm_refuses_once_is_written_within_a_second(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates")
    held.write(record(account))
    assert json.loads(account.lock or "")["state"] == "failing-over"
    assert sum(account.clock.slept) < 1


def test_a_record_is_not_tried_for_longer_than_others_wait_for_it(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    before(account.ssm, "PutParameter", lambda: "ThrottlingException", times=99)
    with pytest.raises(ClientError, match="ThrottlingException"):
        held.write(record(account))
    assert 2 < sum(account.clock.slept) <= RECORD_WITHIN


def test_a_word_that_a_person_writes_between_two_tries_stands(account: Account, store: LockStore) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()

    def pause() -> str:
        account.lock = "paused"
        return "TooManyUpdates"

    before(account.ssm, "PutParameter", pause, about="since")
    with pytest.raises(LockChangedError):
        held.write(record(account))
    assert account.lock == "paused"


# Answers that get lost


def test_a_taker_whose_answer_got_lost_has_the_claim_that_it_has_created(account: Account, store: LockStore) -> None:
    lose_answers(account.ssm, "PutParameter")
    assert store.take("request-1") is not None


@pytest.mark.parametrize("standing", [None, Claim("dead", 0, 0).text], ids=["created", "taken over"])
def test_a_claim_whose_answer_was_waited_for_until_no_time_is_left_is_looked_for_once_more(
    account: Account, store: LockStore, standing: str | None
) -> None:
    if standing is not None:
        put_claim(account, standing)
    read_timeout = 3.0
    account.ssm.meta.events.register("after-call.ssm.PutParameter", lambda **_: account.clock.sleep(read_timeout))
    lose_answers(account.ssm, "PutParameter", times=99)
    assert store.take("request-1") is not None


def test_a_taker_whose_request_was_sent_twice_has_the_claim_that_it_has_created(
    account: Account, store: LockStore
) -> None:
    twice(account.ssm, "PutParameter")
    assert store.take("request-1") is not None


@pytest.mark.parametrize("befall", [lose_answers, twice])
def test_a_taker_whose_take_over_has_made_two_versions_has_the_claim(
    account: Account, store: LockStore, befall: Befall
) -> None:
    put_claim(account, Claim("dead", 0, 0).text)
    befall(account.ssm, "PutParameter")
    assert store.take("request-1") is not None


def test_a_taker_who_was_second_has_no_claim_though_its_answer_got_lost(
    account: Account, store: LockStore, other: LockStore
) -> None:
    put_claim(account, Claim("dead", 0, 0).text)
    first: list[HeldLock | None] = []
    before(account.ssm, "PutParameter", lambda: first.append(other.take("request-2")), about='"request-1')
    lose_answers(account.ssm, "PutParameter", about="request-1")
    assert store.take("request-1") is None
    assert first[0] is not None


def test_what_a_dead_holder_has_written_is_not_taken_for_the_same_words_of_a_later_one(
    account: Account, store: LockStore
) -> None:
    """Lambda invokes again what has died, by the same id."""
    begun = record(account)
    account.lock = "armed"
    account.lock = begun.text()
    held = taken(store)
    held.read()
    before(account.ssm, "PutParameter", lambda: "InternalServerError", about="since")
    held.write(begun)
    assert account.lock == begun.text()


@pytest.mark.parametrize("befall", [lose_answers, twice])
def test_records_whose_writes_made_two_versions_are_nobody_elses(
    account: Account, store: LockStore, befall: Befall
) -> None:
    account.lock = "armed"
    held = taken(store)
    held.read()
    befall(account.ssm, "PutParameter", times=3)
    for state in (LockState.FAILING_OVER, LockState.FAILED_OVER):
        held.write(record(account, state))
    held.renew()
    assert json.loads(account.lock or "")["state"] == "failed-over"
