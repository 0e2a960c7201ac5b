"""What the tests of this folder are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round


@pytest.fixture
def round_(bench: Bench) -> Iterator[Round]:
    """Return a round; at last a short one ends whatever goes on."""
    yield Round(bench)

    def end() -> None:
        last = Round(bench)
        last.start([host.name for host in bench.layout.hosts], 1)
        last.wait_for({host.name for host in bench.layout.hosts}, 8)
        assert all(last.report(host)[0] == 0 for host in last.outcomes)
        assert bench.reaching() == EVERYBODY | {ACTIVE, PASSIVE}

    bench.play(end)
