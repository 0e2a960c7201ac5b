"""Changes the pair's stack a little, and back, as CloudFormation does it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.aws.deployment import until
from tests.aws.ground import FUNCTION, STACKS, Ground

UPDATED_WITHIN = 600.0
# What CDK's bootstrap has made, with the bucket that templates go to:
# https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
TOOLKIT = "CDKToolkit"
DONE = ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED")


class NotChangedError(Exception):
    """The update has not done what it was to do; the message has what became of it."""


def change(ground: Ground) -> str:
    """Give the function another memory by an update of its stack; gives what was changed, for people.

    Raises:
        NotInTimeError: the update takes too long.
        NotChangedError: it has failed.
    """
    client = ground.client("cloudformation")
    body = client.get_template(StackName=STACKS[1], TemplateStage="Original")["TemplateBody"]
    template: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
    functions = [r for r in template["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    (function,) = [f for f in functions if f["Properties"]["FunctionName"] == FUNCTION]
    before = function["Properties"]["MemorySize"]
    for memory in (before + 64, before):
        function["Properties"]["MemorySize"] = memory
        _update(ground, template)
        now = ground.client("lambda").get_function_configuration(FunctionName=FUNCTION)["MemorySize"]
        if now != memory:
            raise NotChangedError(f"the function has {now} MB after an update to {memory}")
    return f"the function had {before + 64} MB for a while"


def _update(ground: Ground, template: dict[str, Any]) -> None:
    client = ground.client("cloudformation")
    parameters = [{"ParameterKey": name, "UsePreviousValue": True} for name in template.get("Parameters", {})]
    with _published(ground, template) as url:
        client.update_stack(
            StackName=STACKS[1],
            TemplateURL=url,
            Parameters=parameters,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        until(lambda: _status(client) in DONE, UPDATED_WITHIN, "the update of the stack", 2)
    if _status(client) != "UPDATE_COMPLETE":
        raise NotChangedError(f"the stack is {_status(client)}")


@contextmanager
def _published(ground: Ground, template: dict[str, Any]) -> Iterator[str]:
    """Put a template where CloudFormation reads it, for a while: in a request it may have 51,200 bytes, ours has more.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html
    """
    (toolkit,) = ground.client("cloudformation").describe_stacks(StackName=TOOLKIT)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in toolkit["Outputs"]}
    s3, key = ground.client("s3"), f"nat-failover-accept-{uuid.uuid4().hex}.json"
    s3.put_object(Bucket=outputs["BucketName"], Key=key, Body=json.dumps(template, separators=(",", ":")).encode())
    try:
        yield f"https://{outputs['BucketDomainName']}/{key}"
    finally:
        s3.delete_object(Bucket=outputs["BucketName"], Key=key)


def _status(client: Any) -> str:
    return str(client.describe_stacks(StackName=STACKS[1])["Stacks"][0]["StackStatus"])
