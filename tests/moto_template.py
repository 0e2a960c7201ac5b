"""A template as moto's CloudFormation can take it; AWS gets it as it was."""

from __future__ import annotations

import json
from typing import Any


def for_moto(body: dict[str, Any], image: str) -> dict[str, Any]:
    """Work round what moto's CloudFormation can't do, in place.

    moto wants document content as a string and ports in every security group rule, knows no launch template for an
    instance, and in an update looks for the parameter whose name is the word that says to keep the previous value.

    Args:
        body: the template, which is changed.
        image: an AMI that moto knows.

    Returns:
        The same template.
    """
    body.get("Parameters", {}).pop("BootstrapVersion", None)
    resources = body.get("Resources", {})
    for resource in resources.values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::SSM::Document":
                properties["Content"] = json.dumps(properties["Content"])
            case "AWS::EC2::SecurityGroup":
                for rule in properties.get("SecurityGroupIngress", []) + properties.get("SecurityGroupEgress", []):
                    rule.setdefault("FromPort", -1)
                    rule.setdefault("ToPort", -1)
            case "AWS::EC2::Instance":
                launch = resources[properties["LaunchTemplate"]["LaunchTemplateId"]["Ref"]]["Properties"]
                properties["ImageId"] = image
                properties["UserData"] = launch["LaunchTemplateData"]["UserData"]
                properties["SubnetId"] = properties["NetworkInterfaces"][0]["SubnetId"]
    return body
