"""Where the configuration comes from: the CDK's context, or a YAML or JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from infra.config.lines import located, twice_at
from infra.config.problems import ConfigurationError
from infra.config.reading import ROOT, read_configuration
from infra.config.stacks import Configuration

# Values that a configuration may have: a hundred pairs have a tenth of it.
LARGEST = 100_000


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, of which the later would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is not None:
            again = [key.start_mark for key, _ in node.value if self.construct_object(key, deep=True) == twice][-1]
            raise yaml.constructor.ConstructorError(None, None, f"{twice} is set twice", again)
        return super().construct_mapping(node, deep)


def configured(block: object, file: object) -> Configuration:
    """Read the configuration from the context or a file, as for ``from_context``.

    Raises:
        ConfigurationError: with a sentence for every problem; of a file, with its name and the line of each.
    """
    found = from_context(block, file)
    try:
        return read_configuration(found)
    except ConfigurationError as error:
        if file is None:
            raise
        text = Path(str(file)).expanduser().read_text(encoding="utf-8")
        raise ConfigurationError(located(error.problems, text, str(file))) from error


def from_context(block: object, file: object) -> object:
    """Return the configuration's block.

    Args:
        block: the context's ``nat-failover``; given with ``-c``, it is text.
        file: the context's ``config``: a file that is read in its stead.

    Raises:
        ConfigurationError: there is no such file, or it can't be understood.
    """
    if file is not None:
        return from_file(Path(str(file)))
    if isinstance(block, str):
        return _parse(block, f"the context's {ROOT}")
    return {} if block is None else block


def from_file(path: Path) -> object:
    """Read a YAML or JSON file, whose top is the block itself or has it under ``nat-failover``.

    Raises:
        ConfigurationError: there is no such file, or it can't be understood.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([f"config is {str(path)!r}: it can't be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"config is {str(path)!r}: it is no UTF-8 text"]) from error
    block = _parse(text, f"the file {path}", str(path))
    if isinstance(block, dict) and list(block) == [ROOT]:
        return block[ROOT]
    return {} if block is None else block


def _parse(text: str, what: str, file: str = "") -> object:
    """Return what a text stands for; ``file`` is its name, where it is one that has lines to tell of."""
    if text.lstrip().startswith("{"):
        # YAML takes most JSON, but not all (tabs), and would name another place in its errors.
        try:
            return json.loads(text, object_pairs_hook=_pairs)
        except json.JSONDecodeError as error:
            raise _unreadable(what, "is no JSON", str(error), (file, error.lineno, error.msg)) from error
        except (ValueError, RecursionError) as error:
            raise _unreadable(what, "is no JSON", str(error), (file, twice_at(text), str(error))) from error
    try:
        block = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader # nosec B506
        size = _size(block, {})
    except yaml.MarkedYAMLError as error:
        mark = error.context_mark or error.problem_mark
        found = ", ".join(each for each in (error.context, error.problem) if each)
        place = (file, None if mark is None else mark.line + 1, found)
        raise _unreadable(what, "is neither YAML nor JSON", str(error), place) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A ValueError is of a date that there is not, or of a number beyond all measure.
        raise _unreadable(what, "is neither YAML nor JSON", str(error)) from error
    if size > LARGEST:
        raise ConfigurationError([f"{what} has more than {LARGEST} values: its aliases (*) repeat too much"])
    return block


def _unreadable(
    what: str, wrong: str, detail: str, place: tuple[str, int | None, str] = ("", None, "")
) -> ConfigurationError:
    """Return the error that a text can't be understood: with file and line where they are known."""
    file, line, found = place
    if file and line is not None:
        return ConfigurationError([f"{file}:{line}: {found}: the file {wrong}"])
    return ConfigurationError([f"{what} {wrong}: {' '.join(detail.split())}"])


def _size(value: object, sizes: dict[int, float]) -> float:
    """Return the number of values with every alias written out; infinite where one is within itself."""
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    if not inner:
        return 1
    if id(value) not in sizes:
        sizes[id(value)] = math.inf
        sizes[id(value)] = 1 + sum(_size(each, sizes) for each in inner)
    return sizes[id(value)]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
    if twice is not None:
        raise ValueError(f"{twice} is set twice")
    return dict(pairs)
