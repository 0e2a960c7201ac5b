"""Pure: reads what a CloudFormation template gives a role, with the names of what was made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What can't be told from the template and the stack's resources, stands for anything.
ANYTHING = "*"
# As Fn::GetAtt gives them: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
ARNS = {"AWS::Logs::LogGroup": "arn:{Partition}:logs:{Region}:{AccountId}:log-group:{id}:*"}


@dataclass(frozen=True)
class Stack:
    """What a template was made into.

    Attributes:
        template: as CloudFormation processed it.
        resources: physical id by logical id.
        pseudo: values of ``AWS::Region`` and its like.
        parameters: values of the template's parameters.
    """

    template: Mapping[str, Any]
    resources: Mapping[str, str]
    pseudo: Mapping[str, str]
    parameters: Mapping[str, str]

    def statements(self, role: str) -> list[Mapping[str, Any]]:
        """Return the statements of all policies that the template gives a role, their references resolved.

        Args:
            role: name of the role.
        """
        resources: Mapping[str, Any] = self.template.get("Resources", {})
        logical = next((name for name, physical in self.resources.items() if physical == role), None)
        found: list[Mapping[str, Any]] = []
        for name, resource in resources.items():
            properties = resource.get("Properties", {})
            if name == logical:
                documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            elif resource["Type"] == "AWS::IAM::Policy" and {"Ref": logical} in properties.get("Roles", []):
                documents = [properties["PolicyDocument"]]
            else:
                continue
            for document in documents:
                found += [self.resolved(statement) for statement in listed(document["Statement"])]
        return found

    def resolved(self, value: Any) -> Any:
        """Put values in place of references; https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html."""
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._named(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]} if len(value) == 1:
                return self._attribute(name, attribute)
            case {"Fn::Join": [str(between), list(parts)]} if len(value) == 1:
                return between.join(str(self.resolved(part)) for part in parts)
            case Mapping() if any(key.startswith("Fn::") for key in value):
                return ANYTHING
            case Mapping():
                return {key: self.resolved(inner) for key, inner in value.items()}
        return [self.resolved(inner) for inner in value] if isinstance(value, list) else value

    def _named(self, name: str) -> str:
        for known in (self.pseudo, self.parameters, self.resources):
            if name in known:
                return known[name]
        return ANYTHING

    def _attribute(self, name: str, attribute: str) -> str:
        """Return an attribute's value, where the physical id tells it."""
        physical = self.resources.get(name, ANYTHING)
        if physical.startswith("arn:") or attribute.endswith("Id"):
            return physical
        pattern = ARNS.get(self.template["Resources"].get(name, {}).get("Type"), ANYTHING)
        return pattern.format(**{key.removeprefix("AWS::"): value for key, value in self.pseudo.items()}, id=physical)


def listed(value: Any) -> Sequence[Any]:
    """Return a list of what may be one or several, as in a policy."""
    return value if isinstance(value, list) else [value]
