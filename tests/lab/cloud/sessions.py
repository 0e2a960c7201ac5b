"""boto3's sessions of the emulated accounts, which read the services' models once a process."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader

_LOADER = Loader()


def session(region: str, key: str | None = None) -> boto3.Session:
    """Return a session of its own; its models are shared with all others, since reading them takes half a second."""
    core = botocore.session.Session()
    if key is not None:
        core.set_credentials(key, key)
    core.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=core, region_name=region)


def listed(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    """Return what all pages of a list hold."""
    return [each for page in client.get_paginator(operation).paginate(**arguments) for each in page[key]]
