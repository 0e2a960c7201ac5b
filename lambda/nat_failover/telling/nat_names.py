"""Pure: names of NATs, which others have given them, and texts in which they stand before the ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nat_failover.foreign_text import printable
from nat_failover.network.instances import Nat
from nat_failover.settings import Settings
from nat_failover.telling.message import Message, Step

# A tag may have 256 characters, and be a sentence: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
LONGEST = 64
# What can't be taken for words of ours needs no quotes.
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+=-]+")


def nat_names(instances: Mapping[str, Nat], s: Settings) -> dict[str, str]:
    """Return the names of the pair's NATs, by id, fit to be read in a sentence; of one without a name, nothing."""
    tagged = {nat: instances[nat].name for nat in s.nats if nat in instances}
    return {nat: _quoted(name) for nat, name in tagged.items() if name is not None and name.strip()}


def _quoted(name: str) -> str:
    """Return a name of others as one word, or between quotes, on one line and not too long."""
    shown = printable(name).strip()
    shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."
    return shown if _PLAIN.fullmatch(shown) else repr(shown)


def named(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the name of each NAT before its id: ``nat01 (i-0123456789abcdef0)``."""
    if not names:
        return text
    ids = "|".join(map(re.escape, names))
    return re.sub(rf"(?<![\w-])(?:{ids})(?![\w-])", lambda found: f"{names[found[0]]} ({found[0]})", text)


def name_nats(message: Message, names: Mapping[str, str]) -> Message:
    """Return a message with the NATs' names wherever it speaks of them: not in commands, nor in the subject."""

    def lines(of: Sequence[str]) -> tuple[str, ...]:
        return tuple(named(line, names) for line in of)

    def steps(of: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(replace(step, text=named(step.text, names)) for step in of)

    letter = message.letter
    letter = replace(
        letter,
        headline=named(letter.headline, names),
        seen=lines(letter.seen),
        decided=lines(letter.decided),
        done=lines(letter.done),
        helped=lines(letter.helped),
        next=steps(letter.next),
        by_hand=steps(letter.by_hand),
    )
    return replace(message, letter=letter, place=named(message.place, names))
