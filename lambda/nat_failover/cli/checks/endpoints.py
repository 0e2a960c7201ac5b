"""Pure checks of the VPC endpoints, by which backends report when their NAT is dead."""

from __future__ import annotations

from nat_failover.cli.checks.packets import Flow, Named, lets_in
from nat_failover.cli.finding import Findings, error, warning
from nat_failover.cli.snapshot import SSM_SERVICES, Raw, Snapshot, service_of

# What the agent can't do without; newer ones need no ec2messages:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
NEEDED = ("ssm", "ssmmessages")
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
READY = frozenset({"available", "Available"})
GONE = frozenset({"deleting", "Deleting", "deleted", "Deleted"})


def of_systems_manager(s: Snapshot) -> dict[str, Raw]:
    """Give the interface endpoints of Systems Manager, by service."""
    found: dict[str, Raw] = {}
    for raw in s.endpoints or []:
        service = service_of(raw)
        known = service in SSM_SERVICES and raw.get("VpcEndpointType") == "Interface"
        if known and raw.get("State") not in GONE and found.get(service, {}).get("State") not in READY:
            found[service] = raw
    return found


def missing(s: Snapshot) -> Findings:
    """No endpoint for what the agent needs, though silence counts for nothing."""
    if s.endpoints is None or s.settings.count_silence:
        return
    found = of_systems_manager(s)
    vpc = next((raw.get("VpcId") for raw in (s.instances or {}).values()), "vpc-...")
    for service in NEEDED:
        raw = found.get(service)
        why = "backends are silent when their NAT dies, and silence counts for nothing here"
        if raw is None:
            yield error(
                "endpoint-missing",
                f"the VPC has no endpoint for {service}",
                why,
                f"set ssmAccess to create (or none) and cdk deploy, or: aws ec2 create-vpc-endpoint --vpc-id {vpc} "
                f"--vpc-endpoint-type Interface --service-name com.amazonaws.{s.pair.region}.{service} "
                f"--subnet-ids subnet-...{s.options}",
            )
        elif raw.get("State") not in READY:
            yield error(
                "endpoint-not-ready",
                f"the endpoint {raw['VpcEndpointId']} for {service} is {raw.get('State')}",
                why,
                f"aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {raw['VpcEndpointId']}{s.options}",
            )
        elif not raw.get("PrivateDnsEnabled"):
            yield error(
                "endpoint-no-private-dns",
                f"the endpoint {raw['VpcEndpointId']} for {service} has no private DNS name",
                "agents go on to the public address, through the NAT",
                f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {raw['VpcEndpointId']} --private-dns-enabled"
                f"{s.options}",
            )


def closed(s: Snapshot) -> Findings:
    """An endpoint whose security groups keep backends out."""
    if s.groups is None or s.settings.count_silence:
        return
    named = Named(s.members, s.prefixes)
    for service, raw in sorted(of_systems_manager(s).items()):
        groups = [s.groups[g["GroupId"]] for g in raw.get("Groups", []) if g["GroupId"] in s.groups]
        addresses = {host: str(b["PrivateIpAddress"]) for host, b in s.backends.items() if b.get("PrivateIpAddress")}
        out = sorted(h for h, address in addresses.items() if not lets_in(groups, Flow("tcp", address, 443), named))
        if groups and out:
            yield error(
                "endpoint-closed",
                f"the security groups of endpoint {raw['VpcEndpointId']} for {service} keep out "
                f"{', '.join(map(s.name, out))}",
                "these are silent when their NAT dies",
                f"aws ec2 authorize-security-group-ingress --group-id {groups[0]['GroupId']} --protocol tcp --port 443 "
                f"--cidr {addresses[out[0]]}/32{s.options}",
            )


def needless_silence(s: Snapshot) -> Findings:
    """Silence counted as failure though there are endpoints, which make it slower and less certain."""
    if s.endpoints is not None and s.settings.count_silence and all(n in of_systems_manager(s) for n in NEEDED):
        yield warning(
            "needless-silence",
            "silence counts as failure (ssmAccess none), though the VPC has endpoints for Systems Manager",
            "a failover takes up to a minute longer than it needs to",
            "set ssmAccess to existing, cdk deploy",
        )


CHECKS = (missing, closed, needless_silence)
