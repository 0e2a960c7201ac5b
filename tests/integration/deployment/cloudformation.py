"""CloudFormation, as far as its order goes: what it does with a stack's resources, and what it asks of custom ones.

New and changed resources come in the order of their references and ``DependsOn``; where one fails, what was made is
deleted, and what was changed is changed back; what the template has no longer goes only after all that has succeeded:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nat_failover.names import DOCUMENT_CHECK, STANDBY_CHECK

# As S3 signs it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
PATH = "/stack/arn%3Aaws%3Acloudformation%3Aeu-central-1?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0a%2F1b"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/nat-failover/0a1b"
Resources = Mapping[str, Mapping[str, Any]]


class UpdateFailedError(Exception):
    """The stack was rolled back."""


class RollbackFailedError(Exception):
    """The stack is stuck: UPDATE_ROLLBACK_FAILED, or DELETE_FAILED."""


@dataclass
class Bucket:
    """Where answers go; takes them as S3 does for a URL that is signed for a PUT without a content type.

    Attributes:
        answers: what it has taken, in order.
        refusals: with how many of the next requests it has trouble.
    """

    answers: list[dict[str, Any]] = field(default_factory=list)
    refusals: int = 0
    url: str = ""

    def take(self, path: str, headers: Any, body: bytes) -> int:
        """Take a request; return the status of the answer."""
        if self.refusals:
            self.refusals -= 1
            return 503
        if path != PATH or headers.get("Content-Type"):
            return 403
        assert len(body) <= 4096
        self.answers.append(json.loads(body))
        return 200


@contextmanager
def bucket() -> Iterator[Bucket]:
    """Have a bucket on loopback."""
    taken = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(taken.take(self.path, self.headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()


class Stack:
    """One stack.

    Args:
        invoke: the function of its custom resources.
        bucket: takes its answers.
        ids: physical ids, by logical id, of what custom resources refer to.
        ssm: boto3 client; the probe's documents are made with it.

    Attributes:
        touched: ``create``, ``update`` or ``delete`` and a logical id, in order.
        breaks: whether a resource can't be made, by its type.
    """

    def __init__(
        self, invoke: Callable[[dict[str, Any]], None], bucket: Bucket, ids: Callable[[str], str], ssm: Any
    ) -> None:
        self._invoke = invoke
        self._bucket = bucket
        self._ids = ids
        self._ssm = ssm
        self._resources: Resources = {}
        self.touched: list[tuple[str, str]] = []
        self.breaks: Callable[[str], bool] = lambda kind: False  # noqa: ARG005

    def deploy(self, resources: Resources) -> None:
        """Make of the stack what a template says.

        Raises:
            UpdateFailedError: it was rolled back, for this reason.
            RollbackFailedError: that has failed as well.
        """
        before, done = self._resources, list[str]()
        for name in _in_order(resources):
            if before.get(name) == resources[name]:
                continue
            verb = "update" if name in before else "create"
            why = self._touch(verb, name, resources[name])
            if why is not None:
                self._roll_back(resources, [*done, name])
                raise UpdateFailedError(why)
            done.append(name)
        self._resources = resources
        for name in reversed(_in_order(before)):
            if name not in resources:
                self._undo("delete", name, before[name])

    def delete(self) -> None:
        """Remove it."""
        for name in reversed(_in_order(self._resources)):
            self._undo("delete", name, self._resources[name])
        self._resources = {}

    def _roll_back(self, resources: Resources, done: list[str]) -> None:
        for name in reversed(done):
            if name in self._resources:
                self._undo("update", name, self._resources[name])
        for name in reversed(done):
            if name not in self._resources:
                self._undo("delete", name, resources[name])

    def _undo(self, verb: str, name: str, resource: Mapping[str, Any]) -> None:
        why = self._touch(verb, name, resource)
        if why is not None:
            raise RollbackFailedError(why)

    def _touch(self, verb: str, name: str, resource: Mapping[str, Any]) -> str | None:
        """Do one thing; return why it could not be done."""
        self.touched.append((verb, name))
        if verb == "create" and self.breaks(resource["Type"]):
            return f"{resource['Type']} can't be made"
        if resource["Type"] == "AWS::SSM::Document" and verb != "delete":
            self._make_document(resource["Properties"])
        if resource["Type"] not in (STANDBY_CHECK, DOCUMENT_CHECK):
            return None
        self._invoke(self.request(verb, name, resource))
        answer = self._bucket.answers[-1]
        assert {answer[key] for key in ("StackId", "LogicalResourceId")} == {STACK, name}
        assert answer["PhysicalResourceId"]
        return None if answer["Status"] == "SUCCESS" else str(answer["Reason"])

    def _make_document(self, properties: Mapping[str, Any]) -> None:
        """Make the document that carries the probe; one with another name is made beside the one before."""
        if "-probe-" not in str(properties["Name"]):
            return
        with suppress(self._ssm.exceptions.DocumentAlreadyExists):
            self._ssm.create_document(
                Name=properties["Name"], Content=json.dumps(properties["Content"]), DocumentType="Command"
            )

    def request(self, verb: str, name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Give a request of CloudFormation: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html."""
        known = {} if verb == "create" else {"PhysicalResourceId": name}
        return {
            "RequestType": verb.capitalize(),
            "ResponseURL": self._bucket.url,
            "StackId": STACK,
            "RequestId": f"{verb}-{len(self.touched)}",
            "ResourceType": resource["Type"],
            "LogicalResourceId": name,
            "ResourceProperties": {
                k: self._ids(v["Ref"]) if "Ref" in v else v for k, v in resource["Properties"].items()
            },
            **known,
        }


def _in_order(resources: Resources) -> list[str]:
    needs = {
        name: {*resource.get("DependsOn", []), *_named(resource.get("Properties", {}))} & resources.keys()
        for name, resource in resources.items()
    }
    return list(TopologicalSorter(needs).static_order())


def _named(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            yield name
        case dict():
            for inner in value.values():
                yield from _named(inner)
        case list():
            for inner in value:
                yield from _named(inner)
