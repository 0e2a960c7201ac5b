"""SNS, EventBridge, Lambda, CloudWatch Logs and Auto Scaling."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from tests.gate.requests.judged import Arguments, rule

PUBLISH, PUT = "sns:Publish", "events:PutEvents"
CONFIGURE = "lambda:CreateFunction, lambda:UpdateFunctionConfiguration"
LARGEST_MESSAGE, LARGEST_EVENTS, LARGEST_ENVIRONMENT = 262_144, 1_048_576, 4096
SIZE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html"
VARIABLES = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
RUNTIMES_OWN = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API"),
    *("LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}


@rule("R10a", PUBLISH, "A subject has 1 to 99 characters, no control character and no line's end.", "InvalidParameter")
def subject_fits(arguments: Arguments) -> str | None:
    """UTF-8 is taken today; ASCII was the rule before."""
    subject = arguments.get("Subject")
    if subject is None:
        return None
    controls = any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in subject)
    return "Invalid parameter: Subject" if controls or not 0 < len(subject) < 100 else None


@rule("R10b", PUBLISH, "A message by protocol is a JSON object with a default, a string.", "InvalidParameter")
def message_has_a_default(arguments: Arguments) -> str | None:
    """Only where MessageStructure is json."""
    if arguments.get("MessageStructure") != "json":
        return None
    try:
        entries = json.loads(arguments.get("Message") or "")
    except ValueError:
        return "Invalid parameter: Message Structure - JSON message body failed to parse"
    if isinstance(entries, dict) and isinstance(entries.get("default"), str):
        return None
    return "Invalid parameter: Message Structure - No default entry in JSON message body"


@rule("R10c", PUBLISH, "A message has 256 KiB at most, with its attributes.", "InvalidParameter")
def message_fits(arguments: Arguments) -> str | None:
    """A topic's MaximumMessageSize may allow more."""
    attributes = arguments.get("MessageAttributes") or {}
    size = len((arguments.get("Message") or "").encode()) + sum(
        len(name.encode()) + sum(len(v if isinstance(v, bytes) else str(v).encode()) for v in attribute.values())
        for name, attribute in attributes.items()
    )
    return "Invalid parameter: Message too long" if size > LARGEST_MESSAGE else None


@rule("R10d", PUBLISH, "A message is not empty.", "InvalidParameter", "seen: moto #1444")
def message_is_not_empty(arguments: Arguments) -> str | None:
    """The model has no minimum for it."""
    return "Invalid parameter: Empty message" if arguments.get("Message") == "" else None


@rule("R10e", PUBLISH, "A message goes to one topic, target or telephone.", "InvalidParameter")
def message_goes_to_one(arguments: Arguments) -> str | None:
    """Each is required where the two others are not given."""
    given = [name for name in ("TopicArn", "TargetArn", "PhoneNumber") if arguments.get(name)]
    if len(given) == 1:
        return None
    return "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"


@rule("R10f", PUBLISH, "MessageStructure is json, or absent.", "InvalidParameter")
def structure_is_json(arguments: Arguments) -> str | None:
    """The only value that there is."""
    return "Invalid parameter: MessageStructure" if arguments.get("MessageStructure", "json") != "json" else None


