"""The command as `make setup` leaves it in the virtual environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.account import ROOT


def test_after_the_setup_the_command_is_in_the_environment_and_works_from_anywhere(tmp_path: Path) -> None:
    clone = tmp_path / "a clone"
    binaries = clone / ".venv" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", clone)
    (clone / "lambda").symlink_to(ROOT / "lambda")
    python = binaries / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    # The environment itself is taken for made.
    make = ["make", "--old-file=.venv/ready", "setup"]
    subprocess.run(make, cwd=clone, check=True, capture_output=True)
    printed = subprocess.run(
        [binaries / "nat-failover", "--help"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert "Usage: nat-failover [OPTIONS] COMMAND" in printed
    assert "failback" in printed
