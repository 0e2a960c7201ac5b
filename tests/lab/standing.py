"""What the command's ``status`` would say of a lab's pair: the same reading, judged by the same code."""

from __future__ import annotations

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.snapshot.snapshot import LockParameter, Snapshot
from nat_failover.cli.standing.assess import appraise
from nat_failover.cli.standing.standing import Standing
from nat_failover.clients import PairServices
from nat_failover.events import Tick
from nat_failover.lookout import Lookout
from nat_failover.settings import Settings
from tests.lab.cloud.execution import Execution, LabRuntime
from tests.lab.lab import Lab


def standing(lab: Lab) -> Standing:
    """Return how the pair stands, by its lock, its tables and what its hosts have said."""
    settings = Settings.from_environment(lab.cloud.environment)
    execution = Execution(lab.world.now)
    clients, runtime = lab.gateway.clients(execution), LabRuntime(lab.world, execution)
    view = Lookout(PairServices.of(settings, clients, runtime)).look(Tick())
    (lock,) = clients.ssm.get_parameters(Names=[settings.lock_parameter])["Parameters"]
    armed = LockParameter(view.locks.lock, lock["LastModifiedDate"].timestamp())
    pair = Deployed(settings, "nat-failover-main", settings.topic.replace("sns", "lambda"), "", 60.0, "")
    return appraise(Snapshot(pair=pair, now=runtime.now(), options="", view=view, lock=armed))
