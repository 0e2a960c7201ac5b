"""The rules of Run Command and its agent; see ``Rule``."""

from __future__ import annotations

from tests.gate.rules.rule import Rule

AGENT = "amazon-ssm-agent 3.3"
MONITORING = "https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html"
# The model says of SendCommand's TimeoutSeconds that a command which has not begun by then is not run.
DISPUTED = f"{MONITORING}; the model says otherwise: either is drawn"


def _rule(rule: str, about: str, text: str, source: str) -> Rule:
    return Rule(rule, about, text, "", source)


RULES: tuple[Rule, ...] = (
    _rule(
        *("A1a", "agent: queue", "Five commands run at once; five more wait, and are InProgress already."),
        f"{AGENT}: appconfig/constants.go, task/pool.go",
    ),
    _rule(
        *("A1b", "agent: queue", "InProgress is said once: if the word is lost, the command is Pending to its end."),
        f"{AGENT}: mgsinteractor.go",
    ),
    _rule(
        *("A1c", "agent: queue", "A command beyond ten is not taken, and stays Pending."),
        f"{AGENT}: framework/processor/processor.go",
    ),
    _rule(
        *("A2a", "agent: queue", "A command that waits is started however late: the agent knows no TimeoutSeconds."),
        f"{AGENT}: no use of it",
    ),
    _rule(
        *("A2b", "ssm:ListCommandInvocations", "The service gives up after TimeoutSeconds and the step's timeout."),
        DISPUTED,
    ),
    _rule("A2c", "agent: delivery", "A command that the service has given up is never delivered.", DISPUTED),
    _rule(
        *(
            "A3",
            "agent: script",
            "A script starts 40 to 70 ms after its message; its result leaves after 2 to 5 ms.",
        ),
        f"{AGENT}, measured",
    ),
    _rule(
        *("A4a", "agent: connection", "A connection whose path breaks is taken for open until a ping goes unanswered."),
        f"{AGENT}: communicator/websocketchannel.go",
    ),
    _rule(
        *("A4b", "agent: connection", "It then connects anew, with pauses of 5 to 15 s, 10 to 30 s, 20 to 60 s, …"),
        f"{AGENT}: controlchannel.go, session/retry/retryer.go",
    ),
    _rule(
        *("A4c", "agent: connection", "No command reaches an agent without a connection that carries."),
        f"{AGENT}: mgsinteractor.go",
    ),
    _rule(
        *("A5a", "agent: results", "A result that is not acknowledged is sent again by a job every five minutes only."),
        f"{AGENT}: mgsinteractor/sendreply.go",
    ),
    _rule(
        *("A5b", "agent: results", "A kept result that is two hours old is thrown away."),
        f"{AGENT}: messageservice/utils/messageutil.go",
    ),
    _rule(
        *("A5c", "agent: results", "A result sent into a gap arrives after it, and again with the job."),
        f"{AGENT}: mgsinteractor/sendreply.go; TCP",
    ),
    _rule("A6a", "agent: results", "The final word may overtake InProgress.", f"{AGENT}: two threads send them"),
    _rule("A6b", "agent: results", "The final word may come twice.", f"{AGENT}: mgsinteractor/sendreply.go"),
    _rule(
        *(
            "A7a",
            "agent: script",
            "A script that is cancelled or timed out is killed: code 137, and no output but what it had printed.",
        ),
        f"{AGENT}: executers/executers.go",
    ),
    _rule(
        *("A7b", "agent: reboot", "What a reboot ends is Failed, code 1, no output, 60 s after the agent is back."),
        f"{AGENT}, run",
    ),
    _rule(
        *("A7c", "agent: script", "A step whose precondition does not hold is skipped: Success, no output."),
        f"{AGENT}: executer/plugin/plugin.go",
    ),
    _rule(
        *(
            "A9a",
            "agent: start",
            "An agent that can't register tries again after 5 minutes, then every 10 to 60.",
        ),
        f"{AGENT}: core/app/registrar",
    ),
    _rule(
        *("A9b", "ssm:DescribeInstanceInformation", "PingStatus is renewed every five minutes, and so lags behind."),
        f"{AGENT}: health/healthcheck.go",
    ),
    _rule(
        *("R2g", "ssm:DescribeInstanceInformation", "Instances that are stopped or terminated are not listed."),
        "seen",
    ),
    _rule(
        *("R6d", "agent: output", "Output has 2,500 characters, and ends with the exit status where it is not 0."),
        f"{AGENT}: iohandler/iohandler.go, plugins/runscript/runscript.go",
    ),
)
