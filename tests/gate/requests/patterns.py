"""Patterns as AWS reads them: those of botocore's models, for Java or ECMAScript, and those of documents, for Go."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import re2

Matches = Callable[[str], bool]
# A pair of surrogates, as Java and ECMAScript write a character beyond U+FFFF.
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
# A hyphen behind a class inside a class, as in [\w-/], which both take for itself and Python for a bad range.
_HYPHEN = re.compile(r"(\\[wds])-(?=[^\]])")
_UNICODE_CLASS = re.compile(r"\\[pP](\{|[A-Z])")


@cache
def matching(pattern: str) -> Matches | None:
    """Return what tells whether a whole string matches a pattern; None where neither engine here can read it.

    AWS matches the whole string whether the pattern has anchors or not, as Java's ``Matcher.matches`` does.
    """
    if _UNICODE_CLASS.search(pattern):
        try:
            compiled = re2.compile(_PAIR.sub(_character, pattern), _quiet())  # Python has no such classes
        except re2.error:
            return None
        return lambda text: compiled.fullmatch(text) is not None
    try:
        known = re.compile(_HYPHEN.sub(r"\1\\-", _PAIR.sub(_character, pattern)))
    except re.error:
        return None
    return lambda text: known.fullmatch(text) is not None


def go_error(pattern: str) -> str | None:
    """Return why Go's regexp, with which the agent reads allowedPattern, does not compile a pattern; None if it does.

    RE2 is the same language, with the same limit of a thousand on nested repeats: https://pkg.go.dev/regexp/syntax
    """
    try:
        re2.compile(pattern, _quiet())
    except re2.error as error:
        return error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
    return None


def go_matches(pattern: str, text: str) -> bool:
    """Return whether Go's regexp finds a pattern in a text: anywhere, and with ``$`` at the very end only.

    Raises:
        re2.error: the pattern does not compile.
    """
    return re2.compile(pattern, _quiet()).search(text) is not None


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _character(pair: re.Match[str]) -> str:
    """Return one character in place of its two surrogates."""
    return rf"\U{0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + (int(pair[2], 16) - 0xDC00):08x}"
