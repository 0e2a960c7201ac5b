"""A lab's account for other processes: moto's server on loopback, before the lab's Run Command and its network."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.e2e.emulator import Replaced, run_command
from tests.gate import moto_hook
from tests.gate.gate import Gate
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.propagation import MOTO
from tests.lab.lab import Lab

_replace = EC2Response.replace_route_table_association


class _Quiet(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class _OneAtATime:
    """The application, which keeps out of the way of the function's calls: see MOTO.

    Args:
        gate: of the account, whose rates are for the function and for people.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._application: Any = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with MOTO, moto_hook.standing(self._gate):
            return list(self._application(environ, start_response))


@contextmanager
def served(lab: Lab, replaced: Replaced = ()) -> Iterator[str]:
    """Serve the account of a lab that is up, and give its URL.

    Args:
        lab: with moto's account; on its network happens what a process asks for.
        replaced: what else of moto answers in another way meanwhile: owner, name, and what comes there.
    """
    assert isinstance(lab.cloud, MotoCloud)
    with ExitStack() as stack:
        for owner, name, replacement in (*_of_the_lab(lab, lab.cloud), *replaced):
            stack.enter_context(patch.object(owner, name, replacement, create=True))
        server = make_server("127.0.0.1", 0, _OneAtATime(lab.gateway.gate), threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, name="account", daemon=True)
        thread.start()
        try:
            # By this name, not by its address, moto knows that a bucket's name is no part of the host's.
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _of_the_lab(lab: Lab, cloud: MotoCloud) -> Replaced:
    def replace(response: EC2Response) -> ActionResult:
        call = partial(_replace, response)
        if not response.is_werkzeug_request:
            return call()  # the function's, which has come by the gateway
        arguments: Mapping[str, Any] = {"AssociationId": response._get_param("AssociationId")}
        answer: ActionResult = lab.gateway.replace(arguments, call)
        return answer

    return (
        (EC2Response, "replace_route_table_association", replace),
        *run_command(partial(lab.run_command.answer, cloud.ssm)),
    )
