"""Pure: what the round after a swap has found."""

from __future__ import annotations

from dataclasses import dataclass

NOBODY = "there was nobody to ask"
NO_TIME = "no time was left to ask"
NOT_ASKED = "they could not be asked"


@dataclass(frozen=True)
class Verified:
    """Who was asked after the swap, and what they said.

    Attributes:
        asked: hosts.
        online: those of them that are online.
        silent: those of them that have not answered in time.
        why: why nobody was asked; empty where somebody was.
    """

    asked: tuple[str, ...] = ()
    online: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    why: str = ""

    @property
    def offline(self) -> tuple[str, ...]:
        """Hosts that have said that they are not online."""
        return tuple(sorted(set(self.asked) - set(self.online) - set(self.silent)))

    @property
    def all_online(self) -> bool:
        """Whether everybody was asked and is online."""
        return bool(self.asked) and set(self.online) == set(self.asked)

    @property
    def said(self) -> str:
        """Say it."""
        if not self.asked:
            return "nobody could be asked whether it helped"
        return f"{len(self.online)} of {len(self.asked)} backends online"
