"""Compiles the pins of pyproject.toml into requirements files with hashes: ``make lock``.

A compiled file has every package that is needed in the end, for any Python and processor that the project supports,
each with the hashes of its files: pip then installs these and nothing else. Two digests on top tell, without asking
anybody, whether the file belongs to the pins as they stand, and whether a hand has changed it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The oldest that is supported, and the one that the function runs on (infra/function/asset.py).
OLDEST, LAMBDA = "3.11", "3.14"
HEAD = """\
# Compiled by `make lock` from the pins in pyproject.toml; not to be changed by hand.
# pins: sha256:{pins}
# content: sha256:{content}
"""


class PinsError(RuntimeError):
    """The pins can't be compiled; the message says why."""


@dataclass(frozen=True)
class Target:
    """One compiled file.

    Attributes:
        path: from the project's folder.
        groups: dependency groups of pyproject.toml that it is made of; with none named, all, and the project's own
            dependencies, too.
        python: the oldest Python that it has to suit.
        alone: only what is declared, without what that needs in turn.
    """

    path: str
    groups: tuple[str, ...] = ()
    python: str = OLDEST
    alone: bool = False


# The function's own list comes first: what it needs in turn is named there, too, since each of it costs start time.
TARGETS = (
    Target("lambda/requirements.txt", ("function",), LAMBDA, alone=True),
    Target("requirements.txt"),
)


@dataclass(frozen=True)
class Pinned:
    """One package of a compiled file."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def declared(target: Target, project: Mapping[str, object]) -> list[str]:
    """Return the requirements that a file is compiled of, as they are declared, in order.

    Args:
        target: the compiled file.
        project: pyproject.toml, read.

    Raises:
        PinsError: one is not pinned to one version.
    """
    groups = project.get("dependency-groups", {})
    table = project.get("project", {})
    if not isinstance(groups, Mapping) or not isinstance(table, Mapping):
        raise PinsError("pyproject.toml has no tables where they should be")
    chosen = {name: groups[name] for name in target.groups or groups}
    found = [text for texts in chosen.values() for text in texts]
    if not target.groups:
        found += table.get("dependencies", [])
    for text in found:
        if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[A-Za-z0-9,._-]+\])?==[0-9][A-Za-z0-9.]*", text):
            raise PinsError(f"{text!r} in pyproject.toml must be pinned to one version, as in name==1.2.3")
    return sorted(set(found))


def digests(target: Target, project: Mapping[str, object], body: str) -> dict[str, str]:
    """Return the two digests of a compiled file's head: of what it is made of, and of what was made."""
    pins = "\n".join([repr(target), *declared(target, project)])
    return {key: sha256(text.encode()).hexdigest() for key, text in (("pins", pins), ("content", body))}


def body_of(text: str) -> str:
    """Return a compiled file without its head."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[HEAD.count("\n") :])


def read(body: str) -> list[Pinned]:
    """Read the packages of a compiled file's body."""
    found = []
    for entry in re.split(r"^(?=[A-Za-z0-9])", body, flags=re.MULTILINE):
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\\n]*[^\\\s]))?", entry)
        if match:
            hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
            found.append(Pinned(match[1], match[2], match[3] or "", hashes))
    return found


def canonical(requirement: str) -> str:
    """Return the normal form of a requirement's name: https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=]", requirement)[0]).lower()


def compiled(target: Target, root: Path, upgrade: Sequence[str] = ()) -> str:
    """Compile a file; what it has pinned already stays, as far as the pins allow.

    Raises:
        PinsError: uv can't resolve them or can't reach the index.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "uv", "--no-config", "pip", "compile", "--quiet", "-"]
    options = ["--universal", f"--python-version={target.python}", "--generate-hashes", "--no-header", "--no-annotate"]
    with tempfile.TemporaryDirectory() as folder:
        # Beside nothing: uv would take the constraints of a pyproject.toml.
        made = Path(folder) / "requirements.txt"
        if (root / target.path).exists():
            shutil.copyfile(root / target.path, made)
        done = subprocess.run(  # a list, no shell; the words are this project's own # nosec B603
            [*command, *options, *(["--no-deps"] if target.alone else []), *upgrade, f"--output-file={made}"],
            input="\n".join(declared(target, project)),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PinsError(f"{target.path} can't be compiled:\n{done.stderr.strip()}")
        body = made.read_text(encoding="utf-8")
    return HEAD.format(**digests(target, project, body)) + body


def main(arguments: Sequence[str]) -> None:
    """Compile all files; arguments go to uv, as in ``--upgrade-package=moto``."""
    for target in TARGETS:
        text = compiled(target, ROOT, arguments)
        (ROOT / target.path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{target.path}: {len(read(body_of(text)))} packages\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PinsError as error:
        sys.exit(str(error))
