"""Faults that are planted in the deployed pair, each with what the doctor must find, and how it is put right again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cli.beside import FUNCTION, LOG_GROUP, LOG_STREAM
from tests.cli.deployed import Deployment

Undo = Callable[[], object]
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        plant: makes it, and gives what unmakes it.
        finds: names of the checks that must find it, and no other.
        remedy: part of the remedy of the first.
    """

    plant: Callable[[Deployment], Undo]
    finds: tuple[str, ...]
    remedy: str


def _ec2(d: Deployment) -> Any:
    return d.aws.client("ec2")


def _table(d: Deployment, role: str) -> dict[str, Any]:
    tables = _ec2(d).describe_route_tables(RouteTableIds=[d.setting(f"{role}_ROUTE_TABLE")])["RouteTables"]
    return dict(tables[0])


def _associations(d: Deployment) -> dict[str, str]:
    told = _table(d, "PRIMARY")["Associations"]
    return {a["SubnetId"]: a["RouteTableAssociationId"] for a in told if a.get("SubnetId")}


def _nat(d: Deployment, role: str) -> dict[str, Any]:
    told = _ec2(d).describe_instances(InstanceIds=[d.setting(f"{role}_INSTANCE")])["Reservations"]
    return dict(told[0]["Instances"][0])


def backends(d: Deployment) -> list[str]:
    """List the ids of the backends."""
    told = _ec2(d).describe_instances(Filters=[{"Name": "tag:nat-failover:probe", "Values": ["main"]}])
    return sorted(i["InstanceId"] for r in told["Reservations"] for i in r["Instances"])


def source_dest_check(d: Deployment) -> Undo:
    """Somebody has put the standby's check on."""
    interface = _nat(d, "STANDBY")["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def put(on: bool) -> None:
        _ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": on})

    put(True)
    return lambda: put(False)


def stopped_standby(d: Deployment) -> Undo:
    """Somebody saves money at the wrong end."""
    ids = [d.setting("STANDBY_INSTANCE")]
    _ec2(d).stop_instances(InstanceIds=ids)
    return lambda: _ec2(d).start_instances(InstanceIds=ids)


def no_public_address(d: Deployment) -> Undo:
    """The standby's Elastic IP went elsewhere."""
    nat = d.setting("STANDBY_INSTANCE")
    (address,) = _ec2(d).describe_addresses(Filters=[{"Name": "instance-id", "Values": [nat]}])["Addresses"]
    _ec2(d).disassociate_address(AssociationId=address["AssociationId"])
    return lambda: _ec2(d).associate_address(AllocationId=address["AllocationId"], InstanceId=nat)


def no_gateway(d: Deployment) -> Undo:
    """The public subnets' table lost its route to the Internet."""
    subnet = _nat(d, "STANDBY")["SubnetId"]
    tables = _ec2(d).describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
    table = tables["RouteTables"][0]["RouteTableId"]
    gateway = _ec2(d).describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    _ec2(d).delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
    return lambda: _ec2(d).create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)


def unmanaged_nat(d: Deployment) -> Undo:
    """The standby's agent was never registered."""
    return _offline(d, "nat02")


def unmanaged_backend(d: Deployment) -> Undo:
    """A backend without an agent."""
    return _offline(d, "backend2")


def _offline(d: Deployment, host: str) -> Undo:
    def put(hosts: list[str]) -> None:
        d.aws.tell({"offline": hosts})
        # The emulator reads words beside answering requests.
        while len(d.aws.client("ssm").describe_instance_information()["InstanceInformationList"]) != 5 - len(hosts):
            time.sleep(0.05)

    put([host])
    return lambda: put([])


def no_default_route(d: Deployment) -> Undo:
    """The standby's table has no default route."""
    table = d.setting("STANDBY_ROUTE_TABLE")
    _ec2(d).delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
    nat = d.setting("STANDBY_INSTANCE")
    return lambda: _ec2(d).create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, InstanceId=nat)