def _size(entry: Mapping[str, Any]) -> int:
    """Return the size of an event as EventBridge counts it; its time is 14 bytes."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")] + list(entry.get("Resources") or ())
    return sum(len(str(text).encode()) for text in texts) + (14 if entry.get("Time") else 0)


@rule("R16a", PUT, "All entries together are smaller than 1 MiB.", "ValidationException", f"model; {SIZE}")
def events_fit(arguments: Arguments) -> str | None:
    """Time counts 14 bytes; source, type, detail and resources their UTF-8."""
    large = sum(map(_size, arguments.get("Entries") or ())) >= LARGEST_EVENTS
    return "Total size of the entries in the request is over the limit." if large else None


@rule("R16b", PUT, "Some entry has a source, a type, and a detail that is a JSON object.", "ValidationException")
def events_are_complete(arguments: Arguments) -> str | None:
    """One that lacks any fails by itself; the request fails where all do."""
    entries = arguments.get("Entries") or ()
    return None if not entries or any(map(_complete, entries)) else "No entry has Source, DetailType and Detail."


def _complete(entry: Mapping[str, Any]) -> bool:
    try:
        detail = json.loads(entry.get("Detail") or "")
    except ValueError:
        return False
    return isinstance(detail, dict) and bool(entry.get("Source") and entry.get("DetailType"))


@rule("R16c", PUT, "A type of event has 128 characters at most.", "ValidationException")
def detail_type_fits(arguments: Arguments) -> str | None:
    """A free-form string otherwise."""
    long = [e for e in arguments.get("Entries") or () if len(e.get("DetailType") or "") > 128]
    return "DetailType is longer than 128 characters." if long else None


@rule("R16d", PUT, "No source begins with aws.", "NotAuthorizedForSourceException", "EventBridge user guide, events")
def source_is_ones_own(arguments: Arguments) -> str | None:
    """AWS's own events can't be forged."""
    forged = [e for e in arguments.get("Entries") or () if str(e.get("Source")).startswith("aws.")]
    return "Not authorized for the source." if forged else None


@rule("R17a", CONFIGURE, "A function's variables have 4 KB together.", "InvalidParameterValueException", VARIABLES)
def variables_fit(arguments: Arguments) -> str | None:
    """As JSON, names and all."""
    size = len(json.dumps(_variables(arguments), separators=(",", ":"), ensure_ascii=False).encode())
    if size <= LARGEST_ENVIRONMENT:
        return None
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit."
    )


@rule(
    "R17b", CONFIGURE, "No variable has the name of one of Lambda's own.", "InvalidParameterValueException", VARIABLES
)
def variables_are_free(arguments: Arguments) -> str | None:
    """They are reserved."""
    taken = sorted(set(_variables(arguments)) & RUNTIMES_OWN)
    if not taken:
        return None
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        f"contains reserved keys that are currently not supported for modification. Reserved keys used: {taken}"
    )


def _variables(arguments: Arguments) -> Mapping[str, str]:
    return (arguments.get("Environment") or {}).get("Variables") or {}


@rule(
    "R18a", "logs:FilterLogEvents", "Log streams are named, or their prefix is, not both.", "InvalidParameterException"
)
def streams_are_named_in_one_way(arguments: Arguments) -> str | None:
    """Likewise a log group: by its name or by its identifier."""
    if arguments.get("logStreamNames") and arguments.get("logStreamNamePrefix"):
        return "You can't specify both logStreamNames and logStreamNamePrefix."
    given = [name for name in ("logGroupName", "logGroupIdentifier") if arguments.get(name)]
    return None if len(given) == 1 else "You must specify either logGroupName or logGroupIdentifier, but not both."


COMPLETE = "autoscaling:CompleteLifecycleAction"
GROUPS_API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"


@rule(
    *("R19a", COMPLETE, "The result of a lifecycle action is CONTINUE or ABANDON.", "ValidationError"),
    f"{GROUPS_API}API_CompleteLifecycleAction.html",
)
def result_is_known(arguments: Arguments) -> str | None:
    """The model has no enumeration for it."""
    if arguments.get("LifecycleActionResult") in ("CONTINUE", "ABANDON"):
        return None
    return "Lifecycle action result must be either CONTINUE or ABANDON."


@rule(
    *("R19b", COMPLETE, "A lifecycle action is named by its token, or by the instance.", "ValidationError"),
    f"{GROUPS_API}API_CompleteLifecycleAction.html",
)
def action_is_named(arguments: Arguments) -> str | None:
    """Neither is required by the model."""
    named = arguments.get("LifecycleActionToken") or arguments.get("InstanceId")
    return None if named else "Either a lifecycle action token or an instance ID must be specified."


@rule(
    *("R19c", "autoscaling:DescribeAutoScalingInstances", "At most 50 instances are named.", "ValidationError"),
    f"{GROUPS_API}API_DescribeAutoScalingInstances.html",
)
def instances_are_few(arguments: Arguments) -> str | None:
    """The model's text says so; its shape has no maximum."""
    few = len(arguments.get("InstanceIds") or ()) <= 50
    return None if few else "The number of instance ids that may be passed in is limited to 50."


RULES = (
    *(result_is_known, action_is_named, instances_are_few),
    *(subject_fits, message_has_a_default, message_fits, message_is_not_empty, message_goes_to_one, structure_is_json),
    *(events_fit, events_are_complete, detail_type_fits, source_is_ones_own, variables_fit, variables_are_free),
    streams_are_named_in_one_way,
)
