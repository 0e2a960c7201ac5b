"""Pure checks of the two NAT instances."""

from __future__ import annotations

import shlex

from nat_failover.cli.checks.finding import Findings, error, warning
from nat_failover.cli.snapshot.snapshot import Raw, Snapshot
from nat_failover.judging.fitness import Requirement, obstacles_to
from nat_failover.network.egress_address import problems, unaddressed
from nat_failover.network.instances import gone, read_instance, tag
from nat_failover.network.route_differences import DEFAULT_ROUTE


def obstacles(s: Snapshot) -> Findings:
    """A NAT that does not run, or whose source/destination check is on; its route is looked at with the tables."""
    if s.instances is None:
        return
    for nat in s.settings.nats:
        known = read_instance(s.instances[nat]) if nat in s.instances else gone(nat)
        if s.view is not None:
            known = s.view.tables.seen_through({nat: known})[nat]
        found = obstacles_to(None, known)
        why = "its subnets are offline" if nat == s.active else "there is nothing to fail over to"
        if Requirement.INSTANCE in found and known.is_lost:
            yield error(
                "nat-gone",
                f"{s.nat_name(nat)} {found[Requirement.INSTANCE]}",
                why,
                f"attach {nat} to an instance that is to be the NAT"
                if nat.startswith("eni-")
                else "launch another, set its id (primaryInstanceId, standbyInstanceId), cdk deploy"
                + (
                    ", or, for a standby of the stack, raise standbyRevision"
                    if nat != s.settings.primary_instance
                    else ""
                ),
            )
        elif Requirement.INSTANCE in found:
            yield error(
                "nat-not-running",
                f"{s.nat_name(nat)} {found[Requirement.INSTANCE]}",
                why,
                f"aws ec2 start-instances --instance-ids {nat}{s.options}",
            )
        if Requirement.CHECK in found:
            yield error(
                "source-dest-check",
                f"{s.nat_name(nat)} {found[Requirement.CHECK]}",
                why,
                f"{known.check_off}{s.options}",
            )


def status_checks(s: Snapshot) -> Findings:
    """A NAT that fails a status check of EC2."""
    for nat, raw in (s.health or {}).items():
        failed = [
            kind
            for kind, key in (("system", "SystemStatus"), ("instance", "InstanceStatus"))
            if raw.get(key, {}).get("Status") == "impaired"
        ]
        if failed:
            yield error(
                "nat-impaired",
                f"{s.nat_name(nat)} fails EC2's {' and '.join(failed)} status check",
                "it may forward nothing",
                f"aws ec2 reboot-instances --instance-ids {nat}{s.options}",
            )


def unmanaged(s: Snapshot) -> Findings:
    """A NAT that Systems Manager does not reach: it can't be asked whether it has the Internet."""
    if s.managed is None:
        return
    for nat in s.settings.nats:
        raw = (s.instances or {}).get(nat)
        status = s.managed.get(nat, {}).get("PingStatus")
        if raw is None or raw["State"]["Name"] != "running" or status == "Online" or _unaddressed(s, nat):
            continue
        what = f"{s.nat_name(nat)} is {'not registered' if status is None else status} in Systems Manager"
        remedy = (
            "install the SSM agent and give it a role; to see which it has:\n"
            f"aws ec2 describe-iam-instance-profile-associations "
            f"--filters Name=instance-id,Values={nat}{s.options}"
        )
        if nat == s.active:
            yield warning("nat-unmanaged", what, "once it is the passive one, nothing fails over to it", remedy)
        else:
            yield error(
                "nat-unmanaged", what, "nobody knows whether it reaches the Internet, so nothing fails over", remedy
            )


def untagged(s: Snapshot) -> Findings:
    """A NAT that is whoever has a network interface, and lacks the tag by which the function may ask it."""
    key, value = s.settings.probe_tag_key, s.settings.probe_tag_value
    for nat in sorted(set(s.settings.nats) - set(s.settings.nats_by_id)):
        raw = (s.instances or {}).get(nat)
        if raw is None or tag(raw, key) == value:
            continue
        made = shlex.join(["--tags", f"Key={key},Value={value}"])
        yield error(
            "nat-untagged",
            f"{s.nat_name(nat)} has no tag {key} with the value {value}",
            "the function may not ask it, and learns nothing of what backends signal to it",
            "give it the tag in its launch template, and now:\n"
            f"aws ec2 create-tags --resources {nat} {made}{s.options}",
        )


