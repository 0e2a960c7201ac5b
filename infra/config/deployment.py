"""What can be set of how a pair is deployed: who is told, what is logged, how it is secured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.config.addresses import MAIL
from infra.config.choices import LogLevel, about
from infra.config.kinds import ListOf, Tags, matching, one_of, one_of_numbers, whole
from nat_failover.settings import RUNBOOK

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


@dataclass(frozen=True, kw_only=True)
class DeploymentSettings:
    """What is deployed around a pair."""

    mail_addresses: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(MAIL, 0, 50, ["oncall@example.com"]),
            "Who gets mail. Each recipient must confirm a first mail from AWS.",
        ),
    )
    alarm_actions: tuple[str, ...] = field(
        default=(),
        metadata=about(
            # Five, and the topic is one of them:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
            ListOf(
                matching(
                    r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+",
                    "the ARN of something that an alarm can act on",
                    "arn:aws:sns:eu-central-1:123456789012:paging",
                ),
                0,
                4,
                ["arn:aws:sns:eu-central-1:123456789012:paging"],
            ),
            "Targets of the alarms besides the pair's topic, for example the topic of a paging service.",
        ),
    )
    runbook_url: str | None = field(
        default=None,
        metadata=about(
            matching(RUNBOOK, "an https address without a #", "https://git.example.com/nat-failover/RUNBOOK.md"),
            "Where you keep the runbook: mails and alarms then link to their section of it.",
        ),
    )
    log_retention_days: int = field(
        default=90, metadata=about(one_of_numbers(RETENTION, "days", 90), "How long the function's log is kept.")
    )
    log_level: LogLevel = field(
        default=LogLevel.INFO,
        metadata=about(one_of(LogLevel, LogLevel.INFO), "How much the function logs."),
    )
    function_memory: int = field(
        default=256,
        metadata=about(
            whole(128, 10240, "megabytes", 256), "Memory of the function in MB. Lambda gives it CPU in proportion."
        ),
    )
    function_timeout: int = field(
        default=45,
        metadata=about(whole(30, 300, "seconds", 45), "How long an invocation may take before Lambda ends it."),
    )
    reserved_concurrency: int | None = field(
        default=None,
        metadata=about(
            # A failure brings an event of each backend in the sample, and the tick may come with them.
            # https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
            whole(10, 1000, "invocations", 20),
            "How much of the account's concurrency is reserved for this function, so that others can't use it all up. "
            "None by default. The deployment fails unless 100 are left for all others.",
        ),
    )
    permissions_boundary_arn: str | None = field(
        default=None,
        metadata=about(
            matching(
                r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+",
                "the ARN of a managed policy",
                "arn:aws:iam::123456789012:policy/boundary",
            ),
            "Permissions boundary of every role that is made for the pair.",
        ),
    )
    kms_key_arn: str | None = field(
        default=None,
        metadata=about(
            matching(
                r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
                "the ARN of a KMS key",
                "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
            ),
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
            # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
            "Key in the stack's Region that encrypts the topic and the log. Its policy must allow "
            "logs.REGION.amazonaws.com (kms:Encrypt*, Decrypt*, ReEncrypt*, GenerateDataKey*, Describe*), or the "
            "deployment fails; cloudwatch.amazonaws.com (kms:GenerateDataKey*, Decrypt), or alarms reach nobody; "
            "and, as a key's default policy does, the account's IAM policies, or the function's messages reach "
            "nobody.",
        ),
    )
    tags: Mapping[str, str] = field(
        default_factory=dict, metadata=about(Tags(), "Tags for everything that is made for the pair.")
    )
