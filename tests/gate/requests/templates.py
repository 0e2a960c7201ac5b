"""CloudFormation: what it takes as a template, and what of a template fails when its resources are made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.gate.requests import commands, ec2, messages, parameters
from tests.gate.requests.judged import Arguments, Judged, rule

WRITES = "cloudformation:CreateStack, cloudformation:UpdateStack, cloudformation:CreateChangeSet"
LARGEST_BODY, MOST_RESOURCES, LARGEST_POLICIES = 51_200, 500, 10_240
GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/"
QUOTAS = f"{GUIDE}UserGuide/cloudformation-limits.html"
DEPENDS = f"{GUIDE}TemplateReference/aws-attribute-dependson.html#gatewayattachment"
CAPABILITIES = f"{GUIDE}APIReference/API_CreateStack.html"
ROLES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
ENDPOINTS = "https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html"
# Regions that were launched in 2024 or later: https://docs.aws.amazon.com/global-infrastructure/latest/regions/
WITHOUT_EC2MESSAGES = {
    *("ap-southeast-5", "ap-southeast-7", "ap-southeast-6", "mx-central-1", "ap-east-2", "eusc-de-east-1"),
}
IAM_NAMES = {
    f"AWS::IAM::{kind}": f"{kind}Name" for kind in ("Role", "User", "Group", "ManagedPolicy", "InstanceProfile")
}
# What CloudFormation calls to make a resource, by the members that it passes on as they are.
CREATES: Mapping[str, tuple[tuple[Judged, ...], Mapping[str, str]]] = {
    "AWS::SSM::Parameter": (
        *(parameters.RULES[:7], {n: n for n in ("Name", "Value", "Type", "Tier", "AllowedPattern")}),
    ),
    "AWS::SSM::Document": (
        (commands.document_fits, commands.document_can_be_read, commands.document_name_is_free),
        {"Name": "Name", "Content": "Content", "DocumentFormat": "DocumentFormat"},
    ),
    "AWS::EC2::Route": (
        (ec2.one_destination, ec2.one_target, ec2.destination_is_a_block),
        {n: n for n in (*ec2.DESTINATIONS, *ec2.TARGETS)},
    ),
    "AWS::EC2::SecurityGroup": ((ec2.description_is_plain,), {"GroupDescription": "Description"}),
    "AWS::EC2::VPCEndpoint": (
        (ec2.endpoint_has_what_its_type_has,),
        {n: n for n in ("VpcEndpointType", "SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled", "RouteTableIds")},
    ),
    "AWS::Lambda::Function": (
        (messages.variables_fit, messages.variables_are_free),
        {"Environment": "Environment"},
    ),
}


@rule("R8a", WRITES, "A TemplateBody has 51,200 bytes at most.", "ValidationError", "API reference of CreateStack")
def body_fits(arguments: Arguments) -> str | None:
    """Larger ones come by TemplateURL."""
    body = arguments.get("TemplateBody") or ""
    if len(body.encode()) <= LARGEST_BODY:
        return None
    return (
        f"1 validation error detected: Value '{body[:200]}…' at 'templateBody' failed to satisfy constraint: Member "
        f"must have length less than or equal to {LARGEST_BODY}"
    )


@rule("R8b", WRITES, "A template comes by its body or by its URL, or is the previous one.", "ValidationError")
def one_template(arguments: Arguments) -> str | None:
    """There is no previous one for CreateStack."""
    given = [n for n in ("TemplateBody", "TemplateURL", "UsePreviousTemplate") if arguments.get(n)]
    return None if len(given) == 1 else "Either Template URL or Template Body must be specified."


@rule("R8c", WRITES, "Who makes IAM resources has said so.", "InsufficientCapabilitiesException", CAPABILITIES)
def capabilities_are_there(arguments: Arguments) -> str | None:
    """With names of their own they need CAPABILITY_NAMED_IAM."""
    made = [r for r in _resources(arguments).values() if str(r.get("Type")).startswith("AWS::IAM::")]
    named = [r for r in made if IAM_NAMES.get(r["Type"]) in (r.get("Properties") or {})]
    given = set(arguments.get("Capabilities") or ())
    if not made or "CAPABILITY_NAMED_IAM" in given or ("CAPABILITY_IAM" in given and not named):
        return None
    return f"Requires capabilities : [{'CAPABILITY_NAMED_IAM' if named else 'CAPABILITY_IAM'}]"


@rule("R8d", WRITES, "A template has 500 resources, 200 parameters and 200 outputs at most.", "ValidationError", QUOTAS)
def template_is_not_too_large(arguments: Arguments) -> str | None:
    """Quotas of CloudFormation that can't be raised."""
    body = template(arguments)
    for section, most in (("Resources", MOST_RESOURCES), ("Parameters", 200), ("Outputs", 200)):
        number = len(body.get(section) or {})
        if number > most:
            return (
                f"Template format error: Number of {section.lower()}, {number}, is greater than maximum allowed, {most}"
            )
    return None


@rule("R12a", WRITES, "What has a public address depends on the attachment of the gateway that is made with it.",
      "Gateway.NotAttached", DEPENDS)  # fmt: skip
def public_addresses_wait_for_the_gateway(arguments: Arguments) -> str | None:
    """An instance may come too early otherwise, and the stack fails, or its first boot is offline."""
    resources = _resources(arguments)
    kinds = {name: r.get("Type") for name, r in resources.items()}
    gateways = {name for name, kind in kinds.items() if kind == "AWS::EC2::VPCGatewayAttachment"}
    if not gateways or "AWS::EC2::VPC" not in kinds.values():
        return None
    for name in resources:
        if _has_public_address(name, resources) and not gateways & _needed(name, resources):
            return f"{name}: the network is not attached to any internet gateway. DependsOn {sorted(gateways)[0]}"
    return None


