"""The standby NAT and its route table, as they are deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_ec2 as ec2

from infra.config import PairConfig
from infra.constructs.standby_nat import LARGEST_USER_DATA, StandbyNat, image
from infra.constructs.user_data import COMMENT, USER_DATA, filled_in
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import pair

INSTANCE, LAUNCH = "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"
HANDLE = "AWS::CloudFormation::WaitConditionHandle"


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [pair()]})


def launch(template: Template) -> dict[str, Any]:
    data: dict[str, Any] = template.only(LAUNCH)["LaunchTemplateData"]
    return data


def test_the_standby_forwards_packets_that_are_not_its_own(template: Template) -> None:
    assert template.only(INSTANCE)["SourceDestCheck"] is False


def test_the_metadata_service_takes_tokens_only_and_answers_no_forwarded_packet(template: Template) -> None:
    assert launch(template)["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}


def test_the_root_volume_is_encrypted(template: Template) -> None:
    (volume,) = launch(template)["BlockDeviceMappings"]
    assert volume["DeviceName"] == "/dev/xvda"
    assert volume["Ebs"]["Encrypted"] is True
    assert volume["Ebs"]["VolumeType"] == "gp3"


def test_the_user_data_is_the_script_word_for_word_but_for_the_lines_that_the_stack_fills_in(
    template: Template,
) -> None:
    (handle,) = template.of(HANDLE)
    script = [line for line in USER_DATA.read_text(encoding="utf-8").splitlines() if not COMMENT.match(line)]
    made = launch(template)["UserData"].splitlines()
    differing = [(line, filled) for line, filled in zip(script, made, strict=True) if line != filled]
    assert differing == [
        ("signal=''", f"signal='<{handle}>'"),
        ("targets=''", "targets='1.1.1.1 8.8.8.8 9.9.9.9'"),
        ("networks=''", "networks='10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10'"),
        ("resets=''", "resets='--reset'"),
    ]
    assert "UserData" not in template.only(INSTANCE)


def test_with_all_that_can_be_configured_the_user_data_fits() -> None:
    script, url = USER_DATA.read_text(encoding="utf-8"), f"https://cloudformation-waitcondition.example/{'x' * 1000}"
    networks = [f"192.168.{n}.128/25" for n in range(100, 150)]
    assert len(filled_in(script, url, ["x" * 253] * 5, networks).encode()) <= LARGEST_USER_DATA


def test_with_an_egress_address_no_connection_is_reset() -> None:
    made = synthesize({"pairs": [pair(egressAddress="eipalloc-0123456789abcdef0")]})
    assert "resets=''" in launch(made)["UserData"].splitlines()


def test_a_script_without_these_lines_is_refused() -> None:
    for script in ("#!/bin/sh\nsignal=''\n", "#!/bin/sh\nsignal=''\ntargets=''\ntargets=''\n"):
        with pytest.raises(ValueError, match="has to have the line targets='' once"):
            filled_in(script, "https://example.com", ("1.1.1.1",), ())


def test_the_deployment_waits_for_the_standby_to_say_that_it_forwards(template: Template) -> None:
    (handle,), (instance,), ((name, condition),) = (
        template.of(HANDLE),
        template.of(INSTANCE),
        template.of("AWS::CloudFormation::WaitCondition").items(),
    )
    assert condition == {"Handle": f"<{handle}>", "Count": 1, "Timeout": "1800"}
    assert template.body["Resources"][name]["DependsOn"] == [instance]


@pytest.mark.parametrize(
    "change",
    [
        {"standbyRevision": 1},
        {"standbyAmi": "ami-0123456789abcdef0"},
        {"standbySubnetId": "subnet-0fedcba9876543210"},
        {"protectedCidrs": ["10.1.0.0/16"]},
        {"standbyInstanceType": "t3.nano"},
    ],
)
def test_a_new_standby_is_waited_for_with_a_handle_of_its_own(template: Template, change: dict[str, object]) -> None:
    changed = synthesize({"pairs": [pair(**change)]})  # type: ignore[arg-type]
    for kind in (LAUNCH, HANDLE, "AWS::CloudFormation::WaitCondition"):
        assert set(changed.of(kind)).isdisjoint(template.of(kind))
    assert changed.of(INSTANCE).keys() == template.of(INSTANCE).keys()


def test_a_revision_replaces_the_standby_and_nothing_else(template: Template) -> None:
    """The remedy for a standby that was terminated: CloudFormation compares templates, not what is there."""
    changed = synthesize({"pairs": [pair(standbyRevision=1)]})
    kept = template.body["Resources"].keys() & changed.body["Resources"].keys()
    differing = {n for n in kept if template.body["Resources"][n] != changed.body["Resources"][n]}
    assert differing == set(template.of(INSTANCE))
    (before,), (after,) = template.of(INSTANCE).values(), changed.of(INSTANCE).values()
    assert before | {"LaunchTemplate": None} == after | {"LaunchTemplate": None}


def test_the_digest_is_the_same_at_every_synthesis_though_ids_are_known_by_the_deployment_only(tmp_path: Path) -> None:
    def names(before: int) -> set[str]:
        app = App(outdir=str(tmp_path / str(before)))
        stack = Stack(app, "network")
        for number in range(before):  # tokens are numbered as they are made
            Token.as_string({"Ref": f"Other{number}"})
        vpc = ec2.CfnVPC(stack, "Vpc", cidr_block="10.0.0.0/16")
        subnet = ec2.CfnSubnet(stack, "Public", vpc_id=vpc.ref, cidr_block="10.0.0.0/24")
        config = PairConfig(
            name="main",
            vpc_id=vpc.ref,
            primary_route_table_id="rtb-0123456789abcdef0",
            primary_instance_id="i-0123456789abcdef0",
            standby_subnet_id=subnet.ref,
        )
        StandbyNat(stack, "Standby", pair=config, user_data=USER_DATA.read_text(encoding="utf-8"))
        (made,) = app.synth().stacks
        return set(made.template["Resources"])

    assert names(0) == names(7)


def test_the_standby_has_a_public_address_in_its_subnet_behind_its_security_group(template: Template) -> None:
    (interface,) = template.only(INSTANCE)["NetworkInterfaces"]
    (group,) = template.of("AWS::EC2::SecurityGroup")
    assert interface["AssociatePublicIpAddress"] is True
    assert interface["SubnetId"] == "subnet-0123456789abcdef0"
    assert interface["GroupSet"] == [f"<{group}>"]


def test_only_the_protected_networks_get_in_and_by_any_protocol() -> None:
    template = synthesize({"pairs": [pair(protectedCidrs=["10.1.0.0/16", "10.2.0.0/16"])]})
    group = template.only("AWS::EC2::SecurityGroup")
    ingress = {(rule["IpProtocol"], rule["CidrIp"]) for rule in group["SecurityGroupIngress"]}
    assert ingress == {("-1", "10.1.0.0/16"), ("-1", "10.2.0.0/16")}
    assert [(r["IpProtocol"], r["CidrIp"]) for r in group["SecurityGroupEgress"]] == [("-1", "0.0.0.0/0")]
    assert not template.of("AWS::EC2::SecurityGroupIngress")


def test_the_standby_may_talk_to_systems_manager_and_read_no_parameter(template: Template) -> None:
    actions = {action for statement in template.statements("Standby NAT") for action in statement["Action"]}
    assert {"ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ec2messages:GetMessages"} <= actions
    assert not [action for action in actions if "Parameter" in action or "*" in action]
    assert template.only(INSTANCE)["IamInstanceProfile"] == f"<{next(iter(template.of('AWS::IAM::InstanceProfile')))}>"


def test_the_default_route_of_the_standby_table_leads_to_the_standby(template: Template) -> None:
    (instance,), (table,) = template.of(INSTANCE), template.of("AWS::EC2::RouteTable")
    assert template.only("AWS::EC2::Route") == {
        "RouteTableId": f"<{table}>",
        "DestinationCidrBlock": "0.0.0.0/0",
        "InstanceId": f"<{instance}>",
    }


def test_no_subnet_is_associated_by_the_template(template: Template) -> None:
    assert not template.of("AWS::EC2::SubnetRouteTableAssociation")


def test_a_newer_image_of_amazon_linux_does_not_replace_a_running_standby(template: Template) -> None:
    """Only EC2 looks the image up, at launch: the template's text stays, and so does the version that is launched."""
    parameters = template.body.get("Parameters", {})
    assert not [p for p in parameters.values() if "Image" in p["Type"]]
    assert "{{resolve" not in str(template.body["Resources"])
    assert "ImageId" not in template.only(INSTANCE)
    assert launch(template)["ImageId"].startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-")
    assert template.only(INSTANCE)["LaunchTemplate"]["Version"] == "1"


