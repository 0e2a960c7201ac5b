"""Whether both NATs can carry as much as each other, by what EC2 says of their types and credits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nat_failover.cli.checks.health import bandwidth, cpu_credits
from nat_failover.cli.snapshot.snapshot import Raw, Snapshot
from tests.examples import PRIMARY, STANDBY
from tests.unit.cli.screens import healthy


def pair(primary: str, standby: str) -> Snapshot:
    """Give the pair with NATs of other types."""
    seen = healthy()
    kinds = {PRIMARY: primary, STANDBY: standby}
    instances = {i: {**raw, "InstanceType": kinds.get(i, "m7g.large")} for i, raw in (seen.instances or {}).items()}
    types: dict[str, Raw] = {
        name: {"NetworkInfo": {"NetworkCards": [{"BaselineBandwidthInGbps": baseline}]}}
        for name, baseline in (("t4g.nano", 0.032), ("c7gn.medium", 3.125))
    }
    return replace(seen, instances=instances, types=types)


@pytest.mark.parametrize(
    ("primary", "standby", "weak"), [("c7gn.medium", "t4g.nano", "passive"), ("t4g.nano", "c7gn.medium", "active")]
)
def test_the_nat_that_carries_less_is_named(primary: str, standby: str, weak: str) -> None:
    (found,) = bandwidth(pair(primary, standby))
    assert found.what.startswith(f"the {weak} NAT ")
    assert "t4g.nano with a baseline of 0.032 Gbit/s, the other a c7gn.medium with 3.125" in found.what


@pytest.mark.parametrize(("primary", "standby"), [("t4g.nano", "t4g.nano"), ("m1.small", "t4g.nano")])
def test_where_they_carry_the_same_or_ec2_names_no_baseline_nothing_is_found(primary: str, standby: str) -> None:
    assert list(bandwidth(pair(primary, standby))) == []


def test_a_nat_that_is_slowed_down_by_its_credits_alone_is_found_with_the_command() -> None:
    seen = replace(healthy(), credits={PRIMARY: "unlimited", STANDBY: "standard"})
    (found,) = cpu_credits(seen)
    assert found.commands == [
        "aws ec2 modify-instance-credit-specification --instance-credit-specification "
        f"InstanceId={STANDBY},CpuCredits=unlimited --region eu-west-1"
    ]


@pytest.mark.parametrize("modes", [{}, {STANDBY: "standard"}, dict.fromkeys((PRIMARY, STANDBY), "standard")])
def test_credits_that_match_or_are_not_both_known_are_no_finding(modes: dict[str, str]) -> None:
    assert list(cpu_credits(replace(healthy(), credits=modes))) == []
