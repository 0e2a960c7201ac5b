"""Whether a command of the AWS command line exists: its service, its operation, each of its options."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

from nat_failover.cli.app import app

# What the command line adds to what the API has: https://docs.aws.amazon.com/cli/latest/reference/
GLOBAL = {"region", "profile", "query", "output"}
ADDED = {
    "ec2 authorize-security-group-ingress": {"protocol", "port", "cidr"},
    "ec2 authorize-security-group-egress": {"protocol", "port", "cidr"},
    "ec2 create-network-acl-entry": {"ingress"},
    "sns subscribe": {"notification-endpoint"},
    "logs tail": {"since"},
}
COMMAND = re.compile(r"(?<![\w-])(aws [a-z0-9-]+ [a-z-]+|nat-failover [a-z]+)( [^;]*)?")


def complaints(remedy: str) -> list[str]:
    """Give what is wrong with the commands in a remedy."""
    found = []
    for match in COMMAND.finditer(remedy):
        program, *words = shlex.split(match[0].partition("   #")[0])
        if program == "aws":
            found += _of_aws(words)
        elif words[0] not in {command.name for command in app.registered_commands}:
            found.append(f"there is no command nat-failover {words[0]}")
    return found


def _of_aws(words: list[str]) -> list[str]:
    service, operation = words[:2]
    name = f"{service} {operation}"
    known = _operations(service)
    if operation not in known and name not in ADDED:
        return [f"there is no command aws {name}"]
    options = known.get(operation, set()) | GLOBAL | ADDED.get(name, set())
    given = {re.split(r"[= ]", word[2:])[0] for word in words if word.startswith("--")}
    unknown = sorted(o for o in given if o not in options and o.removeprefix("no-") not in options)
    return [f"aws {name} has no option --{option}" for option in unknown]


@cache
def _operations(service: str) -> dict[str, set[str]]:
    model: Any = botocore.session.get_session().get_service_model(service)
    return {
        xform_name(operation, "-"): {
            xform_name(member, "-") for member in (model.operation_model(operation).input_shape or _Nothing).members
        }
        for operation in model.operation_names
    }


class _Nothing:
    members: dict[str, object] = {}  # noqa: RUF012
