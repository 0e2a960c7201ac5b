"""Values of any kind: texts with what breaks texts, JSON of every shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# NUL and other control characters, a line's end in three tongues, half a character, what turns writing round, what
# shells, SSM, JSON and log lines take for their own.
NASTY = (
    *(
        "",
        " ",
        "\x00",
        "\x1b[2J",
        "\n",
        "\r\n",
        "\u2028",
        "\ud800",
        "\udfff",
        "\u202e",
        "\ufeff",
        "\U0001f4a9",
        "\u0661",
    ),
    *("{{ targets }}", "${IFS}", "$(reboot)", "`id`", "'; id; '", '","state":"armed', "%s%n", "../../etc/passwd", "-f"),
    *("null", "true", "NaN", "-Infinity", "1e999", "9" * 5000, "[" * 4000, '{"a":' * 1000, "x" * 4096),
)
TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(NASTY)
NUMBER = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63), 0.0, -0.0])


class Deep(list[Any]):
    """Lists in lists, which hypothesis could not print."""

    def __init__(self, depth: int) -> None:
        inner: list[Any] = []
        for _ in range(depth - 1):
            inner = [inner]
        super().__init__([inner])
        self._depth = depth

    def __repr__(self) -> str:
        return f"Deep({self._depth})"


SHALLOW: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
JSON = SHALLOW | st.just(Deep(50_000))
