"""The life of a deployment from the bootstrap to its removal, with all that was to be seen, as JSON."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import yaml

from nat_failover.lock.record import LockState, Record
from tests.e2e.account import PAIR, Account, account
from tests.e2e.commandline import cdk, invoke, unpack
from tests.e2e.inventory import everything

# moto knows no Fn::GetStackOutput, by which the CDK refers to another stack's resources unless told otherwise.
DEMO = ("-c", "demo=true", "-c", "@aws-cdk/core:defaultCrossStackReferences=strong")
FUNCTION, STACK = f"nat-failover-{PAIR}", "nat-failover"


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
        self._results: dict[str, Any] = {}

    def live(self) -> dict[str, Any]:
        """Go through all of it, and give what was seen at each step, by the step's name."""
        pair = self._aws.make_vpc()
        self._results["pair"] = pair
        self._configure(pair)
        self._cdk("bootstrap")
        self._see("before")
        self._cdk("deploy", "--all", "--require-approval", "never")
        self._see("deployed")
        self._results["template"] = self._template()
        self._results["armed"] = self._invoke()
        self._aws.write_lock(self._left_behind())
        self._results["finishing"] = self._invoke()
        self._see("failed over")
        self._aws.move_back(self._setting("STANDBY_ROUTE_TABLE"), self._setting("PRIMARY_ROUTE_TABLE"))
        self._fail_over()
        self._aws.write_lock("paused")
        self._results["locked"] = self._invoke()
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
        return self._results

    def _fail_over(self) -> None:
        """Let the NAT of the lab's network die while the hosts are watched, and have a tick find it out."""
        self._aws.forget_claim()
        self._aws.write_lock("armed")
        self._aws.start_agents(self._setting("STANDBY_INSTANCE"))
        time.sleep(2)
        self._results["watching"] = self._invoke()
        time.sleep(4)
        self._aws.tell({"break": "nat01"})
        time.sleep(5)
        self._results["dead"] = self._invoke()
        self._results["lock"] = self._aws.read_lock()
        self._see("swapped")
        self._aws.move_back(self._setting("STANDBY_ROUTE_TABLE"), self._setting("PRIMARY_ROUTE_TABLE"))

    def _left_behind(self) -> str:
        """Give the lock's record of an invocation that died right after it had decided to fail over."""
        tables = (self._setting("PRIMARY_ROUTE_TABLE"), self._setting("STANDBY_ROUTE_TABLE"))
        return Record(
            LockState.FAILING_OVER, "dead", time.time() - 100, *tables, {}, (), "3 backends are offline"
        ).text()

    def _setting(self, name: str) -> str:
        return str(self._results["deployed"]["functions"][FUNCTION]["Environment"][f"NAT_FAILOVER_{name}"])

    def _configure(self, pair: dict[str, object]) -> None:
        self._config.write_text(yaml.safe_dump({"pairs": [pair]}), encoding="utf-8")

    def _see(self, name: str) -> None:
        self._results[name] = everything(self._aws.client)

    def _cdk(self, command: str, *arguments: str, name: str | None = None) -> None:
        # The demonstration takes no configuration.
        configured = () if DEMO[1] in arguments else ("-c", f"config={self._config}")
        ended = cdk(command, [*arguments, *configured], self._aws.environ, self._folder, within=150)
        self._results[name or command] = ended

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
                for resource in self._results["template"]["Resources"].values()
                if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["FunctionName"] == FUNCTION
            )
            unpack(self._aws.fetch(function["Code"]["S3Key"]), code)
        environ = self._aws.environ | self._results["deployed"]["functions"][FUNCTION]["Environment"]
        return invoke(code, FUNCTION, environ, self._folder)


def live(folder: Path) -> dict[str, Any]:
    """Live a deployment in an account of its own."""
    with account(folder) as aws:
        results = Life(aws, folder).live()
    results["emulator"] = (folder / "emulator.log").read_text(encoding="utf-8")
    return results
