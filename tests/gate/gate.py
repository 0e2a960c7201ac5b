"""The gate: every request of every emulated account goes through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.gate.rules.requests import verdict
from tests.gate.rules.rule import changed


class Gate:
    """Judges requests before anything answers them."""

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
