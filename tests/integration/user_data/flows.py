"""Thousands of TCP connections at the same time, all of them alive."""

from __future__ import annotations

import resource
import selectors
import socket
import time
from collections.abc import Sequence
from types import TracebackType

from tests.lab.network.real.netns import Namespace

PORT = 9000
BACKLOG = 8192
WITHIN = 20.0
# Beside the two ends of every connection.
SPARE_FILES = 500


class Flows:
    """Connections from one namespace to a server in another; each end holds its own.

    Args:
        client, server: the namespaces.
        address: of the server.
        number: of connections.

    Attributes:
        seen_as: the addresses that the server sees them come from.
    """

    def __init__(self, client: Namespace, server: Namespace, address: str, number: int) -> None:
        self._clients: list[socket.socket] = []
        self._servers: list[socket.socket] = []
        self.seen_as: set[str] = set()
        self._before = resource.getrlimit(resource.RLIMIT_NOFILE)
        need = 2 * number + SPARE_FILES
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(need, self._before[0]), max(need, self._before[1])))
        with server.inside():
            self._listening = socket.create_server((address, PORT), backlog=BACKLOG)
        self._listening.setblocking(False)
        deadline = time.monotonic() + WITHIN
        with client.inside():
            for _ in range(number):
                made = socket.socket()
                made.setblocking(False)
                made.connect_ex((address, PORT))
                self._clients.append(made)
                self._accept()
        while len(self._servers) < number and time.monotonic() < deadline:
            self._accept()
            time.sleep(0.01)

    def _accept(self) -> None:
        while True:
            try:
                made, (source, _) = self._listening.accept()
            except BlockingIOError:
                return
            made.setblocking(False)
            self._servers.append(made)
            self.seen_as.add(source)

    def alive(self) -> int:
        """Send a byte through every connection, either way, and count those that have brought both."""
        _send(self._clients)
        there = _received(self._servers)
        _send(self._servers)
        back = _received(self._clients)
        return min(there, back)

    def __enter__(self) -> Flows:
        """Give it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close everything."""
        for sock in (*self._clients, *self._servers, self._listening):
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, self._before)


def _send(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        try:
            sock.send(b"x")
        except OSError:
            continue  # counted by whoever does not hear it


def _received(sockets: Sequence[socket.socket]) -> int:
    """Count the sockets that hear a byte in time."""
    received = 0
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        deadline = time.monotonic() + WITHIN
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                received += _byte(key.fileobj)
                selector.unregister(key.fileobj)
    return received


def _byte(sock: object) -> bool:
    assert isinstance(sock, socket.socket)
    try:
        return sock.recv(16) == b"x"
    except OSError:
        return False
