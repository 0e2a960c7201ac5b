"""Deploys, uses, changes and destroys the product with the real CDK command line, as far as moto can: README.md."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.probe.document import ProbeValues, content, script
from nat_failover.cli.scripts.documents import documents
from nat_failover.settings import Settings
from tests.e2e.life import FUNCTION, STACK
from tests.infra.synthesis import synthesize

Seen = dict[str, Any]
LOCK = "/nat-failover/main/lock"
CLAIM, MEMORY = "/nat-failover/main/claim", "/nat-failover/main/told"


def environment(life: Seen, step: str = "deployed") -> dict[str, str]:
    """Give the function's environment."""
    return dict(life[step]["functions"][FUNCTION]["Environment"])


def document(life: Seen) -> str:
    """Give the name of the document that the function sends."""
    return environment(life)["NAT_FAILOVER_PROBE_DOCUMENT"]


def added(life: Seen, kind: str) -> dict[str, Any]:
    """Give what the deployment has added, by name."""
    return {name: described for name, described in life["deployed"][kind].items() if name not in life["before"][kind]}


@pytest.mark.parametrize("step", ["bootstrap", "deploy", "change", "destroy", "demo deploy", "demo destroy"])
def test_the_command_line_succeeds(life: Seen, step: str) -> None:
    assert life[step]["code"] == 0, life[step]["said"]


def test_the_emulator_meets_no_error(life: Seen) -> None:
    assert "Traceback" not in life["emulator"]


# What is deployed


def test_the_function_is_there_with_the_places_of_the_users_and_of_its_own(life: Seen) -> None:
    (table,), (standby,) = added(life, "tables"), added(life, "instances")
    variables, pair = environment(life), life["pair"]
    assert variables["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"] == pair["primaryRouteTableId"]
    assert variables["NAT_FAILOVER_PRIMARY_INSTANCE"] == pair["primaryInstanceId"]
    assert variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"] == table
    assert variables["NAT_FAILOVER_STANDBY_INSTANCE"] == standby
    assert variables["NAT_FAILOVER_LOCK_PARAMETER"] == LOCK
    assert variables["NAT_FAILOVER_PROBE_DOCUMENT"].startswith(f"{FUNCTION}-probe-")
    assert [variables["NAT_FAILOVER_TOPIC"]] == life["deployed"]["topics"]


