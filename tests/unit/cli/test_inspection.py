"""The script that looks at a NAT's kernel, run here: what it says of the release is understood."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nat_failover.cli.operator.inspection import read
from nat_failover.cli.scripts.documents import Task, script
from nat_failover.probing.invocation import Invocation


def inspected(folder: Path, rpm: str) -> float | None:
    """Run the script with an rpm that answers something."""
    (folder / "rpm").write_text(f"#!/bin/sh\nprintf '%s' '{rpm}'\n[ -n '{rpm}' ]\n", encoding="utf-8")
    (folder / "rpm").chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", script(Task.INSPECT)], env=path, capture_output=True, text=True, check=True)
    return read(Invocation("i-1", "Success", "Success", 0, 0.0, done.stdout)).released_at


@pytest.mark.parametrize(
    ("rpm", "expected"),
    [
        ("2023.9.20251117", datetime(2025, 11, 17, tzinfo=UTC).timestamp()),
        ("2023.3.20240001", None),
        ("package system-release is not installed", None),
        ('2023.9.20251117","forwarding":false', None),
        ("9.4", None),
        ("", None),
    ],
)
def test_when_its_release_came_out_is_known_where_it_names_a_day(
    tmp_path: Path, rpm: str, expected: float | None
) -> None:
    assert inspected(tmp_path, rpm) == expected
