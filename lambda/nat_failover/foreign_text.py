"""Pure: text of others, without what a terminal, a mail or a log would obey or show otherwise than it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def printable(text: str, keep: str = "") -> str:
    """Return a text with a space in place of each character that is not printed.

    These are control characters, the escape character and those of C1 among them, line and paragraph separators, and
    what has no shape of its own, such as marks that turn the direction of writing.

    Args:
        text: of others.
        keep: characters that may stay; line ends, say.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else " " for c in text)


def all_printable(values: Any, keep: str = "", multiline: frozenset[str] = frozenset()) -> Any:
    """Return data with all its texts printable.

    Args:
        values: data of others.
        keep: characters that may stay.
        multiline: keys of mappings whose texts keep their lines and tabs.
    """
    match values:
        case str():
            return printable(values, keep)
        case list() | tuple():
            return [all_printable(value, keep, multiline) for value in values]
        case Mapping():
            return {
                printable(key, keep): all_printable(value, "\n\t" if key in multiline else keep, multiline)
                for key, value in values.items()
            }
        case _:
            return values


def read_json(text: str) -> Any:
    """Return what JSON of others stands for, with all its texts printable and on one line.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or has a number that is none or has no end.
    """
    try:
        return all_printable(json.loads(text, parse_float=_finite, parse_constant=_finite), "")
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number
