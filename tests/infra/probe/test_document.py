"""The document that carries the probe, and what its parameters let through."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.config.addresses import TARGET
from infra.probe.document import PATTERNS, SCRIPT, ProbeScriptError, content
from tests.gate.requests.patterns import go_error, go_matches
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair

ALLOWED = {
    "targets": [
        "1.1.1.1",
        "1.1.1.1 8.8.8.8 9.9.9.9",
        "a.example b.example c d e",
        "x" * 253,
        " ".join(c * 253 for c in "abcde"),
    ],
    "interval": ["0.5", "0.25", "1", "60", "0.2"],
    "failures": ["1", "3", "99"],
    "window": ["0", "600", "3000"],
    "warmUp": ["0", "300", "86400"],
    "control": ["-", "10.0.0.1", "255.255.255.255"],
}
INJECTIONS = [
    "",
    " ",
    "1;id",
    "1 ;id",
    "1|id",
    "1&&id",
    "1&",
    "$(id)",
    "`id`",
    "${IFS}id",
    "1'id'",
    "1'",
    '1"',
    "1\\",
    "1\nid",
    "1\n",
    "1\rid",
    "1\x00",
    "1\tid",
    "1>x",
    "1<x",
    "*",
    "?",
    "~",
    "#1",
    "!1",
    "1=2",
    "1%2",
    "(1)",
    "{1,2}",
    "{{ targets }}",
    "../x",
    "/etc/passwd",
    "-f",
    "-c 1",
    "--help",
    ".1",
    " 1",
    "1 ",
    "\u0661",
    "+1",
    "\u2013f",
]


def steps() -> list[str]:
    (step,) = cast("list[dict[str, Any]]", content(SCRIPT.read_text(encoding="utf-8"))["mainSteps"])
    lines: list[str] = step["inputs"]["runCommand"]
    return lines


def test_the_document_carries_the_script_word_for_word_with_its_arguments_behind_the_first_line() -> None:
    first, arguments, *rest = steps()
    assert "\n".join([first, *rest]) + "\n" == SCRIPT.read_text(encoding="utf-8")
    names = ("targets", "interval", "failures", "window", "warmUp", "control")
    assert arguments == "set -- " + " ".join(f"'{{{{ {name} }}}}'" for name in names)


def test_what_is_deployed_is_that_document_under_the_pairs_name() -> None:
    document = synthesize({"pairs": [pair()]}).only("AWS::SSM::Document")
    assert document["Name"] == "nat-failover-main-probe"
    assert document["Content"] == content(SCRIPT.read_text(encoding="utf-8"))
    assert document["UpdateMethod"] == "NewVersion"
    assert document["DocumentType"] == "Command"


def test_the_document_runs_a_shell_script_on_linux_and_nothing_else() -> None:
    (step,) = cast("list[dict[str, Any]]", content("#!/bin/sh\n")["mainSteps"])
    assert step["action"] == "aws:runShellScript"
    assert step["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert step["inputs"]["timeoutSeconds"] == "3600"


def test_every_parameter_has_its_pattern() -> None:
    parameters = cast("dict[str, dict[str, str]]", content("#!/bin/sh\n")["parameters"])
    assert {name: p["allowedPattern"] for name, p in parameters.items()} == PATTERNS
    assert {p["type"] for p in parameters.values()} == {"String"}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in ALLOWED.items() for v in values])
def test_what_the_function_sends_is_let_through(name: str, value: str) -> None:
    assert go_matches(PATTERNS[name], value)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("value", INJECTIONS)
def test_no_injection_is_let_through(name: str, value: str) -> None:
    assert not go_matches(PATTERNS[name], value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("targets", "a b c d e f"),
        ("targets", "1.1.1.1  8.8.8.8"),
        ("targets", "1.1.1.1 -f"),
        ("targets", "1.1.1.1 .x"),
        ("targets", "x" * 254),
        ("interval", "100"),
        ("interval", "0.123"),
        ("interval", ".5"),
        ("interval", "1e3"),
        ("failures", "0"),
        ("failures", "0x1"),
        ("failures", "100"),
        ("window", "12345"),
        ("warmUp", "123456"),
        ("control", "10.0.0"),
        ("control", "10.0.0.1.2"),
        ("control", "1000.0.0.1"),
    ],
)
def test_what_is_out_of_range_is_not_let_through(name: str, value: str) -> None:
    assert not go_matches(PATTERNS[name], value)


@given(name=st.sampled_from(sorted(PATTERNS)), value=st.text(max_size=30))
def test_whatever_is_let_through_stays_inside_its_quotes(name: str, value: str) -> None:
    if go_matches(PATTERNS[name], value):
        assert re.fullmatch(r"[A-Za-z0-9. -]+", value)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_agent_can_compile_every_pattern(name: str) -> None:
    assert go_error(PATTERNS[name]) is None


def test_go_would_not_compile_five_long_targets_as_a_repeat_within_a_repeat() -> None:
    target = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
    assert go_error(f"^{target}( {target}){{0,4}}$") == "invalid repetition size: {0,4}"


NAMES = st.lists(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", fullmatch=True), min_size=1, max_size=8)


@given(targets=st.lists(NAMES.map(".".join), min_size=1, max_size=5, unique=True))
@example(
    targets=[f"{letter}{'.' + letter * 63}{'.' + letter * 63}{'.' + letter * 62}.{letter * 61}" for letter in "abcde"]
)
def test_every_target_that_the_configuration_takes_the_document_takes(targets: list[str]) -> None:
    taken = [target for target in targets if _is_taken(target)]
    if taken:
        assert go_matches(PATTERNS["targets"], " ".join(taken))


@pytest.mark.parametrize(("length", "taken"), [(253, True), (254, False)])
def test_configuration_and_document_agree_on_how_long_a_target_may_be(length: int, taken: bool) -> None:
    target = ".".join(["a" * 63] * 3 + ["a" * (length - 192)])
    assert _is_taken(target) is taken
    assert go_matches(PATTERNS["targets"], target) is taken


def _is_taken(target: str) -> bool:
    try:
        TARGET.convert(target)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("script", "why"), [("echo\n", "shebang"), ("#!/bin/sh\necho {{x}}\n", "{{")])
def test_a_script_that_systems_manager_would_change_is_refused(script: str, why: str) -> None:
    with pytest.raises(ProbeScriptError, match=re.escape(why)):
        content(script)
