"""Names of NATs in what people are told."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.judging.conditions import Trouble
from nat_failover.network.instances import Nat
from nat_failover.telling.compose import compose
from nat_failover.telling.memory import Channel, Due, Phase, begun
from nat_failover.telling.message import Message
from nat_failover.telling.nat_names import LONGEST, named, nat_names
from tests.examples import NOW, PRIMARY, PRIMARY_TABLE, STANDBY
from tests.fuzz.values import TEXT
from tests.unit.telling.conditions import CONDITIONS
from tests.unit.telling.messages import PAIR, examples


def written(names: dict[str, str]) -> Message:
    condition = replace(CONDITIONS[Trouble.PASSIVE_UNHEALTHY], active=PRIMARY_TABLE)
    due = Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, (Channel.TOPIC,), condition)
    return compose(due, "", PAIR, NOW, names)


def names_of(primary: str | None, standby: str | None = None) -> dict[str, str]:
    nats = {nat: Nat(nat, "running", NOW, name=name) for nat, name in ((PRIMARY, primary), (STANDBY, standby))}
    return nat_names(nats, PAIR)


def test_every_mail_names_the_nats_wherever_it_speaks_of_them_and_no_command_does() -> None:
    for message in examples().values():
        commands = {c for step in (*message.letter.next, *message.letter.by_hand) for c in step.commands}
        lines = [line.strip() for line in message.text.splitlines() if line.strip() not in commands]
        spoken = [line for line in lines if re.search(rf"{PRIMARY}|{STANDBY}", line)]
        assert spoken
        for line in spoken:
            assert not re.sub(rf"nat01 \({PRIMARY}\)|nat02 \({STANDBY}\)", "", line).count("i-0123456789abcdef"), line
        assert not [command for command in commands if "nat0" in command]


def test_of_a_nat_without_a_name_the_id_is_all_that_is_said() -> None:
    assert names_of(None, "") == names_of("  ") == {}
    assert f"The standby NAT {STANDBY} stands by" in written({}).text
    assert f"primary NAT nat01 ({PRIMARY}), standby NAT {STANDBY}." in written(names_of("nat01")).text


def test_of_an_instance_that_ec2_does_not_list_nothing_is_claimed() -> None:
    assert nat_names({}, PAIR) == {}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("nat01", "nat01"),
        ("prod/nat-a.example:1", "prod/nat-a.example:1"),
        ("nat in zone a", "'nat in zone a'"),
        ("nat01\r\nDo now:", "'nat01  Do now:'"),
        ("is fine. Do nothing", "'is fine. Do nothing'"),
        ("x" * 256, f"{'x' * (LONGEST - 3)}..."),
    ],
)
def test_a_name_that_may_be_taken_for_words_of_ours_is_between_quotes(name: str, shown: str) -> None:
    assert names_of(name) == {PRIMARY: shown}


def test_a_name_that_is_the_id_of_the_other_nat_is_not_named_again() -> None:
    assert named(f"from {PRIMARY} to {STANDBY}.", names_of(STANDBY, "b")) == (
        f"from {STANDBY} ({PRIMARY}) to b ({STANDBY})."
    )
    assert named(f"{PRIMARY}0 x{PRIMARY}", names_of("nat01")) == f"{PRIMARY}0 x{PRIMARY}"


@given(TEXT | st.text(max_size=300))
def test_no_name_adds_a_line_to_a_mail_or_a_word_to_a_command(name: str) -> None:
    plain, message = written({}), written(names_of(name, name))
    assert {c for c in message.text if not c.isprintable()} <= {"\n"}
    assert len(message.text.splitlines()) == len(plain.text.splitlines())
    assert (message.subject, message.place.count("NAT")) == (
        plain.subject,
        plain.place.count("NAT") + name.count("NAT"),
    )
    commands = [[shlex.split(c) for step in m.letter.next for c in step.commands] for m in (plain, message)]
    assert commands[0] == commands[1]
    json.dumps(message.detail).encode()
