"""What the agent shows of what a script has printed, as amazon-ssm-agent puts them together in iohandler.go."""

from __future__ import annotations

from tests.gate.rules.rule import changed

MOST = 2500
TITLE = "\n----------ERROR-------\n"
CUT_OUTPUT = "\n---Output truncated---"
CUT_ERROR = "\n---Error truncated----"
# Exit statuses that the agent takes for success: with a reboot, and with the steps that are left skipped.
REBOOT, ENOUGH = 194, 168


def shown(stdout: str, exit_code: int, stderr: str = "") -> str:
    """Return what an invocation's ``Output`` says.

    Standard output comes first. Where the script fails, what it has written to standard error and the agent's own
    message follow behind a title, all in 2,500 characters at most.
    """
    if exit_code not in (0, REBOOT, ENOUGH):
        changed("R6d")
        message = f"failed to run commands: exit status {exit_code}"
        stderr = f"{stderr}\n{message}" if stderr else message
    return _cut(stdout, "" if exit_code == ENOUGH else stderr)


def _cut(stdout: str, stderr: str) -> str:
    title = TITLE if stderr else ""
    room = MOST - len(title)
    if len(stdout) + len(stderr) < room:
        return stdout + title + stderr
    changed("R6d")
    if len(stdout) > room / 2 and len(stderr) > room / 2:
        each = (room - len(CUT_ERROR) - len(CUT_OUTPUT)) // 2
        return stdout[:each] + CUT_OUTPUT + title + stderr[:each] + CUT_ERROR
    if len(stdout) <= room / 2:
        return stdout + title + stderr[: room - len(CUT_ERROR) - len(stdout)] + CUT_ERROR
    return stdout[: room - len(CUT_OUTPUT) - len(stderr)] + CUT_OUTPUT + title + stderr
