"""Pure: the one line of JSON that the probe prints."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """What the line says, as far as it is needed; durations in seconds.

    Attributes:
        boot: id of the host's boot, from which its uptime counts; empty where the probe did not say.
    """

    state: str
    elapsed: float
    lost_for: float
    uptime: float
    boot: str = ""


def read_report(output: str) -> Report | None:
    """Return the probe's line among all that the script has printed; None where there is none that makes sense."""
    for line in output.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict) or said.get("probe") != 1 or not isinstance(said.get("state"), str):
            continue
        numbers = [said.get(key, 0) for key in ("elapsed", "lost_for", "uptime")]
        if all(isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n < 1e10 for n in numbers):
            elapsed, lost_for, uptime = map(float, numbers)
            boot = said.get("boot")
            return Report(said["state"], elapsed, lost_for, uptime, boot if isinstance(boot, str) else "")
    return None
