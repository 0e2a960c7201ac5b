"""The mechanical check: every constraint of botocore's models, and every pattern that is in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gate.requests.constraints import check_of, model
from tests.gate.requests.patterns import go_error, go_matches, matching

# What the product, its stack and its tests ask of.
SERVICES = (
    *("ssm", "ec2", "sns", "events", "cloudformation", "lambda", "iam", "sts", "logs", "cloudwatch", "autoscaling"),
    *("sqs", "service-quotas", "s3"),
)


def _patterns(service: str) -> set[str]:
    of = model(service)
    return {p for name in of.shape_names if (p := of.shape_for(name).metadata.get("pattern"))}


def _kinds(call: str, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    service, operation = call.split(":")
    check = check_of(service, operation)
    assert check is not None
    return [(v.kind, v.path) for v in check(arguments, "")]


def test_no_pattern_of_the_services_in_use_is_skipped() -> None:
    """One that no engine here can read would be listed here by name, and its strings never judged by it."""
    skipped = {(service, p) for service in SERVICES for p in _patterns(service) if matching(p) is None}
    assert skipped == set()
    assert sum(len(_patterns(service)) for service in SERVICES) > 300


@pytest.mark.parametrize(
    ("pattern", "whole", "other"),
    [
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "Größe 1", "a\nb"),
        ("[a-z]+", "abc", "abc "),  # the whole string, though the pattern has no anchors
        ("^[a-z]+$", "abc", "abc\n"),
        (r"^arn:aws:iam::\d{12}:role\/[\w-\/.@+=,]{1,1017}$", "arn:aws:iam::123456789012:role/a-b", "arn:aws:iam"),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "1a", "11"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a😀", "\x01"),
    ],
)
def test_a_pattern_is_matched_as_the_service_does(pattern: str, whole: str, other: str) -> None:
    matches = matching(pattern)
    assert matches is not None
    assert matches(whole)
    assert not matches(other)


def test_a_pattern_that_nobody_here_can_read_is_no_check() -> None:
    assert matching("a++(?<n>") is None
    assert matching(r"\p{Nonsense}") is None


def test_go_compiles_no_repeats_whose_product_is_beyond_a_thousand() -> None:
    assert go_error("^[a-z]{0,250}( [a-z]{0,250}){0,4}$") is None
    assert go_error("^[a-z]{0,251}( [a-z]{0,251}){0,4}$") == "invalid repetition size: {0,4}"


def test_go_ends_a_text_at_its_end_and_not_before_a_final_newline() -> None:
    assert go_matches("^a$", "a")
    assert not go_matches("^a$", "a\n")


def test_members_are_judged_however_deep_they_are() -> None:
    entries = [{"Name": f"tag:{n}", "Values": ["a"]} for n in range(3)] + [{"Nom": "a", "Values": [1]}]
    assert _kinds("ec2:DescribeTags", {"Filters": entries}) == [
        ("unknown", "Filters.4.Nom"),
        ("type", "Filters.4.Values.1"),
    ]


def test_a_shape_that_holds_itself_is_judged_to_its_end() -> None:
    assert _kinds("ssm:GetInventory", {"Aggregators": [{"Aggregators": [{"Aggregators": [{"Expression": ""}]}]}]}) == [
        ("length", "Aggregators.1.Aggregators.1.Aggregators.1.Expression")
    ]


def test_a_member_that_is_null_is_absent() -> None:
    assert _kinds("ssm:GetParameter", {"Name": None}) == [("required", "Name")]
    assert _kinds("ssm:GetParameter", {"Name": "a", "WithDecryption": None}) == []


def test_a_boolean_is_no_number() -> None:
    assert _kinds("ssm:ListCommands", {"MaxResults": True}) == [("type", "MaxResults")]


def test_an_operation_without_arguments_takes_none() -> None:
    assert _kinds("sts:GetCallerIdentity", {}) == []
    assert _kinds("cloudformation:DescribeEvents", {"Nothing": 1}) == [("unknown", "Nothing")]


def test_an_operation_that_the_model_does_not_know_is_not_judged() -> None:
    assert check_of("ssm", "ProcessCfnResponse") is None
