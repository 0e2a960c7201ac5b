"""How the Internet sees a host: the source address of an echo that arrives there."""

from __future__ import annotations

import random
import select
import socket
import struct
import time

from tests.lab.network.real.icmp import (
    ECHO_REQUEST,
    ICMP_FILTER,
    MARK,
    SOL_RAW,
    echo_request,
    new_identifier,
    open_socket,
)
from tests.lab.network.real.netns import Namespace


def seen_as(namespace: Namespace, there: Namespace, address: str, within: float) -> str | None:
    """Give the source address with which an echo from one namespace arrives in another; None if it does not in time."""
    with open_socket(there) as receiver, open_socket(namespace) as sender:
        return _sent_and_seen(sender, receiver, b"", address, within)


def forged_arrives(namespace: Namespace, there: Namespace, source: str, address: str, within: float) -> bool:
    """Tell whether an echo with somebody else's source address arrives in another namespace in time."""
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_ICMP, 0, *map(socket.inet_aton, (source, address))
    )
    with namespace.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with open_socket(there) as receiver, sender:
        return _sent_and_seen(sender, receiver, header, address, within) == source


def _sent_and_seen(
    sender: socket.socket, receiver: socket.socket, header: bytes, address: str, within: float
) -> str | None:
    """Send an echo and return the source with which it arrives."""
    # A NAT may give it another identifier, but leaves the sequence number, by which it is told from other echoes.
    sequence = random.randrange(0x10000)
    receiver.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ (1 << ECHO_REQUEST)))
    try:
        sender.sendto(header + echo_request(new_identifier(), sequence), (address, 0))
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
