"""The function, its settings, what invokes it, its lock and its topic, as they are deployed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from infra.function.asset import PYTHON
from nat_failover.events import StatusChange, Tick, parse
from nat_failover.settings import Mode, Settings
from tests.examples import BUS, NOW
from tests.gate.events import Change
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import by_interface, pair


def document() -> str:  # not at import: every worker imports this
    return str(synthesize({"pairs": [pair()]}).probe["Name"])


def status_change(**detail: str) -> dict[str, Any]:
    command, host = "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b", "i-02573cafcfe0a1b2c"
    event = BUS.status_change(NOW, Change(command, host, document(), "Failed", NOW - 2))
    return {**event, "detail": {**event["detail"], **detail}}


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [pair(mailAddresses=["oncall@example.com"], tags={"team": "network"})]})


def function(template: Template) -> dict[str, Any]:
    return template.of("AWS::Lambda::Function")[template.function]


def settings(template: Template) -> Settings:
    """Read the deployed environment as the function does, with ids and an ARN in place of references."""
    variables = dict(function(template)["Environment"]["Variables"])
    for name, known in {
        "STANDBY_INSTANCE": "i-0fedcba9876543210",
        "STANDBY_ROUTE_TABLE": "rtb-0fedcba9876543210",
        "TOPIC": "arn:aws:sns:eu-central-1:123456789012:nat-failover-main",
    }.items():
        assert variables[f"NAT_FAILOVER_{name}"].startswith("<main")
        variables[f"NAT_FAILOVER_{name}"] = known
    return Settings.from_environment(variables)


def matches(pattern: Any, event: Any) -> bool:
    """Match as EventBridge does, as far as lists of values go."""
    if isinstance(pattern, dict):
        return isinstance(event, dict) and all(matches(rule, event.get(key)) for key, rule in pattern.items())
    return event in pattern


def rules(template: Template) -> tuple[dict[str, Any], dict[str, Any]]:
    found = template.of("AWS::Events::Rule").values()
    (tick,) = [rule for rule in found if "ScheduleExpression" in rule]
    (report,) = [rule for rule in found if "document-name" in rule.get("EventPattern", {}).get("detail", {})]
    return tick, report


def test_the_function_reads_the_defaults_out_of_its_environment(template: Template) -> None:
    assert settings(template) == Settings(
        pair="main",
        lock_parameter="/nat-failover/main/lock",
        claim_parameter="/nat-failover/main/claim",
        told_parameter="/nat-failover/main/told",
        probe_document=document(),
        probe_document_hash="0a1b",
        probe_tag_key="nat-failover:probe",
        probe_tag_value="main",
        primary_route_table="rtb-0123456789abcdef0",
        standby_route_table="rtb-0fedcba9876543210",
        primary_instance="i-0123456789abcdef0",
        standby_instance="i-0fedcba9876543210",
        topic="arn:aws:sns:eu-central-1:123456789012:nat-failover-main",
        claim_lease=60,
    )


def test_every_setting_reaches_the_function(template: Template) -> None:
    configured = synthesize(
        {
            "pairs": [
                pair(
                    mode="observe",
                    targets=["192.0.2.1", "example.com"],
                    interval=1.25,
                    failures=5,
                    window=1200,
                    periodMinutes=2,
                    warmUp=60,
                    freshness=45,
                    failureThreshold=4,
                    sampleSize=20,
                    ssmAccess="none",
                    failureShare=60,
                    proveActive=False,
                    probeTag={"key": "role", "value": "web"},
                    functionTimeout=60,
                )
            ]
        }
    )
    assert settings(configured) == replace(
        settings(template),
        probe_document=configured.probe["Name"],
        mode=Mode.OBSERVE,
        targets=("192.0.2.1", "example.com"),
        interval=1.25,
        failures=5,
        window=1200,
        period=120,
        warm_up=60,
        freshness=45,
        failure_threshold=4,
        sample_size=20,
        failure_share=60,
        prove_active=False,
        probe_tag_key="role",
        probe_tag_value="web",
        claim_lease=75,
    )
    assert function(configured)["Timeout"] == 60


def test_every_variable_that_the_function_knows_is_set() -> None:
    """But those that are the function's own business; a NAT is an instance or whoever has an interface."""
    addresses = {"egressAddress": "eipalloc-0123456789abcdef0", "standbyEgressAddress": "eipalloc-0fedcba9876543210"}
    mirrored: dict[str, Any] = {"mirrorRoutes": True, "mirrorEndpoints": ["vpce-0123456789abcdef0"]}
    others = {"primaryAutoScalingGroup": "nat", "runbookUrl": "https://r"}
    template = synthesize({"pairs": [pair(**addresses, **mirrored, **others)]})
    own = {"confirm_for", "gather_for", "primary_interface", "standby_interface"}
    known = {f"NAT_FAILOVER_{f.name.upper()}" for f in fields(Settings) if f.name not in own}
    variables = function(template)["Environment"]["Variables"]
    assert {name for name in variables if name.startswith("NAT_FAILOVER_")} == known
    assert variables["POWERTOOLS_SERVICE_NAME"] == "main"
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "nat-failover"
    assert variables["POWERTOOLS_LOG_LEVEL"] == "INFO"


