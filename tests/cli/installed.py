"""The command as `pip install .` installs it, run as a process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.account import ROOT


@dataclass
class Command:
    """The installed command, with the credentials of somebody.

    Attributes:
        installed: folder that the package is installed in.
        home: where it runs.
        credentials: environment variables that lead to an account.
    """

    installed: Path
    home: Path
    credentials: Mapping[str, str]

    @property
    def path(self) -> Path:
        """The command's file."""
        return self.installed / "bin" / "nat-failover"

    def environ(self, credentials: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give the environment that it runs in, with other credentials where they are given."""
        environ = dict(self.credentials if credentials is None else credentials)
        return environ | {"PYTHONPATH": str(self.installed), "COLUMNS": "160"}

    def run(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        typed: str | None = None,
        within: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end.

        Args:
            arguments: of the command.
            environ: instead of the credentials.
            typed: what a person types; where None, nobody is there.
            within: seconds that it may take.
        """
        return subprocess.run(
            [self.path, *arguments],
            cwd=self.home,
            env=self.environ(environ),
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin to run it; what it prints can be read while it runs."""
        return subprocess.Popen(
            [self.path, *arguments],
            cwd=self.home,
            env=self.environ() | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def json(self, *arguments: str) -> Any:
        """Run it and read what it prints."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


def install(folder: Path) -> Path:
    """Install the package, of a copy of its sources, as `pip install .` does; what it depends on is here already."""
    sources, target = folder / "sources", folder / "installed"
    sources.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    shutil.copytree(ROOT / "lambda", sources / "lambda", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-compile", f"--target={target}", str(sources)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target
