"""The documents: what they name is there, and every alarm has its section in the runbook."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from nat_failover.cli.app import app
from nat_failover.judging.conditions import Trouble
from tests.infra import documents
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair
from tests.tools.reference import table

PAGES = documents.documents()
BY_NAME = [pytest.param(page, id=str(page.relative_to(documents.ROOT))) for page in PAGES]
RUNBOOK = documents.ROOT / "infra" / "RUNBOOK.md"
GENERAL = {"By hand", "The lock", "Metrics", "Messages"}
TARGETS = set(
    re.findall(r"^([a-z0-9-]+):.*## ", (documents.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)
SETTINGS = set(re.findall(r"^\| `([^`]+)` \|", table(), re.MULTILINE)) | {"pairs", "defaults", "stacks"}
COMMANDS = {str(command.name) for command in app.registered_commands}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def alarms() -> set[str]:
    """Give the ends of the names of all alarms that a pair can have."""
    template = synthesize({"pairs": [pair(egressAddress="eipalloc-0123456789abcdef0")]})
    names = [alarm["AlarmName"] for alarm in template.of("AWS::CloudWatch::Alarm").values()]
    return {name.removeprefix("nat-failover-main-") for name in names}


def rung() -> set[str]:
    """Give all that a person may be woken by: alarms, and kinds of messages."""
    return alarms() | {kind.value for kind in Trouble}


def test_every_alarm_and_every_kind_of_mail_has_a_section_in_the_runbook_and_every_section_is_of_one() -> None:
    assert set(documents.headings(text_of(RUNBOOK))) - GENERAL == rung()


def test_every_alarm_names_its_own_section_of_the_runbook() -> None:
    template = synthesize({"pairs": [pair(egressAddress="eipalloc-0123456789abcdef0")]})
    for alarm in template.of("AWS::CloudWatch::Alarm").values():
        last = alarm["AlarmDescription"].splitlines()[-1]
        file, _, section = last.removeprefix("Runbook: ").partition("#")
        assert documents.ROOT / file == RUNBOOK, last
        assert section in documents.anchors(text_of(RUNBOOK)), last
        assert alarm["AlarmName"] == f"nat-failover-main-{section}"


def test_every_section_of_the_runbook_tells_what_it_means_where_to_look_and_what_to_do() -> None:
    for name, text in documents.headings(text_of(RUNBOOK)).items():
        if name not in GENERAL:
            for part in ("**Means**", "**First look**", "**Remedy**"):
                assert part.lower() in text.lower(), (name, part)


def test_the_table_in_short_has_every_section_once() -> None:
    short = text_of(RUNBOOK).partition("| in short |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"\[([a-z-]+)\]\(#", short)) == sorted(rung())


def test_the_pages_are_found() -> None:
    names = {page.name for page in PAGES}
    assert names >= {"README.md", "CHANGELOG.md", "RUNBOOK.md", "MIGRATION.md", "CONTRIBUTING.md"}


@pytest.mark.parametrize("page", BY_NAME)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(documents.dead_links(page, text_of(page))) == []


@pytest.mark.parametrize("page", BY_NAME)
def test_every_target_of_make_that_a_page_names_is_there(page: Path) -> None:
    assert set(documents.unknown_targets(text_of(page), TARGETS)) == set()


@pytest.mark.parametrize("page", BY_NAME)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    assert list(documents.unknown_commands(text_of(page), COMMANDS)) == []


@pytest.mark.parametrize("page", BY_NAME)
def test_every_command_of_aws_that_a_page_gives_is_one(page: Path) -> None:
    assert list(documents.wrong_aws(text_of(page))) == []


@pytest.mark.parametrize("page", BY_NAME)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    assert list(documents.missing_files(text_of(page))) == []


@pytest.mark.parametrize("name", ["RUNBOOK.md", "MIGRATION.md"])
def test_every_setting_that_a_page_names_is_one(name: str) -> None:
    assert list(documents.unknown_settings(text_of(RUNBOOK.with_name(name)), SETTINGS, set())) == []


EXAMPLES = [
    example
    for page in (documents.ROOT / "README.md", RUNBOOK.with_name("MIGRATION.md"))
    for example in re.findall(r"```yaml\n(.*?)```", text_of(page), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_configuration_that_a_page_shows_is_one(example: str) -> None:
    whole = re.sub(r"\b([a-z]+)-\.\.\.", r"\1-0123456789abcdef0", example)
    assert synthesize(yaml.safe_load(textwrap.dedent(whole))).body


def test_the_commands_of_the_alarms_themselves_are_commands() -> None:
    template = synthesize({"pairs": [pair(egressAddress="eipalloc-0123456789abcdef0")]})
    descriptions = [alarm["AlarmDescription"] for alarm in template.of("AWS::CloudWatch::Alarm").values()]
    commands = [command for text in descriptions for command in re.findall(r"aws [a-z]+ [a-z-]+[^\n]*", text)]
    assert len(commands) > 10
    assert [wrong for command in commands for wrong in documents.wrong_aws(f"`{command}`")] == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("`aws ec2 replace-route-table --route-table-id rtb-1`", "ec2 has no replace-route-table"),
        ("`aws ec2 replace-route --route-table rtb-1`", "no option --route-table"),
        ("`aws nosuch list-things`", "nosuch has no list-things"),
        ("`aws ec2 wait image-ready --image-ids ami-1`", "ec2 has no "),
        ("```\naws ec2 describe-vpcs \\\n  --query 'Vpcs[].['\n```", "Invalid jmespath expression"),
        ("```\nfor x in $(aws ec2 describe-vpc); do\n```", "ec2 has no describe-vpc"),
    ],
)
def test_a_command_of_aws_that_is_none_is_seen(wrong: str, problem: str) -> None:
    (found,) = documents.wrong_aws(wrong)
    assert problem in found


def test_what_is_not_there_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "# A heading\n[a](gone.md) [b](#a-heading) [c](#another) [d](https://example.com/gone)\n"
    page.write_text(text, encoding="utf-8")
    assert list(documents.dead_links(page, text)) == ["gone.md", "#another"]
    assert list(documents.unknown_targets("`make test` `make coffee`", {"test"})) == ["coffee"]
    assert list(documents.unknown_commands("`nat-failover brew` `nat-failover status, tea`", {"status"})) == [
        "brew",
        "tea",
    ]
    assert list(documents.unknown_settings("`warmUp` `coolDown`", {"warmUp"}, set())) == ["coolDown"]
    assert list(documents.missing_files("`infra/app.py` `infra/nothing.py`")) == ["infra/nothing.py"]


def test_the_settings_are_read_from_the_reference() -> None:
    assert len(SETTINGS) > 30
    assert "warmUp" in SETTINGS
