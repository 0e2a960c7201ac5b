"""What a user has beside the stack, and what moto leaves out of it; the doctor looks at all of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.e2e.account import PAIR, REGION
from tests.e2e.inventory import parsed

FUNCTION = f"nat-failover-{PAIR}"
LOG_GROUP, LOG_STREAM = f"/aws/lambda/{FUNCTION}", "one"
# Alarms are what moto's CloudFormation leaves out; they are made of the template's resources.
ALARM = ("AlarmName", "AlarmDescription", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods")

ClientOf = Callable[[str], Any]


def complete(client: ClientOf, environment: Mapping[str, str], stack: str, private: Sequence[str]) -> None:
    """Let a deployed pair be as it is in AWS, with somebody who is told.

    Args:
        client: gives clients of boto3 by their service.
        environment: of the function.
        stack: its name.
        private: subnets of the endpoints.
    """
    standby = environment["NAT_FAILOVER_STANDBY_INSTANCE"]
    _guard(client("ec2"), environment["NAT_FAILOVER_PRIMARY_INSTANCE"], standby, private)
    _mend_role(client)
    client("sns").subscribe(TopicArn=environment["NAT_FAILOVER_TOPIC"], Protocol="email", Endpoint="oncall@example.com")
    client("logs").create_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    body = client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    resources = (json.loads(body) if isinstance(body, str) else body)["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            _make_alarm(client("cloudwatch"), resource["Properties"], standby)


def log_decision(client: ClientOf, answer: Mapping[str, Any], at: float) -> None:
    """Write what an invocation came to into the function's log, as the function does.

    Args:
        client: gives clients of boto3 by their service.
        answer: what the handler has returned.
        at: seconds since the epoch.
    """
    log_line(client, {"level": "INFO", "message": answer["reason"], "service": PAIR, **answer}, at)


def log_line(client: ClientOf, line: Mapping[str, Any], at: float) -> None:
    """Write a line into the function's log; see ``log_decision``."""
    client("logs").put_log_events(
        logGroupName=LOG_GROUP,
        logStreamName=LOG_STREAM,
        logEvents=[{"timestamp": int(at * 1000), "message": json.dumps(line)}],
    )


def _guard(ec2: Any, primary: str, standby: str, private: Sequence[str]) -> None:
    """Give the NATs their security groups and what EC2 is to let through, and the VPC its endpoints."""
    nats = {
        nat: ec2.describe_instances(InstanceIds=[nat])["Reservations"][0]["Instances"][0] for nat in (primary, standby)
    }
    vpc = nats[primary]["VpcId"]
    (network,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    group = ec2.create_security_group(GroupName="nats", Description="nats", VpcId=vpc)["GroupId"]
    inside = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": network["CidrBlock"]}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[inside])
    for nat, described in nats.items():
        interface = described["NetworkInterfaces"][0]["NetworkInterfaceId"]
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
        ec2.modify_instance_attribute(InstanceId=nat, Groups=[group if nat == primary else _group_of_standby(ec2)])
    for service in ("ssm", "ssmmessages"):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            SubnetIds=list(private),
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )


def _group_of_standby(ec2: Any) -> str:
    """Give the security group that the stack has made for it, which moto forgets to attach."""
    named = [{"Name": "tag:Name", "Values": [f"{FUNCTION}-standby"]}]
    (made,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    return str(made["GroupId"])


def _mend_role(client: ClientOf) -> None:
    """Write the role's policy as JSON, and the log group's ARN with the `:*` that CloudFormation gives it."""
    iam = client("iam")
    role = client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"].rsplit("/", 1)[-1]
    policy = parsed(iam.get_role_policy(RoleName=role, PolicyName="pair")["PolicyDocument"])
    for statement in policy["Statement"]:
        if statement["Sid"] == "Log":
            statement["Resource"] = statement["Resource"].removesuffix(":*") + ":*"
    iam.put_role_policy(RoleName=role, PolicyName="pair", PolicyDocument=json.dumps(policy))


def _make_alarm(watch: Any, properties: Mapping[str, Any], standby: str) -> None:
    values = {"FunctionName": FUNCTION, "InstanceId": standby, "service": PAIR}
    description = properties["AlarmDescription"]
    if isinstance(description, dict):
        description = "".join(p if isinstance(p, str) else REGION for p in description["Fn::Join"][1])
    watch.put_metric_alarm(
        **{key: properties[key] for key in ALARM if key != "AlarmDescription"},
        AlarmDescription=description,
        Dimensions=[{"Name": d["Name"], "Value": values[d["Name"]]} for d in properties["Dimensions"]],
        ComparisonOperator=properties["ComparisonOperator"],
        Threshold=properties["Threshold"],
        ActionsEnabled=True,
    )
    watch.set_alarm_state(AlarmName=properties["AlarmName"], StateValue="OK", StateReason="all is well")