def wrong_default_route(d: Deployment) -> Undo:
    """The standby's table leads to the primary, too."""
    route = {"RouteTableId": d.setting("STANDBY_ROUTE_TABLE"), "DestinationCidrBlock": EVERYWHERE}
    _ec2(d).replace_route(**route, InstanceId=d.setting("PRIMARY_INSTANCE"))
    return lambda: _ec2(d).replace_route(**route, InstanceId=d.setting("STANDBY_INSTANCE"))


def split(d: Deployment) -> Undo:
    """Somebody moved one subnet by hand."""
    association = min(_associations(d).values())
    primary, standby = d.setting("PRIMARY_ROUTE_TABLE"), d.setting("STANDBY_ROUTE_TABLE")
    new = _ec2(d).replace_route_table_association(AssociationId=association, RouteTableId=standby)["NewAssociationId"]
    return lambda: _ec2(d).replace_route_table_association(AssociationId=new, RouteTableId=primary)


def implicit(d: Deployment) -> Undo:
    """One subnet lost its association: it follows the main route table."""
    subnet, association = sorted(_associations(d).items())[0]
    _ec2(d).disassociate_route_table(AssociationId=association)
    return lambda: _ec2(d).associate_route_table(SubnetId=subnet, RouteTableId=d.setting("PRIMARY_ROUTE_TABLE"))


def differing_tables(d: Deployment) -> Undo:
    """A peering was added to the primary's table only."""
    vpc, other = d.pair["vpcId"], _ec2(d).create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    made = _ec2(d).create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    route = {"RouteTableId": d.setting("PRIMARY_ROUTE_TABLE"), "DestinationCidrBlock": "10.99.0.0/16"}
    _ec2(d).create_route(**route, VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    return lambda: _ec2(d).delete_route(**route)


def too_few(d: Deployment) -> Undo:
    """A backend lost its tag."""
    tagged = {"Resources": backends(d)[:1], "Tags": [{"Key": "nat-failover:probe", "Value": "main"}]}
    _ec2(d).delete_tags(**tagged)
    return lambda: _ec2(d).create_tags(**tagged)


def no_endpoint(d: Deployment) -> Undo:
    """Somebody saves the endpoint for ssmmessages."""
    (raw,) = (e for e in _ec2(d).describe_vpc_endpoints()["VpcEndpoints"] if e["ServiceName"].endswith(".ssmmessages"))
    _ec2(d).delete_vpc_endpoints(VpcEndpointIds=[raw["VpcEndpointId"]])
    return lambda: _ec2(d).create_vpc_endpoint(
        VpcId=raw["VpcId"],
        VpcEndpointType="Interface",
        ServiceName=raw["ServiceName"],
        SubnetIds=raw["SubnetIds"],
        SecurityGroupIds=[group["GroupId"] for group in raw["Groups"]],
        PrivateDnsEnabled=True,
    )


def closed_group(d: Deployment) -> Undo:
    """The standby's group lets in nothing but SSH."""
    return _rules(d, "ingress", [_tcp(22, 22)])


def no_pings(d: Deployment) -> Undo:
    """The standby's group lets TCP in, and no ping."""
    return _rules(d, "ingress", [_tcp(0, 65535)])


def group_of_nobody(d: Deployment) -> Undo:
    """The standby's group lets in a group that no server is in."""
    return _rules(d, "ingress", [of_group(servers(d, []))])


def group_without_one(d: Deployment) -> Undo:
    """The standby's group lets in the servers' group, and one of them is not in it."""
    group = servers(d, backends(d)[1:])
    undo = _rules(d, "ingress", [of_group(group)])
    return both(undo, lambda: dismiss(d))


def list_of_others(d: Deployment) -> Undo:
    """The standby's group lets in a prefix list that has other networks."""
    return _rules(d, "ingress", [of_list(prefix_list(d, "10.77.0.0/16"))])


def out_to_servers_only(d: Deployment) -> Undo:
    """The standby's group lets out to the servers' group, and so nothing to the Internet."""
    group = servers(d, backends(d))
    undo = _rules(d, "egress", [of_group(group)])
    return both(undo, lambda: dismiss(d))


def both(one: Undo, other: Undo) -> Undo:
    """Undo one thing, then another."""

    def undo() -> None:
        one()
        other()

    return undo


def servers(d: Deployment, members: list[str]) -> str:
    """Make a security group that these backends are in, beside those that they have."""
    name = f"servers-{time.time_ns()}"
    group = _ec2(d).create_security_group(GroupName=name, Description=name, VpcId=d.pair["vpcId"])["GroupId"]
    for backend in members:
        interface, groups = _groups(d, backend)
        _ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[*groups, group])
    return str(group)


