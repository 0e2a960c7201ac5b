"""The topic that people are told through."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import PairConfig
from nat_failover.names import Names


class PeopleTopic(Construct):
    """An SNS topic that takes messages over TLS only, with its subscriptions by mail.

    A policy of its own takes the place of the default one, so it has to let the account's alarms publish; the function
    may by its role.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html

    Args:
        pair: the pair's configuration.

    Attributes:
        topic: for alarms and further subscriptions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig) -> None:
        super().__init__(scope, construct_id)
        key = None if pair.kms_key_arn is None else kms.Key.from_key_arn(self, "Key", pair.kms_key_arn)
        self.topic = sns.Topic(self, "Topic", topic_name=Names(pair.name).plain, enforce_ssl=True, master_key=key)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        for address in pair.mail_addresses:
            sns.CfnSubscription(
                self, f"Mail {address}", topic_arn=self.topic.topic_arn, protocol="email", endpoint=address
            )
