"""Pure: which values of the metrics are a reason to wake people, what they mean, and what to do."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from math import ceil

from infra.config import PairConfig
from nat_failover.names import NAMESPACE, Metric
from nat_failover.telling.commands import Place, associate, read_claims, read_lock, read_log, read_tables

AT_LEAST = "GreaterThanOrEqualToThreshold"
BELOW = "LessThanThreshold"


@dataclass(frozen=True)
class AlarmDefinition:
    """When an alarm fires.

    Where some periods have no value CloudWatch looks further back for as many as it needs, so that a tick that comes a
    little late ends no alarm; only where there are too few does ``missing`` count:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

    Attributes:
        what: end of its name.
        metric: name; the function's own unless a namespace is given.
        meaning: what it means and what to do.
        period: in seconds.
        periods: how many of them are looked at.
        threshold: from which on a value is bad.
        bad: how many of those have to be bad.
        tells_end: whether people are told as well when it is over: not of what happens once, only of what lasts.
        missing: what a period without a value counts as; most metrics have none while all is well.
    """

    what: str
    metric: str
    meaning: str
    period: int = 60
    periods: int = 1
    bad: int = 1
    threshold: float = 1
    statistic: str = "Maximum"
    comparison: str = AT_LEAST
    tells_end: bool = True
    missing: str = "notBreaching"
    namespace: str = NAMESPACE
    dimensions: dict[str, str] = field(default_factory=dict)


def _rearm(pair: PairConfig, place: Place) -> str:
    """Return how to re-arm, by the command that refuses while the other NAT can't take over."""
    return f"re-arm, which checks the other NAT first: nat-failover rearm {pair.name} --region {place.region}"


def about_failovers(pair: PairConfig, place: Place) -> list[AlarmDefinition]:
    """Return what a failover, or one that failed, is a reason for."""
    state, again = f"See what happened: {read_lock(place)}", _rearm(pair, place)
    return [
        AlarmDefinition(
            "failover-failed",
            Metric.FAILOVER_FAILED,
            f"A NAT died and the subnets could not all be moved to the other: some are offline. Act now. {state}\n"
            f"Move what is left by hand; this shows the associations: {read_tables(place)}\nEach is moved by: "
            "aws ec2 replace-route-table-association --association-id rtbassoc-... --route-table-id rtb-...\n"
            f"Then {again}",
            statistic="Sum",
            tells_end=False,
        ),
        AlarmDefinition(
            "failed-over",
            Metric.FAILED_OVER,
            "A NAT no longer carried traffic and the private subnets were moved to the other. Nothing fails over again "
            f"until you re-arm. {state}\nFix the NAT that died, then {again}",
            statistic="Sum",
            tells_end=False,
        ),
        AlarmDefinition(
            "lock-failed",
            Metric.LOCK_FAILED,
            "The lock says that a failover failed. Subnets may be offline and nothing fails over. "
            f"{state}\nMove what is left; this shows the associations: {read_tables(place)}\nThen {again}",
            period=pair.period,
        ),
        AlarmDefinition(
            "lock-unreadable",
            Metric.LOCK_UNREADABLE,
            "The lock holds something that the function does not understand, so it takes the pair for locked and "
            f"nothing fails over. See it: {read_lock(place)}\nIf nobody meant it, {again}",
            period=pair.period,
        ),
    ]


