"""Pure checks of the backends: without their evidence nothing fails over."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, error, quoted, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.judging.loss import without_pings
from nat_failover.judging.while_locked import moved_at
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import by_host, latest_of
from nat_failover.telling.formats import ago

# What EC2 calls a machine that may run again.
HALTED = frozenset({"stopped", "stopping"})


def _windows(s: Snapshot, host: str) -> bool:
    platforms = (
        (s.instances or {}).get(host, {}).get("Platform", ""),
        (s.managed or {}).get(host, {}).get("PlatformType", ""),
    )
    return "windows" in {each.lower() for each in platforms}


def _running(s: Snapshot) -> list[str]:
    """Return the backends that run, but for those on Windows, for which the probe is not."""
    return sorted(i for i, raw in s.backends.items() if raw["State"]["Name"] == "running" and not _windows(s, i))


def online(s: Snapshot) -> list[str] | None:
    """Return the backends that run and whose agent is online; None where it is not known."""
    if s.instances is None or s.managed is None:
        return None
    return [i for i in _running(s) if s.managed.get(i, {}).get("PingStatus") == "Online"]


def latest(s: Snapshot) -> dict[str, Observation]:
    """Return the latest observation of every backend asked of late: its own, or one that a NAT has heard of it."""
    observations = s.view.with_signals if s.view else []
    return {h: latest_of(of_host) for h, of_host in by_host(observations).items() if h not in s.settings.nats}


def is_over(s: Snapshot, observation: Observation) -> bool:
    """Return whether a host was offline by a way that its subnet no longer takes: that says nothing of now."""
    if observation.state is not State.UNREACHABLE or s.view is None:
        return False
    active, _ = s.view.addresses
    if active and observation.about[0] and observation.about[0] != active:
        return True
    return s.lock is not None and observation.at < moved_at(s.lock.lock)


def _tag(s: Snapshot) -> str:
    return quoted(f"Key={s.settings.probe_tag_key},Value={s.settings.probe_tag_value}")


def _key(s: Snapshot) -> str:
    return quoted(f"Key={s.settings.probe_tag_key}")


def _filter(s: Snapshot) -> str:
    return quoted(f"Key=tag:{s.settings.probe_tag_key},Values={s.settings.probe_tag_value}")


def too_few(s: Snapshot) -> Findings:
    """Fewer backends than the threshold, or not one to spare."""
    if s.instances is None:
        return
    needed, tagged = s.settings.failure_threshold, _running(s)
    tagging = f"aws ec2 create-tags --resources i-... --tags {_tag(s)}{s.options}"
    if len(tagged) < needed:
        yield error(
            "too-few-backends",
            f"{len(tagged)} running instances carry the tag {s.settings.probe_tag_key}={s.settings.probe_tag_value}, "
            f"{needed} are needed",
            "no failover will happen",
            tagging,
        )
        return
    managed = online(s)
    if managed is not None and len(managed) < needed:
        yield error(
            "too-few-online",
            f"{len(managed)} of {len(tagged)} backends are online in Systems Manager, {needed} are needed",
            "no failover will happen",
            f"aws ssm describe-instance-information --filters {_filter(s)}{s.options}",
        )


def offline_agents(s: Snapshot) -> Findings:
    """Backends that run and that Systems Manager does not reach."""
    managed = online(s)
    if managed is None or s.managed is None:
        return
    for host in sorted(set(_running(s)) - set(managed)):
        status = s.managed.get(host, {}).get("PingStatus")
        yield warning(
            "backend-unmanaged",
            f"backend {s.name(host)} is {'not registered' if status is None else status} in Systems Manager",
            "it can't be asked, and does not count",
            f"give it the agent, a role and a way to Systems Manager; to see whether it is connected:\n"
            f"aws ssm get-connection-status --target {host}{s.options}",
        )


def one_subnet(s: Snapshot) -> Findings:
    """All evidence from one of several subnets."""
    managed = online(s) or []
    subnets = {s.backends[host].get("SubnetId") for host in managed}
    others = sorted(set(s.protected()) - subnets)
    if len(subnets) == 1 and others and len(managed) >= s.settings.failure_threshold:
        (subnet,) = subnets
        yield warning(
            "one-subnet",
            f"all backends that can be asked are in {subnet}, none in {', '.join(others)}",
            "trouble in that one subnet would look like a dead NAT",
            f"aws ec2 create-tags --resources i-... --tags {_tag(s)}{s.options}",
        )


def elsewhere(s: Snapshot) -> Findings:
    """Backends whose subnet no NAT of the pair serves."""
    if s.view is None or s.tables is None:
        return
    explicit = {a.get("SubnetId"): t for t, raw in s.tables.items() for a in raw.get("Associations", [])}
    for host in _running(s):
        subnet = s.backends[host].get("SubnetId")
        table = explicit.get(subnet)
        if table is not None and table not in s.settings.tables:
            yield warning(
                "backend-elsewhere",
                f"backend {s.name(host)} is in {subnet}, which uses {table}, none of the pair's",
                "what it reports says nothing about the pair's NATs",
                f"aws ec2 delete-tags --resources {host} --tags {_key(s)}{s.options}",
            )


def broken(s: Snapshot) -> Findings:
    """Backends that can't run the probe: no ping, most likely."""
    for host, observation in sorted(latest(s).items()):
        if observation.state is State.BROKEN:
            yield warning(
                "probe-broken",
                f"the probe could not run on backend {s.name(host)} ({observation.detail})",
                "it does not count as evidence",
                "install ping (iputils):\naws ssm send-command --document-name AWS-RunShellScript --instance-ids "
                f"{host} --parameters commands='command -v ping || dnf -y install iputils'{s.options}",
            )
    managed, observations = online(s), latest(s)
    if managed is None:
        return
    fit = [h for h in managed if h not in observations or observations[h].state is not State.BROKEN]
    if len(fit) < s.settings.failure_threshold <= len(managed):
        yield error(
            "too-few-fit",
            f"only {len(fit)} backends can run the probe, {s.settings.failure_threshold} are needed",
            "no failover will happen",
            "fix the backends above",
        )


