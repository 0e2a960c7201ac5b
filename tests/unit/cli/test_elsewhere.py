"""Where no pair is in a region, the command looks into the others; a function that carries a pair's name is none."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from nat_failover.cli.account.pairs import HANDLER, find
from nat_failover.cli.errors import CommandError
from nat_failover.runtime import LambdaRuntime

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")


def test_pairs_of_other_regions_are_named_and_no_functions_of_others_and_clients_are_made_one_after_the_other() -> None:
    """boto3's sessions make clients in one thread at a time only."""
    made_in: set[str] = set()

    def client(service: str, region: str) -> Any:
        assert service == "lambda"
        made_in.add(threading.current_thread().name)
        environment = {"Variables": {"NAT_FAILOVER_PAIR": "main"}}
        function = {"FunctionName": "nat-failover-main", "Handler": HANDLER, "Environment": environment}
        # Whoever may make a function may give it any environment.
        theirs = [{**function, "FunctionName": name} for name in ("x", "nat-failover-mainx", "nat-failover-other")]
        found = [*theirs, function] if region == "us-east-1" else theirs
        pages = SimpleNamespace(paginate=lambda: [{"Functions": found}])
        return SimpleNamespace(get_paginator=lambda operation: pages)  # noqa: ARG005

    regions = {"Regions": [{"RegionName": region} for region in REGIONS]}
    ec2 = SimpleNamespace(describe_regions=lambda: regions)
    account: Any = SimpleNamespace(
        region=REGIONS[0], client=client, ec2=ec2, runtime=LambdaRuntime(), options=f" --region {REGIONS[0]}"
    )
    with pytest.raises(CommandError, match=r"There is: main in us-east-1 "):
        find(account)
    assert made_in == {threading.current_thread().name}
