"""What a configuration may be: text, defaults, none at all, and pairs made in Python."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from infra.config import PairConfig, ProbeTag, SsmAccess, checked_pair, read_configuration
from nat_failover.settings import Mode
from tests.infra.config.refusals import problems
from tests.tools.checked import config, pair


def read(**settings: Any) -> PairConfig:
    (stack,) = read_configuration({"pairs": [pair(**settings)]}).stacks
    (only,) = stack.pairs
    return only


def test_the_least_that_is_needed_is_enough() -> None:
    assert read() == config()


def test_values_that_the_command_line_gives_as_text_are_understood() -> None:
    config = read(
        targets="1.1.1.1, example.com",
        interval="1.5",
        window="300",
        sampleSize="5",
        mode="Observe",
        proveActive="False",
        ssmAccess="none",
        logRetentionDays="30",
        mailAddresses="a@example.com,b@example.com",
    )
    assert config.targets == ("1.1.1.1", "example.com")
    assert (config.interval, config.window, config.sample_size) == (1.5, 300, 5)
    assert (config.mode, config.ssm_access) == (Mode.OBSERVE, SsmAccess.NONE)
    assert config.log_retention_days == 30
    assert config.prove_active is False
    assert config.mail_addresses == ("a@example.com", "b@example.com")


def test_defaults_hold_for_every_pair_that_does_not_say_otherwise() -> None:
    block: dict[str, Any] = {
        "defaults": {"sampleSize": 5, "probeTag": {"key": "role"}, "mode": "observe"},
        "pairs": [pair(), pair("other", "1", mode="automatic")],
    }
    one, two = read_configuration(block).stacks[0].pairs
    assert (one.sample_size, two.sample_size) == (5, 5)
    assert (one.mode, two.mode) == (Mode.OBSERVE, Mode.AUTOMATIC)
    assert one.probe_tag == ProbeTag(key="role")
    assert (one.probe_tag_value, two.probe_tag_value) == ("main", "other")


def test_a_mistake_in_the_defaults_is_told_once() -> None:
    sentences = problems({"defaults": {"sampleSize": 0, "name": "x"}, "pairs": [pair(), pair("other", "1")]})
    assert [p.partition(" is ")[0] for p in sentences] == [
        "nat-failover.defaults.sampleSize",
        "nat-failover.defaults.name",
    ]


@pytest.mark.parametrize("block", [{}, {"pairs": []}, {"pairs": None}])
def test_no_pair_is_told_with_an_example(block: object) -> None:
    (sentence,) = problems(block)
    assert sentence.startswith("no pair is configured: ")
    assert '"primaryRouteTableId": "rtb-' in sentence


@pytest.mark.parametrize("block", [None, 7, "x", [], {"pairs": {}}, {"pairs": "x"}, {"pairs": [None]}, {"pairs": [[]]}])
def test_what_is_no_configuration_at_all_is_told(block: object) -> None:
    assert problems(block)


def test_a_pair_made_in_python_may_have_ids_that_only_the_deployment_knows() -> None:
    known_later = "${Token[TOKEN.42]}"
    made = PairConfig(
        name="main",
        vpc_id=known_later,
        primary_route_table_id=known_later,
        primary_instance_id=known_later,
        standby_subnet_id=known_later,
    )
    assert checked_pair(made) == made


def test_a_pair_made_in_python_is_given_back_with_the_declared_types() -> None:
    observe: Any = "observe"
    subnets: Any = ["subnet-0123456789abcdef0"]
    made = config(
        mode=observe,
        ssm_access=SsmAccess.CREATE,
        endpoint_subnet_ids=subnets,
    )
    assert checked_pair(made).mode is Mode.OBSERVE
    assert checked_pair(made).endpoint_subnet_ids == ("subnet-0123456789abcdef0",)


def test_every_setting_is_documented() -> None:
    for setting in (*fields(PairConfig), *fields(ProbeTag)):
        assert len(str(setting.metadata["doc"])) > 10, setting.name
