"""The names of what belongs to a pair, as the stack gives them and the function looks for them."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCT = "nat-failover"
# Of the events that the function puts on the bus: by it a rule finds them, and the role allows no other.
EVENT_SOURCE = PRODUCT


@dataclass(frozen=True)
class Names:
    """Names that AWS knows a pair's things by; the same in every account and region.

    Args:
        pair: the pair's name.
    """

    pair: str

    @property
    def plain(self) -> str:
        """Name of the function and of the topic."""
        return f"{PRODUCT}-{self.pair}"

    @property
    def document(self) -> str:
        """Name of the probe's SSM document."""
        return f"{self.plain}-probe"

    @property
    def standby(self) -> str:
        """Name tag of what the standby consists of."""
        return f"{self.plain}-standby"

    @property
    def lock(self) -> str:
        """Name of the lock parameter."""
        return f"/{PRODUCT}/{self.pair}/lock"

    @property
    def claim(self) -> str:
        """Name of the claim parameter."""
        return f"/{PRODUCT}/{self.pair}/claim"

    @property
    def told(self) -> str:
        """Name of the parameter with what people have been told."""
        return f"/{PRODUCT}/{self.pair}/told"

    @property
    def log_group(self) -> str:
        """Name of the function's log group."""
        return f"/aws/lambda/{self.plain}"
