"""The standby NAT and its route table, as they are deployed."""

from __future__ import annotations

from typing import Any

import pytest

from infra.checked import pair
from infra.config import PairConfig
from infra.constructs.standby_nat import USER_DATA, image
from tests.infra.synthesis import Template, synthesize

INSTANCE, LAUNCH = "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"


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


def test_the_user_data_is_the_script_word_for_word(template: Template) -> None:
    assert launch(template)["UserData"] == USER_DATA.read_text(encoding="utf-8")
    assert "UserData" not in template.only(INSTANCE)


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
    for kind in (INSTANCE, LAUNCH, "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::SSM::Parameter"):
        assert changed.of(kind) == template.of(kind)


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
    variables = template.only("AWS::Lambda::Function")["Environment"]["Variables"]
    assert variables["NAT_FAILOVER_STANDBY_INSTANCE"] == "i-0fedcba9876543210"
    assert variables["NAT_FAILOVER_STANDBY_ROUTE_TABLE"] == "rtb-0fedcba9876543210"
