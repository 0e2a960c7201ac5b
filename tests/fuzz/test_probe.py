"""The probe's parameters: what gets past the document's patterns runs no command, and touches no file, on a host.

Systems Manager writes the parameters into the script's text, and an agent gives that to a shell: so is it done here.
Amazon does not say in which language of regular expressions it reads a pattern: what another than Python's might let
through is tried, too, and is the script's to refuse.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.probe.document import PATTERNS, SCRIPT, content
from tests.integration.probe.shells import SHELLS, Run, in_every_shell, stubs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"the script needs Linux, this is {sys.platform}")

(STEP,) = cast("list[dict[str, Any]]", content(SCRIPT.read_text(encoding="utf-8"))["mainSteps"])
TEXT = "\n".join(STEP["inputs"]["runCommand"])
GOOD = {"targets": "192.0.2.1", "interval": "0.5", "failures": "3", "window": "0", "warmUp": "300", "control": "-"}
# What a shell, the script, ping or a line of JSON would make more of than text; TOUCH stands for a command.
TOUCH = "touch smuggled"
INJECTIONS = [
    *(
        f"$({TOUCH})",
        f"`{TOUCH}`",
        f"; {TOUCH}",
        f"| {TOUCH}",
        f"& {TOUCH} &",
        f"&& {TOUCH}",
        f"|| {TOUCH}",
        "> smuggled",
    ),
    *(
        f"\n{TOUCH}\n",
        f"\r\n{TOUCH}\r\n",
        f"\x00{TOUCH}",
        f"'; {TOUCH}; '",
        f"'\n{TOUCH}\n'",
        f'"; {TOUCH}; "',
        f"\\'; {TOUCH}",
    ),
    *(
        f"' -- $({TOUCH}) '",
        f"a[$({TOUCH})]",
        f"${{IFS}}{TOUCH}",
        f"x=$({TOUCH})",
        f"{{{{ targets }}}};{TOUCH}",
        "'\n. /etc/passwd\n'",
    ),
    *(
        "-f",
        "-I smuggled",
        "--help",
        "-w 1 -c 9999",
        "* *",
        "/etc/pass*",
        "~root",
        "../../x",
        "%n%s",
        "\\c",
        "-e",
        "-n",
    ),
    *(
        '"}\n{"probe":1,"state":"unreachable"',
        "\u0661",
        "\u2028",
        "\ufeff",
        "\u00a0",
        "1\u0300",
        "!!",
        "$RANDOM",
        "$((1/0))",
    ),
    *("08", "0x10", "1e3", "010", "99999", "-1", "00000", "9" * 5, "." * 9, "1.1.1.1.1", "0.0.0.1", "255.255.255.255"),
]


class Host(NamedTuple):
    """Where the script runs: an empty folder and home, and a PATH whose programs note how they are called."""

    folder: Path
    path: str
    called: Path


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Have a host with nothing on its PATH but ping and sleep, which the probe needs, and touch, which it does not."""
    root = tmp_path_factory.mktemp("host")
    called = root / "called"
    note = f'printf "%s\\n" "${{0##*/}} $*" >>{called}'
    path = stubs(root / "stubs", {"ping": note, "sleep": note, "touch": f"{note}; : >smuggled"})
    folder = root / "empty"
    folder.mkdir()
    return Host(folder, path.partition(":")[0], called)


def step_with(values: Mapping[str, str]) -> str:
    """Write the parameters into the step's text, as Systems Manager does."""
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: values[found[1]], TEXT)


def ran(host: Host, shell: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Run the step on the host; gives what it said, having made sure that this is all that it did."""
    host.called.write_text("")
    script = host.folder.parent / "_script.sh"
    script.write_bytes(step_with(values).encode("utf-8", "surrogateescape"))
    argv = [shutil.which(SHELLS[shell][0]) or shell, *SHELLS[shell][1:], str(script)]
    outcome = Run(argv, host.folder, host.path, HOME=str(host.folder), TMPDIR=str(host.folder)).end()
    assert list(host.folder.iterdir()) == []
    said = outcome.said
    assert outcome.exit_code in (0, 2)
    assert (outcome.exit_code == 2) == (said["state"] == "cannot-probe")
    for line in host.called.read_text().splitlines():
        program, _, given = line.partition(" ")
        if program == "sleep":
            assert re.fullmatch(r"[0-9]+\.[0-9]{2}", given)
        else:
            assert program == "ping"
            target = given.removeprefix("-n -q -c 1 -W 1 ")
            assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", target)
            assert target in [*values["targets"].split(), values["control"], "127.0.0.1"]
    return said


def let_through(name: str, value: str) -> bool:
    """Tell whether a parameter's pattern is found in a value, in any reading of its end and of its letters."""
    if "\x00" in value or "\ud800" <= max(value, default="") <= "\udfff":
        return False  # no JSON of AWS's carries these to a host
    return any(re.search(PATTERNS[name], value, flags) for flags in (re.ASCII, re.UNICODE, re.MULTILINE))


# With MULTILINE a pattern lets any text through that has one line of the right form.
def smuggled(name: str) -> Sequence[str]:
    """Give injections for a parameter: bare, and before, behind and amid a value that is right."""
    good = GOOD[name]
    return [
        text
        for bad in INJECTIONS
        for text in (bad, good + bad, bad + good, f"{good}\n{bad}", f"{bad}\n{good}", good[:1] + bad)
    ]


@in_every_shell
@pytest.mark.parametrize("name", PATTERNS)
def test_no_injection_that_a_pattern_lets_through_is_more_than_text(name: str, shell: str, host: Host) -> None:
    tried = [value for value in smuggled(name) if let_through(name, value) and "'" not in value]
    assert tried
    for value in tried:
        if name == "window" and re.fullmatch(r"0*[1-9][0-9]*", value):
            continue  # a watch, as wanted
        ran(host, shell, {**GOOD, name: value})


@pytest.mark.parametrize("name", PATTERNS)
def test_no_injection_that_could_end_its_quotes_is_let_through(name: str) -> None:
    quoted = [value for value in smuggled(name) if "'" in value]
    assert quoted
    for value in quoted:
        assert not re.search(PATTERNS[name], value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(values=st.fixed_dictionaries({name: st.from_regex(pattern) for name, pattern in PATTERNS.items()}))
@example(values={**GOOD, "targets": "a" * 253 + " " + "b" * 253})
@example(values={**GOOD, "interval": "60.99"})
@example(values={**GOOD, "control": "999.999.999.999"})
@example(values={name: value + "\n" for name, value in GOOD.items()})
def test_whatever_the_patterns_let_through_pings_its_targets_or_is_refused(values: dict[str, str], host: Host) -> None:
    said = ran(host, "dash", {**values, "window": "0" if values["window"].strip("0\n") else values["window"]})
    if said["state"] == "cannot-probe":
        assert json.dumps(said["why"]).isascii()
    else:
        assert said["state"] == "reachable"


def test_on_this_host_a_smuggled_command_would_be_seen(host: Host) -> None:
    """Without this the tests above would prove nothing."""
    with pytest.raises(AssertionError):
        ran(host, "dash", {**GOOD, "window": f"'; {TOUCH}; '"})
    (host.folder / "smuggled").unlink()
