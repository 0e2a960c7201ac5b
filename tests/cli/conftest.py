"""One deployment for all tests of a process: a test that changes something puts it right again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.deployed import Deployment, deployed


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployed pair, its NATs and backends well, after a first look of the function."""
    with deployed(tmp_path_factory.mktemp("cli")) as made:
        made.tick()
        yield made
