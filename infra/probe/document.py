"""Pure: the SSM document that carries the probe to a host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path

from infra.config import PairConfig
from infra.config.addresses import PRIVATE_NETWORKS
from nat_failover.cli.scripts.documents import content_of, short_digest
from nat_failover.names import Names

PARTS = tuple(sorted((Path(__file__).parent / "script").glob("*.sh")))

_ADDRESS = r"^(-|[0-9]{1,3}(\.[0-9]{1,3}){3})$"
# What travels with a command, in the order in which the script reads it. No pattern lets anything through but digits,
# dots and a hyphen. The agent compiles them with Go's regexp: https://pkg.go.dev/regexp/syntax
PATTERNS = {"window": r"^[0-9]{1,4}$", "active": _ADDRESS, "passive": _ADDRESS}
_DESCRIPTIONS = {
    "window": "Seconds to watch; 0 for one quick check",
    "active": "Private IPv4 address of the NAT that the subnets use now; - where it is not to be tried",
    "passive": "The same of the other NAT, which hosts signal to; - where it is not to be tried",
}
# An hour is what AWS takes by default; a watch ends long before:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
STEP_TIMEOUT = 3600


class ProbeScriptError(ValueError):
    """The script can't be put into a document as it stands."""


@dataclass(frozen=True)
class ProbeValues:
    """What of a pair's configuration the probe is told, and does not change from round to round.

    Attributes:
        pair: its name.
        interval: seconds between two pings.
        failures: pings lost in a row before a verdict; together with the last everything is tried.
        threshold: backends that have to be offline.
        share: per cent of those heard that have to be exceeded as well.
        networks: whose hosts a NAT's proof ports are open to.
        sample: backends that are asked in a round.
    """

    pair: str
    targets: tuple[str, ...]
    interval: float = 0.5
    failures: int = 3
    threshold: int = 3
    share: int = 50
    networks: tuple[str, ...] = PRIVATE_NETWORKS
    sample: int = 10

    @staticmethod
    def of(pair: PairConfig) -> ProbeValues:
        """Return those of a pair."""
        return ProbeValues(
            pair.name,
            tuple(pair.targets),
            pair.interval,
            pair.failures,
            pair.failure_threshold,
            pair.failure_share,
            pair.protected_cidrs,
            pair.sample_size,
        )


def script(values: ProbeValues, text: str | None = None) -> str:
    """Return the script with the values written into it, and without its comments.

    Args:
        values: of the pair.
        text: the script without them; that of this folder where not given.

    Raises:
        ProbeScriptError: it has no shebang line, no place for a value, or braces that SSM would take for a parameter.
    """
    text = "".join(part.read_text(encoding="utf-8") for part in PARTS) if text is None else text
    if not text.startswith("#!"):
        raise ProbeScriptError("the probe must begin with a shebang line")
    if "{{" in text:
        raise ProbeScriptError("the probe must not contain {{, which Systems Manager takes for a parameter")
    written = {
        "pair": values.pair,
        "targets": " ".join(values.targets),
        "interval": f"{round(values.interval * 100)}",
        "failures": f"{values.failures}",
        "threshold": f"{values.threshold}",
        "share": f"{values.share}",
        "sample": f"{values.sample}",
        # Networks that overlap are an error for nft, and some that adjoin one are less to look through.
        "networks": ",".join(map(str, collapse_addresses(map(IPv4Network, values.networks)))),
    }
    for name, value in written.items():
        if not re.fullmatch(r"[A-Za-z0-9., /-]+", value):
            raise ProbeScriptError(f"{name} can't be written into the probe: {value!r}")
        text, places = re.subn(rf"^{name}=''$", f"{name}='{value}'", text, flags=re.MULTILINE)
        if places != 1:
            raise ProbeScriptError(f"the probe must have one line {name}=''")
    # The agent keeps the script of every command for two weeks.
    return re.sub(r"^ *#(?!!).*\n", "", text, flags=re.MULTILINE)


def content(text: str) -> Mapping[str, object]:
    """Return the document of a script that has the values written into it."""
    return content_of(
        "probe",
        "Asks a host whether it reaches the Internet, and through which of the pair's NATs. On a NAT it opens two "
        "proof ports while it runs.",
        text,
        {name: (_DESCRIPTIONS[name], pattern) for name, pattern in PATTERNS.items()},
        STEP_TIMEOUT,
    )


def document(pair: PairConfig) -> Mapping[str, object]:
    """Return the document of a pair."""
    return content(script(ProbeValues.of(pair)))


def name(pair: PairConfig) -> str:
    """Return the document's name, which is another as soon as anything in the document is."""
    return f"{Names(pair.name).probe}-{short_digest(document(pair))}"
