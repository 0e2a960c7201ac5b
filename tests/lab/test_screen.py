"""What a drill says before and after."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from tests.lab.__main__ import main
from tests.lab.latencies import Latencies
from tests.lab.run import play
from tests.lab.scenarios import SCENARIOS
from tests.lab.screen import meaning, show_intent


@pytest.mark.parametrize(
    ("name", "intent", "meant"),
    [
        ("nat-stopped", "move the private subnets to the other NAT", "3 of 3 subnets now use the other NAT"),
        ("internet-down", "leave them", "nothing was moved, as it should be. 0 of 6 backends are online."),
        ("swap-denied", "record it, and stop", "the subnets could not be moved, so the lock says failed"),
    ],
)
def test_it_says_what_has_to_happen_and_what_came_of_it(name: str, intent: str, meant: str) -> None:
    console = Console(file=io.StringIO(), width=120)
    show_intent(console, SCENARIOS[name], "simulated")
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.startswith(f"{name}: {SCENARIOS[name].description}.")
    assert intent in shown
    assert meant in meaning(play(SCENARIOS[name], "simulated", 1, Latencies()))


def test_it_begins_with_what_it_is_about_to_show_and_ends_with_what_it_means_and_the_latencies() -> None:
    app = Typer()
    app.command()(main)
    output = CliRunner().invoke(app, ["--scenario", "nat-stopped", "--network", "simulated", "--seed", "1"]).output
    places = [output.index(text) for text in ("nat-stopped: ", "s  failure", "What it means: ", "Latencies of AWS")]
    assert places == sorted(places)
    assert output.index("nat-stopped: ") < 10
    happened = re.findall(r"^ +\d+\.\d\d s  (.*)$", output, re.MULTILINE)
    assert [line for line, after in pairwise(happened) if line == after] == []


def test_nothing_is_said_while_the_lab_s_template_is_made(tmp_path: Path) -> None:
    code = (
        "import sys; from tests.lab.cloud.template import PLACES, synthesized_anew; "
        "synthesized_anew({'pairs': [{'name': 'main', **PLACES}]}, sys.argv[1])"
    )
    made = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert (made.stdout, made.stderr) == ("", "")
