"""Pure: the SSM document that carries the probe to a host, with parameters that nothing can be smuggled through."""

from __future__ import annotations

from pathlib import Path

SCRIPT = Path(__file__).parent / "probe.sh"

# A target begins with a letter or a digit, so that ping takes none for an option.
_TARGET = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
# By parameter, in the order in which the script takes them; no pattern lets a quote, a space (but between targets),
# a line's end or anything else through that a shell knows. The agent compiles them with Go's regexp, which takes no
# repeats within repeats whose product is beyond a thousand, and fails every command otherwise: the four further targets
# are written out. https://pkg.go.dev/regexp/syntax
PATTERNS = {
    "targets": f"^{_TARGET}{f'( {_TARGET})?' * 4}$",
    "interval": r"^[0-9]{1,2}(\.[0-9]{1,2})?$",
    "failures": r"^[1-9][0-9]?$",
    "window": r"^[0-9]{1,4}$",
    "warmUp": r"^[0-9]{1,5}$",
    "control": r"^(-|[0-9]{1,3}(\.[0-9]{1,3}){3})$",
}
_DESCRIPTIONS = {
    "targets": "What to ping: one to five IPv4 addresses or host names, one space between them",
    "interval": "Seconds between two pings, 0.2 to 60",
    "failures": "Lost pings in a row after which all targets are tried a last time",
    "window": "Seconds to watch; 0 for one quick check",
    "warmUp": "Seconds of uptime before which the host says nothing of the network",
    "control": "Address of the host whose word a decision waits for, told of trouble by a ping; - for none",
}
# An hour is what AWS takes by default; a watch ends long before:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html
STEP_TIMEOUT = 3600


class ProbeScriptError(ValueError):
    """The script can't be put into a document as it stands."""


def content(script: str) -> dict[str, object]:
    """Return the document: the script's lines, with the parameters as its arguments set behind its first line.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html

    Args:
        script: the probe, a POSIX shell script that takes the parameters as its arguments, in their order.

    Raises:
        ProbeScriptError: the script has no shebang line, or braces that SSM would take for a parameter.
    """
    shebang, *lines = script.splitlines()
    if not shebang.startswith("#!"):
        raise ProbeScriptError("the probe must begin with a shebang line")
    if "{{" in script:
        raise ProbeScriptError("the probe must not contain {{, which Systems Manager takes for a parameter")
    arguments = " ".join(f"'{{{{ {name} }}}}'" for name in PATTERNS)
    return {
        "schemaVersion": "2.2",
        "description": "Asks a host whether it reaches the Internet. It changes nothing and sends a few pings.",
        "parameters": {
            name: {"type": "String", "description": _DESCRIPTIONS[name], "allowedPattern": pattern}
            for name, pattern in PATTERNS.items()
        },
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": "probe",
                "precondition": {"StringEquals": ["platformType", "Linux"]},
                "inputs": {
                    "timeoutSeconds": str(STEP_TIMEOUT),
                    "runCommand": [shebang, f"set -- {arguments}", *lines],
                },
            }
        ],
    }
