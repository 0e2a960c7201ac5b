"""An assumption holds, or it does not."""

from __future__ import annotations


class DoesNotHoldError(Exception):
    """AWS does not do what is assumed; the message has what it does."""


def hold(so: bool, otherwise: str) -> None:
    """Go on if something is so.

    Raises:
        DoesNotHoldError: it is not; ``otherwise`` says what is.
    """
    if not so:
        raise DoesNotHoldError(otherwise)
