"""Models of the command's scripts, in lambda/nat_failover/cli/scripts: the same words on the model of the network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.process import SimulatedProcess

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork


class SimulatedScript(SimulatedProcess):
    """A script without arguments: which it is, is known by what it prints."""

    def __init__(self, network: SimulatedNetwork, host: str, script: str) -> None:
        self._network = network
        self._host = host
        self._words = dict(re.findall(r"^(\w+)='([^']*)'$", script, re.MULTILINE))
        plays = {
            "rm -f": self._stop,
            '"inspect":1': self._inspect,
            '"watch\\":1': self._watch,
            '"forward":%d': self._forward,
        }
        (self._play,) = (play for printed, play in plays.items() if printed in script)
        super().__init__(network.world, f"script on {host}")

    def _main(self) -> None:
        self._outcome = ProbeOutcome(0, json.dumps(self._play(), separators=(",", ":")) + "\n")

    def _inspect(self) -> dict[str, object]:
        forwarding, translating = self._network.is_nat(self._host)
        return {"inspect": 1, "forwarding": forwarding, "translating": translating}

    def _watch(self) -> dict[str, object]:
        world = self._network.world
        begun, changes, slots = world.now(), list[tuple[float, int]](), 0
        at = 0.0
        while (at := world.now() - begun) < float(self._words["lasts"]) and not self._stopped():
            # All are drawn, not only until the first answers: one seed is one history.
            answers = [self._network.reaches(self._host, target) for target in self._words["targets"].split()]
            online = int(any(answers))
            if not changes or changes[-1][1] != online:
                changes.append((round(at, 2), online))
            slots += 1
            world.sleep(float(self._words["interval"]))
        return {"watch": 1, "begun": round(begun, 3), "lasted": round(at, 2), "slots": slots, "changes": changes}

    def _stopped(self) -> bool:
        return self._words["stop"] in self._network.files

    def _stop(self) -> dict[str, object]:
        self._network.files.add(self._words["stop"])
        self._network.world.sleep(3)
        self._network.files.discard(self._words["stop"])
        return {}

    def _forward(self) -> dict[str, object]:
        network, value, after = self._network, self._words["value"] == "1", float(self._words["back_after"])
        was, _ = network.is_nat(self._host)
        network.set_forwarding(self._host, value)
        if after > 0:

            def back() -> None:
                network.world.sleep(after)
                network.set_forwarding(self._host, was)

            network.world.spawn(back, "the drill's end")
        return {"forward": int(value), "was": int(was)}
