"""One deployment for all tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.life import live


@pytest.fixture(scope="session")
def life(once: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what was seen in the life of a deployment, as JSON has it."""

    def lived() -> Any:
        return json.loads(json.dumps(live(tmp_path_factory.mktemp("e2e")), default=str))

    return dict(once(lived))
