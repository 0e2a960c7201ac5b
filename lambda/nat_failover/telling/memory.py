"""Pure: the memory of what people have been told, and from it and what is found now, what is to be told.

What lasts is told once when it begins, once a day while it lasts, and once when it is over. A message that a channel
does not take is owed to that channel alone, and sent again at the next tick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nat_failover.foreign_text import read_json
from nat_failover.judging.conditions import DAY, PATIENCE, Condition, Findings, Trouble
from nat_failover.judging.first_online import FIELD, marks_of
from nat_failover.lock.record import LARGEST

# For how long an invocation that is about to tell keeps others from telling the same, in seconds.
TELLING = 60.0
# A text that a person has put there, or a later version of this function, is no memory; nor is what is to come.
VERSION, AHEAD = 1, 60.0


class Channel(StrEnum):
    """How people and machines are told."""

    TOPIC = "topic"
    EVENT = "event"


class Phase(StrEnum):
    """Which message of one trouble it is."""

    BEGIN = "begin"
    REMINDER = "reminder"
    END = "end"


@dataclass(frozen=True)
class Entry:
    """One trouble; times in seconds since the epoch.

    Attributes:
        incident: the id that all its messages carry.
        since: when it began, as far as is known.
        noticed: when an invocation first saw it.
        identity: see ``Condition.identity``.
        due: whether it has lasted long enough to be told.
        over: since when it is no longer seen; None while it is.
        sent_at: when each channel has taken the last message that it lasts.
        ended: channels that have taken the message that it is over.
        drill: it is a drill's failover.
    """

    kind: Trouble
    incident: str
    since: float
    noticed: float
    identity: float | None = None
    due: bool = False
    over: float | None = None
    sent_at: Mapping[Channel, float] = field(default_factory=dict)
    ended: frozenset[Channel] = frozenset()
    drill: bool = False


@dataclass(frozen=True)
class Memory:
    """All troubles that are not over, or whose end is yet to be told; and which NATs have worked.

    Attributes:
        telling: until when an invocation that has said so is given to tell; 0 where none has.
        teller: a word of that invocation's own, so that its text is no other's.
        worked: marks of the NATs that backends have been online through; see judging/first_online.py.
    """

    entries: Mapping[Trouble, Entry] = field(default_factory=dict)
    telling: float = 0.0
    teller: str = ""
    worked: Mapping[str, str] = field(default_factory=dict)

    def differs(self, other: Memory) -> bool:
        """Return whether it holds other things than another memory, whoever is about to tell."""
        return (self.entries, dict(self.worked)) != (other.entries, dict(other.worked))

    def another_tells(self, now: float) -> bool:
        """Return whether another invocation has said that it is about to."""
        return now < self.telling <= now + 2 * TELLING

    def has_sent(self, kind: Trouble) -> bool:
        """Return whether every channel has taken the message that a trouble lasts, which is not known to be over."""
        entry = self.entries.get(kind)
        return entry is not None and entry.over is None and entry.sent_at.keys() == set(Channel)

    def text(self) -> str:
        """Return it as JSON, of 4 KB at most: what finds no room is left out, first what is over, and told anew."""
        entries = list(self.entries.values())
        text = self._text(entries)
        while len(text) > LARGEST:
            entries.remove(next((e for e in entries if e.over is not None), entries[-1]))
            text = self._text(entries)
        return text

    def _text(self, entries: Iterable[Entry]) -> str:
        fields: dict[str, Any] = {"version": VERSION, "troubles": [_written(e) for e in entries]}
        if self.worked:
            fields[FIELD] = dict(self.worked)
        if self.telling:
            fields |= {"telling": round(self.telling), "teller": self.teller}
        return json.dumps(fields, separators=(",", ":"))

    def with_sent(self, entry: Entry, phase: Phase, channel: Channel, now: float) -> Memory:
        """Remember that a channel has taken a message; what has been told of to its end is forgotten."""
        known = self.entries.get(entry.kind, entry)
        if phase is Phase.END:
            known = replace(known, ended=known.ended | {channel})
        else:
            known = replace(known, sent_at={**known.sent_at, channel: now})
        entries = {**self.entries, entry.kind: known}
        if known.ended == frozenset(Channel):
            del entries[entry.kind]
        return replace(self, entries=entries)


@dataclass(frozen=True)
class Due:
    """A message that is to be sent, through one or more channels; the condition is None where it is over."""

    entry: Entry
    phase: Phase
    channels: tuple[Channel, ...]
    condition: Condition | None


@dataclass(frozen=True)
class DueMessages:
    """What is to be told, and the memory as it is before any of it was."""

    memory: Memory
    due: tuple[Due, ...]


def plan(memory: Memory, findings: Findings, pair: str, now: float) -> DueMessages:
    """Return what is due, by what is found and what people know."""
    entries = {k: e for k, e in memory.entries.items() if max((e.noticed, *e.sent_at.values())) <= now + AHEAD}
    conditions = {condition.kind: condition for condition in findings.present}
    for kind, condition in conditions.items():
        entries[kind] = _seen(entries.get(kind), condition, pair, now)
    for kind, entry in list(entries.items()):
        if kind not in conditions and kind not in findings.unknown and entry.over is None:
            entries[kind] = replace(entry, over=now)
        elif entry.over is not None and now - entry.over >= PATIENCE and not entry.due:
            del entries[kind]
    due = [each for kind, entry in entries.items() for each in _due(entry, conditions.get(kind), now)]
    after = Memory(entries, worked={**memory.worked, **findings.worked})
    return DueMessages(after, tuple(each for each in due if each.channels))


def begun(condition: Condition, pair: str, now: float) -> Entry:
    """Begin to remember a trouble."""
    since = condition.since(now)
    what = "failover" if condition.record is not None else condition.kind.value
    incident = f"{pair}-{what}-{datetime.fromtimestamp(since, UTC):%Y%m%dT%H%M%SZ}"
    due, drill = condition.patience <= 0, condition.record is not None and condition.record.in_drill
    return Entry(condition.kind, incident, since, now, condition.identity, due=due, drill=drill)


def _seen(entry: Entry | None, condition: Condition, pair: str, now: float) -> Entry:
    """Note that it is so: still, again within ``PATIENCE``, or anew."""
    if entry is None or not _same(entry.identity, condition.identity):
        return begun(condition, pair, now)
    due = entry.due or now - entry.noticed >= condition.patience
    # A channel that has heard of its end, as the other has not, hears of the same trouble's beginning once more.
    sent_at = {channel: at for channel, at in entry.sent_at.items() if channel not in entry.ended}
    return replace(entry, over=None, due=due, sent_at=sent_at, ended=frozenset())


def _same(one: float | None, other: float | None) -> bool:
    """Return whether times are the same that may have been rounded to seconds."""
    return one == other if one is None or other is None else round(one) == round(other)


def _due(entry: Entry, condition: Condition | None, now: float) -> list[Due]:
    if not entry.due:
        return []
    if condition is not None:
        begin = tuple(c for c in Channel if c not in entry.sent_at)
        remind = tuple(c for c, at in entry.sent_at.items() if now - at >= DAY)
        return [Due(entry, Phase.BEGIN, begin, condition), Due(entry, Phase.REMINDER, remind, condition)]
    if entry.over is None or now - entry.over < PATIENCE:
        return []
    return [Due(entry, Phase.END, tuple(c for c in Channel if c not in entry.ended), None)]


def read_memory(text: str | None) -> Memory:
    """Return the memory that a parameter's value stands for; of what can't be understood all is told anew."""
    if text is None:
        return Memory()
    worked = marks_of(text)
    try:
        fields = read_json(text)
        if fields["version"] != VERSION:
            raise ValueError(fields["version"])  # noqa: TRY301
        entries = {e.kind: e for e in map(_read, fields["troubles"])}
        return Memory(entries, _time(fields.get("telling", 0)), worked=worked)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError):
        return Memory(worked=worked)


def _written(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": entry.kind.value,
        "incident": entry.incident,
        "since": round(entry.since),
        "noticed": round(entry.noticed),
    }
    if entry.identity is not None:
        fields["identity"] = round(entry.identity)
    if entry.due:
        fields["due"] = True
    if entry.over is not None:
        fields["over"] = round(entry.over)
    if entry.sent_at:
        fields["told"] = {channel.value: round(at) for channel, at in entry.sent_at.items()}
    return fields | {k: v for k, v in (("ended", sorted(entry.ended)), ("drill", entry.drill)) if v}


def _read(fields: Mapping[str, Any]) -> Entry:
    return Entry(
        Trouble(fields["kind"]),
        str(fields["incident"])[:100],
        _time(fields["since"]),
        _time(fields["noticed"]),
        _time(fields["identity"]) if "identity" in fields else None,
        bool(fields.get("due", False)),
        _time(fields["over"]) if "over" in fields else None,
        {Channel(channel): _time(at) for channel, at in fields.get("told", {}).items()},
        frozenset(Channel(channel) for channel in fields.get("ended", [])),
        fields.get("drill") is True,
    )


def _time(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    datetime.fromtimestamp(value, UTC)  # a time that no calendar has is no memory
    return float(value)
