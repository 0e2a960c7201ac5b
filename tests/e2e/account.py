"""The emulated account from the outside: a process that serves it, what a user has in it, and what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config

from tests.e2e.emulator import IMAGE, TYPE
from tests.lab.network.layout import TARGETS

ROOT = Path(__file__).resolve().parents[2]
REGION, ACCOUNT = "eu-central-1", "123456789012"
PAIR = "main"
BACKENDS = 3


@cache
def _client(service: str, url: str) -> Any:
    """Make a client once: reading a service's model takes long. It tries as often as a person would."""
    session: Any = boto3.Session("e2e", "e2e", region_name=REGION)
    patience = Config(retries={"mode": "standard", "total_max_attempts": 10})
    return session.client(service, endpoint_url=url, config=patience)


def environ_of(url: str, home: Path) -> dict[str, str]:
    """Give the environment of a process that uses the account at a URL and nothing else of this machine."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "e2e",
        "AWS_SECRET_ACCESS_KEY": "e2e",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass(frozen=True)
class Account:
    """An account of AWS that listens on loopback.

    Args:
        url: of all services.
        instructions: what the emulator reads, for its agents.
        folder: stands for the home folder of a person who has the credentials.
    """

    url: str
    folder: Path
    instructions: IO[bytes]

    @property
    def environ(self) -> dict[str, str]:
        """Environment of a process that uses the account and nothing else of this machine."""
        return environ_of(self.url, self.folder)

    def client(self, service: str) -> Any:
        """Give a client of boto3."""
        return _client(service, self.url)

    def make_vpc(self) -> dict[str, object]:
        """Make what a user has before the product comes, and give the pair's configuration."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        public_a, public_b, private_a, private_b = (
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in ((0, "a"), (3, "b"), (1, "a"), (2, "b"))
        )
        nat = self._run(public_a, {"Name": "nat-a"})
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=nat)
        for subnet in (private_a, private_b):
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        for n in range(BACKENDS):
            self._run((private_a, private_b)[n % 2], {"Name": f"backend-{n}", "nat-failover:probe": PAIR})
        return {
            "name": PAIR,
            "vpcId": vpc,
            "primaryRouteTableId": table,
            "primaryInstanceId": nat,
            "standbySubnetId": public_b,
            "targets": list(TARGETS),
        }

    def _run(self, subnet: str, tags: Mapping[str, str]) -> str:
        specification = {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        made = self.client("ec2").run_instances(
            ImageId=IMAGE,
            InstanceType=TYPE,
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            TagSpecifications=[specification],
        )
        return str(made["Instances"][0]["InstanceId"])

    def start_agents(self, standby: str) -> None:
        """Let the pair's hosts be on a network, each with its agent."""
        instances = [i for r in self.client("ec2").describe_instances()["Reservations"] for i in r["Instances"]]
        named = {tag["Value"]: i for i in instances for tag in i.get("Tags", []) if tag["Key"] == "Name"}
        backends = [named[f"backend-{n}"] for n in range(BACKENDS)]
        hosts = {"nat01": named["nat-a"]["InstanceId"], "nat02": standby}
        hosts |= {f"backend{n + 1}": backend["InstanceId"] for n, backend in enumerate(backends)}
        subnets = {"private-a": backends[0]["SubnetId"], "private-b": backends[1]["SubnetId"]}
        self.tell({"hosts": hosts, "subnets": subnets, "url": self.url})

    def tell(self, instruction: Mapping[str, Any]) -> None:
        """Say something to the emulator's agents."""
        self.instructions.write(json.dumps(instruction).encode() + b"\n")
        self.instructions.flush()

    def forget_claim(self) -> None:
        """Let the claim of an earlier failover be over, as after a minute."""
        self.client("ssm").delete_parameter(Name=f"/nat-failover/{PAIR}/claim")

    def read_lock(self) -> str:
        """Give the lock's value."""
        return str(self.client("ssm").get_parameter(Name=f"/nat-failover/{PAIR}/lock")["Parameter"]["Value"])

    def write_lock(self, value: str) -> None:
        """Write the lock as a person does."""
        self.client("ssm").put_parameter(Name=f"/nat-failover/{PAIR}/lock", Value=value, Overwrite=True)

    def move_back(self, from_table: str, to_table: str) -> None:
        """Move all subnets from a route table to another, as a person does after a failover."""
        ec2 = self.client("ec2")
        (table,) = ec2.describe_route_tables(RouteTableIds=[from_table])["RouteTables"]
        for association in table["Associations"]:
            ec2.replace_route_table_association(
                AssociationId=association["RouteTableAssociationId"], RouteTableId=to_table
            )

    def fetch(self, key: str) -> bytes:
        """Give a file that the command line has published to the bootstrap bucket."""
        bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


@contextmanager
def account(folder: Path, emulator: str = "tests.e2e.emulator") -> Iterator[Account]:
    """Serve an account, with its log in the folder, and end the process that does.

    Args:
        folder: for its log, and a home.
        emulator: the module that serves it.
    """
    home = folder / "home"
    home.mkdir()
    with (folder / "emulator.log").open("wb") as log:
        command = [sys.executable, "-m", emulator]
        # Its thousand images, which take moto long to load, are left out.
        environ = os.environ | {"PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT}", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
        with subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process:
            try:
                assert process.stdout is not None
                # By this name, not by its address, moto knows that the bucket's name is no part of the host's.
                assert process.stdin is not None
                yield Account(f"http://localhost:{int(process.stdout.readline())}", home, process.stdin)
            finally:
                process.terminate()
