"""Run Command, its documents and the instances that it knows."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from tests.gate.requests.judged import Arguments, rule

INFORMATION = "ssm:DescribeInstanceInformation"
SEND = "ssm:SendCommand"
LISTS = "ssm:ListCommands, ssm:ListCommandInvocations"
DOCUMENTS = "ssm:CreateDocument, ssm:UpdateDocument"
LARGEST_DOCUMENT = 64 * 1024
KEYS = {
    *("ActivationIds", "AgentVersion", "AssociationStatus", "IamRole", "InstanceIds", "PingStatus", "PlatformTypes"),
    *("ResourceType", "SourceIds", "SourceTypes", "tag-key"),
}
VALUES = {
    "PingStatus": {"Online", "ConnectionLost", "Inactive"},
    "PlatformTypes": {"Windows", "Linux", "MacOS"},
    "ResourceType": {"EC2Instance", "ManagedInstance"},
    "AssociationStatus": {"Success", "Pending", "Failed"},
}
INSTANCE = re.compile(r"i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17}")
STATUSES = {
    *("Pending", "InProgress", "Success", "Cancelled", "Failed", "TimedOut", "AccessDenied", "DeliveryTimedOut"),
    "ExecutionTimedOut",
}
OF_COMMANDS = STATUSES | {"Incomplete", "NoInstancesInTag", "LimitExceeded"}
OF_INVOCATIONS = STATUSES | {"Delayed", "Undeliverable", "InvalidPlatform", "Terminated"}
RESERVED = ("aws", "amazon", "amzn", "AWSEC2", "AWSConfigRemediation", "AWSSupport")


def _filters(arguments: Arguments, key: str = "Key") -> list[tuple[str, Any]]:
    return [(str(each.get(key)), each) for each in arguments.get("Filters") or ()]


@rule(
    *("R2a", INFORMATION, "A tag filter can't be combined with any other filter type.", "ValidationException"),
    "model; seen: danmx/sigil #61",
)
def tag_filters_go_alone(arguments: Arguments) -> str | None:
    """Several tags may be asked for together."""
    kinds = {key == "tag-key" or key.startswith("tag:") for key, _ in _filters(arguments)}
    return "Cannot mix tag or inventory filter with any other filter." if len(kinds) == 2 else None


@rule("R2b", INFORMATION, "An InstanceIds filter has ids of instances only.", "InvalidInstanceId")
def filtered_ids_are_ids(arguments: Arguments) -> str | None:
    """One that is well-formed, but not managed, is not listed."""
    ids = [i for key, each in _filters(arguments) if key == "InstanceIds" for i in each.get("Values") or ()]
    wrong = [i for i in ids if not INSTANCE.fullmatch(i)]
    return f"Invalid instance ids: {wrong}" if wrong else None


@rule(
    "R2c",
    INFORMATION,
    "Filters and the legacy InstanceInformationFilterList exclude each other.",
    "ValidationException",
)
def one_kind_of_filters(arguments: Arguments) -> str | None:
    """One of the two is deprecated."""
    both = arguments.get("Filters") and arguments.get("InstanceInformationFilterList")
    return "Filters and InstanceInformationFilterList can't be used together." if both else None


@rule("R2d", INFORMATION, "A filter's key is one of eleven, or tag: and a key.", "InvalidFilterKey")
def filter_is_known(arguments: Arguments) -> str | None:
    """See the member's documentation."""
    wrong = [key for key, _ in _filters(arguments) if key not in KEYS and not key.startswith("tag:")]
    return f"The filter key {wrong[0]} is not valid." if wrong else None


@rule("R2e", INFORMATION, "A filter's value is one of those that its key has.", "InvalidInstanceInformationFilterValue")
def filter_value_is_known(arguments: Arguments) -> str | None:
    """See the member's documentation."""
    wrong = [
        value
        for key, each in _filters(arguments)
        for value in each.get("Values") or ()
        if key in VALUES and value not in VALUES[key]
    ]
    return f"The filter value {wrong[0]} is not valid." if wrong else None


@rule(
    *("R2f", INFORMATION, "A ResourceType filter has one value.", "InvalidInstanceInformationFilterValue"),
    "seen: boto/boto3 #3027",
)
def one_type_of_resource(arguments: Arguments) -> str | None:
    """Though the member is a list."""
    many = any(key == "ResourceType" and len(each.get("Values") or ()) > 1 for key, each in _filters(arguments))
    return "ResourceType filter may contain only one value." if many else None


@rule("R15a", SEND, "A command has either InstanceIds or Targets.", "ValidationException")
def hosts_are_named_in_one_way(arguments: Arguments) -> str | None:
    """Targets may be found by their tags."""
    given = [name for name in ("InstanceIds", "Targets") if arguments.get(name)]
    return None if len(given) == 1 else "Specify either InstanceIds or Targets."


