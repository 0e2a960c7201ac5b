"""The gate: every request of every emulated account goes through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.gate.rules.requests import verdict
from tests.gate.rules.rule import changed
from tests.gate.timing.rates import Rates


class Gate:
    """Judges requests before anything answers them.

    Args:
        rates: buckets of the account. Without them nothing is refused for its rate, which only two have a reason for:
            what the lab asks of moto for itself, which is no call of anybody's (those of its function and its people
            pass a gate that has them), and the fuzzed function, all of whose calls are made at one moment.
    """

    def __init__(self, rates: Rates | None = None) -> None:
        self._rates = rates

    def admit(self, service: str, operation: str, arguments: Mapping[str, Any]) -> None:
        """Let a request through, or refuse it as AWS does.

        Args:
            service: as boto3 names it.
            operation: as the API names it.
            arguments: as the caller gives them.

        Raises:
            botocore.exceptions.ClientError: AWS refuses the request.
        """
        refusal = verdict(service, operation, arguments)
        if refusal is not None:
            changed(refusal.rule)
            raise ClientError({"Error": {"Code": refusal.code, "Message": refusal.message}}, operation)
        if self._rates is not None:
            self._rates.take(service, operation, arguments)
