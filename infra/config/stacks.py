"""What can be set beside the pairs: which stacks hold them, and in which account and region."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.config.choices import about
from infra.config.kinds import ListOf, matching
from infra.config.pair import PairConfig

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_STACK = matching(
    r"[A-Za-z][A-Za-z0-9-]{0,127}", "1 to 128 letters, digits and -, a letter first", "nat-failover", tokens=False
)
ACCOUNT = matching(
    r"\d{12}", "an AWS account id, 12 digits in quotes (YAML may take a number for octal)", "123456789012", tokens=False
)
REGION = matching(r"[a-z]{2,4}(-[a-z]+)+-\d", "an AWS region", "eu-central-1", tokens=False)
_PAIR_NAME = matching(r"[a-z][a-z0-9-]{0,30}", "the name of a pair", "main", tokens=False)


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """One entry of ``stacks``: a stack and the pairs that it holds.

    Where neither account nor region is set here or beside the pairs, the stack is deployed to those that the CDK's
    command line is used with.
    """

    name: str = field(metadata=about(_STACK, "The CloudFormation stack's name."))
    pairs: tuple[str, ...] = field(metadata=about(ListOf(_PAIR_NAME, 1, 100, ["main"]), "Names of the pairs it holds."))
    account: str | None = field(default=None, metadata=about(ACCOUNT, "Account to deploy it to."))
    region: str | None = field(default=None, metadata=about(REGION, "Region to deploy it to."))


@dataclass(frozen=True)
class StackConfig:
    """A stack with its pairs."""

    name: str
    pairs: tuple[PairConfig, ...]
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Configuration:
    """Everything that is to be synthesized."""

    stacks: tuple[StackConfig, ...]
