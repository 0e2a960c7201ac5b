"""What reads and changes a pair: put together in one place for the function, its self-test and the command."""

from __future__ import annotations

from dataclasses import dataclass

from nat_failover.clients import Clients
from nat_failover.lock.parameter import Parameters
from nat_failover.lock.store import LockStore
from nat_failover.network.elastic_ip import Egress
from nat_failover.network.instances import Instances
from nat_failover.network.route_tables import Routes
from nat_failover.network.swap import Mover
from nat_failover.probing.fleet import Fleet
from nat_failover.probing.run_command import Probe
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings


@dataclass(frozen=True)
class PairServices:
    """The services of one pair.

    Attributes:
        egress: the egress address; None where the pair has none.
    """

    settings: Settings
    runtime: Runtime
    clients: Clients
    parameters: Parameters
    lock: LockStore
    routes: Routes
    instances: Instances
    fleet: Fleet
    probe: Probe
    egress: Egress | None

    @staticmethod
    def of(settings: Settings, clients: Clients, runtime: Runtime) -> PairServices:
        """Return the services of a pair."""
        parameters = Parameters(clients.ssm, clients.once, runtime)
        fleet = Fleet(clients.ssm, clients.ec2, settings, runtime)
        return PairServices(
            settings,
            runtime,
            clients,
            parameters,
            LockStore(parameters, settings, runtime),
            Routes(clients.ec2, settings, runtime),
            Instances(clients.ec2, runtime),
            fleet,
            Probe(clients.ssm, settings, runtime, fleet),
            Egress.of(clients.ec2, clients.egress, settings, runtime),
        )

    @property
    def mover(self) -> Mover:
        """What moves subnets and egress address."""
        return Mover(self.routes, self.egress, self.runtime)
