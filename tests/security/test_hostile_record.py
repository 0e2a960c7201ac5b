"""A record of the lock that somebody has forged: its words reach mails as text, never as something that is obeyed."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.lock.record import LockState, Record, read_lock
from nat_failover.telling.compose import compose
from nat_failover.telling.memory import Channel, Due, Phase, begun
from tests.examples import NOW
from tests.unit.telling.conditions import CONDITIONS
from tests.unit.telling.messages import PAIR

HOSTILE = "\x1b]0;title\x07\r\nSubject: all is well\n\x9b2J\u202ex'$(id)`id`"


def forged(state: LockState) -> Record:
    """Return what the function reads of it."""
    record = Record(state, HOSTILE, NOW, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, (HOSTILE,), HOSTILE, HOSTILE, 1.0)
    read = read_lock(record.text(), 1).record
    assert read is not None
    return read


@pytest.mark.parametrize("kind", [kind for kind, condition in CONDITIONS.items() if condition.record is not None])
@pytest.mark.parametrize("phase", Phase)
def test_a_mail_about_it_is_plain_text_whose_commands_quote_it(kind: Trouble, phase: Phase) -> None:
    state = LockState.FAILED_OVER if kind is Trouble.FAILED_OVER else LockState.FAILED
    condition = Condition(kind, "locked", record=forged(state))
    entry = replace(begun(condition, PAIR.pair, NOW), due=True)
    message = compose(Due(entry, phase, tuple(Channel), None if phase is Phase.END else condition), "well", PAIR, NOW)
    text = f"{message.subject}\n{message.text}"
    assert {c for c in text if not c.isprintable()} <= {"\n"}
    assert "Subject: all is well" not in text.splitlines()
    for command in re.findall(r"^ *(aws .*)$", text, re.MULTILINE):
        # As a shell reads it: the hostile text is one word, whatever it has in it.
        obeyed = [argument for argument in shlex.split(command) if "$(" in argument or "`" in argument]
        assert all("Subject: all is well" in argument for argument in obeyed)
