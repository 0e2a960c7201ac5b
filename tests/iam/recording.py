"""Plays scenarios and notes what each call of the function needs, beside the policies that its role has."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from nat_failover.network.route_differences import PROPAGATION, Destination, Difference, RouteTarget
from nat_failover.network.route_mirror import Mirror
from tests.gate.harshness import GENTLE
from tests.iam.evaluator import Request, Statement
from tests.iam.requests import Account, arn, requests_of
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.sessions import listed, session
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.scenarios import SCENARIOS

# Together they make every call that the function has.
PLAYED = (
    *("nat-rules-flushed", "nat-dead-without-endpoints", "failover-after-rearm", "crash-mid-swap"),
    *("routes-mirrored", "observe-mode", "large-fleet", "egress-addresses-change-places", "egress-address-returns"),
    *("spot-warning", "two-zones-one-dies", "interface-moves-to-new-instance", "lifecycle-terminate"),
)


@dataclass(frozen=True)
class Recording:
    """What was needed in one scenario, and what was allowed."""

    scenario: str
    requests: tuple[Request, ...]
    statements: tuple[Statement, ...]
    facts: Mapping[str, str]


@cache
def recorded(scenario: str) -> Recording:
    """Play a scenario once."""
    chosen = SCENARIOS[scenario]
    needed: dict[tuple[str, str, str], Request] = {}
    found: list[Recording] = []

    def main(lab: Lab) -> None:
        cloud = lab.cloud
        assert isinstance(cloud, MotoCloud)
        account = Account(cloud)

        def note(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
            for request in requests_of(operation, arguments, account):
                needed[request.action, request.resource, str(sorted(request.context.items()))] = request
            return None

        lab.gateway.faults.append(note)
        chosen.before(lab)
        chosen.play(lab)
        if lab.cloud.environment["NAT_FAILOVER_MIRROR_ROUTES"] == "true":
            _copy_what_no_scenario_has(lab, note)
        name = lab.cloud.function_arn.rpartition(":")[2]
        streams = arn("logs", f"log-group:/aws/lambda/{name}:log-stream:2026/01/01/[$LATEST]0")
        by_lambda = [Request(f"logs:{action}", streams) for action in ("CreateLogStream", "PutLogEvents")]
        facts = {**lab.cloud.environment, "VPC": account.vpc_of(next(iter(lab.cloud.subnets.values())))}
        found.append(Recording(scenario, (*needed.values(), *by_lambda), tuple(_statements(cloud)), facts))

    made_by = chosen.cloud or MotoCloud
    Lab("simulated", 1, Latencies(), chosen.settings, chosen.layout, cloud=made_by, harshness=GENTLE).run(main)
    return found[0]


def _copy_what_no_scenario_has(lab: Lab, note: Any) -> None:
    """Copy a route that leads elsewhere, and a virtual private gateway's routes, of which the lab has none."""

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
    assert Mirror(client, ()).copy([elsewhere, propagated], lab.cloud.standby_table) == ()


def _statements(cloud: MotoCloud) -> Sequence[Statement]:
    iam: Any = session(REGION).client("iam")
    role = cloud.functions.get_function_configuration(FunctionName=cloud.function_arn)["Role"]
    name = role.rpartition("/")[2]
    policies = listed(iam, "list_role_policies", "PolicyNames", RoleName=name)
    documents = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies]
    assert not listed(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    # moto keeps a template's policies in Python's notation.
    told = [ast.literal_eval(d) if isinstance(d, str) else d for d in documents]
    return [_with_streams(statement) for document in told for statement in document["Statement"]]


def _with_streams(statement: Statement) -> Statement:
    """Write actions and resources as lists; a log group's ARN ends in all of its streams, which moto leaves out.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
    """
    resources = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
    ended = [r if ":log-group:" not in r or r.endswith(":*") else f"{r}:*" for r in resources]
    actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    return {**statement, "Action": actions, "Resource": ended}
