"""What people are told: every kind of mail word by word, what all of them have in common, and the JSON."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest

from nat_failover.judging.conditions import Severity, Trouble
from nat_failover.telling.commands import rearm
from nat_failover.telling.compose import compose
from nat_failover.telling.memory import Channel, Due, Phase, begun
from nat_failover.telling.message import Message
from tests.examples import BACKENDS, NOW, PRIMARY_TABLE
from tests.unit.telling.conditions import ALL_BUT_ONE, CONDITIONS
from tests.unit.telling.messages import APPROVED, OBSERVING, PAIR, done, examples, failed, lasting, text_of

EXAMPLES = examples()
EVERY = [lasting(kind, phase) for kind in CONDITIONS for phase in Phase] + list(EXAMPLES.values())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_mail_is_word_by_word_as_it_was_approved(name: str) -> None:
    approved = (APPROVED / f"{name}.txt").read_text(encoding="utf-8")
    assert text_of(EXAMPLES[name]) == approved, "where it is meant so: make texts"


def test_every_approved_mail_is_one_that_is_sent() -> None:
    assert {path.stem for path in APPROVED.glob("*.txt")} == EXAMPLES.keys()


def test_every_kind_is_there_in_every_phase() -> None:
    assert {(m.kind, m.phase) for m in EVERY} == {(kind, phase) for kind in Trouble for phase in Phase}


# What all have in common

OUR_COMMANDS = {"status", "doctor", "history", "failover", "failback", "rearm", "pause", "resume", "drill"}
STATES = (
    "OFFLINE",
    "STILL ",
    "POSSIBLY OFFLINE",
    "ONLINE, NOT PROTECTED",
    "NOT PROTECTED",
    "DEGRADED",
    "RECOVERED: ",
    "DRILL: ",
)


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_a_subject_begins_with_the_state(message: Message) -> None:
    assert message.letter.outcome.startswith(STATES)


def test_no_two_recoveries_have_the_same_subject() -> None:
    subjects = [lasting(kind, Phase.END).subject for kind in Trouble]
    assert len(set(subjects)) == len(subjects)


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_nobody_is_told_to_re_arm_without_checks_but_where_it_says_so(message: Message) -> None:
    raw = rearm(PAIR)
    assert not [step for step in message.letter.next if raw in step.commands]
    assert all("without these checks" in step.text for step in message.letter.by_hand if raw in step.commands)


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_what_to_do_begins_with_a_command_of_ours_unless_only_a_route_or_an_address_is_missing(
    message: Message,
) -> None:
    first = next(command for step in message.letter.next for command in step.commands)
    of_ours = not first.startswith(("aws ec2 create-route ", "aws ec2 associate-address "))
    assert first.startswith("nat-failover ") is of_ours


def test_a_failover_that_has_helped_nobody_says_not_to_re_arm_yet() -> None:
    assert "Do now:\n1. Do not re-arm yet" in EXAMPLES["failed-over-nobody-online"].text


def test_a_mail_links_to_the_runbook_where_it_is_known_where_that_is() -> None:
    message = replace(EXAMPLES["failed-over"], runbook="https://git.example.com/RUNBOOK.md")
    assert "Runbook: https://git.example.com/RUNBOOK.md#failed-over\n" in message.text
    assert "Runbook: infra/RUNBOOK.md#failed-over\n" in EXAMPLES["failed-over"].text


def longest_pair(message: Message) -> Message:
    return replace(message, pair="p" * 31)


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_a_subject_is_one_that_sns_takes_and_names_the_pair(message: Message) -> None:
    for each in (message, longest_pair(message)):
        assert each.subject.startswith(f"[nat-failover {each.pair}] ")
        assert len(each.subject) < 100
        assert each.subject.isascii()
        assert each.subject.isprintable()


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_every_command_is_one_of_ours_or_of_the_aws_command_line_with_its_region(message: Message) -> None:
    commands = [command for step in (*message.letter.next, *message.letter.by_hand) for command in step.commands]
    assert commands
    for command in commands:
        arguments = shlex.split(command)
        if arguments[0] == "nat-failover":
            assert arguments[1] in OUR_COMMANDS
            assert arguments[2] == PAIR.pair
        else:
            assert arguments[0] == "aws"
        assert arguments[arguments.index("--region") + 1] == PAIR.region
        assert f"   {command}\n" in message.text


@pytest.mark.parametrize("kind", [kind for kind in Trouble if kind is not Trouble.BLOCKED])
def test_in_observe_mode_no_mail_promises_that_anything_is_moved(kind: Trouble) -> None:
    condition = replace(CONDITIONS[kind], active=PRIMARY_TABLE)
    due = Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, (Channel.TOPIC,), condition)
    text = compose(due, "", OBSERVING, NOW).text
    assert not re.search(r"the function fails over|the subnets fail over|to move the subnets off", text)


@pytest.mark.parametrize("kind", [Trouble.NOT_THE_NAT, Trouble.NEVER_ONLINE])
def test_where_the_source_destination_check_is_to_be_looked_at_the_aws_cli_s_command_shows_it(kind: Trouble) -> None:
    first = lasting(kind, Phase.BEGIN).letter.by_hand[0]
    assert any("SourceDestCheck" in command for command in first.commands)


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_every_mail_says_what_was_seen_what_to_do_and_which_incident_it_is_about(message: Message) -> None:
    assert re.search(r"^Seen: \S", message.text, re.MULTILINE)
    assert re.search(r"^(Do now|Next):\n1\. \S", message.text, re.MULTILINE)
    assert message.text.endswith(f"{message.incident}\n")
    assert ".." not in message.text.replace("...", "")


def test_messages_about_one_trouble_have_one_incident_and_others_have_another() -> None:
    condition = replace(CONDITIONS[Trouble.CANNOT_JUDGE], active=PRIMARY_TABLE)
    entry = begun(condition, PAIR.pair, NOW)
    messages = [
        compose(Due(entry, Phase.BEGIN, (Channel.TOPIC,), condition), "", PAIR, NOW + 180),
        compose(Due(entry, Phase.REMINDER, (Channel.TOPIC,), condition), "", PAIR, NOW + 86_580),
        compose(Due(replace(entry, over=NOW + 90_000), Phase.END, (Channel.TOPIC,), None), "", PAIR, NOW + 90_180),
    ]
    assert {message.incident for message in messages} == {"main-cannot-judge-20270115T080000Z"}
    assert begun(condition, PAIR.pair, NOW + 1).incident not in {message.incident for message in messages}


@pytest.mark.parametrize("kind", sorted(Trouble))
def test_how_much_it_matters_follows_from_whether_subnets_are_offline(kind: Trouble) -> None:
    offline = {
        "would-fail-over",
        "control-down",
        "not-the-nat",
        "booting",
        "offline-while-locked",
        "failover-failed",
        "failover-blocked",
    }
    offline |= {"never-online"}
    expected = Severity.CRITICAL if kind.value in offline else Severity.WARNING
    assert lasting(kind, Phase.BEGIN).severity is lasting(kind, Phase.REMINDER).severity is expected
    assert lasting(kind, Phase.END).severity is Severity.INFO


def test_a_failover_after_which_backends_are_offline_is_critical() -> None:
    assert (done(ALL_BUT_ONE).severity, EXAMPLES["failed-over"].severity) == (Severity.CRITICAL, Severity.WARNING)


def test_the_first_command_of_a_failover_is_ours_and_no_raw_re_arm_comes_before_the_one_that_checks() -> None:
    for name in ("failed-over", "failed-over-nobody-online", "failed-over-not-verified", "handed-over"):
        commands = [command for step in EXAMPLES[name].letter.next for command in step.commands]
        assert commands[0].startswith("nat-failover "), name
        assert not [command for command in commands if "put-parameter" in command], name


# A failover


def test_a_failover_says_who_is_offline_and_who_has_not_answered() -> None:
    text = done(ALL_BUT_ONE).text
    assert f"Still offline: {BACKENDS[2]}. No answer yet from: {BACKENDS[3]}." in text


def test_the_subject_says_that_the_egress_address_has_not_moved_for_partners_may_refuse_the_subnets() -> None:
    subject = EXAMPLES["failed-over-egress-address-refused"].subject
    assert subject.endswith("] ONLINE, NOT PROTECTED: failed over without the egress address, 4 of 4 online")
    for name in ("failed-over-with-egress-address", "failed-over-standby-address-refused"):
        assert "without the egress address" not in EXAMPLES[name].subject


def test_a_failover_that_was_not_verified_says_why_and_counts_nobody() -> None:
    message = EXAMPLES["failed-over-not-verified"]
    assert "not known: no time was left to ask." in message.text
    assert " 0 of " not in message.text
    assert "backends" not in message.detail["failover"]


def test_the_outage_is_counted_from_the_first_lost_ping_to_the_last_subnet() -> None:
    message = EXAMPLES["failed-over"]
    assert message.detail["failover"]["outage_seconds"] == pytest.approx(3.6)
    assert message.detail["since"] == "2027-01-15T07:59:56Z"
    assert "Outage: about 3.6 s, from 07:59:56 (the first lost ping) to 07:59:59 UTC" in message.text


def test_a_failure_gives_the_command_for_every_subnet_that_is_left() -> None:
    letter = failed().letter
    assert letter.next[0].commands == (f"nat-failover failover main --region {PAIR.region} --to standby",)
    commands = [command for step in letter.by_hand for command in step.commands]
    assert [command for command in commands if "--association-id rtbassoc-2 " in command]
    assert not [command for command in commands if "rtbassoc-1" in command]


@pytest.mark.parametrize("kind", [Trouble.FAILED_OVER, Trouble.FAILOVER_FAILED])
def test_a_record_between_tables_that_are_no_longer_the_pairs_is_told_as_it_stands(kind: Trouble) -> None:
    foreign = "rtb-0fffffffffffffff9"
    record = CONDITIONS[kind].record
    assert record is not None
    condition = replace(CONDITIONS[kind], record=replace(record, to_table=foreign))
    message = compose(Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, (Channel.TOPIC,), condition), "", PAIR, NOW)
    assert f"{foreign}, which is none of the pair's route tables" in message.text
    assert f"--route-table-id {foreign}" not in message.text
