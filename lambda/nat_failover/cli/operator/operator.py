"""What a person does with a pair by hand: the function's own means, with that person's credentials."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nat_failover.cli.errors import CommandError
from nat_failover.cli.scripts.documents import Document, Task, documents
from nat_failover.clients import Clients, PairServices
from nat_failover.deployment.document import DocumentReplacedError, hash_of
from nat_failover.lock.held import HeldLock
from nat_failover.network.instances import tag
from nat_failover.probing.document import VERSION, digest
from nat_failover.probing.invocation import Invocation, State
from nat_failover.probing.observation import DELIVERY_TIMEOUT, SILENCE_AFTER, Observation
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import MOST_HOSTS
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

log = logging.getLogger(__name__)

Say = Callable[[str], None]

# How long hosts are given to be online, and how often those that are not are asked again.
ONLINE_WITHIN = 15.0
ROUNDS = 3
# A poll of this machine's is for people, and costs calls of their account.
POLL = 0.5


class NoDocumentError(CommandError):
    """The pair has no document for a script of this command's."""


@dataclass(frozen=True)
class Host:
    """A backend: its instance id, its name as its tag has it, and its subnet."""

    instance: str
    name: str
    subnet: str

    @property
    def label(self) -> str:
        """Its name, for people."""
        return f"{self.name} ({self.instance})" if self.name else self.instance


