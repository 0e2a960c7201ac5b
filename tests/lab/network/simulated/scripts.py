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
    """A script that is not the probe: which it is, is known by what it prints."""

    def __init__(self, network: SimulatedNetwork, host: str, script: str) -> None:
        self._network = network
        self._host = host
        self._values = dict(re.findall(r"^(\w+)='([^']*)'$", script, re.MULTILINE))
        self._data = script.rstrip("\n").rpartition("\n")[2].split()
        plays = {
            "rm -f": self._stop,
            '"inspect":1': self._inspect,
            '"watch\\":1': self._watch,
            '"forward":%d': self._forward,
        }
        (self._play,) = (play for printed, play in plays.items() if printed in script)
        super().__init__(network.world, f"script on {host}")

    def _main(self) -> None:
        fields = self._play()
        code = 3 if fields.get("forward", 0) is None else 0
        self._outcome = ProbeOutcome(code, json.dumps(fields, separators=(",", ":")) + "\n")

    def _inspect(self) -> dict[str, object]:
        forwarding, translating = self._network.is_nat(self._host)
        return {"inspect": 1, "forwarding": forwarding, "translating": translating}

    def _watch(self) -> dict[str, object]:
        world = self._network.world
        lasts, drill = self._data
        begun, changes, slots = world.now(), list[tuple[float, int]](), 0
        at = 0.0
        while (at := world.now() - begun) < float(lasts) and drill not in self._network.files:
            # All are drawn, not only until the first answers: one seed is one history.
            answers = [self._network.reaches(self._host, target) for target in self._values["targets"].split()]
            online = int(any(answers))
            if not changes or changes[-1][1] != online:
                changes.append((round(at, 2), online))
            slots += 1
            world.sleep(float(self._values["interval"]))
        return {"watch": 1, "begun": round(begun, 3), "lasted": round(at, 2), "slots": slots, "changes": changes}

    def _stop(self) -> dict[str, object]:
        (drill,) = self._data
        self._network.files.add(drill)
        self._network.world.sleep(3)
        self._network.files.discard(drill)
        return {}

    def _forward(self) -> dict[str, object]:
        nats, (seconds,) = self._values["nats"].split(), self._data
        if nats and self._values["AWS_SSM_INSTANCE_ID"] not in nats:
            return {"forward": None, "why": "this host is not a NAT of the pair"}
        network, value, after = self._network, seconds == "0", float(seconds)
        was, _ = network.is_nat(self._host)
        network.set_forwarding(self._host, value)
        if after > 0 and was:

            def back() -> None:
                network.world.sleep(after)
                network.set_forwarding(self._host, True)

            network.world.spawn(back, "the drill's end")
        return {"forward": int(value), "was": int(was)}
