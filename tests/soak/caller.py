"""Starts the traffic beside a lab, and takes down what becomes of every connection."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import asdict

from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS
from tests.lab.network.real.namespaces import NamespacesNetwork
from tests.soak.connections import Connection, Fate
from tests.soak.traffic import CONNECTED_WITHIN, SILENT_FOR, Order


class Caller:
    """The traffic's process.

    Args:
        lab: of real packets, and open.
        connections: to which each is added as it ends.
        downloads_last: the shortest and the longest that a download takes, in seconds.

    Attributes:
        problems: a sentence for each thing that is wrong with the process itself.

    Raises:
        TypeError: the lab's network is simulated.
    """

    def __init__(self, lab: Lab, connections: list[Connection], downloads_last: tuple[float, float]) -> None:
        network = lab.network
        if not isinstance(network, NamespacesNetwork):
            raise TypeError("there is no traffic but of real packets")
        names = {host: namespace.name for host, namespace in network.backend_namespaces().items()}
        self._order = Order(names, network.router.internet.name, TARGETS, seconds=downloads_last)
        self._connections = connections
        self.problems: list[str] = []

    def __enter__(self) -> Caller:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.traffic"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(self._order)) + "\n")
        self._process.stdin.flush()
        self._reader = threading.Thread(target=self._read, name="traffic", daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            fields = json.loads(line)
            self._connections.append(Connection(**{**fields, "fate": Fate(fields["fate"])}))

    def __exit__(self, *_: object) -> None:
        """Let it open no further connection, and wait for the last one."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(self._order.seconds[1] + CONNECTED_WITHIN + SILENT_FOR + 10)
        except subprocess.TimeoutExpired:
            self.problems.append("the traffic did not end")
            self._process.kill()
        self._reader.join(5)
        if self._process.wait() != 0:
            self.problems.append(f"the traffic ended with status {self._process.returncode}")
