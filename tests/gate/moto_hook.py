"""Puts the gate before moto: in this process and in a server, for every service, whoever asks.

What moto answers passes here first, with the arguments as botocore's model has them. What a test's own handler answers
before botocore sends it does not; whoever answers that asks ``admit`` himself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import moto.cloudformation.models as cloudformation_models
import moto.cloudformation.responses as cloudformation_responses
import yaml
from botocore.exceptions import ClientError
from botocore.session import get_session
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.utils import filter_dict_attribute_mapping
from moto.s3.responses import S3Response

from tests.gate import once_a_process, s3, serializing
from tests.gate.gate import Gate
from tests.gate.harshness import Harshness
from tests.gate.rules.requests import template_verdict
from tests.gate.rules.rule import changed
from tests.gate.timing.rates import Rates

# DescribeStackResources: "the first 100 associated resources", and no token for more.
MOST_RESOURCES = 100
# The lists that the product reads of moto and that come in pages whatever is asked for. Those of Run Command are left
# to chance (see forgetting.Pages): twice as many calls would be more than AWS takes of an account.
LISTED = frozenset(
    {
        *("cloudformation:ListStackResources", "cloudwatch:DescribeAlarms", "events:ListRuleNamesByTarget"),
        *("iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:SimulatePrincipalPolicy"),
        *("lambda:ListFunctions", "logs:FilterLogEvents", "sns:ListSubscriptionsByTopic"),
        *("ssm:DescribeInstanceInformation", "ssm:GetParameterHistory"),
    }
)
SECOND_PAGE = "gate-second-page"
_call_action = BaseResponse.call_action
_describe_stack_resources = CloudFormationResponse.describe_stack_resources
_associate_route_table = RouteBackend.associate_route_table
_bucket_response, _key_response = S3Response._bucket_response, S3Response._key_response
_admitted = threading.local()
# Of the account that moto keeps; the machine's clock is that of one that nobody has given another.
_gates = [Gate(Rates(Harshness(), time.monotonic))]


class _RefusedError(ServiceException):
    """A refusal in the asked service's protocol; moto's own class would be looked for in a service of its own."""


@contextmanager
def admitted() -> Iterator[None]:
    """Let what this thread asks of moto meanwhile pass: the lab's gateway has judged it, with its arguments."""
    before, _admitted.already = getattr(_admitted, "already", False), True
    try:
        yield
    finally:
        _admitted.already = before


@contextmanager
def standing(gate: Gate) -> Iterator[None]:
    """Have another gate stand before moto meanwhile, for all threads: one with the clock of the account."""
    _gates.append(gate)
    try:
        yield
    finally:
        _gates.remove(gate)


def install() -> None:
    """Put the gate before moto, once a process: what is put before it later stays there."""
    if BaseResponse.call_action is _admit:
        return
    for owner, name, replacement in REPLACED:
        setattr(owner, name, replacement)
    # A filter that moto lacks: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    filter_dict_attribute_mapping["network-interface.addresses.private-ip-address"] = "private_ip"


def installed() -> bool:
    """Return whether the gate stands before moto in this process."""
    return all(getattr(owner, name) is replacement for owner, name, replacement in REPLACED)


def _admit(response: BaseResponse) -> Any:
    if getattr(_admitted, "already", False):
        return _call_action(response)
    try:
        arguments = _parsed(response)
        if arguments is not None:
            _gates[-1].admit(response.boto3_service_name, response._get_action(), arguments)
            _judge_template(response, arguments)
    except ClientError as error:
        refused = error.response["Error"]
        status, headers, body = response.serialized(ActionResult(_RefusedError(refused["Code"], refused["Message"])))
        headers["status"] = str(status)
        return status, *BaseResponse._enrich_response(headers, body)
    with admitted():  # what whoever answers asks for that is no call
        return _first_page_empty(response, arguments or {})


def _admit_to_bucket(response: S3Response, request: Any, full_url: str) -> Any:
    s3.judged(response, _gates[-1].admit, has_key=False)
    return _bucket_response(response, request, full_url)


def _admit_to_object(response: S3Response, request: Any, full_url: str) -> Any:
    s3.judged(response, _gates[-1].admit, has_key=True)
    return _key_response(response, request, full_url)


