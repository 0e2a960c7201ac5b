"""How many routes a table may have, where nobody has asked for more."""

from __future__ import annotations

from typing import Any

from nat_failover.cli.snapshot.collect import routes_quota
from tests.fakes import stubbed
from tests.lab.cloud.sessions import session


def test_an_account_without_a_value_of_its_own_has_the_default() -> None:
    client: Any = session("eu-central-1", "testing").client("service-quotas")
    with stubbed(client) as stubber:
        stubber.add_client_error("get_service_quota", "NoSuchResourceException")
        stubber.add_response("get_aws_default_service_quota", {"Quota": {"Value": 50.0}})
        assert routes_quota(client) == 50.0
        stubber.add_response("get_service_quota", {"Quota": {"Value": 500.0}})
        assert routes_quota(client) == 500.0
