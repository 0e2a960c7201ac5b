"""IAM: whether the function's role is allowed what the stack's template gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account
from nat_failover.cli.errors import is_forbidden
from nat_failover.cli.snapshot.snapshot import Permission
from nat_failover.cli.snapshot.template import ANYTHING, Stack, listed

# Of one statement, so many actions are asked about; no limit is documented:
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
MOST_ACTIONS = 100


class RolePermissions:
    """The role of a pair's function.

    What it needs is what the template of the stack that the function belongs to gives it: there is no second list.

    Args:
        account: where it is.
        pair: whose it is.
    """

    def __init__(self, account: Account, pair: Deployed) -> None:
        self._account = account
        self._pair = pair
        self._iam: Any = account.client("iam")
        self._formation: Any = account.client("cloudformation")
        self._name = pair.role.rsplit("/", 1)[-1]

    def permissions(self) -> list[Permission]:
        """Return of every action and resource whether the role is allowed it, boundaries and denials included.

        Empty where the template gives the role no statement. Where whoever asks may not have AWS simulate it, the
        role's own policies are compared with the template's.

        Raises:
            botocore.exceptions.ClientError: AWS refuses to show the stack or the role.
        """
        needed = self._stack().statements(self._name)
        try:
            return [permission for statement in needed for permission in self._simulated(statement)]
        except ClientError as error:
            if not is_forbidden(error):
                raise
            return compared(needed, self._policies())

    def _stack(self) -> Stack:
        # Which stack it is. Of its resources this answer has the first hundred only, whatever the function's place:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
        some = self._formation.describe_stack_resources(PhysicalResourceId=self._pair.function)["StackResources"]
        stack = some[0]["StackName"]
        pages = self._formation.get_paginator("list_stack_resources").paginate(StackName=stack)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        body = self._formation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
        described = self._formation.describe_stacks(StackName=stack)["Stacks"][0]
        _, partition, _, region, account, _ = self._pair.arn.split(":", 5)
        return Stack(
            json.loads(body) if isinstance(body, str) else body,
            {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if r.get("PhysicalResourceId")},
            {
                "AWS::Partition": partition,
                "AWS::Region": region,
                "AWS::AccountId": account,
                "AWS::StackName": stack,
                "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
            },
            {p["ParameterKey"]: p.get("ResolvedValue", p["ParameterValue"]) for p in described.get("Parameters", [])},
        )

    def _simulated(self, statement: Mapping[str, Any]) -> list[Permission]:
        # A resource with a wildcard in it is simulated as one that it covers.
        resources = [r if r == ANYTHING else r.replace(ANYTHING, "0") for r in map(str, listed(statement["Resource"]))]
        pages = self._iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=self._pair.role,
            ActionNames=listed(statement["Action"])[:MOST_ACTIONS],
            ResourceArns=resources,
            ContextEntries=_context(statement.get("Condition", {})),
        )
        return [_permission(result) for page in pages for result in page["EvaluationResults"]]

    def _policies(self) -> list[Mapping[str, Any]]:
        """Read the statements of all policies that the role has."""
        iam, name = self._iam, self._name
        documents = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for page in iam.get_paginator("list_role_policies").paginate(RoleName=name)
            for policy in page["PolicyNames"]
        ]
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
            for attached in page["AttachedPolicies"]:
                arn = attached["PolicyArn"]
                version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
        return [
            statement
            for document in documents
            for statement in listed((json.loads(document) if isinstance(document, str) else document)["Statement"])
        ]


def _context(condition: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the values with which a statement's own conditions hold."""
    return [
        {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [str(listed(values)[0])]}
        for keys in condition.values()
        for key, values in keys.items()
    ]


def _permission(result: Mapping[str, Any]) -> Permission:
    decision = result["EvalDecision"]
    why = ""
    if decision == "explicitDeny":
        why = "a policy denies it"
    elif decision != "allowed":
        why = "no policy allows it"
        if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
            why = "the organization's policies do not allow it"
        elif not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
            why = "the role's permissions boundary does not allow it"
    return Permission(result["EvalActionName"], result.get("EvalResourceName", ANYTHING), decision == "allowed", why)


def compared(needed: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> list[Permission]:
    """Return of what is needed whether the statements that are given cover it, conditions left aside.

    Args:
        needed: statements of the template.
        given: statements of the role's policies.
    """
    found = []
    for statement in needed:
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                effects = {g["Effect"] for g in given if _covers(g, str(action), str(resource))}
                why = "a policy denies it" if "Deny" in effects else "" if "Allow" in effects else "no policy allows it"
                found.append(Permission(str(action), str(resource), not why, why))
    return found


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if statement["Effect"] == "Deny" and statement.get("Condition"):
        return False  # whether it applies can't be told here
    actions = any(fnmatchcase(action.lower(), str(p).lower()) for p in listed(statement.get("Action", [])))
    return actions and any(
        fnmatchcase(resource, str(pattern)) or fnmatchcase(str(pattern), resource)
        for pattern in listed(statement.get("Resource", []))
    )
