"""Settings of a pair that are types of their own: choices between a few words, and the tag of the backends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from infra.config.kinds import TAG_KEY, TAG_VALUE, SettingKind


class SsmAccess(StrEnum):
    """How the backends reach Systems Manager."""

    EXISTING = "existing"
    CREATE = "create"
    NONE = "none"


class GatewayService(StrEnum):
    """What a gateway endpoint leads to."""

    S3 = "s3"
    DYNAMODB = "dynamodb"


class LogLevel(StrEnum):
    """How much the function logs."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def about(kind: SettingKind, doc: str) -> Mapping[str, object]:
    """Describe a setting: metadata of a dataclass' field."""
    return MappingProxyType({"kind": kind, "doc": doc})


@dataclass(frozen=True, kw_only=True)
class ProbeTag:
    """The tag that makes an instance a backend of the pair."""

    key: str = field(default="nat-failover:probe", metadata=about(TAG_KEY, "Key of the tag."))
    value: str | None = field(default=None, metadata=about(TAG_VALUE, "Value of the tag; the pair's name by default."))