def dismiss(d: Deployment) -> None:
    """Leave every backend the first of its groups only."""
    for backend in backends(d):
        interface, groups = _groups(d, backend)
        _ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups[:1])


def _groups(d: Deployment, instance: str) -> tuple[str, list[str]]:
    """Give an instance's network interface, and the groups that it is in."""
    attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
    (interface,) = _ec2(d).describe_network_interfaces(Filters=attached)["NetworkInterfaces"]
    return interface["NetworkInterfaceId"], [group["GroupId"] for group in interface["Groups"]]


def prefix_list(d: Deployment, *networks: str) -> str:
    """Make a prefix list."""
    made = _ec2(d).create_managed_prefix_list(
        PrefixListName="networks", AddressFamily="IPv4", MaxEntries=5, Entries=[{"Cidr": each} for each in networks]
    )
    return str(made["PrefixList"]["PrefixListId"])


def of_group(group: str) -> dict[str, Any]:
    """Give the rule that lets everything of a group's members through."""
    return {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}


def of_list(prefixes: str) -> dict[str, Any]:
    """Give the rule that lets everything of a prefix list's networks through."""
    return {"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": prefixes}]}


def lets_in(rule: dict[str, Any]) -> Callable[[Deployment], Undo]:
    """Have the standby's group let in what one rule says."""
    return lambda d: _rules(d, "ingress", [rule])


def no_way_out(d: Deployment) -> Undo:
    """The standby's group lets nothing out."""
    return _rules(d, "egress", [])


def _tcp(first: int, last: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": EVERYWHERE}]}


def _rules(d: Deployment, direction: str, instead: list[dict[str, Any]]) -> Undo:
    group = _nat(d, "STANDBY")["SecurityGroups"][0]["GroupId"]
    (told,) = _ec2(d).describe_security_groups(GroupIds=[group])["SecurityGroups"]
    before = told["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
    client = _ec2(d)

    def put(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
        if old:
            getattr(client, f"revoke_security_group_{direction}")(GroupId=group, IpPermissions=old)
        if new:
            getattr(client, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=new)

    put(before, instead)
    return lambda: put(instead, before)


def network_acl(d: Deployment) -> Undo:
    """An ACL denies what comes back to ephemeral ports."""
    (acl,) = _ec2(d).describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [d.pair["vpcId"]]}])["NetworkAcls"]
    entry = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 50, "Egress": False}
    _ec2(d).create_network_acl_entry(
        **entry, Protocol="6", RuleAction="deny", CidrBlock=EVERYWHERE, PortRange={"From": 32768, "To": 65535}
    )
    return lambda: _ec2(d).delete_network_acl_entry(**entry)


def lock(value: str) -> Callable[[Deployment], Undo]:
    """Somebody wrote something into the lock."""

    def plant(d: Deployment) -> Undo:
        d.aws.write_lock(value)
        return lambda: d.aws.write_lock("armed")

    return plant


def reserved(count: int) -> Callable[[Deployment], Undo]:
    """Somebody limited the function's concurrency."""

    def plant(d: Deployment) -> Undo:
        client = d.aws.client("lambda")
        client.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=count)
        return lambda: client.delete_function_concurrency(FunctionName=FUNCTION)

    return plant


def _rule(d: Deployment, key: str) -> str:
    return str(next(rule["Name"] for rule in d.aws.client("events").list_rules()["Rules"] if rule.get(key)))


