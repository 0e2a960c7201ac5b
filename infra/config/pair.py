"""What can be set for a pair: each setting with its type, its default, what is allowed, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from infra.config.judging import Judging
from infra.config.places import Places
from infra.config.routing import Routing
from infra.config.running import Running
from infra.config.standby import Standby


# The last base's settings come first.
@dataclass(frozen=True, kw_only=True)
class PairConfig(Running, Standby, Routing, Judging, Places):
    """A primary NAT that exists, the standby that takes over from it, and how that is decided; times in seconds.

    In the configuration the names are written in camel case: ``vpc_id`` is ``vpcId``. From Python, ids may be CDK
    tokens.
    """

    @property
    def probe_tag_value(self) -> str:
        """The probe tag's value: as set, or the pair's name."""
        return self.name if self.probe_tag.value is None else self.probe_tag.value

    @property
    def period(self) -> int:
        """The schedule's period in seconds."""
        return self.period_minutes * 60
