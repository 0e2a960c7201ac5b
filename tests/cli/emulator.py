"""The emulated account of tests/e2e, with what only people ask of AWS: answers that moto has not, and refusals.

An access key that begins with ``maynot-`` is refused the action that it goes on with, as in ``maynot-DescribeAlarms``;
``stranger`` is known to nobody. A mail address that begins with ``pending`` has not confirmed its subscription.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from moto.awslambda import urls
from moto.cloudformation.responses import CloudFormationResponse, StackResourceDTO
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.responses import IamResponse
from moto.sns.responses import SNSResponse

from tests.e2e.emulator import REPLACED
from tests.e2e.emulator import main as serve
from tests.gate import moto_hook
from tests.iam.evaluator import Request, allowing

CAROL = "arn:aws:iam::123456789012:user/carol"
KEY = re.compile(r"Credential=([^/]+)/")
LIMITS = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}, "AccountUsage": {}}

# How many resources DescribeStackResources gives at most, without a token for the rest; and a page of the list.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
MOST_RESOURCES = 100

moto_hook.install()
_describe_stack_resources = CloudFormationResponse.describe_stack_resources
_list_stack_resources = CloudFormationResponse.list_stack_resources
_list_subscriptions = SNSResponse.list_subscriptions_by_topic


def _authorize(response: Any, resource: str = "*") -> None:
    del resource
    match = KEY.search(response.headers.get("Authorization", ""))
    key = match[1] if match else ""
    action = response._get_action()
    if key == "stranger":
        raise JsonRESTError("UnrecognizedClientException", "The security token included in the request is invalid.")
    if key == f"maynot-{action}":
        service = {"awslambda": "lambda"}.get(response.service_name, response.service_name)
        if service in ("lambda", "ssm", "events", "logs"):
            message = f"User: {CAROL} is not authorized to perform: {service}:{action}"
            raise JsonRESTError("AccessDeniedException", message)
        raise AccessDeniedError(CAROL, f"{service}:{action}")


def _simulate(response: Any) -> ActionResult:
    role = response._get_param("PolicySourceArn").rsplit("/", 1)[-1]
    backend = response.backend
    documents = [backend.get_role_policy(role, name)[1] for name in backend.list_role_policies(role)]
    documents += [p.document for p in backend.get_role(role).managed_policies.values()]
    statements = [s for document in documents for s in _parsed(document)["Statement"]]
    context = {e["ContextKeyName"]: e["ContextKeyValues"][0] for e in response._get_param("ContextEntries") or []}
    results = [
        {"EvalActionName": a, "EvalResourceName": r, "EvalDecision": _decision(statements, Request(a, r, context))}
        for a in response._get_param("ActionNames")
        for r in response._get_param("ResourceArns")
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _decision(statements: list[Mapping[str, Any]], request: Request) -> str:
    if allowing(statements, request):
        return "allowed"
    denials = [{**s, "Effect": "Allow"} for s in statements if s["Effect"] == "Deny"]
    return "explicitDeny" if allowing(denials, request) else "implicitDeny"


def _parsed(document: Any) -> Any:
    """Give a policy, which moto keeps as a Python literal where it came out of a template."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except ValueError:
        return ast.literal_eval(document)


def _resources_by_name(response: Any) -> ActionResult:
    wanted = response._get_param("PhysicalResourceId")
    if wanted is None:
        return _describe_stack_resources(response)
    for stack in response.cloudformation_backend.list_stacks():
        resources = [StackResourceDTO(stack, resource) for resource in stack.stack_resources]
        if any(resource.physical_resource_id == wanted for resource in resources):
            return ActionResult({"StackResources": resources[:MOST_RESOURCES]})
    return _describe_stack_resources(response)


def _resources_in_pages(response: Any) -> ActionResult:
    """Give a page of a stack's resources."""
    whole: Any = _list_stack_resources(response).result
    begin = int(response._get_param("NextToken") or 0)
    end = begin + MOST_RESOURCES
    summaries = whole["StackResourceSummaries"]
    more = {"NextToken": str(end)} if end < len(summaries) else {}
    return ActionResult({"StackResourceSummaries": summaries[begin:end], **more})


def _subscriptions(response: Any) -> ActionResult:
    result: Any = _list_subscriptions(response).result
    listed = [
        {
            "SubscriptionArn": "PendingConfirmation" if s.endpoint.startswith("pending") else s.arn,
            "Endpoint": s.endpoint,
            "Protocol": s.protocol,
            "TopicArn": s.topic.arn,
        }
        for s in result["Subscriptions"]
    ]
    return ActionResult({**result, "Subscriptions": listed})


def _limits(*_: Any, **__: Any) -> tuple[int, dict[str, str], str]:
    return 200, {"Content-Type": "application/json"}, json.dumps(LIMITS)


ANSWERS: tuple[tuple[type, str, object], ...] = (
    (BaseResponse, "_authenticate_and_authorize_normal_action", _authorize),
    (IamResponse, "simulate_principal_policy", _simulate),
    (CloudFormationResponse, "describe_stack_resources", _resources_by_name),
    (CloudFormationResponse, "list_stack_resources", _resources_in_pages),
    (SNSResponse, "list_subscriptions_by_topic", _subscriptions),
)
PATHS = {r"{0}/(?P<api_version>[^/]+)/account-settings/?$": _limits}


def main() -> None:
    """Serve; see tests.e2e.emulator."""
    for owner, name, replacement in ANSWERS:
        setattr(owner, name, replacement)
    urls.url_paths.update(PATHS)
    assert REPLACED
    serve()


if __name__ == "__main__":
    main()
