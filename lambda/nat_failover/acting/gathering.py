"""Evidence that a decision lacks: asked for, and waited for by one invocation of those that miss it."""

from __future__ import annotations

from collections.abc import Callable

from nat_failover.acting.turns import Turns
from nat_failover.events import StatusChange, Tick, Trigger
from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.judging.view import View
from nat_failover.lookout import Lookout
from nat_failover.probing.invocation import State
from nat_failover.probing.rounds import Kind
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

# An invocation asks the same host again no sooner than after this many seconds.
ASK_EVERY = 3.0
# A failure counts as new, one that others may be about to join, where its host had been fine for this long.
FINE_FOR = 20.0
# Between two looks, in seconds for each round that is read: the first pause, each next half as long again, and the
# longest. Systems Manager lists five times a second for the whole account.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 0.6
# The same where another goes ahead, and only what AWS has had no time for is waited for.
UNREAD_PAUSE = 1.0

Ask = Callable[[View, Kind, tuple[str, ...]], View]


class Gathering:
    """Waits for evidence.

    Args:
        settings: how long it waits.
        runtime: clock, waiting, chance.
        lookout: reads what hosts have said since.
        turns: tells whether this process goes ahead of others.
        ask: sends a round, and adds it to the view.
    """

    def __init__(self, settings: Settings, runtime: Runtime, lookout: Lookout, turns: Turns, ask: Ask) -> None:
        self._settings = settings
        self._runtime = runtime
        self._lookout = lookout
        self._turns = turns
        self._ask = ask

    def gather(self, view: View, decision: Decision, trigger: Trigger, until: float) -> tuple[View, Decision]:
        """Ask for what a decision lacks, and wait for the answers as long as they may change it.

        Who has asked waits for the answer. Who finds it asked for already, or finds the first of several failures, and
        does not go ahead of others, leaves it to those that do: each further failure brings an event.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: Systems Manager refuses.
        """
        begun = self._runtime.now()
        deadline = min(begun + self._settings.confirm_for, until)
        asked_at: dict[str, float] = {}
        pause = FIRST_PAUSE
        # What a host has said since, in a round that is not read yet, may withdraw what it has said before.
        while decision.action is Action.HOLD or view.unread:
            now = self._runtime.now()
            if now >= deadline:
                break
            ask = tuple(host for host in decision.ask if now - asked_at.get(host, 0) >= ASK_EVERY)
            if ask and self._may_ask(view, decision, trigger):
                if not asked_at:
                    # However long it has waited before: the answer has its time.
                    deadline = min(now + self._settings.confirm_for, until)
                asked_at |= dict.fromkeys(ask, now)
                view = self._ask(view, Kind.CHECK, ask)
            leads = bool(asked_at) or self._turns.is_ahead or isinstance(trigger, Tick)
            waits = leads or bool(view.unread)
            if not waits or not self._worth_waiting(view, decision, trigger, begun):
                break
            # Of many that meet a throttled list, those that come after leave it to the one ahead.
            rest = pause if leads else UNREAD_PAUSE
            self._runtime.sleep(rest * max(1, len(view.unfinished)) * self._runtime.random.uniform(0.8, 1.2))
            pause = min(1.5 * pause, LONGEST_PAUSE)
            view = self._lookout.look_again(view)
            decision = decide(view.situation(self._runtime.now()), self._settings)
        return view, decision

    def _may_ask(self, view: View, decision: Decision, trigger: Trigger) -> bool:
        """Return whether an invocation asks: for what is not known; whether the standby has recovered, a tick asks."""
        if isinstance(trigger, Tick):
            return True
        # What it lacks may stand in a round that is yet to be read: while AWS throttles, a question brings more events.
        return decision.cause is not Cause.CONTROL_DOWN and not view.unread and not self._is_answer(view, trigger)

    def _is_answer(self, view: View, trigger: Trigger) -> bool:
        """Return whether an event is of no watch that counts: others would go on asking for ever.

        Whoever has asked by a quick check waits for the answer. An event whose round is not worth reading any more is
        one of many: in a lasting outage each question would bring an event of every host, and each ask again. Where
        there are no watches, quick checks are all that there is.
        """
        if not self._settings.watches or not isinstance(trigger, StatusChange):
            return False
        return not any(a.command_id == trigger.command_id and a.kind is Kind.WATCH for a in view.rounds)

    def _worth_waiting(self, view: View, decision: Decision, trigger: Trigger, begun: float) -> bool:
        now = self._runtime.now()
        if decision.cause is Cause.UNCONFIRMED or view.unread:
            return True
        if decision.cause is Cause.FEW_FAILURES:
            # The first failures after a time of health: the others' are seen within the next seconds, if it is the NAT.
            new = any(o.elapsed >= FINE_FOR and now - o.at <= self._settings.gather_for for o in decision.evidence)
            if new and now - begun < self._settings.gather_for:
                return True
        if not isinstance(trigger, Tick) or (self._settings.watches and not decision.evidence):
            return False
        # Whoever is checked quickly may be offline as others are: without its event nobody reads that for a minute.
        return any(o.state is State.PENDING and o.answers_soon for o in view.observations)
