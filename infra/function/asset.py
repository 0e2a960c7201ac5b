"""The function's asset: the package and the few libraries that it imports, put together without Docker.

Everything in it is plain Python, so that it runs on any processor, and its content depends on nothing but the sources
and the pinned requirements, so that the same sources make the same asset on any machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "lambda"
PACKAGE = "nat_failover"
# The newest that aws-cdk-lib knows, of those that Lambda offers:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
PYTHON = "3.14"
# Part of the package, but for people, and so not for the function.
LEFT_OUT = frozenset({"cli", "tests", "__pycache__"})
NOT_CODE = frozenset({".pyc", ".md"})
# What an installation leaves that differs from machine to machine or is of no use in the function; licences stay.
NOISE = frozenset({"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt"})


class AssetError(RuntimeError):
    """The asset can't be made; the message says why."""


def asset(build: Path = ROOT / "build") -> Path:
    """Return a folder with the function's code.

    Args:
        build: where it is made; what is there already and still right is used.

    Raises:
        AssetError: the libraries can't be installed, or one is not plain Python.
    """
    libraries = _libraries(SOURCES / "requirements.txt", build)
    files = {f"{PACKAGE}/{name}": path for name, path in _package(SOURCES / PACKAGE).items()}
    files |= {path.relative_to(libraries).as_posix(): path for path in libraries.rglob("*") if path.is_file()}
    digest = sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    target = build / "asset" / digest.hexdigest()[:16]
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=_made(target.parent)) as folder:
            made = Path(folder) / "asset"
            for name, path in files.items():
                shutil.copyfile(path, _made((made / name).parent) / path.name)
            _put(made, target)
    return target


def _package(package: Path) -> dict[str, Path]:
    return {
        path.relative_to(package).as_posix(): path
        for path in package.rglob("*")
        if path.is_file() and not LEFT_OUT.intersection(path.relative_to(package).parts) and path.suffix not in NOT_CODE
    }


def _libraries(requirements: Path, build: Path) -> Path:
    """Install what the function imports, once for each state of its requirements."""
    target = build / "libraries" / sha256(requirements.read_bytes()).hexdigest()[:16]
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=_made(target.parent)) as folder:
        made = Path(folder) / "libraries"
        # Only wheels that run on any Python 3, on any machine: https://pip.pypa.io/en/stable/cli/pip_download/
        pure = ["--only-binary=:all:", "--no-deps", "--implementation=py", "--abi=none", "--platform=any"]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
        done = subprocess.run(  # a list, no shell; the words are this project's own # nosec B603
            [*command, *pure, f"--python-version={PYTHON}", f"--target={made}", f"--requirement={requirements}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssetError(f"the function's libraries can't be installed from {requirements}:\n{done.stderr.strip()}")
        _prune(made)
        _put(made, target)
    return target


def _prune(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)  # commands, whose first line names this machine's Python
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".so", ".pyd", ".dylib"):
            raise AssetError(f"{path.name} is not plain Python: it would not run on another processor")
        if path.parent.suffix == ".dist-info" and path.name in NOISE:
            path.unlink()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _put(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError:
        if not target.exists():  # else another process was faster, with the same content
            raise