def _parsed(response: BaseResponse) -> Mapping[str, Any] | None:
    """Return a request's arguments, as its caller has given them; None where the model knows no such operation."""
    action = response._get_action()
    model = get_service_model(response.boto3_service_name) if response.boto3_service_name else None
    if model is None or action not in model.operation_names:
        return None
    request = response.normalized_request
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)]
    arguments = parser(model.operation_model(action), map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )
    return {name: value for name, value in arguments.items() if value is not None}


def _judge_template(response: BaseResponse, arguments: Mapping[str, Any]) -> None:
    """Judge a template that comes by its URL.

    Raises:
        ClientError: it is refused.
    """
    url = arguments.get("TemplateURL")
    if not url or not isinstance(response, CloudFormationResponse):
        return
    body = get_stack_from_s3_url(url, account_id=response.current_account, partition=response.partition)
    refusal = template_verdict({**arguments, "TemplateBody": body})
    if refusal is not None:
        changed(refusal.rule)
        raise ClientError({"Error": {"Code": refusal.code, "Message": refusal.message}}, response._get_action())


@cache
def _paging(service: str, action: str) -> Mapping[str, Any]:
    """Return how a list comes in pages; finding it out takes longer than moto takes to answer."""
    found: Mapping[str, Any] = get_session().get_paginator_model(service).get_paginator(action)
    return found


def _first_page_empty(response: BaseResponse, arguments: Mapping[str, Any]) -> Any:
    """Have moto answer; a list that comes in pages begins with an empty one, which any page may be."""
    service, action = response.boto3_service_name, response._get_action()
    if f"{service}:{action}" not in LISTED:
        return _call_action(response)
    pages = _paging(service, action)
    token, more = pages["input_token"], pages.get("more_results")
    if token not in arguments:
        changed("R7a")
        keys = [pages["result_key"]] if isinstance(pages["result_key"], str) else pages["result_key"]
        page = {pages["output_token"]: SECOND_PAGE, **{key: [] for key in keys}, **({more: True} if more else {})}
        status, headers, body = response.serialized(ActionResult(page))
        return status, *BaseResponse._enrich_response(headers, body)
    if arguments[token] == SECOND_PAGE:
        response.querystring.pop(token, None)
        getattr(response, "params", {}).pop(token, None)
        with suppress(ValueError):
            response.body = json.dumps({k: v for k, v in json.loads(response.body).items() if k != token})
    return _call_action(response)


def _first_hundred(response: CloudFormationResponse) -> ActionResult:
    described: Any = _describe_stack_resources(response).result
    if len(described["StackResources"]) > MOST_RESOURCES:
        changed("R7b")
    return ActionResult({**described, "StackResources": described["StackResources"][:MOST_RESOURCES]})


def _one_association(
    backend: RouteBackend, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> str:
    """Associate a subnet that has no association; moto gives that of another table for the one that is wanted."""
    tables = [] if subnet_id is None else backend.route_tables.values()
    if any(subnet_id in table._associations.values() for table in tables if table.id != route_table_id):
        changed("R9o")
        conflict = f"the specified association for route table {route_table_id} conflicts with an existing association"
        raise EC2ClientError("Resource.AlreadyAssociated", conflict)
    return _associate_route_table(backend, route_table_id, gateway_id, subnet_id)


class _JsonFirst:
    """YAML as moto reads templates with it, but that it reads JSON, which ours are, a hundred times faster."""

    def __getattr__(self, name: str) -> Any:
        return getattr(yaml, name)

    @staticmethod
    def load(text: str, Loader: Any) -> Any:  # noqa: N803 - as yaml has it
        """Read a template."""
        try:
            return json.loads(text)
        except ValueError:
            return yaml.load(text, Loader)  # noqa: S506 - as moto does


_JSON_FIRST = _JsonFirst()
REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (BaseResponse, "call_action", _admit),
    (cloudformation_models, "yaml", _JSON_FIRST),
    (cloudformation_responses, "yaml", _JSON_FIRST),
    (CloudFormationResponse, "describe_stack_resources", _first_hundred),
    (RouteBackend, "associate_route_table", _one_association),
    (S3Response, "_bucket_response", _admit_to_bucket),
    (S3Response, "_key_response", _admit_to_object),
    *once_a_process.REPLACED,
    *serializing.REPLACED,
)
