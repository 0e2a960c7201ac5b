"""Who has which public address, as EC2 gives and takes them when an Elastic IP moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from tests.gate.rules.rule import changed
from tests.lab.network.layout import FIRST_GIVEN, GIVEN


class PublicAddresses:
    """The public addresses of the NATs: an Elastic IP, or one that EC2 gives, another each time, or none for a while.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eip-overview.html

    Args:
        launched_with: the address that each NAT was launched with.

    Attributes:
        of: each NAT's address now; None where it has none.
    """

    def __init__(self, launched_with: Mapping[str, str | None]) -> None:
        self.of: dict[str, str | None] = dict(launched_with)
        self._elastic: dict[str, str] | None = None
        self._bare_until: dict[str, float] = {}
        self._times_given = 0

    def update(
        self, elastic: Mapping[str, str], multihomed: Collection[str], now: float, wait: Callable[[str], float]
    ) -> list[float]:
        """Bring them up to what EC2 does once Elastic IPs are where they are.

        Args:
            elastic: the Elastic IP of each host that has one.
            multihomed: hosts with a second network interface.
            now: seconds.
            wait: draws how many seconds a host is without an address.

        Returns:
            In how many seconds the next host gets an address, for each of those that wait for one from now on.
        """
        waits, before = [], elastic if self._elastic is None else self._elastic
        for host in self.of:
            if host in elastic:
                if host not in before and self.of[host] is not None:
                    changed("T7c")
                self._bare_until.pop(host, None)
                self.of[host] = elastic[host]
            elif host in before:
                self.of[host] = None
                if host in multihomed:
                    changed("T7b")
                    self._bare_until[host] = float("inf")
                    continue
                changed("T7a")
                waits.append(wait(host))
                self._bare_until[host] = now + waits[-1]
            elif now >= self._bare_until.get(host, float("inf")):
                del self._bare_until[host]
                self.of[host] = GIVEN.format(FIRST_GIVEN + self._times_given)
                self._times_given += 1
        self._elastic = dict(elastic)
        return waits
