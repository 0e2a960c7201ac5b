"""What has stood in the lock, since when, by whom; read by means of its own, not by those of the product."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PERSON = 0


@dataclass
class Entry:
    """A value of the lock; ``by`` is the serial number of an invocation, or ``PERSON``.

    Attributes:
        spent: a failover has begun by this arming, or it was overwritten by one.
    """

    at: float
    text: str | None
    by: int
    until: float = float("inf")
    spent: bool = field(default=False)

    @property
    def armed(self) -> bool:
        """Whether it arms."""
        return self.text is None or self.text.strip() == "armed"

    @property
    def record(self) -> Mapping[str, Any]:
        """The record that it is; empty where it is none."""
        try:
            fields = json.loads(self.text or "")
        except (ValueError, RecursionError):
            return {}
        return fields if isinstance(fields, dict) and isinstance(fields.get("state"), str) else {}

    @property
    def state(self) -> str:
        """``armed``, ``paused``, the state of a record, or ``unreadable``."""
        if self.armed:
            return "armed"
        if self.text is not None and self.text.strip() == "paused":
            return "paused"
        record = self.record
        if record.get("state") == "paused":
            return "paused"
        known = record.get("state") in ("failing-over", "failed-over", "failed")
        whole = all(isinstance(record.get(key), str) for key in ("owner", "since", "from", "to"))
        return str(record["state"]) if known and whole else "unreadable"


class LockLog:
    """Everything that has stood in the lock, oldest first."""

    def __init__(self, at: float, text: str | None) -> None:
        self.entries = [Entry(at, text, PERSON)]

    @property
    def latest(self) -> Entry:
        """What stands there now."""
        return self.entries[-1]

    def write(self, at: float, text: str | None, by: int) -> None:
        """Note that it was written."""
        self.latest.until = at
        self.entries.append(Entry(at, text, by))

    def stood(self, since: float, wanted: Callable[[Entry], bool] = lambda entry: True) -> list[Entry]:  # noqa: ARG005
        """Give what has stood there at some moment since a time."""
        return [entry for entry in self.entries if entry.until > since and wanted(entry)]

    def steady(self, since: float) -> str | None:
        """Give the state that it has had ever since a time; None where it has changed."""
        states = {entry.state for entry in self.stood(since)}
        return states.pop() if len(states) == 1 else None


def readable(text: str | None) -> str:
    """Shorten what stands in the lock, for a timeline."""
    if text is None:
        return "nothing"
    try:
        fields = json.loads(text)
        if isinstance(fields, dict) and "since" in fields:
            return f"{fields['state']} by {fields['owner']} to {fields['to']}" + (
                f" ({fields['outcome']})" if fields.get("outcome") else ""
            )
    except (ValueError, RecursionError):
        pass
    return repr(text if len(text) < 40 else text[:37] + "...")
