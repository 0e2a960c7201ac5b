"""Tells people what they don't know yet, remembers what they have been told, and never stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.judging.conditions import Findings
from nat_failover.judging.first_online import mark
from nat_failover.lock.parameter import Parameter, Parameters
from nat_failover.names import Metric
from nat_failover.observability import Metrics
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings
from nat_failover.telling.channels import Delivery, EventRefusedError, Notifications
from nat_failover.telling.compose import FailoverReport, compose, compose_failover
from nat_failover.telling.memory import TELLING, Channel, Due, DueMessages, Memory, Phase, begun, plan, read_memory
from nat_failover.telling.message import Message

log = logging.getLogger(__name__)

# For how many seconds the memory's writes are tried again: what it has lost is told anew.
REMEMBER_WITHIN = 2.0


class Teller:
    """Sends messages, and keeps what has been told in the pair's third parameter.

    A message may come twice, but is never lost: that it has been told is written after it was sent. Before, the
    invocation writes that it is about to; of several at the same time the one whose version follows the one it had
    read tells, the others leave it to that one. If it dies, a later tick tells.

    Between its reading and its writing lies one call only, so that it is rare that one writes over another's word.

    No error is raised: telling must not stop or delay a failover. What could not be sent is logged, counted as
    ``NotTold``, and owed to the next tick.

    Args:
        parameters: reads and writes.
        notifications: the channels.
        settings: names the parameter.
        runtime: clock.
    """

    def __init__(
        self, parameters: Parameters, notifications: Notifications, settings: Settings, runtime: Runtime
    ) -> None:
        self._parameters = parameters
        self._notifications = notifications
        self._settings = settings
        self._runtime = runtime
        # What this process remembers where the parameter can't be written, and the version that it has read then.
        self._kept: tuple[int, Memory] | None = None

    def tell(self, parameter: Parameter, findings: Findings, metrics: Metrics) -> None:
        """Tell what is new.

        Args:
            parameter: the third one, as this invocation has read it.
            findings: what is so.
            metrics: of the invocation.
        """
        memory, intended = self._intended(parameter, findings)
        if not intended.due and not intended.memory.differs(memory):
            return
        # What was read when the invocation began may be seconds old; who writes over another's word may tell it again.
        parameter = self._read(metrics) or parameter
        memory, intended = self._intended(parameter, findings)
        now = self._runtime.now()
        if memory.another_tells(now):
            return
        if not intended.due:
            if intended.memory.differs(memory):
                self._remember(intended.memory, parameter.version, metrics)
            return
        intention = replace(intended.memory, telling=now + TELLING, teller=self._parameters.token())
        version = self._remember(intention, parameter.version, metrics)
        if version is not None and not self._is_mine(intention, parameter.version, version, metrics):
            log.info("another invocation tells", extra={"version": version})
            return
        memory = intended.memory
        for due in intended.due:
            memory = self._send_due(memory, due, findings, metrics)
        self._remember(memory, parameter.version if version is None else version, metrics)

    def tell_of(self, report: FailoverReport, metrics: Metrics) -> None:
        """Tell of a failover that this invocation has just carried out, or failed to.

        Args:
            report: of the failover.
            metrics: of the invocation.
        """
        now = self._runtime.now()
        entry = begun(report.condition, self._settings.pair, now)
        message = compose_failover(entry, report, self._settings, now)
        sent = [channel for channel in Channel if self._sent(message, channel, metrics)]
        parameter = self._read(metrics)
        if parameter is None:
            return
        memory = read_memory(parameter.text)
        worked = {**memory.worked, **self._proven(report)}
        memory = replace(memory, entries={**memory.entries, entry.kind: entry}, worked=worked)
        for channel in sent:
            memory = memory.with_sent(entry, Phase.BEGIN, channel, now)
        self._remember(memory, parameter.version, metrics)

    def _proven(self, report: FailoverReport) -> Mapping[str, str]:
        """Return the mark of a NAT that has taken over, and through which backends had been online before."""
        table = report.condition.active
        if table is None or not any(o.by_passive for o in report.condition.evidence):
            return {}
        return {self._settings.role_of(table): mark(table, self._settings)}

    def _intended(self, parameter: Parameter, findings: Findings) -> tuple[Memory, DueMessages]:
        memory = read_memory(parameter.text)
        if self._kept is not None and self._kept[0] == parameter.version:
            # Which NATs have worked is of use to other invocations only where it is written: that is tried again.
            memory = replace(self._kept[1], worked=memory.worked)
        return memory, plan(memory, findings, self._settings.pair, self._runtime.now())

    def _send_due(self, memory: Memory, due: Due, findings: Findings, metrics: Metrics) -> Memory:
        message = compose(due, findings.now, self._settings, self._runtime.now(), findings.names)
        for channel in due.channels:
            if self._sent(message, channel, metrics):
                memory = memory.with_sent(due.entry, due.phase, channel, self._runtime.now())
        return memory

    def _sent(self, message: Message, channel: Channel, metrics: Metrics) -> bool:
        line = {"subject": message.subject, "channel": channel.value, "incident": message.incident}
        try:
            self._notifications.send(message, channel)
        except (ClientError, BotoCoreError, EventRefusedError) as error:
            line |= {"notification": Delivery.REFUSED.value, "error": error_in_words(error)}
            log.error(f"the {channel.value} has not taken a message", extra=line)  # noqa: TRY400
            metrics.count(Metric.NOT_TOLD)
            return False
        log.info("message sent", extra=line | {"notification": Delivery.SENT.value})
        return True

    def _read(self, metrics: Metrics) -> Parameter | None:
        name = self._settings.told_parameter
        try:
            return self._parameters.read(name)[name]
        except (ClientError, BotoCoreError) as error:
            self._log_failure("what has been told can't be read", name, error, metrics)
            return None

    def _remember(self, memory: Memory, read: int, metrics: Metrics) -> int | None:
        """Write the memory; gives its version, None where it could not be written and this process keeps it."""
        name = self._settings.told_parameter
        try:
            version = self._parameters.write(name, memory.text(), REMEMBER_WITHIN)
        except (ClientError, BotoCoreError) as error:
            self._kept = (read, replace(memory, telling=0.0))
            self._log_failure("what has been told can't be remembered", name, error, metrics)
            return None
        self._kept = None
        return version

    def _is_mine(self, intention: Memory, read: int, written: int, metrics: Metrics) -> bool:
        """Return whether it is for this invocation to tell; where that can't be read it tells, maybe a second time."""
        name = self._settings.told_parameter
        try:
            return self._parameters.is_next(name, read, intention.text(), written)
        except (ClientError, BotoCoreError) as error:
            self._log_failure("what has been told can't be read", name, error, metrics)
            return True

    def _log_failure(self, what: str, about: str, error: Exception, metrics: Metrics) -> None:
        log.error(what, extra={"about": about, "error": error_in_words(error)})
        metrics.count(Metric.NOT_TOLD)
