"""What the function has told people since a time, as its log has it: the subjects, not the texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.cli.errors import is_forbidden
from nat_failover.foreign_text import read_json
from nat_failover.telling.channels import Delivery
from nat_failover.telling.memory import Channel

CHANNELS = {Channel.TOPIC.value: "to the topic", Channel.EVENT.value: "as an event"}


@dataclass(frozen=True)
class Sent:
    """A message; ``at`` in seconds since the epoch, ``channels`` those that have taken it."""

    at: float
    subject: str
    channels: tuple[str, ...]

    @property
    def by(self) -> str:
        """Return which way it went."""
        return " and ".join(CHANNELS.get(channel, channel) for channel in self.channels)


@dataclass(frozen=True)
class Mailed:
    """What is known of the messages of a time.

    Attributes:
        sent: in order of time.
        not_taken: when, and what was not sent, with the reason.
        unread: why the log could not be read; empty where it was.
    """

    sent: tuple[Sent, ...] = ()
    not_taken: tuple[tuple[float, str], ...] = ()
    unread: str = ""

    def between(self, begun: float, ended: float) -> Mailed:
        """Return those of a part of the time."""
        return replace(
            self,
            sent=tuple(each for each in self.sent if begun <= each.at < ended),
            not_taken=tuple((at, sentence) for at, sentence in self.not_taken if begun <= at < ended),
        )


def mailed_since(logs: Any, log_group: str, since: float) -> Mailed:
    """Read what the function has told since a time; what can't be read is no error, for it only completes a report.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html

    Args:
        logs: boto3 client.
        log_group: of the function.
        since: seconds since the epoch.
    """
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group, startTime=int(since * 1000))
        return mailed_of(event for page in pages for event in page["events"])
    except (ClientError, BotoCoreError) as error:
        if is_forbidden(error):
            return Mailed(unread=f"you have no permission for logs:FilterLogEvents on {log_group}")
        return Mailed(unread=f"{log_group} can't be read: {error_in_words(error)}")


def mailed_of(events: Iterable[Mapping[str, Any]]) -> Mailed:
    """Return the messages among events of the function's log, the channels of one message put together."""
    sent: dict[tuple[str, str], Sent] = {}
    not_taken: dict[tuple[str, str], tuple[float, str]] = {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        at, line = event["timestamp"] / 1000, _line(event["message"])
        subject, channel, incident = (str(line.get(key, "")) for key in ("subject", "channel", "incident"))
        match line.get("notification"):
            case Delivery.SENT:
                known = sent.setdefault((subject, incident), Sent(at, subject, ()))
                if channel not in known.channels:
                    sent[subject, incident] = replace(known, channels=(*known.channels, channel))
                not_taken.pop((subject, channel), None)
            case Delivery.REFUSED:
                not_taken[subject, channel] = (at, f"{line.get('message')}, {subject!r}: {line.get('error', '')}")
    return Mailed(tuple(sent.values()), tuple(not_taken.values()))


def _line(text: str) -> Mapping[str, Any]:
    try:
        line = read_json(text)
    except ValueError:
        return {}
    return _with_fields(line) if isinstance(line, dict) else {}


def _with_fields(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a line of the log with fields for what functions of before them said in words alone."""
    match line:
        case {"message": "told", "subject": _, "channel": _}:
            return {**line, "notification": Delivery.SENT}
        case {"message": "the topic has not taken a message", "about": subject}:
            return {**line, "notification": Delivery.REFUSED, "channel": Channel.TOPIC.value, "subject": subject}
        case {"message": "the event has not taken a message", "about": subject}:
            return {**line, "notification": Delivery.REFUSED, "channel": Channel.EVENT.value, "subject": subject}
        case _:
            return line
