"""Pure: which version of an SSM document is sent, and the hash by which AWS refuses any other content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, TypedDict

from nat_failover.settings import Settings

# The stack makes a new document for every change, so that its own is always the first version, and what others add is
# never sent. https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-versions.html
VERSION = "1"


class DocumentHash(TypedDict, total=False):
    """What SendCommand takes of a document's hash; empty where none is known.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
    """

    DocumentHash: str
    DocumentHashType: Literal["Sha1", "Sha256"]


def digest(content: Mapping[str, object]) -> str:
    """Return the digest of a document's content, however the JSON is written."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def document_hash(settings: Settings) -> DocumentHash:
    """Return the hash of the probe's document as the deployment has told it."""
    if not settings.probe_document_hash:
        return {}
    return {"DocumentHash": settings.probe_document_hash, "DocumentHashType": settings.probe_document_hash_type}
