"""Asking AWS with a role that may only just have been made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.runtime import Runtime

# A role that was made a moment ago is denied everything for some seconds:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
ASK_FOR, ASK_AGAIN = 40.0, (1.0, 3.0)

T = TypeVar("T")


def patiently(ask: Callable[[], T], runtime: Runtime) -> T:
    """Return what a call gives, trying again while AWS refuses it.

    Raises:
        botocore.exceptions.ClientError: it refuses to the end.
        botocore.exceptions.BotoCoreError: it can't be reached.
    """
    until = runtime.now() + ASK_FOR
    while True:
        try:
            return ask()
        except (ClientError, BotoCoreError):
            if runtime.now() >= until:
                raise
            runtime.sleep(runtime.random.uniform(*ASK_AGAIN))
