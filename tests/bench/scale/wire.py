"""AWS's answers as bytes: real boto3 clients, whose requests are answered from a model before they leave."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel
from moto.core.botocore_stubber import MockRawResponse
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from tests.gate.gate import Gate
from tests.lab.latencies import Latencies

Answer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class Wire:
    """Answers the requests of a session.

    Args:
        answer: gives the answer to an operation with its arguments, as boto3 would.
        latencies: what each answer takes, which is really waited for.
        seed: of the latencies.

    Attributes:
        calls: ``service:Action`` and how often.
        answered_at: when the last answer to each action was given.
    """

    def __init__(self, answer: Answer, latencies: Latencies, seed: int) -> None:
        self._answer = answer
        self._latencies = latencies
        self._chance = Random(seed)
        self._one_at_a_time = threading.Lock()
        self._request = threading.local()
        self._gate = Gate()
        self.calls: Counter[str] = Counter()
        self.answered_at: dict[str, float] = {}

    def session(self) -> boto3.Session:
        """Make a session whose clients are answered here."""
        session = boto3.Session("bench", "bench", region_name="eu-central-1")
        session.events.register("provide-client-params.*", self._note_arguments)
        session.events.register("before-call.*", self._note_model)
        session.events.register("before-send.*", self._send)  # type: ignore[arg-type] # what it gives is the answer
        return session

    def _note_arguments(self, params: Mapping[str, Any], **_: object) -> None:
        self._request.arguments = params

    def _note_model(self, model: OperationModel, **_: object) -> None:
        self._request.model = model

    def _send(self, request: Any, **_: object) -> AWSResponse:
        model: OperationModel = self._request.model
        service, operation = model.service_model.service_name, model.name
        with self._one_at_a_time:
            self.calls[f"{service}:{operation}"] += 1
            latency = self._latencies.draw(_kind(service, operation), self._chance)
        time.sleep(latency)
        self._gate.admit(service, operation, self._request.arguments)
        with self._one_at_a_time:
            response = self._answer(operation, self._request.arguments)
            self.answered_at[operation] = time.time()
        serialized = _serializer(service, operation).serialize(response)
        body = serialized["body"]
        raw = MockRawResponse(body if isinstance(body, str) else str(body, "utf-8"))
        return AWSResponse(request.url, serialized["status_code"], serialized["headers"], raw)


@cache
def _serializer(service: str, operation: str) -> Any:
    model = get_service_model(service)
    return get_serializer_class(service, model.metadata["protocol"])(model.operation_model(operation))


def _kind(service: str, operation: str) -> str:
    if service != "ec2":
        return "ssm_call"
    return "ec2_read" if operation.startswith("Describe") else "replace"
