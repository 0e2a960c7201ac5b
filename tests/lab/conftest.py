"""What the lab's tests are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.network.bench import Bench, make

KINDS = ["simulated", pytest.param("namespaces", marks=pytest.mark.namespaces)]


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Give a bench, once with each network; the tests leave it as they found it."""
    made = make(request.param)
    try:
        made.set_up()
        yield made
    finally:
        made.network.close()
