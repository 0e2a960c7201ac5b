"""Kinds of values: what each may be, how it is read from JSON, YAML or the text of the command line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from infra.config.problems import refused
from nat_failover.environment import GROUP

# Stands for a value that was refused; the problem has been told.
INVALID: Final = object()
# A value that only the deployment will know, as the CDK writes it into texts; it can't be checked now.
# https://docs.aws.amazon.com/cdk/v2/guide/tokens.html
TOKEN: Final = "${Token["  # noqa: S105 - the CDK's word, not a secret


class SettingKind(Protocol):
    """What a setting may be."""

    @property
    def allowed(self) -> str:
        """What it may be, in words that follow "it must be"."""
        ...

    @property
    def example(self) -> object:
        """A value that is allowed."""
        ...

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Return the typed value, or INVALID with a sentence for each thing that is wrong."""
        ...


@dataclass(frozen=True)
class Value:
    """A single value.

    Attributes:
        convert: gives the typed value; raises ValueError where it is not allowed.
    """

    allowed: str
    example: object
    convert: Callable[[object], object]

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Return the typed value, or INVALID with a sentence for each thing that is wrong."""
        try:
            return self.convert(value)
        except ValueError:
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID


@dataclass(frozen=True)
class ListOf:
    """Several different values; a text is split at its commas."""

    item: Value
    least: int
    most: int
    example: object

    @property
    def allowed(self) -> str:
        """What it may be, in words that follow "it must be"."""
        return f"a list of {self.least} to {self.most} different values, each {self.item.allowed}"

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Return a tuple, or INVALID with a sentence for each item that is wrong."""
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple) or not self.least <= len(value) <= self.most:
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID
        read = [self.item.read(item, f"{path}[{i}]", problems) for i, item in enumerate(value)]
        if any(item is INVALID for item in read):
            return INVALID
        if len(set(read)) != len(read):
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID
        return tuple(read)


@dataclass(frozen=True)
class Tags:
    """Tags for AWS resources: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""

    allowed: str = (
        "up to 40 tags, keys of 1 to 128 and values of up to 255 letters, digits, spaces and _.:/=+-@, no key "
        "beginning with aws:"
    )
    example: object = field(default_factory=lambda: {"team": "network"})

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Return a mapping, or INVALID with a sentence for each tag that is wrong."""
        if not isinstance(value, Mapping) or len(value) > 40:
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID
        read = {}
        for key, content in value.items():
            try:
                read[TAG_KEY.convert(key)] = TAG_VALUE.convert(content)
            except ValueError:
                problems.append(refused(f"{path}.{key}", content, self.allowed, self.example))
        return read if len(read) == len(value) else INVALID


def text_of(value: object) -> str:
    """Return the text of a text or of a number (which YAML makes of what only looks like one)."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(value)


def matching(pattern: str, allowed: str, example: str, *, tokens: bool = True) -> Value:
    """A text of a certain form; where ``tokens``, also one that only the deployment knows."""
    compiled = re.compile(pattern)

    def convert(value: object) -> object:
        text = text_of(value)
        if not compiled.fullmatch(text) and not (tokens and TOKEN in text):
            raise ValueError(text)
        return text

    return Value(allowed, example, convert)


def resource_id(prefix: str, what: str) -> Value:
    """The id of something in EC2: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html."""
    return matching(
        rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})",
        f"{what} id ({prefix}- and 8 or 17 hexadecimal digits)",
        f"{prefix}-0123456789abcdef0",
    )


def group_name() -> Value:
    """Return the name of an Auto Scaling group; what would be a wildcard in a policy is left out."""
    allowed = "an Auto Scaling group's name of 1 to 255 letters, digits, spaces and ._/@+=#-"
    return matching(GROUP, allowed, "nat-primary")


def whole(low: int, high: int, unit: str, example: int) -> Value:
    """A whole number."""

    def convert(value: object) -> object:
        number = _number(value)
        if not (number.is_integer() and low <= number <= high):
            raise ValueError(value)
        return int(number)

    return Value(f"a whole number of {unit} from {low} to {high}", example, convert)


def decimal(low: float, high: float, unit: str, example: float) -> Value:
    """A number with two decimals at most, which is what the probe's document takes."""

    def convert(value: object) -> object:
        number = _number(value)
        if not low <= number <= high or round(number, 2) != number:
            raise ValueError(value)
        return number

    return Value(f"a number of {unit} from {low:g} to {high:g}, with two decimals at most", example, convert)


def one_of(choices: type[StrEnum], example: StrEnum) -> Value:
    """One of a few words, in small or large letters."""
    by_text = {choice.lower(): choice for choice in choices}

    def convert(value: object) -> object:
        text = text_of(value).lower()
        if text not in by_text:
            raise ValueError(value)
        return by_text[text]

    return Value(f"one of {', '.join(choices)}", example.value, convert)


def yes_no(example: bool) -> Value:
    """Return a value of yes or no; the command line has only texts."""

    def convert(value: object) -> object:
        answer = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(answer, bool):
            raise ValueError(value)  # noqa: TRY004 - what every kind raises
        return answer

    return Value("true or false", example, convert)


def one_of_numbers(numbers: tuple[int, ...], unit: str, example: int) -> Value:
    """One of a few numbers."""

    def convert(value: object) -> object:
        if _number(value) not in numbers:
            raise ValueError(value)
        return int(_number(value))

    return Value(f"one of {', '.join(map(str, numbers))} {unit}", example, convert)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)  # noqa: TRY004 - one error for whatever is not allowed
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(value) from error
    if not math.isfinite(number):
        raise ValueError(value)
    return number


TAG_KEY = matching(
    r"(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,128}",
    "a tag key of 1 to 128 letters, digits, spaces and _.:/=+-@ that does not begin with aws:",
    "nat-failover:probe",
    tokens=False,
)
# EC2 takes one character more, but not in a filter.
TAG_VALUE = matching(
    r"[A-Za-z0-9 _.:/=+@-]{0,255}",
    "a tag value of up to 255 letters, digits, spaces and _.:/=+-@",
    "main",
    tokens=False,
)
