"""How the Internet sees a host: the source address of an echo that arrives there."""

from __future__ import annotations

import random
import select
import struct
import time

from tests.lab.icmp import ECHO_REQUEST, ICMP_FILTER, MARK, SOL_RAW, echo_request, new_identifier, open_socket
from tests.lab.netns import Namespace


def seen_as(namespace: Namespace, there: Namespace, address: str, within: float) -> str | None:
    """Give the source address with which an echo from one namespace arrives in another; None if it does not in time."""
    # A NAT may give it another identifier, but leaves the sequence number, by which it is told from other echoes.
    sequence = random.randrange(0x10000)
    with open_socket(there) as receiver, open_socket(namespace) as sender:
        receiver.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ (1 << ECHO_REQUEST)))
        try:
            sender.sendto(echo_request(new_identifier(), sequence), (address, 0))
        except OSError:  # no route, or a rule of the host's own
            return None
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([receiver], [], [], left)[0]:
                continue
            packet, (source, _) = receiver.recvfrom(2048)
            body = packet[(packet[0] & 0x0F) * 4 :]
            if body[0] == ECHO_REQUEST and body[6:] == sequence.to_bytes(2) + MARK:
                return str(source)
    return None
