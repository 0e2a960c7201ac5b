"""What a person runs on hosts: of a document that has changed since it was read, only what SSM says is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.cli.scripts.documents import Task
from tests.cli.person import Person, in_lab
from tests.lab.cloud.gateway import refused
from tests.lab.lab import Lab

CHANGED = "document hash 00 does not match Sha256."


def changed(operation: str, _: Mapping[str, Any]) -> ClientError | None:
    return refused(operation, "InvalidDocument", CHANGED) if operation == "SendCommand" else None


@in_lab()
def test_one_that_is_replaced_between_its_reading_and_its_sending_is_not_called_one_of_another_version(
    lab: Lab, alice: Person
) -> None:
    lab.gateway.faults.append(changed)
    with pytest.raises(ClientError, match=CHANGED):
        alice.hand.start([lab.cloud.instances["nat01"]], Task.INSPECT, "inspection")
