"""How long the function takes to start and to send its first request, against one that only makes the same clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from infra.function.asset import ROOT, asset
from tests.bench.bars import Bar, at_most
from tests.bench.statistics import percentile
from tests.bench.tables import Table, show
from tests.examples import ENVIRONMENT

RUNS = 15
BARS_MS = 250.0
# Both begin their clock before they import anything but what Python itself starts with, and stop it when the first
# request is about to leave.
COMMON = """
import time
began = time.perf_counter()
import os, sys
def tell(*_, **__):
    sent = time.perf_counter()
    from tests.bench.scale.memory import peak_mb
    peak = peak_mb()
    sys.stdout.write(f"{ready - began} {sent - began} {peak}\\n")
    sys.stdout.flush()
    os._exit(0)
"""
STOP = """
from botocore.httpsession import URLLib3Session
URLLib3Session.send = tell
"""
OURS = f"""{COMMON}
from nat_failover import handler
ready = time.perf_counter()
{STOP}
class Context:
    aws_request_id = "1"
    def get_remaining_time_in_millis(self):
        return 60000
handler.handler({{"source": "aws.events", "detail-type": "Scheduled Event", "detail": {{}}}}, Context())
"""
BARE = f"""{COMMON}
import boto3
from botocore.config import Config
config = Config(retries={{"mode": "standard", "total_max_attempts": 4}}, connect_timeout=2, read_timeout=6,
                max_pool_connections=32)
session = boto3.Session()
ec2, ssm = session.client("ec2", config=config), session.client("ssm", config=config)
ready = time.perf_counter()
{STOP}
ssm.get_parameters(Names=["lock"])
"""


def measure(runs: int = RUNS) -> dict[str, Any]:
    """Start both, one after the other, so many times, each in a process of its own.

    Returns:
        For ``ours`` and ``bare``: medians of milliseconds until it is ready, and until the first request leaves, and
        of the peak memory in megabytes; and all runs.
    """
    starts: dict[str, list[list[float]]] = {"ours": [], "bare": []}
    made = asset()
    for script in (OURS, BARE):
        _start(script, made)  # compiles, and brings the files into memory
    for _ in range(runs):
        starts["ours"].append(_start(OURS, made))
        starts["bare"].append(_start(BARE, made))
    found: dict[str, Any] = {
        who: {
            key: round(percentile([run[n] for run in all_runs], 50), 1)
            for n, key in enumerate(("ready_ms", "first_byte_ms", "peak_mb"))
        }
        for who, all_runs in starts.items()
    }
    return {**found, "runs": starts}


def _start(script: str, made: Path) -> list[float]:
    environment = {
        "PATH": os.environ["PATH"],
        # As in Lambda, the asset comes first; boto3 is the runtime's own.
        "PYTHONPATH": f"{made}:{Path(boto3.__file__).parent.parent}:{ROOT}",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
        **ENVIRONMENT,
    }
    command = [sys.executable, "-S", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"it did not start: {done.stderr}")
    ready, sent, peak = done.stdout.splitlines()[-1].split()
    return [float(ready) * 1000, float(sent) * 1000, float(peak)]


def bars(found: Mapping[str, Any]) -> list[Bar]:
    """Judge the start."""
    above = found["ours"]["first_byte_ms"] - found["bare"]["first_byte_ms"]
    return [at_most("cold start above a bare function's, until the first request, ms", BARS_MS, above)]


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Give the table."""
    caption = (
        f"Medians of {len(found['runs']['ours'])} starts each, in turn, in fresh processes on this machine: "
        "the function's asset, and a function that does nothing but make the same two boto3 clients."
    )
    names = {"ours": "the function", "bare": "the bare one"}
    rows = [[names[who], *(f"{value:g}" for value in found[who].values())] for who in names]
    return [
        Table("The function's start", caption, ["what", "ready, ms", "first request sent, ms", "peak memory, MB"], rows)
    ]


if __name__ == "__main__":
    result = measure()
    show(Console(), tables(result))
    sys.stdout.write(json.dumps([bar.as_json() for bar in bars(result)], indent=1) + "\n")
