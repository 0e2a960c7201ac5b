"""What the lab's tests are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from tests.lab.network.bench import Bench, make

if TYPE_CHECKING:  # there is none on other systems
    from tests.lab.network.real.namespaces import NamespacesNetwork

KINDS = ["simulated", pytest.param("namespaces", marks=pytest.mark.namespaces)]


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Return a bench, once with each network; the tests leave it as they found it."""
    made = make(request.param)
    try:
        made.set_up()
        yield made
    finally:
        made.network.close()


@pytest.fixture(scope="module")
def network() -> Iterator[NamespacesNetwork]:
    """Return the network of real packets alone, set up as on a bench; the tests leave it as they found it."""
    made = make("namespaces")
    try:
        made.set_up()
        yield cast("NamespacesNetwork", made.network)
    finally:
        made.network.close()
