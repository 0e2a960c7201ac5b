"""SNS and EventBridge: messages to people, and to what pages and chats."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from nat_failover.names import EVENT_SOURCE
from nat_failover.settings import Settings
from nat_failover.telling.memory import Channel
from nat_failover.telling.message import Message

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

# By this and its source a rule finds the events.
DETAIL_TYPE = "NAT Failover Message"


class Delivery(StrEnum):
    """What became of a message in one channel, as the function's log has it."""

    SENT = "sent"
    REFUSED = "refused"


class EventRefusedError(Exception):
    """EventBridge has taken the call but not the event."""


class Notifications:
    """The pair's topic, and the account's default event bus.

    Args:
        sns: makes the boto3 client; only called when there is something to tell, for that is rare and a client takes
            time to make.
        events: likewise.
        settings: names the topic.
    """

    def __init__(
        self, sns: Callable[[], SNSClient], events: Callable[[], EventBridgeClient], settings: Settings
    ) -> None:
        self._make_sns = sns
        self._make_events = events
        self._settings = settings

    @cached_property
    def _sns(self) -> SNSClient:
        return self._make_sns()

    @cached_property
    def _events(self) -> EventBridgeClient:
        return self._make_events()

    def send(self, message: Message, channel: Channel) -> None:
        """Send a message through one channel.

        Raises:
            botocore.exceptions.ClientError: AWS refuses.
            botocore.exceptions.BotoCoreError: AWS can't be reached.
            EventRefusedError: EventBridge does not take the event.
        """
        match channel:
            case Channel.TOPIC:
                self._publish(message)
            case Channel.EVENT:
                self._put(message)
            case _:
                assert_never(channel)

    def _publish(self, message: Message) -> None:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html: a subscription may filter by them.
        attributes = {
            "pair": message.pair,
            "kind": message.kind.value,
            "phase": message.phase.value,
            "severity": message.severity.value,
        }
        self._sns.publish(
            TopicArn=self._settings.topic,
            Subject=message.subject,
            Message=message.by_protocol,
            MessageStructure="json",
            MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        )

    def _put(self, message: Message) -> None:
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        answer = self._events.put_events(
            Entries=[
                {
                    "Source": EVENT_SOURCE,
                    "DetailType": DETAIL_TYPE,
                    "Detail": json.dumps(message.detail, separators=(",", ":")),
                    "Resources": [self._settings.topic],
                }
            ]
        )
        if answer["FailedEntryCount"]:
            (entry,) = answer["Entries"]
            raise EventRefusedError(f"{entry.get('ErrorCode', 'Unknown')}: {entry.get('ErrorMessage', '')}")
