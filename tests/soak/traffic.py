"""Traffic through the NAT: backends that open TCP connections and downloads all the time, servers in the Internet.

A process of its own, so that what the lab does beside never delays it: ``python -m tests.soak.traffic`` reads what it
is to do from the first line of its input, writes a line for every connection that has ended, and ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.lab.network.real.netns import inside
from tests.soak.connections import Connection, Fate

PORT = 8080
# A SYN that is lost is sent again after 1, 3 and 7 seconds: one whose way is free again gets through within this.
CONNECTED_WITHIN = 8.0
# So long without a byte is the end of a connection.
SILENT_FOR = 8.0
SHORT = 2_000
CHUNK, CHUNKS_A_SECOND = 16_384, 10
PATTERN = bytes(range(256)) * (CHUNK // 256 + 1)


@dataclass(frozen=True)
class Order:
    """What to do.

    Attributes:
        backends: namespace of each backend.
        internet: namespace of the servers.
        targets: their addresses.
        a_second: how many connections each backend opens a second.
        downloads: how many downloads of each backend run all the time.
        seconds: the shortest and the longest that a download takes.
    """

    backends: dict[str, str]
    internet: str
    targets: Sequence[str]
    a_second: float = 8.0
    downloads: int = 2
    seconds: tuple[float, float] = (1.0, 8.0)


class LostError(Exception):
    """A connection is lost."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(fate.value)
        self.fate = fate


def pattern(offset: int, length: int) -> bytes:
    """Give the bytes that a server sends at an offset."""
    begin = offset % 256
    return PATTERN[begin : begin + length]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection: the caller's address, then as many bytes as it asks for, long answers bit by bit."""
    # A caller that is lost, or the end of everything, which cancels what still waits for a lost caller.
    with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
        size = int(await reader.readline())
        writer.write(f"{writer.get_extra_info('peername')[0]}\n".encode())
        sent = 0
        while sent < size:
            length = min(CHUNK, size - sent)
            writer.write(pattern(sent, length))
            await writer.drain()
            sent += length
            if sent < size:
                await asyncio.sleep(1 / CHUNKS_A_SECOND)
        await reader.read()  # the caller closes first, so that the port is remembered where it was chosen
    writer.close()


class Traffic:
    """All of it; ``ended`` gets every connection."""

    def __init__(self, order: Order, ended: Any) -> None:
        self._order = order
        self._ended = ended
        self._random = random.Random()
        self._open: set[asyncio.Task[None]] = set()

    async def run(self, until: asyncio.Event) -> None:
        """Open connections until then, and wait for the last of them."""
        servers = []
        for target in self._order.targets:
            with inside(self._order.internet):
                listening = socket.create_server((target, PORT), backlog=1024)
            servers.append(await asyncio.start_server(serve, sock=listening))
        callers = [self._short(host, until) for host in self._order.backends]
        callers += [self._long(host, until) for host in self._order.backends for _ in range(self._order.downloads)]
        await asyncio.gather(*callers)
        while self._open:
            await asyncio.wait(self._open)
        for server in servers:
            server.close()

    async def _short(self, host: str, until: asyncio.Event) -> None:
        while not until.is_set():
            task = asyncio.create_task(self._connection(host, SHORT))
            self._open.add(task)
            task.add_done_callback(self._open.discard)
            await asyncio.sleep(self._random.uniform(0.5, 1.5) / self._order.a_second)

    async def _long(self, host: str, until: asyncio.Event) -> None:
        while not until.is_set():
            seconds = self._random.uniform(*self._order.seconds)
            await self._connection(host, round(seconds * CHUNKS_A_SECOND * CHUNK))
            await asyncio.sleep(0.1)

    async def _connection(self, host: str, size: int) -> None:
        target, opened_at = self._random.choice(self._order.targets), time.time()
        seen_as, fate = None, Fate.DONE
        with inside(self._order.backends[host]):
            sock = socket.socket()
        with sock:
            sock.setblocking(False)
            try:
                await _connect(sock, target)
                seen_as = await _fetch(sock, size)
            except LostError as error:
                fate = error.fate
        self._ended(Connection(host, target, opened_at, time.time(), size, fate, seen_as))


async def _connect(sock: socket.socket, target: str) -> None:
    try:
        async with asyncio.timeout(CONNECTED_WITHIN):
            await asyncio.get_running_loop().sock_connect(sock, (target, PORT))
    except TimeoutError:
        raise LostError(Fate.NO_ANSWER) from None
    except ConnectionRefusedError:
        raise LostError(Fate.REFUSED) from None
    except OSError:
        raise LostError(Fate.UNREACHABLE) from None


async def _fetch(sock: socket.socket, size: int) -> str:
    """Ask for so many bytes and read them; give the address that the server says it was called from."""
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(sock, b"%d\n" % size)
        head = b""
        while b"\n" not in head:
            head += await _some(sock)
        seen_as, _, first = head.partition(b"\n")
        read = _check(first, 0)
        while read < size:
            read += _check(await _some(sock), read)
    except TimeoutError:
        raise LostError(Fate.STALLED) from None
    except OSError:
        raise LostError(Fate.RESET) from None
    if read != size:
        raise LostError(Fate.WRONG)
    return seen_as.decode()


async def _some(sock: socket.socket) -> bytes:
    async with asyncio.timeout(SILENT_FOR):
        data = await asyncio.get_running_loop().sock_recv(sock, CHUNK)
    if not data:
        raise LostError(Fate.RESET)
    return data


def _check(data: bytes, offset: int) -> int:
    if data != pattern(offset, len(data)):
        raise LostError(Fate.WRONG)
    return len(data)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    order = Order(**json.loads(await loop.run_in_executor(None, sys.stdin.readline)))
    until = asyncio.Event()

    def ended(connection: Connection) -> None:
        print(json.dumps(asdict(connection)), flush=True)

    running = asyncio.create_task(Traffic(order, ended).run(until))
    reading = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait((running, reading), return_when=asyncio.FIRST_COMPLETED)
    until.set()
    await running


if __name__ == "__main__":
    asyncio.run(_main())
