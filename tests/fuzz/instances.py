"""Instances as EC2 may describe them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.examples import NOW, PRIMARY, STANDBY
from tests.fuzz.function import ELSEWHERE, HOSTS, SUBNETS
from tests.fuzz.values import TEXT

NATS = PRIMARY, STANDBY
ADDRESS = {host: f"10.0.{n}.5" for n, host in enumerate((*HOSTS, *NATS))}
TIMES = st.floats(0, 250_000_000_000) | st.floats(NOW - 300, NOW + 300)
STATES = st.sampled_from(["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]) | TEXT


@st.composite
def instances(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Give the instances in any order, some perhaps twice or not at all, and a few with something wrong about them."""
    odd: dict[str, st.SearchStrategy[Any]] = {
        "State": st.fixed_dictionaries({"Name": STATES}),
        "LaunchTime": TIMES.map(lambda at: datetime.fromtimestamp(at, UTC)),
        "PrivateIpAddress": st.just("300.1.1.1; id") | TEXT,
        "SubnetId": st.just(ELSEWHERE) | TEXT,
        "PublicIpAddress": TEXT,
        "Tags": TEXT.map(lambda name: [{"Key": "Name", "Value": name}]),
        "NetworkInterfaces": st.sampled_from(
            [[], [{"NetworkInterfaceId": "eni-1"}], [{"NetworkInterfaceId": "eni-1", "Attachment": {}}]]
        ),
    }
    everybody = draw(st.permutations([*HOSTS, PRIMARY, STANDBY, draw(st.sampled_from(HOSTS))]))
    found = []
    for host in everybody[draw(st.integers(0, 2)) :]:
        described: dict[str, Any] = {
            "InstanceId": host,
            "State": {"Name": "running"},
            "LaunchTime": datetime.fromtimestamp(NOW - 90_000, UTC),
            "PrivateIpAddress": ADDRESS[host],
            "SubnetId": SUBNETS[0],
        }
        for key in draw(st.lists(st.sampled_from(sorted(odd)), max_size=1)):
            described[key] = draw(odd[key])
        if draw(st.integers(0, 9)) == 0:
            # Of an instance that has ended EC2 tells no place.
            described |= {"State": {"Name": "terminated"}}
            del described["SubnetId"], described["PrivateIpAddress"]
        found.append(described)
    return found
