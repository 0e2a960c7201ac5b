"""One deployment for all tests: the workers of a parallel run share what the first of them has seen."""

from __future__ import annotations

import fcntl
import json
from typing import Any

import pytest

from tests.e2e.life import live


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """Give what was seen in the life of a deployment."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    seen = shared / "e2e.json"
    with (shared / "e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not seen.exists():
            try:
                told: dict[str, Any] = live(tmp_path_factory.mktemp("e2e"))
            except Exception as error:
                seen.write_text(json.dumps({"failed": repr(error)}), encoding="utf-8")
                raise
            seen.write_text(json.dumps(told, default=str), encoding="utf-8")
        told = json.loads(seen.read_text(encoding="utf-8"))
    if "failed" in told:
        pytest.fail(f"the deployment could not be lived through: {told['failed']}")
    return told
