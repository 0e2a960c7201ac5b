"""Pure: the commands that people are given, each complete with the region, to be pasted as they stand."""

from __future__ import annotations

import shlex

from nat_failover.settings import Settings


def rearm(s: Settings) -> str:
    """Return the command that re-arms."""
    return f"aws ssm put-parameter --name {s.lock_parameter} --value armed --overwrite --region {s.region}"


def read_lock(s: Settings) -> str:
    """Return the command that shows the lock."""
    named = f"--name {s.lock_parameter} --query Parameter.Value --output text"
    return f"aws ssm get-parameter {named} --region {s.region}"


def read_log(s: Settings) -> str:
    """Return the command that shows what the function has said lately."""
    return f"aws logs tail {s.log_group} --since 1h --region {s.region}"


def read_tables(s: Settings, *tables: str) -> str:
    """Return the command that shows route tables, with the associations of their subnets; both where none is named."""
    return f"aws ec2 describe-route-tables --route-table-ids {' '.join(tables or s.tables)} --region {s.region}"


def move_subnet(s: Settings, to_table: str, association: str = "rtbassoc-...") -> str:
    """Return the command that moves a subnet to another route table."""
    return (
        f"aws ec2 replace-route-table-association --association-id {association} --route-table-id {to_table} "
        f"--region {s.region}"
    )


def associate(s: Settings, table: str) -> str:
    """Return the command that associates a subnet, which has followed the main route table so far."""
    return f"aws ec2 associate-route-table --subnet-id subnet-... --route-table-id {table} --region {s.region}"


def read_status(s: Settings, *instances: str) -> str:
    """Return the command that shows the state of instances, those that don't run among them."""
    named = f"--instance-ids {' '.join(instances)} --include-all-instances"
    return f"aws ec2 describe-instance-status {named} --region {s.region}"


def reboot(s: Settings, instance: str) -> str:
    """Return the command that reboots an instance."""
    return f"aws ec2 reboot-instances --instance-ids {instance} --region {s.region}"


def online_backends(s: Settings) -> str:
    """Return the command that shows which backends are online in Systems Manager."""
    tag = shlex.quote(f"Key=tag:{s.probe_tag_key},Values={s.probe_tag_value}")
    return f"aws ssm describe-instance-information --filters {tag} --region {s.region}"


def read_address(s: Settings) -> str:
    """Return the command that shows who has the pair's Elastic IPs."""
    named = " ".join(each for each in (s.egress_allocation, s.standby_egress_allocation) if each is not None)
    return f"aws ec2 describe-addresses --allocation-ids {named} --region {s.region}"


def read_public(s: Settings, nat: str) -> str:
    """Return the command that shows a NAT's public address, null where it has none."""
    query = "--query 'Reservations[].Instances[].PublicIpAddress'"
    return f"aws ec2 describe-instances --instance-ids {nat} {query} --region {s.region}"


def move_address(s: Settings, nat: str, allocation: str | None = None) -> str:
    """Return the command that moves an Elastic IP to a NAT: the egress address where not another is given."""
    return (
        f"aws ec2 associate-address --allocation-id {allocation or s.egress_allocation} --instance-id {nat} "
        f"--allow-reassociation --region {s.region}"
    )
