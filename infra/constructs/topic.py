"""The topic that people are told through."""

from __future__ import annotations

from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import PairConfig
from infra.names import Names


class PeopleTopic(Construct):
    """An SNS topic that takes messages over TLS only, with its subscriptions by mail.

    Args:
        pair: the pair's configuration.

    Attributes:
        topic: for alarms and further subscriptions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", topic_name=Names(pair.name).plain, enforce_ssl=True)
        for address in pair.mail_addresses:
            sns.CfnSubscription(
                self, f"Mail {address}", topic_arn=self.topic.topic_arn, protocol="email", endpoint=address
            )
