"""SNS: messages to people."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from nat_failover.messages import Message
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Notifications:
    """The pair's topic.

    Args:
        client: makes the boto3 client; only called when there is something to tell, for that is rare and a client
            takes time to make.
        settings: names the topic.
    """

    def __init__(self, client: Callable[[], SNSClient], settings: Settings) -> None:
        self._client = client
        self._settings = settings

    @cached_property
    def _sns(self) -> SNSClient:
        return self._client()

    def publish(self, message: Message) -> None:
        """Tell people.

        Raises:
            botocore.exceptions.ClientError: SNS refuses.
        """
        self._sns.publish(TopicArn=self._settings.topic, Subject=message.subject, Message=message.text)
