"""Waits for a NAT that has given up an Elastic IP: until it has a public address again, and its agent answers."""

from __future__ import annotations

from nat_failover.cli.operator.operator import Hand, Say
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State

# "Within a few minutes" is all that is documented; five have been seen:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
ADDRESS_WITHIN = 330.0
# Its agent's connection is broken by the change of address. It pauses for up to a minute between two tries.
AGENT_WITHIN = 150.0
# Pauses between two looks, and between two questions.
LOOK_EVERY, ASK_EVERY = 5.0, 10.0


def will_have_one(nat: Nat) -> bool:
    """Return whether EC2 may yet give a NAT a public address: it gives none where there is a second interface."""
    return nat.state == "running" and nat.public is None and len(nat.interfaces) < 2


def waits_for_address(hand: Hand, nat_id: str) -> bool:
    """Return whether a NAT of a pair with an egress address is without a public address, and EC2 may give it one.

    Raises:
        botocore.exceptions.ClientError: AWS refuses.
    """
    return hand.settings.egress_allocation is not None and will_have_one(_look(hand, nat_id))


def await_address(hand: Hand, nat_id: str, say: Say) -> None:
    """Wait until a NAT of a pair with an egress address has a public address and its agent answers; bounded.

    Whether it has one in the end is for the checks that follow. One that has an address, will never have one, or is of
    a pair without an egress address, is not waited for.

    Args:
        hand: means of the person.
        nat_id: instance id of the NAT.
        say: tells the person what is waited for.

    Raises:
        botocore.exceptions.ClientError: AWS refuses.
    """
    if not waits_for_address(hand, nat_id):
        return
    begun = hand.runtime.now()
    say(
        f"{nat_id} has no public address: EC2 gives it another within about five minutes of giving up the egress "
        f"address. Waiting, {ADDRESS_WITHIN:.0f} s at most"
    )
    while will_have_one(nat := _look(hand, nat_id)):
        if hand.runtime.now() - begun >= ADDRESS_WITHIN:
            say(f"{nat_id} has no public address after {ADDRESS_WITHIN:.0f} s")
            return
        hand.runtime.sleep(LOOK_EVERY)
    if nat.public is None:
        return
    waited = hand.runtime.now() - begun
    say(f"{nat_id} has {nat.public} after {waited:.0f} s; waiting for its agent, {AGENT_WITHIN:.0f} s at most")
    begun = hand.runtime.now()
    while not _answers(hand, nat_id) and hand.runtime.now() - begun < AGENT_WITHIN:
        hand.runtime.sleep(ASK_EVERY)


def _look(hand: Hand, nat_id: str) -> Nat:
    return hand.instances.describe([nat_id])[nat_id]


def _answers(hand: Hand, nat_id: str) -> bool:
    """Return whether a NAT says anything of itself, be it that it can't reach the Internet."""
    observation = hand.ask([nat_id]).get(nat_id)
    return observation is not None and observation.state in (State.REACHABLE, State.UNREACHABLE)
