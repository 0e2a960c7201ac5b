"""Configurations that are refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from infra.config import ConfigurationError, read_configuration
from tests.tools.checked import pair

# Twelve mistakes in two pairs.
TWELVE: dict[str, Any] = {
    "pairs": [
        pair(
            vpcId="subnet-0123456789abcdef0",
            primaryInstanceId="i-123",
            mode="manual",
            targets=["1.1.1.1", "not a name"],
            window=30,
            failureThreshold=20,
            protectedCidrs=["0.0.0.0/0"],
            standbyAmi="latest",
            mailAddresses=["oncall"],
            logRetentionDays=31,
            sampelSize=5,
        ),
        pair("main", "1"),
    ]
}


def problems(block: object) -> list[str]:
    """Give the sentences with which a configuration is refused."""
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(block)
    return list(refused.value.problems)


def problems_of_pair(**settings: Any) -> list[str]:
    """Give the sentences with which a pair that has these settings is refused."""
    return problems({"pairs": [pair(**settings)]})


def problem(**settings: Any) -> str:
    """Give the one sentence with which a pair that has these settings is refused."""
    (only,) = problems_of_pair(**settings)
    return only