@rule("R15b", SEND, "No instance is named twice.", "DuplicateInstanceId")
def hosts_are_named_once(arguments: Arguments) -> str | None:
    """The whole command is refused."""
    ids = list(arguments.get("InstanceIds") or ())
    twice = sorted({i for i in ids if ids.count(i) > 1})
    return f"Duplicate instance ids: {twice}" if twice else None


@rule("R15c", SEND, "A hash of the document comes with its type.", "ValidationException")
def hash_has_a_type(arguments: Arguments) -> str | None:
    """Sha256 or the deprecated Sha1."""
    alone = arguments.get("DocumentHash") and not arguments.get("DocumentHashType")
    return "DocumentHashType is required with DocumentHash." if alone else None


@rule("R15d", LISTS, "InvokedAfter and InvokedBefore are times like 2024-07-07T00:00:00Z.", "ValidationException")
def times_are_times(arguments: Arguments) -> str | None:
    """Fractions and offsets are in no example."""
    times = [each.get("value", "") for key, each in _filters(arguments, "key") if key.startswith("Invoked")]
    wrong = [text for text in times if not re.fullmatch(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ", text)]
    return f"The timestamp {wrong[0]} is not valid." if wrong else None


@rule("R15e", "ssm:ListCommandInvocations", "The filter ExecutionStage is for ListCommands only.", "InvalidFilterKey")
def stages_are_of_commands(arguments: Arguments) -> str | None:
    """See the member's documentation."""
    staged = any(key == "ExecutionStage" for key, _ in _filters(arguments, "key"))
    return "The filter ExecutionStage can't be used with ListCommandInvocations." if staged else None


def _statuses(arguments: Arguments, known: set[str]) -> str | None:
    given = [each.get("value") for key, each in _filters(arguments, "key") if key == "Status"]
    wrong = [value for value in given if value not in known]
    return f"The status {wrong[0]} is not valid." if wrong else None


@rule("R15f", "ssm:ListCommands", "A Status filter has a status that commands have.", "ValidationException")
def status_is_of_commands(arguments: Arguments) -> str | None:
    """Delayed, for one, is a status of invocations."""
    return _statuses(arguments, OF_COMMANDS)


@rule(
    "R15g", "ssm:ListCommandInvocations", "A Status filter has a status that invocations have.", "ValidationException"
)
def status_is_of_invocations(arguments: Arguments) -> str | None:
    """Incomplete, for one, is a status of commands."""
    return _statuses(arguments, OF_INVOCATIONS)


@rule("R15h", "ssm:ListCommands", "InstanceId goes with no Status of Pending.", "ValidationException")
def pending_is_nowhere_yet(arguments: Arguments) -> str | None:
    """A pending command has not reached the instance."""
    pending = any(key == "Status" and each.get("value") == "Pending" for key, each in _filters(arguments, "key"))
    return "InstanceId can't be used with a status of Pending." if pending and arguments.get("InstanceId") else None


@rule("R6a", DOCUMENTS, "A document has 64 KiB at most.", "MaxDocumentSizeExceeded")
def document_fits(arguments: Arguments) -> str | None:
    """Parameters that are given at runtime count, too."""
    large = len(str(arguments.get("Content", "")).encode()) > LARGEST_DOCUMENT
    return "The content of the document exceeds 64 KB." if large else None


@rule("R6b", DOCUMENTS, "A document is what its format says, with a schema's version.", "InvalidDocumentContent")
def document_can_be_read(arguments: Arguments) -> str | None:
    """JSON unless another format is named."""
    kind = arguments.get("DocumentFormat", "JSON")
    if kind == "TEXT":
        return None
    try:
        content = (json.loads if kind == "JSON" else yaml.safe_load)(str(arguments.get("Content", "")))
    except (ValueError, yaml.YAMLError) as error:
        return f"{kind} not well-formed. {error}"
    return None if isinstance(content, dict) and "schemaVersion" in content else "The document has no schemaVersion."


@rule("R6c", "ssm:CreateDocument", "A document's name does not begin with aws, amazon or amzn.", "ValidationException")
def document_name_is_free(arguments: Arguments) -> str | None:
    """They are reserved; the code is not documented."""
    name = str(arguments.get("Name", "")).lower()
    return f"The document name {name} is reserved." if name.startswith(tuple(p.lower() for p in RESERVED)) else None


RULES = (
    *(tag_filters_go_alone, filtered_ids_are_ids, one_kind_of_filters, filter_is_known, filter_value_is_known),
    one_type_of_resource,
    *(document_fits, document_can_be_read, document_name_is_free),
    *(hosts_are_named_in_one_way, hosts_are_named_once, hash_has_a_type, times_are_times, stages_are_of_commands),
    *(status_is_of_commands, status_is_of_invocations, pending_is_nowhere_yet),
)
