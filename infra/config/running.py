"""Settings of a pair: who is told, the log, the function, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.config.addresses import ARN, MAIL
from infra.config.choices import LogLevel, about
from infra.config.kinds import ListOf, Tags, one_of, one_of_numbers, whole

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


@dataclass(frozen=True, kw_only=True)
class Running:
    """How the pair is run: who is told, what is kept."""

    mail_addresses: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(MAIL, 0, 50, ["oncall@example.com"]), "Who is told by mail. Each has to confirm a first mail of AWS."
        ),
    )
    alarm_actions: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(ARN, 0, 4, ["arn:aws:sns:eu-central-1:123456789012:oncall"]),
            "ARNs of what the alarms call besides the pair's own topic: another SNS topic, say, or an OpsItem of "
            "Systems Manager.",
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
        metadata=about(whole(128, 10240, "megabytes", 256), "Memory of the function, and with it its processor."),
    )
    function_timeout: int = field(
        default=45, metadata=about(whole(30, 300, "seconds", 45), "When Lambda ends an invocation.")
    )
    tags: Mapping[str, str] = field(
        default_factory=dict, metadata=about(Tags(), "Tags for everything that is made for the pair.")
    )
