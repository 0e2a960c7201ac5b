"""The checks that stop machines: that they see what holds, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.checks.machines import stop_is_dated
from tests.aws.holding import DoesNotHoldError
from tests.integration.account import pair_in_moto


@pytest.mark.parametrize("reason", [None, ""])
def test_a_stop_is_dated_or_said_not_to_be(reason: str | None) -> None:
    with pair_in_moto(backends=1) as account:
        if reason is not None:
            account.ec2.meta.events.register(
                "after-call.ec2.DescribeInstances", lambda parsed, **_: _say(parsed, reason), unique_id="said"
            )
        of: Any = SimpleNamespace(ec2=account.ec2, backends=account.backends)
        if reason is None:
            assert "User initiated (" in stop_is_dated(of)
        else:
            with pytest.raises(DoesNotHoldError, match="it says ''"):
                stop_is_dated(of)


def _say(parsed: Mapping[str, Any], reason: str) -> None:
    for reservation in parsed["Reservations"]:
        for instance in reservation["Instances"]:
            instance["StateTransitionReason"] = reason
