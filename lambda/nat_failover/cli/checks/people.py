"""Pure checks of who is told."""

from __future__ import annotations

from nat_failover.cli.checks.finding import BRING_BACK, Findings, quoted, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.telling.alarm_description import wrong_by


def subscriptions(s: Snapshot) -> Findings:
    """Nobody subscribed, or somebody who has not confirmed."""
    if s.subscriptions is None:
        return
    # Whoever has unsubscribed is listed for days, with this in place of an ARN: seen in ansible/ansible#20086.
    there = [raw for raw in s.subscriptions if raw.get("SubscriptionArn") != "Deleted"]
    pending = [raw for raw in there if raw.get("SubscriptionArn") == "PendingConfirmation"]
    for raw in pending:
        yield warning(
            "unconfirmed",
            f"{raw.get('Endpoint')} has not confirmed the subscription by {raw.get('Protocol')}",
            "nothing reaches them",
            f"confirm the mail from AWS, or have it sent again:\naws sns subscribe --topic-arn {s.settings.topic} "
            f"--protocol {quoted(str(raw.get('Protocol')))} "
            f"--notification-endpoint {quoted(str(raw.get('Endpoint')))}{s.options}",
        )
    if len(there) == len(pending):
        yield warning(
            "nobody-told",
            "nobody is subscribed to the pair's topic" if not pending else "no subscription to the topic is confirmed",
            "a failover, or one that is needed, goes unnoticed",
            f"set mailAddresses and cdk deploy, or:\naws sns subscribe --topic-arn {s.settings.topic} --protocol email "
            f"--notification-endpoint you@example.com{s.options}",
        )


def alarms(s: Snapshot) -> Findings:
    """Alarms that fire, that tell nobody, or that are not there."""
    if s.alarms is None:
        return
    if not s.alarms:
        yield warning("no-alarms", "the pair has no alarms", "trouble goes unnoticed", BRING_BACK)
    for raw in s.alarms:
        name = raw["AlarmName"]
        if raw.get("StateValue") == "ALARM":
            yield warning(
                "alarm",
                f"alarm {name} is firing",
                wrong_by(str(raw.get("AlarmDescription", "")), s.pair.name) or "see its description",
                f"aws cloudwatch describe-alarms --alarm-names {quoted(name)} "
                f"--query 'MetricAlarms[].AlarmDescription' --output text{s.options}",
            )
        if not raw.get("ActionsEnabled", True):
            yield warning(
                "alarm-mute",
                f"the actions of alarm {name} are disabled",
                "it tells nobody",
                f"aws cloudwatch enable-alarm-actions --alarm-names {quoted(name)}{s.options}",
            )


CHECKS = (subscriptions, alarms)
