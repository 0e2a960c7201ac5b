"""What holds for all tests."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest

from tests.gate import moto_hook
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import sweep
from tests.order import Scheduling, ordered

# Whatever a test asks of moto passes the gate.
moto_hook.install()
REQUIRE = "NAT_FAILOVER_REQUIRE_NAMESPACES"
# The priorities of what has real packets and of what has none, as `nice` counts.
MORE, LESS = -5, 5


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    items[:] = ordered(items)


def pytest_collection_finish() -> None:
    """Let the garbage collector look less often, and not at what stays: it took a third of a worker's processor."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Have tests that share something in one worker."""
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs network namespaces where there are none, and say why; give real packets way over all else.

    They mostly wait, and what they wait for has its time; everything else takes as much of a processor as it gets.
    """
    why, real = why_unavailable(), item.get_closest_marker("namespaces") is not None
    if why is not None:
        if real:
            pytest.skip(why)
        return
    for priority in (MORE, 0) if real else (LESS,):
        with suppress(PermissionError):  # whoever is root in a container may lower it only
            os.setpriority(os.PRIO_PROCESS, 0, priority)
            return


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[..., Any]:
    """Return what calls a function once for all workers of a run, and hands each of them what it has returned."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def call(function: Callable[..., Any], *arguments: object) -> Any:
        name = sha256(f"{function.__module__}.{function.__qualname__} {arguments}".encode()).hexdigest()[:24]
        kept = shared / f"once-{name}"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                try:
                    made, failed = function(*arguments), ""
                except Exception as error:
                    kept.write_bytes(pickle.dumps((None, repr(error))))
                    raise
                kept.write_bytes(pickle.dumps((made, failed)))
        made, failed = pickle.loads(kept.read_bytes())  # noqa: S301 - a worker of this run has written it
        if failed:
            pytest.fail(f"{function.__qualname__} has failed before: {failed}")
        return made

    return call


@pytest.fixture(autouse=True)
def _package_logs_as_ever() -> Iterator[None]:
    """Undo what the function's entry point, the command or a campaign has made of the package's log in this process."""
    yield
    package = logging.getLogger("nat_failover")
    package.handlers, package.propagate = [], True
    package.setLevel(logging.NOTSET)
