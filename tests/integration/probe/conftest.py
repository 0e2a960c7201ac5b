"""What the tests of this folder are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.probe.listening import IPTABLES
from tests.integration.probe.network import Stage, stages
from tests.integration.probe.shells import path_without


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    yield from stages()


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return a PATH for each NAT that has no nft."""
    tools = ("nft", "iptables", "iptables-nft", "iptables-legacy")
    folder = tmp_path_factory.mktemp("paths")
    made = {name: path_without(folder / name, *tools, iptables=name) for name in IPTABLES}
    return {**made, "none": path_without(folder / "none", *tools)}
