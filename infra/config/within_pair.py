"""What the settings of one pair must be true of together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from infra.config.addresses import PRIVATE_NETWORKS
from infra.config.choices import GatewayService, SsmAccess
from infra.config.kinds import INVALID
from infra.config.pair import PairConfig
from infra.config.problems import missing, refused, shown
from infra.config.standby import StandbySettings
from nat_failover.settings import Mode

Values = Mapping[str, Any]
# What the stack makes a standby of; where one exists, each is left out.
OF_A_NEW_STANDBY = {
    "routes": "routes",
    "standby_elastic_ip": "standbyElasticIp",
    "standby_revision": "standbyRevision",
    "standby_instance_type": "standbyInstanceType",
    "standby_ami": "standbyAmi",
    "standby_root_device": "standbyRootDevice",
}
_INTERFACES = {
    "primary_network_interface_id": "primaryNetworkInterfaceId",
    "standby_network_interface_id": "standbyNetworkInterfaceId",
}
# A second, from all backends together.
MOST_PINGS = 20
_DEFAULTS = {setting.name: setting.default for setting in fields(StandbySettings)}


def check_settings(values: Values, path: str, problems: list[str]) -> None:
    """Check what a pair's settings must be true of together; a setting that was refused before is left out.

    Args:
        values: by field name of PairConfig.
        path: the pair's, for the sentences.
        problems: a sentence for each problem is added.
    """

    def are_given(*names: str) -> bool:
        return all(values.get(name) not in (None, INVALID) for name in names)

    def refuse(key: str, name: str, allowed: str, example: object) -> None:
        problems.append(refused(f"{path}.{key}", values[name], allowed, example))

    if are_given("sample_size", "failure_threshold") and values["failure_threshold"] > values["sample_size"]:
        size = values["sample_size"]
        refuse("failureThreshold", "failure_threshold", f"at most sampleSize, which is {size}", min(3, size))
    if are_given("sample_size", "interval") and values["sample_size"] > 2 * MOST_PINGS * values["interval"]:
        # Every other of what a host sends is a connection.
        most = int(2 * MOST_PINGS * values["interval"])
        needed = (
            f"at most {most}, since interval is {values['interval']:g}: {MOST_PINGS} pings a second from all backends"
        )
        refuse("sampleSize", "sample_size", f"{needed} together", most)
    if are_given("window", "period_minutes") and 0 < values["window"] < values["period_minutes"] * 120:
        period = values["period_minutes"] * 60
        allowed = f"0, or at least twice the period of {period} seconds, or hosts go unwatched between two rounds"
        refuse("window", "window", allowed, 10 * period)
    if values.get("window") == 0 and values.get("ssm_access") is SsmAccess.NONE:
        # Nobody can be asked for a quick check while the only way to Systems Manager is dead.
        refuse("window", "window", "at least twice the period, since ssmAccess is none", 600)
    if are_given("window", "interval", "failures") and 0 < values["window"] <= values["interval"] * values["failures"]:
        needed = f"{values['failures']} pings {values['interval']:g} seconds apart"
        refuse("window", "window", f"0, or longer than failures and interval need together ({needed})", 600)
    if values.get("mirror_routes") is True and values.get("mode") is Mode.OBSERVE:
        problems.append(
            f"{path}.mirrorRoutes is true: it must be left out while mode is observe, in which the function may write "
            "no routes"
        )
    made = values.get("standby_ami") == "al2023" and values.get("standby_route_table_id") is None
    if made and values.get("standby_root_device") not in ("/dev/xvda", INVALID):
        refuse("standbyRootDevice", "standby_root_device", "that of al2023", "/dev/xvda")
    if are_given("egress_address", "standby_elastic_ip") and values["standby_elastic_ip"] != "none":
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
        allowed = "none, since EC2 takes it from the standby when egressAddress comes, and does not give it back"
        refuse("standbyElasticIp", "standby_elastic_ip", allowed, "none")
    if are_given("mirror_endpoints", "mirror_routes") and values["mirror_endpoints"] and not values["mirror_routes"]:
        problems.append(
            f"{path}.mirrorEndpoints is {shown(values['mirror_endpoints'])}: it must be left out unless mirrorRoutes "
            "is true"
        )
    _check_primary(values, path, problems)
    _check_addresses(values, path, problems)
    _check_standby(values, path, problems)
    _check_group(values, path, problems)
    _check_endpoints(values, path, problems)


def _check_primary(values: Values, path: str, problems: list[str]) -> None:
    instance, interface = values.get("primary_instance_id"), values.get("primary_network_interface_id")
    if instance is None and interface is None:
        what = "the instance that primaryRouteTableId leads to, or there must be a primaryNetworkInterfaceId"
        problems.append(missing(f"{path}.primaryInstanceId", what, "i-0123456789abcdef0"))
    elif instance is not None and interface not in (None, INVALID):
        problems.append(
            f"{path}.primaryNetworkInterfaceId is {shown(interface)}: it must be left out where primaryInstanceId "
            "names the NAT"
        )


def _check_addresses(values: Values, path: str, problems: list[str]) -> None:
    egress, standby = values.get("egress_address"), values.get("standby_egress_address")
    for name, key in _INTERFACES.items():
        if egress not in (None, INVALID) and values.get(name) is not None:
            problems.append(
                f"{path}.egressAddress is {shown(egress)}: it must be left out where there is a {key}, since the "
                "instance that the address would move to is not known when its permission is given"
            )
            return
    if standby in (None, INVALID) or egress is INVALID:
        return
    if egress is None:
        what = "the Elastic IP that standbyEgressAddress changes places with"
        problems.append(missing(f"{path}.egressAddress", what, "eipalloc-0123456789abcdef0"))
    elif egress == standby:
        allowed = "another Elastic IP than egressAddress, with which it changes places"
        problems.append(refused(f"{path}.standbyEgressAddress", standby, allowed, "eipalloc-0fedcba9876543210"))


def _check_standby(values: Values, path: str, problems: list[str]) -> None:
    names = ("standby_instance_id", "standby_network_interface_id", "standby_route_table_id", "standby_subnet_id")
    ids = {name: values.get(name) for name in names}
    if INVALID in ids.values():
        return
    instance, interface, table, subnet = ids.values()
    if instance is not None and interface is not None:
        problems.append(
            f"{path}.standbyNetworkInterfaceId is {shown(interface)}: it must be left out where standbyInstanceId "
            "names the NAT"
        )
        return
    instance = instance or interface
    if instance is None and table is None:
        if subnet is None:
            problems.append(missing(f"{path}.standbySubnetId", "a public subnet's id", "subnet-0123456789abcdef0"))
        return
    if table is None:
        problems.append(
            missing(f"{path}.standbyRouteTableId", "the existing standby's route table", "rtb-0123456789abcdef0")
        )
    if instance is None:
        problems.append(
            missing(
                f"{path}.standbyInstanceId", "the instance that standbyRouteTableId leads to", "i-0123456789abcdef0"
            )
        )
    if subnet is not None:
        problems.append(
            f"{path}.standbySubnetId is {shown(subnet)}: it must be left out, since standbyInstanceId and "
            "standbyRouteTableId name a standby that exists and none is made"
        )
    for name, key in OF_A_NEW_STANDBY.items():
        if values.get(name) not in (None, INVALID, _DEFAULTS[name]):
            problems.append(
                f"{path}.{key} is {shown(values[name])}: it must be left out, since the standby and its table exist"
            )
    if table is not None and table == values.get("primary_route_table_id"):
        problems.append(
            refused(
                f"{path}.standbyRouteTableId", table, "another table than primaryRouteTableId", "rtb-0fedcba9876543210"
            )
        )
    if instance is not None and instance == values.get("primary_instance_id"):
        problems.append(
            refused(
                f"{path}.standbyInstanceId", instance, "another instance than primaryInstanceId", "i-0fedcba9876543210"
            )
        )
    if interface is not None and interface == values.get("primary_network_interface_id"):
        other = "another interface than primaryNetworkInterfaceId"
        problems.append(refused(f"{path}.standbyNetworkInterfaceId", interface, other, "eni-0fedcba9876543210"))


def _check_group(values: Values, path: str, problems: list[str]) -> None:
    group = values.get("standby_auto_scaling_group")
    exists = values.get("standby_instance_id") or values.get("standby_network_interface_id")
    if group not in (None, INVALID) and exists is None:
        problems.append(
            f"{path}.standbyAutoScalingGroup is {shown(group)}: it must be left out unless standbyInstanceId or "
            "standbyNetworkInterfaceId names a standby that exists; the stack's own is in no group"
        )


def _check_endpoints(values: Values, path: str, problems: list[str]) -> None:
    access, subnets = values.get("ssm_access"), values.get("endpoint_subnet_ids")
    services, buckets = values.get("gateway_endpoints"), values.get("endpoint_buckets")
    if buckets and INVALID not in (services, buckets) and GatewayService.S3 not in (services or ()):
        problems.append(
            f"{path}.endpointBuckets is {shown(buckets)}: it must be left out unless gatewayEndpoints has s3"
        )
    accounts = values.get("endpoint_accounts")
    if accounts and INVALID not in (services, accounts, access) and not services and access is not SsmAccess.CREATE:
        problems.append(
            f"{path}.endpointAccounts is {shown(accounts)}: it must be left out where no endpoint is made "
            "(gatewayEndpoints, ssmAccess create)"
        )
    if access not in (None, INVALID, SsmAccess.CREATE):
        for key, name, default in (
            ("vpcCidrs", "vpc_cidrs", PRIVATE_NETWORKS),
            ("ec2Messages", "ec2_messages", False),
        ):
            if values.get(name, default) not in (default, INVALID):
                problems.append(
                    f"{path}.{key} is {shown(values[name])}: it must be left out unless ssmAccess is create; it is "
                    f"{shown(access)}"
                )
    if access in (None, INVALID) or subnets is INVALID:
        return
    if access is SsmAccess.CREATE and not subnets and values.get("standby_subnet_id") is None:
        problems.append(
            missing(
                f"{path}.endpointSubnetIds", "subnets for the endpoints that are made", ["subnet-0123456789abcdef0"]
            )
        )
    if access is not SsmAccess.CREATE and subnets:
        problems.append(
            f"{path}.endpointSubnetIds is {shown(subnets)}: it must be left out unless ssmAccess is create; it is "
            f"{shown(access)}"
        )


def advice(pair: PairConfig) -> Iterator[tuple[str, str]]:
    """Yield what is allowed for a pair, and may not be meant: a word for it, and a sentence."""
    if pair.mode is Mode.AUTOMATIC and not pair.mail_addresses and not pair.alarm_actions:
        yield (
            "nobody-told",
            f"pair {pair.name} fails over by itself and tells nobody: it has neither mailAddresses nor alarmActions",
        )
    if pair.window == 0 and pair.ssm_access is SsmAccess.EXISTING:
        yield (
            "endpoints-needed",
            f"pair {pair.name} has a window of 0, which needs VPC endpoints for Systems Manager, and ssmAccess is "
            "existing. See whether there are any: aws ec2 describe-vpc-endpoints --filters "
            f"Name=vpc-id,Values={pair.vpc_id}",
        )
