"""The rules of requests, and the verdict on one: what AWS refuses it with, and because of which rule; see ``Rule``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.gate.requests import commands, ec2, ec2_lists, messages, parameters, templates
from tests.gate.requests.constraints import check_of
from tests.gate.requests.errors import MECHANICAL, refusal
from tests.gate.requests.judged import Arguments, Judged, Refusal
from tests.gate.rules.rule import Rule

JUDGED: tuple[Judged, ...] = (*(*commands.RULES, *ec2.RULES, *messages.RULES, *parameters.RULES, *templates.RULES),)
GUIDE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html"
# What depends on what there is in the account is refused, and counted, where that is kept.
ELSEWHERE = (
    Rule(
        *(
            "R1",
            "agent",
            "Every allowedPattern of a document compiles as RE2, and matches as Go matches: else Failed, -1.",
        ),
        *("", "amazon-ssm-agent, run with our document"),
    ),
    Rule(
        *("R4a", "ssm:SendCommand", "Every instance is managed and not terminated, or the whole command is refused."),
        *("InvalidInstanceId", "model"),
    ),
    Rule(
        *(
            "R4b",
            "ssm:SendCommand",
            "The document fits the platform of every instance, or the whole command is refused.",
        ),
        *("UnsupportedPlatformType", "model"),
    ),
    Rule(
        *(
            "R5",
            "ssm:SendCommand",
            "The caller may send to every instance by its tags, or the whole command is refused.",
        ),
        *("AccessDeniedException", GUIDE),
    ),
    Rule(
        *("R15i", "ssm:SendCommand", "A hash that is given is the one that DescribeDocument tells of that version."),
        *("InvalidDocument", "seen: aws-samples/aws-security-reference-architecture-examples #301"),
    ),
    Rule(
        *("R15j", "ssm:SendCommand", "Parameters are those of the document, and match its patterns."),
        *("InvalidParameters", "model; seen: claranet/ssha #71"),
    ),
    Rule(
        *(
            "R7b",
            "cloudformation:DescribeStackResources",
            "The first 100 resources are listed, with no token for more.",
        ),
        *("", "model"),
    ),
    Rule(
        "R9o",
        "ec2:AssociateRouteTable",
        "A subnet has one association: to give it another table is ReplaceRouteTableAssociation.",
        "Resource.AlreadyAssociated",
        "seen: hashicorp/terraform-provider-aws #73 and #38960",
    ),
    Rule(
        "R19d",
        "autoscaling:CompleteLifecycleAction",
        "The action is active: its hook is in the group, it was not completed, and its timeout has not passed.",
        "ValidationError",
        "seen: aws-node-termination-handler, elastic-ci-stack-for-aws",
    ),
)
RULES: tuple[Rule, ...] = (*MECHANICAL.values(), *(judged.rule for judged in JUDGED), *ELSEWHERE)
# So many verdicts are kept, and none on a request that is longer than this: a template, a function's code.
_KEPT, _LONGEST = 100_000, 20_000
_VERDICTS: dict[tuple[str, str, str], Refusal | None] = {}
Verdict = Callable[[Arguments], Refusal | None]


def verdict(service: str, operation: str, arguments: Arguments) -> Refusal | None:
    """Return what AWS refuses a request with, whatever there is in the account; None where it does not.

    The same request is judged once: the simulation makes millions of calls.

    Args:
        service: as boto3 names it.
        operation: as the API names it.
        arguments: as the caller gives them.
    """
    key = (service, operation, repr(arguments))
    try:
        return _VERDICTS[key]
    except KeyError:
        if len(_VERDICTS) >= _KEPT:
            _VERDICTS.clear()
        made = _judge(service, operation, arguments)
        if len(key[2]) <= _LONGEST:
            _VERDICTS[key] = made
        return made


def template_verdict(arguments: Arguments) -> Refusal | None:
    """Return what becomes of a call whose template came by a URL, given it as ``TemplateBody``."""
    rules = [judged for judged in templates.RULES if judged is not templates.body_fits]
    return _by_rules([(judged, judged.judge) for judged in rules if judged.concerns("cloudformation", "CreateStack")])(
        {key: value for key, value in arguments.items() if key != "TemplateURL"}
    )


def _judge(service: str, operation: str, arguments: Arguments) -> Refusal | None:
    check = check_of(service, operation)
    if check is None:
        return None  # moto's own paths
    violations = list(check(arguments, ""))
    return refusal(service, violations) if violations else _rules(service, operation)(arguments)


@cache
def _rules(service: str, operation: str) -> Verdict:
    """Return the judge of an operation by all rules of the table that concern it."""
    made = ec2_lists.of_operation(operation) if service == "ec2" else ()
    anew = {judged.rule.id for judged, _ in made}
    others = [(j, j.judge) for j in JUDGED if j.concerns(service, operation) and j.rule.id not in anew]
    return _by_rules([*others, *made])


def _by_rules(rules: list[tuple[Judged, Callable[[Arguments], str | None]]]) -> Verdict:
    def judge(arguments: Arguments) -> Refusal | None:
        for judged, judges in rules:
            message = judges(arguments)
            if message is not None:
                return Refusal(judged.rule.id, _code(judged, arguments), message)
        return None

    return judge


def _code(judged: Judged, arguments: Mapping[str, Any]) -> str:
    return next(ec2.malformed(arguments))[0] if judged is ec2.ids_are_well_formed else judged.rule.error
