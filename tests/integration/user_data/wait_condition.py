"""The deployment that waits for a standby: a wait condition's URL in the Internet, and what it was told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.constructs.user_data import filled_in
from tests.integration.user_data.behind_a_nat import BLANK, INTERNET, NETWORKS
from tests.lab.network.real.netns import Namespace

# As S3 signs it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
PATH = "/stack/arn%3Aaws%3Acloudformation%3Aeu-central-1?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0a%2F1b"


@dataclass
class WaitCondition:
    """Takes signals as S3 does for a URL that is signed for a PUT without a content type.

    Attributes:
        signals: those received, in order.
        refusals: with how many of the next requests it has trouble.
        expired: whether the URL is not valid any more.
    """

    signals: list[dict[str, Any]] = field(default_factory=list)
    refusals: int = 0
    expired: bool = False
    port: int = 0

    @property
    def statuses(self) -> list[str]:
        """The statuses of the signals."""
        return [signal["Status"] for signal in self.signals]

    def user_data(self, *targets: str) -> str:
        """Return the standby's user data as the stack has it, with this URL."""
        return filled_in(BLANK, f"http://{INTERNET}:{self.port}{PATH}", targets or (INTERNET,), NETWORKS)

    def answer(self, path: str, headers: Any, body: bytes) -> int:
        """Take a request; return the status of the answer."""
        if self.refusals:
            self.refusals -= 1
            return 503
        if path != PATH or headers.get("Content-Type") or self.expired:
            return 403
        self.signals.append(json.loads(body))
        return 200


@contextmanager
def waiting(internet: Namespace) -> Iterator[WaitCondition]:
    """Have a wait condition in the Internet."""
    condition = WaitCondition()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(condition.answer(self.path, self.headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with internet.inside():
        server = ThreadingHTTPServer((INTERNET, 0), Handler)
    condition.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield condition
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
