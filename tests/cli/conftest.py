"""One installation and one deployment for all tests of a process: what a test changes it puts right again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.deployed import Deployment, deployed
from tests.cli.installed import install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the package is installed in."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Deployment]:
    """Give a deployed pair, its NATs and backends well, after a first look of the function."""
    with deployed(tmp_path_factory.mktemp("cli"), installed) as made:
        made.tick()
        yield made
