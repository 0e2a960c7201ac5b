"""What the tests of this folder are given; a module that needs it otherwise has its own by the same name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nat_failover.lock.parameter import Parameters
from nat_failover.lock.store import LockStore
from nat_failover.network.route_tables import Routes
from tests.integration.account import Account, pair_in_moto
from tests.integration.invocation import Acting
from tests.integration.network.egress_address import allocate, allocate_second, give
from tests.integration.user_data.behind_a_nat import Network


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Have a pair in moto, of the size that the mark ``pair`` gives; ``egress`` addresses are with its NATs."""
    mark = request.node.get_closest_marker("pair")
    size = dict(mark.kwargs) if mark else {}
    egress = size.pop("egress", 0)
    with pair_in_moto(**size) as account:
        if egress:
            allocate(account)
            give(account, account.primary)
        if egress > 1:
            allocate_second(account)
        yield account


@pytest.fixture
def watched(account: Account) -> Account:
    """Have a pair that has been watched for two minutes."""
    account.tick()
    account.clock.sleep(60)
    account.tick()
    account.clock.sleep(40)
    return account


@pytest.fixture
def store(account: Account) -> LockStore:
    """Be one invocation at the lock."""
    return LockStore(account.parameters, account.settings, account.clock)


@pytest.fixture
def other(account: Account) -> LockStore:
    """Be another invocation at the lock, with a client of its own."""
    ssm = account.session.client("ssm")
    return LockStore(Parameters(ssm, ssm, account.clock), account.settings, account.clock)


@pytest.fixture
def routes(account: Account) -> Routes:
    """Look at the pair's route tables."""
    return Routes(account.clients.ec2, account.settings, account.clock)


@pytest.fixture
def acting(account: Account) -> Acting:
    """Be an invocation."""
    return Acting(account)


@pytest.fixture
def events(account: Account) -> list[dict[str, Any]]:
    """Have all that is put on the event bus from now on, its details read."""
    put: list[dict[str, Any]] = []
    account.session.events.register(
        "provide-client-params.events.PutEvents",
        lambda params, **_: put.extend({**entry, "Detail": json.loads(entry["Detail"])} for entry in params["Entries"]),
    )
    return put


@pytest.fixture
def network() -> Iterator[Network]:
    """Have a machine that is to become a NAT, a host behind it, and an Internet."""
    with ExitStack() as stack:
        yield Network(stack)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Have the machine's disk."""
    return tmp_path / "disk"
