"""The pairs that are deployed in an account and region: each function's own environment says all of its pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.cli.account.session import Account
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.clients import now_of
from nat_failover.environment import PREFIX, SettingsError
from nat_failover.names import PRODUCT, Names
from nat_failover.network.route_tables import Routes
from nat_failover.settings import Settings

# As the stack deploys it.
HANDLER = "nat_failover.handler.handler"


@dataclass(frozen=True)
class Deployed:
    """A pair as it is deployed.

    Attributes:
        settings: what its function is told.
        function: its function's name.
        arn: its function's ARN.
        role: ARN of the function's role.
        timeout: of the function, in seconds.
        log_group: that the function writes to.
    """

    settings: Settings
    function: str
    arn: str
    role: str
    timeout: float
    log_group: str

    @property
    def name(self) -> str:
        """The pair's name."""
        return self.settings.pair

    @property
    def region(self) -> str:
        """The region that it is in."""
        return self.arn.split(":")[3]


def find(account: Account) -> list[Deployed]:
    """Return all pairs, in order of their names.

    Raises:
        CommandError: there is none, with where there are some; or one can't be understood.
        botocore.exceptions.ClientError: AWS refuses.
    """
    found = [
        _settled(account, _deployed(function)) for function in _functions(account.client("lambda", account.region))
    ]
    if not found:
        raise CommandError(f"no pair is deployed in {account.region}{_elsewhere(account)}", Exit.NO_PAIR)
    return sorted(found, key=lambda pair: pair.name)


def some(account: Account, names: Sequence[str]) -> list[Deployed]:
    """Return the pairs with these names; with no name, all.

    Raises:
        CommandError: see ``find``; or there is none of such a name.
    """
    pairs = find(account)
    for name in names:
        if name not in {pair.name for pair in pairs}:
            raise CommandError(f"there is no pair {name!r} in {account.region}. {_there_are(pairs)}", Exit.NO_PAIR)
    return [pair for pair in pairs if not names or pair.name in names]


def one(account: Account, name: str | None) -> Deployed:
    """Return the pair with this name; with none given, the only one that there is.

    Raises:
        CommandError: see ``some``; or there are several to choose from.
    """
    pairs = some(account, [name] if name else [])
    if len(pairs) > 1:
        raise CommandError(f"say which pair. {_there_are(pairs)}", Exit.USAGE)
    return pairs[0]


def _there_are(pairs: Sequence[Deployed]) -> str:
    return "There " + ("is" if len(pairs) == 1 else "are") + f": {', '.join(pair.name for pair in pairs)}"


def _functions(client: Any) -> list[Mapping[str, Any]]:
    pages = client.get_paginator("list_functions").paginate()
    return [function for page in pages for function in page["Functions"] if _is_a_pairs(function)]


def _is_a_pairs(function: Mapping[str, Any]) -> bool:
    """Return whether it is a pair's function: another may have the environment of one, but not its name."""
    pair = function.get("Environment", {}).get("Variables", {}).get(f"{PREFIX}PAIR", "")
    named = function["FunctionName"] == Names(pair).plain if pair else function["FunctionName"].startswith(PRODUCT)
    return function.get("Handler") == HANDLER and named


def _deployed(function: Mapping[str, Any]) -> Deployed:
    name = function["FunctionName"]
    environment = function.get("Environment", {})
    if "Error" in environment:
        # https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
        raise CommandError(
            f"the environment of function {name} can't be read: {environment['Error'].get('Message')}", Exit.REFUSED
        )
    try:
        settings = Settings.from_environment(environment.get("Variables", {}))
    except SettingsError as error:
        raise CommandError(
            f"the settings of function {name} can't be understood: {error}. Is it deployed by another version of "
            "nat-failover than this command's?"
        ) from error
    return Deployed(
        settings,
        name,
        function["FunctionArn"],
        function["Role"],
        float(function["Timeout"]),
        function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}",
    )


def _settled(account: Account, pair: Deployed) -> Deployed:
    """Return a pair with the instances that are its NATs now, where these are whoever has a network interface."""
    return replace(pair, settings=now_of(Routes(account.ec2, pair.settings, account.runtime), pair.settings))


def _elsewhere(account: Account) -> str:
    """Return in which other regions there are pairs: most likely it is the region that is wrong."""
    try:
        regions = [region["RegionName"] for region in account.ec2.describe_regions()["Regions"]]
    except (ClientError, BotoCoreError):
        return f": is it the right region and account? `aws sts get-caller-identity{account.options}` tells which"

    def names(client: Any) -> list[str]:
        try:
            found = _functions(client)
        except (ClientError, BotoCoreError):
            return []  # it is only a hint
        return [function.get("Environment", {}).get("Variables", {}).get(f"{PREFIX}PAIR", "?") for function in found]

    others = [region for region in regions if region != account.region]
    # boto3 makes clients in one thread at a time only:
    # https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
    calls = [partial(names, account.client("lambda", region)) for region in others]
    there = {
        region: found
        for region, found in zip(others, account.runtime.together(calls) if calls else [], strict=True)
        if found
    }
    if not there:
        return f", nor in any other region of this account: `aws sts get-caller-identity{account.options}` tells which"
    return ". There is: " + "; ".join(
        f"{', '.join(sorted(found))} in {region} (--region {region})" for region, found in sorted(there.items())
    )
