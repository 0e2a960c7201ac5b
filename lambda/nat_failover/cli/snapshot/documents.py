"""Reads of the pair's SSM documents whether they are there, and whether somebody has changed them."""

from __future__ import annotations

from functools import partial

from nat_failover.cli.account.session import Account
from nat_failover.cli.scripts.documents import documents
from nat_failover.cli.snapshot.snapshot import Raw
from nat_failover.probing.document import VERSION
from nat_failover.settings import Settings


def described(account: Account, settings: Settings) -> dict[str, Raw]:
    """Describe the pair's documents, by name, the probe's first; nothing of one that is not there.

    Raises:
        botocore.exceptions.ClientError: SSM refuses.
    """
    ours = documents(settings.pair, settings.targets, settings.nats_by_id)
    names = [settings.probe_document, *(document.name for document in ours.values())]
    found = account.runtime.together([partial(_describe, account, name) for name in names])
    return dict(zip(names, found, strict=True))


def _describe(account: Account, name: str) -> Raw:
    ssm = account.ssm
    try:
        return ssm.describe_document(Name=name, DocumentVersion=VERSION)["Document"]
    except ssm.exceptions.InvalidDocument:
        return {}