@rule(
    "R12b", WRITES, "No resource is refused by the service that has to make it.", "ValidationError", "rules R6 to R17"
)
def resources_are_taken(arguments: Arguments) -> str | None:
    """What the template has in plain text, judged as the call that CloudFormation makes of it."""
    for name, resource in _resources(arguments).items():
        rules, members = CREATES.get(str(resource.get("Type")), ((), {}))
        properties = resource.get("Properties") or {}
        request = {members[key]: _text(value) for key, value in properties.items() if key in members}
        for each in rules:
            refused = None if _unknown(each, request) else each.judge(request)
            if refused is not None:
                return f"{name}: {refused}"
    return None


@rule("R12c", WRITES, "A role's inline policies have 10,240 characters together.", "LimitExceeded", ROLES)
def policies_fit(arguments: Arguments) -> str | None:
    """IAM does not count white space."""
    sizes: dict[str, int] = {}
    for name, resource in _resources(arguments).items():
        properties = resource.get("Properties") or {}
        match resource.get("Type"):
            case "AWS::IAM::Role":
                sizes[name] = sizes.get(name, 0) + sum(
                    _compact(p["PolicyDocument"]) for p in properties.get("Policies") or ()
                )
            case "AWS::IAM::Policy":
                for role in properties.get("Roles") or ():
                    of = role["Ref"] if isinstance(role, dict) and "Ref" in role else str(role)
                    sizes[of] = sizes.get(of, 0) + _compact(properties["PolicyDocument"])
    large = [name for name, size in sizes.items() if size > LARGEST_POLICIES]
    return f"Maximum policy size of {LARGEST_POLICIES} bytes exceeded for role {large[0]}" if large else None


@rule("R13", "ec2:CreateVpcEndpoint", "Regions launched in 2024 or later have no endpoint of ec2messages.",
      "InvalidServiceName", ENDPOINTS)  # fmt: skip
def service_has_endpoints(arguments: Arguments) -> str | None:
    """Agents from 3.3.40 on need none."""
    *_, region, service = ["", *str(arguments.get("ServiceName", "")).split(".")][-2:]
    absent = service == "ec2messages" and region in WITHOUT_EC2MESSAGES
    return f"The Vpc Endpoint Service '{arguments['ServiceName']}' does not exist" if absent else None


def template(arguments: Arguments) -> Mapping[str, Any]:
    """Return the template that a call brings in its body; empty where it can't be read, or comes otherwise."""
    body = arguments.get("TemplateBody") or "{}"
    try:
        read = json.loads(body)
    except ValueError:
        try:
            read = yaml.safe_load(body)
        except yaml.YAMLError:
            return {}  # the short forms of intrinsic functions
    return read if isinstance(read, Mapping) else {}


def _resources(arguments: Arguments) -> Mapping[str, Mapping[str, Any]]:
    return template(arguments).get("Resources") or {}


def _text(value: Any) -> Any:
    """Return a document's content, which a template may have as an object, as the text that is sent."""
    return json.dumps(value) if isinstance(value, dict) and "schemaVersion" in value else value


def _unknown(judged: Judged, request: Mapping[str, Any]) -> bool:
    """Return whether what the rule is about is made of intrinsic functions, and so is not known yet."""
    by_presence = (ec2.one_destination, ec2.one_target, ec2.endpoint_has_what_its_type_has)
    return bool(judged not in by_presence and any(isinstance(v, dict) and _intrinsic(v) for v in request.values()))


def _intrinsic(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(k == "Ref" or str(k).startswith("Fn::") or _intrinsic(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_intrinsic, value))


def _compact(document: Any) -> int:
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def _has_public_address(name: str, resources: Mapping[str, Mapping[str, Any]]) -> bool:
    spec = resources[name].get("Properties") or {}
    match resources[name].get("Type"):
        case "AWS::EC2::EIP":
            return bool(spec.get("Domain", "vpc") == "vpc")
        case "AWS::EC2::Instance":
            explicit = [each.get("AssociatePublicIpAddress") for each in spec.get("NetworkInterfaces") or ()]
            subnets = [spec.get("SubnetId"), *(each.get("SubnetId") for each in spec.get("NetworkInterfaces") or ())]
            mapped = any(
                isinstance(s, Mapping)
                and (resources.get(s.get("Ref", ""), {}).get("Properties") or {}).get("MapPublicIpOnLaunch") is True
                for s in subnets
            )
            return True in explicit or (mapped and False not in explicit)
    return False


def _needed(name: str, resources: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return all resources that are made before one."""
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in _named(resources[todo.pop()]):
            if other in resources and other not in found:
                found.add(other)
                todo.append(other)
    return found


def _named(resource: Mapping[str, Any]) -> Iterator[str]:
    depends = resource.get("DependsOn") or ()
    yield from [depends] if isinstance(depends, str) else depends
    yield from _references(resource.get("Properties"))


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.split(".")[0]
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            yield from re.findall(r"\$\{(\w+)", text)
        case Mapping():
            for each in value.values():
                yield from _references(each)
        case list():
            for each in value:
                yield from _references(each)


RULES = (
    *(body_fits, one_template, capabilities_are_there, template_is_not_too_large),
    *(public_addresses_wait_for_the_gateway, resources_are_taken, policies_fit, service_has_endpoints),
)
