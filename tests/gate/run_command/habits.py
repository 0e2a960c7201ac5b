"""How the agent and the service behave in time, as the agent's source has it; what is left to chance is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Range = tuple[float, float]


@dataclass(frozen=True)
class AgentHabits:
    """Seconds, unless said otherwise; amazon-ssm-agent 3.3 unless said otherwise.

    Attributes:
        workers: commands that run at once (appconfig/constants.go).
        buffer: commands that wait (the same).
        start: from the message to the script's first line; measured.
        finish: from the script's end to the result's sending; measured.
        keepalive: between two pings of the connection (session/config/config.go).
        patience: without an answer to a ping after which the connection is given up; the first time, the time until
            the first ping comes on top (communicator/websocketchannel.go).
        first_pause: before the first try to connect anew (controlchannel.go).
        pause: before the second try; doubled for each further one, up to half as much on top (retryer.go).
        longest_pause: before any try.
        attempt: what a try takes at most (service/service.go).
        resend_every: between two runs of the job that sends kept results (messageservice/utils/messageutil.go).
        resend_at_start: from the agent's start to the job's first run (mgsinteractor.go).
        kept_for: age at which a kept result is thrown away, once it has been sent twice in vain (sendreply.go).
        boot: from a machine's start to the agent's.
        after_reboot: from the agent's start to its report of what the reboot has ended.
        again_after_boot: until the second try of an agent that could not reach Systems Manager at its start.
        again_later: until every further try.
        renewed_every: between two renewals of the ping status (health/healthcheck.go).
        lost_after: without one until Systems Manager says ConnectionLost; not documented.
        in_progress_lost: share of the reports ``InProgress`` that are lost.
        twice: share of the results whose acknowledgement comes too late, so that they are sent again.
    """

    workers: int = 5
    buffer: int = 5
    start: Range = (0.04, 0.07)
    finish: Range = (0.002, 0.005)
    keepalive: float = 54.0
    patience: float = 60.0
    first_pause: Range = (0.0, 2.5)
    pause: Range = (5.0, 10.0)
    longest_pause: float = 2400.0
    attempt: float = 15.0
    resend_every: float = 300.0
    resend_at_start: float = 2.0
    kept_for: float = 7200.0
    boot: Range = (10.0, 30.0)
    after_reboot: float = 60.0
    again_after_boot: float = 300.0
    again_later: Range = (600.0, 3600.0)
    renewed_every: float = 300.0
    lost_after: Range = (300.0, 600.0)
    in_progress_lost: float = 0.002
    twice: float = 0.01

    def draw(self, name: str, chance: Random) -> float:
        """Draw one of the ranges."""
        low, high = getattr(self, name)
        return chance.uniform(low, high)
