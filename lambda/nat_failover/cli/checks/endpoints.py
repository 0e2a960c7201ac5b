"""Pure checks of the VPC endpoints of Systems Manager, where there are any."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, error
from nat_failover.cli.checks.packets import Flow, Named, lets_in
from nat_failover.cli.snapshot.snapshot import SSM_SERVICES, Raw, Snapshot, service_of

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
READY = frozenset({"available", "Available"})
GONE = frozenset({"deleting", "Deleting", "deleted", "Deleted"})


def of_systems_manager(s: Snapshot) -> dict[str, Raw]:
    """Return the interface endpoints of Systems Manager, by service."""
    found: dict[str, Raw] = {}
    for raw in s.endpoints or []:
        service = service_of(raw)
        known = service in SSM_SERVICES and raw.get("VpcEndpointType") == "Interface"
        if known and raw.get("State") not in GONE and found.get(service, {}).get("State") not in READY:
            found[service] = raw
    return found


def not_ready(s: Snapshot) -> Findings:
    """An endpoint that has the service's name already, but does not answer."""
    for service, raw in sorted(of_systems_manager(s).items()):
        if raw.get("State") not in READY:
            yield error(
                "endpoint-not-ready",
                f"the endpoint {raw['VpcEndpointId']} for {service} is {raw.get('State')}",
                "if it already has the service's name, no host in the VPC can reach Systems Manager",
                f"aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {raw['VpcEndpointId']}{s.options}",
            )


def closed(s: Snapshot) -> Findings:
    """An endpoint that has the service's name for the whole VPC, and whose security groups keep backends or NATs out.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    if s.groups is None:
        return
    named = Named(s.members, s.prefixes)
    hosts = {host: raw for host, raw in (s.instances or {}).items() if raw.get("PrivateIpAddress")}
    for service, raw in sorted(of_systems_manager(s).items()):
        groups = [s.groups[g["GroupId"]] for g in raw.get("Groups", []) if g["GroupId"] in s.groups]
        flows = {host: Flow("tcp", str(instance["PrivateIpAddress"]), 443) for host, instance in hosts.items()}
        out = sorted(host for host, flow in flows.items() if not lets_in(groups, flow, named))
        if groups and out and raw.get("PrivateDnsEnabled"):
            whom = [s.nat_name(host) if host in s.settings.nats else s.name(host) for host in out]
            yield error(
                "endpoint-closed",
                f"the security groups of endpoint {raw['VpcEndpointId']} for {service} keep out {', '.join(whom)}",
                "the endpoint has the service's name for the whole VPC, so they can't reach Systems Manager at all",
                f"aws ec2 authorize-security-group-ingress --group-id {groups[0]['GroupId']} --protocol tcp --port 443 "
                f"--cidr {_network(s, hosts[out[0]])}{s.options}",
            )


def _network(s: Snapshot, host: Raw) -> str:
    """Return the network of a host's subnet, or else the host's own address as one."""
    subnet = (s.subnets or {}).get(str(host.get("SubnetId")), {})
    return str(subnet.get("CidrBlock", f"{host['PrivateIpAddress']}/32"))


CHECKS = (not_ready, closed)
