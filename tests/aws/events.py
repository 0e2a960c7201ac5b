"""A queue that hears the status-change events of one document, for as long as it is needed."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import ExitStack
from typing import Any

from tests.aws.deployment import until
from tests.aws.ground import Ground

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html: a new rule takes a while
IN_FORCE_AFTER = 30.0
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html: for long polling
WAIT = 1


class Listener:
    """A rule and its queue, both made for this and removed after it.

    Args:
        ground: the account.
        document: name of the document.

    Attributes:
        events: the details of all events so far, and when each came.
    """

    def __init__(self, ground: Ground, document: str) -> None:
        self._name = f"nat-failover-accept-{uuid.uuid4().hex[:8]}"
        self._sqs: Any = ground.client("sqs")
        self._events: Any = ground.client("events")
        self._document = document
        self.events: list[tuple[dict[str, Any], float]] = []

    def __enter__(self) -> Listener:
        """Make both, and wait until events come."""
        with ExitStack() as made:
            pattern = {"source": ["aws.ssm"], "detail": {"document-name": [self._document]}}
            rule = self._events.put_rule(Name=self._name, EventPattern=json.dumps(pattern))["RuleArn"]
            made.callback(self._events.delete_rule, Name=self._name)
            # The policy comes with the queue: a change of it may take a minute.
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
            arn = queue_arn(rule, self._name)
            policy = json.dumps(_policy(arn, rule))
            self._queue = self._sqs.create_queue(QueueName=self._name, Attributes={"Policy": policy})["QueueUrl"]
            made.callback(self._sqs.delete_queue, QueueUrl=self._queue)
            answer = self._events.put_targets(Rule=self._name, Targets=[{"Id": "queue", "Arn": arn}])
            if answer["FailedEntryCount"]:
                raise RuntimeError(f"EventBridge has not taken the queue: {answer['FailedEntries']}")
            made.callback(self._events.remove_targets, Rule=self._name, Ids=["queue"])
            time.sleep(IN_FORCE_AFTER)
            self._made = made.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove both."""
        self._made.close()

    def came_at(self, command: str, within: float) -> float:
        """Wait for the event of a command that has succeeded or failed; gives when it came.

        Raises:
            NotInTimeError: it has not come.
        """

        def found() -> list[float]:
            return [
                at
                for detail, at in self.events
                if detail["command-id"] == command and detail["status"] in ("Success", "Failed")
            ]

        def came() -> bool:
            response = self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=WAIT, MaxNumberOfMessages=10)
            for message in response.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                self.events.append((json.loads(message["Body"])["detail"], time.time()))
            return bool(found())

        until(came, within, f"the event of the command {command}")
        return found()[0]


def queue_arn(rule: str, name: str) -> str:
    """Return the ARN of a queue in the account and region of a rule."""
    _, partition, _, region, account, _ = rule.split(":", 5)
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


def _policy(queue: str, rule: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
