"""Pings over raw sockets: each is a new flow, and none starts a process."""

from __future__ import annotations

import itertools
import os
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.network.pinger import ANSWER_WITHIN, PINGS_A_SECOND, Pinger, Slot
from tests.lab.network.real.netns import Namespace

ECHO_REQUEST, ECHO_REPLY = 8, 0
# linux/icmp.h; the mask has a bit for every type that is *not* wanted.
SOL_RAW, ICMP_FILTER = 255, 1
# In every echo of this process: a reply to somebody else's ping, by chance with the same identifier, has not got it.
MARK = os.urandom(8)
# A NAT remembers a flow for 30 seconds, so that an identifier drawn at random would now and then belong to an old one.
# Counted, it takes twelve minutes of the pinger until one comes again.
_identifiers = itertools.count(random.randrange(0x10000))


def new_identifier() -> int:
    """Give an identifier that no echo of this process has had for a long time."""
    return next(_identifiers) & 0xFFFF


def open_socket(namespace: Namespace) -> socket.socket:
    """Open a raw socket inside a namespace that hears echo replies."""
    with namespace.inside():
        made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    made.setblocking(False)
    made.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF ^ (1 << ECHO_REPLY)))
    return made


def echo_request(identifier: int, sequence: int) -> bytes:
    """Write an echo request; a new identifier makes it a new flow for every NAT on the way."""
    header = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, identifier, sequence)
    total = sum(struct.unpack("!8H", header + MARK))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, ~total & 0xFFFF, identifier, sequence) + MARK


def identifier_of_reply(packet: bytes) -> int | None:
    """Give the identifier of a reply to an echo of this process; None for any other packet."""
    body = packet[(packet[0] & 0x0F) * 4 :]
    if len(body) < 8 or body[0] != ECHO_REPLY or body[8:] != MARK:
        return None
    return int(struct.unpack("!H", body[4:6])[0])


def ping(namespace: Namespace, address: str, within: float, identifier: int | None = None) -> bool:
    """Ping once; tell whether it was answered in time. With an identifier used before it belongs to that older flow."""
    number = new_identifier() if identifier is None else identifier
    with open_socket(namespace) as sock, selectors.DefaultSelector() as selector:
        try:
            sock.sendto(echo_request(number, 1), (address, 0))
        except OSError:  # no route, or a rule of the host's own
            return False
        selector.register(sock, selectors.EVENT_READ)
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            if selector.select(left) and identifier_of_reply(sock.recv(2048)) == number:
                return True
    return False


@dataclass
class _Backend:
    sock: socket.socket
    slots: list[Slot] = field(default_factory=list)
    out: dict[int, int] = field(default_factory=dict)  # identifier -> index of its slot


class RealPinger(Pinger):
    """The independent measure: see ``Pinger``.

    Args:
        backends: gives the namespace of each backend, once the network is open.
        targets: addresses in the Internet.
    """

    def __init__(self, backends: Callable[[], Mapping[str, Namespace]], targets: Sequence[str]) -> None:
        self._namespaces = backends
        self._targets = targets
        self._backends: dict[str, _Backend] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._main, name="pinger", daemon=True)

    def start(self) -> None:
        """Begin."""
        for name, namespace in self._namespaces().items():
            self._backends[name] = _Backend(open_socket(namespace))
        self._thread.start()

    def stop(self) -> None:
        """End; what was measured can still be asked for."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        for backend in self._backends.values():
            backend.sock.close()

    def _main(self) -> None:
        pause = 1 / PINGS_A_SECOND
        with selectors.DefaultSelector() as selector:
            for backend in self._backends.values():
                selector.register(backend.sock, selectors.EVENT_READ, backend)
            next_at = time.monotonic()
            while not self._ended.is_set():
                for backend in self._backends.values():
                    self._send(backend)
                next_at = max(next_at + pause, time.monotonic())
                while (left := next_at - time.monotonic()) > 0:
                    for key, _ in selector.select(left):
                        self._receive(key.data)

    def _send(self, backend: _Backend) -> None:
        index = len(backend.slots)
        backend.slots.append(Slot(time.time(), False))
        for target in self._targets:
            identifier = new_identifier()
            backend.out[identifier] = index
            try:
                backend.sock.sendto(echo_request(identifier, index & 0xFFFF), (target, 0))
            except OSError:
                continue  # no route, or a rule of the host's own: not answered
        oldest = index - 2 * PINGS_A_SECOND
        backend.out = {identifier: slot for identifier, slot in backend.out.items() if slot > oldest}

    def _receive(self, backend: _Backend) -> None:
        while True:
            try:
                packet = backend.sock.recv(2048)
            except BlockingIOError:
                return
            identifier = identifier_of_reply(packet)
            index = None if identifier is None else backend.out.pop(identifier, None)
            if index is None:
                continue
            slot = backend.slots[index]
            if time.time() - slot.sent_at <= ANSWER_WITHIN:
                backend.slots[index] = Slot(slot.sent_at, True)

    def slots(self, host: str) -> list[Slot]:
        """Give the slots whose answer has come or is overdue."""
        overdue = time.time() - ANSWER_WITHIN
        return [slot for slot in list(self._backends[host].slots) if slot.answered or slot.sent_at < overdue]

    def online(self, host: str) -> bool:
        """Tell whether the latest finished slot was answered."""
        overdue = time.time() - ANSWER_WITHIN
        slots = self._backends[host].slots
        for index in range(len(slots) - 1, -1, -1):
            if slots[index].answered or slots[index].sent_at < overdue:
                return slots[index].answered
        return False
