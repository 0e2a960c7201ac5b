"""Looks at NATs' kernels: do they forward, and do they translate? Nothing is changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from nat_failover.cli.errors import is_forbidden
from nat_failover.cli.operator.operator import Hand, NoDocumentError
from nat_failover.cli.scripts.documents import Task
from nat_failover.foreign_text import read_json
from nat_failover.probing.invocation import Invocation

# How long an inspection is waited for, in seconds.
INSPECT_WITHIN = 15.0


@dataclass(frozen=True)
class KernelInspection:
    """What the host's kernel says of itself; None where it can't be known.

    Attributes:
        why: it can't be known.
        forbidden: whoever asks may not send it the document.
        has_document: whether the pair has the document by which it is asked.
        released_at: when its release of Amazon Linux 2023 came out, seconds since the epoch; None for other systems.
    """

    forwarding: bool | None = None
    translating: bool | None = None
    why: str = ""
    forbidden: bool = False
    has_document: bool = True
    released_at: float | None = None

    @property
    def is_unfit(self) -> bool:
        """Whether it carries no traffic."""
        return False in (self.forwarding, self.translating)

    @property
    def is_read(self) -> bool:
        """Whether both are known."""
        return self.forwarding is not None and self.translating is not None


def inspect(hand: Hand, nats: Sequence[str]) -> dict[str, KernelInspection]:
    """Look at the kernels of NATs, all at once, by their ids; what can't be seen is no error.

    Raises:
        botocore.exceptions.ClientError: SSM refuses for another reason than a missing permission.
    """
    ssm, forbidden = hand.clients.ssm, False
    try:
        command = hand.start(nats, Task.INSPECT, "inspection")
        invocations = hand.results(command, nats, INSPECT_WITHIN)
    except ssm.exceptions.InvalidInstanceId:
        if len(nats) > 1:  # one that SSM does not manage has the whole command refused
            return {nat: inspect(hand, [nat])[nat] for nat in nats}
        why = "Systems Manager does not manage it: it can't be inspected"
    except NoDocumentError as missing:
        return dict.fromkeys(nats, KernelInspection(why=f"not inspected: {missing}", has_document=False))
    except ClientError as error:
        if not is_forbidden(error):
            raise
        forbidden = True
        why = f"you have no permission to send it the document {hand.documents[Task.INSPECT]}: it was not inspected"
    else:
        return {nat: read(invocations.get(nat)) for nat in nats}
    return dict.fromkeys(nats, KernelInspection(why=why, forbidden=forbidden))


def read(invocation: Invocation | None) -> KernelInspection:
    """Return what a NAT reports of its kernel."""
    if invocation is None:
        return KernelInspection(why="it has not answered")
    for line in invocation.output.splitlines():
        try:
            found: Any = read_json(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("inspect") == 1:
            forwarding, translating = found.get("forwarding"), found.get("translating")
            return KernelInspection(
                forwarding if isinstance(forwarding, bool) else None,
                translating if isinstance(translating, bool) else None,
                released_at=_released_at(str(found.get("release"))),
            )
    return KernelInspection(why="its answer can't be understood")


def _released_at(release: str) -> float | None:
    """Return the date in a release such as 2023.9.20251117."""
    try:
        return datetime.strptime(release.rpartition(".")[2], "%Y%m%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
