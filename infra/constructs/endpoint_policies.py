"""Pure: policies of the VPC endpoints that are made: the account's own identities, to the account's own resources.

An endpoint without a policy passes on whatever is signed by anybody: a host in the wrong hands could carry data to an
account of its own through it. https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.arns import Arns

Policy = Mapping[str, Any]
# Buckets of AWS that hosts read without credentials of the account, by the Region's name: Amazon Linux' repositories,
# what SSM agent fetches, the layers of images in ECR, CloudWatch's agent.
# https://docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades-usage.html,
# https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html#ssm-agent-minimum-s3-permissions,
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
AWS_BUCKETS = (
    "al2023-repos-{region}-*",
    "amazonlinux-2-repos-{region}",
    "aws-ssm-{region}",
    "amazon-ssm-{region}",
    "amazon-ssm-packages-{region}",
    "aws-ssm-document-attachments-{region}",
    "aws-ssm-distributor-file-{region}",
    "{region}-birdwatcher-prod",
    "patch-baseline-snapshot-{region}",
    "aws-windows-downloads-{region}",
    "prod-{region}-starport-layer-bucket",
    "amazoncloudwatch-agent",
    "amazoncloudwatch-agent-{region}",
)


def messages_policy(accounts: Sequence[str]) -> Policy:
    """Return the policy for the channels of the agents (ssmmessages, ec2messages).

    Their actions know no resource, so the account is that of whoever asks:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmessagegatewayservice.html

    Args:
        accounts: ids of those that are let through.
    """
    return _policy([_allow("OwnIdentities", ["*"], ["*"], {"StringEquals": {"aws:PrincipalAccount": list(accounts)}})])


def ssm_policy(accounts: Sequence[str], arns: Arns) -> Policy:
    """Return the policy for Systems Manager: the accounts' own, and documents and parameters of AWS itself.

    These have no account in their ARN: https://docs.aws.amazon.com/systems-manager/latest/userguide/data-perimeters.html
    """
    by_account = {"StringEquals": {"aws:PrincipalAccount": list(accounts)}}
    of_aws = [f"arn:{arns.partition}:ssm:{arns.region}::{kind}/*" for kind in ("document", "parameter")]
    reading = ["ssm:Describe*", "ssm:Get*", "ssm:List*", "ssm:SendCommand", "ssm:StartSession", "ssm:CreateAssociation"]
    return _policy([_own(accounts), _allow("OfAws", reading, of_aws, by_account)])


def dynamodb_policy(accounts: Sequence[str]) -> Policy:
    """Return the policy for DynamoDB."""
    return _policy([_own(accounts)])


def s3_policy(accounts: Sequence[str], arns: Arns, buckets: Sequence[str]) -> Policy:
    """Return the policy for S3: the accounts' own buckets, and public ones, which may be read without credentials.

    Args:
        accounts: ids of those that are let through.
        arns: of the stack's account and Region.
        buckets: names, with ``*`` and ``?`` for what is left open, beside those of AWS that every host may need.
    """
    public = [each.format(region=arns.region) for each in AWS_BUCKETS] + list(buckets)
    objects = [f"arn:{arns.partition}:s3:::{bucket}/*" for bucket in public]
    # Requests that a service of AWS has signed itself, as those of CloudFormation's wait conditions.
    services = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    return _policy(
        [
            _own(accounts),
            _allow("PublicBuckets", ["s3:GetObject"], objects),
            _allow("ByServices", ["*"], ["*"], services),
        ]
    )


def _own(accounts: Sequence[str]) -> Mapping[str, object]:
    """Return the statement for own identities and own resources; a few actions know no resource, and so no account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
    """
    return _allow(
        "Own",
        ["*"],
        ["*"],
        {
            "StringEquals": {"aws:PrincipalAccount": list(accounts)},
            "StringEqualsIfExists": {"aws:ResourceAccount": list(accounts)},
        },
    )


def _policy(statements: Sequence[Mapping[str, object]]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, object] | None = None
) -> Mapping[str, object]:
    # A gateway endpoint knows no principal but all:
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#vpc-endpoint-policies-gateway
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement if condition is None else statement | {"Condition": condition}