def test_a_changed_image_is_a_new_launch_template_and_so_a_new_standby(template: Template) -> None:
    changed = synthesize({"pairs": [pair(standbyAmi="ami-0123456789abcdef0")]})
    assert launch(changed)["ImageId"] == "ami-0123456789abcdef0"
    assert set(changed.of(LAUNCH)).isdisjoint(template.of(LAUNCH))


def test_no_change_of_what_is_watched_and_how_touches_standby_route_and_lock(template: Template) -> None:
    changed = synthesize(
        {
            "pairs": [
                pair(targets="4.4.4.4", window=0, periodMinutes=2, sampleSize=5, mode="observe", functionMemory=512)
            ]
        }
    )
    for kind in (INSTANCE, HANDLE, "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::SSM::Parameter"):
        assert changed.of(kind) == template.of(kind)
    # Its user data has the targets, which makes a version 2 of the template; the instance is of version 1.
    assert changed.of(LAUNCH).keys() == template.of(LAUNCH).keys()


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t4g.nano", "arm64"),
        ("c7gn.large", "arm64"),
        ("m6gd.metal", "arm64"),
        ("im4gn.large", "arm64"),
        ("a1.medium", "arm64"),
        ("t3.nano", "x86_64"),
        ("c6in.large", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("g6.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
    ],
)
def test_the_image_is_of_the_processor_that_the_instance_type_has(instance_type: str, architecture: str) -> None:
    config = PairConfig(
        name="main",
        vpc_id="v",
        primary_route_table_id="r",
        primary_instance_id="i",
        standby_instance_type=instance_type,
    )
    assert image(config).endswith(f"/al2023-ami-kernel-default-{architecture}")


def test_a_standby_that_exists_already_is_used_and_none_is_made() -> None:
    block = pair(standbyInstanceId="i-0fedcba9876543210", standbyRouteTableId="rtb-0fedcba9876543210")
    del block["standbySubnetId"]
    template = synthesize({"pairs": [block]})
    for kind in (INSTANCE, LAUNCH, "AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::SecurityGroup"):
        assert not template.of(kind)
    variables = template.of("AWS::Lambda::Function")[template.function]["Environment"]["Variables"]
    assert variables["NAT_FAILOVER_STANDBY_INSTANCE"] == "i-0fedcba9876543210"
    assert variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"] == "rtb-0fedcba9876543210"
