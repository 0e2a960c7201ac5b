"""Serves moto on loopback as a process of its own, with the gaps of its CloudFormation closed that a deployment meets.

The command line deploys the very template that the app synthesizes: it is adapted only where moto reads it, so what
``cdk diff`` gets back is what was sent.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation import models
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable
from moto.events.models import Rule
from moto.server import ThreadedMotoServer
from moto.ssm.responses import SimpleSystemManagerResponse

from tests.e2e.agents import Agents
from tests.gate import moto_hook
from tests.moto_template import for_moto

IMAGE = "ami-12c6146b"
# The default of a new standby.
TYPE = "t4g.nano"

_parse_template = models.Stack.parse_template
_describe = models.CloudFormationBackend.describe_change_set
_delete = models.CloudFormationBackend.delete_change_set
_execute_change_set = models.CloudFormationBackend.execute_change_set


def _parse(template: str) -> dict[str, Any]:
    return for_moto(_parse_template(template), IMAGE)


def _parse_change_set(change_set: Any) -> None:
    change_set.template_dict = _parse(change_set.template)


def _execute(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
    stack = backend.stacks[backend.describe_change_set(change_set_name).stack_id]
    # A change set's stack knows nothing of what others export.
    stack.cross_stack_resources = backend.exports
    stack.resource_map.cross_stack_resources = backend.exports
    _execute_change_set(backend, change_set_name, stack_name)
    stack._parse_template()
    stack.output_map = stack._create_output_map()
    backend.exports.update({export.name: export for export in stack.exports})
    for done in [name for name, known in backend.change_sets.items() if known.stack_id == stack.stack_id]:
        del backend.change_sets[done]


class _ChangeSetNotFoundError(CloudFormationError):
    code = "ChangeSetNotFound"


def _describe_change_set(backend: Any, change_set_name: str) -> Any:
    try:
        return _describe(backend, change_set_name)
    except ValidationError as error:
        raise _ChangeSetNotFoundError(str(error)) from error


def _delete_change_set(backend: Any, change_set_name: str) -> None:
    with contextlib.suppress(UnboundLocalError):
        _delete(backend, change_set_name)


def _delete_route_table(table: RouteTable, account_id: str, region: str) -> None:
    ec2_backends[account_id][region].delete_route_table(table.id)


AGENTS = Agents()


Answer = Callable[[SimpleSystemManagerResponse], ActionResult]
# Gives an operation's answer for its arguments; None where nobody is there who could answer.
RunCommands = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]


def _nothing(key: str) -> Answer:
    return lambda response: ActionResult({key: []})  # noqa: ARG005


def _answered(run_commands: RunCommands, operation: str, before: Answer) -> Answer:
    """Have the agents answer, once there are any."""

    def answer(response: SimpleSystemManagerResponse) -> ActionResult:
        try:
            result = run_commands(operation, json.loads(response.body))
        except ClientError as error:
            # As it would be over the wire: the agents raise what botocore makes of it.
            raise JsonRESTError(error.response["Error"]["Code"], error.response["Error"].get("Message", "")) from error
        return before(response) if result is None else ActionResult(result)

    return answer


Replaced = tuple[tuple[type, str, object], ...]


def run_command(run_commands: RunCommands) -> Replaced:
    """Give what is replaced of moto for Run Command to be more than pretended: owner, name, and what comes there."""
    return tuple(
        (SimpleSystemManagerResponse, method, _answered(run_commands, operation, before))
        for method, operation, before in (
            ("describe_instance_information", "DescribeInstanceInformation", _nothing("InstanceInformationList")),
            ("list_command_invocations", "ListCommandInvocations", _nothing("CommandInvocations")),
            ("list_commands", "ListCommands", SimpleSystemManagerResponse.list_commands),
            ("send_command", "SendCommand", SimpleSystemManagerResponse.send_command),
        )
    )


REPLACED: Replaced = (
    (models.Stack, "parse_template", staticmethod(_parse)),
    (models.ChangeSet, "_parse_template", _parse_change_set),
    (models.CloudFormationBackend, "execute_change_set", _execute),
    (models.CloudFormationBackend, "delete_change_set", _delete_change_set),
    (models.CloudFormationBackend, "describe_change_set", _describe_change_set),
    (RouteTable, "delete", _delete_route_table),
    # It knows no functions as targets, and takes a rule without a pattern for one that matches every event.
    (Rule, "send_to_targets", lambda rule, event: None),  # noqa: ARG005
    *run_command(AGENTS.answer),
)


def main() -> None:
    """Serve on a free port, which is told in a line on standard output, until standard input ends."""
    for owner, name, replacement in REPLACED:
        setattr(owner, name, replacement)
    moto_hook.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    for line in sys.stdin:
        AGENTS.tell(json.loads(line))


if __name__ == "__main__":
    main()
