"""``nat-failover policy``: what people need to be allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from nat_failover.cli.account.pairs import one
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import print_json
from nat_failover.cli.options import Name
from nat_failover.cli.policies import operator, reader


class Who(StrEnum):
    """For whom."""

    READER = "reader"
    OPERATOR = "operator"


def policy(
    account: Account,
    who: Annotated[Who, typer.Argument(help="For someone who only looks, or who acts as well.")],
    pair: Name = None,
) -> None:
    """Print an IAM policy for people who look after a pair, to be attached to their role.

    A reader may run status, doctor --no-hosts and history; an operator all commands. It names the documents of the
    deployed version: print it again after an upgrade. Neither gives anybody a shell on a host.
    """
    print_json(dict((reader if who is Who.READER else operator)(one(account, pair))))
