"""EC2: what the NATs' instance types carry, and which CPU credits they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nat_failover.cli.snapshot.snapshot import Raw


def types_of(ec2: Any, nats: Sequence[str], instances: Mapping[str, Raw]) -> dict[str, Raw]:
    """Describe the NATs' instance types, by name.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
    """
    names = sorted({str(instances[nat]["InstanceType"]) for nat in nats if nat in instances})
    if not names:
        return {}
    pages = ec2.get_paginator("describe_instance_types").paginate(InstanceTypes=names)
    return {str(raw["InstanceType"]): raw for page in pages for raw in page["InstanceTypes"]}


def credits_of(ec2: Any, nats: Sequence[str], instances: Mapping[str, Raw]) -> dict[str, str]:
    """Read which credits the burstable NATs have, by id.

    Of other types EC2 says ``standard`` as well, and that means nothing; an id that it does not know is an error:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceCreditSpecifications.html
    """
    burstable = [
        nat
        for nat in nats
        if str(instances.get(nat, {}).get("InstanceType", "")).startswith("t")
        and instances[nat]["State"]["Name"] not in ("shutting-down", "terminated")
    ]
    if not burstable:
        return {}
    pages = ec2.get_paginator("describe_instance_credit_specifications").paginate(InstanceIds=burstable)
    specifications = [raw for page in pages for raw in page["InstanceCreditSpecifications"]]
    return {str(raw["InstanceId"]): str(raw["CpuCredits"]) for raw in specifications}
