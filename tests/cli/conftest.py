"""One installation and one deployment for all tests of a process: what a test changes it puts right again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.deployed import Deployment, deployed
from tests.cli.installed import install
from tests.cli.moving import active, free_claim


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the package is installed in."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Deployment]:
    """Give a deployed pair, its NATs and backends well, after a first look of the function."""
    with deployed(tmp_path_factory.mktemp("cli"), installed) as made:
        made.tick()
        yield made


@pytest.fixture
def pair(deployment: Deployment) -> Iterator[Deployment]:
    """Give the deployed pair with its primary active and armed, and put it right again."""
    ec2 = deployment.aws.client("ec2")
    for nat in (deployment.setting("PRIMARY_INSTANCE"), deployment.setting("STANDBY_INSTANCE")):
        (described,) = ec2.describe_instances(InstanceIds=[nat])["Reservations"]
        interface = described["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    yield deployment
    for nat in ("nat01", "nat02"):
        deployment.aws.tell({"mend": nat})
    active(deployment, "primary")
    free_claim(deployment)
    deployment.rearm()
