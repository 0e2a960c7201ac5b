"""SSM Run Command: send a round of the probe, read what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import is_passing
from nat_failover.probing.document import VERSION, document_hash
from nat_failover.probing.fleet import Fleet
from nat_failover.probing.invocation import Invocation, unknown_yet
from nat_failover.probing.observation import DELIVERY_TIMEOUT, Observation, observe
from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.ssm_commands import invocation_of, ipv4_parameter, round_of
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommands.html (and its neighbours)
PAGE = 50
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
MOST_HOSTS = 50
# One host that is not managed, on another platform, or without its tag, and AWS refuses the whole command:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
REFUSED_AS_A_WHOLE = frozenset({"InvalidInstanceId", "UnsupportedPlatformType", "AccessDeniedException"})
# How often a refused command is sent anew, at most: enough to leave out the one or two hosts to blame.
MOST_SENDS = 8


@dataclass(frozen=True)
class Addresses:
    """Private IPv4 addresses of the NATs that a round is about; None for one that is not to be tried."""

    active: str | None = None
    passive: str | None = None


NOBODY = Addresses()


@dataclass(frozen=True)
class Reading:
    """The invocations of a command, by instance id, as they stood when SSM was asked.

    Attributes:
        at: when it was asked, seconds since the epoch: its answer, which may take long, says nothing of later.
    """

    at: float
    invocations: Mapping[str, Invocation]

    def is_complete(self, hosts: Sequence[str]) -> bool:
        """Return whether all hosts have answered."""
        return all(host in self.invocations and self.invocations[host].has_answered for host in hosts)


class Probe:
    """The pair's probe document, as sent to hosts and read back.

    Args:
        ssm: boto3 client.
        settings: names the document and its parameters.
        runtime: clock.
        fleet: tells whom SSM manages.
    """

    def __init__(self, ssm: SSMClient, settings: Settings, runtime: Runtime, fleet: Fleet) -> None:
        self._ssm = ssm
        self._settings = settings
        self._runtime = runtime
        self._fleet = fleet

    def send(self, kind: Kind, hosts: Sequence[str], nats: Addresses = NOBODY) -> tuple[Round, ...]:
        """Ask hosts, all at the same time.

        AWS refuses a command as a whole for one host that it does not manage, that the document is not for, or that
        has lost its tag. It is then sent to those that EC2 and SSM have nothing against, and, where even these are
        refused, to one half of them after the other.

        Args:
            kind: a watch and an echo last for the window, all else answers at once.
            hosts: at most 50 instance ids.
            nats: private addresses of the NATs, through which the hosts try to get; they signal to the passive one.

        Returns:
            One round in general, with the hosts that were asked; none when nobody of them can be.

        Raises:
            botocore.exceptions.ClientError: AWS refuses otherwise, or has refused every host that should do.
        """
        try:
            return (self._send(kind, hosts, nats),)
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED_AS_A_WHOLE:
                raise
        able = self._fleet.answerable(hosts)
        log.warning("hosts that can't be asked", extra={"hosts": sorted(set(hosts) - set(able))})
        return self._send_by_halves(kind, able, nats) if able else ()

    def _send_by_halves(self, kind: Kind, hosts: Sequence[str], nats: Addresses) -> tuple[Round, ...]:
        """Send to groups of hosts, halving each that is refused, with so many calls at most."""
        groups, sent, refused = [list(hosts)], [], None
        for _ in range(MOST_SENDS):
            if not groups:
                break
            group = groups.pop(0)
            try:
                sent.append(self._send(kind, group, nats))
            except ClientError as error:
                if error.response["Error"]["Code"] not in REFUSED_AS_A_WHOLE:
                    raise
                refused = error
                middle = (len(group) + 1) // 2
                groups += [half for half in (group[:middle], group[middle:]) if half != group and half]
        if refused is not None:
            left = sorted(set(hosts) - {host for round_ in sent for host in round_.hosts})
            log.warning("hosts that AWS refuses to ask", extra={"hosts": left, "error": str(refused)})
            if not sent:
                raise refused
        return tuple(sent)

    def _send(self, kind: Kind, hosts: Sequence[str], nats: Addresses) -> Round:
        window = self._settings.window if kind in (Kind.WATCH, Kind.ECHO) else 0
        active, passive = (ipv4_parameter(address) for address in (nats.active, nats.passive))
        sent = self._ssm.send_command(
            DocumentName=self._settings.probe_document,
            DocumentVersion=VERSION,
            **document_hash(self._settings),
            InstanceIds=list(hosts),
            Comment=f"{kind.value} by nat-failover {self._settings.pair}",
            # One host's failure must not keep the command from the others; the default does (MaxErrors is 0).
            MaxErrors="100%",
            MaxConcurrency="100%",
            TimeoutSeconds=DELIVERY_TIMEOUT,
            Parameters={"window": [str(window)], "active": [active], "passive": [passive]},
        )["Command"]
        log.info("round sent", extra={"kind": kind.value, "command_id": sent["CommandId"], "hosts": list(hosts)})
        asked_at = sent["RequestedDateTime"].timestamp()
        return Round(sent["CommandId"], kind, window, asked_at, tuple(hosts), nats.active or "", nats.passive or "")

    def rounds(self, since: float) -> list[Round]:
        """List the rounds sent after ``since`` (seconds since the epoch).

        Only a command tells its parameters and all its hosts; an invocation does neither. Hence this list comes first:
        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Command.html

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        pages = self._ssm.get_paginator("list_commands").paginate(
            Filters=[
                {"key": "DocumentName", "value": self._settings.probe_document},
                {"key": "InvokedAfter", "value": datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
            ],
            PaginationConfig={"PageSize": PAGE},
        )
        found = (round_of(command) for page in pages for command in page["Commands"])
        return [round_ for round_ in found if round_ is not None]

    def read(self, round_: Round) -> list[Observation]:
        """Read what the hosts of a round have said so far.

        SSM may not know of the invocations right after the command was sent: whoever is missing has been asked, and
        has said nothing yet.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        return self.judge(round_, self.reading(round_.command_id))

    def invocations(self, command_id: str) -> dict[str, Invocation]:
        """Read the invocations of a command, by instance id; none of a command that SSM does not know (any more).

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        pages = self._ssm.get_paginator("list_command_invocations").paginate(
            CommandId=command_id, Details=True, PaginationConfig={"PageSize": PAGE}
        )
        try:
            return {i["InstanceId"]: invocation_of(i) for page in pages for i in page["CommandInvocations"]}
        except self._ssm.exceptions.InvalidCommandId:
            return {}

    def reading(self, command_id: str) -> Reading:
        """Read the invocations of a command, and note when.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        asked_at = self._runtime.now()
        return Reading(asked_at, self.invocations(command_id))

    def reading_now(self, command_id: str) -> Reading | None:
        """Return the invocations of a command, and when they were read; None where SSM has no time just now.

        Raises:
            botocore.exceptions.ClientError: SSM refuses for good.
        """
        try:
            return self.reading(command_id)
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise
            log.warning("a round can't be read just now", extra={"command_id": command_id, "error": str(error)})
            return None

    def judge(self, round_: Round, read: Reading) -> list[Observation]:
        """Return the observations that what was read comes to."""
        now = self._runtime.now()
        return [
            observe(read.invocations.get(host) or unknown_yet(host), round_, read.at, now)
            for host in sorted({*round_.hosts, *read.invocations})
        ]

    def read_again(self, round_: Round) -> list[Observation] | None:
        """Return what the hosts of a round have said so far; None where SSM has no time just now.

        Raises:
            botocore.exceptions.ClientError: SSM refuses for good.
        """
        read = self.reading_now(round_.command_id)
        return None if read is None else self.judge(round_, read)

    def readings(self, rounds: Sequence[Round]) -> list[Callable[[], list[Observation]]]:
        """Return one call for each round, to be made at the same time."""
        return [lambda round_=round_: self.read(round_) for round_ in rounds]  # type: ignore[misc]
