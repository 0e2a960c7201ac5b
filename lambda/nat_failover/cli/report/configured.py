"""Pure: those settings of a pair that explain a report, by the names that they have in its configuration."""

from __future__ import annotations

from collections.abc import Mapping

# By the name of the function's; the others are names of parameters, and what no configuration can set.
SHOWN = {
    "mode": "mode",
    "handover": "handover",
    "targets": "targets",
    "interval": "interval",
    "failures": "failures",
    "window": "window",
    "warm_up": "warmUp",
    "freshness": "freshness",
    "failure_threshold": "failureThreshold",
    "failure_share": "failureShare",
    "sample_size": "sampleSize",
    "prove_active": "proveActive",
}


def configured(values: Mapping[str, object]) -> dict[str, str]:
    """Return the settings to be shown, of all that the function has."""
    return {name: _text(values[own]) for own, name in SHOWN.items() if own in values}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
