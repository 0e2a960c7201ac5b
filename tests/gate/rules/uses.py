"""What the product asks of AWS and which fields of the answers it reads, as its own source says it.

Found by reading the code, not kept by hand: a method of a client, a paginator's name and a name that is handed to a
reader are all an operation's; a key that is read, by subscript, ``get`` or a pattern, is a field of every operation of
the same part that has such a member in its answer. That is rather too much than too little.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore import xform_name

from tests.gate.requests.constraints import model

ROOT = Path(__file__).resolve().parents[3]
SERVICES = (
    *("ssm", "ec2", "sns", "events", "cloudformation", "lambda", "iam", "sts", "logs", "cloudwatch", "autoscaling"),
    *("sqs", "service-quotas", "s3"),
)
# Methods of every client, that are no operation.
OWN = {"close", "get_paginator", "get_waiter", "can_paginate", "generate_presigned_url"}


@dataclass(frozen=True)
class Part:
    """A part of the product that asks by itself."""

    name: str
    files: tuple[Path, ...]


@dataclass
class Use:
    """An operation, the parts that call it, and the fields of its answer that they read."""

    service: str
    operation: str
    parts: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)

    @property
    def call(self) -> str:
        """As ``ssm:SendCommand``."""
        return f"{self.service}:{self.operation}"


def parts() -> tuple[Part, ...]:
    """Return the parts of the product: function, guard of deployments, command, stack, and what `make accept` runs."""
    package = ROOT / "lambda/nat_failover"
    command = frozenset((package / "cli").rglob("*.py"))
    guard = frozenset((package / "deployment").rglob("*.py"))
    return (
        Part("function", tuple(sorted(set(package.rglob("*.py")) - command - guard))),
        Part("guard", tuple(sorted(guard))),
        Part("command", tuple(sorted(command))),
        Part("stack", tuple(sorted((ROOT / "infra").rglob("*.py")))),
        # Its own test asks an emulated account only.
        Part("acceptance", tuple(f for f in sorted((ROOT / "tests/aws").rglob("*.py")) if f.name != "test_accept.py")),
    )


def uses(chosen: tuple[Part, ...] | None = None) -> list[Use]:
    """Return every operation that a part of the product calls, by service and name."""
    found: dict[tuple[str, str], Use] = {}
    for part in parts() if chosen is None else chosen:
        trees = [ast.parse(file.read_text(encoding="utf-8")) for file in part.files]
        keys = {key for tree in trees for key in _keys(tree)}
        for service, operation in {each for tree in trees for each in _operations(tree)}:
            use = found.setdefault((service, operation), Use(service, operation))
            use.parts.add(part.name)
            use.fields |= keys & members(service, operation)
    return [found[key] for key in sorted(found)]


@cache
def _methods() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return service and operation by the name of a client's method; a few names are several services'."""
    made: dict[str, tuple[tuple[str, str], ...]] = {}
    for service in SERVICES:
        for operation in model(service).operation_names:
            name = xform_name(operation)
            made[name] = (*made.get(name, ()), (service, operation))
    return {name: known for name, known in made.items() if name not in OWN}


def _operations(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=receiver, attr=name) if name in _methods() and _is_client(receiver):
                yield from _of(name, ast.unparse(receiver))
            case ast.Constant(value=str(name)) if "_" in name and name in _methods():
                yield from _of(name, _beside(tree, node))


def _is_client(receiver: ast.expr) -> bool:
    """Return whether something is called by what a client is called: by its service, or client."""
    text = ast.unparse(receiver).lower()
    names = (*SERVICES, "client", "formation", "impatient", "functions", "once")
    return any(name in text for name in names)


def _of(name: str, about: str) -> Iterator[tuple[str, str]]:
    """Yield the operations that a name may be; the service, where the receiver has its name, decides."""
    known = _methods()[name]
    named = [each for each in known if each[0] in about.lower()]
    yield from named or known


def _beside(tree: ast.AST, constant: ast.Constant) -> str:
    """Return the call that a constant is an argument of, as text: the service is named there, if anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(each is constant for each in node.args):
            return ast.unparse(node)
    return ""


def _keys(tree: ast.AST) -> Iterator[str]:
    """Yield every constant key that is read of a mapping."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                yield key
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
                yield key
            case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()]):
                yield key
            case ast.MatchMapping(keys=keys):
                yield from (str(k.value) for k in keys if isinstance(k, ast.Constant))
            case ast.Call(args=args):
                # Handed to a reader: self.all("ssm", "describe_…", "InstanceInformationList")
                yield from (str(a.value) for a in args if isinstance(a, ast.Constant) and _is_member(a.value))


def _is_member(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier() and value[:1].isupper()


@cache
def members(service: str, operation: str) -> frozenset[str]:
    """Return the names of all members of an operation's answer, however deep they are."""
    found: set[str] = set()
    todo: list[Any] = [model(service).operation_model(operation).output_shape]
    seen: set[str] = set()
    while todo:
        shape = todo.pop()
        if shape is None or shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.type_name == "structure":
            found |= set(shape.members)
            todo += shape.members.values()
        elif shape.type_name == "list":
            todo.append(shape.member)
        elif shape.type_name == "map":
            todo.append(shape.value)
    return frozenset(found)
