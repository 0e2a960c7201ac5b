"""Pure checks of the VPC endpoints, by which backends report when their NAT is dead."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, error, warning
from nat_failover.cli.checks.packets import Flow, Named, lets_in
from nat_failover.cli.snapshot.snapshot import SSM_SERVICES, Raw, Snapshot, service_of

# What the agent can't do without: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
NEEDED = ("ssm", "ssmmessages")
# And what those before this version can't do without, either:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
OLD_AGENTS, SINCE = "ec2messages", (3, 3, 40)
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
                "set ssmAccess to create (or none) and cdk deploy; or, with a group that lets in HTTPS from the whole "
                f"VPC: aws ec2 create-vpc-endpoint --vpc-id {vpc} "
                f"--vpc-endpoint-type Interface --service-name com.amazonaws.{s.pair.region}.{service} "
                f"--subnet-ids subnet-... --security-group-ids sg-...{s.options}",
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
    """An endpoint that has the service's name for the whole VPC, and whose security groups keep backends or NATs out.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    if s.groups is None:
        return
    named = Named(s.members, s.prefixes)
    hosts = {host: raw for host, raw in (s.instances or {}).items() if raw.get("PrivateIpAddress")}
    for service, raw in sorted(of_systems_manager(s).items()):
        groups = [s.groups[g["GroupId"]] for g in raw.get("Groups", []) if g["GroupId"] in s.groups]
        flows = {host: Flow("tcp", str(told["PrivateIpAddress"]), 443) for host, told in hosts.items()}
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


def old_agents(s: Snapshot) -> Findings:
    """Backends whose agent needs an endpoint that the VPC has not."""
    found = of_systems_manager(s)
    if s.endpoints is None or s.settings.count_silence or OLD_AGENTS in found or not all(n in found for n in NEEDED):
        return
    versions = {host: str((s.managed or {}).get(host, {}).get("AgentVersion", "")) for host in s.backends}
    old = sorted(host for host, version in versions.items() if _is_old(version))
    if old:
        yield error(
            "agent-old",
            f"the SSM agent of {', '.join(map(s.name, old))} is older than 3.3.40, and the VPC has no endpoint for "
            f"{OLD_AGENTS}",
            "these are silent when their NAT dies",
            "set ec2Messages and cdk deploy; or bring the agent up to date: "
            f"aws ssm send-command --document-name AWS-UpdateSSMAgent --instance-ids {old[0]}{s.options}",
        )


def _is_old(version: str) -> bool:
    """Return whether an agent's version is below SINCE; one that does not look like a version is not."""
    parts = version.split(".")
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) < SINCE


def needless_silence(s: Snapshot) -> Findings:
    """Silence counted as failure though there are endpoints, which make it slower and less certain."""
    if s.endpoints is not None and s.settings.count_silence and all(n in of_systems_manager(s) for n in NEEDED):
        yield warning(
            "needless-silence",
            "silence counts as failure (ssmAccess none), though the VPC has endpoints for Systems Manager",
            "a failover takes up to a minute longer than it needs to",
            "set ssmAccess to existing, cdk deploy",
        )


CHECKS = (missing, closed, old_agents, needless_silence)
