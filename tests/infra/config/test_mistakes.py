"""Each mistake in the configuration has its own sentence, all are told at once, and nothing else goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from infra.config import read_configuration
from tests.infra.config.refusals import TWELVE, problem, problems
from tests.tools.checked import pair

PATH = "nat-failover.pairs[0]"
EXISTING: dict[str, Any] = {"standbySubnetId": None, "standbyInstanceId": "i-0fedcba9876543210"}
EXISTING["standbyRouteTableId"] = "rtb-0fedcba9876543210"
# A target that is reached without the Internet says nothing of it.
INSIDE = (
    *("10.0.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "127.0.0.1"),
    *("169.254.169.254", "0.1.2.3", "224.0.0.1", "255.255.255.255"),
)


@pytest.mark.parametrize("key", ["name", "vpcId", "primaryRouteTableId", "primaryInstanceId", "standbySubnetId"])
def test_what_has_no_default_is_missed(key: str) -> None:
    block = pair()
    del block[key]
    (sentence,) = problems({"pairs": [block]})
    assert sentence.startswith(f"{PATH}.{key} is missing: it must be ")
    assert ", for example " in sentence


@pytest.mark.parametrize(
    ("settings", "value", "allowed"),
    [
        ({"name": "Main"}, '"Main"', "1 to 31 of a-z, 0-9 and -"),
        ({"name": "a" * 32}, f'"{"a" * 32}"', "1 to 31"),
        ({"vpcId": "rtb-0123456789abcdef0"}, '"rtb-0123456789abcdef0"', "a VPC id (vpc- and 8 or 17"),
        ({"vpcId": "vpc-0123456789abcdefg"}, '"vpc-0123456789abcdefg"', "hexadecimal"),
        ({"primaryRouteTableId": "vpc-0123456789abcdef0"}, '"vpc-', "a route table id (rtb-"),
        ({"primaryInstanceId": "eni-0123456789abcdef0"}, '"eni-', "an instance id (i-"),
        ({"standbySubnetId": "i-0123456789abcdef0"}, '"i-', "a subnet id (subnet-"),
        ({"mode": "auto"}, '"auto"', "one of automatic, observe"),
        ({"targets": []}, "[]", "a list of 1 to 5 different values, each a public IPv4 address or a host name"),
        ({"targets": ["1.1.1.1", "1.1.1.1"]}, '["1.1.1.1", "1.1.1.1"]', "different"),
        ({"interval": 0.1}, "0.1", "a number of seconds from 0.2 to 60"),
        ({"interval": 0.333}, "0.333", "two decimals at most"),
        ({"failures": 0}, "0", "a whole number of pings from 1 to 99"),
        ({"window": 119}, "119", "0, or at least twice the period of 60 seconds"),
        ({"window": 0, "ssmAccess": "none"}, "0", "at least twice the period, since ssmAccess is none"),
        ({"window": 599, "periodMinutes": 5}, "599", "at least twice the period of 300 seconds"),
        ({"window": 5000}, "5000", "from 0 to 3000"),
        ({"window": 120, "interval": 12, "failures": 10}, "120", "longer than failures and interval need together"),
        ({"periodMinutes": 0.5}, "0.5", "a whole number of minutes from 1 to 60"),
        ({"warmUp": -1}, "-1", "from 0 to 86400"),
        ({"freshness": True}, "true", "from 5 to 3600"),
        ({"failureThreshold": 11}, "11", "at most sampleSize, which is 10"),
        ({"sampleSize": 21}, "21", "at most 20, since interval is 0.5: 20 pings a second from all backends together"),
        ({"sampleSize": 49}, "49", "a whole number of backends from 1 to 48"),
        ({"ssmAccess": "yes"}, '"yes"', "one of existing, create, none"),
        ({"failureShare": 100}, "100", "from 0 to 99"),
        ({"proveActive": "yes"}, '"yes"', "true or false"),
        ({"standbyInstanceType": "t4g"}, '"t4g"', "an EC2 instance type"),
        ({"standbyAmi": "al2"}, '"al2"', "al2023 (the latest Amazon Linux 2023), an AMI id"),
        ({"standbyRootDevice": "/dev/sda1"}, '"/dev/sda1"', "that of al2023"),
        ({"standbyRootDevice": "sda"}, '"sda"', "/dev/xvda or /dev/sda1"),
        ({"protectedCidrs": []}, "[]", "a list of 1 to 50"),
        ({"logRetentionDays": 42}, "42", "one of 1, 3, 5, 7, 14, 30"),
        ({"logLevel": "chatty"}, '"chatty"', "one of DEBUG, INFO, WARNING, ERROR"),
        ({"reservedConcurrency": 3}, "3", "a whole number of invocations from 10"),
        ({"functionTimeout": 10}, "10", "a whole number of seconds from 30"),
        ({"tags": "team"}, '"team"', "up to 40 tags"),
        ({"probeTag": "web"}, '"web"', "an object with settings"),
    ],
)
def test_a_wrong_value_is_told_with_path_value_what_is_allowed_and_an_example(
    settings: dict[str, Any], value: str, allowed: str
) -> None:
    sentence = problem(**settings)
    assert sentence.startswith(tuple(f"{PATH}.{key} is " for key in settings))
    assert value in sentence
    assert f"it must be {allowed}" in sentence or ("it must be " in sentence and allowed in sentence)
    assert ", for example " in sentence


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"targets": ["1.1.1.1", "-f"]}, "targets[1]"),
        ({"targets": ["1.1.1"]}, "targets[0]"),
        ({"targets": ["1.1.1.256"]}, "targets[0]"),
        ({"targets": ["2001:db8::1"]}, "targets[0]"),
        ({"targets": ["a b"]}, "targets[0]"),
        ({"targets": ["under_score.example"]}, "targets[0]"),
        ({"targets": ["x" * 64]}, "targets[0]"),
        ({"targets": [7]}, "targets[0]"),
        *(({"targets": ["1.1.1.1", inside]}, "targets[1]") for inside in INSIDE),
        ({"protectedCidrs": ["10.0.0.1/16"]}, "protectedCidrs[0]"),
        ({"protectedCidrs": ["0.0.0.0/0"]}, "protectedCidrs[0]"),
        ({"protectedCidrs": ["10.0.0.0"]}, "protectedCidrs[0]"),
        ({"mailAddresses": ["oncall"]}, "mailAddresses[0]"),
        ({"tags": {"aws:team": "x"}}, "tags.aws:team"),
        ({"tags": {"team": "x" * 257}}, "tags.team"),
        ({"probeTag": {"key": ""}}, "probeTag.key"),
        ({"ssmAccess": "create", "endpointSubnetIds": ["vpc-0123456789abcdef0"]}, "endpointSubnetIds[0]"),
    ],
)
def test_a_wrong_part_is_told_by_its_own_path(settings: dict[str, Any], path: str) -> None:
    assert problem(**settings).startswith(f"{PATH}.{path} is ")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sampelSize", "sampleSize"),
        ("vpcID", "vpcId"),
        ("sample_size", "sampleSize"),
        ("standby-ami", "standbyAmi"),
        ("subnetId", "standbySubnetId"),
        ("treshold", "failureThreshold"),
    ],
)
def test_an_unknown_setting_is_told_with_the_one_that_may_be_meant(key: str, meant: str) -> None:
    block = {**pair(), key: "x"}
    assert f"{PATH}.{key} is not a setting: did you mean {meant}?" in problems({"pairs": [block]})


@pytest.mark.parametrize("key", ["subnetIds", "subnet_ids"])
def test_subnets_are_not_associated_by_the_stack_and_the_command_that_does_it_is_told(key: str) -> None:
    """An association that a failover has replaced is gone, and CloudFormation would still hold on to its id."""
    sentence = problem(**{key: ["subnet-0123456789abcdef0"]})
    assert sentence.startswith(f"{PATH}.{key} is not a setting: ")
    assert "aws ec2 associate-route-table --subnet-id" in sentence


def test_an_unknown_setting_that_is_like_no_other_is_told_with_all_that_there_are() -> None:
    sentence = problem(zzz=1)
    assert sentence.startswith(f"{PATH}.zzz is not a setting: the settings here are alarmActions, ")
    assert "nat-failover.pears is not a setting: did you mean pairs?" in problems({"pairs": [pair()], "pears": []})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"standbyInstanceId": "i-0fedcba9876543210", "standbyRouteTableId": "rtb-0123456789abcdef0"},
            'standbyRouteTableId is "rtb-0123456789abcdef0": it must be another table than primaryRouteTableId',
        ),
        (
            {"standbyInstanceId": "i-0123456789abcdef0", "standbyRouteTableId": "rtb-0fedcba9876543210"},
            'standbyInstanceId is "i-0123456789abcdef0": it must be another instance than primaryInstanceId',
        ),
        ({"standbyInstanceId": "i-0fedcba9876543210"}, "standbyRouteTableId is missing"),
        ({"standbyRouteTableId": "rtb-0fedcba9876543210"}, "standbyInstanceId is missing"),
    ],
)
def test_an_existing_standby_is_another_one_and_named_as_a_whole(settings: dict[str, Any], sentence: str) -> None:
    (only,) = problems({"pairs": [pair(standbySubnetId=None, **settings)]})
    assert only.startswith(f"{PATH}.{sentence}")


def test_a_subnet_for_a_standby_that_exists_is_told_to_be_of_no_use() -> None:
    sentence = problem(standbyInstanceId="i-0fedcba9876543210", standbyRouteTableId="rtb-0fedcba9876543210")
    assert sentence.startswith(f"{PATH}.standbySubnetId is ")
    assert "it must be left out" in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("standbyInstanceType", "t4g.small"),
        ("standbyAmi", "ami-0123456789abcdef0"),
        ("standbyRootDevice", "/dev/sda1"),
        ("standbyRevision", 1),
        ("standbyElasticIp", "allocate"),
    ],
)
def test_what_a_standby_is_made_of_is_of_no_use_where_one_exists(key: str, value: object) -> None:
    sentence = problem(**EXISTING, **{key: value})
    assert sentence.startswith(f"{PATH}.{key} is ")
    assert "it must be left out, since the standby and its table exist" in sentence
    # As a default it concerns the other pairs.
    block = {"defaults": {key: value}, "pairs": [pair(**EXISTING)]}
    assert read_configuration(block).stacks[0].pairs[0].standby_instance_id == "i-0fedcba9876543210"


def test_routes_are_not_mirrored_by_who_only_observes() -> None:
    assert problem(mode="observe", mirrorRoutes=True).startswith(f"{PATH}.mirrorRoutes is true: it must be left out")
    (sentence,) = problems({"defaults": {"mirrorRoutes": True}, "pairs": [pair(mode="observe"), pair("b", "1")]})
    assert sentence.startswith(f"{PATH}.mirrorRoutes is true")


def test_a_mistake_in_the_defaults_is_told_once_whatever_the_number_of_pairs() -> None:
    for defaults, key in (({"window": 119}, "window"), ({"sampleSize": 2, "failureThreshold": 3}, "failureThreshold")):
        (sentence,) = problems({"defaults": defaults, "pairs": [pair(), pair("b", "1"), pair("c", "2")]})
        assert sentence.startswith(f"nat-failover.defaults.{key} is ")
    (sentence,) = problems({"defaults": {"window": 119}, "pairs": [pair(), pair("b", "1", window=600)]})
    assert sentence.startswith("nat-failover.defaults.window is 119")


def test_a_pair_that_is_none_is_one_mistake() -> None:
    (sentence,) = problems({"pairs": ["main"]})
    assert sentence.startswith(f'{PATH} is "main": it must be an object with settings')


def test_a_name_that_is_none_is_one_mistake_though_a_stack_asks_for_the_pair() -> None:
    (sentence,) = problems({"pairs": [pair("Main")], "stacks": [{"name": "prod", "pairs": ["main"]}]})
    assert sentence.startswith(f'{PATH}.name is "Main"')


def test_endpoint_subnets_without_endpoints_are_told_to_be_of_no_use() -> None:
    sentence = problem(endpointSubnetIds=["subnet-0123456789abcdef0"])
    assert "it must be left out unless ssmAccess is create" in sentence


@pytest.mark.parametrize("setting", [{"vpcCidrs": ["10.1.0.0/16"]}, {"ec2Messages": True}])
@pytest.mark.parametrize("access", ["existing", "none"])
def test_what_is_for_endpoints_only_is_told_to_be_of_no_use_without_them(setting: dict[str, Any], access: str) -> None:
    sentence = problem(ssmAccess=access, **setting)
    assert sentence.startswith(f"{PATH}.{next(iter(setting))} is ")
    assert f'it must be left out unless ssmAccess is create; it is "{access}"' in sentence


def test_endpoints_need_a_subnet() -> None:
    existing = {"standbyInstanceId": "i-0fedcba9876543210", "standbyRouteTableId": "rtb-0fedcba9876543210"}
    (sentence,) = problems({"pairs": [pair(standbySubnetId=None, ssmAccess="create", **existing)]})
    assert sentence.startswith(f"{PATH}.endpointSubnetIds is missing")


def test_twelve_mistakes_are_twelve_sentences() -> None:
    sentences = problems(TWELVE)
    assert [p.partition(" is ")[0].removeprefix("nat-failover.pairs") for p in sentences] == [
        "[0].sampelSize",
        "[0].vpcId",
        "[0].primaryInstanceId",
        "[0].mode",
        "[0].targets[1]",
        "[0].standbyAmi",
        "[0].protectedCidrs[0]",
        "[0].mailAddresses[0]",
        "[0].logRetentionDays",
        "[0].failureThreshold",
        "[0].window",
        "[1].name",
    ]
