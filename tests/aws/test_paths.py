"""What a host has told of its way to the Internet."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.aws.paths import SCRIPT, Change, longest_outage, online_from, read


def test_the_outage_is_read_from_the_changes_that_a_host_has_told() -> None:
    changes = read("100.0 up\n110.5 down\n114.0 up\n120.25 down\n121.0 up\n")
    assert changes[1] == Change(110.5, False)
    assert longest_outage(changes, 105) == 3.5
    assert longest_outage(changes, 115) == 0.75
    assert longest_outage(changes, 121) == 0.0
    assert longest_outage([*changes, Change(130, False)], 105) is None
    assert online_from(changes, 111) == 114.0
    with pytest.raises(ValueError, match="not a change"):
        read("sh: ping: not found\n")
    with pytest.raises(ValueError, match="has not come online"):
        online_from(changes, 122)


def test_the_script_that_watches_tells_changes_alone(tmp_path: Path) -> None:
    # A ping that is lost three times, from its third on.
    ping = tmp_path / "ping"
    ping.write_text(
        f"#!/bin/sh\necho x >>{tmp_path}/pings\nn=$(wc -l <{tmp_path}/pings)\n[ $n -lt 3 ] || [ $n -gt 5 ]\n",
        encoding="utf-8",
    )
    ping.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", SCRIPT.format(seconds=2, target="192.0.2.1")],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    changes = read(done.stdout)
    assert [change.online for change in changes] == [True, False, True]
    outage = longest_outage(changes, 0)
    assert outage is not None
    assert 0.2 < outage < 2
