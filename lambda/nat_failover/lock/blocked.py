"""Pure: since when failovers have ended with another's claim in the way, though nobody writes a record.

It is kept as one of the troubles that people are told of, in the pair's third parameter, by the version of the lock
that is armed: as soon as anybody writes the lock, it is another's.
"""

from __future__ import annotations

from nat_failover.foreign_text import read_json
from nat_failover.lock.record import Lock, LockState

# The trouble's name.
BLOCKED = "failover-blocked"


def blocked_since(memory: str | None, lock: Lock) -> float | None:
    """Return since when failovers upon a lock have been blocked; None where they have not, as far as is known.

    Args:
        memory: the text of the third parameter.
        lock: as it was read with it.
    """
    if memory is None or lock.state is not LockState.ARMED:
        return None
    try:
        for trouble in read_json(memory)["troubles"]:
            if trouble["kind"] == BLOCKED and trouble.get("identity") == lock.version and "over" not in trouble:
                noticed = trouble["noticed"]
                return float(noticed) if isinstance(noticed, int) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        pass
    return None
