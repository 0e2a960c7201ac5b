"""The command line: which commands there are."""

from __future__ import annotations

import inspect
from typing import Any

import typer

from nat_failover.cli.commands.doctor import doctor
from nat_failover.cli.commands.drill import drill
from nat_failover.cli.commands.failover import failback, failover
from nat_failover.cli.commands.history import history
from nat_failover.cli.commands.lock import pause, rearm, resume
from nat_failover.cli.commands.policy import policy
from nat_failover.cli.commands.status import status
from nat_failover.cli.errors import MEANINGS
from nat_failover.cli.options import remember, with_account

STATUSES = "Exit status:\n\n" + "\n\n".join(f"{status.value}  {meaning}" for status, meaning in MEANINGS.items())
WHERE = "Credentials, profile and region are those of the AWS command line."

app = typer.Typer(
    name="nat-failover",
    help="Look after the NAT failover of this account and region: see, understand, act, go back. "
    f"It finds the deployed pairs by itself. {WHERE}",
    epilog=STATUSES,
    callback=remember,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(command: Any, *examples: str, acts: bool = False) -> None:
    """Add a command, with its description as help, and examples below."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    app.command(
        command.__name__,
        help="\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs),
        epilog="Examples:\n\n" + "\n\n".join(f"nat-failover {example}" for example in examples),
    )(with_account(command, acts=acts))


_add(status, "status", "status main --watch", "status --json --region eu-central-1")
_add(doctor, "doctor", "doctor main --no-hosts --profile production", "doctor --json | jq '.main[] | .what'")
_add(history, "history", "history main --limit 5", "history --json --region eu-central-1")
_add(failover, "failover --dry-run", "failover main", "failover main --to standby --yes --json", acts=True)
_add(failback, "failback --dry-run", "failback main", "failback --dry-run --json | jq .checks", acts=True)
_add(rearm, "rearm", "rearm main --yes", "rearm main --yes --json | jq .why", acts=True)
_add(pause, 'pause main --reason "kernel update of the standby"', "pause main --yes --json", acts=True)
_add(resume, "resume main", "resume main --yes --json", acts=True)
_add(policy, "policy reader", "policy operator main > operator.json")
_add(drill, "drill --report drill.html", "drill main --failure swap --confirm main --json", acts=True)


def main() -> None:
    """Run the command line."""
    app(prog_name="nat-failover")
