"""A template as moto's CloudFormation can take it; AWS gets it as it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from nat_failover.names import DOCUMENT_CHECK, STANDBY_CHECK

CHECKS = (STANDBY_CHECK, DOCUMENT_CHECK)
WAITING = ("AWS::CloudFormation::WaitConditionHandle", "AWS::CloudFormation::WaitCondition", *CHECKS)

# Stands for what a template refers to.
PLACE = "@@place@@"


def for_moto(body: dict[str, Any], image: str) -> dict[str, Any]:
    """Work round what moto's CloudFormation can't do, in place.

    moto wants document content as a string and ports in every security group rule, knows no launch template for an
    instance, no wait condition and, without Docker, no custom resource, and in an update looks for the parameter whose
    name is the word that says to keep the previous value. Without a URL the user data tells nobody. What a function is
    told of a document's hash is what moto will say of it.

    Args:
        body: the template, which is changed.
        image: an AMI that moto knows.

    Returns:
        The same template.
    """
    body.get("Parameters", {}).pop("BootstrapVersion", None)
    resources = body.get("Resources", {})
    waiting = {name for name, resource in resources.items() if resource["Type"] in WAITING}
    hashes = {
        name: _hash(resources[resource["DependsOn"][0]]["Properties"]["Content"])
        for name, resource in resources.items()
        if resource["Type"] == DOCUMENT_CHECK
    }
    for name in waiting:
        del resources[name]
    for resource in resources.values():
        depends = resource.get("DependsOn", [])
        if waiting.intersection(depends):
            resource["DependsOn"] = [name for name in depends if name not in waiting]
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Lambda::Function" if "Environment" in properties:
                properties["Environment"] = _with(properties["Environment"], hashes)
            case "AWS::SSM::Document":
                properties["Content"] = _text(properties["Content"])
            case "AWS::EC2::SecurityGroup":
                for rule in properties.get("SecurityGroupIngress", []) + properties.get("SecurityGroupEgress", []):
                    rule.setdefault("FromPort", -1)
                    rule.setdefault("ToPort", -1)
            case "AWS::EC2::LaunchTemplate":
                data = properties["LaunchTemplateData"]
                data["UserData"] = _without(data["UserData"], waiting)
            case "AWS::EC2::Instance":
                launch = resources[properties["LaunchTemplate"]["LaunchTemplateId"]["Ref"]]["Properties"]
                properties["ImageId"] = image
                properties["UserData"] = _without(launch["LaunchTemplateData"]["UserData"], waiting)
                properties["SubnetId"] = properties["NetworkInterfaces"][0]["SubnetId"]
    return body


def _hash(content: Any) -> dict[str, str]:
    """Return the attributes of a check of a document, which has nothing in it that is not known."""
    return {"Hash": sha256(str(_text(content)).encode()).hexdigest(), "HashType": "Sha256"}


def _text(content: Any) -> Any:
    """Return a document's content as one text; what is not known before it is deployed is put in by then."""
    known: list[Any] = []

    def put(value: Any) -> Any:
        match value:
            case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::ImportValue": _}:
                known.append(value)
                return PLACE
            case {"Fn::Join": ["", [*parts]]}:
                return "".join(put(part) for part in parts)
            case dict():
                return {key: put(inner) for key, inner in value.items()}
            case list():
                return [put(inner) for inner in value]
        return value

    first, *others = json.dumps(put(content)).split(PLACE)
    if not others:
        return first
    return {"Fn::Join": ["", [first, *(part for pair in zip(known, others, strict=True) for part in pair)]]}


def _with(value: Any, attributes: Mapping[str, Mapping[str, str]]) -> Any:
    """Return a value with resources' attributes in the place of references to them."""
    match value:
        case {"Fn::GetAtt": [str(name), str(attribute)]} if name in attributes:
            return attributes[name][attribute]
        case dict():
            return {key: _with(inner, attributes) for key, inner in value.items()}
    return value


def _without(value: Any, names: Collection[str]) -> Any:
    """Return a value in which a reference to one of the resources is an empty text."""
    match value:
        case {"Ref": str(name)} if name in names:
            return ""
        case dict():
            return {key: _without(inner, names) for key, inner in value.items()}
        case list():
            return [_without(inner, names) for inner in value]
    return value
