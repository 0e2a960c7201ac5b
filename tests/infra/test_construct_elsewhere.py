"""The construct in an app of somebody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = """from aws_cdk import App, Stack
from infra.config import PairConfig
from infra.nat_failover import NatFailover

app = App(outdir="out")
stack = Stack(app, "theirs")
pair = PairConfig(name="theirs", vpc_id="vpc-0123456789abcdef0", primary_route_table_id="rtb-0123456789abcdef0",
                  primary_instance_id="i-0123456789abcdef0", standby_subnet_id="subnet-0123456789abcdef0")
NatFailover(stack, "Nat", pair=pair)
app.synth()
"""


def test_ten_lines_of_another_app_make_a_pair(tmp_path: Path) -> None:
    assert len(APP.splitlines()) <= 10
    # What is shared with the function needs nothing that only the function has.
    alone = 'import sys\nassert not {"boto3", "botocore", "aws_lambda_powertools"} & set(sys.modules)\n'
    (tmp_path / "app.py").write_text(APP + alone, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "out" / "theirs.template.json").read_text(encoding="utf-8"))
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert {"AWS::Lambda::Function", "AWS::EC2::Instance", "AWS::EC2::RouteTable", "AWS::SSM::Document"} <= kinds


def test_a_mistake_there_is_told_as_it_is_here(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.replace("i-0123456789abcdef0", "nat01"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "primaryInstanceId" in done.stderr
    assert "nat01" in done.stderr
