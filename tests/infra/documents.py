"""Pure: what the documents name, and what of it there is not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jmespath
import yaml
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from jmespath.exceptions import JMESPathError

ROOT = Path(__file__).resolve().parents[2]
# What the AWS command line adds to every command, and the commands that are its own.
GLOBAL = {"query", "output", "region", "profile", "endpoint-url", "no-cli-pager"}
OWN = {("logs", "tail"): {"since", "follow", "format", "filter-pattern"}}
# What it takes beside what the API has: https://docs.aws.amazon.com/cli/latest/reference/
ADDED = {
    ("ec2", "authorize-security-group-ingress"): {"protocol", "port", "cidr"},
    ("ec2", "authorize-security-group-egress"): {"protocol", "port", "cidr"},
    ("ec2", "create-network-acl-entry"): {"ingress"},
    ("sns", "subscribe"): {"notification-endpoint"},
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
SETTING = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+")
PATH = re.compile(r"(?:infra|lambda|tests|\.github|\.ci)/[\w./-]+")


def two_zones() -> dict[str, Any]:
    """Return the configuration of two zones that back each other up, as MIGRATION.md shows it."""
    page = (ROOT / "infra" / "MIGRATION.md").read_text(encoding="utf-8")
    section = page.partition("### Two zones")[2].partition("\n### ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return dict(yaml.safe_load(block))


def documents() -> list[Path]:
    """List the project's pages."""
    folders = (ROOT, ROOT / ".github", *(ROOT / top for top in ("infra", "lambda", "tests")))
    return sorted({page for folder in folders[:2] for page in folder.glob("*.md")} | _below(folders[2:]))


def _below(folders: Collection[Path]) -> set[Path]:
    return {page for folder in folders for page in folder.rglob("*.md")}


def code(text: str) -> list[str]:
    """Give every line of every block of code, continued lines as one, and every word that is set as code."""
    found: list[str] = []
    for block, name in CODE.findall(text):
        found += block.replace("\\\n", " ").splitlines() if block else [name]
    return found


def headings(text: str) -> dict[str, str]:
    """Give the text below each heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchors(text: str) -> set[str]:
    """Give what links within a page may lead to, as GitHub makes it of headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in titles}


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Give the links of a page, which is there as a file, that lead to no file or to no heading of it."""
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            yield target


def unknown_targets(text: str, targets: Collection[str]) -> Iterator[str]:
    """Give the targets of make that a page names and the Makefile has not."""
    for line in code(text):
        for target in re.findall(r"(?:^|[\s(;&])make ([a-z][a-z0-9-]*)", line.partition("#")[0]):
            if target not in targets:
                yield target


def unknown_commands(text: str, commands: Collection[str]) -> Iterator[str]:
    """Give the commands of nat-failover that a page names and the program has not."""
    for line in code(text):
        for named in re.findall(r"(?:^|[\s$(])nat-failover ((?:[a-z]+, )*[a-z]+)", line.partition("#")[0]):
            yield from (command for command in named.split(", ") if command not in commands)


def unknown_settings(text: str, settings: Collection[str], others: Collection[str]) -> Iterator[str]:
    """Give the words set as code that look like settings and are none; others look so, too."""
    for _, name in CODE.findall(text):
        if name and SETTING.fullmatch(name) and name not in settings and name not in others:
            yield name


def missing_files(text: str) -> Iterator[str]:
    """Give the paths set as code that there are not."""
    for _, name in CODE.findall(text):
        if name and PATH.fullmatch(name) and not (ROOT / name).exists():
            yield name


def wrong_aws(text: str) -> Iterator[str]:
    """Give the commands of the AWS command line that it would not take: the operation, an option, a query."""
    for line in code(text):
        for command in re.findall(r"(?:^|[\s(])aws ([a-z0-9-]+ [a-z-]+.*)", line):
            problem = _problem(_arguments(command))
            if problem is not None:
                yield f"aws {command}: {problem}"


def _arguments(command: str) -> list[str]:
    """Split a command up to its end: the end of the line, of a substitution, or of the sentence around it."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="();|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    arguments = []
    for argument in lexer:
        if set(argument) <= set("();|&"):
            break
        arguments.append(argument)
    return arguments


def _problem(arguments: list[str]) -> str | None:
    service, operation = arguments[0], arguments[1]
    named = {argument[2:] for argument in arguments if argument.startswith("--")}
    if (service, operation) in OWN:
        allowed: Collection[str] = OWN[service, operation]
    elif operation == "wait":
        return _problem([service, _waited_for(service, arguments[2]), *arguments[3:]])
    else:
        options = _options(service, operation)
        if options is None:
            return f"{service} has no {operation}"
        allowed = options | ADDED.get((service, operation), set())
    wrong = sorted(named - GLOBAL - set(allowed))
    if wrong:
        return f"no option --{wrong[0]}"
    if "--query" in arguments:
        try:
            jmespath.compile(arguments[arguments.index("--query") + 1])
        except JMESPathError as error:
            return str(error)
    return None


def _waited_for(service: str, waiter: str) -> str:
    waiters: Mapping[str, Mapping[str, str]] = Loader().load_service_model(service, "waiters-2")["waiters"]
    return next((xform_name(w["operation"], "-") for name, w in waiters.items() if xform_name(name, "-") == waiter), "")


@cache
def _model(service: str) -> ServiceModel | None:
    try:
        return ServiceModel(Loader().load_service_model(service, "service-2"), service)
    except UnknownServiceError:
        return None


@cache
def _options(service: str, operation: str) -> set[str] | None:
    """Give the options of an operation, or None where there is none: what is a yes or no has a negation."""
    model = _model(service)
    name = next((name for name in model.operation_names if xform_name(name, "-") == operation), None) if model else None
    if model is None or name is None:
        return None
    shape = model.operation_model(name).input_shape
    members = {} if shape is None else shape.members
    plain = {xform_name(member, "-") for member in members}
    return plain | {
        f"no-{xform_name(member, '-')}" for member, of in members.items() if of.type_name in ("boolean", "structure")
    }
