"""How each service says that a request breaks its model: code and message."""

from __future__ import annotations

from collections.abc import Sequence

from tests.gate.requests.constraints import Violation
from tests.gate.requests.judged import Refusal
from tests.gate.rules.rule import Rule

TRAITS = "model; https://smithy.io/2.0/spec/constraint-traits.html"
VALIDATION = (
    "ValidationException; EC2: InvalidParameterValue; SNS: InvalidParameter; IAM, CloudFormation: ValidationError"
)
MISSING = "ValidationException; EC2: MissingParameter; SNS: InvalidParameter; IAM, CloudFormation: ValidationError"
# By the kind of violation.
MECHANICAL = {
    "pattern": Rule("R3a", "*", "Every string matches the model's pattern, from end to end.", VALIDATION, TRAITS),
    "length": Rule("R3b", "*", "Every string, list and map has a length between the model's.", VALIDATION, TRAITS),
    "range": Rule("R3c", "*", "Every number is between the model's.", VALIDATION, TRAITS),
    "enum": Rule("R3d", "*", "Every string of an enumeration is one of its values.", VALIDATION, TRAITS),
    "required": Rule("R3e", "*", "Every required member is there.", MISSING, TRAITS),
    "unknown": Rule("R3f", "*", "No member is there that the model does not know.", "UnknownParameter", TRAITS),
    "type": Rule("R3g", "*", "Every member has the model's type.", "SerializationException", TRAITS),
}
CODES = {
    "ec2": "InvalidParameterValue",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "s3": "InvalidArgument",
    "logs": "InvalidParameterException",
    **dict.fromkeys(("iam", "sts", "cloudformation", "cloudwatch", "autoscaling"), "ValidationError"),
}


def refusal(service: str, violations: Sequence[Violation]) -> Refusal:
    """Return what a service answers to a request that breaks its model.

    What AWS really answers where that is known, which is for everything but the ranges of EC2.

    Args:
        service: as boto3 names it.
        violations: at least one.
    """
    code, message = _code_and_message(service, violations)
    return Refusal(MECHANICAL[violations[0].kind].id, code, message)


def _code_and_message(service: str, violations: Sequence[Violation]) -> tuple[str, str]:
    first, code = violations[0], CODES.get(service, "ValidationException")
    name = _api(first.path)
    match first.kind, service:
        case "unknown", _:
            answer = "UnknownParameter", f"The parameter {first.path} is not recognized"
        case "type", _:
            answer = "SerializationException", f"{name}: {first.constraint}"
        case "required", "ec2":
            answer = "MissingParameter", f"The request must contain the parameter {name}"
        case _, "ec2":
            answer = code, f"Value ({first.value}) for parameter {name} is invalid. {first.constraint}"
        case "required", "sns":
            answer = code, f"Invalid parameter: {first.path} Reason: no value for required parameter"
        case _, "sns" | "sqs" | "s3":
            answer = code, f"Invalid parameter: {first.path} Reason: {first.constraint}"
        case _:
            plural = "error" if len(violations) == 1 else "errors"
            answer = code, f"{len(violations)} validation {plural} detected: {'; '.join(map(_constraint, violations))}"
    return answer


def _constraint(violation: Violation) -> str:
    """Return a violation as AWS's framework tells it: with members of lists, and null for what is missing."""
    path = _api(".".join(_steps(violation.path)))
    quoted = "null" if violation.value is None else f"'{violation.value}'"
    value = "" if violation.sensitive else f"{quoted} "
    return f"Value {value}at '{path}' failed to satisfy constraint: {violation.constraint}"


def _steps(path: str) -> list[str]:
    made: list[str] = []
    for step in path.split("."):
        made += [step, "member"] if step.isdigit() else [_api(step)]
    return made


def _api(name: str) -> str:
    return name[:1].lower() + name[1:]
