"""What botocore's service models say of a request's members: pattern, length, range, enum, type, required, unknown.

botocore itself looks at required and unknown members, types and minima before it sends; at no pattern, no enum and no
maximum. Services look at all of them. https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import OperationNotFoundError, ServiceModel, Shape

from tests.gate.requests.patterns import matching


@dataclass(frozen=True)
class Violation:
    """One member that breaks the model.

    Attributes:
        kind: ``pattern``, ``length``, ``range``, ``enum``, ``type``, ``required`` or ``unknown``.
        path: of the member, as the model spells it: ``Filters.1.Key``; an item of a list by its place, from 1.
        value: what is there; None where it is missing.
        constraint: as AWS's validation puts it: ``Member must not be null``.
        sensitive: AWS does not repeat the value.
    """

    kind: str
    path: str
    value: object
    constraint: str
    sensitive: bool = False


Check = Callable[[Any, str], Iterator[Violation]]
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": (date, str, int, float),
    "blob": (bytes, bytearray, str),
    "list": (list, tuple),
    "map": Mapping,
    "structure": Mapping,
}


@cache
def model(service: str) -> ServiceModel:
    """Return botocore's model of a service, by the name that boto3 has for it."""
    loader = botocore.loaders.create_loader()
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


@cache
def check_of(service: str, operation: str) -> Check | None:
    """Return the check of an operation's arguments; None where the service has no such operation."""
    try:
        shape = model(service).operation_model(operation).input_shape
    except OperationNotFoundError:
        return None
    return _none if shape is None else _compiled(shape, {})


def constrained(service: str, operation: str, kind: str) -> bool:
    """Return whether the model constrains a request of an operation in a way: ``pattern``, ``length`` and so on."""
    shape = model(service).operation_model(operation).input_shape
    return shape is not None and kind in _kinds(shape, set())


def has_pages(service: str, operation: str) -> bool:
    """Return whether an operation's answer comes in pages."""
    shape = model(service).operation_model(operation).output_shape
    return shape is not None and bool({"NextToken", "nextToken", "NextMarker", "Marker"} & set(shape.members))


def _kinds(shape: Any, seen: set[str]) -> set[str]:
    found = {"unknown", "type"}
    if shape.name in seen:
        return found
    seen.add(shape.name)
    bounded = {"min", "max"} & set(shape.metadata)
    found |= {"range" if shape.type_name in NUMBERS else "length"} if bounded else set()
    match shape.type_name:
        case "structure":
            found |= {"required"} if shape.required_members else set()
            found |= set().union(*(_kinds(member, seen) for member in shape.members.values()), set())
        case "list":
            found |= _kinds(shape.member, seen)
        case "map":
            found |= _kinds(shape.key, seen) | _kinds(shape.value, seen)
        case "string":
            found |= {kind for kind in ("pattern", "enum") if shape.metadata.get(kind)}
    return found


def _anything(value: Any, path: str) -> Iterator[Violation]:
    del value, path
    yield from ()


def _none(value: Any, path: str) -> Iterator[Violation]:
    del path
    yield from (Violation("unknown", name, given, "unknown") for name, given in value.items())


def _compiled(shape: Shape, known: dict[str, list[Check]]) -> Check:
    """Compile a shape once; ``known`` has those that are being compiled, for shapes that hold themselves."""
    if shape.name in known:
        unfinished = known[shape.name]

        def later(value: Any, path: str) -> Iterator[Violation]:
            yield from unfinished[0](value, path)

        return later
    known[shape.name] = made = []
    check = _content(shape, known)
    made.append(_typed(shape, check))
    return made[0]


def _typed(shape: Shape, check: Check) -> Check:
    expected = TYPES[shape.type_name]
    number = shape.type_name in NUMBERS
    if getattr(shape, "is_document_type", False):
        return _anything

    def typed(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, expected) or (number and isinstance(value, bool)):
            yield Violation("type", path, value, f"Member must be of type {shape.type_name}")
        else:
            yield from check(value, path)

    return typed


def _content(shape: Shape, known: dict[str, list[Check]]) -> Check:
    if shape.type_name in NESTING:
        return NESTING[shape.type_name](shape, known)
    return LEAVES[shape.type_name](shape) if shape.type_name in LEAVES else _anything


def _structure(shape: Any, known: dict[str, list[Check]]) -> Check:
    members = {name: _compiled(member, known) for name, member in shape.members.items()}
    required = tuple(shape.required_members)

    def check(value: Any, path: str) -> Iterator[Violation]:
        prefix = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                yield Violation("required", prefix + name, None, "Member must not be null")
        for name, given in value.items():
            if name not in members:
                yield Violation("unknown", prefix + name, given, "unknown")
            elif given is not None:
                yield from members[name](given, prefix + name)

    return check


def _list(shape: Any, known: dict[str, list[Check]]) -> Check:
    item, sized = _compiled(shape.member, known), _sized(shape)

    def check(value: Any, path: str) -> Iterator[Violation]:
        yield from sized(value, path)
        for number, element in enumerate(value, 1):
            yield from item(element, f"{path}.{number}")

    return check


def _map(shape: Any, known: dict[str, list[Check]]) -> Check:
    key, item, sized = _compiled(shape.key, known), _compiled(shape.value, known), _sized(shape)

    def check(value: Any, path: str) -> Iterator[Violation]:
        yield from sized(value, path)
        for name, element in value.items():
            yield from key(name, path)
            yield from item(element, f"{path}.{name}")

    return check


def _string(shape: Shape) -> Check:
    # botocore keeps the members' names of an enum for itself.
    allowed = tuple(shape.enum)  # type: ignore[attr-defined]
    pattern = shape.metadata.get("pattern")
    matches = matching(pattern) if pattern else None
    sized, sensitive = _sized(shape), bool(shape.metadata.get("sensitive"))

    def check(value: Any, path: str) -> Iterator[Violation]:
        yield from sized(value, path)
        if allowed and value not in allowed:
            constraint = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
            yield Violation("enum", path, value, constraint, sensitive)
        if matches is not None and not matches(value):
            constraint = f"Member must satisfy regular expression pattern: {pattern}"
            yield Violation("pattern", path, value, constraint, sensitive)

    return check


def _sized(shape: Shape) -> Check:
    return _bounded(shape, len, "length", "Member must have length")


def _number(shape: Shape) -> Check:
    return _bounded(shape, lambda value: value, "range", "Member must have value")


def _bounded(shape: Shape, measure: Callable[[Any], float], kind: str, constraint: str) -> Check:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    sensitive = bool(shape.metadata.get("sensitive"))
    if low is None and high is None:
        return _anything

    def check(value: Any, path: str) -> Iterator[Violation]:
        size = measure(value)
        if low is not None and size < low:
            yield Violation(kind, path, value, f"{constraint} greater than or equal to {low}", sensitive)
        if high is not None and size > high:
            yield Violation(kind, path, value, f"{constraint} less than or equal to {high}", sensitive)

    return check


NESTING = {"structure": _structure, "list": _list, "map": _map}
NUMBERS = ("integer", "long", "float", "double")
LEAVES = {"string": _string, "blob": _sized, **dict.fromkeys(NUMBERS, _number)}