def test_the_functions_role_may_swap_the_tables_of_its_pair_and_no_others(life: Seen) -> None:
    role = life["deployed"]["functions"][FUNCTION]["Role"].rpartition("/")[2]
    (policy,) = life["deployed"]["roles"][role]
    (tables,) = (s["Resource"] for s in policy["Statement"] if s["Sid"] == "SwapTables")
    mine = {life["pair"]["primaryRouteTableId"], environment(life)["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]}
    assert {arn.rpartition("/")[2] for arn in tables} == mine


def test_a_schedule_the_reports_of_hosts_and_nats_that_go_invoke_the_function(life: Seen) -> None:
    rules = life["deployed"]["rules"].values()
    assert [rule["Schedule"] for rule in rules if rule["Pattern"] is None] == ["rate(1 minute)"]
    details = [rule["Pattern"]["detail"] for rule in rules if rule["Pattern"] is not None]
    assert [d["document-name"] for d in details if "document-name" in d] == [[document(life)]]
    variables = environment(life)
    nats = [variables["NAT_FAILOVER_PRIMARY_INSTANCE"], variables["NAT_FAILOVER_STANDBY_INSTANCE"]]
    assert [d["instance-id"] for d in details if "instance-id" in d] == [nats, nats]
    for rule in rules:
        (target,) = rule["Targets"]
        assert target.endswith(f":function:{FUNCTION}")


def test_all_rules_are_let_in_by_the_function(life: Seen) -> None:
    invokers = life["deployed"]["functions"][FUNCTION]["Invokers"]
    let_in = {statement["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition("/")[2] for statement in invokers}
    assert let_in == set(life["deployed"]["rules"])


def test_the_documents_carry_the_probe_and_the_command_s_scripts(life: Seen) -> None:
    settings = Settings.from_environment(environment(life))
    others = documents(settings.pair, settings.targets, settings.nats_by_id).values()
    probe = {document(life): content(script(ProbeValues("main", settings.targets)))}
    assert life["deployed"]["documents"] == probe | {other.name: other.content for other in others}


def test_the_lock_is_armed_and_there_is_no_claim_yet(life: Seen) -> None:
    assert added(life, "parameters") == {LOCK: "armed"}


def test_the_standby_runs_in_its_subnet_and_becomes_a_nat_by_its_user_data(life: Seen) -> None:
    (standby,) = added(life, "instances").values()
    assert (standby["State"], standby["Subnet"]) == ("running", life["pair"]["standbySubnetId"])
    assert standby["UserData"].startswith("#!/bin/sh\n\nset -eu\n")
    assert standby["Profile"]


def test_the_launch_template_asks_for_an_encrypted_volume_and_tokens(life: Seen) -> None:
    (data,) = life["deployed"]["launch templates"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True


def test_the_standbys_route_table_leads_to_it_and_waits_without_a_subnet(life: Seen) -> None:
    (table,) = added(life, "tables").values()
    standby = environment(life)["NAT_FAILOVER_STANDBY_INSTANCE"]
    assert table == {"Vpc": life["pair"]["vpcId"], "Default": [standby], "Subnets": []}


def test_the_log_has_a_retention_and_there_is_a_dashboard(life: Seen) -> None:
    assert life["deployed"]["logs"] == {f"/aws/lambda/{FUNCTION}{part}": 90 for part in ("", "_guard")}
    assert life["deployed"]["dashboards"] == [f"{FUNCTION}-eu-central-1"]


def test_nothing_of_the_users_is_touched(life: Seen) -> None:
    for kind in ("instances", "tables"):
        before, deployed = life["before"][kind], life["deployed"][kind]
        assert {name: deployed[name] for name in before} == before


def test_the_outputs_name_what_was_made(life: Seen) -> None:
    outputs, variables = life["deployed"]["stacks"][STACK], environment(life)
    assert outputs["MainStandbyInstance"] == variables["NAT_FAILOVER_STANDBY_INSTANCE"]
    assert outputs["MainStandbyRouteTable"] == variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]
    assert outputs["MainTopic"] == variables["NAT_FAILOVER_TOPIC"]
    assert outputs["MainLockParameter"] == LOCK


def test_the_command_line_sends_what_the_app_makes_of_the_configuration(life: Seen) -> None:
    def bare(resources: Seen) -> Seen:
        # Beside them the command line asks for the constructs' paths.
        return {name: {**resource, "Metadata": None} for name, resource in resources.items()}

    made = synthesize({"pairs": [life["pair"]]}).body["Resources"]
    assert bare(life["template"]["Resources"]) == bare(made)


def test_what_the_emulator_leaves_out_is_in_the_template_that_it_was_sent(life: Seen) -> None:
    resources = life["template"]["Resources"].values()
    kinds = {resource["Type"] for resource in resources}
    assert {"AWS::CloudWatch::Alarm", "AWS::SNS::TopicPolicy"} <= kinds
    (standby,) = (r["Properties"] for r in resources if r["Type"] == "AWS::EC2::Instance")
    assert standby["SourceDestCheck"] is False
    assert life["template"]["Rules"]["CheckBootstrapVersion"]


# How the published code behaves


@pytest.mark.parametrize("step", ["armed", "finishing", "locked"])
def test_the_handler_runs_out_of_the_published_archive_with_the_libraries_in_it(life: Seen, step: str) -> None:
    assert life[step]["code"] == 0, life[step]["said"]
    assert all(module.startswith(life[step]["from"]) for module in life[step]["modules"])


def test_an_armed_pair_without_backends_on_line_holds_and_says_so(life: Seen) -> None:
    answer = life["armed"]["answer"]
    assert (answer["trigger"], answer["decision"], answer["cause"]) == ("Tick", "HOLD", "CANNOT_JUDGE")


def test_a_failover_that_another_invocation_left_is_finished(life: Seen) -> None:
    assert life["finishing"]["answer"]["outcome"] == "failed-over"
    variables, tables = environment(life), life["failed over"]["tables"]
    private = life["before"]["tables"][life["pair"]["primaryRouteTableId"]]["Subnets"]
    assert len(private) == 2
    assert tables[variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]]["Subnets"] == private
    assert tables[variables["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"]]["Subnets"] == []
    assert json.loads(life["failed over"]["parameters"][LOCK])["state"] == "failed-over"


def test_a_nat_that_dies_is_found_out_by_the_backends_and_replaced(life: Seen) -> None:
    assert life["watching"]["answer"]["cause"] == "WAITING"
    answer = life["dead"]["answer"]
    assert (answer["decision"], answer["outcome"]) == ("FAIL_OVER", "failed-over"), life["dead"]
    assert "3 of 3 backends can't reach the Internet" in answer["reason"]
    assert "3 of 3 backends online" in answer["result"]
    assert json.loads(life["lock"])["state"] == "failed-over"
    variables, tables = environment(life), life["swapped"]["tables"]
    assert len(tables[variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]]["Subnets"]) == 2
    assert tables[variables["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"]]["Subnets"] == []


def test_a_paused_pair_is_left_alone(life: Seen) -> None:
    answer = life["locked"]["answer"]
    assert (answer["trigger"], answer["decision"], answer["cause"]) == ("Tick", "HOLD", "LOCKED")


# Changes, and the end


def test_right_after_a_deployment_there_is_no_difference(life: Seen) -> None:
    assert life["same"]["code"] == 0, life["same"]["said"]


def test_a_changed_setting_is_a_difference_in_the_functions_environment(life: Seen) -> None:
    assert life["different"]["code"] == 1
    assert ".NAT_FAILOVER_WARM_UP" in life["different"]["said"]


def test_a_changed_setting_arrives_in_the_function_and_nothing_else_changes(life: Seen) -> None:
    assert environment(life)["NAT_FAILOVER_WARM_UP"] == "300"
    assert environment(life, "changed") == environment(life) | {"NAT_FAILOVER_WARM_UP": "200"}
    for kind in ("instances", "tables", "documents", "rules", "roles", "topics"):
        assert life["changed"][kind] == life["deployed"][kind]


def test_a_changed_setting_leaves_the_lock_as_a_person_has_set_it(life: Seen) -> None:
    assert life["changed"]["parameters"][LOCK] == "paused"


def test_nothing_remains_but_the_parameters_which_the_function_itself_has_made(life: Seen) -> None:
    left = life["destroyed"]["parameters"]
    assert json.loads(left[CLAIM])["owner"]
    channels = {trouble["kind"]: trouble.get("told", {}).keys() for trouble in json.loads(left[MEMORY])["troubles"]}
    assert channels["failed-over"] == {"topic", "event"}
    without = {name: value for name, value in left.items() if name not in (CLAIM, MEMORY)}
    assert life["destroyed"] | {"parameters": without} == life["before"]


# The demonstration


def test_the_demonstration_is_a_pair_on_a_network_of_its_own(life: Seen) -> None:
    settings = life["demo"]["functions"]["nat-failover-demo"]["Environment"]
    primary, standby = (settings[f"NAT_FAILOVER_{role}_ROUTE_TABLE"] for role in ("PRIMARY", "STANDBY"))
    instances = {settings["NAT_FAILOVER_PRIMARY_INSTANCE"], settings["NAT_FAILOVER_STANDBY_INSTANCE"]}
    tables = life["demo"]["tables"]
    assert tables[primary]["Default"] == [settings["NAT_FAILOVER_PRIMARY_INSTANCE"]]
    assert tables[standby]["Default"] == [settings["NAT_FAILOVER_STANDBY_INSTANCE"]]
    assert tables[standby]["Subnets"] == []
    assert instances <= set(life["demo"]["instances"])
    assert life["demo"]["parameters"]["/nat-failover/demo/lock"] == "armed"


def test_of_the_demonstrations_pair_nothing_remains(life: Seen) -> None:
    after, settings = life["demo destroyed"], life["demo"]["functions"]["nat-failover-demo"]["Environment"]
    assert "nat-failover-demo" not in after["functions"]
    assert "/nat-failover/demo/lock" not in after["parameters"]
    assert "nat-failover-demo-probe" not in after["documents"]
    assert settings["NAT_FAILOVER_STANDBY_INSTANCE"] not in after["instances"]
    assert settings["NAT_FAILOVER_STANDBY_ROUTE_TABLE"] not in after["tables"]
