"""Pure: the one line of JSON that the probe prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from nat_failover.foreign_text import read_json
from nat_failover.probing.nat_health import Health, read_health

# The kernel keeps signals of 512 addresses at most; a line has room for a tenth of that.
MOST_SIGNALS = 100
MOST_LOSS = 100
ANSWERS: Mapping[object, bool | None] = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class Signal:
    """What a listener has heard of one address last.

    Attributes:
        address: private IPv4 address.
        online: whether it has signalled that it is online by the route; else that it is offline, and not only by the
            route but through the active NAT's proof port as well.
        age: seconds before the end of the listener's watch.
        through: whether the connection came about: through this NAT, to a target and back.
    """

    address: str
    online: bool
    age: float
    through: bool


@dataclass(frozen=True)
class Lately:
    """Of what a backend has sent by the route in its last minutes, what was answered."""

    pings: int
    pings_sent: int
    connections: int
    connections_made: int


@dataclass(frozen=True)
class Report:
    """What the line says, as far as it is needed; durations in seconds.

    Attributes:
        state: ``online``, ``offline``, ``cannot-probe``; ``unknown`` where a newer watch has ended it before it knew.
        boot: id of the host's boot, from which its uptime counts; empty where the probe did not say.
        active: whether a connection to the active NAT's proof port came about; None where none was tried.
        passive: the same of the passive NAT's.
        answered: pings that were answered, of ``sent``.
        intercepted: something on the way answers for others, so that connections prove nothing.
        signals: of a listener, by address; None of a host that does not listen.
        deaf: why a NAT can't listen; empty where it can, or is none.
        loss: per cent of what goes by the active NAT, where the host is offline for that; None where all is lost.
        lately: of a backend, what its last minutes were like; None where the probe did not say.
        goes_on: it has told before the window's end, and watches on, but tells only by signals.
        health: of a NAT; None where the probe did not say.
        why: it can't probe; empty where it can.
    """

    state: str
    elapsed: float = 0.0
    lost_for: float = 0.0
    uptime: float = 0.0
    boot: str = ""
    active: bool | None = None
    passive: bool | None = None
    answered: int = 0
    sent: int = 0
    intercepted: bool = False
    signals: tuple[Signal, ...] | None = field(default=None)
    deaf: str = ""
    loss: int | None = None
    lately: Lately | None = None
    goes_on: bool = False
    health: Health | None = None
    why: str = ""

    @property
    def in_words(self) -> str:
        """Return what it says, for people."""
        pings = f"{self.answered} of {self.sent} pings answered"
        match self.state:
            case "online":
                return f"can't listen: {self.deaf}" if self.deaf else pings if self.sent else "online"
            case "offline":
                lost = f"{self.loss} % lost" if self.loss is not None else "no target answers"
                return f"{lost}, for {self.lost_for:.1f} s when it said so"
            case "cannot-probe":
                return self.why or "the probe can't run there"
            case _:
                return "the probe does not know"


def read_report(output: str) -> Report | None:
    """Return the probe's line among all that the script has printed; None where there is none that makes sense."""
    for line in output.splitlines():
        try:
            values = read_json(line)
        except ValueError:
            continue
        if isinstance(values, dict) and values.get("probe") == 2 and isinstance(values.get("state"), str):
            return _report(values)
    return None


def _report(values: Mapping[str, Any]) -> Report | None:
    numbers = [values.get(key, 0) for key in ("elapsed", "lost_for", "uptime")]
    pings = values.get("pings", [0, 0])
    if not isinstance(pings, list) or len(pings) != 2 or not all(_is_number(n) for n in (*numbers, *pings)):
        return None
    elapsed, lost_for, uptime = map(float, numbers)
    boot, deaf, signals = values.get("boot"), values.get("deaf"), values.get("heard")
    loss: Any = values.get("loss")
    why = values.get("why")
    return Report(
        values["state"],
        elapsed,
        lost_for,
        uptime,
        boot if isinstance(boot, str) else "",
        _answer(values.get("active")),
        _answer(values.get("passive")),
        int(pings[0]),
        int(pings[1]),
        values.get("intercepted") is True,
        _signals(signals) if isinstance(signals, str) else None,
        deaf[:100] if isinstance(deaf, str) else "",
        int(loss) if _is_number(loss) and loss <= MOST_LOSS else None,
        _lately(values.get("lately")),
        values.get("goes_on") is True,
        read_health(values.get("health")),
        why[:100] if isinstance(why, str) else "",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e10


def _lately(value: object) -> Lately | None:
    if not isinstance(value, list) or len(value) != 4 or not all(_is_number(number) for number in value):
        return None
    pings, pings_sent, connections, made = map(int, value)
    return Lately(pings, pings_sent, connections, made) if pings <= pings_sent and connections <= made else None


def _answer(value: object) -> bool | None:
    return ANSWERS.get(value) if isinstance(value, str) else None


def _signals(text: str) -> tuple[Signal, ...]:
    """Return what a listener has heard; words that make no sense are left out."""
    signals = (_signal(signal) for signal in text.split(" ")[:MOST_SIGNALS])
    return tuple(signal for signal in signals if signal is not None)


def _signal(text: str) -> Signal | None:
    match text.split(","):
        case [address, "n" | "f" as kind, age, "0" | "1" as through]:
            try:
                seconds = float(age)
                known = str(IPv4Address(address))
            except ValueError:
                return None
            # A kernel keeps none for longer than twelve seconds.
            return Signal(known, kind == "n", seconds, through == "1") if 0 <= seconds < 60 else None
        case _:
            return None
