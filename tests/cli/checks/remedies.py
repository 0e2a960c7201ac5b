"""Whether the commands in a remedy exist: those of the AWS command line with their options, and ours."""

from __future__ import annotations

import re
import shlex

from nat_failover.cli.app import app
from nat_failover.cli.checks.finding import Finding, is_command
from tests.infra.documents import wrong_aws

COMMAND = re.compile(r"(?<![\w-])(aws [a-z0-9-]+ [a-z-]+|nat-failover [a-z]+)")


def complaints(finding: Finding) -> list[str]:
    """Give what is wrong with the commands in a finding's remedy."""
    found = [f"no line of its own: {line}" for line in finding.steps if COMMAND.search(line) and not is_command(line)]
    for command in finding.commands:
        program, *arguments = shlex.split(command)
        if program == "aws":
            found += wrong_aws(f"`{command}`")
        elif program != "nat-failover":
            continue
        elif arguments[0] not in {command.name for command in app.registered_commands}:
            found.append(f"there is no command nat-failover {arguments[0]}")
    return found
