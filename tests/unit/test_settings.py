"""The environment, read into settings or refused with a sentence for each variable at fault."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.environment import SettingsError
from nat_failover.settings import LARGEST_SAMPLE, LONGEST_WINDOW, Mode, Settings
from tests.examples import ENVIRONMENT, OPTIONAL, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, settings

EIP = "eipalloc-0123456789abcdef0"


def problems(**changes: str | None) -> list[str]:
    """Return the problems of an environment in which some variables are changed, or missing."""
    environment = {**ENVIRONMENT, **{f"NAT_FAILOVER_{name}": value for name, value in changes.items()}}
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({name: value for name, value in environment.items() if value is not None})
    return refused.value.problems


def test_what_is_not_set_has_the_default_that_the_design_names() -> None:
    s = Settings.from_environment(ENVIRONMENT)
    assert (s.mode, s.targets, s.interval, s.failures) == (
        Mode.AUTOMATIC,
        ("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        0.5,
        3,
    )
    assert (s.window, s.period, s.warm_up, s.freshness) == (600, 60, 300, 30.0)
    assert (s.failure_threshold, s.sample_size, s.failure_share, s.prove_active) == (3, 10, 50, True)
    assert (s.egress_allocation, s.standby_egress_allocation) == (None, None)


def test_every_variable_is_read_into_its_own_setting() -> None:
    s = Settings.from_environment(ENVIRONMENT | OPTIONAL)
    assert s == Settings(
        pair="main",
        lock_parameter="/nat-failover/main/lock",
        claim_parameter="/nat-failover/main/claim",
        told_parameter="/nat-failover/main/told",
        probe_document="nat-failover-main-probe",
        probe_tag_key="nat-failover:probe",
        probe_tag_value="main",
        primary_route_table=PRIMARY_TABLE,
        standby_route_table=STANDBY_TABLE,
        primary_instance=PRIMARY,
        standby_instance=STANDBY,
        topic="arn:aws:sns:eu-west-1:123456789012:nat-failover-main",
        claim_lease=60.0,
        mode=Mode.OBSERVE,
        targets=("192.0.2.1", "ping.example.com"),
        interval=0.25,
        failures=4,
        window=900,
        period=120,
        warm_up=240,
        freshness=20.0,
        failure_threshold=4,
        sample_size=12,
        failure_share=40,
        prove_active=False,
        auto_scaling_groups=("nat-primary", "nat-standby"),
        egress_allocation="eipalloc-0123456789abcdef0",
        standby_egress_allocation="eipalloc-0fedcba9876543210",
    )


def test_settings_can_not_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        settings().window = 0  # type: ignore[misc]


@pytest.mark.parametrize("variable", sorted(ENVIRONMENT))
def test_a_missing_variable_is_named_with_what_it_must_be(variable: str) -> None:
    sentences = problems(**{variable.removeprefix("NAT_FAILOVER_"): None})
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{variable} is not set: it must be ")


REFUSED = {
    "PAIR": ["", "Main", "1st", "a b", "a" * 32, "main\n", "-a"],
    "LOCK_PARAMETER": ["", "lock", "/", "/a//b", "/a/", "/a b", "arn:aws:ssm:x"],
    "CLAIM_PARAMETER": ["", "claim", "/claim/"],
    "TOLD_PARAMETER": ["", "told", "/told/"],
    "PROBE_DOCUMENT": ["", "ab", "a" * 129, "a/b"],
    "PROBE_DOCUMENT_HASH": ["", "h" * 257, "a b"],
    "PROBE_DOCUMENT_HASH_TYPE": ["", "sha256", "Md5"],
    "PROBE_TAG_KEY": ["", "k" * 129, "a;b"],
    "PROBE_TAG_VALUE": ["", "v" * 257, "a$b"],
    "PRIMARY_ROUTE_TABLE": ["", "rtb-1", "rtb-0123456789ABCDEF0", "subnet-0123456789abcdef0", "rtb-012345678 "],
    "STANDBY_ROUTE_TABLE": ["", "rtb-xyz", "vpc-0123456789abcdef0"],
    "PRIMARY_INSTANCE": ["", "i-1", "eni-0123456789abcdef0", "i-0123456789abcdef0,i-0123456789abcdef1"],
    "STANDBY_INSTANCE": ["", "i-xyz", "mi-0123456789abcdef0"],
    "PRIMARY_INTERFACE": ["", "eni-1", "i-0123456789abcdef0"],
    "STANDBY_INTERFACE": ["", "eni-xyz", "vpce-0123456789abcdef0"],
    "TOPIC": ["", "topic", "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:12345:t"],
    "CLAIM_LEASE": ["", "9.9", "1801", "soon", "nan", "inf", "-60"],
    "MODE": ["", "auto", "AUTOMATIC", "off"],
    "HANDOVER": ["", "TELL", "never"],
    "MIRROR_ROUTES": ["", "yes", "True", "1"],
    "RUNBOOK": ["", "http://example.com", "https://", "https://example.com/#a", "https://ex ample.com"],
    "MIRROR_ENDPOINTS": ["", "vpce-1", "vpce-0123456789abcdef0,", "eni-0123456789abcdef0"],
    "AUTO_SCALING_GROUPS": ["", "nat,", "a,b,c", "nat*", "x" * 256],
    "EGRESS_ALLOCATION": ["", "none", "eipalloc-1", "203.0.113.1", "eipassoc-0123456789abcdef0"],
    "STANDBY_EGRESS_ALLOCATION": ["", "none", "eipalloc-1", "203.0.113.1", "eipassoc-0123456789abcdef0"],
    "TARGETS": [
        "",
        ",",
        "1.1.1.1,",
        "1.1.1",
        "1.1.1.256",
        "-f",
        "1.1.1.1 8.8.8.8",
        "a,a",
        "1,2,3,4,5,6",
        "$(reboot)",
        "a_b",
        "::1",
        "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6",
        "x" * 254,
        "https://example.com",
    ],
    "INTERVAL": ["", "0.19", "60.1", "half", "nan"],
    "FAILURES": ["", "0", "100", "3.5", "-3"],
    "WINDOW": ["", "-1", str(LONGEST_WINDOW + 1), "ten", "1e3"],
    "PERIOD": ["", "59", "3601", "60.0"],
    "WARM_UP": ["", "-1", "86401"],
    "FRESHNESS": ["", "4.9", "3601", "inf"],
    "FAILURE_THRESHOLD": ["", "0", "49", "three"],
    "SAMPLE_SIZE": ["", "0", str(LARGEST_SAMPLE + 1)],
    "FAILURE_SHARE": ["", "-1", "100", "50.0", "half"],
    "PROVE_ACTIVE": ["", "True", "yes", "1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_a_value_that_is_not_allowed_is_told_with_its_variable_and_with_what_is(name: str, value: str) -> None:
    sentences = problems(**{name: value})
    assert len(sentences) == 1
    assert sentences[0].startswith(f"NAT_FAILOVER_{name} is {value!r}: it must be ")
    assert len(sentences[0]) > len(f"NAT_FAILOVER_{name} is {value!r}: it must be ") + 5


def test_every_variable_has_values_that_are_refused_here() -> None:
    derived = {"confirm_for", "gather_for"}
    assert {name.lower() for name in REFUSED} == {field.name for field in fields(Settings)} - derived


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("WINDOW", value) for value in ("0", "120", str(LONGEST_WINDOW))),
        *(("INTERVAL", value) for value in ("0.2", "0.25", "60")),
        *(("SAMPLE_SIZE", value) for value in ("3", "48")),
        *(("FAILURE_SHARE", value) for value in ("0", "99")),
        *(("TARGETS", value) for value in ("1.1.1.1", "a,b,c,d,e", "0.0.0.0,255.255.255.255")),
        *(("PERIOD", "60"), ("WARM_UP", "0"), ("CLAIM_LEASE", "10"), ("PAIR", "a"), ("PAIR", "az1-prod")),
        ("TOPIC", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:t"),
    ],
)
def test_a_value_at_the_edge_of_what_is_allowed_is_taken(name: str, value: str) -> None:
    Settings.from_environment(ENVIRONMENT | {f"NAT_FAILOVER_{name}": value})


def test_all_problems_are_told_at_once() -> None:
    sentences = problems(PAIR="No", TOPIC=None, WINDOW="-5", MODE="on")
    assert [sentence.split()[0] for sentence in sentences] == [
        "NAT_FAILOVER_PAIR",
        "NAT_FAILOVER_TOPIC",
        "NAT_FAILOVER_MODE",
        "NAT_FAILOVER_WINDOW",
    ]


def test_the_error_itself_says_every_problem() -> None:
    with pytest.raises(SettingsError, match=r"NAT_FAILOVER_PAIR is not set: .*; NAT_FAILOVER_CLAIM_LEASE is not set: "):
        Settings.from_environment({})


@pytest.mark.parametrize(
    ("changes", "variable", "why"),
    [
        ({"STANDBY_ROUTE_TABLE": PRIMARY_TABLE}, "STANDBY_ROUTE_TABLE", "another route table than the primary's"),
        ({"STANDBY_INSTANCE": PRIMARY}, "STANDBY_INSTANCE", "another instance than the primary"),
        ({"CLAIM_PARAMETER": "/nat-failover/main/lock"}, "CLAIM_PARAMETER", "another parameter than the lock"),
        ({"TOLD_PARAMETER": "/nat-failover/main/lock"}, "TOLD_PARAMETER", "another parameter than the lock and"),
        ({"TOLD_PARAMETER": "/nat-failover/main/claim"}, "TOLD_PARAMETER", "another parameter than the lock and"),
        ({"STANDBY_EGRESS_ALLOCATION": EIP}, "STANDBY_EGRESS_ALLOCATION", "left out without NAT_FAILOVER_EGRESS_"),
        (
            {"EGRESS_ALLOCATION": EIP, "STANDBY_EGRESS_ALLOCATION": EIP},
            "STANDBY_EGRESS_ALLOCATION",
            "another Elastic IP than the egress address",
        ),
        ({"SAMPLE_SIZE": "2"}, "SAMPLE_SIZE", "at least NAT_FAILOVER_FAILURE_THRESHOLD (3)"),
        ({"FAILURE_THRESHOLD": "11"}, "SAMPLE_SIZE", "at least NAT_FAILOVER_FAILURE_THRESHOLD (11)"),
        ({"WINDOW": "119"}, "WINDOW", "0 or at least twice NAT_FAILOVER_PERIOD (60)"),
        ({"PERIOD": "301"}, "WINDOW", "0 or at least twice NAT_FAILOVER_PERIOD (301)"),
    ],
)
def test_values_that_contradict_each_other_are_refused(changes: dict[str, str], variable: str, why: str) -> None:
    sentences = problems(**changes)
    assert len(sentences) == 1
    assert sentences[0].startswith(f"NAT_FAILOVER_{variable} is ")
    assert why in sentences[0]


def test_all_contradictions_are_told_at_once() -> None:
    assert len(problems(STANDBY_INSTANCE=PRIMARY, STANDBY_ROUTE_TABLE=PRIMARY_TABLE, SAMPLE_SIZE="1", WINDOW="1")) == 4


@given(st.dictionaries(st.sampled_from(sorted(ENVIRONMENT | OPTIONAL)), st.text(max_size=40), min_size=1))
def test_no_environment_ends_in_anything_but_settings_or_a_sentence_for_each_variable(scribble: dict[str, str]) -> None:
    try:
        s = Settings.from_environment(ENVIRONMENT | scribble)
    except SettingsError as refused:
        assert refused.problems
        assert all(problem.startswith("NAT_FAILOVER_") for problem in refused.problems)
    else:
        assert s.sample_size >= s.failure_threshold
        assert s.window == 0 or s.window >= 2 * s.period


def test_hosts_are_watched_unless_the_window_is_0() -> None:
    assert settings().watches
    assert not settings(window=0).watches


def test_each_route_table_leads_to_its_own_nat_and_has_its_own_role() -> None:
    s = settings()
    assert (s.nat_of(PRIMARY_TABLE), s.nat_of(STANDBY_TABLE)) == s.nats == (PRIMARY, STANDBY)
    assert (s.role_of(PRIMARY_TABLE), s.role_of(STANDBY_TABLE)) == ("primary", "standby")
    assert (s.other_table(STANDBY_TABLE), s.other_table(PRIMARY_TABLE)) == s.tables == (PRIMARY_TABLE, STANDBY_TABLE)


def test_region_and_log_group_follow_from_the_topic_and_the_pair() -> None:
    s = settings(topic="arn:aws-cn:sns:cn-north-1:123456789012:any", pair="az1")
    assert (s.region, s.log_group) == ("cn-north-1", "/aws/lambda/nat-failover-az1")


@pytest.mark.parametrize("interval", ["0.333", "59.999", "0.2001"])
def test_an_interval_that_the_probe_document_would_refuse_is_refused(interval: str) -> None:
    assert problems(INTERVAL=interval)
