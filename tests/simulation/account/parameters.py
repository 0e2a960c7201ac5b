"""What the model of an account holds, how it was a minute ago, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.simulation.account.holdings import Holdings, Refused, Version

# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
KEPT_VERSIONS = 100
# How far back it can answer, in seconds.
REMEMBERED = 60.0


class ParameterStore:
    """Holds what there is, and answers what is asked of parameters.

    Args:
        holdings: what there is.
        now: clock, in seconds since the epoch.
    """

    def __init__(self, holdings: Holdings, now: Callable[[], float]) -> None:
        self.holdings = holdings
        self._now = now
        self._past: list[tuple[float, Holdings]] = []

    def change(self) -> Holdings:
        """Give what it holds, to be changed; how it was is remembered for as long as ``REMEMBERED``."""
        now = self._now()
        self._past = [(at, held) for at, held in self._past if now - at <= REMEMBERED]
        self._past.append((now, self.holdings.copy()))
        return self.holdings

    @contextmanager
    def as_of(self, at: float) -> Iterator[None]:
        """Answer from what it held at an earlier time."""
        present = self.holdings
        self.holdings = next((held for changed, held in self._past if changed > at), present)
        try:
            yield
        finally:
            self.holdings = present

    def _parameters(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: self._version(*name.partition(":")[::2]) for name in arguments["Names"]}
        return {
            "Parameters": [
                _described(name.partition(":")[0], version) for name, version in known.items() if version is not None
            ],
            "InvalidParameters": [name for name, version in known.items() if version is None],
        }

    def _parameter(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        parameter = self.parameter(arguments["Name"])
        if parameter is None:
            raise Refused("ParameterNotFound", arguments["Name"])
        return {"Parameter": parameter}

    def latest(self, name: str) -> Version | None:
        """Give the latest version of a parameter; None where there is none."""
        versions = self.holdings.parameters.get(name)
        return versions[-1] if versions else None

    def _version(self, name: str, number: str) -> Version | None:
        """Give one version of a parameter, the latest where none is named; None where there is none (any more)."""
        if not number:
            return self.latest(name)
        return next((v for v in self.holdings.parameters.get(name, []) if v.number == int(number)), None)

    def parameter(self, name: str) -> dict[str, Any] | None:
        """Give a parameter as GetParameter does; None where there is none."""
        version = self.latest(name)
        return None if version is None else _described(name, version)

    def put(self, arguments: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Write a parameter.

        Raises:
            Refused: it exists and may not be overwritten.
        """
        if self.latest(arguments["Name"]) is not None and not arguments.get("Overwrite"):
            raise Refused("ParameterAlreadyExists", "The parameter already exists.")
        versions = self.change().parameters.setdefault(arguments["Name"], [])
        number = versions[-1].number + 1 if versions else 1
        versions.append(Version(arguments["Value"], number, self._now(), by))
        del versions[:-KEPT_VERSIONS]
        return {"Version": number, "Tier": "Standard"}

    def delete(self, name: str) -> None:
        """Delete a parameter, as a person may; its versions begin anew."""
        self.change().parameters.pop(name, None)


def _described(name: str, version: Version) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "String",
        "Value": version.text,
        "Version": version.number,
        "LastModifiedDate": datetime.fromtimestamp(version.at, UTC),
    }
