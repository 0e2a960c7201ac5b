"""What the policies of the endpoints that are made let through, judged as AWS does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam.evaluator import Request, allowing
from tests.infra.synthesis import ACCOUNT, REGION, synthesize
from tests.tools.checked import pair

OURS, THEIRS = "aws:PrincipalAccount", "aws:ResourceAccount"
FOREIGN, PARTNER = "666666666666", "210987654321"
OWN = {OURS: ACCOUNT, THEIRS: ACCOUNT}


def policies(**settings: Any) -> dict[str, list[Any]]:
    """Give the statements of each endpoint's policy, by service."""
    template = synthesize({"pairs": [pair(ssmAccess="create", ec2Messages=True, **settings)]})
    return {
        e["ServiceName"].rpartition(".")[2]: e["PolicyDocument"]["Statement"]
        for e in template.of("AWS::EC2::VPCEndpoint").values()
    }


@pytest.fixture(scope="module")
def made() -> dict[str, list[Any]]:
    return policies(gatewayEndpoints=["s3", "dynamodb"])


def test_every_endpoint_that_is_made_has_a_policy_of_its_own(made: dict[str, list[Any]]) -> None:
    assert made.keys() == {"ssm", "ssmmessages", "ec2messages", "s3", "dynamodb"}
    assert all({s["Principal"] for s in statements} == {"*"} for statements in made.values())


# What the agent of an instance calls: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html
AGENT = [
    ("ssm", "ssm:UpdateInstanceInformation", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0", OWN),
    ("ssm", "ssm:ListInstanceAssociations", "*", {OURS: ACCOUNT}),
    ("ssm", "ssm:GetDocument", f"arn:aws:ssm:{REGION}::document/AWS-GatherSoftwareInventory", {OURS: ACCOUNT}),
    ("ssm", "ssm:GetParameter", f"arn:aws:ssm:{REGION}::parameter/aws/service/x", {OURS: ACCOUNT, THEIRS: "1"}),
    ("ssm", "ssm:PutInventory", "*", {OURS: ACCOUNT}),
    *(("ssmmessages", f"ssmmessages:{a}ControlChannel", "*", {OURS: ACCOUNT}) for a in ("Create", "Open")),
    *(("ssmmessages", f"ssmmessages:{a}DataChannel", "*", {OURS: ACCOUNT}) for a in ("Create", "Open")),
    ("ec2messages", "ec2messages:GetMessages", "*", {OURS: ACCOUNT}),
    ("s3", "s3:GetObject", "arn:aws:s3:::mine/key", OWN),
    ("s3", "s3:PutObject", "arn:aws:s3:::mine/key", OWN),
    ("s3", "s3:ListAllMyBuckets", "*", {OURS: ACCOUNT}),
    # Without credentials:
    ("s3", "s3:GetObject", f"arn:aws:s3:::al2023-repos-{REGION}-de612dc2/core/mirrors/latest/aarch64/mirror.list", {}),
    ("s3", "s3:GetObject", f"arn:aws:s3:::amazon-ssm-{REGION}/latest/VERSION", {THEIRS: "1"}),
    ("s3", "s3:GetObject", f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/layer", {THEIRS: "1"}),
    ("dynamodb", "dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mine", OWN),
]


@pytest.mark.parametrize(("service", "action", "resource", "context"), AGENT)
def test_what_the_hosts_need_is_let_through(
    made: dict[str, list[Any]], service: str, action: str, resource: str, context: dict[str, str]
) -> None:
    assert allowing(made[service], Request(action, resource, context))


REFUSED = [
    *(
        (service, f"{service}:Any", "*", {OURS: FOREIGN, THEIRS: account})
        for service in ("ssm", "ssmmessages", "ec2messages", "s3", "dynamodb")
        for account in (FOREIGN, ACCOUNT)
    ),
    ("ssm", "ssm:PutParameter", f"arn:aws:ssm:{REGION}:{FOREIGN}:parameter/x", {OURS: ACCOUNT, THEIRS: FOREIGN}),
    ("ssm", "ssm:PutParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x", {}),
    ("s3", "s3:PutObject", "arn:aws:s3:::theirs/key", {OURS: ACCOUNT, THEIRS: FOREIGN}),
    ("s3", "s3:PutObject", f"arn:aws:s3:::al2023-repos-{REGION}-de612dc2/x", {OURS: ACCOUNT, THEIRS: FOREIGN}),
    ("s3", "s3:GetObject", "arn:aws:s3:::theirs/key", {}),
    ("dynamodb", "dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{FOREIGN}:table/x", {OURS: ACCOUNT, THEIRS: FOREIGN}),
]


@pytest.mark.parametrize(("service", "action", "resource", "context"), REFUSED)
def test_what_would_carry_data_to_somebody_elses_account_is_not(
    made: dict[str, list[Any]], service: str, action: str, resource: str, context: dict[str, str]
) -> None:
    assert not allowing(made[service], Request(action, resource, context))


def test_accounts_and_public_buckets_that_are_named_are_let_through() -> None:
    named = policies(gatewayEndpoints=["s3"], endpointAccounts=[PARTNER], endpointBuckets=["mirror-*"])
    put = Request("s3:PutObject", "arn:aws:s3:::theirs/key", {OURS: ACCOUNT, THEIRS: PARTNER})
    assert allowing(named["s3"], put)
    assert allowing(named["ssmmessages"], Request("ssmmessages:OpenDataChannel", "*", {OURS: PARTNER}))
    assert allowing(named["s3"], Request("s3:GetObject", "arn:aws:s3:::mirror-1/key", {}))
    assert not allowing(named["s3"], Request("s3:PutObject", "arn:aws:s3:::mirror-1/key", {}))


def test_a_policy_is_as_short_as_an_endpoint_takes_it(made: dict[str, list[Any]]) -> None:
    """20,480 characters: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html."""
    assert max(len(str(statements)) for statements in made.values()) < 8_000
