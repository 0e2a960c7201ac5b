"""Pure: the commands that people are given, each complete with the region, to be pasted as they stand.

The stack's alarms and outputs give those whose argument is a ``Place``: it has no settings, and the region is the
CDK's token.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Protocol

from nat_failover.lock.record import ARMED
from nat_failover.settings import Settings


class Place(Protocol):
    """What a command needs to reach a pair."""

    @property
    def region(self) -> str:
        """The region that the pair is in."""
        ...

    @property
    def lock_parameter(self) -> str:
        """Name of the lock parameter."""
        ...

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        ...

    @property
    def tables(self) -> tuple[str, str]:
        """Ids of both route tables, the primary's first."""
        ...


def own(s: Settings, command: str, *options: str) -> str:
    """Return one of our own commands, for a pair."""
    return " ".join(("nat-failover", command, s.pair, "--region", s.region, *options))


def rearm(s: Place) -> str:
    """Return the command that re-arms, and checks nothing."""
    return f"{rearm_anywhere(s.lock_parameter)} --region {s.region}"


def rearm_anywhere(lock_parameter: str) -> str:
    """Return the command that re-arms in the region that is set where it is run."""
    return f"aws ssm put-parameter --name {lock_parameter} --value {ARMED} --overwrite"


def read_lock(s: Place) -> str:
    """Return the command that shows the lock."""
    named = f"--name {s.lock_parameter} --query Parameter.Value --output text"
    return f"aws ssm get-parameter {named} --region {s.region}"


def read_claims(s: Place) -> str:
    """Return the command that shows who has written the claim lately."""
    claim, columns = f"{s.lock_parameter.rpartition('/')[0]}/claim", "[LastModifiedDate,LastModifiedUser,Value]"
    query = f"--query 'Parameters[-10:].{columns}' --output table"
    return f"aws ssm get-parameter-history --name {claim} {query} --region {s.region}"


def read_log(s: Place) -> str:
    """Return the command that shows what the function has said lately."""
    return f"aws logs tail {s.log_group} --since 1h --region {s.region}"


def read_tables(s: Place, *tables: str) -> str:
    """Return the command that shows route tables, with the associations of their subnets; both where none is named."""
    ids = " ".join(map(shlex.quote, tables)) or " ".join(s.tables)
    return f"aws ec2 describe-route-tables --route-table-ids {ids} --region {s.region}"


def move_subnet(s: Settings, to_table: str, association: str = "rtbassoc-...") -> str:
    """Return the command that moves a subnet to another route table."""
    return (
        f"aws ec2 replace-route-table-association --association-id {shlex.quote(association)} "
        f"--route-table-id {shlex.quote(to_table)} --region {s.region}"
    )


def move_subnets(s: Settings, to_table: str, associations: Sequence[str]) -> tuple[str, ...]:
    """Return the commands that move subnets to another route table, one for each; see ``move_subnet``."""
    return tuple(move_subnet(s, to_table, each) for each in associations) or (move_subnet(s, to_table),)


def associate(s: Place, table: str) -> str:
    """Return the command that associates a subnet, which has followed the main route table so far."""
    return f"aws ec2 associate-route-table --subnet-id subnet-... --route-table-id {table} --region {s.region}"


def read_subnets(s: Settings) -> str:
    """Return the command that shows which subnet each backend is in."""
    tag = shlex.quote(f"Name=tag:{s.probe_tag_key},Values={s.probe_tag_value}")
    query = "--query 'Reservations[].Instances[].[SubnetId,InstanceId]' --output text"
    return f"aws ec2 describe-instances --filters {tag} {query} --region {s.region}"


def read_status(s: Settings, *instances: str) -> str:
    """Return the command that shows the state of instances, those that don't run among them."""
    named = f"--instance-ids {' '.join(instances)} --include-all-instances"
    return f"aws ec2 describe-instance-status {named} --region {s.region}"


def read_checks(s: Settings, instance: str) -> str:
    """Return the command that shows whether an instance runs, and the source/destination check of each interface."""
    columns = "[State.Name,NetworkInterfaces[].[NetworkInterfaceId,SourceDestCheck]]"
    query = f"--query 'Reservations[].Instances[].{columns}'"
    return f"aws ec2 describe-instances --instance-ids {instance} {query} --region {s.region}"


def read_groups(s: Settings, *instances: str) -> str:
    """Return the command that shows the rules of the security groups that instances have."""
    ids = _of_instances(s, instances, "SecurityGroups[].GroupId")
    return f'aws ec2 describe-security-group-rules --filters "Name=group-id,Values={ids}" --region {s.region}'


def read_acls(s: Settings, *instances: str) -> str:
    """Return the command that shows the network ACLs of the subnets that instances are in."""
    ids = _of_instances(s, instances, "SubnetId")
    return f'aws ec2 describe-network-acls --filters "Name=association.subnet-id,Values={ids}" --region {s.region}'


def _of_instances(s: Settings, instances: Sequence[str], member: str) -> str:
    """Return what a shell puts in place of itself: a member of instances, with commas between."""
    return (
        f"$(aws ec2 describe-instances --instance-ids {' '.join(instances)} --region {s.region} --output text "
        f"--query 'Reservations[].Instances[].{member}' | tr '\\t' ',')"
    )


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


def give_address(s: Settings, nat: str) -> str:
    """Return the command that allocates an Elastic IP and gives it to a NAT."""
    allocated = f"aws ec2 allocate-address --domain vpc --query AllocationId --output text --region {s.region}"
    return f'aws ec2 associate-address --allocation-id "$({allocated})" --instance-id {nat} --region {s.region}'


def heartbeat(timeout: float) -> int:
    """Return how long a group waits for the function, by the function's timeout, in seconds.

    For an invocation that fails, Lambda's pause of a minute, and another invocation:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    return round(2 * timeout) + 90


def put_lifecycle_hook(s: Settings, group: str, timeout: float) -> str:
    """Return the command that has an Auto Scaling group wait for the function before it terminates a NAT.

    ``CONTINUE`` lets it terminate. ``ABANDON`` would end the actions of other hooks beside, and may keep the instance:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html
    """
    return (
        f"aws autoscaling put-lifecycle-hook --auto-scaling-group-name {shlex.quote(group)} "
        f"--lifecycle-hook-name {s.lifecycle_hook} --lifecycle-transition autoscaling:EC2_INSTANCE_TERMINATING "
        f"--heartbeat-timeout {heartbeat(timeout)} --default-result CONTINUE --region {s.region}"
    )
