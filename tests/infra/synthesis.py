"""Templates as the app makes them, with what is needed to ask them questions."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infra.app import make_app
from infra.function.construct import HANDLER
from tests.lab.cloud.template import UNSTAGED
from tests.tools.checked import pair

REGION, ACCOUNT = "eu-central-1", "123456789012"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::StackName": "nat-failover"}
Synthesize = Callable[[Mapping[str, object]], "Template"]

# Kept for the whole run: a template is synthesized once for each configuration that tests ask for.
_FOLDER = tempfile.TemporaryDirectory(prefix="nat-failover-tests-")


@dataclass(frozen=True)
class Template:
    """A synthesized template; ``resolved`` stands for what CloudFormation would make of it.

    Attributes:
        body: the JSON as it is deployed.
        path: its file.
    """

    body: dict[str, Any]
    path: Path

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give the properties of all resources of a type, by logical id, with references resolved."""
        return {
            name: self.resolved(resource.get("Properties", {}))
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def only(self, kind: str) -> dict[str, Any]:
        """Give the properties of the one resource of a type."""
        (properties,) = self.of(kind).values()
        return properties

    @property
    def probe(self) -> dict[str, Any]:
        """Give the properties of the pair's document that carries the probe."""
        (document,) = [d for d in self.of("AWS::SSM::Document").values() if "-probe-" in d["Name"]]
        return document

    @property
    def function(self) -> str:
        """Give the logical id of the pair's function, not of the guard's."""
        found = self.of("AWS::Lambda::Function").items()
        (name,) = [name for name, properties in found if properties["Handler"] == HANDLER]
        return name

    def resolved(self, value: Any) -> Any:
        """Replace intrinsic functions; a reference to a resource becomes ``<its logical id>``."""
        match value:
            case {"Ref": str(name)}:
                resolved: Any = PSEUDO.get(name, f"<{name}>")
            case {"Fn::GetAtt": [str(), "Hash" | "HashType" as attribute]}:
                resolved = {"Hash": "0a1b", "HashType": "Sha256"}[attribute]
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                resolved = f"<{name}>" if attribute.endswith("Id") else f"<{name}.{attribute}>"
            case {"Fn::Join": [str(separator), list(parts)]}:
                resolved = separator.join(self.resolved(part) for part in parts)
            case {"Fn::Base64": text}:
                resolved = self.resolved(text)
            case dict():
                resolved = {key: self.resolved(item) for key, item in value.items()}
            case list():
                resolved = [self.resolved(item) for item in value]
            case _:
                resolved = value
        return resolved

    def statements(self, role_description: str) -> Iterator[dict[str, Any]]:
        """Give the statements of the one role with such a description, actions and resources as lists."""
        (role,) = [
            role for role in self.of("AWS::IAM::Role").values() if role_description in role.get("Description", "")
        ]
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield {
                    **statement,
                    "Action": _list(statement["Action"]),
                    "Resource": _list(statement["Resource"]),
                }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def synthesize(configuration: Mapping[str, object]) -> Template:
    """Synthesize a configuration with one stack."""
    return _synthesize(json.dumps(configuration, sort_keys=True))


@cache
def _synthesize(configuration: str) -> Template:
    outdir = tempfile.mkdtemp(dir=_FOLDER.name)
    (stack,) = make_app(json.loads(configuration), outdir, UNSTAGED).synth().stacks
    path = Path(stack.template_full_path)
    return Template(json.loads(path.read_text(encoding="utf-8")), path)


def made(**settings: Any) -> Template:
    """Synthesize one pair that has these settings."""
    return synthesize({"pairs": [pair(**settings)]})
