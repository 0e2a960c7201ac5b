"""Logs and metrics through Powertools: JSON lines and the embedded metric format, no API call on the way."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from nat_failover.names import NAMESPACE, Metric
from nat_failover.settings import Settings


def start_logging(settings: Settings, stream: TextIO | None = None) -> Logger:
    """Send the package's log records through Powertools as JSON lines, with the pair's name in each."""
    logger = Logger(service=settings.pair, stream=stream or sys.stdout, utc=True)
    package = logging.getLogger("nat_failover")
    package.handlers = logger.handlers
    package.setLevel(logger.log_level)
    package.propagate = False
    return logger


class Metrics:
    """The metrics of one invocation, written as one line when they are flushed; their dimension is `service`, the pair.

    Each invocation has its own: Powertools' usual object is shared by the process.
    """

    def __init__(self, settings: Settings, stream: TextIO | None = None) -> None:
        self._settings = settings
        self._stream = stream
        self._provider = self._new()

    def _new(self) -> AmazonCloudWatchEMFProvider:
        return AmazonCloudWatchEMFProvider(
            namespace=NAMESPACE,
            service=self._settings.pair,
            metric_set={},
            dimension_set={},
            metadata_set={},
            default_dimensions={},
        )

    def count(self, name: Metric, value: float = 1) -> None:
        """Add a number of things."""
        self._provider.add_metric(name=name.value, unit=MetricUnit.Count, value=float(value))

    def seconds(self, name: Metric, value: float) -> None:
        """Add a duration."""
        self._provider.add_metric(name=name.value, unit=MetricUnit.Seconds, value=value)

    def percent(self, name: Metric, value: float) -> None:
        """Add a part of a hundred."""
        self._provider.add_metric(name=name.value, unit=MetricUnit.Percent, value=round(value, 1))

    def of_then(self, at: float) -> Metrics:
        """Return metrics of another time, in seconds since the epoch; they are a line of their own.

        CloudWatch takes what is up to two weeks old:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
        """
        then = Metrics(self._settings, self._stream)
        then._provider.timestamp = round(at * 1000)
        return then

    def note(self, name: str, value: list[str]) -> None:
        """Add words to the line of metrics, for whoever follows a metric into the log."""
        self._provider.add_metadata(name, value)

    def flush(self) -> None:
        """Write what has been added since the last time; nothing where nothing was."""
        if self._provider.metric_set:
            print(
                json.dumps(self._provider.serialize_metric_set(), separators=(",", ":")), file=self._stream, flush=True
            )
        self._provider = self._new()
