"""What the first versions of function and command have left in the parameters, to the letter, is understood still."""

from __future__ import annotations

import pytest

from nat_failover.cli.lock_history import Happened, Version, happenings
from nat_failover.judging.conditions import Trouble
from nat_failover.lock.claim import Claim, read_claim
from nat_failover.lock.record import LockState, Record, read_lock
from nat_failover.telling.memory import Channel, Entry, Memory, read_memory
from tests.examples import settings

OWNER, SINCE = "3f1c8a52-6f0e-4d2b-9b57-0c0c6d1f6f11", 1_700_000_000.25
PRIMARY, STANDBY = settings().tables
EVIDENCE = ("i-0c1 UNREACHABLE", "i-0c2 UNREACHABLE", "i-0c3 UNREACHABLE")
REASON = "3 of 4 backends can't reach the Internet"
BEGUN = (
    f'{{"state":"failing-over","owner":"{OWNER}","since":"2023-11-14T22:13:20.250+00:00","from":"{PRIMARY}",'
    f'"to":"{STANDBY}","subnets":{{"subnet-a":"rtbassoc-1"}},"evidence":["{EVIDENCE[0]}","{EVIDENCE[1]}",'
    f'"{EVIDENCE[2]}"],"reason":"{REASON}"}}'
)
ENDED = BEGUN.replace("failing-over", "failed-over").removesuffix("}") + ',"outcome":"1 subnets moved","seconds":0.875}'
MEMORY = (
    '{"version":1,"troubles":[{"kind":"control-down","incident":"main-control-down-20231114T221320Z",'
    '"since":1700000000,"noticed":1700000010,"due":true,"told":{"topic":1700000100,"event":1700000100}},'
    '{"kind":"failed-over","incident":"main-failover-20231114T221320Z","since":1700000000,"noticed":1700000001,'
    '"identity":1700000000,"due":true,"told":{"topic":1700000003}}],"telling":1700000060}'
)


def test_a_record_under_way_can_be_finished() -> None:
    lock = read_lock(BEGUN, 2)
    subnets = {"subnet-a": "rtbassoc-1"}
    assert lock.state is LockState.FAILING_OVER
    assert lock.record == Record(LockState.FAILING_OVER, OWNER, SINCE, PRIMARY, STANDBY, subnets, EVIDENCE, REASON)


def test_a_failover_is_part_of_the_history() -> None:
    written = [Version(n, SINCE + n, "arn:aws:sts::1:assumed-role/r/f", text) for n, text in ((1, BEGUN), (2, ENDED))]
    (happened,) = happenings(written, settings(), "f")
    assert (happened.kind, happened.at, happened.by) == (Happened.FAILOVER, SINCE, "the function")
    assert "1 subnet moved to the standby NAT" in happened.in_words


@pytest.mark.parametrize("more", ["", ', "mode": "observe"'])
def test_a_claim_protects_its_holder_to_its_end(more: str) -> None:
    text = f'{{"owner": "{OWNER}", "until": 1700000060.25{more}}}'
    assert read_claim(text, 7, SINCE, 60.0) == Claim(OWNER, SINCE + 60, 7)


def test_what_people_have_been_told_is_not_told_again() -> None:
    since = 1_700_000_000.0
    both = {Channel.TOPIC: since + 100, Channel.EVENT: since + 100}
    down = Entry(Trouble.CONTROL_DOWN, "main-control-down-20231114T221320Z", since, since + 10, due=True, sent_at=both)
    once = {Channel.TOPIC: since + 3}
    incident = "main-failover-20231114T221320Z"
    done = Entry(Trouble.FAILED_OVER, incident, since, since + 1, since, due=True, sent_at=once)
    assert read_memory(MEMORY) == Memory({down.kind: down, done.kind: done}, since + 60)
