"""Pure checks of the function, of what invokes it, and of its document."""

from __future__ import annotations

import json

from nat_failover.cli.checks.finding import BRING_BACK, Findings, error, quoted, warning
from nat_failover.cli.snapshot.snapshot import PERIODS_BACK, Raw, Snapshot
from nat_failover.events import INSTANCE_STATE, SPOT_WARNING, TERMINATING
from nat_failover.probing.document import VERSION
from nat_failover.settings import Mode
from nat_failover.telling.commands import put_lifecycle_hook
from nat_failover.telling.formats import ago, duration

# A schedule is late now and then; the no-tick alarm waits as long.
TICKS_MISSED = 3
# A failover under way, an event and a tick may run at the same time.
LEAST_AT_ONCE = 3
# Of these the account's other functions may take some at any time.
FEW_AT_ONCE = 10


def configuration(s: Snapshot) -> Findings:
    """A function that can't run, or not to the end of a failover."""
    raw, name = s.function, s.pair.function
    if raw is None:
        return
    if raw.get("State", "Active") not in ("Active", "Pending"):
        yield error(
            "function-state",
            f"function {name} is {raw['State']} ({raw.get('StateReason', 'no reason given')})",
            "nothing is watched",
            f"aws lambda get-function-configuration --function-name {name}{s.options}",
        )
    if raw.get("LastUpdateStatus") == "Failed":
        yield warning(
            "function-update",
            f"the last update of function {name} failed ({raw.get('LastUpdateStatusReason', 'no reason given')})",
            "the code before it runs",
            "cdk deploy",
        )
    if raw.get("VpcConfig", {}).get("VpcId"):
        yield error(
            "function-in-vpc",
            f"function {name} is attached to {raw['VpcConfig']['VpcId']}",
            "behind the NAT that it watches, it goes offline with it",
            f"aws lambda update-function-configuration --function-name {name} "
            f"--vpc-config SubnetIds=[],SecurityGroupIds=[]{s.options}",
        )
    if s.settings.claim_lease <= s.pair.timeout:
        yield error(
            "claim-lease",
            f"the claim's lease of {s.settings.claim_lease:g} s is not longer than the function's timeout of "
            f"{s.pair.timeout:g} s",
            "two invocations could act at the same time",
            BRING_BACK,
        )


def concurrency(s: Snapshot) -> Findings:
    """A function that may not run, or has little room to."""
    name, reserved = s.pair.function, (s.reserved or {}).get("ReservedConcurrentExecutions")
    remedy = f"aws lambda delete-function-concurrency --function-name {name}{s.options}"
    if reserved == 0:
        yield error("function-disabled", f"function {name} has a reserved concurrency of 0", "it never runs", remedy)
        return
    if reserved is not None and reserved < LEAST_AT_ONCE:
        yield warning(
            "function-concurrency",
            f"function {name} may run {reserved} times at once",
            "the event of a dying NAT waits for a tick to end",
            remedy,
        )
    free = (s.limits or {}).get("AccountLimit", {}).get("UnreservedConcurrentExecutions")
    if reserved is None and free is not None and free < FEW_AT_ONCE:
        yield warning(
            "account-concurrency",
            f"all functions of this account that have none reserved may run {free} times at once",
            "when others use that up, the failover is late",
            "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
            f"--desired-value 1000{s.options}",
        )


NOT_BY_EVENT = "a dead NAT is noticed only at the next tick"
DEPLOY = "deploy this command's version of nat-failover:\ncdk deploy"
LATE = "a NAT that AWS is about to take away is left only at the next tick"


def rules(s: Snapshot) -> Findings:
    """A schedule or an event rule that is missing, disabled, or may not invoke the function."""
    if s.rules is None:
        return
    ticks = [rule for rule in s.rules if rule.get("ScheduleExpression")]
    reports = [
        rule for rule in s.rules if s.settings.probe_document in _pattern_values(rule, "detail", "document-name")
    ]
    ends = {
        kind: [
            rule
            for rule in s.rules
            if kind in _pattern_values(rule, "detail-type")
            and set(s.settings.nats_by_id) <= set(_pattern_values(rule, "detail", "instance-id"))
        ]
        for kind in (INSTANCE_STATE, SPOT_WARNING)
    }
    terminating = [
        rule
        for rule in s.rules
        if TERMINATING in _pattern_values(rule, "detail-type")
        and set(s.settings.auto_scaling_groups) <= set(_pattern_values(rule, "detail", "AutoScalingGroupName"))
    ]
    if not ticks:
        yield error("no-schedule", "no schedule invokes the function", "nothing is watched", BRING_BACK)
    if not reports:
        yield warning(
            "no-report-rule",
            "no rule tells the function of probes that fail",
            NOT_BY_EVENT,
            BRING_BACK,
        )
    for kind, found in ends.items():
        if not found and s.settings.nats_by_id:
            yield warning("no-ending-rule", f"no rule tells the function of an {kind} of either NAT", LATE, BRING_BACK)
    if s.settings.auto_scaling_groups and not terminating:
        yield warning("no-ending-rule", f"no rule tells the function of an {TERMINATING} of a NAT", LATE, BRING_BACK)
    for rule in (*ticks, *reports, *ends[INSTANCE_STATE], *ends[SPOT_WARNING], *terminating):
        is_tick = rule in ticks
        what = "the schedule" if is_tick else "the rule for failed probes" if rule in reports else "the rule for NATs"
        make = error if is_tick else warning
        why = "nothing is watched" if is_tick else LATE if rule not in reports else NOT_BY_EVENT
        if rule.get("State") == "DISABLED":
            yield make(
                "rule-disabled",
                f"{what}, {rule['Name']}, is disabled",
                why,
                f"aws events enable-rule --name {quoted(rule['Name'])}{s.options}",
            )
        if s.invokers is not None and not any(_may_invoke(statement, rule) for statement in s.invokers):
            yield make(
                "rule-forbidden",
                f"{what}, {rule['Name']}, may not invoke the function",
                why,
                f"aws lambda add-permission --function-name {s.pair.function} "
                f"--statement-id {quoted(rule['Name'][:60])} --action lambda:InvokeFunction "
                f"--principal events.amazonaws.com --source-arn {rule['Arn']}{s.options}",
            )