class Hand:
    """The means of a person who acts on one pair.

    Args:
        settings: of the pair, as its function has them.
        clients: with the person's credentials.
        runtime: clock, waiting.
        owner: who acts, for the claim and the lock's record.
    """

    def __init__(self, settings: Settings, clients: Clients, runtime: Runtime, owner: str) -> None:
        self.settings = settings
        self.runtime = runtime
        self.owner = owner
        self.clients = clients
        services = PairServices.of(settings, clients, runtime)
        self.lock = services.lock
        self.routes = services.routes
        self.fleet = services.fleet
        self.probe = services.probe
        self.instances = services.instances
        self.egress = services.egress
        self.mover = services.mover

    def claim(self, say: Say) -> HeldLock:
        """Become the one who acts; where another has the claim, wait for the end of its lease.

        Raises:
            CommandError: others keep it for longer than two leases.
            botocore.exceptions.ClientError: SSM refuses.
        """
        deadline = self.runtime.now() + 2 * self.settings.claim_lease + 10
        announced = False
        while True:
            held = self.lock.take(self.owner)
            if held is not None:
                return held
            claim = self.lock.read().claim
            now = self.runtime.now()
            if now >= deadline:
                raise CommandError(
                    f"{claim.owner if claim else 'somebody'} keeps the claim {self.settings.claim_parameter}: "
                    "somebody else is at work on this pair",
                    section="failover-blocked",
                )
            left = 1.0 if claim is None else max(0.5, claim.until - now)
            if not announced and claim is not None:
                say(f"{claim.owner} has the claim for another {left:.0f}s: waiting for that")
                announced = True
            self.runtime.sleep(min(left, 5.0))

    def backends(self) -> list[Host]:
        """List backends whose agent is online, 50 at most, in order of their subnets.

        Raises:
            botocore.exceptions.ClientError: AWS refuses.
        """
        ids = self.fleet.online()
        if not ids:
            return []
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
        pages = self.clients.ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-id", "Values": ids}]
        )
        found = [
            Host(
                instance["InstanceId"],
                tag(instance, "Name") or "",
                instance.get("SubnetId", ""),
            )
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] == "running"
        ]
        return sorted(found, key=lambda host: (host.subnet, host.name, host.instance))

    def ask(self, hosts: Sequence[str], kind: Kind = Kind.CHECK) -> dict[str, Observation]:
        """Ask hosts whether they reach the Internet, and wait for their answers; one that SSM does not manage has none.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        groups = [hosts[start : start + MOST_HOSTS] for start in range(0, len(hosts), MOST_HOSTS)]
        sent = self.runtime.together([partial(self.probe.send, kind, group) for group in groups]) if groups else []
        rounds = [round_ for group in sent for round_ in group]
        observations: dict[str, Observation] = {}
        # What says nothing for so long is SILENT by itself.
        deadline = self.runtime.now() + SILENCE_AFTER + 5
        while rounds and self.runtime.now() < deadline:
            self.runtime.sleep(POLL)
            # What SSM has no time for just now is read the next time: subnets may have been moved already.
            read = self.runtime.together([partial(self.probe.read_again, round_) for round_ in rounds])
            observations |= {observation.host: observation for answers in read for observation in answers or ()}
            if None not in read and all(
                observation.state is not State.PENDING for observation in observations.values()
            ):
                break
        return observations

    def online(self, hosts: Collection[str], within: float = ONLINE_WITHIN) -> frozenset[str]:
        """Return which hosts reach the Internet; those that don't are asked again, three times at most.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        deadline = self.runtime.now() + within
        online: set[str] = set()
        for _ in range(ROUNDS):
            left = sorted(set(hosts) - online)
            if not left or self.runtime.now() >= deadline:
                break
            observations = self.ask(left, Kind.VERIFY)
            online |= {host for host, observation in observations.items() if observation.state is State.REACHABLE}
        return frozenset(online)

    @property
    def documents(self) -> Mapping[Task, str]:
        """Names of the documents by which the pair's hosts run this package's scripts."""
        return {task: document.name for task, document in self._documents.items()}

    @property
    def _documents(self) -> Mapping[Task, Document]:
        s = self.settings
        return documents(s.pair, s.targets, s.nats_by_id)

    def start(self, hosts: Sequence[str], task: Task, comment: str, **values: float) -> str:
        """Run one of this package's scripts on hosts; gives the command's id.

        Args:
            hosts: at most 50 instance ids.
            task: which.
            comment: for whoever looks at the list of commands.
            values: what travels with the command, whole numbers.

        Raises:
            NoDocumentError: the pair is deployed by another version.
            CommandError: somebody has replaced the document.
            botocore.exceptions.ClientError: SSM refuses.
        """
        ssm, document = self.clients.ssm, self._documents[task]
        name = document.name
        try:
            pinned = hash_of(ssm, name, digest(document.content))
        except DocumentReplacedError as error:
            raise CommandError(
                f"{error}, so it was not sent to any host. Find out who has made it: aws cloudtrail lookup-events "
                f"--lookup-attributes AttributeKey=ResourceName,AttributeValue={name}",
                section="function-errors",
            ) from None
        except ssm.exceptions.InvalidDocument:
            raise NoDocumentError(
                f"there is no document {name}: the pair is deployed by another version of nat-failover than this "
                "command's. Deploy this version: cdk deploy"
            ) from None
        sent = ssm.send_command(
            DocumentName=name,
            DocumentVersion=VERSION,
            **pinned,
            InstanceIds=list(hosts),
            Comment=f"{comment} by nat-failover {self.settings.pair}"[:100],
            MaxErrors="100%",
            MaxConcurrency="100%",
            TimeoutSeconds=DELIVERY_TIMEOUT,
            Parameters={parameter: [f"{value:.0f}"] for parameter, value in values.items()},
        )
        return sent["Command"]["CommandId"]

    def results(self, command_id: str, hosts: Collection[str], within: float) -> Mapping[str, Invocation]:
        """Wait for what a command's hosts say, so many seconds at most; whoever has not ended by then is left out.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        deadline = self.runtime.now() + within
        ended: dict[str, Invocation] = {}
        while True:
            read = self.probe.reading_now(command_id)
            invocations = {} if read is None else read.invocations
            ended |= {host: invocation for host, invocation in invocations.items() if invocation.exit_code is not None}
            if set(hosts) <= set(ended) or self.runtime.now() >= deadline:
                return ended
            self.runtime.sleep(POLL)
