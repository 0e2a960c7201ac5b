"""Deliberate defects of the function, by which the simulator proves that it would see them.

A defect is a change of a few words in one function of the product. The function keeps its identity and gets other code,
so that whoever has imported it has the defect, too. Words that are not there any more are an error, not a defect that
nobody can find.
"""

from __future__ import annotations

from tests.simulation.mutant import Mutant

MUTANTS = (
    # The claim
    Mutant(
        "the claim is created over another",
        "lock.parameter:Parameters.create",
        "overwrite=False",
        "overwrite=True",
        (35,),
    ),
    Mutant("a claim is never taken over", "lock.claim:Claim.is_live", "now < self.until", "True"),
    Mutant("a claim is taken over too early", "lock.claim:Claim.is_live", "< self.until", "< self.until - 58"),
    Mutant(
        "of two takers both have the claim",
        "lock.store:LockStore.take",
        "not self._parameters.is_next(name, standing.version, claim.text, version)",
        "False",
    ),
    Mutant(
        "the claim is given up after a failover",
        "acting.execution:Execution.swap",
        "moved, seconds, evidence = done.moved, done.seconds, known.evidence",
        "moved, seconds, evidence = done.moved, done.seconds, known.evidence; held.give_up()",
    ),
    # The lock
    Mutant(
        "the lock is not read again after claiming",
        "acting.failover:Failover._claimed",
        "None if held is None else held.read()",
        "Lock(LockState.ARMED, 'armed', 0, '')",
    ),
    Mutant(
        "the outcome overwrites what a person wrote",
        "lock.held:HeldLock.write_text",
        "within = min(WRITE_WITHIN, self.until - now)",
        "self._below, within = None, min(WRITE_WITHIN, self.until - now)",
    ),
    Mutant("the record is written after the swap", "acting.failover:Failover._recorded", "held.write(record)", "pass"),
    Mutant(
        "an unreadable lock is armed", "lock.record:read_lock", "LockState.UNREADABLE, text", "LockState.ARMED, text"
    ),
    Mutant(
        "a paused lock is armed", "lock.record:read_lock", "Lock(LockState.PAUSED, text", "Lock(LockState.ARMED, text"
    ),
    Mutant(
        "a failover is failed-over before it is",
        "acting.failover:Failover.carry_out",
        "LockState.FAILING_OVER,\n",
        "LockState.FAILED_OVER,\n",
    ),
    Mutant(
        "a dead failover is not finished",
        "monitor:Monitor._judge",
        "lock.state is LockState.FAILING_OVER",
        "False",
        (26,),
    ),
    Mutant(
        "a failover of other tables stays begun",
        "acting.failover:Failover._finish",
        "self._record_foreign(held, dead, invoker)",
        "return Result('locked', 'not the pair\\'s')",
    ),
    # The swap
    Mutant(
        "subnets that were refused are forgotten",
        "network.route_tables:Routes.swap",
        "_chosen(tables.by_id[from_table], only).items()",
        "()",
    ),
    Mutant(
        "one subnet is moved, the others are forgotten",
        "network.route_tables:Routes._replace_all",
        "for subnet, association in associations.items()]",
        "for subnet, association in [*associations.items()][:1]] + [lambda: None] * (len(associations) - 1)",
    ),
    Mutant(
        "a swap that failed is told as done",
        "acting.execution:Execution.swap",
        "if done.failure is not None:",
        "if False:",
    ),
    Mutant(
        "a failure is recorded, but not raised",
        "acting.execution:Execution._fail",
        "raise error from unrecorded",
        "pass",
    ),
    Mutant(
        "always to the standby",
        "judging.decision:_proven",
        "to_table=passive.table",
        "to_table=settings.standby_route_table",
    ),
    Mutant("observe mode acts", "monitor:Monitor._judge", "self._settings.mode is Mode.OBSERVE", "False"),
    Mutant(
        "observe mode finishes what was begun",
        "acting.failover:Failover.finish",
        "self._settings.mode is Mode.OBSERVE",
        "False",
    ),
    Mutant(
        "the egress address is left behind",
        "network.elastic_ip:Egress._move",
        "self._try(move)",
        "(move, True)",
    ),
    # The decision
    Mutant("a split is taken for healthy", "network.route_table_pair:Tables.active", "if len(used) == 1", "if used"),
    Mutant(
        "a failure that may be over counts",
        "judging.evidence:current",
        "if situation.now - f.at <= HEARD_WITHIN or situation.looking_since <= f.at <= situation.now",
        "",
    ),
    Mutant(
        "a failure counts twice",
        "probing.survey:survey",
        "if o.state is State.UNREACHABLE)",
        "if o.state is State.UNREACHABLE) * 2",
        (383,),
    ),
    Mutant(
        "whether backends get through the passive NAT is ignored",
        "judging.evidence:weigh",
        "tuple(f for f in offline if f.by_passive)",
        "offline",
    ),
    Mutant(
        "a signal that did not come through is proof", "probing.signals:relayed", "signal.through,", "True,", (1242,)
    ),
    Mutant("the share is ignored", "settings:Settings.is_share", "counted * self.failure_share", "0"),
    Mutant(
        "whether backends get through the active NAT is ignored",
        "judging.evidence:weigh",
        "if f.by_active is not True",
        "",
    ),
    Mutant(
        "what was seen of other NATs counts",
        "judging.view:View.with_signals",
        "if same else replace(",
        "if True else replace(",
    ),
    Mutant(
        "that the active NAT has just been started is ignored",
        "judging.evidence:warming_up",
        ">= settings.warm_up",
        ">= 0",
    ),
    Mutant(
        "that everything stops for the night is ignored",
        "judging.nat_gone:left_behind",
        "2 * len(ended) > len(situation.fleet) or",
        "",
        (814797,),
    ),
    Mutant(
        "that EC2 says the active NAT runs is ignored",
        "judging.nat_gone:nat_gone",
        "nat is None or not nat.is_leaving",
        "nat is None",
    ),
    Mutant(
        "that the passive NAT goes as well is ignored",
        "judging.handover:handover",
        "(other is not None and not _is_later(other, end)) or",
        "",
    ),
    Mutant(
        "that nobody was ever online is ignored",
        "judging.evidence:may_have_died",
        "situation.has_worked or",
        "True or",
    ),
    Mutant("a watch that runs is healthy", "probing.observation:_running", "State.PENDING", "State.REACHABLE"),
    Mutant(
        "the passive table's route is ignored",
        "judging.decision:_enough_failures",
        "unfit is not None",
        "False",
    ),
    Mutant(
        "a group waits where the swap failed",
        "acting.lifecycle:LifecycleActions.completed",
        "            self._complete(trigger)\n        except",
        "            pass\n        except",
    ),
    # What hosts say
    Mutant(
        "a probe that ends as none does is believed",
        "probing.observation:_state",
        'case "offline" if code == EXIT_TO_TELL:',
        'case "offline":',
        (802,),
    ),
    Mutant(
        "a host's clock is believed",
        "probing.observation:_held",
        "max(earliest, min(otherwise if at is None else at, latest))",
        "otherwise if at is None else at",
    ),
    Mutant(
        "a watch that was never heard of is healthy",
        "probing.observation:_not_begun",
        "State.PENDING",
        "State.REACHABLE",
    ),
    # What is told
    Mutant("a round that is refused is passed over", "monitor:Monitor.run", "raise refused", "pass"),
    Mutant("nobody is told", "acting.execution:Execution.swap", "self._teller.tell_of(", "(lambda *_: None)("),
    Mutant(
        "lost routes are not told of",
        "inspection:Inspector._compare_routes",
        "view.tables.differences(view.instances)",
        "()",
        (38,),
    ),
    Mutant(
        "routes are copied while locked",
        "inspection:Inspector._compare_routes",
        "and view.locks.lock.state is LockState.ARMED",
        "",
    ),
    Mutant("rounds are sent while paused", "monitor:Monitor.run", "lock.state is not LockState.PAUSED", "True"),
)
