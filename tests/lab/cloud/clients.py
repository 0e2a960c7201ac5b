"""boto3 clients, made once a process and lent to one lab after the other: making one takes a tenth of a second."""

from __future__ import annotations

from functools import cache
from typing import Any

from nat_failover.clients import CONFIG
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.sessions import session

_SPARE: dict[str, list[Any]] = {}


def have_spare_clients(number: int) -> None:
    """Make so many of each kind beforehand: in real time, a cold start takes what its latency says and no more."""
    for service in ("ec2", "ssm", "sns", "events", "autoscaling"):
        spare = _SPARE.setdefault(service, [])
        spare.extend(_new(service) for _ in range(number - len(spare)))


def borrow(service: str) -> Any:
    """Return a client that nobody uses."""
    spare = _SPARE.setdefault(service, [])
    return spare.pop() if spare else _new(service)


def give_back(service: str, client: Any) -> None:
    """Let others use a client."""
    _SPARE.setdefault(service, []).append(client)


def _new(service: str) -> Any:
    """Make a client like the first of its kind: each made by boto3 would take from a tenth to a quarter of a second."""
    first = _first(service)
    made = object.__new__(type(first))
    made.__dict__.update(first.__dict__)
    paginators: dict[str, Any] = {}

    def paginator(operation: str) -> Any:
        # boto3 makes a class of it every time.
        if operation not in paginators:
            paginators[operation] = type(first).get_paginator(made, operation)
        return paginators[operation]

    made.get_paginator = paginator
    return made


@cache
def _first(service: str) -> Any:
    return session(REGION).client(service, config=CONFIG)  # type: ignore[call-overload]
