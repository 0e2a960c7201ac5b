"""What holds for all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tests.gate import moto_hook
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import sweep

# Whatever a test asks of moto passes the gate.
moto_hook.install()
REQUIRE = "NAT_FAILOVER_REQUIRE_NAMESPACES"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remove what killed runs have left; where real packets are required, refuse to go on without."""
    del session
    why = why_unavailable()
    if why is None:
        sweep()
    elif os.environ.get(REQUIRE):
        pytest.exit(f"{REQUIRE} is set, but there are no network namespaces here: {why}", returncode=1)


def pytest_report_header() -> str:
    """Say on which network the tests run."""
    why = why_unavailable()
    return "network namespaces: " + ("available" if why is None else f"tests that need them are skipped: {why}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs network namespaces where there are none, and say why."""
    why = why_unavailable()
    if why is not None and item.get_closest_marker("namespaces") is not None:
        pytest.skip(why)


@pytest.fixture(autouse=True)
def _package_logs_as_ever() -> Iterator[None]:
    """Undo what the function's entry point, the command or a campaign has made of the package's log in this process."""
    yield
    package = logging.getLogger("nat_failover")
    package.handlers, package.propagate = [], True
    package.setLevel(logging.NOTSET)
