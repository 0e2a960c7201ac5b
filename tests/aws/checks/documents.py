"""How it is checked that AWS sends a document with its own hash only."""

from __future__ import annotations

from nat_failover.probing.document import VERSION
from tests.aws.deployment import Deployment
from tests.aws.holding import DoesNotHoldError, hold


def hash_is_compared(of: Deployment) -> str:
    """Compare the hash of the document with the one that the deployment read, and send it with another."""
    s = of.settings
    theirs = of.ssm.describe_document(Name=s.probe_document, DocumentVersion=VERSION)["Document"].get("Hash")
    hold(
        bool(theirs) and theirs == s.probe_document_hash,
        f"its hash is {theirs}, the function has {s.probe_document_hash}",
    )
    try:
        of.ssm.send_command(
            DocumentName=s.probe_document,
            DocumentVersion=VERSION,
            DocumentHash="0" * 64,
            DocumentHashType="Sha256",
            InstanceIds=of.backends[:1],
            Parameters={"window": ["0"], "active": ["-"], "passive": ["-"]},
        )
    except of.ssm.exceptions.InvalidDocument as error:
        return f"the function's commands, which carry it, were taken; with another: {error}"
    raise DoesNotHoldError("a command with another hash was taken")