def test_a_nat_that_is_whoever_has_an_interface_is_told_by_that() -> None:
    variables = function(synthesize({"pairs": [by_interface()]}))["Environment"]["Variables"]
    assert variables["NAT_FAILOVER_PRIMARY_INTERFACE"] == "eni-0123456789abcdef0"
    assert variables["NAT_FAILOVER_STANDBY_INTERFACE"] == "eni-0fedcba9876543210"
    assert not {"NAT_FAILOVER_PRIMARY_INSTANCE", "NAT_FAILOVER_STANDBY_INSTANCE"} & variables.keys()


def test_the_claim_outlives_the_invocation_that_made_it(template: Template) -> None:
    assert settings(template).claim_lease > function(template)["Timeout"]


def test_the_function_runs_the_newest_python_on_arm_with_time_to_act(template: Template) -> None:
    deployed = function(template)
    assert deployed["Runtime"] == f"python{PYTHON}"
    assert deployed["Architectures"] == ["arm64"]
    assert deployed["Handler"] == "nat_failover.handler.handler"
    assert (deployed["Timeout"], deployed["MemorySize"]) == (45, 256)
    assert deployed["FunctionName"] == "nat-failover-main"


def test_concurrency_is_reserved_where_it_is_asked_for_and_left_to_all_otherwise(template: Template) -> None:
    assert "ReservedConcurrentExecutions" not in function(template)
    reserving = synthesize({"pairs": [pair(reservedConcurrency=20)]})
    assert function(reserving)["ReservedConcurrentExecutions"] == 20


def test_nothing_keeps_an_event_from_the_function(template: Template) -> None:
    """No limit to its concurrency, the retries of asynchronous invocations as Lambda has them, no VPC."""
    assert not {"ReservedConcurrentExecutions", "VpcConfig", "DeadLetterConfig"} & function(template).keys()
    assert not template.of("AWS::Lambda::EventInvokeConfig")


def test_the_log_is_the_functions_own_and_is_kept_as_long_as_configured() -> None:
    template = synthesize({"pairs": [pair(logRetentionDays=30)]})
    group = function(template)["LoggingConfig"]["LogGroup"]
    properties = template.of("AWS::Logs::LogGroup")[group.strip("<>")]
    assert properties == {"LogGroupName": "/aws/lambda/nat-failover-main", "RetentionInDays": 30}


def test_the_log_goes_with_the_stack(template: Template) -> None:
    assert not [r for r in template.body["Resources"].values() if r.get("DeletionPolicy", "Delete") != "Delete"]


@pytest.mark.parametrize(("minutes", "expression"), [(1, "rate(1 minute)"), (5, "rate(5 minutes)")])
def test_the_schedule_has_the_period(minutes: int, expression: str) -> None:
    tick, _ = rules(synthesize({"pairs": [pair(periodMinutes=minutes)]}))
    assert tick["ScheduleExpression"] == expression
    assert "State" not in tick


@pytest.mark.parametrize("status", ["Failed", "TimedOut"])
def test_a_host_that_reports_a_failure_invokes_the_function(template: Template, status: str) -> None:
    event = status_change(status=status)
    assert matches(rules(template)[1]["EventPattern"], event)
    assert isinstance(parse(event, document()), StatusChange)


@pytest.mark.parametrize(
    "changed",
    [{"status": "Success"}, {"status": "InProgress"}, {"status": "Cancelled"}, {"document-name": "AWS-RunShellScript"}],
)
def test_no_other_command_and_no_healthy_host_invokes_the_function(template: Template, changed: dict[str, str]) -> None:
    assert not matches(rules(template)[1]["EventPattern"], status_change(**changed))


def test_the_tick_is_the_event_that_the_function_takes_for_one() -> None:
    assert isinstance(parse({"source": "aws.events", "detail-type": "Scheduled Event"}, document()), Tick)


def test_all_rules_lead_to_the_function_and_may_invoke_it(template: Template) -> None:
    name = template.function
    for rule in template.of("AWS::Events::Rule").values():
        assert [target["Arn"] for target in rule["Targets"]] == [f"<{name}.Arn>"]
        assert "Input" not in rule["Targets"][0]
    permissions = template.of("AWS::Lambda::Permission").values()
    assert {p["SourceArn"] for p in permissions} == {f"<{rule}.Arn>" for rule in template.of("AWS::Events::Rule")}
    assert {(p["FunctionName"], p["Principal"]) for p in permissions} == {(f"<{name}.Arn>", "events.amazonaws.com")}


def test_the_lock_is_made_armed(template: Template) -> None:
    lock = template.only("AWS::SSM::Parameter")
    assert (lock["Name"], lock["Type"], lock["Value"]) == ("/nat-failover/main/lock", "String", "armed")
    assert "aws ssm put-parameter --name /nat-failover/main/lock --value armed --overwrite" in lock["Description"]


def test_no_setting_but_the_name_is_in_the_lock_so_that_no_deployment_re_arms_it(template: Template) -> None:
    """CloudFormation writes the value again whenever a property changes, a tag included."""
    assert synthesize({"pairs": [pair()]}).of("AWS::SSM::Parameter") == template.of("AWS::SSM::Parameter")


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::EC2::Instance",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::SNS::Topic",
        "AWS::SSM::Document",
    ],
)
def test_everything_else_carries_the_configured_tags(template: Template, kind: str) -> None:
    for properties in template.of(kind).values():
        assert {"Key": "team", "Value": "network"} in properties["Tags"]
