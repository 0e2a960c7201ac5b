"""The compiled requirements: they belong to the pins of pyproject.toml, with a hash for every file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from infra.pins import HEAD, ROOT, TARGETS, PinsError, Target, body_of, canonical, compiled, declared, digests, read

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UNREACHABLE = re.compile(r"error sending request|dns error|network|timed out|connect", re.IGNORECASE)

each_file = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.path)


def text_of(target: Target) -> str:
    return (ROOT / target.path).read_text(encoding="utf-8")


@each_file
def test_a_compiled_file_belongs_to_the_pins_and_no_hand_has_changed_it(target: Target) -> None:
    text = text_of(target)
    body = body_of(text)
    assert text == HEAD.format(**digests(target, PROJECT, body)) + body, "run `make lock`"


@each_file
def test_every_pin_is_in_its_compiled_file(target: Target) -> None:
    pinned = {(canonical(found.name), found.version) for found in read(body_of(text_of(target)))}
    wanted = {(canonical(text), text.partition("==")[2]) for text in declared(target, PROJECT)}
    assert wanted <= pinned


@each_file
def test_every_package_has_the_hashes_of_its_files(target: Target) -> None:
    text = body_of(text_of(target))
    found = read(text)
    assert [package.name for package in found if not package.hashes] == []
    assert sum(len(package.hashes) for package in found) == text.count("--hash=")
    assert len(found) == len(re.findall(r"^\S", text, re.MULTILINE))


def test_the_function_gets_the_very_files_that_the_tests_have_run_with() -> None:
    function, everything = (
        {canonical(p.name): (p.version, frozenset(p.hashes)) for p in read(body_of(text_of(target)))}
        for target in TARGETS
    )
    assert function
    assert function.items() <= everything.items()


def test_a_pin_that_has_changed_since_is_noticed() -> None:
    target, body = TARGETS[0], body_of(text_of(TARGETS[0]))
    groups = {**PROJECT["dependency-groups"], "function": ["jmespath==1.0.1"]}
    changed = digests(target, {**PROJECT, "dependency-groups": groups}, body)
    now = digests(target, PROJECT, body)
    assert changed["pins"] != now["pins"]
    assert digests(target, PROJECT, body.replace("jmespath==1.1.0", "jmespath==1.0.1"))["content"] != now["content"]


@pytest.mark.parametrize("loose", ["boto3", "boto3>=1.44", "boto3==1.*", "boto3 @ https://example.com/boto3.whl"])
def test_a_requirement_that_is_not_pinned_is_refused(loose: str) -> None:
    with pytest.raises(PinsError, match=r"pinned to one version"):
        declared(Target("requirements.txt", ("some",)), {"dependency-groups": {"some": [loose]}})


@each_file
def test_compiling_anew_gives_the_same_packages(target: Target) -> None:
    try:
        text = compiled(target, ROOT)
    except PinsError as error:
        if UNREACHABLE.search(str(error)):
            pytest.skip(f"the package index can't be reached: {error}")
        raise
    here, anew = ({(p.name, p.version, p.marker): p.hashes for p in read(body_of(t))} for t in (text_of(target), text))
    assert here.keys() == anew.keys()
    # Further files of the same version may have been published since.
    assert [key for key in here if not set(here[key]) <= set(anew[key])] == []


def test_a_version_that_does_not_exist_stops_the_compiling_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\nsome = ["jmespath==0.0.0.1"]\n', encoding="utf-8")
    with pytest.raises(PinsError, match=r"requirements\.txt can't be compiled") as raised:
        compiled(Target("requirements.txt", ("some",)), tmp_path)
    if not UNREACHABLE.search(str(raised.value)):
        assert "jmespath" in str(raised.value)
