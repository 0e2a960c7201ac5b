"""A history as people read it."""

from __future__ import annotations

from tests.simulation.histories.history import History
from tests.simulation.play import Played


def described(history: History) -> str:
    """Say what a history is like, and what happens in it."""
    settings = ", ".join(f"{key}={value}" for key, value in history.settings.items()) or "the defaults"
    changed = ", ".join(f"{k.removeprefix('NAT_FAILOVER_')}={v}" for k, v in sorted(history.environment.items()))
    lost, twice, late = history.events
    lines = [
        f"seed {history.seed}: a pair with {settings}; {changed}",
        f"  {history.subnets} subnets, {history.backends} backends, latencies times {history.slower:g}, "
        f"shares of an ordinary day times {history.harsh:g}",
        f"  of all calls {history.share:.1%} befallen by: {', '.join(history.fates)}",
        *(
            f"  of {operation} {share:.0%} befallen by: {', '.join(fates)}"
            for operation, share, fates in history.storms
        ),
        f"  of all events {lost:.0%} lost, {twice:.0%} twice, {late:.0%} late",
        *(f"  {step.in_words}" for step in history.steps),
        f"  all troubles end at {history.lasts:g} s; then the active NAT dies: {history.finale}",
    ]
    return "\n".join(lines)


def timeline(played: Played) -> str:
    """Write what happened, line by line: seconds since the beginning, then what."""
    return "\n".join(f"{at:9.3f}  {event}" for at, event in played.timeline)


def broken(played: Played) -> str:
    """Say which rules were broken, and when."""
    began = played.begun_at
    sentences = (f"rule {v.rule} is broken at {v.at - began:.3f} s: {v.sentence}" for v in played.violations)
    return "\n".join(sentences) or "no rule is broken"
