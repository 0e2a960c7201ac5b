"""From a failover by its mail to the next failure: who skips the checks ends in no move to a dead NAT."""

from __future__ import annotations

import re
import shlex

from nat_failover.cli.operator.arming import readiness
from nat_failover.judging.conditions import PATIENCE
from tests.cli.person import Person, in_lab
from tests.lab.lab import Lab
from tests.lab.standing import standing

# Until what the end of a watch says has lasted long enough to be told, in seconds.
MAIL_AFTER = 600.0 + PATIENCE + 120.0


def mails(lab: Lab) -> list[tuple[str, str]]:
    """Give subjects and texts of all mails so far, without the pair's name."""
    return [(subject.partition("] ")[2], text) for _, subject, text in lab.gateway.published]


def commands(text: str, heading: str) -> list[list[str]]:
    """Give the commands below a heading of a mail, as a shell reads them."""
    below = text.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
    return [shlex.split(line) for line in re.findall(r"^ {3}(\S.*)$", below, re.MULTILINE)]


@in_lab()
def test_who_is_refused_and_re_arms_by_the_bare_command_is_told_and_the_next_failure_waits_for_a_nat_that_works(
    lab: Lab, alice: Person
) -> None:
    nat01 = f"nat01 ({lab.cloud.instances['nat01']})"
    nat02 = f"nat-failover-main-standby ({lab.cloud.instances['nat02']})"  # as the stack has named it
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: lab.lock_state() == "failed-over" and bool(mails(lab)), 60)
    subject, text = mails(lab)[-1]
    assert subject.startswith("ONLINE, NOT PROTECTED: 6 of 6 backends online")
    assert [command[1] for command in commands(text, "Do now")] == ["doctor", "rearm"]

    # The command refuses, for the old NAT's rules are gone still.
    (why,) = readiness(alice.hand, alice.hear).refusals
    assert why.endswith("masquerading: its kernel does not translate")

    # Whoever types the other one has read what it skips.
    assert f"Re-arm without these checks. Make sure first that {nat01} forwards" in text
    bare = next(command for command in commands(text, "By hand, with the AWS CLI") if "put-parameter" in command)
    name, value = (bare[bare.index(option) + 1] for option in ("--name", "--value"))
    lab.cloud.ssm.put_parameter(Name=name, Value=value, Overwrite=True)  # type: ignore[attr-defined]
    lab.wait(60)
    assert lab.lock_state() == "armed"
    assert not standing(lab).protected
    lab.wait(MAIL_AFTER)
    assert not standing(lab).protected
    subject, text = mails(lab)[-1]
    assert subject == "NOT PROTECTED: the primary NAT can't take over"
    assert f"The primary NAT {nat01} stands by, but can't take over" in text
    assert commands(text, "Do now")[0][:2] == ["nat-failover", "doctor"]
    assert lab.online() == lab.backends

    # The second failure moves nobody to the dead NAT; people are told of both at once.
    lab.network.flush_nat_rules("nat02")
    lab.wait(75)
    assert set(lab.cloud.protected().values()) == {lab.cloud.standby_table}
    assert lab.lock_state() == "armed"
    subject, text = mails(lab)[-1]
    assert subject == "OFFLINE, not failed over: neither NAT gets backends through"
    assert f"through the standby NAT {nat02}, and through the primary NAT {nat01} as well" in text
    assert f"As soon as backends reach the Internet through {nat01}, the function fails over." in text
    assert commands(text, "Do now")[0][:2] == ["nat-failover", "doctor"]

    # Once the NAT that it is about translates again, nobody has to do anything more.
    lab.network.boot("nat01", lab.cloud.user_data)
    assert lab.wait_until(lambda: set(lab.cloud.protected().values()) == {lab.cloud.primary_table}, 150)
    assert lab.wait_until(lambda: lab.online() == lab.backends, 10)
    assert lab.lock_state() == "failed-over"
