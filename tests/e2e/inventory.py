"""All that there is in an account, as JSON."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Callable
from typing import Any

from tests.lab.cloud.sessions import listed

ClientOf = Callable[[str], Any]


def everything(client: ClientOf) -> dict[str, Any]:
    """Say what is there, as JSON; terminated instances and closed change sets are not."""
    return {
        **_of_lambda(client),
        **_of_ssm(client),
        **_of_ec2(client),
        **_of_iam(client),
        "rules": _rules(client),
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "dashboards": [d["DashboardName"] for d in client("cloudwatch").list_dashboards()["DashboardEntries"]],
        "logs": {
            group["logGroupName"]: group.get("retentionInDays")
            for group in client("logs").describe_log_groups()["logGroups"]
        },
        "stacks": {
            stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            for stack in client("cloudformation").describe_stacks()["Stacks"]
        },
    }


def _of_lambda(client: ClientOf) -> dict[str, Any]:
    functions = client("lambda")
    described = {}
    for function in listed(functions, "list_functions", "Functions"):
        name = function["FunctionName"]
        kept = ("Handler", "Runtime", "Role", "Timeout", "MemorySize")
        described[name] = {key: function[key] for key in kept} | {
            "Environment": function.get("Environment", {}).get("Variables", {}),
            "Invokers": _invokers(functions, name),
        }
    return {"functions": described}


def _invokers(functions: Any, name: str) -> list[Any]:
    """Give who may invoke a function by its own policy; a deployment's guard has none."""
    try:
        return list(json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"])
    except functions.exceptions.ResourceNotFoundException:
        return []


def _of_ssm(client: ClientOf) -> dict[str, Any]:
    ssm = client("ssm")
    mine = [{"Key": "Owner", "Values": ["Self"]}]
    documents = [d["Name"] for d in ssm.list_documents(Filters=mine)["DocumentIdentifiers"]]
    names = [parameter["Name"] for parameter in ssm.describe_parameters()["Parameters"]]
    return {
        "parameters": {name: ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names},
        "documents": {name: json.loads(ssm.get_document(Name=name)["Content"]) for name in documents},
    }


def _of_ec2(client: ClientOf) -> dict[str, Any]:
    ec2 = client("ec2")
    instances = [
        instance
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] != "terminated"
    ]
    return {
        "instances": {
            i["InstanceId"]: {
                "State": i["State"]["Name"],
                "Subnet": i["SubnetId"],
                "Profile": i.get("IamInstanceProfile", {}).get("Arn"),
                "UserData": _user_data(client, i["InstanceId"]),
            }
            for i in instances
        },
        "tables": {
            t["RouteTableId"]: {
                "Vpc": t["VpcId"],
                "Default": [
                    r.get("InstanceId") or r.get("GatewayId")
                    for r in t["Routes"]
                    if r.get("DestinationCidrBlock") == "0.0.0.0/0"
                ],
                "Subnets": sorted(a["SubnetId"] for a in t["Associations"] if "SubnetId" in a),
            }
            for t in ec2.describe_route_tables()["RouteTables"]
        },
        "security groups": sorted(g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"]),
        "launch templates": [
            ec2.describe_launch_template_versions(LaunchTemplateId=t["LaunchTemplateId"])["LaunchTemplateVersions"][0][
                "LaunchTemplateData"
            ]
            for t in ec2.describe_launch_templates()["LaunchTemplates"]
        ],
    }


def _user_data(client: ClientOf, instance: str) -> str:
    response = client("ec2").describe_instance_attribute(InstanceId=instance, Attribute="userData")
    return base64.b64decode(response["UserData"].get("Value", "")).decode()


def _of_iam(client: ClientOf) -> dict[str, Any]:
    iam = client("iam")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    return {
        "roles": {
            role: [
                parsed(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
                for policy in listed(iam, "list_role_policies", "PolicyNames", RoleName=role)
            ]
            for role in roles
        },
        "profiles": [p["InstanceProfileName"] for p in iam.list_instance_profiles()["InstanceProfiles"]],
    }


def _rules(client: ClientOf) -> dict[str, Any]:
    events = client("events")
    return {
        rule["Name"]: {
            "Schedule": rule.get("ScheduleExpression"),
            "Pattern": json.loads(rule.get("EventPattern", "null")),
            "Targets": [target["Arn"] for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]],
        }
        for rule in events.list_rules()["Rules"]
    }


def parsed(policy: Any) -> Any:
    """Give a policy, which moto writes as a Python literal where it came out of a template."""
    return ast.literal_eval(policy) if isinstance(policy, str) else policy
