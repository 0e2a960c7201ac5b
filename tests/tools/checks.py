"""Checks the templates of many configurations with cdk-nag (AwsSolutions) and cfn-lint: `make lint` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.app import make_app
from tests.tools.checked import CHECKED


def nag(configuration: Mapping[str, Any] | None, context: Mapping[str, object], outdir: str) -> list[str]:
    """Synthesize with cdk-nag's AwsSolutions pack.

    Args:
        configuration: the block; None takes what the context says.
        context: as on the command line.
        outdir: folder for the templates.

    Returns:
        A line for each finding that is not acknowledged.
    """
    app = make_app(configuration, outdir, context)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except Exception as error:
        report = Path(outdir) / "validation-report.json"
        if not report.exists():
            raise
        found = json.loads(report.read_text(encoding="utf-8"))
        return _findings(found) or [str(error)]
    return []


def _findings(report: Mapping[str, Any]) -> list[str]:
    return [
        f"{violation.get('ruleName')}: {construct.get('constructPath')}"
        for plugin in report.get("pluginReports", [])
        for violation in plugin.get("violations", [])
        for construct in violation.get("violatingConstructs", [{}])
    ]


def lint(outdir: str, region: str) -> list[str]:
    """Run cfn-lint over the templates in a folder; gives a line for each finding."""
    templates = sorted(str(path) for path in Path(outdir).glob("*.template.json"))
    program = str(Path(sys.executable).with_name("cfn-lint"))
    # W2001: the CDK's own parameter of its bootstrap's version is used by its rule alone. W3005: the CDK has its
    # function depend on its role twice over.
    done = subprocess.run(  # a list, no shell; the words are this project's own # nosec B603
        [program, "--format", "parseable", "--regions", region, "--ignore-checks", "W2001", "W3005", "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def main() -> int:
    """Check every configuration.

    Returns:
        0 where nothing was found, else 1.
    """
    console = Console(width=120)
    table = Table("configuration", "cdk-nag", "cfn-lint")
    findings: list[str] = []
    for name, (configuration, context) in CHECKED.items():
        with tempfile.TemporaryDirectory() as outdir:
            nagged = nag(configuration, context, outdir)
            region = str((configuration or {}).get("region", "eu-central-1"))
            linted = lint(outdir, region)
        table.add_row(name, *(str(len(found)) if found else "clean" for found in (nagged, linted)))
        findings += [f"{name}: {finding}" for finding in (*nagged, *linted)]
    console.print(table)
    for finding in findings:
        console.print(f"[red]{escape(finding)}[/red]", soft_wrap=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
