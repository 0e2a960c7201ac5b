"""What stands in the claim, and what is made of what a person may put there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.lock.claim import Claim, read_claim
from tests.examples import NOW
from tests.fuzz.values import SHALLOW as JSON

# The claim

MODIFIED, LEASE = NOW - 10, 60.0


def test_a_claim_is_read_back_as_it_was_written() -> None:
    claim = Claim("owner", NOW + 50.125, 4)
    assert read_claim(claim.text, 4, MODIFIED, LEASE) == claim


@pytest.mark.parametrize(
    "text",
    [
        *("", "held", "null", "5", "[]", "{}", '{"owner":"a"}', '{"until":5}', '{"owner":1,"until":5}', "[" * 4000),
        *('{"owner":"a","until":"5"}', '{"owner":"a","until":true}', '{"owner":"a","until":null}', "9" * 4096),
    ],
)
def test_a_claim_that_can_not_be_understood_is_held_for_a_lease_from_its_last_change(text: str) -> None:
    claim = read_claim(text, 9, MODIFIED, LEASE)
    assert (claim.until, claim.version) == (MODIFIED + LEASE, 9)


@given(st.text() | JSON.map(json.dumps))
def test_no_text_of_a_claim_raises(text: str) -> None:
    assert read_claim(text, 1, MODIFIED, LEASE).version == 1


def test_a_claim_until_a_number_too_large_is_one_that_can_not_be_understood() -> None:
    assert read_claim(json.dumps({"owner": "a", "until": 10**400}), 1, MODIFIED, LEASE).until == MODIFIED + LEASE


@pytest.mark.parametrize("until", [NOW + 1000 * 365 * 86400, float("inf"), float("nan")])
def test_no_claim_locks_the_pair_for_ever(until: float) -> None:
    claim = read_claim(json.dumps({"owner": "a", "until": until}), 1, MODIFIED, LEASE)
    assert MODIFIED < claim.until <= MODIFIED + 2 * LEASE
