"""What the command reads of a pair, whatever has become of one of its hosts."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.snapshot.sources import Reader
from nat_failover.judging.view import View
from tests.fakes import Managed, before
from tests.integration.account import Account


@pytest.fixture
def reader(account: Account) -> Reader:
    """Read with the clients of a person."""
    client: Any = cache(account.session.client)
    ssm = client("ssm")
    person: Any = SimpleNamespace(client=client, ssm=ssm, runtime=account.runtime, reading=account.clients)
    return Reader(person, Deployed(account.settings, "function", "arn", "role", 45, "/aws/lambda/function"))


@pytest.mark.parametrize("code", ["InvalidInstanceId", "InvalidInstanceInformationFilterValue"])
@pytest.mark.parametrize("role", ["primary", "standby"])
def test_a_nat_that_is_gone_hides_nothing_of_the_other_hosts(
    account: Account, reader: Reader, code: str, role: str
) -> None:
    gone, other = account.primary, account.standby
    if role == "standby":
        gone, other = other, gone
    account.ec2.terminate_instances(InstanceIds=[gone])
    account.run_command.online.remove(gone)
    account.run_command.managed[account.backends[0]] = Managed(account.backends[0], ping="ConnectionLost")
    before(reader.client["ssm"], "DescribeInstanceInformation", lambda: code, about=gone, times=9)
    ping_status = {host: raw["PingStatus"] for host, raw in reader.managed().items()}
    assert ping_status == {
        other: "Online",
        account.backends[0]: "ConnectionLost",
        **dict.fromkeys(account.backends[1:], "Online"),
    }
    view = reader.view()
    assert isinstance(view, View)
    assert (view.instances[gone].state, view.instances[other].state) == ("terminated", "running")
    assert gone not in reader.instances()
    assert set(reader.health(reader.instances())) == {other}
