"""Faults of the function and of what belongs to it: lock, rules, role, people, alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.cli.beside import FUNCTION, LOG_GROUP, LOG_STREAM
from tests.cli.deployed import Deployment
from tests.cli.planted.reading import Undo
from tests.lab.cloud.sessions import listed


def lock(value: str) -> Callable[[Deployment], Undo]:
    """Somebody wrote something into the lock."""

    def plant(d: Deployment) -> Undo:
        d.aws.write_lock(value)
        return d.rearm

    return plant


def reserved(count: int) -> Callable[[Deployment], Undo]:
    """Somebody limited the function's concurrency."""

    def plant(d: Deployment) -> Undo:
        client = d.aws.client("lambda")
        client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=count)
        return lambda: client.delete_function_concurrency(FunctionName=FUNCTION)

    return plant


def _rule(d: Deployment, key: str) -> str:
    return str(next(rule["Name"] for rule in d.aws.client("events").list_rules()["Rules"] if rule.get(key)))


def disabled(key: str) -> Callable[[Deployment], Undo]:
    """Somebody disabled a rule."""

    def plant(d: Deployment) -> Undo:
        events, name = d.aws.client("events"), _rule(d, key)
        events.disable_rule(Name=name)
        return lambda: events.enable_rule(Name=name)

    return plant


def no_schedule(d: Deployment) -> Undo:
    """The schedule's target was removed."""
    events, name = d.aws.client("events"), _rule(d, "ScheduleExpression")
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
    return lambda: events.put_targets(Rule=name, Targets=targets)


def forbidden_rule(d: Deployment) -> Undo:
    """The schedule lost its permission to invoke the function."""
    client, name = d.aws.client("lambda"), _rule(d, "ScheduleExpression")
    statements = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])["Statement"]
    (mine,) = (s for s in statements if s["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(f"/{name}"))
    client.remove_permission(FunctionName=FUNCTION, StatementId=mine["Sid"])
    return lambda: client.add_permission(
        FunctionName=FUNCTION,
        StatementId=mine["Sid"],
        Action=mine["Action"],
        Principal="events.amazonaws.com",
        SourceArn=mine["Condition"]["ArnLike"]["AWS:SourceArn"],
    )


def no_tick(d: Deployment) -> Undo:
    """The function has not looked for long."""
    logs = d.aws.client("logs")
    logs.delete_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    return d.tick


def observing(d: Deployment) -> Undo:
    """The pair was deployed to look on."""
    d.configure(MODE="observe")
    return d.configure


def no_document(d: Deployment) -> Undo:
    """Somebody deleted the document that looks at a NAT."""
    name, content = _document(d, "inspect")
    d.aws.client("ssm").delete_document(Name=name)
    return lambda: _make(d, name, content)


def another_version(d: Deployment) -> Undo:
    """Somebody added a version to the document that looks at a NAT."""
    ssm, (name, content) = d.aws.client("ssm"), _document(d, "inspect")
    ssm.update_document(Name=name, Content=content.replace("set -u", "set -ux"), DocumentVersion="$LATEST")

    def put_right() -> None:
        ssm.delete_document(Name=name)
        _make(d, name, content)

    return put_right


def another_document(d: Deployment) -> Undo:
    """Somebody deleted the probe's document, and made another by its name."""
    ssm, (name, content) = d.aws.client("ssm"), _document(d, "probe")
    ssm.delete_document(Name=name)
    _make(d, name, content.replace("set -u", "set -ux"))

    def put_right() -> None:
        ssm.delete_document(Name=name)
        _make(d, name, content)

    return put_right


def _document(d: Deployment, which: str) -> tuple[str, str]:
    ssm = d.aws.client("ssm")
    mine = listed(ssm, "list_documents", "DocumentIdentifiers", Filters=[{"Key": "Owner", "Values": ["Self"]}])
    (name,) = [each["Name"] for each in mine if f"-{which}-" in each["Name"]]
    return name, ssm.get_document(Name=name)["Content"]


def _make(d: Deployment, name: str, content: str) -> None:
    d.aws.client("ssm").create_document(Name=name, Content=content, DocumentType="Command")


def role(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[Deployment], Undo]:
    """Somebody changed the policy of the function's role."""

    def plant(d: Deployment) -> Undo:
        iam, client = d.aws.client("iam"), d.aws.client("lambda")
        name = client.get_function_configuration(FunctionName=FUNCTION)["Role"].rsplit("/", 1)[-1]
        before = iam.get_role_policy(RoleName=name, PolicyName="pair")["PolicyDocument"]

        def put(policy: dict[str, Any]) -> None:
            iam.put_role_policy(RoleName=name, PolicyName="pair", PolicyDocument=json.dumps(policy))

        put({**before, "Statement": change(before["Statement"])})
        return lambda: put(before)

    return plant


def unconfirmed(d: Deployment) -> Undo:
    """Somebody was subscribed and has not confirmed."""
    return _subscribed(d, "pending@example.com")


def _subscribed(d: Deployment, address: str) -> Undo:
    sns = d.aws.client("sns")
    made = sns.subscribe(TopicArn=d.setting("TOPIC"), Protocol="email", Endpoint=address, ReturnSubscriptionArn=True)
    return lambda: sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])


def nobody_confirmed(d: Deployment) -> Undo:
    """The pair was deployed a moment ago, with one address, whose owner has not looked into the mail yet."""
    again, undo = unsubscribed(d), unconfirmed(d)

    def put_right() -> None:
        undo()
        again()

    return put_right


def unsubscribed(d: Deployment) -> Undo:
    """The last one unsubscribed."""
    sns = d.aws.client("sns")
    for subscription in listed(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=d.setting("TOPIC")):
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    return lambda: sns.subscribe(TopicArn=d.setting("TOPIC"), Protocol="email", Endpoint="oncall@example.com")


def alarm(d: Deployment) -> Undo:
    """An alarm fires."""
    watch, name = d.aws.client("cloudwatch"), f"{FUNCTION}-control-down"
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    return lambda: watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
