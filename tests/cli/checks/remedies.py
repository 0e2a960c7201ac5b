"""Whether the commands in a remedy exist: those of the AWS command line with their options, and ours."""

from __future__ import annotations

import re
import shlex

from nat_failover.cli.app import app
from tests.infra.documents import wrong_aws

COMMAND = re.compile(r"(?<![\w-])(aws [a-z0-9-]+ [a-z-]+|nat-failover [a-z]+)( [^;]*)?")


def complaints(remedy: str) -> list[str]:
    """Give what is wrong with the commands in a remedy."""
    found: list[str] = []
    for match in COMMAND.finditer(remedy):
        program, *words = shlex.split(match[0].partition("   #")[0])
        if program == "aws":
            found += wrong_aws(f"`{match[0]}`")
        elif words[0] not in {command.name for command in app.registered_commands}:
            found.append(f"there is no command nat-failover {words[0]}")
    return found
