"""A person's terminal, with `status --watch` on it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.cli.installed import Command

# https://en.wikipedia.org/wiki/ANSI_escape_code#Control_Sequence_Introducer_commands
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """What a process has shown.

    Attributes:
        exit_status: of the process, once it has ended.
    """

    def __init__(self) -> None:
        self._shown = bytearray()
        self.exit_status: int | None = None

    def read(self, terminal: int) -> None:
        """Read until nobody has the other end open any more."""
        with suppress(OSError):
            while part := os.read(terminal, 65536):
                self._shown += part

    def shows(self, text: str, within: float = 60.0) -> bool:
        """Wait until it has shown a text, so many seconds at most; tell whether it has."""
        deadline = time.monotonic() + within
        while text not in self.text and time.monotonic() < deadline:
            time.sleep(0.05)
        return text in self.text

    @property
    def raw(self) -> bytes:
        """All that it has shown so far."""
        return bytes(self._shown)

    @property
    def text(self) -> str:
        """All that it has shown so far, without what sets colours and moves the cursor."""
        return ESCAPES.sub(b"", bytes(self._shown)).decode(errors="replace")


@contextmanager
def watching(command: Command, **variables: str) -> Iterator[Screen]:
    """Watch the status anew each second, until Ctrl-C is pressed at the end; variables are the environment's."""
    ours, theirs = pty.openpty()
    environ = command.environ() | {"TERM": "xterm"} | variables
    argv = [str(command.path), "status", "--watch", "--every", "1"]
    # Where the tests run in the background of a shell, Ctrl-C is ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        process = subprocess.Popen(argv, env=environ, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(theirs)
    screen = Screen()
    # Whoever writes to a terminal that nobody reads waits for ever, Ctrl-C or not.
    reader = threading.Thread(target=screen.read, args=(ours,))
    reader.start()
    try:
        yield screen
        process.send_signal(signal.SIGINT)
        screen.exit_status = process.wait(30)
    finally:
        process.kill()
        process.wait()
        reader.join(30)
        os.close(ours)
