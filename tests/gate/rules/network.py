"""The rules of this kind; see ``Rule``."""

from __future__ import annotations

from tests.gate.rules.rule import Rule

VPC_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"

EC2_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"

RULES: tuple[Rule, ...] = (
    Rule(
        "N1",
        "network:interface",
        "Security groups are stateful and silent, and track pings too; inbound rules look at the source and the port, "
        "never at the destination, so that what a NAT forwards is judged by whom it is from.",
        "",
        f"{VPC_GUIDE}security-group-rules.html, {EC2_GUIDE}security-group-connection-tracking.html",
    ),
    Rule(
        "N2",
        "network:subnet",
        "Network ACLs keep no state, answers need an entry of their own; what stays within a subnet is not theirs.",
        "",
        f"{VPC_GUIDE}vpc-network-acls.html",
    ),
    Rule(
        "N3",
        "network:interface",
        "With the source/destination check on, a packet neither from nor to the interface's own address is dropped.",
        "",
        f"{VPC_GUIDE}work-with-nat-instances.html",
    ),
    Rule(
        "N4",
        "network:flow",
        "A TCP packet in the middle of a flow that an interface has not tracked is carried on, or dropped: drawn, "
        "since it is not documented.",
        "",
        "none found",
    ),
    Rule(
        "N5",
        "network:address",
        "An Elastic IP that moves carries nothing for 1 to 6 s.",
        "",
        "seen: https://github.com/AndrewGuenther/fck-nat/pull/44, "
        "https://docs.nginx.com/nginx/deployment-guides/amazon-web-services/high-availability-keepalived/",
    ),
    Rule(
        "N6",
        "network:flow",
        "Whoever's public address changes loses its connections.",
        "",
        "agent: a connection is its two addresses and ports, and whoever answers knows no other",
    ),
    Rule(
        "N7",
        "network:route, ec2:DescribeRouteTables",
        "Packets to an instance that does not run vanish; its routes are a blackhole once it is stopped or terminated, "
        "but not yet while it is stopping.",
        "",
        "model: Route.State; seen: https://github.com/bobtfish/AWSnycast/issues/21",
    ),
    Rule(
        "N8",
        "ec2:DescribeInstances",
        "During a spot warning, and while a group waits to terminate an instance, it is still called running.",
        "",
        f"{EC2_GUIDE}spot-instance-termination-notices.html",
    ),
)
