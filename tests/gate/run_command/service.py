"""Run Command's API: what it refuses, lists and tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Any, Protocol

from tests.gate.rules.rule import changed
from tests.gate.run_command.command import Command, CommandInvocation, Managed
from tests.gate.run_command.documents import Document
from tests.gate.run_command.shapes import described, information, invocation

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
MOST_HOSTS = 50
# Of DescribeInstanceInformation where it is not told another.
DEFAULT_PAGE = 10
UNLISTED = ("stopped", "stopping", "shutting-down", "terminated")
GONE = ("shutting-down", "terminated")


class Refusal(Exception):  # noqa: N818 - AWS refuses, the model has no error
    """Systems Manager answers with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Hosts(Protocol):
    """Those behind the service."""

    def known(self, ids: Collection[str] | None) -> Iterable[Managed]:
        """Give the managed hosts, those with some ids or all."""
        ...

    def document(self, name: str) -> Document | None:
        """Give a document; None where everybody takes everything."""
        ...

    def take(self, command: Command) -> None:
        """Have every host of a command get it."""
        ...

    def stop(self, command: Command, hosts: Collection[str]) -> None:
        """Have hosts end a command."""
        ...

    def invocation(self, command: Command, host: str) -> CommandInvocation | None:
        """Give what SSM knows of a host's part; None where it lists none."""
        ...


class Service:
    """The part of SSM that runs things on hosts.

    Args:
        hosts: those behind it.
        now: clock, in seconds since the epoch.
        command_id: makes the next one.
        chance: decides what AWS's own documentation leaves open.

    Attributes:
        commands: all that were sent, oldest first.
        page: how many things a list gives at most at a time.
    """

    def __init__(
        self, hosts: Hosts, now: Callable[[], float], command_id: Callable[[], str], chance: Random | None = None
    ) -> None:
        self.commands: list[Command] = []
        self.page = 50
        self._hosts = hosts
        self._now = now
        self._command_id = command_id
        # The sources disagree on whether a stopped instance may be sent a command.
        self.takes_stopped = chance is not None and chance.random() < 0.5
        self.operations: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "SendCommand": self.send,
            "CancelCommand": self.cancel,
            "ListCommands": self.commands_of,
            "ListCommandInvocations": self.invocations,
            "DescribeInstanceInformation": self.information,
        }

    def answer(
        self, operation: str, arguments: Mapping[str, Any], may: Callable[[Managed], bool] | None = None
    ) -> dict[str, Any]:
        """Answer a call.

        Args:
            may: whether the caller's policies let it send a command to a host; everything where not given.

        Raises:
            Refusal: AWS refuses.
        """
        if operation == "SendCommand" and may is not None:
            self._authorize(arguments["InstanceIds"], may)
        return self.operations[operation](arguments)

    def _authorize(self, ids: Collection[str], may: Callable[[Managed], bool]) -> None:
        for host in self._hosts.known(ids):
            if not may(host):
                changed("R5")
                raise Refusal(
                    "AccessDeniedException",
                    f"User is not authorized to perform: ssm:SendCommand on resource: {host.instance_id} because no "
                    "identity-based policy allows the ssm:SendCommand action",
                )

    def send(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Send a command to hosts, or refuse it as a whole."""
        ids, document = arguments["InstanceIds"], self._hosts.document(arguments["DocumentName"])
        if len(ids) > MOST_HOSTS:
            raise Refusal("ValidationException", f"InstanceIds: length must be less than or equal to {MOST_HOSTS}")
        wanted = arguments.get("DocumentHash")
        if document is not None and wanted not in (None, document.hash):
            changed("R15i")
            raise Refusal("InvalidDocument", f"document hash {wanted} does not match {arguments['DocumentHashType']}.")
        known = {host.instance_id: host for host in self._hosts.known(ids)}
        for instance_id in ids:
            if instance_id not in known or not self._takes(known[instance_id]):
                changed("R4a")
                raise Refusal("InvalidInstanceId", f"Instances [[{instance_id}]] not in a valid state for account")
        if document is not None:
            unfit = sorted(i for i, host in known.items() if not document.fits(host.platform))
            if unfit:
                changed("R4b")
                raise Refusal("UnsupportedPlatformType", f"The document does not support the platform of {unfit}")
            objection = document.objection(arguments.get("Parameters", {}))
            if objection is not None:
                changed("R15j")
                raise Refusal("InvalidParameters", objection)
        command = Command(self._command_id(), arguments, self._now())
        self.commands.append(command)
        self._hosts.take(command)
        return {"Command": described(command)}

    def _takes(self, host: Managed) -> bool:
        if host.state in UNLISTED and host.state not in GONE:
            return self.takes_stopped
        return host.commandable and host.state not in GONE

    def cancel(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Have hosts end a command; those that have ended it already are not touched."""
        command = self._command(arguments["CommandId"])
        self._hosts.stop(command, arguments.get("InstanceIds") or command.arguments["InstanceIds"])
        return {}

    def _command(self, command_id: str) -> Command:
        found = next((c for c in reversed(self.commands) if c.command_id == command_id), None)
        if found is None:
            raise Refusal("InvalidCommandId", f"{command_id} does not exist")
        return found

    def commands_of(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """List commands, the newest first."""
        wanted = {f["key"]: f["value"] for f in arguments.get("Filters", [])}
        after = _seconds(wanted["InvokedAfter"]) if "InvokedAfter" in wanted else float("-inf")
        now, document = self._now(), wanted.get("DocumentName")
        if any(after < command.asked_at <= now < command.listed_at for command in self.commands):
            changed("T6c")
        found = [
            described(command)
            for command in reversed(self.commands)
            if command.asked_at > after
            and command.listed_at <= now
            and document in (None, command.document)
            and arguments.get("CommandId") in (None, command.command_id)
        ]
        return self._page("Commands", found, arguments, 50)

    def invocations(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """List what the hosts of a command have come to."""
        command = self._command(arguments["CommandId"])
        listed = command.listed_at <= self._now()
        if not listed:
            changed("T6c")
        hosts = command.arguments["InstanceIds"] if listed else []
        known = {host: self._hosts.invocation(command, host) for host in hosts}
        found = [invocation(command, host, t, arguments) for host, t in known.items() if t is not None]
        return self._page("CommandInvocations", found, arguments, 50)

    def information(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Describe the managed hosts; those that are stopped or gone are not among them."""
        wanted = {f["Key"]: f["Values"] for f in arguments.get("Filters", [])}
        found = []
        for host in self._hosts.known(wanted.get("InstanceIds")):
            if host.state in UNLISTED:
                changed("R2g")
            elif all(_matches(host, key, values) for key, values in wanted.items()):
                found.append(information(host, self._now()))
        return self._page("InstanceInformationList", found, arguments, DEFAULT_PAGE)

    def _page(self, key: str, found: list[Any], arguments: Mapping[str, Any], default: int) -> dict[str, Any]:
        start = int(arguments.get("NextToken", "0"))
        end = start + min(self.page, int(arguments.get("MaxResults", default)))
        return {key: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})


def _matches(host: Managed, key: str, values: Collection[str]) -> bool:
    match key:
        case "InstanceIds":
            return host.instance_id in values
        case "PingStatus":
            return host.ping in values
        case "PlatformTypes":
            return host.platform in values
        case "ResourceType":
            return host.resource_type in values
        case "tag-key":
            return host.tags is None or not set(values).isdisjoint(host.tags)
        case _ if key.startswith("tag:"):
            return host.tags is None or host.tags.get(key.removeprefix("tag:")) in values
    raise Refusal("InvalidFilterKey", f"The filter key {key} is not valid")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