def control(s: Snapshot) -> Findings:
    """A passive NAT that could not help: by its own last word, or by what backends have tried through it."""
    if s.view is None or s.passive is None or _unaddressed(s, s.passive):
        return
    inspection = (s.kernels or {}).get(s.passive)
    if inspection is not None and inspection.is_unfit:
        return  # that is why, and a finding of its own
    trouble = s.view.passive_trouble
    if trouble is not None:
        yield error(
            "control-down",
            trouble.replace(f"the passive NAT {s.passive}", s.nat_name(s.passive), 1),
            "a failover would not help, so none is made",
            f"aws ssm start-session --target {s.passive}{s.options}",
        )


def same_zone(s: Snapshot) -> Findings:
    """Both NATs in one availability zone."""
    if s.instances is None or not all(nat in s.instances for nat in s.settings.nats):
        return
    zone, other = (s.instances[nat].get("Placement", {}).get("AvailabilityZone") for nat in s.settings.nats)
    if zone is not None and zone == other:
        yield warning(
            "same-zone",
            f"both NATs are in {zone}",
            "an outage of the zone takes both down",
            "set standbySubnetId to a public subnet of another zone, cdk deploy (while the primary is active)",
        )


def no_way_out(s: Snapshot) -> Findings:
    """A NAT without a public address, or in a subnet that no Internet gateway is routed from."""
    if s.instances is None:
        return
    for nat in s.settings.nats:
        raw = s.instances.get(nat)
        if raw is None or raw["State"]["Name"] != "running":
            continue
        without = _unaddressed(s, nat)
        if without is not None:
            yield error(
                "nat-no-public-address",
                without,
                "nothing fails over to it meanwhile",
                f"wait five minutes; if it then has none, or to have the two addresses change places "
                f"(standbyEgressAddress):\naws ec2 associate-address --instance-id {nat} --allocation-id "
                f"{s.settings.standby_egress_allocation or 'eipalloc-...'}{s.options}",
            )
        elif not raw.get("PublicIpAddress"):
            yield error(
                "nat-no-public-address",
                f"{s.nat_name(nat)} has no public address",
                "it can't reach the Internet",
                f"aws ec2 associate-address --instance-id {nat} --allocation-id eipalloc-...{s.options}",
            )
        table = table_of(s, str(raw.get("SubnetId")))
        if table is not None and not any(
            route.get("DestinationCidrBlock") == DEFAULT_ROUTE
            and str(route.get("GatewayId", "")).startswith("igw-")
            and route.get("State") != "blackhole"
            for route in table.get("Routes", [])
        ):
            yield error(
                "nat-no-gateway",
                f"the subnet {raw['SubnetId']} of {s.nat_name(nat)} has no route to an Internet gateway",
                "it can't reach the Internet",
                f"aws ec2 create-route --route-table-id {table['RouteTableId']} --destination-cidr-block 0.0.0.0/0 "
                f"--gateway-id igw-...{s.options}",
            )


def table_of(s: Snapshot, subnet: str) -> Raw | None:
    """Return the route table that a subnet uses: its own, or the main one."""
    main: Raw | None = None
    for table in (s.tables or {}).values():
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def _unaddressed(s: Snapshot, nat: str) -> str | None:
    """Return that a NAT is the passive one and has no public address, though the pair's egress address needs one."""
    known = s.view.instances.get(nat) if s.view is not None and nat == s.passive else None
    return None if known is None else unaddressed(known, s.settings)


def egress(s: Snapshot) -> Findings:
    """An egress address that is not where it must be, or can't go where it must."""
    if s.view is None or s.view.egress is None or s.active is None or s.passive is None:
        return
    active, passive = s.view.instances.get(s.active), s.view.instances.get(s.passive)
    if active is None or passive is None:
        return
    standby = s.settings.standby_egress_allocation
    second = (
        ""
        if standby is None
        else f"\nthen give the other NAT its own:\naws ec2 associate-address --allocation-id {standby} "
        f"--instance-id {s.passive} --allow-reassociation{s.options}"
    )
    without = unaddressed(passive, s.settings)
    for problem in problems(s.view.egress, active, passive, s.settings, s.addresses or ()):
        if problem == without:  # a finding of its own
            continue
        yield warning(
            "egress-address",
            problem,
            "partners would see an address that they may not allow",
            f"aws ec2 associate-address --allocation-id {s.view.egress.egress.allocation} --instance-id {s.active} "
            f"--allow-reassociation{s.options}{second}",
        )


CHECKS = (
    obstacles,
    status_checks,
    unmanaged,
    untagged,
    control,
    same_zone,
    no_way_out,
    egress,
)
