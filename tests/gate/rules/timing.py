"""What AWS refuses for its rate, delays and forgets."""

from __future__ import annotations

from tests.gate.rules.rule import Rule

_EC2 = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
_AWS_SUPPORT = "AWS Support's word, seen in github-aws-runners/terraform-aws-github-runner#2944"
_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/ssm.html"
_ASYNC = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-delivery-level.html"
_ADDRESSES = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eip-overview.html"
_SEEN_UPDATES = "model; seen in hashicorp/terraform-provider-aws#1082, airbnb/streamalert#682"

RULES: tuple[Rule, ...] = (
    Rule("R7a", "*", "Any page of a list may be short or empty and still have a token.", "", "model"),
    Rule("T1a", "ssm:PutParameter", "3 calls a second for the account.", "ThrottlingException", _AWS_SUPPORT),
    Rule("T1b", "ssm:GetParameter(s)", "40 calls a second for the account.", "ThrottlingException", _QUOTAS),
    Rule(
        "T2",
        "ssm:PutParameter",
        "Two writes of one parameter close together: the second may be refused, and no client tries that again.",
        "TooManyUpdates",
        _SEEN_UPDATES,
    ),
    Rule(
        "T3",
        "ssm:ListCommands, ssm:ListCommandInvocations",
        "About 5 calls a second each, for the account.",
        "ThrottlingException",
        "not documented; seen",
    ),
    Rule("T4a", "ec2:Describe*", "A bucket of 100 for each action, 20 a second.", "RequestLimitExceeded", _EC2),
    Rule(
        "T4b",
        "ec2:DescribeInstances and others",
        "With neither filter nor pages, a bucket of 50, 10 a second.",
        "RequestLimitExceeded",
        _EC2,
    ),
    Rule("T4c", "ec2:*", "Writes: a bucket of 50 for each action, 5 a second.", "RequestLimitExceeded", _EC2),
    Rule(
        "T4d",
        "ec2:ModifyVpcEndpoint and others",
        "Buckets of their own, ModifyVpcEndpoint's of 4 and 0.3 a second.",
        "RequestLimitExceeded",
        _EC2,
    ),
    Rule(
        "T5",
        "*",
        "A write may take effect and its answer be lost: the client, which does not know, writes again.",
        "",
        "botocore/retries/standard.py",
    ),
    Rule("T6a", "ssm:GetParameter(s)", "A parameter just written may be read as it was before.", "", "seen"),
    Rule(
        "T6b",
        "ssm:GetParameter(s)",
        "A parameter just made may be missing.",
        "ParameterNotFound",
        "seen",
    ),
    Rule(
        "T6c",
        "ssm:ListCommands, ssm:ListCommandInvocations",
        "A command just sent, and its invocations, may not be listed.",
        "",
        "seen",
    ),
    Rule(
        "T7a",
        "ec2:AssociateAddress",
        "Whoever loses an Elastic IP gets a public address again only after minutes.",
        "",
        _ADDRESSES,
    ),
    Rule(
        "T7b",
        "ec2:AssociateAddress",
        "Whoever loses an Elastic IP and has a second network interface gets no public address again.",
        "",
        _ADDRESSES,
    ),
    Rule("T7c", "ec2:AssociateAddress", "Whoever gets an Elastic IP loses the address it had.", "", _ADDRESSES),
    Rule("T8a", "aws.ssm event", "A status change may never be told.", "", _EVENTS),
    Rule("T8b", "aws.ssm event", "A status change may be told twice.", "", _EVENTS),
    Rule("T8c", "aws.ssm event", "A status change may be told minutes late.", "", _EVENTS),
    Rule("T8d", "lambda:Invoke", "An event may invoke the function twice, with the same request id.", "", _ASYNC),
    Rule(
        "T9a",
        "lambda:Invoke",
        "An asynchronous invocation that fails is made again after 1 and after 2 more minutes, with the same id.",
        "",
        _ASYNC,
    ),
    Rule(
        "T9b",
        "sns:Publish",
        "Nothing is mailed to an address that has not confirmed its subscription.",
        "",
        "https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html",
    ),
)
