"""The options that all commands have, and how a command gets its account and its errors told."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from nat_failover.cli import __version__, debug_log
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import print_error
from nat_failover.cli.errors import CommandError, Exit, explained
from nat_failover.cli.operator.outcome import Act


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nat-failover {__version__}")
        raise typer.Exit


PANEL = "AWS"
Profile = Annotated[
    str | None, typer.Option(help="Profile of the AWS configuration files.", rich_help_panel=PANEL, show_default=False)
]
Region = Annotated[str | None, typer.Option(help="AWS Region.", rich_help_panel=PANEL, show_default=False)]
EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="Endpoint URL for all services.", rich_help_panel=PANEL, show_default=False),
]
Debug = Annotated[bool, typer.Option("--debug", help="Log every AWS call to standard error.", rich_help_panel=PANEL)]
Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[PAIR]...", help="All pairs of the region if not given.")]
Name = Annotated[str | None, typer.Argument(metavar="[PAIR]", help="Needed where the region has several.")]
Force = Annotated[bool, typer.Option("--force", help="Do it even if the check says that it would not help.")]


@dataclass(frozen=True)
class Where:
    """The options as they stand before a command's name."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    debug: bool = False


def remember(
    context: typer.Context,
    profile: Profile = None,
    region: Region = None,
    endpoint_url: EndpointUrl = None,
    debug: Debug = False,
    version: Version = False,  # noqa: ARG001 - told by its callback
) -> None:
    """Keep the options that stand before a command's name."""
    context.obj = Where(profile, region, endpoint_url, debug)


def with_account(command: Callable[..., Exit | None], *, acts: bool = False) -> Callable[..., None]:
    """Give a command the options of AWS, hand it the account, and turn what goes wrong into a sentence and a status.

    Args:
        command: its first parameter is the account; it returns the exit status, None for ``FINE``.
        acts: its first parameter is the ``Act`` that it fills in, which ``--json`` prints, whatever goes wrong.
    """

    @wraps(command)
    def run(
        context: typer.Context,
        *args: Any,
        profile: str | None,
        region: str | None,
        endpoint_url: str | None,
        debug: bool,
        **kwargs: Any,
    ) -> None:
        before = context.obj if isinstance(context.obj, Where) else Where()
        _log(debug=debug or before.debug)
        account: Account | None = None
        act = Act(command.__name__, as_json=kwargs.pop("as_json")) if acts else None
        try:
            account = Account(profile or before.profile, region or before.region, endpoint_url or before.endpoint_url)
            if act is not None:
                act.account = account
            done = command(account if act is None else act, *args, **kwargs)
        except Exception as error:
            explanation = explained(
                error, account.service_of if account else _nobody, account.region if account else region
            )
            steps = () if explanation is None else explanation.steps
            if act is not None:
                act.failed(
                    str(explanation or f"{type(error).__name__}: {error}"), refused=isinstance(error, CommandError)
                )
                act.steps = [] if explanation is None else act.steps_after(explanation)
                steps = tuple(act.steps)
            if explanation is None:
                raise
            print_error(str(explanation), steps)
            raise typer.Exit(explanation.exit) from error
        except KeyboardInterrupt:
            if act is not None:
                act.failed("interrupted (Ctrl-C)", refused=False)
            raise
        finally:
            if act is not None:
                act.end()
        if done:
            raise typer.Exit(done)

    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in (
            *([("as_json", Json, False)] if acts else []),
            ("profile", Profile, None),
            ("region", Region, None),
            ("endpoint_url", EndpointUrl, None),
            ("debug", Debug, False),
        )
    ]
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_ONLY, annotation=typer.Context)
    run.__signature__ = signature.replace(parameters=[first, *own, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (first, *own, *added)}
    return run


def _nobody(operation: str) -> None:  # noqa: ARG001 - before there is an account, no service is known
    return None


def _log(*, debug: bool) -> None:
    """Keep the function's log lines out of what people read, unless they ask for everything."""
    package = logging.getLogger("nat_failover")
    package.addHandler(logging.NullHandler())
    package.propagate = debug
    if debug:
        logging.basicConfig(level=logging.DEBUG, handlers=[debug_log.handler()])
