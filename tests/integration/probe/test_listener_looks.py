"""How often a listener looks: at once for others when one more is offline, and no more often for one that stays so."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.integration.probe.listening import MANY, listens
from tests.integration.probe.network import Network, Stage
from tests.integration.probe.shells import in_every_shell, stubs
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces
# Notes the uptime of every look.
NOTING = '[ "$1" != list ] || {{ read -r up _ </proc/uptime && echo "$up" >>{notes}; }}; exec {nft} "$@"'


def looks_from(network: Network, notes: Path, host: str, seconds: float) -> list[float]:
    """Have a host signal for some seconds that it is offline; return when there were looks, from the first on."""
    begun = time.clock_gettime(time.CLOCK_BOOTTIME)
    while time.clock_gettime(time.CLOCK_BOOTTIME) < begun + seconds:
        network.signal_from([host], 80)
        time.sleep(0.6)
    return [at - begun for at in map(float, notes.read_text(encoding="utf-8").split()) if at >= begun]


@in_every_shell
def test_it_looks_at_once_for_others_when_one_more_is_offline(stage: Stage, shell: str, tmp_path: Path) -> None:
    network, notes = stage.networks[shell], tmp_path / "notes"
    network.mend()
    program = NOTING.format(notes=notes, nft=shutil.which("nft"))
    run = network.probe(30, on=network.passive, path=stubs(tmp_path / "stubs", {"nft": program}))
    assert eventually(lambda: listens(network), 5)
    more = []
    for host in MANY[:2]:
        looks = looks_from(network, notes, host, 6)
        # Two seconds of twelve hundredths each; then four a second. On a busy machine both are fewer.
        first = next(at for at in looks if at > 0.1)
        usual = sum(4 < at <= 6 for at in looks)
        assert usual <= 9
        more.append(sum(first < at <= first + 2 for at in looks) / usual)
    run.process.terminate()
    run.end()
    assert max(more) > 1.4, more