def disabled(key: str) -> Callable[[Deployment], Undo]:
    """Somebody disabled a rule."""

    def plant(d: Deployment) -> Undo:
        events, name = d.aws.client("events"), _rule(d, key)
        events.disable_rule(Name=name)
        return lambda: events.enable_rule(Name=name)

    return plant


def no_schedule(d: Deployment) -> Undo:
    """The schedule's target was removed."""
    events, name = d.aws.client("events"), _rule(d, "ScheduleExpression")
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
    return lambda: events.put_targets(Rule=name, Targets=targets)


def forbidden_rule(d: Deployment) -> Undo:
    """The schedule lost its permission to invoke the function."""
    client, name = d.aws.client("lambda"), _rule(d, "ScheduleExpression")
    statements = json.loads(client.get_policy(FunctionName=FUNCTION)["Policy"])["Statement"]
    (mine,) = (s for s in statements if s["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(f"/{name}"))
    client.remove_permission(FunctionName=FUNCTION, StatementId=mine["Sid"])
    return lambda: client.add_permission(
        FunctionName=FUNCTION,
        StatementId=mine["Sid"],
        Action=mine["Action"],
        Principal="events.amazonaws.com",
        SourceArn=mine["Condition"]["ArnLike"]["AWS:SourceArn"],
    )


def no_tick(d: Deployment) -> Undo:
    """The function has not looked for long."""
    logs = d.aws.client("logs")
    logs.delete_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    return d.tick


def observing(d: Deployment) -> Undo:
    """The pair was deployed to look on."""
    client = d.aws.client("lambda")

    def put(mode: str) -> None:
        variables = {**d.environment, "NAT_FAILOVER_MODE": mode}
        client.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": variables})

    put("observe")
    return lambda: put("automatic")


def role(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[Deployment], Undo]:
    """Somebody changed the policy of the function's role."""

    def plant(d: Deployment) -> Undo:
        iam, client = d.aws.client("iam"), d.aws.client("lambda")
        name = client.get_function_configuration(FunctionName=FUNCTION)["Role"].rsplit("/", 1)[-1]
        before = iam.get_role_policy(RoleName=name, PolicyName="pair")["PolicyDocument"]

        def put(policy: dict[str, Any]) -> None:
            iam.put_role_policy(RoleName=name, PolicyName="pair", PolicyDocument=json.dumps(policy))

        put({**before, "Statement": change(before["Statement"])})
        return lambda: put(before)

    return plant


def unconfirmed(d: Deployment) -> Undo:
    """Somebody was subscribed and has not confirmed."""
    return _subscribed(d, "pending@example.com")


def _subscribed(d: Deployment, address: str) -> Undo:
    sns = d.aws.client("sns")
    made = sns.subscribe(TopicArn=d.setting("TOPIC"), Protocol="email", Endpoint=address, ReturnSubscriptionArn=True)
    return lambda: sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])


