"""What a document lets through, whom it fits, and the script that comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

import re2

from tests.gate.rules.rule import changed

# AWS's own document, which runs what a person says.
SHELL = "AWS-RunShellScript"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "aws:runShellScript": ("Linux", "MacOS"),
    "aws:runPowerShellScript": ("Windows", "Linux", "MacOS"),
}
_QUIET = re2.Options()
_QUIET.log_errors = False


class Document:
    """A command document of schema 2.2 with one step.

    Args:
        content: as CreateDocument takes it.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        (self._step,) = content["mainSteps"]
        self._parameters: Mapping[str, Any] = content.get("parameters", {})

    @property
    def step_timeout(self) -> float:
        """Seconds after which the agent kills the script."""
        return float(self._step["inputs"].get("timeoutSeconds", 3600))

    @cached_property
    def hash(self) -> str:
        """The Sha256 that DescribeDocument gives of it, as it was made with."""
        return sha256(json.dumps(self._content).encode()).hexdigest()

    @property
    def carries_probe(self) -> bool:
        """Whether it is the probe's."""
        return "window" in self._parameters

    def fits(self, platform: str) -> bool:
        """Tell whether SendCommand takes it for a host of this platform."""
        return platform in PLATFORMS[self._step["action"]]

    def skipped_on(self, platform: str) -> bool:
        """Tell whether its precondition keeps an agent of this platform from running the step."""
        wanted = self._step.get("precondition", {}).get("StringEquals")
        return wanted is not None and wanted != ["platformType", platform]

    def values(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the parameters' values, with defaults."""
        return {name: "".join(given.get(name, [of.get("default", "")])) for name, of in self._parameters.items()}

    def objection(self, given: Mapping[str, Any]) -> str | None:
        """Return what SendCommand refuses of parameters; None where it takes them."""
        unknown = sorted(set(given) - set(self._parameters))
        if unknown:
            return f"Parameters provided are not valid: {unknown}"
        for name, value in self.values(given).items():
            pattern = self._parameters[name].get("allowedPattern")
            if pattern and not re.search(pattern, value):
                return f"Parameter {name} with value {value!r} does not match {pattern}"
        return None

    def refused_by_agent(self, given: Mapping[str, Any]) -> bool:
        """Tell whether the agent, which compiles every pattern with Go's regexp, refuses the document."""
        for name, value in self.values(given).items():
            pattern = self._parameters[name].get("allowedPattern")
            if pattern and not _go(pattern, value):
                changed("R1")
                return True
        return False

    def script(self, given: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the script with the values in it, and the values in the order in which they are declared."""
        values = self.values(given)
        script = "\n".join(self._step["inputs"]["runCommand"]) + "\n"
        for name, value in values.items():
            script = script.replace(f"{{{{ {name} }}}}", value)
        return script, list(values.values())


@cache
def _go(pattern: str, value: str) -> bool:
    try:
        return re2.compile(pattern, _QUIET).search(value) is not None
    except re2.error:
        return False


_STEP = {"action": "aws:runShellScript", "inputs": {}}
SHELL_DOCUMENT = Document(
    {"parameters": {name: {} for name in ("commands", "workingDirectory", "executionTimeout")}, "mainSteps": [_STEP]}
)


def shell_script(given: Mapping[str, Any]) -> str:
    """Return the script that a person sends with ``SHELL``."""
    return "\n".join(given["commands"]) + "\n"


def reaching(script: str, address: str) -> str:
    """Return a probe's script as it is where the name of Systems Manager is that of an address."""
    return re.sub(r"^.*SYSTEMS_MANAGER=.*$", f"SYSTEMS_MANAGER='{address}'", script, flags=re.MULTILINE)


def deployed(ssm: Any) -> dict[str, dict[str, Any]]:
    """Return what an account's own documents hold, by their names.

    Args:
        ssm: boto3 client.
    """
    mine = [{"Key": "Owner", "Values": ["Self"]}]
    pages = ssm.get_paginator("list_documents").paginate(Filters=mine)
    names = [each["Name"] for page in pages for each in page["DocumentIdentifiers"]]
    return {name: json.loads(ssm.get_document(Name=name)["Content"]) for name in names}
