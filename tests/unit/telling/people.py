"""People who are told, for whom it is remembered what they have been told."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition, Findings, Trouble
from nat_failover.telling.memory import Channel, Phase, plan, read_memory
from tests.examples import NOW

NOTHING: frozenset[Trouble] = frozenset()


class People:
    """Remembers as the teller does, with the memory written and read back at every tick."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.now = NOW
        self.refusing: set[Channel] = set()
        self.messages: list[tuple[str, Phase, Channel]] = []

    def tick(self, *present: Condition, unknown: frozenset[Trouble] = NOTHING, later: float = 60) -> list[Phase]:
        """Let time pass, find something, and tell it; gives the phases that went to the topic."""
        self.now += later
        planned = plan(read_memory(self.text), Findings(present, unknown, "all is well"), "main", self.now)
        memory, before = planned.memory, len(self.messages)
        for due in planned.due:
            for channel in set(due.channels) - self.refusing:
                self.messages.append((due.entry.incident, due.phase, channel))
                memory = memory.with_sent(due.entry, due.phase, channel, self.now)
        self.text = memory.text()
        return [phase for _, phase, channel in self.messages[before:] if channel is Channel.TOPIC]
