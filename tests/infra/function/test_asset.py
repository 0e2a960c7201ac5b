"""The function's asset: what is in it, what is not, and that it runs beside nothing but boto3."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.function.asset import ROOT, SOURCES, AssetError, _libraries, _prune, asset
from tests import examples

# What Lambda's Python runtime brings along: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME = ("boto3", "botocore", "s3transfer", "dateutil", "urllib3", "six", "jmespath")
TRY = """
import json, sys
from nat_failover.handler import handler
class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 45000
told = handler({"source": "aws.events", "detail-type": "Scheduled Event"}, Context())
print(json.dumps({"told": told, "boto3": sys.modules["boto3"].__file__}))
"""
ENVIRONMENT = examples.ENVIRONMENT | {"AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    folder = asset()
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_the_asset_has_the_whole_package_as_it_is_in_the_repository(files: dict[str, Path]) -> None:
    package = SOURCES / "nat_failover"
    found = [path for path in package.rglob("*") if path.suffix in (".py", ".json")]
    sources = {p.relative_to(SOURCES).as_posix(): p for p in found if package / "cli" not in p.parents}
    assert {"nat_failover/handler.py", "nat_failover/telling/message_schema.json"} <= sources.keys()
    for name, path in sources.items():
        assert files[name].read_bytes() == path.read_bytes()


def test_the_asset_has_nothing_that_is_not_for_the_function(files: dict[str, Path]) -> None:
    tops = {name.partition("/")[0] for name in files}
    assert not tops & {"boto3", "botocore", "bin", "tests"}
    assert not [n for n in files if n.endswith((".pyc", ".so", ".pyd")) or "__pycache__" in n]
    assert not [n for n in files if n.startswith(("nat_failover/cli/", "nat_failover/tests/"))]
    assert not [n for n in files if n.startswith("nat_failover/") and n.endswith(".md")]


def test_libraries_keep_their_licences(files: dict[str, Path]) -> None:
    licensed = {n.partition("-")[0] for n in files if ".dist-info/" in n and "LICENSE" in n.upper()}
    assert licensed == {"aws_lambda_powertools", "jmespath", "typing_extensions"}


def test_the_asset_runs_beside_nothing_but_what_lambda_brings(tmp_path: Path) -> None:
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (tmp_path / source.name).symlink_to(source)
    paths = f"import sys; sys.dont_write_bytecode = True; sys.path[:0] = {[str(asset()), str(tmp_path)]!r}\n"
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = aws(f"http://{host}:{port}")
        # -I and -S: neither this environment's libraries nor the repository can be imported.
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", paths + TRY],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    printed = json.loads(last)
    assert printed["boto3"].startswith(str(tmp_path))
    assert (printed["told"]["decision"], printed["told"]["cause"]) == ("HOLD", "LOCKED")
    assert "paused by a person" in printed["told"]["reason"]
    metrics = next(fields for fields in map(json.loads, lines) if "_aws" in fields)
    assert (metrics["service"], metrics["Tick"], metrics["Locked"]) == ("main", [1.0], [1.0])


def aws(endpoint: str) -> dict[str, str]:
    """Make a pair that is paused, so that no host is asked, behind an endpoint; give the function's environment."""
    where: Any = {"endpoint_url": endpoint, "region_name": "eu-central-1"}
    session = boto3.Session("key", "secret")
    ec2: Any = session.client("ec2", **where)
    ssm: Any = session.client("ssm", **where)
    ssm.put_parameter(Name=ENVIRONMENT["NAT_FAILOVER_LOCK_PARAMETER"], Value="paused", Type="String")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=tables[0], SubnetId=subnet)
    return ENVIRONMENT | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "NAT_FAILOVER_PRIMARY_ROUTE_TABLE": tables[0],
        "NAT_FAILOVER_STANDBY_ROUTE_TABLE": tables[1],
    }


def test_the_same_sources_make_the_same_asset_anywhere(tmp_path: Path) -> None:
    def digests(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }

    here, elsewhere = asset(), asset(tmp_path)
    assert elsewhere.name == here.name
    assert digests(elsewhere) == digests(here)


def test_what_is_there_is_not_made_again() -> None:
    first = asset()
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    assert asset() == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before
    assert first.is_relative_to(ROOT / "build")


def test_a_library_that_is_not_plain_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fast.cpython-311-x86_64-linux-gnu.so").touch()
    with pytest.raises(AssetError, match="not plain Python"):
        _prune(tmp_path)


def test_an_installation_that_fails_says_why_and_leaves_nothing_behind(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("./there-is-no-such-library\n", encoding="utf-8")
    with pytest.raises(AssetError, match="there-is-no-such-library"):
        _libraries(requirements, tmp_path / "build")
    assert not list((tmp_path / "build" / "libraries").iterdir())
