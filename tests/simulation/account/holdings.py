"""What there is in the model of an account."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):  # noqa: N818 - AWS refuses, the model has no error
    """AWS answers with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Version:
    """One version of a parameter; ``by`` is ``function`` or ``person``."""

    text: str
    number: int
    at: float
    by: str


@dataclass
class Instance:
    """What EC2 tells of an instance.

    ``interface`` is its one network interface, in ``subnet``; ``checked`` whether its source/destination check is on;
    ``public`` is its public address, if it has one; ``left_at`` when it was stopped, seconds since the epoch.
    """

    state: str
    launched_at: float
    address: str
    tags: Mapping[str, str]
    interface: str = ""
    subnet: str = ""
    checked: bool = True
    public: str | None = None
    left_at: float | None = None


@dataclass
class Holdings:
    """All that there is in an account; a copy is another account.

    Attributes:
        instances: by id.
        routes: of every route table, as DescribeRouteTables tells them.
        associations: subnet and route table, by association id.
        parameters: their versions, oldest first, by name.
        addresses: Elastic IP and the instance that has it, by allocation id.
    """

    instances: dict[str, Instance]
    routes: dict[str, list[dict[str, Any]]]
    associations: dict[str, tuple[str, str]]
    parameters: dict[str, list[Version]] = field(default_factory=dict)
    addresses: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def copy(self) -> Holdings:
        """Make an account like it."""
        return Holdings(
            {i: copy.copy(instance) for i, instance in self.instances.items()},
            {table: [dict(route) for route in routes] for table, routes in self.routes.items()},
            dict(self.associations),
            {name: list(versions) for name, versions in self.parameters.items()},
            dict(self.addresses),
        )