def unfit(s: Snapshot) -> Findings:
    """Hosts that carry the tag, or did, and are left out of every round."""
    untag = f"--tags {_key(s)}{s.options}"
    left_out = "it is left out of every round, and does not count as evidence"
    for host, raw in sorted(s.backends.items()):
        state = raw["State"]["Name"]
        if _windows(s, host):
            yield warning(
                "backend-windows",
                f"backend {s.name(host)} runs Windows, and the probe is for Linux",
                left_out,
                f"aws ec2 delete-tags --resources {host} {untag}",
            )
        elif state in HALTED:
            yield warning(
                "backend-stopped",
                f"backend {s.name(host)} is {state}",
                f"{left_out} until it runs",
                f"aws ec2 start-instances --instance-ids {host}{s.options}\nor take the tag off it:\n"
                f"aws ec2 delete-tags --resources {host} {untag}",
            )
    for host in sorted(host for host in s.managed or {} if host.startswith("mi-")):
        yield warning(
            "backend-hybrid",
            f"{host} carries the probe tag and is outside EC2, behind none of the pair's NATs",
            left_out,
            f"aws ssm remove-tags-from-resource --resource-type ManagedInstance --resource-id {host} "
            f"--tag-keys {quoted(s.settings.probe_tag_key)}{s.options}",
        )
    for host in sorted(latest(s)) if s.view is not None and s.instances is not None else ():
        if host not in s.backends and s.view is not None and s.view.is_there(host):
            yield warning(
                "backend-untagged",
                f"{host} was asked a short time ago, and no longer has the tag "
                f"{s.settings.probe_tag_key}={s.settings.probe_tag_value}",
                "the function may not ask it any more, and it does not count as evidence",
                "if it is a backend, tag it again:\n"
                f"aws ec2 create-tags --resources {host} --tags {_tag(s)}{s.options}",
            )


def offline(s: Snapshot) -> Findings:
    """Backends that can't reach the Internet now."""
    unreachable = {
        host: observation
        for host, observation in latest(s).items()
        if observation.state is State.UNREACHABLE and not is_over(s, observation)
    }
    if unreachable:
        last = max(observation.at for observation in unreachable.values())
        age = f", when last heard {ago(last, s.now)} ago" if s.now - last > s.settings.period else ""
        yield error(
            "offline",
            f"{len(unreachable)} backends can't reach the Internet{age}: {', '.join(map(s.name, sorted(unreachable)))}",
            "this is an outage, and no failover has ended it",
            f"look at the passive NAT, and move the subnets if it is fit:\nnat-failover failover {s.pair.name} "
            f"--dry-run{s.options}",
        )


def pings(s: Snapshot) -> Findings:
    """Backends that are online, and whose pings are lost."""
    lost = without_pings(s.view.backends, s.settings) if s.view is not None else None
    if lost:
        yield warning(
            "pings-lost",
            f"{len(lost)} backends are online, and most of their pings are lost",
            "a dead NAT would be noticed by connections only",
            "let ICMP echo through in the security groups of backends and NATs and in the network ACLs, or choose "
            "other targets: many limit pings from one address",
        )


CHECKS = (too_few, offline_agents, one_subnet, elsewhere, unfit, broken, offline, pings)
