"""An invocation that carries a decision out, without the monitor that has come to it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from nat_failover.acting.execution import Execution, Invoker, Known, Result
from nat_failover.acting.failover import Failover
from nat_failover.clients import PairServices
from nat_failover.judging.decision import Action, Cause, Decision
from nat_failover.lock.record import LockState, Record
from nat_failover.network.describing import Instances
from nat_failover.network.elastic_ip import Egress
from nat_failover.network.route_table_pair import Tables
from nat_failover.observability import Metrics
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import Verification
from nat_failover.telling.channels import Notifications
from nat_failover.telling.notifier import Teller
from tests.examples import observation
from tests.integration.account import Account

REASON = "3 of 4 backends can't reach the Internet"


class Acting:
    """An invocation that carries a decision out, with a view of the egress address of its own where it is given one."""

    def __init__(self, account: Account, egress: Egress | None = None) -> None:
        self.account = account
        self.stream = io.StringIO()
        services = PairServices.of(account.settings, account.clients, account.clock)
        if egress is not None:
            services = replace(services, egress=egress)
        self.lock, self.routes, self.probe = services.lock, services.routes, services.probe
        self.egress = services.egress
        notifications = Notifications(account.clients.sns, account.clients.events, account.settings)
        self.teller = Teller(services.parameters, notifications, account.settings, account.clock)
        verification = Verification(self.probe, account.settings, account.clock)
        self.failover = Failover(services, Execution(services, verification, self.teller))
        self.metrics = Metrics(account.settings, self.stream)
        hosts = (account.primary, account.standby, *account.backends)
        self.instances = Instances(account.clients.ec2, account.clock).describe(hosts)

    def carry_out(
        self,
        request_id: str = "request-1",
        to_table: str | None = None,
        backends: tuple[str, ...] | None = None,
        known: Tables | None = None,
    ) -> Result:
        """Fail over to the standby unless told otherwise."""
        now = self.account.clock.now()
        evidence = tuple(
            observation(h, at=now - 2, since=now - 4, asked_at=now - 90) for h in self.account.backends[:3]
        )
        decision = Decision(
            Action.FAIL_OVER,
            Cause.ENOUGH_FAILURES,
            REASON,
            evidence,
            to_table=to_table or self.account.standby_table,
        )
        sampled = self.account.backends if backends is None else backends
        return self.failover.carry_out(decision, self._known(sampled, evidence, known), self.invoker(request_id))

    def finish(self, request_id: str = "request-2") -> Result:
        """Finish what another has left."""
        return self.failover.finish(self._known(self.account.backends), self.invoker(request_id))

    def _known(
        self, sampled: tuple[str, ...], evidence: tuple[Observation, ...] = (), tables: Tables | None = None
    ) -> Known:
        return Known(tables or self.routes.read(), sampled, evidence, self.instances)

    def invoker(self, request_id: str) -> Invoker:
        """Have 45 seconds."""
        return Invoker(request_id, self.account.clock.now() + 45, self.metrics)

    def leave_behind(self, **tables: str) -> None:
        """Let an invocation have died after it had written its record, a lease ago."""
        account = self.account
        both = {"from_table": account.primary_table, "to_table": account.standby_table} | tables
        since = account.clock.now() - 61
        record = Record(LockState.FAILING_OVER, "dead", since, both["from_table"], both["to_table"], {}, (), REASON)
        account.lock = record.text()

    @property
    def record(self) -> dict[str, Any]:
        """The lock's record."""
        found: dict[str, Any] = json.loads(self.account.lock or "")
        return found

    @property
    def measured(self) -> dict[str, list[float]]:
        """All metrics written."""
        self.metrics.flush()
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return {k: v for line in lines for k, v in line.items() if isinstance(v, list)}
