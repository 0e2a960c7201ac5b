"""Ends things so that the error that matters is the one that is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def closed_after(*closes: Callable[[], object]) -> Iterator[None]:
    """Close everything afterwards, whatever fails; the first error is raised, later ones are noted on it."""
    first: BaseException | None = None
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - raised below
        first = error
    for close in closes:
        try:
            close()
        except Exception as error:  # noqa: BLE001 - raised below, or noted on the one that is
            if first is None:
                first = error
            else:
                first.add_note(f"and what was open could not be closed: {error!r}")
    if first is not None:
        raise first


@contextmanager
def closed_on_error(close: Callable[[], object]) -> Iterator[None]:
    """Close something where what is done with it fails; that error is raised, whatever becomes of the closing."""
    try:
        yield
    except BaseException:
        with closed_after(close):
            raise
