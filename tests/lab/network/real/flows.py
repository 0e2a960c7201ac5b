"""TCP over real packets: what answers in the Internet, new connections, and those that are kept open."""

from __future__ import annotations

import select
import selectors
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from tests.lab.network.real.netns import Namespace

PORTS = (80, 443)
# Linux's way to send again at even intervals at first; socket has no name for it.
TCP_THIN_LINEAR_TIMEOUTS = 16


class Answering:
    """A server that takes every connection to the addresses of a namespace and gives back what it gets.

    Args:
        namespace: where it listens.
        addresses: at which, on each of the ports.
    """

    def __init__(self, namespace: Namespace, addresses: Sequence[str], ports: Sequence[int] = PORTS) -> None:
        self._selector = selectors.DefaultSelector()
        self._ended, self._end = socket.socketpair()
        self._selector.register(self._ended, selectors.EVENT_READ)
        self._listening = set[socket.socket]()
        with namespace.inside():
            for address in addresses:
                for port in ports:
                    self._listening.add(socket.create_server((address, port), backlog=512))
        for sock in self._listening:
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._main, name="answering", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it, and every connection."""
        self._end.close()
        self._thread.join()

    def _main(self) -> None:
        while True:
            for key, _ in self._selector.select():
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if sock is self._ended:
                    return self._close_all()
                if sock in self._listening:
                    self._accept(sock)
                else:
                    self._echo(sock)

    def _accept(self, listening: socket.socket) -> None:
        try:
            made, _ = listening.accept()
        except OSError:  # whoever asked has gone
            return
        made.setblocking(False)
        self._selector.register(made, selectors.EVENT_READ)

    def _echo(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(4096)
            if data:
                sock.send(data)
                return
        except OSError:  # reset, or timed out
            pass
        self._selector.unregister(sock)
        sock.close()

    def _close_all(self) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()


def connects(namespace: Namespace, address: str, port: int, within: float) -> bool:
    """Return whether a new TCP connection comes about in time (seconds)."""
    made = Connection.open(namespace, address, port, within)
    if made is not None:
        made.close()
    return made is not None


class Connection:
    """A TCP connection that is kept open, to see later whether it still is one."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    @classmethod
    def open(cls, namespace: Namespace, address: str, port: int, within: float) -> Connection | None:
        """Return a connection, or None where it does not come about in time (seconds)."""
        with namespace.inside():
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(within)
        try:
            sock.connect((address, port))
        except OSError:  # refused, no route, or no answer in time
            sock.close()
            return None
        return cls(sock)

    def answers(self, within: float) -> bool:
        """Return whether what is sent now comes back in time (seconds)."""
        self._sock.setblocking(False)
        try:
            self._forget_late_answers()
            self._sock.send(b"?")
            return bool(select.select([self._sock], [], [], within)[0] and self._sock.recv(4096))
        except OSError:  # reset, timed out, or nothing could be sent
            return False

    def is_reset(self, within: float) -> bool:
        """Return whether what is sent now is answered by a reset in time (seconds)."""
        self._sock.setblocking(False)
        try:
            self._sock.send(b"?")
            select.select([self._sock], [], [], within)
            self._sock.recv(4096)
        except ConnectionResetError:
            return True
        except OSError:  # no answer in time
            pass
        return False

    def _forget_late_answers(self) -> None:
        with suppress(BlockingIOError):
            while self._sock.recv(4096):
                pass

    def close(self) -> None:
        """End it; twice is harmless."""
        self._sock.close()

    def __del__(self) -> None:
        self._sock.close()