def hooks(s: Snapshot) -> Findings:
    """A group of a NAT that terminates it without waiting: it was made anew since the stack was deployed, say."""
    if s.hooks is None:
        return
    for group in s.settings.auto_scaling_groups:
        if group not in s.hooks:
            yield warning(
                "no-lifecycle-hook",
                f"the Auto Scaling group {group} has no lifecycle hook {s.settings.lifecycle_hook}",
                "it terminates a NAT before the subnets have left it",
                put_lifecycle_hook(s.settings, group, s.pair.timeout) + s.options.partition(" --region")[0],
            )


def _pattern_values(rule: Raw, *path: str) -> list[str]:
    """Return what a rule's pattern allows at a place; nothing where it is of another form, or a schedule."""
    try:
        found = json.loads(rule["EventPattern"])
        for key in path:
            found = found[key]
        return [each for each in found if isinstance(each, str)]
    except (ValueError, KeyError, TypeError):
        return []


def _may_invoke(statement: Raw, rule: Raw) -> bool:
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, dict) else principal
    sources = statement.get("Condition", {}).get("ArnLike", {})
    source = next((value for key, value in sources.items() if key.lower() == "aws:sourcearn"), None)
    return (
        statement.get("Effect") == "Allow"
        and service in ("events.amazonaws.com", "*")
        and source in (None, rule["Arn"])
    )


def ticks(s: Snapshot) -> Findings:
    """A function that has not looked for some time, by its log."""
    if s.decisions is None:
        return
    last = max((each.at for each in s.decisions if each.trigger == "Tick"), default=None)
    limit = s.settings.period * TICKS_MISSED
    if last is not None and s.now - last <= limit:
        return
    since = (
        f"for {ago(last, s.now)}" if last is not None else f"for more than {duration(PERIODS_BACK * s.settings.period)}"
    )
    yield error(
        "no-tick",
        f"the function has not looked for {since}",
        "nothing is watched",
        f"aws logs tail {s.pair.log_group} --since 1h{s.options}",
    )


def mode(s: Snapshot) -> Findings:
    """A pair that only looks on."""
    if s.settings.mode is Mode.OBSERVE:
        yield warning(
            "observe-mode",
            "the pair is in observe mode",
            "a dead NAT is reported, and nothing is done about it",
            "set mode to automatic, cdk deploy",
        )


def documents(s: Snapshot) -> Findings:
    """A document that is gone, not usable, or changed by others."""
    for name, found in (s.documents or {}).items():
        is_probe = name == s.settings.probe_document
        make = error if is_probe else warning
        why = "no host can be asked" if is_probe else "without it the command can't look at a NAT or hold a drill"
        if not found:
            yield make("document-missing", f"there is no document {name}", why, BRING_BACK if is_probe else DEPLOY)
        elif found.get("Status", "Active") not in ("Active", "Updating"):
            yield make(
                "document-status",
                f"the document {name} is {found['Status']}",
                why,
                f"aws ssm describe-document --name {name}{s.options}",
            )
        elif is_probe and "Hash" in found and s.settings.probe_document_hash not in ("", found["Hash"]):
            yield error(
                "document-replaced",
                f"somebody has deleted the document {name} and made another by its name",
                "AWS refuses to send it by the hash of the stack's own, and so no host can be asked",
                f"find out who has made it (CloudTrail: CreateDocument), then delete it:\n"
                f"aws ssm delete-document --name {name}{s.options}\n"
                f"and bring the stack's own back {BRING_BACK}",
            )
        elif (version := found.get("LatestVersion", VERSION)) != VERSION:
            yield warning(
                "document-changed",
                f"somebody has added version {version} to the document {name}",
                "hosts are still sent version 1, the stack's own; nothing in this stack makes another",
                f"find out who:\naws ssm list-document-versions --name {name}{s.options}",
            )


CHECKS = (configuration, concurrency, rules, hooks, ticks, mode, documents)
