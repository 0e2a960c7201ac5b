"""The user data of the standby: the script, with what the stack writes into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

USER_DATA = Path(__file__).parent.parent / "user_data" / "standby.sh"
# Its lines that the stack fills in.
BLANKS = ("signal=''", "targets=''", "networks=''", "resets=''")
COMMENT = re.compile(r"\s*#(?!!| shellcheck )")


def filled_in(
    user_data: str, signal: str, targets: Sequence[str], networks: Sequence[str], *, resets: bool = True
) -> str:
    """Return the user data with its blanks filled in, and without comments.

    Args:
        user_data: with a line for each of BLANKS.
        signal: URL of the wait condition's handle.
        targets: hosts or addresses of which one has to answer a ping.
        networks: IPv4 networks that the host is a NAT for.
        resets: whether it resets connections that it does not know.

    Raises:
        ValueError: a blank is missing.
    """
    # Its comments are for who reads the source: with all networks that can be configured they would find no room.
    lines = [line for line in user_data.splitlines(keepends=True) if not COMMENT.match(line)]
    contents = (signal, " ".join(targets), " ".join(networks), "--reset" if resets else "")
    for blank, content in zip(BLANKS, contents, strict=True):
        if lines.count(f"{blank}\n") != 1:
            raise ValueError(f"the standby's user data has to have the line {blank} once")
        lines[lines.index(f"{blank}\n")] = blank.removesuffix("''") + f"'{content}'\n"
    return "".join(lines)