def about_the_pair(pair: PairConfig, place: Place) -> list[AlarmDefinition]:
    """Return what leaves a pair unprotected, or its subnets offline, without a failover."""
    every = pair.period
    # For this many looks failures from before a failover may still count as fresh.
    stale = ceil(pair.freshness / every) + 1
    tag = f"Key=tag:{pair.probe_tag.key},Values={pair.probe_tag_value}"
    lasting = max(2, ceil(5 / pair.period_minutes))
    return [
        AlarmDefinition(
            "offline-while-locked",
            Metric.OFFLINE_WHILE_LOCKED,
            "Backends have lost the Internet while the pair is locked, so nothing is done about it. See the lock: "
            f"{read_lock(place)}\nIf the other NAT is fit, the subnets fail over to it once you "
            f"{_rearm(pair, place)}\nOtherwise fix the NAT that is in use.",
            period=every,
            periods=stale + 1,
            bad=stale + 1,
        ),
        AlarmDefinition(
            "control-down",
            Metric.CONTROL_DOWN,
            "Backends are offline, and do not reach the Internet through the NAT that stands by either, or it is not "
            "the NAT. A failover would not help, and is not done. Check whether AWS or the Internet has trouble, then "
            f"look at both NATs. Why it holds: {read_log(place)}",
            period=every,
        ),
        AlarmDefinition(
            "failover-blocked",
            Metric.FAILOVER_BLOCKED,
            "A NAT is dead and the failover is not made: claims of somebody who never fails over are in the way. After "
            "two leases they are ignored. See who writes them, and take the permission away: "
            f"{read_claims(place)}\nIf the subnets are still offline, move them by hand: {read_tables(place)}",
            period=every,
        ),
        AlarmDefinition(
            "never-online",
            Metric.NEVER_ONLINE,
            "Backends are offline, and none was ever seen online through the active NAT: it may never have let them "
            "through, so nothing fails over. Look at the security groups of backends and NAT (ICMP echo, TCP 443), the "
            f"network ACLs, the default route: {read_tables(place)}\nWhich backends and targets: {read_log(place)}",
            period=every,
            periods=3,
            bad=3,
        ),
        AlarmDefinition(
            "subnets-split",
            Metric.SPLIT,
            "Some of the subnets use one route table of the pair and some the other, or none uses either, so no NAT is "
            "the active one and nothing fails over. This shows the associations: "
            f"{read_tables(place)}\nMove all to one table: "
            "aws ec2 replace-route-table-association --association-id rtbassoc-... --route-table-id rtb-...",
            period=every,
            periods=3,
            bad=2,
        ),
        AlarmDefinition(
            "no-subnets",
            Metric.NO_SUBNETS,
            "No subnet is explicitly associated with either route table of the pair, so nothing is protected. This "
            f"shows the associations: {read_tables(place)}\nAssociate each private subnet: "
            f"{associate(place, place.tables[0])}",
            period=every,
            periods=3,
            bad=2,
        ),
        AlarmDefinition(
            "passive-nat-unhealthy",
            Metric.PASSIVE_NAT_UNHEALTHY,
            "The NAT that stands by can't take over: it does not run, can't reach the Internet, or its route "
            f"table does not lead to it. The subnets are online but not protected. See: {read_tables(place)}\n"
            f"Start or fix that NAT. What is wrong with it: {read_log(place)}",
            period=every,
            periods=3,
            bad=2,
        ),
        AlarmDefinition(
            "cannot-judge",
            Metric.CANNOT_JUDGE,
            f"Too few backends answer to judge the NAT, so nothing fails over. At least {pair.failure_threshold} have "
            "to run, carry the pair's tag and be online in Systems Manager. Those that are: "
            f"aws ssm describe-instance-information --filters {shlex.quote(tag)} --region {place.region}\n"
            f"Why: {read_log(place)}",
            period=every,
            periods=lasting,
            bad=lasting,
        ),
        AlarmDefinition(
            "routes-differ",
            Metric.ROUTES_DIFFER,
            "The two route tables differ in more than the default route: a failover would take routes from the subnets "
            f"or add some. Make them match: {read_tables(place)}\nWhich routes: {read_log(place)}",
            period=every,
            periods=lasting,
            bad=lasting,
        ),
        AlarmDefinition(
            "not-told",
            Metric.NOT_TOLD,
            "A message could not be sent or not be remembered; it is tried again at every tick, so mails may be "
            f"missing, late, or come twice. Why: {read_log(place)}",
            period=every,
            statistic="Sum",
            periods=3,
            bad=2,
        ),
        *_about_egress(pair, place),
    ]


def _about_egress(pair: PairConfig, place: Place) -> list[AlarmDefinition]:
    """Return what of the pair's addresses is a reason; nothing for a pair that has none."""
    address, standby = pair.egress_address, pair.standby_egress_address
    if address is None:
        return []
    named = address if standby is None else f"{address} {standby}"
    second = "" if standby is None else f", or {standby} not with the NAT that stands by"
    # For up to five minutes after a failover it is as it must be.
    lasting = max(3, 600 // pair.period)
    return [
        AlarmDefinition(
            "egress-elsewhere",
            Metric.EGRESS_ELSEWHERE,
            f"The egress address {address} is not with the NAT that the subnets use{second}: they are online, but "
            f"partners see a different address, or will after a failover. Which NAT it is: {read_tables(place)}\n"
            f"Who has the address: aws ec2 describe-addresses --allocation-ids {named} --region {place.region}\n"
            f"Move it: aws ec2 associate-address --allocation-id {address} --instance-id i-... --allow-reassociation "
            f"--region {place.region}\nWhy: {read_log(place)}",
            period=pair.period,
            periods=3,
            bad=2,
        ),
        AlarmDefinition(
            "passive-nat-without-address",
            Metric.PASSIVE_NAT_WITHOUT_ADDRESS,
            "The NAT that stands by has had no public address for ten minutes and can't take over until it has one. "
            f"Which NAT it is: {read_tables(place)}\nGive it one: aws ec2 associate-address --allocation-id "
            f"{standby or 'eipalloc-...'} --instance-id i-... --region {place.region}\n"
            f"Why: {read_log(place)}",
            period=pair.period,
            periods=lasting,
            bad=lasting,
        ),
    ]
