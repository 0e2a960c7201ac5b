"""What nobody is told: what a text should not contain, and the package's log as Lambda would write it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nat_failover.observability import start_logging
from tests.examples import settings
from tests.lab.lab import Lab
from tests.lab.network.layout import standard_layout

ACCOUNT = "123456789012"
# An id of an account, whatever it is part of but a UUID or a fraction; an ARN; a host by name; what secrets look like.
FORBIDDEN = {
    "an account's id": re.compile(r"(?<![\w.-])[0-9]{12}(?![\w-])"),
    "an ARN": re.compile(r"\barn:aws"),
    "a host's name": re.compile(
        r"\bip-[0-9]+-[0-9]+|\.compute\.internal|\b(" + "|".join(host.name for host in standard_layout().hosts) + r")\b"
    ),
    "a secret": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12}|PRIVATE KEY|hunter2|aws_secret|(?i:password|session_?token)"),
}


def leaks(text: str) -> dict[str, str]:
    """Give what a text should not tell, by what it is; an ARN that lacks its account tells nothing."""
    found = {what: pattern.search(text) for what, pattern in FORBIDDEN.items()}
    return {what: match[0] for what, match in found.items() if match is not None}


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Have the package's log as Lambda would write it."""
    package = logging.getLogger("nat_failover")
    before = package.handlers, package.level, package.propagate
    stream = io.StringIO()
    start_logging(settings(pair="hygiene"), stream)
    package.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        package.handlers, package.level, package.propagate = before
        logging.Logger.manager.loggerDict.pop("hygiene", None)


def without_place(text: str) -> str:
    """Leave out what a message says of where it comes from: the account in one place, and the NATs' names."""
    return re.sub(r"\bAccount [0-9]{12}: primary NAT |\bnat0[12] (?=\(i-[0-9a-f]{17}\))", "", text)


def leaks_in(lab: Lab, lines: list[str]) -> Mapping[str, dict[str, str]]:
    """Return what should not be in what the function has logged, measured, answered, mailed and written in a lab."""
    texts_by_place = {
        "log": lines,
        "metrics": [json.dumps(line) for line in lab.functions.metrics],
        "answers": [json.dumps(i.result) for i in lab.functions.invocations],
        "mail": [f"{subject}\n{without_place(text)}" for _, subject, text in lab.gateway.published],
        "events": [without_place(json.dumps(event)) for event in lab.gateway.events],
        "lock": [text for _, text in lab.gateway.recorded],
    }
    return {kind: found for kind, texts in texts_by_place.items() for text in texts if (found := leaks(text))}
