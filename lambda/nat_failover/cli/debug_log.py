"""What --debug logs: every AWS call, without what it is signed with, and nothing that a terminal obeys."""

from __future__ import annotations

import logging
import re
from typing import TextIO

from nat_failover.foreign_text import printable

# Names of what makes a call somebody's, in a header, a form, JSON, XML or a dictionary, and what follows such a name.
_SECRET = re.compile(
    r"""((?:authorization|security-?token|bearer_token|secret_?access_?key|(?:session|access|refresh|id)_?token
        |client_?secret)['"]?\s*[:=>]\s*b?['"]?)[^'"\n<]+""",
    re.IGNORECASE | re.VERBOSE,
)


class _Formatter(logging.Formatter):
    """Formats a line for a person who may paste it into a bug report."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(_SECRET.sub(r"\1(not logged)", super().format(record)), "\n\t")


def handler(stream: TextIO | None = None) -> logging.Handler:
    """Return a handler.

    Args:
        stream: to write to; standard error where not given.
    """
    logs = logging.StreamHandler(stream)
    logs.setFormatter(_Formatter("%(asctime)s %(name)s %(message)s"))
    return logs
