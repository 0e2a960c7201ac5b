"""The stack deployed to an emulated account, as a person finds it who runs the command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.account import PAIR, ROOT, Account, account
from tests.lab.layout import TARGETS
from tests.lab.template import PLACES, synthesized

STACK = "nat-failover"


@dataclass
class Deployment:
    """A pair in an account of its own, with three backends in two subnets that answer like real hosts.

    Attributes:
        aws: the account; its agents are told with ``aws.tell``.
        pair: the pair's configuration.
        environment: of the function.
    """

    aws: Account
    pair: dict[str, object]
    environment: dict[str, str]
    command: list[str] = field(default_factory=lambda: [sys.executable, "-m", "nat_failover.cli"])

    def run(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        typed: str | None = None,
        within: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command as a process, with the account's credentials.

        Args:
            arguments: of the command.
            environ: instead of the account's.
            typed: what a person types; where None, nobody is there.
            within: seconds that it may take.
        """
        told = dict(self.aws.environ if environ is None else environ)
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.aws.folder,
            env=told | {"PYTHONPATH": str(ROOT / "lambda"), "COLUMNS": "160"},
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )

    def json(self, *arguments: str) -> Any:
        """Run the command and read what it prints."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def setting(self, name: str) -> str:
        """Give a variable of the function's environment, without its prefix."""
        return self.environment[f"NAT_FAILOVER_{name}"]


@contextmanager
def deployed(folder: Path, settings: Mapping[str, object] | None = None) -> Iterator[Deployment]:
    """Deploy a pair, and end the account afterwards.

    Args:
        folder: for files.
        settings: of the pair, beside the ids.
    """
    with account(folder) as aws:
        pair = aws.make_vpc()
        _deploy(aws, pair, {"targets": list(TARGETS), **(settings or {})})
        function = aws.client("lambda").get_function_configuration(FunctionName=f"nat-failover-{PAIR}")
        made = Deployment(aws, pair, function["Environment"]["Variables"])
        aws.start_agents(made.setting("STANDBY_INSTANCE"), made.setting("PROBE_DOCUMENT"))
        yield made


def _deploy(aws: Account, pair: Mapping[str, object], settings: Mapping[str, object]) -> None:
    text = synthesized(settings)
    for setting, place in PLACES.items():
        text = text.replace(place, str(pair[setting]))
    body = json.loads(text)
    body.pop("Rules", None)
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "nobody runs it here"}
    formation = aws.client("cloudformation")
    formation.create_stack(StackName=STACK, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
