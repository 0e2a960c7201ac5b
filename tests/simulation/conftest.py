"""What holds for histories: the function logs a lot in them, which nobody reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def silence() -> Iterator[None]:
    """Have nothing logged."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
