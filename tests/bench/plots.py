"""Draws the bench's figures as SVG, the same file for the same figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

# README.md and RESULTS.md show them from here.
PLOTS = Path(__file__).parent / "plots"
# Colours that people who see few of them can tell apart (Okabe and Ito), and that hold on white and on black.
COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
STYLE: Any = {
    "svg.hashsalt": "nat-failover",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


@cache
def _pyplot() -> Any:
    """Return what draws; every worker of a test run imports this module, and one of them draws."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415

    return pyplot


def outages(curves: Mapping[str, Sequence[float]], path: Path) -> None:
    """Draw what share of backends was back online after how many seconds, a curve for each name."""
    plt = _pyplot()
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 4))
        for (name, seconds), colour in zip(curves.items(), COLOURS, strict=False):
            ranked = sorted(seconds)
            share = [100 * (n + 1) / len(ranked) for n in range(len(ranked))]
            axes.step([ranked[0], *ranked], [0, *share], where="post", label=name, color=colour, linewidth=2)
        axes.set_xscale("log")
        ticks = [2, 4, 8, 15, 30, 60, 120, 240]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel("seconds since the NAT died")
        axes.set_ylabel("backends back online, %")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        _save(figure, path)


def fleets(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw API calls and duration of a tick by fleet size.

    Args:
        rows: with ``backends``, ``what``, ``calls`` and ``wall_ms``, one for each size and kind of invocation.
        path: of the file.
    """
    plt = _pyplot()
    with plt.rc_context(STYLE):
        figure, both = plt.subplots(1, 2, figsize=(8, 3.4))
        kinds = list(dict.fromkeys(str(row["what"]) for row in rows))
        for axes, key, label in ((both[0], "calls", "API calls"), (both[1], "wall_ms", "milliseconds")):
            for kind, colour in zip(kinds, COLOURS, strict=False):
                chosen = [row for row in rows if row["what"] == kind]
                sizes = [row["backends"] for row in chosen]
                axes.plot(sizes, [row[key] for row in chosen], "o-", label=kind, color=colour, linewidth=2)
            axes.set_xscale("log")
            axes.set_ylim(bottom=0)
            axes.set_xlabel("backends that carry the tag")
            axes.set_ylabel(label)
        both[0].legend(frameon=False)
        figure.tight_layout()
        _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight", facecolor="white")
    _pyplot().close(figure)
    # A line for each curve, instead of one for each of its points.
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r" ?\n(?=[MLHVCz][ \n]|\")", " ", text), encoding="utf-8")
