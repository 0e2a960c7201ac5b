"""A lab whose account the installed command works in: network namespaces, moto's server, the function at work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto.awslambda import urls
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from tests.cli.beside import complete, log_decision, log_line
from tests.cli.emulator import ANSWERS, PATHS
from tests.cli.installed import Command
from tests.cli.served import served
from tests.e2e.account import environ_of
from tests.gate.harshness import GENTLE
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.functions import Invocation
from tests.lab.cloud.moto_cloud import STACK, MotoCloud
from tests.lab.cloud.propagation import MOTO
from tests.lab.cloud.sessions import session
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.layout import standard_layout
from tests.lab.world.world import Result

# How often the lab looks whether it is to end, and how long after a tick every host watches, in seconds.
LOOK, UNTIL_WATCHED = 0.1, 3.0


@dataclass
class Site:
    """A lab, and the command of somebody who is responsible for it."""

    lab: Lab
    command: Command

    @property
    def cloud(self) -> MotoCloud:
        """The lab's account."""
        assert isinstance(self.lab.cloud, MotoCloud)
        return self.lab.cloud

    def free_claim(self) -> None:
        """Let the claim of what has just been done be over, as it is by itself within a minute."""
        ssm = self.cloud.ssm
        with MOTO, suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=self.cloud.environment["NAT_FAILOVER_CLAIM_PARAMETER"])

    def put_right(self) -> None:
        """Have the pair as it was at first: the primary well and active, armed, and everybody watching."""
        lab, cloud = self.lab, self.cloud
        for nat in lab.network.layout.nats:
            lab.network.boot(nat.name, cloud.user_data)
        with MOTO:
            for association in cloud.tables()[cloud.standby_table]["Associations"]:
                cloud.ec2.replace_route_table_association(
                    AssociationId=association["RouteTableAssociationId"], RouteTableId=cloud.primary_table
                )
            cloud.mirror()
            cloud.set_lock("armed")
        self.free_claim()
        lab.functions.tick()
        lab.wait(UNTIL_WATCHED)


@contextmanager
def site(home: Path, installed: Path, latencies: Latencies) -> Iterator[Site]:
    """Have a lab of real packets up, its function watching, its account served.

    Args:
        home: folder of the person who has the command.
        installed: folder that the package is installed in.
        latencies: what AWS would add to the function's calls, and to what happens on hosts.

    Raises:
        NamespacesUnavailableError: not on this machine; the message says why.
    """
    lab = Lab(
        "namespaces", 1, latencies, layout=standard_layout(subnets=2, backends=3), on_start=_complete, harshness=GENTLE
    )
    with _at_work(lab), _what_it_tells_logged(), patch.dict(urls.url_paths, PATHS), served(lab, ANSWERS) as url:
        yield Site(lab, Command(installed, home, environ_of(url, home)))


@contextmanager
def _at_work(lab: Lab) -> Iterator[None]:
    """Run a lab in a thread of its own; what fails in it is raised here."""
    ready, over = threading.Event(), threading.Event()

    def scenario(lab: Lab) -> None:
        lab.begin()
        ready.set()
        while not over.is_set():
            lab.wait(LOOK)

    run = Result(lambda: lab.run(scenario))
    thread = threading.Thread(target=run, name="lab", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not ready.wait(LOOK):
            pass
        if run.error is None:
            yield
    finally:
        over.set()
        thread.join()
    if run.error is not None:
        raise run.error


# The fields that the command reads of such a line.
KEPT = ("notification", "subject", "channel", "incident", "error")


class _Log(logging.Handler):
    """Writes what a logger of the function's says into the function's log."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        super().__init__()
        self._client = client

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line with the fields that Lambda's log would have."""
        fields = {key: value for key, value in vars(record).items() if key in KEPT}
        with MOTO:
            log_line(self._client, {"message": record.getMessage(), **fields}, record.created)


@contextmanager
def _what_it_tells_logged() -> Iterator[None]:
    of_account: Any = session(REGION)
    logger, handler = logging.getLogger("nat_failover.telling.notifier"), _Log(cache(of_account.client))
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _complete(lab: Lab) -> None:
    """Let the account be as a user's, whose NATs are in two zones; what the function decides is in its log."""
    assert isinstance(lab.cloud, MotoCloud)
    of_account: Any = session(REGION)
    client = cache(of_account.client)
    private = lab.network.layout.private_subnets[0].name
    complete(client, lab.cloud.environment, STACK, [lab.cloud.subnets[private]])
    # The lab's network has one public subnet for both, and in AWS a subnet is in one zone.
    zones: Any = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
    for nat, zone in (("nat01", "a"), ("nat02", "b")):
        zones.get_instance(lab.cloud.instances[nat])._placement.zone = f"{REGION}{zone}"

    def log(invocation: Invocation) -> None:
        if invocation.result is not None:
            with MOTO:
                log_decision(client, invocation.result, invocation.ended_at)

    lab.functions.on_end = log
