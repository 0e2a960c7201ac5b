"""Pure: the description of an alarm, which the stack writes and the doctor reads."""

from __future__ import annotations


def describe(pair: str, meaning: str, section: str, runbook: str = "") -> str:
    """Return the description.

    Args:
        pair: name of the pair.
        meaning: sentences; the first says what is wrong.
        section: of the runbook.
        runbook: its address; empty where the configuration does not say.
    """
    return f"{_beginning(pair)}{meaning}\nRunbook: {runbook_section(runbook, section)}"


def runbook_section(runbook: str, section: str) -> str:
    """Return where a section of the runbook is: as a link, where it is known where the runbook is kept."""
    return f"{runbook}#{section}" if runbook else f"infra/RUNBOOK.md#{section}"


def wrong_by(description: str, pair: str) -> str | None:
    """Return what is wrong by the description of an alarm of the pair; None for an alarm of somebody else."""
    if not description.startswith(_beginning(pair)):
        return None
    return description.removeprefix(_beginning(pair)).partition(". ")[0]


def _beginning(pair: str) -> str:
    return f"Pair {pair}. "