def nobody_told(d: Deployment) -> Undo:
    """The last one unsubscribed."""
    sns = d.aws.client("sns")
    for told in sns.list_subscriptions_by_topic(TopicArn=d.setting("TOPIC"))["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=told["SubscriptionArn"])
    return lambda: sns.subscribe(TopicArn=d.setting("TOPIC"), Protocol="email", Endpoint="oncall@example.com")


def alarm(d: Deployment) -> Undo:
    """An alarm fires."""
    watch, name = d.aws.client("cloudwatch"), f"{FUNCTION}-control-down"
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    return lambda: watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")


def sick_standby(d: Deployment) -> Undo:
    """The standby lost its way to the Internet, and said so at the last look."""

    def put(up: bool) -> None:
        d.aws.tell({"uplink": ["nat02", up]})
        d.tick()

    put(False)
    return lambda: put(True)


FAULTS = {
    "source/destination check on": Fault(source_dest_check, ("source-dest-check",), "--no-source-dest-check"),
    "standby stopped": Fault(stopped_standby, ("nat-not-running",), "aws ec2 start-instances"),
    "standby without public address": Fault(no_public_address, ("nat-no-public-address",), "aws ec2 associate-address"),
    "no route to the gateway": Fault(no_gateway, ("nat-no-gateway", "nat-no-gateway"), "aws ec2 create-route"),
    "standby not in SSM": Fault(unmanaged_nat, ("nat-unmanaged",), "aws ec2 describe-iam-instance-profile"),
    "backend not in SSM": Fault(
        unmanaged_backend, ("too-few-online", "backend-unmanaged"), "aws ssm describe-instance"
    ),
    "no default route": Fault(no_default_route, ("default-route",), "aws ec2 create-route"),
    "default route elsewhere": Fault(wrong_default_route, ("default-route",), "aws ec2 replace-route"),
    "subnets split": Fault(split, ("split",), "aws ec2 replace-route-table-association"),
    "subnet without association": Fault(implicit, ("implicit-association",), "aws ec2 associate-route-table"),
    "tables differ": Fault(differing_tables, ("tables-differ",), "mirrorRoutes"),
    "too few backends": Fault(too_few, ("too-few-backends",), "aws ec2 create-tags"),
    "endpoint missing": Fault(no_endpoint, ("endpoint-missing",), "aws ec2 create-vpc-endpoint"),
    "group lets nothing in": Fault(closed_group, ("nat-group-ingress",) * 2, "authorize-security-group-ingress"),
    "group lets no ping in": Fault(no_pings, ("nat-group-ingress",) * 2, "authorize-security-group-ingress"),
    "group lets nothing out": Fault(no_way_out, ("nat-group-egress",), "authorize-security-group-egress"),
    "group lets in a group of nobody": Fault(group_of_nobody, ("nat-group-ingress",) * 2, "--protocol all --cidr"),
    "a backend outside the group": Fault(group_without_one, ("nat-group-ingress",), "--protocol all --cidr"),
    "prefix list of others": Fault(list_of_others, ("nat-group-ingress",) * 2, "--protocol all --cidr"),
    "group lets out to servers only": Fault(out_to_servers_only, ("nat-group-egress",), "--cidr 0.0.0.0/0"),
    "ACL stops answers": Fault(network_acl, ("network-acl",) * 4, "aws ec2 create-network-acl-entry"),
    "paused": Fault(lock("paused"), ("paused",), "nat-failover resume main"),
    "lock garbled": Fault(lock("amred"), ("locked",), "nat-failover rearm main"),
    "function disabled": Fault(reserved(0), ("function-disabled",), "aws lambda delete-function-concurrency"),
    "function limited": Fault(reserved(1), ("function-concurrency",), "aws lambda delete-function-concurrency"),
    "schedule disabled": Fault(disabled("ScheduleExpression"), ("rule-disabled",), "aws events enable-rule"),
    "event rule disabled": Fault(disabled("EventPattern"), ("rule-disabled",), "aws events enable-rule"),
    "schedule without target": Fault(no_schedule, ("no-schedule",), "cdk deploy"),
    "schedule may not invoke": Fault(forbidden_rule, ("rule-forbidden",), "aws lambda add-permission"),
    "no tick": Fault(no_tick, ("no-tick",), "aws logs tail"),
    "observe mode": Fault(observing, ("observe-mode",), "set mode to automatic"),
    "permission missing": Fault(
        role(lambda statements: [s for s in statements if s["Sid"] != "SwapSubnets"]), ("permission",), "cdk deploy"
    ),
    "permission denied": Fault(
        role(lambda s: [*s, {"Sid": "No", "Effect": "Deny", "Action": "sns:*", "Resource": "*"}]),
        ("permission",),
        "change the policy",
    ),
    "mail not confirmed": Fault(unconfirmed, ("unconfirmed",), "aws sns subscribe"),
    "nobody is told": Fault(nobody_told, ("nobody-told",), "aws sns subscribe"),
    "alarm fires": Fault(alarm, ("alarm",), "aws cloudwatch describe-alarms"),
    "standby can't reach the Internet": Fault(sick_standby, ("control-down",), "aws ssm start-session"),
}
