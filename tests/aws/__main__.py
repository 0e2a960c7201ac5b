"""The acceptance on an account: deploys the demonstration, measures, breaks, checks, removes. `make accept` runs it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from tests.aws.assumptions import judge
from tests.aws.deployment import Deployment, NotInTimeError, forget_what_the_function_made, until
from tests.aws.failures import cause
from tests.aws.ground import FUNCTION, Aws, Can, DeploymentError, Ground, local
from tests.aws.latencies import measure
from tests.aws.report import Report, show, show_self_test
from tests.lab.many_runs import quiet

PRICE = """\
This deploys the demonstration to {where}: a VPC, two NAT instances, three backends (all t4g.nano), three interface
endpoints in two zones, a function, a topic, and CDK's bootstrap where there is none yet. It takes 40 to 50 minutes and
costs less than 0.20 dollars. Nothing that is in the account already is touched. At the end everything is destroyed,
after a failure as well; what CDK's bootstrap has made stays. Should this program be killed: see that
`cdk destroy --all -c demo=true` removes the rest, once the subnets are on the primary's table again."""
QUICK = """\
{function} in {where} tests itself, with its own role: it sends one quick check to its backends and both NATs and one
test message to its topic, makes every other call once, and changes nothing. It takes less than three minutes and costs
less than a cent."""
ONLINE_WITHIN = 600.0
TROUBLES = (DeploymentError, NotInTimeError, ClientError, BotoCoreError, ValueError, LookupError)


class Endpoint(StrEnum):
    """Where the account is."""

    AWS = "aws"
    LOCAL = "local"


def main(
    endpoint: Annotated[Endpoint, typer.Option(help="an account of AWS, or one that is emulated here")] = Endpoint.AWS,
    yes: Annotated[bool, typer.Option("--yes", help="it may cost what it costs")] = False,
    region: Annotated[str | None, typer.Option(help="of AWS; that of the environment where not given")] = None,
    keep: Annotated[bool, typer.Option(help="leave everything as it is at the end, to look at it")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="file for what was seen")] = None,
    quick: Annotated[
        str | None, typer.Option(help="of a pair that is deployed: only have its function test itself")
    ] = None,
) -> None:
    """Deploy, measure, break, check, destroy; the exit status is 0 only when all that was tried is as it must be."""
    console = Console()
    if not console.is_terminal:
        console.width = 160
    quiet()
    if quick is not None:
        raise typer.Exit(_quick(f"nat-failover-{quick}", endpoint, region, console, json_file))
    if endpoint is Endpoint.AWS:
        console.print(PRICE.format(where=f"your account, region {region or 'of your environment'}"), highlight=False)
    else:
        console.print("Everything takes place on this machine, costs nothing, and takes about two minutes.")
    if not yes:
        console.print("Nothing is done without a yes: YES=1")
        raise typer.Exit(2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nat-failover-accept-")))
        try:
            made: Ground = Aws(folder, region) if endpoint is Endpoint.AWS else stack.enter_context(local(folder))
        except DeploymentError as error:
            raise typer.BadParameter(str(error)) from error
        report = accept(made, console, keep=keep)
    show(console, report)
    _write(json_file, report.fields())
    raise typer.Exit(0 if report.passed else 1)


def _quick(function: str, endpoint: Endpoint, region: str | None, console: Console, json_file: Path | None) -> int:
    """Have the function of a deployed pair test itself; gives the exit status."""
    where = region or "the region of your environment"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nat-failover-accept-")))
        try:
            if endpoint is Endpoint.AWS:
                ground: Ground = Aws(folder, region)
            else:
                ground, where = stack.enter_context(local(folder)), "an account that is emulated here"
                console.print("deploying the demonstration")
                ground.deploy()
                function = FUNCTION
            console.print(QUICK.format(function=function, where=where), highlight=False)
            answer = ground.self_test(function)
        except TROUBLES as error:
            console.print(f"[red]The function could not test itself:[/red] {escape(str(error))}", soft_wrap=True)
            return 1
    show_self_test(console, answer, proves=ground.proves)
    _write(json_file, answer)
    return 0 if answer["works"] else 1


def _write(file: Path | None, fields: Mapping[str, Any]) -> None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def accept(ground: Ground, console: Console, *, keep: bool = False) -> Report:
    """Do all of it on a ground; whatever happens, the demonstration is removed at the end unless it is to be kept."""
    report = Report(ground.name, str(ground.client("ec2").meta.region_name))
    try:
        console.print("deploying")
        ground.deploy()
        deployment = Deployment(ground)
        try:
            _go_through(deployment, report, console)
        finally:
            deployment.put_back()
    except TROUBLES as error:
        report.trouble = f"{type(error).__name__}: {error}"
    finally:
        if not keep:
            console.print("destroying")
            _destroy(ground, report)
    return report


def _destroy(ground: Ground, report: Report) -> None:
    try:
        ground.destroy()
        forget_what_the_function_made(ground)
    except TROUBLES as error:
        report.trouble = f"{report.trouble}\nNOT DESTROYED, see to it: {error}".strip()


def _go_through(deployment: Deployment, report: Report, console: Console) -> None:
    hosts = {*deployment.backends, *deployment.settings.nats}
    console.print("waiting for the agents of all hosts")
    until(lambda: hosts <= deployment.online(), ONLINE_WITHIN, f"all of {sorted(hosts)} are online", 5)
    if Can.FUNCTIONS not in deployment.ground.can:
        deployment.ground.tick()
    console.print("having the function test itself")
    answer = deployment.ground.self_test()
    show_self_test(console, answer, proves=deployment.ground.proves)
    if not answer["works"]:
        raise DeploymentError(f"nothing else was tried, since the function can't work: {'; '.join(answer['problems'])}")
    console.print("checking what is assumed")
    report.judged += judge(deployment, disturbing=False)
    console.print("measuring")
    report.measured += measure(deployment)
    console.print("breaking")
    for came in cause(deployment):
        report.came.append(came)
        console.print(f"  {came.failure.name}: {came.problem or came.why_not or 'as it must be'}", highlight=False)
    console.print("checking what takes public addresses away for minutes")
    report.judged += judge(deployment, disturbing=True)


if __name__ == "__main__":
    typer.run(main)
