"""What each call of the function in a lab needs, and the policies that its role has."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from nat_failover.network.route_differences import PROPAGATION, Destination, Difference, RouteTarget
from nat_failover.network.route_mirror import Mirror
from tests.iam.evaluator import Request, Statement
from tests.iam.requests import Account, arn, requests_of
from tests.iam.roles import Access
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.sessions import listed, session
from tests.lab.lab import Lab

# Scenarios that together make every call that the function has.
PLAYED = (
    *("nat-rules-flushed", "large-fleet", "routes-mirrored", "egress-address-follows", "spot-warning"),
    *("lifecycle-terminate", "interface-moves-to-new-instance"),
)


class Calls:
    """The calls of a lab's function, from when this is made.

    Attributes:
        facts: of the function's environment, and its VPC.
    """

    def __init__(self, lab: Lab) -> None:
        cloud = lab.cloud
        assert isinstance(cloud, MotoCloud)
        self._account = Account(cloud)
        self._needed: dict[tuple[str, str, str], Request] = {}
        self._logs = arn(
            "logs", f"log-group:/aws/lambda/{cloud.function_arn.rpartition(':')[2]}:log-stream:2026/01/01/[$LATEST]0"
        )
        self._statements = tuple(_statements(cloud))
        self.facts = {**cloud.environment, "VPC": self._account.vpc_of(next(iter(cloud.subnets.values())))}
        lab.gateway.faults.append(self._note)
        if cloud.environment["NAT_FAILOVER_MIRROR_ROUTES"] == "true":
            self._copy_what_no_scenario_has(cloud.standby_table)

    @property
    def access(self) -> Access:
        """The function's requests by now, with those that Lambda makes in its name, and the statements of its role."""
        by_lambda = [Request(f"logs:{action}", self._logs) for action in ("CreateLogStream", "PutLogEvents")]
        return Access((*self._needed.values(), *by_lambda), self._statements)

    def _note(self, operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        for request in requests_of(operation, arguments, self._account):
            self._needed[request.action, request.resource, str(sorted(request.context.items()))] = request
        return None

    def _copy_what_no_scenario_has(self, table: str) -> None:
        """Copy a route that leads elsewhere, and a virtual private gateway's routes, of which the lab has none."""
        note = self._note

        class Client:
            def __getattr__(self, method: str) -> Any:
                operation = "".join(part.capitalize() for part in method.split("_"))
                return lambda **arguments: note(operation, arguments)

        elsewhere = Difference(
            Destination("DestinationCidrBlock", "10.99.0.0/16"),
            RouteTarget("GatewayId", "vgw-1"),
            RouteTarget("GatewayId", "vgw-2"),
        )
        propagated = Difference(Destination(PROPAGATION, "vgw-1"), RouteTarget("GatewayId", "vgw-1"), None)
        client: Any = Client()
        assert Mirror(client, ()).copy([elsewhere, propagated], table) == ()


def _statements(cloud: MotoCloud) -> Sequence[Statement]:
    iam: Any = session(REGION).client("iam")
    role = cloud.functions.get_function_configuration(FunctionName=cloud.function_arn)["Role"]
    name = role.rpartition("/")[2]
    policies = listed(iam, "list_role_policies", "PolicyNames", RoleName=name)
    documents = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies]
    assert not listed(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    # moto keeps a template's policies in Python's notation.
    parsed = [ast.literal_eval(d) if isinstance(d, str) else d for d in documents]
    return [_with_streams(statement) for document in parsed for statement in document["Statement"]]


def _with_streams(statement: Statement) -> Statement:
    """Write actions and resources as lists; a log group's ARN ends in all of its streams, which moto leaves out.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
    """
    resources = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
    ended = [r if ":log-group:" not in r or r.endswith(":*") else f"{r}:*" for r in resources]
    actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    return {**statement, "Action": actions, "Resource": ended}
