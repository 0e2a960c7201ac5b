"""Rules of cdk-nag that a construct breaks on purpose, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

PACK = "AwsSolutions::AwsSolutions"


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Let findings of the AwsSolutions pack pass.

    Args:
        construct: what they are about; all below it.
        reasons: by the finding's id without its prefix, e.g. ``EC28`` or ``IAM5[Resource::*]``.
    """
    rules = [Acknowledgment(id=f"{PACK}-{rule}", reason=reason) for rule, reason in reasons.items()]
    Validations.of(construct).acknowledge(*rules)
