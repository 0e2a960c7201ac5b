"""One installation and one deployment for all tests of a process: what a test changes it puts right again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.deployed import Deployment, deployed
from tests.cli.installed import install
from tests.cli.moving import active, free_claim


@pytest.fixture(scope="session")
def installed(once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the package is installed in."""

    def installation() -> Path:
        return install(tmp_path_factory.mktemp("installed"))

    return once(installation)


@pytest.fixture(scope="session")
def deployed_once(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Deployment]:
    """Give a deployed pair, its NATs and backends well."""
    with deployed(tmp_path_factory.mktemp("cli"), installed) as made:
        yield made


@pytest.fixture
def deployment(deployed_once: Deployment) -> Deployment:
    """Give the deployed pair, after a look of the function that is no older than a schedule lets it be."""
    deployed_once.keep_looking()
    return deployed_once


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
