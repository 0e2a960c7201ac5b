"""Pure: the SSM documents of a pair by which the command runs its scripts on hosts, as the stack makes them.

Whoever may send them can have hosts do this and nothing else. Their names carry a digest of their content, so that the
command finds those of its own version, without a call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nat_failover.names import Names
from nat_failover.probing.document import digest

SCRIPTS = Path(__file__).parent
# How often a backend pings in a drill, in seconds.
INTERVAL = 0.25
# Of the digest of the content, in a document's name.
DIGITS = 8
_SECONDS = r"^[0-9]{1,3}$"
_DRILL = r"^[0-9]{1,10}$"


class Task(StrEnum):
    """What a host is to do; by this name the script is known."""

    INSPECT = "inspect"
    FORWARD = "forward"
    WATCH = "watch"
    STOP = "stop"


_DESCRIPTIONS = {
    Task.INSPECT: "Looks whether a NAT forwards and translates, and how old its system is. It changes nothing.",
    Task.FORWARD: "Lets a NAT of the pair forward no more for some time, for a drill, or forward again.",
    Task.WATCH: "Lets a host watch whether it reaches the Internet, for a drill's report.",
    Task.STOP: "Ends the watches of a drill on a host.",
}
# What travels with a command, in the order in which the script reads it. No pattern lets anything through but digits.
# The agent compiles them with Go's regexp: https://pkg.go.dev/regexp/syntax
PATTERNS: Mapping[Task, Mapping[str, str]] = {
    Task.INSPECT: {},
    Task.FORWARD: {"seconds": _SECONDS},
    Task.WATCH: {"lasts": _SECONDS, "drill": _DRILL},
    Task.STOP: {"drill": _DRILL},
}
_PARAMETERS = {
    "seconds": "For how long it forwards no more; 0 has it forward again",
    "lasts": "After how many seconds the watch ends by itself",
    "drill": "Number of the drill, by which its watches are ended",
}
# After which the agent ends a script, in seconds; a watch ends by itself long before.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
_TIMEOUTS = {Task.INSPECT: 60, Task.FORWARD: 60, Task.WATCH: 1059, Task.STOP: 60}


class ScriptError(ValueError):
    """A value can't be written into a script."""


@dataclass(frozen=True)
class Document:
    """An SSM document: its name, and its content as CreateDocument takes it."""

    name: str
    content: Mapping[str, object]


def documents(pair: str, targets: Sequence[str], nats: Sequence[str]) -> Mapping[Task, Document]:
    """Return the documents of a pair.

    Args:
        pair: its name.
        targets: that are pinged.
        nats: instance ids of both NATs, the primary first: another host does not let itself be broken. They stand in
            the document's name as well, so that another NAT is another document. None where either is whoever has a
            network interface.
    """
    fixed = nats if len(nats) == 2 else ()
    return {task: _document(task, pair, targets, fixed) for task in Task}


def script(task: Task, targets: Sequence[str] = (), nats: Sequence[str] = ()) -> str:
    """Return a script with the pair's values written into it, and without its comments.

    Raises:
        ScriptError: a value could end its quotes.
    """
    text = (SCRIPTS / f"{task}.sh").read_text(encoding="utf-8")
    for name, value in {"targets": " ".join(targets), "interval": f"{INTERVAL}", "nats": " ".join(nats)}.items():
        if re.search(r"['\n\\]|{{", value):
            raise ScriptError(f"{name} can't be written into a script: {value!r}")
        text = text.replace(f"\n{name}=''\n", f"\n{name}='{value}'\n")
    # The agent keeps the script of every command for two weeks.
    return re.sub(r"^ *#(?!!).*\n", "", text, flags=re.MULTILINE)


def short_digest(content: Mapping[str, object]) -> str:
    """Return what a document's name carries of its content."""
    return digest(content)[:DIGITS]


def content_of(
    step: str, description: str, text: str, parameters: Mapping[str, tuple[str, str]], timeout: int
) -> Mapping[str, object]:
    """Return a document: the script's lines, and as the last line, which is never run, what travels with a command.

    The agent writes all lines into one file. What stands behind ``exit`` is data, whatever is in it: the script reads
    it from its own file.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html

    Args:
        step: name of the only one.
        description: of the document.
        text: the script.
        parameters: description and allowed pattern by name, in the order in which the script reads them.
        timeout: after which the agent ends the script, in seconds.
    """
    data = ["exit", " ".join(f"{{{{ {name} }}}}" for name in parameters)] if parameters else []
    return {
        "schemaVersion": "2.2",
        "description": description,
        "parameters": {
            name: {"type": "String", "description": parameter_description, "allowedPattern": pattern}
            for name, (parameter_description, pattern) in parameters.items()
        },
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": step,
                "precondition": {"StringEquals": ["platformType", "Linux"]},
                "inputs": {"timeoutSeconds": str(timeout), "runCommand": [*text.splitlines(), *data]},
            }
        ],
    }


def _document(task: Task, pair: str, targets: Sequence[str], nats: Sequence[str]) -> Document:
    # The stack knows an id only once it is deployed: it is no part of the digest.
    content_digest = short_digest(_content(task, script(task, targets)))
    name = "-".join([Names(pair).plain, task, content_digest, *(nats if task is Task.FORWARD else ())])
    return Document(name, _content(task, script(task, targets, nats)))


def _content(task: Task, text: str) -> Mapping[str, object]:
    parameters = {name: (_PARAMETERS[name], pattern) for name, pattern in PATTERNS[task].items()}
    return content_of(task.value, _DESCRIPTIONS[task], text, parameters, _TIMEOUTS[task])
