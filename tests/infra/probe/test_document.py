"""The document that carries the probe: what is fixed in it, what travels with a command, and what is let through."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.probe.document import PARTS, PATTERNS, ProbeScriptError, ProbeValues, content, script
from tests.gate.requests.patterns import go_error, go_matches
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair

VALUES = ProbeValues("main", ("1.1.1.1", "ping.example.com"), 0.25, 4, 5, 60)
# A script with a place for each value, as long as it takes.
SHORT = "#!/bin/sh\n" + "".join(
    f"{n}=''\n" for n in ("pair", "targets", "interval", "failures", "threshold", "share", "sample", "networks")
)
DIGEST = r"nat-failover-main-probe-[0-9a-f]{8}"
ALLOWED = {"window": ["0", "600", "3000"], "active": ["-", "10.0.0.1"], "passive": ["-", "255.255.255.255"]}
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


def step(text: str) -> dict[str, Any]:
    (only,) = cast("list[dict[str, Any]]", content(text)["mainSteps"])
    return only


# What is fixed


def test_a_pairs_values_are_written_into_the_script_each_in_its_place() -> None:
    assert script(VALUES, SHORT).splitlines()[1:] == [
        "pair='main'",
        "targets='1.1.1.1 ping.example.com'",
        "interval='25'",
        "failures='4'",
        "threshold='5'",
        "share='60'",
        "sample='10'",
        "networks='10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16'",
    ]


def test_all_else_is_the_script_word_for_word_but_for_its_comments() -> None:
    shebang, *plain = "".join(part.read_text(encoding="utf-8") for part in PARTS).splitlines()
    uncommented = [shebang, *(line for line in plain if not line.lstrip().startswith("#"))]
    changed = [line for line, was in zip(script(VALUES).splitlines(), uncommented, strict=True) if line != was]
    assert sorted(changed) == sorted(script(VALUES, SHORT).splitlines()[1:])


@pytest.mark.parametrize("value", ["", "1.1.1.1'; id; '", "$(id)", "a\nb", "{{ window }}", "a_b", "\u0661"])
def test_a_value_that_could_end_its_quotes_is_refused(value: str) -> None:
    with pytest.raises(ProbeScriptError, match="targets"):
        script(replace(VALUES, targets=(value,)), SHORT)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo\n", "shebang"),
        ("#!/bin/sh\necho {{x}}\n", "{{"),
        ("#!/bin/sh\n", "one line pair=''"),
        (SHORT + "share=''\n", "one line share=''"),
    ],
)
def test_a_script_that_can_not_be_put_into_a_document_is_refused(text: str, why: str) -> None:
    with pytest.raises(ProbeScriptError, match=re.escape(why)):
        script(VALUES, text)


def test_networks_that_overlap_or_adjoin_are_written_as_one() -> None:
    networks = ("11.1.0.0/16", "10.1.0.0/16", "11.0.0.0/8", "10.0.0.0/16")
    assert "networks='10.0.0.0/15,11.0.0.0/8'\n" in script(replace(VALUES, networks=networks), SHORT)


# The document


def test_what_travels_with_a_command_stands_behind_the_end_of_the_script_where_nothing_is_run() -> None:
    text = script(VALUES)
    *lines, end, data = step(text)["inputs"]["runCommand"]
    assert "\n".join(lines) + "\n" == text
    assert (end, data) == ("exit", "{{ window }} {{ active }} {{ passive }}")
    assert "{{" not in text


def test_the_document_runs_a_shell_script_on_linux_and_nothing_else() -> None:
    assert step(SHORT)["action"] == "aws:runShellScript"
    assert step(SHORT)["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert step(SHORT)["inputs"]["timeoutSeconds"] == "3600"


def test_every_parameter_has_its_pattern() -> None:
    parameters = cast("dict[str, dict[str, str]]", content(SHORT)["parameters"])
    assert {name: p["allowedPattern"] for name, p in parameters.items()} == PATTERNS
    assert {p["type"] for p in parameters.values()} == {"String"}


def test_it_is_no_larger_than_systems_manager_takes() -> None:
    assert len(json.dumps(content(script(VALUES)))) < 64 * 1024


def test_what_is_deployed_is_that_document_under_a_name_that_changes_with_its_content() -> None:
    names = set()
    for changes in ({}, {"interval": 0.25}, {"failureShare": 60}, {"protectedCidrs": ["203.0.113.0/24"]}):
        document = synthesize({"pairs": [pair(**changes)]}).probe
        assert re.fullmatch(DIGEST, document["Name"])
        assert (document["UpdateMethod"], document["DocumentType"]) == ("Replace", "Command")
        names.add(document["Name"])
        assert ("networks='203.0.113.0/24'" in json.dumps(document["Content"])) == ("protectedCidrs" in changes)
    assert len(names) == 4
    assert synthesize({"pairs": [pair()]}).probe["Name"] in names


# What is let through


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in ALLOWED.items() for v in values])
def test_what_the_function_sends_is_let_through(name: str, value: str) -> None:
    assert go_matches(PATTERNS[name], value)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("value", INJECTIONS)
def test_no_injection_is_let_through(name: str, value: str) -> None:
    assert not go_matches(PATTERNS[name], value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("window", "12345"), ("active", "10.0.0"), ("active", "10.0.0.1.2"), ("passive", "1000.0.0.1")],
)
def test_what_is_out_of_range_is_not_let_through(name: str, value: str) -> None:
    assert not go_matches(PATTERNS[name], value)


@given(name=st.sampled_from(sorted(PATTERNS)), value=st.text(max_size=30))
def test_whatever_is_let_through_is_digits_dots_and_a_hyphen(name: str, value: str) -> None:
    if go_matches(PATTERNS[name], value):
        assert re.fullmatch(r"[0-9.-]+", value)


@pytest.mark.parametrize("name", PATTERNS)
def test_the_agent_can_compile_every_pattern(name: str) -> None:
    assert go_error(PATTERNS[name]) is None


@pytest.mark.parametrize(("region", "domain"), [("eu-central-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")])
def test_systems_manager_has_the_name_of_the_partition(region: str, domain: str) -> None:
    # https://docs.aws.amazon.com/general/latest/gr/ssm.html, https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
    lines = [line for line in script(VALUES).splitlines() if "SYSTEMS_MANAGER=" in line]
    result = subprocess.run(
        ["sh", "-c", "\n".join([*lines, 'echo "$SYSTEMS_MANAGER"'])],
        env={"AWS_SSM_REGION_NAME": region},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"ssmmessages.{region}.{domain}\n"
