"""The CDK app: `cdk deploy` runs it; `python -m infra.app` synthesizes without the CDK's command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import App

from infra.config import ConfigurationError, read_configuration
from infra.config.source import configured
from infra.demo import add_demo
from infra.function.asset import AssetError
from infra.stack import NatFailoverStack

ROOT = Path(__file__).resolve().parent.parent
BLOCK = "nat-failover"


def make_app(
    configuration: Mapping[str, object] | None = None,
    outdir: str | None = None,
    context: Mapping[str, object] | None = None,
) -> App:
    """Make the app; its ``synth()`` writes the templates.

    Args:
        configuration: what else stands under ``nat-failover`` in the context; None takes it from there.
        outdir: folder for the templates; None leaves it to the CDK.
        context: goes before what cdk.json says.

    Raises:
        ConfigurationError: with a sentence for every problem; nothing is synthesized then.
    """
    # Without the CDK's command line nobody reads cdk.json; with it, what the command line says wins.
    app = App(context={**committed_context(), **(context or {})}, outdir=outdir)
    if configuration is not None:
        read = read_configuration(configuration)
    elif str(app.node.try_get_context("demo")).lower() == "true":
        if app.node.try_get_context("config") is not None:
            raise ConfigurationError(["demo and config are both given: the demonstration has no configuration"])
        add_demo(app)
        return app
    else:
        read = configured(app.node.try_get_context(BLOCK), app.node.try_get_context("config"))
    for stack in read.stacks:
        NatFailoverStack(app, config=stack)
    return app


def committed_context() -> dict[str, object]:
    """Return the context in cdk.json: the CDK's feature flags and the configuration."""
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return dict(context)


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize.

    Returns:
        0, or 1 with the problems on standard error.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.app", description=__doc__)
    parser.add_argument(
        "-c", "--context", action="append", default=[], metavar="KEY=VALUE", help="as the CDK's command line has it"
    )
    parser.add_argument("-o", "--output", default=str(ROOT / "build" / "cdk.out"), help="default: %(default)s")
    options = parser.parse_args(arguments)
    by_command_line = "CDK_OUTDIR" in os.environ
    try:
        assembly = make_app(None, None if by_command_line else options.output, _context(options.context)).synth()
    except ConfigurationError as error:
        problems = error.problems
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        print(f"nat-failover: {count} in the configuration, nothing is synthesized", file=sys.stderr)
        for problem in problems:
            print(f"  - {problem}", file=sys.stderr)
        return 1
    except AssetError as error:
        print(f"nat-failover: {error}", file=sys.stderr)
        return 1
    if not by_command_line:
        for stack in assembly.stacks:
            print(stack.template_full_path)
    return 0


def _context(pairs: Sequence[str]) -> dict[str, str]:
    context = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigurationError(
                [f"-c {pair} says no value: it must be KEY=VALUE, for example -c config=prod.yaml"]
            )
        context[key] = value
    return context


if __name__ == "__main__":
    sys.exit(main())
