"""Whether the probe's document is what the template says, and the hash by which the pair's function sends it.

A custom resource whose logical id changes with the document, so that CloudFormation asks once for each, before it tells
the pair's function; a rollback goes back to the attributes of the resource before.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.deployment.answer import Outcome
from nat_failover.deployment.patience import patiently
from nat_failover.probing.document import VERSION, DocumentHash, digest
from nat_failover.runtime import Runtime

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

log = logging.getLogger(__name__)


class DocumentReplacedError(Exception):
    """A document holds something else than what the stack put there."""


def hash_of(ssm: SSMClient, name: str, expected: str) -> DocumentHash:
    """Return the hash that AWS keeps of a document, once its content has turned out to be the expected one.

    AWS does not document of which text it takes the hash, so it is read, not computed.

    Args:
        ssm: boto3 client.
        name: of the document.
        expected: digest of the content that its first version should have.

    Raises:
        DocumentReplacedError: it has another content, or no hash.
        botocore.exceptions.ClientError: SSM refuses.
    """
    text = ssm.get_document(Name=name, DocumentVersion=VERSION, DocumentFormat="JSON")["Content"]
    try:
        found = digest(json.loads(text))
    except ValueError:
        found = ""
    if found != expected:
        raise DocumentReplacedError(f"version {VERSION} of the document {name} has another content than the stack's")
    described = ssm.describe_document(Name=name, DocumentVersion=VERSION)["Document"]
    if "Hash" not in described or "HashType" not in described:
        raise DocumentReplacedError(f"Systems Manager gives no hash of the document {name}")
    return {"DocumentHash": described["Hash"], "DocumentHashType": described["HashType"]}


def hashed(request: Mapping[str, Any], ssm: SSMClient, runtime: Runtime) -> Outcome:
    """Return the document's ``Hash`` and ``HashType``; a refusal where it is not the stack's own.

    Args:
        request: of CloudFormation, with ``Document``, a name, and ``Digest``, of the content in the template.
        ssm: boto3 client.
        runtime: time and chance.
    """
    if request["RequestType"] == "Delete":
        return Outcome()
    properties = request["ResourceProperties"]
    name, expected = properties["Document"], properties["Digest"]
    try:
        found = patiently(lambda: hash_of(ssm, name, expected), runtime)
    except DocumentReplacedError as error:
        log.warning("the probe's document is not the stack's own", extra={"error": str(error)})
        return Outcome(
            f"{str(error)[0].upper()}{str(error)[1:]}. It is not sent to any host. Find out who has made it "
            f"(CloudTrail: CreateDocument with the name {name}). Then deploy again."
        )
    except (ClientError, BotoCoreError) as error:
        return Outcome(
            f"Systems Manager does not say what the document {name} holds ({error_in_words(error)}), and so it is not "
            "sent to any host. Deploy again."
        )
    return Outcome(attributes={"Hash": found["DocumentHash"], "HashType": found["DocumentHashType"]})
